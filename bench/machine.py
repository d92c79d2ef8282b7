"""Say on what machine, with what versions and what data the figures were measured."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path


def describe(data: str) -> list[str]:
    """Return the lines that open every report."""
    processor = next(
        (line.split(":", 1)[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        "inconnu",
    )
    memory = next((line.split()[1] for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), "0")
    packages = ", ".join(
        f"{name} {version(name)}" for name in ("django", "psycopg", "gunicorn", "python-calamine")
    )
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    return [
        f"Machine : {os.cpu_count()} cœurs ({processor}), {int(memory) // 1_048_576} Gio, {platform.system()}",
        f"Versions : Python {platform.python_version()}, {packages}, code {commit.stdout.strip() or 'inconnu'}",
        f"Données : {data}",
    ]


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def quantile(values: list[float], share: float) -> float:
    """Return the value below which ``share`` of the values lie (nearest rank)."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, max(0, round(share * len(ranked) + 0.5) - 1))]
