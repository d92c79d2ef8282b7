"""Time the import of 10,000 rows: the plan's values, and conventions.

    python -m bench import [ROWS]

On a database with the synthetic country (101 départements, 5 years), PostgreSQL that keeps its writes. Each file is
checked (dry run), applied, then checked again, as someone does at the command line: the time of Python's start is
in the figures.
"""

import csv
import os
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

from bench import machine
from traitdunion.cli.embedded_postgres import EmbeddedPostgres
from traitdunion.cli.postgres_binaries import COPIES

LIMIT_SECONDS = 10
# The first indicator that is a share, then the codes of the départements.
NAMES = """
from traitdunion.plan.models import Indicator
from traitdunion.territories.models import Departement
print(Indicator.objects.filter(unit="share").first().code, *Departement.objects.values_list("code", flat=True))
"""


def plan_rows(indicator: str, rows: int, codes: list[str]):
    yield ["type", "parent", "territoire", "date", "numérateur", "dénominateur", "provenance"]
    day = date(2010, 1, 1)
    written = 0
    while True:
        for code in codes:
            if written == rows:
                return
            yield ["valeur", indicator, code, day.isoformat(), str(written % 5), "4", "synthétique"]
            written += 1
        day += timedelta(days=31)


def convention_rows(rows: int, codes: list[str]):
    yield [
        "département", "intitulé", "référence", "signée préfecture le", "signée ars le", "entrée en vigueur", "fin",
    ]  # fmt: skip
    start, written = date(1990, 1, 1), 0
    while True:
        for code in codes:
            if written == rows:
                return
            end = start + timedelta(days=29)
            title, reference, day = f"Convention synthétique {written}", f"B-{written}", start.isoformat()
            yield [code, title, reference, day, day, day, end.isoformat()]
            written += 1
        start += timedelta(days=30)


def write(path: Path, rows) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, delimiter=";").writerows(rows)


def command(environment, *arguments: str) -> tuple[float, str]:
    begin = time.perf_counter()
    call = [sys.executable, "-m", *arguments]
    done = subprocess.run(call, env=environment, capture_output=True, text=True, check=False)
    taken = time.perf_counter() - begin
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)} : {done.stderr[-2000:]}")
    return taken, done.stdout.splitlines()[0] if done.stdout else ""


def main(arguments: list[str]) -> int:
    rows = int(arguments[0]) if arguments else 10_000
    for line in machine.describe(
        f"{rows} lignes sur le pays synthétique (101 départements, 5 ans, graine 38)"
    ):
        print(line)
    kept = True
    with tempfile.TemporaryDirectory(prefix="traitdunion-bench-") as folder:
        home = Path(tempfile.mkdtemp(prefix="traitdunion-bench-", dir=COPIES if os.geteuid() == 0 else None))
        with EmbeddedPostgres(home, durable=True, remove=True) as server:
            server.create_database("bench")
            environment = {
                **os.environ,
                "DATABASE_URL": server.url("bench"),
                "DJANGO_SETTINGS_MODULE": "config.settings.demo",
                "TRAITDUNION_SECRET_KEY": "mesure " * 10,
            }
            command(environment, "django", "migrate", "--verbosity=0", "--skip-checks")
            command(environment, "django", "demo_data", "--skip-checks")
            _, shown = command(environment, "django", "shell", "--no-imports", "-c", NAMES)
            indicator, *codes = shown.split()
            files = {"plan": Path(folder) / "plan.csv", "conventions": Path(folder) / "conventions.csv"}
            write(files["plan"], plan_rows(indicator, rows, codes))
            write(files["conventions"], convention_rows(rows, codes))
            print(f"  {'table':<14}{'contrôle':>10}{'écriture':>10}{'relecture':>10}   (s)")
            for kind, path in files.items():
                cli = ("traitdunion.cli.main", kind, "import", str(path))
                checked, _ = command(environment, *cli)
                applied, said = command(environment, *cli, "--wet-run")
                again, unchanged = command(environment, *cli)
                print(
                    f"  {kind:<14}{checked:>10.1f}{applied:>10.1f}{again:>10.1f}   {said} Puis : {unchanged}"
                )
                kept &= max(checked, applied) <= LIMIT_SECONDS
    print(f"\nPromesse ({rows} lignes en {LIMIT_SECONDS} s au plus) : {'tenue' if kept else 'non tenue'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
