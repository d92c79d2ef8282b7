"""Time the law: a mass of measures answered, the same rules in OpenFisca, a draft replayed over a whole base.

    python -m bench deadlines [--small] [--only stream|openfisca|replay] [--dossiers N] [--runs R]

Commands are run as at a prompt, start of Python included, and what starting costs is then told apart. Measures are
synthetic and follow from the seed (``bench/dossiers.py``). OpenFisca-Core comes from the group ``peer``; where it is
not installed beside the product, the bench installs that group with uv in ``.cache/peer``, once.
"""

import argparse
import importlib.util
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from bench import dossiers, machine

ROOT: Final = Path(__file__).resolve().parents[1]
PEER: Final = ROOT / ".cache" / "peer"
SCRIPT: Final = ROOT / "bench" / "deadlines_openfisca.py"
AT: Final = "2026-11-24T12:00:00+01:00"
SEED: Final = 45
DOSSIERS: Final = 50_000
BASE: Final = 300_000
RUNS: Final = 3
JOBS: Final = 2
KEYS: Final = ("E1", "J2", "J4.decision")
FORMS: Final = {
    "réponse entière": (),
    "--brief": ("--brief",),
    "trois règles": ("--rules", ",".join(KEYS)),
}
BATCHES: Final = {"situations": (50, 500), "events": (500, 5_000, 50_000), "chosen": (500, 5_000, 50_000)}
WAYS: Final = {
    "situations": "situations en dictionnaires (build_from_entities)",
    "events": "tableaux d’événements, règles entières en formules",
    "chosen": "tableaux de mesures, événements choisis d’avance en Python",
}
WHOLE: Final = ("situations", "events")
"""Ways that leave whole rules to OpenFisca; the third leaves it the delays only."""
SLOWER: Final = 50
"""The first way is tried on this share of the measures."""
A_SECOND, LINEAR, FLAT, TIMES, SECONDS = 20_000, 1.1, 1.1, 5, 60
DRAFT: Final = """
titre = "Projet d’exemple"
[[delai]]
regle = "J2"
depuis = 2020-01-01
nombre = 10
[[conservation]]
depuis = 2020-01-01
annees = 5
"""


@dataclass(frozen=True, slots=True)
class Run:
    """What one command took; ``memory`` is the sum of the peaks of its processes, ``largest`` the highest, in MiB."""

    seconds: float
    processor: float
    memory: int
    largest: int


def watched(*call: object, target: Path | None = None) -> Run:
    """Run a command to its end; the peak that Linux keeps of each process is read every twentieth of a second."""
    peaks: dict[int, int] = {}
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with (target or Path(os.devnull)).open("wb") as out, tempfile.TemporaryFile() as said:
        process = subprocess.Popen([str(part) for part in call], stdout=out, stderr=said, cwd=ROOT)
        over = threading.Event()
        watcher = threading.Thread(target=_watch, args=(process.pid, peaks, over))
        watcher.start()
        status = process.wait()
        taken = time.perf_counter() - begin
        over.set()
        watcher.join()
        if status:
            said.seek(0)
            raise SystemExit(f"{' '.join(map(str, call))} : {said.read()[-2000:].decode()}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Run(taken, used, sum(peaks.values()) // 1024, max(peaks.values(), default=0) // 1024)


def _watch(pid: int, peaks: dict[int, int], over: threading.Event) -> None:
    while True:
        for each in _family(pid):
            peaks[each] = max(peaks.get(each, 0), _peak(each))
        if over.wait(0.05):
            return


def _family(pid: int) -> Iterator[int]:
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        return
    for child in children:
        yield from _family(int(child))


def _peak(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), 0)


def best(runs: list[Run]) -> Run:
    """Return the run that others disturbed least: their work only ever adds to what a run takes."""
    return min(runs, key=lambda run: run.seconds)


def command(source: Path, *options: str, jobs: int = JOBS) -> tuple[object, ...]:
    main = (sys.executable, "-m", "traitdunion.cli.main", "deadlines", source)
    return (*main, "--stream", "--at", AT, "--jobs", jobs, *options)


