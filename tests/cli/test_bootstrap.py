"""What ``scripts/bootstrap`` refuses, and in what words. Nothing is fetched: uv and Python do what they are told."""

import contextlib
import shutil
import socket
import subprocess
import sys

import pytest

TOOLS = ("awk", "cat", "cksum", "cp", "dirname", "head", "mkdir", "mv", "rm", "sh", "sort")
READ = ("pyproject.toml", "uv.lock", ".python-version")
UV = 'case "$1" in --version) echo "uv 0.13.9" ;; python) exit 1 ;; sync) {sync} ;; esac\n'
SYNCED = 'mkdir -p "$UV_PROJECT_ENVIRONMENT/bin"; cp "$0" "$UV_PROJECT_ENVIRONMENT/bin/traitdunion"'
UNREACHABLE = 'echo "error: dns error: failed to lookup address" >&2; exit 1'


@pytest.fixture
def machine(checkout, tmp_path):
    """A checkout of its own on a machine that has a shell and nothing else; ``has`` adds a program to it."""
    root, programs = tmp_path / "checkout", tmp_path / "programs"
    (root / "scripts").mkdir(parents=True)
    programs.mkdir()
    for name in READ:
        shutil.copy(checkout / name, root)
    script = shutil.copy(checkout / "scripts" / "bootstrap", root / "scripts")
    (root / "traitdunion" / "cli").mkdir(parents=True)
    shutil.copy(checkout / "traitdunion" / "cli" / "port.py", root / "traitdunion" / "cli")
    for tool in TOOLS:
        (programs / tool).symlink_to(shutil.which(tool))

    def has(name, lines):
        program = programs / name
        program.write_text(f"#!{shutil.which('sh')}\n{lines}")
        program.chmod(0o755)

    def run(*words):
        return subprocess.run(
            ["sh", script, *(words or ("dev",))],
            env={"PATH": str(programs), "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=30,
        )

    run.has, run.root, run.programs = has, root, programs
    return run


def refused(done):
    """Return the sentence of a refusal: one line, and status 2."""
    assert done.returncode == 2, done.stderr
    [sentence] = done.stderr.splitlines()
    return sentence


def made(machine):
    """What is there beside the checkout, logs left out."""
    kept = {"scripts", "traitdunion", *READ}
    return sorted(
        str(path.relative_to(machine.root))
        for path in machine.root.rglob("*")
        if path.is_file() and path.relative_to(machine.root).parts[0] not in kept and path.suffix != ".log"
    )


def test_neither_uv_nor_python(machine):
    assert refused(machine()) == (
        "Ni uv ni Python 3 ne sont sur cette machine : installez Python 3, puis relancez."
    )
    assert made(machine) == []


def test_an_old_uv_counts_as_none(machine):
    machine.has("uv", "echo uv 0.4.30\n")

    assert refused(machine()).startswith("Ni uv ni Python 3 ne sont sur cette machine")


def test_no_uv_and_no_network_to_fetch_it(machine):
    machine.has("python3", UNREACHABLE)

    sentence = refused(machine())

    log = machine.root / ".cache" / "uv-install.log"
    assert sentence.startswith("uv n'a pas pu être récupéré sur PyPI : vérifiez le réseau")
    assert sentence.endswith(f"le détail est dans {log}.")
    assert "dns error" in log.read_text()
    assert made(machine) == []


def test_no_python_that_fits_and_none_to_fetch(machine):
    machine.has("uv", UV.format(sync=UNREACHABLE))
    machine.has("python3.13", "exit 127\n")  # the shim of a version that was removed
    machine.has("python3.12", "exit 127\n")

    sentence = refused(machine())

    assert sentence.startswith("Ni Python 3.13 ni Python 3.12 ne sont sur cette machine, et uv n'a pas pu")
    assert "rien n'est à réparer" in sentence
    assert made(machine) == []


def test_no_network_to_fetch_the_packages(machine):
    machine.has("uv", UV.format(sync=UNREACHABLE))
    (machine.programs / f"python3.{sys.version_info.minor}").symlink_to(sys.executable)

    sentence = refused(machine())

    log = machine.root / ".cache" / "uv-sync.log"
    assert sentence.startswith("Les bibliothèques Python n'ont pas pu être installées : vérifiez le réseau")
    assert f"le détail est dans {log}" in sentence
    assert "dns error" in log.read_text()
    assert made(machine) == []


def test_an_unknown_profile(machine):
    machine.has("uv", UV.format(sync="exit 0"))

    assert refused(machine("production")) == "Profil inconnu « production » : on attend demo ou dev."


def test_after_a_refusal_running_again_is_enough_and_then_says_nothing(machine):
    machine.has("uv", UV.format(sync=UNREACHABLE))
    refused(machine())
    machine.has("uv", UV.format(sync=SYNCED))

    done = machine()
    (machine.programs / "uv").unlink()  # what is up to date asks for nothing more
    again = machine("demo")

    assert (done.returncode, done.stderr) == (0, "")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert made(machine) == [".venv/bin/traitdunion", ".venv/bootstrap-dev"]


def test_a_taken_port_is_said_before_anything_is_fetched(machine):
    machine.has("uv", UV.format(sync=SYNCED))
    machine.has("python3", f'exec {sys.executable} "$@"\n')

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        sentence = refused(machine("demo", port))
        assert made(machine) == []
        machine.has("python3", "exit 127\n")  # without a Python the wait is not spared, nothing else
        assert machine("demo", port).returncode == 0

    assert sentence.startswith(f"Le port {port} est déjà pris sur 127.0.0.1 : arrêtez ce qui l’occupe")


def free_ports():
    """Return a port that is free, and whose next is too."""
    while True:
        with socket.socket() as one, socket.socket() as other, contextlib.suppress(OSError):
            one.bind(("127.0.0.1", 0))
            other.bind(("127.0.0.1", one.getsockname()[1] + 1))
            return one.getsockname()[1]


def test_a_free_port_changes_nothing(machine):
    machine.has("uv", UV.format(sync=SYNCED))
    machine.has("python3", f'exec {sys.executable} "$@"\n')

    assert machine("demo", str(free_ports())).returncode == 0
    assert made(machine) == [".venv/bin/traitdunion", ".venv/bootstrap-demo"]
