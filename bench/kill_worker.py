"""Kill the worker 300 times in the middle of its work and count what the mail server received.

    make kills [ARGS="kills seed"]

Runs the test ``test_killed_at_random_the_worker_loses_and_doubles_nothing`` for longer: a real PostgreSQL, a real
mail server on loopback, two real workers of which one dies (SIGKILL) at a random moment and is replaced. The seed
draws the moments; it is printed, so that a run can be repeated (the machine's own rhythm cannot).

Then kills the worker that makes the documents of a quarter once sixty bilans have theirs; ``make test`` kills it at
twenty.
"""

import os
import platform
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TESTS = [
    "tests/notices/test_worker.py::test_killed_at_random_the_worker_loses_and_doubles_nothing",
    "tests/reviews/test_documents_worker.py::test_killed_on_the_way_the_next_worker_goes_on",
]


def main() -> int:
    arguments = sys.argv[1:]
    kills = arguments[0] if arguments else "300"
    seed = arguments[1] if len(arguments) > 1 else "0"  # 0: drawn
    print(f"{platform.platform()}, {os.cpu_count()} CPU, Python {platform.python_version()}")
    surroundings = {
        **os.environ,
        "TRAITDUNION_KILLS": kills,
        "TRAITDUNION_SEED": seed,
        "TRAITDUNION_DOCUMENTS_KILLED_AT": "60",
    }
    command = [sys.executable, "-m", "pytest", "-q", "--durations=2", "-p", "no:cacheprovider", *TESTS]
    return subprocess.run(command, cwd=ROOT, env=surroundings, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