def stream(folder: Path, count: int, runs: int) -> list[tuple[str, bool]]:
    """Measure the command on N, 2N and 4N measures; return what was promised and whether it is kept."""
    sizes = {factor: folder / f"{factor}.jsonl" for factor in (1, 2, 4)}
    events = {factor: dossiers.write(path, count * factor, SEED) for factor, path in sizes.items()}
    one = folder / "one.jsonl"
    # Enough lines for the processes to start: what starting costs, nearly nothing else.
    one.write_bytes(b"".join(islice(dossiers.lines(500, SEED), 500)))
    print(
        f"\ndeadlines --stream, --jobs {JOBS}, N = {count} dossiers, {events[1] / count:.1f} événements chacun, "
        f"{sizes[1].stat().st_size / count / 1024:.1f} Kio par dossier ; sortie vers /dev/null ; meilleur des {runs}"
    )
    print(
        "  forme                  N (s)   2N (s)  départ (s)  processeur N (s)  dossiers/s  hors départ  2N/N  "
        "mémoire N  mémoire 4N (Mio)"
    )
    kept = []
    for name, options in FORMS.items():
        start = best([watched(*command(one, *options)) for _ in range(runs)]).seconds
        once = best([watched(*command(sizes[1], *options)) for _ in range(runs)])
        twice = best([watched(*command(sizes[2], *options)) for _ in range(runs)])
        four = watched(*command(sizes[4], *options))
        # From N to 2N, start and end cancel out: only the work is left.
        speed = count / max(twice.seconds - once.seconds, 1e-9)
        growth = (twice.seconds - start) / max(once.seconds - start, 1e-9)
        print(
            f"  {name:<18} {once.seconds:>9.2f} {twice.seconds:>8.2f} {start:>11.2f} {once.processor:>17.2f} "
            f"{2 * count / twice.seconds:>11.0f} {speed:>12.0f} {growth:>5.2f} {once.memory:>6} ({once.largest}) "
            f"{four.memory:>6} ({four.largest})"
        )
        kept += [
            (
                f"{name} : {A_SECOND} dossiers par seconde, départ compris, sur 2N",
                2 * count / twice.seconds >= A_SECOND,
            ),
            (f"{name} : temps proportionnel (2N/N ≤ {2 * LINEAR:.1f})", growth <= 2 * LINEAR),
            (f"{name} : mémoire plate (4N/N ≤ {FLAT})", four.memory <= FLAT * once.memory),
        ]
    print("  mémoire : somme des pointes de tous les processus, et le plus grand entre parenthèses")
    return kept


def peer() -> Path | None:
    """Return a Python that has OpenFisca-Core, as the lock says; None when there is none and none can be fetched."""
    if importlib.util.find_spec("openfisca_core"):
        return Path(sys.executable)
    python = PEER / "bin" / "python"
    uv = shutil.which("uv") or shutil.which("uv", path=ROOT / ".cache" / "uv" / "bin")
    if uv is not None:
        done = subprocess.run(
            [
                uv, "sync", "--frozen", "--group", "peer", "--no-default-groups", "--no-install-project",
                "--python", sys.executable,
            ],
            cwd=ROOT, env={**os.environ, "UV_PROJECT_ENVIRONMENT": str(PEER)}, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        if done.returncode:
            print(f"  uv : {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else 'échec'}")
    found = (
        python.exists()
        and not subprocess.run(
            [python, "-c", "import openfisca_core, orjson"], capture_output=True, check=False
        ).returncode
    )
    return python if found else None


def openfisca(folder: Path, count: int, runs: int) -> list[tuple[str, bool]]:
    """Answer the same measures with the same three rules, in turn, one process each, and compare every date."""
    promise = f"OpenFisca : {TIMES} fois son débit, dates identiques"
    print(
        f"\nTrois règles ({', '.join(KEYS)}), {count} dossiers, un processus de chaque, tour à tour, {runs} fois"
    )
    python = peer()
    if python is None:
        print(
            "  OpenFisca-Core n’est pas là et n’a pas pu être installé : « uv sync --group peer », avec le réseau."
        )
        return [(promise, False)]
    print(f"  OpenFisca-Core {_version(python, 'OpenFisca-Core')}, numpy {_version(python, 'numpy')}")
    source, few, one = folder / "all.jsonl", folder / "few.jsonl", folder / "one.jsonl"
    dossiers.write(source, count, SEED)
    dossiers.write(few, max(count // SLOWER, 100), SEED)
    dossiers.write(one, 1, SEED)
    sizes = {way: few if way == "situations" else source for way in WAYS}
    batch = {way: _best_batch(python, sizes[way], folder, way) for way in WAYS}
    starts = {"": best([watched(*command(one, *_RULES, jobs=1)) for _ in range(runs)])}
    for way in WAYS:
        starts[way] = best([watched(python, SCRIPT, one, folder / "start", way, 1) for _ in range(runs)])
    found: dict[str, list[Run]] = {"": []} | {way: [] for way in WAYS}
    for _ in range(runs):
        found[""].append(watched(*command(source, *_RULES, jobs=1), target=folder / "ours"))
        for way, each in found.items():
            if way:
                each.append(watched(python, SCRIPT, sizes[way], folder / way, way, batch[way]))
    print(
        "  façon                                                        lot  dossiers  total (s)  départ (s)  "
        "dossiers/s hors départ  (processeur)  mémoire (Mio)  dates comparées  différentes"
    )
    ours = _dates(folder / "ours")
    speeds, differ = {}, 0
    for way, each in found.items():
        run, begun = best(each), starts[way]
        answered = sum(1 for _ in sizes.get(way, source).open("rb"))
        speeds[way] = answered / (run.seconds - begun.seconds), answered / (run.processor - begun.processor)
        apart = 0 if not way else _different(ours, folder / way)
        differ += apart
        print(
            f"  {WAYS.get(way, 'traitdunion deadlines --stream --brief --rules'):<58} {batch.get(way, ''):>5} "
            f"{answered:>9} {run.seconds:>10.2f} {begun.seconds:>11.2f} {speeds[way][0]:>23.0f} "
            f"{speeds[way][1]:>13.0f} {run.memory:>14} {3 * answered if way else '':>16} {apart if way else '':>12}"
        )
    for way, about in WAYS.items():
        wall, used = (mine / theirs for mine, theirs in zip(speeds[""], speeds[way], strict=True))
        print(f"  débit rapporté au sien, {about} : {wall:.1f} fois (processeur : {used:.1f})")
    print(
        "  Le produit contrôle aussi chaque fait, et dit pour chaque délai son départ, son état et l’acte fait ; le "
        "script d’OpenFisca ne rend que les dates."
    )
    least = min(speeds[""][0] / speeds[way][0] for way in WHOLE)
    return [
        (f"{promise} (règles entières)", least >= TIMES and not differ),
        ("  et face aux événements choisis d’avance", speeds[""][0] / speeds["chosen"][0] >= TIMES),
    ]


_RULES: Final = ("--brief", "--rules", ",".join(KEYS))


def _version(python: Path, name: str) -> str:
    asked = f"from importlib.metadata import version; print(version({name!r}))"
    return subprocess.run([python, "-c", asked], capture_output=True, text=True, check=True).stdout.strip()


def _best_batch(python: Path, source: Path, folder: Path, way: str) -> int:
    """Return the number of measures at once that serves a way best."""
    tried = {}
    for batch in BATCHES[way]:
        done = subprocess.run(
            [python, SCRIPT, source, folder / "tried", way, str(batch)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        tried[batch] = json.loads(done.stdout)["processor"]
    told = ", ".join(f"{batch} : {seconds:.2f}" for batch, seconds in tried.items())
    print(f"  lots essayés (s de processeur), {WAYS[way]} : {told}")
    return min(tried, key=tried.__getitem__)


def _dates(path: Path) -> list[list[str | None]]:
    """Return the three dates of each measure in our answers; for the third, that of the last ruling."""
    found = []
    with path.open("rb") as file:
        for line in file:
            last: dict[str, tuple[str, str]] = {}
            for one in json.loads(line)["deadlines"]:
                key, start = one["key"], one["starts_at"]
                if key not in last or start >= last[key][0]:
                    last[key] = start, one["late_from"]
            found.append([last[key][1] if key in last else None for key in KEYS])
    return found


def _different(ours: list[list[str | None]], theirs: Path) -> int:
    count = differ = 0
    with theirs.open("rb") as file:
        for count, line in enumerate(file, start=1):
            differ += sum(
                mine != other for mine, other in zip(ours[count - 1], json.loads(line), strict=True)
            )
    if not count:
        raise SystemExit(f"{theirs.name} : aucune réponse à comparer")
    return differ


def replay(folder: Path, count: int) -> list[tuple[str, bool]]:
    """Try a draft on a whole base."""
    base, draft, told = folder / "base.jsonl", folder / "draft.toml", folder / "told.json"
    events = dossiers.write(base, count, SEED)
    draft.write_text(DRAFT, encoding="utf-8")
    print(
        f"\nlaw replay, --jobs {JOBS} : {count} dossiers, {events} événements, {base.stat().st_size / 1e6:.0f} Mo"
    )
    run = watched(
        sys.executable, "-m", "traitdunion.cli.main", "law", "replay", "--register", base, "--with", draft,
        "--at", AT, "--jobs", JOBS, "--json", "--out", told,
    )  # fmt: skip
    seconds, used = run.seconds, run.processor
    print(
        f"  {seconds:.1f} s, dont processeur {used:.1f} s ; {count / seconds:.0f} dossiers/s ; "
        f"mémoire {run.memory} Mio ({run.largest} pour le plus grand processus)"
    )
    print(f"  note : {_told(json.loads(told.read_text(encoding='utf-8')))}")
    scale = "" if count == BASE else f" (rapporté de {count} à {BASE} dossiers)"
    return [(f"rejeu de {BASE} dossiers en moins de {SECONDS} s{scale}", seconds * BASE / count < SECONDS)]


def _told(impact: dict) -> str:
    return (
        ", ".join(f"{name} {value}" for name, value in impact.items() if isinstance(value, int)) or "écrite"
    )


MEASURES: Final = ("stream", "openfisca", "replay")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench deadlines")
    parser.add_argument("--small", action="store_true", help="un dixième de tout")
    parser.add_argument("--only", choices=MEASURES)
    parser.add_argument("--dossiers", type=int, default=DOSSIERS)
    parser.add_argument("--runs", type=int, default=RUNS)
    options = parser.parse_args(arguments)
    count, base = (options.dossiers // 10, BASE // 10) if options.small else (options.dossiers, BASE)
    begin = time.perf_counter()
    for line in machine.describe(
        f"mesures synthétiques des neuf modes de soins, graine {SEED}, vues le {AT} (bench/dossiers.py)"
    ):
        print(line)
    print(
        f"Charge de la machine avant la mesure : {os.getloadavg()[0]:.1f} processus pour {os.cpu_count()} cœurs"
    )
    kept: list[tuple[str, bool]] = []
    for name in MEASURES if options.only is None else (options.only,):
        with tempfile.TemporaryDirectory() as folder:
            match name:
                case "stream":
                    kept += stream(Path(folder), count, options.runs)
                case "openfisca":
                    kept += openfisca(Path(folder), count, options.runs)
                case "replay":
                    kept += replay(Path(folder), base)
        sys.stdout.flush()
    print("\nPromesses")
    for promise, held in kept:
        print(f"  {promise} : {'tenue' if held else 'NON TENUE'}")
    print(f"Durée du banc : {time.perf_counter() - begin:.0f} s")
    return 0 if all(held for _, held in kept) else 1
