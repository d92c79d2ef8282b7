"""Change the law one place at a time and count the changes that its tests see.

    python -m bench.mutants [--sample N] [--seed S] [--files counting.py …] [--jobs N] [--out bench/results/mutants.txt]

Each change is made in the syntax tree of one file of ``traitdunion/law``, never on disk: a forked process imports the
changed module, runs the tests of the law until the first failure, and is gone. A change that no test sees is listed,
unless ``bench/mutants.toml`` says why it changes nothing that can be told.

Why not a library: mutmut 3 leaves decorated functions alone, and here every rule is one; cosmic-ray writes each change
on disk and starts a test command for it, some seconds each, for thousands of changes.

What is changed: comparisons, arithmetic, ``and`` and ``or``, ``not``, conditions, whole numbers by one, booleans,
``min`` and ``max``, what is returned, and statements that are dropped. What is not: texts, types, sizes of caches.
"""

import argparse
import ast
import importlib.abc
import importlib.util
import os
import random
import resource
import signal
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Final

import holidays  # noqa: F401  # once, before forking
import orjson  # noqa: F401
import pytest
from hypothesis import HealthCheck, Phase, settings

from bench import machine

ROOT: Final = Path(__file__).resolve().parents[1]
LAW: Final = ROOT / "traitdunion" / "law"
KNOWN: Final = ROOT / "bench" / "mutants.toml"
SAMPLE: Final = 400
SEED: Final = 5
WANTED: Final = 0.90
PROCESSOR_SECONDS: Final = 90
WALL_SECONDS: Final = 900
EXAMPLES: Final = 30

SWAPPED: Final[dict[type[ast.AST], tuple[type[ast.AST], ...]]] = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
    ast.Add: (ast.Sub,), ast.Sub: (ast.Add,), ast.Mult: (ast.FloorDiv,), ast.FloorDiv: (ast.Mult,),
    ast.Div: (ast.Mult,), ast.Mod: (ast.Mult,), ast.BitOr: (ast.BitAnd,), ast.BitAnd: (ast.BitOr,),
    ast.And: (ast.Or,), ast.Or: (ast.And,),
}  # fmt: skip
NAMES: Final = {"min": "max", "max": "min", "any": "all", "all": "any"}
SIZES: Final = frozenset({"maxsize"})
NARROW: Final = {
    "replay.py": "cli",
    "impact.py": "cli",
    "d2018.py": "cli",
    "showing.py": "cli",
    "texts.py": "cli",
}
"""Files that the tests of the command see as well as those of the law."""
LAW_TESTS: Final = ("test_cases.py", "test_counting.py")
LAST: Final = "test_deadlines.py"
"""The longest to run, so the last."""
STARTS_PROCESSES: Final = ("standard_input", "across_processes")
"""Tests left out: what a command started afresh imports is not changed."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: the rank of a node in the tree of its file, and what is done to it."""

    file: str
    node: int
    variant: int
    line: int
    what: str

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}"


def mutants(file: str) -> list[Mutant]:
    """Return every change of a file, in the order of its tree."""
    tree = parsed(file)
    left_alone = set(_left_alone(tree))
    found = []
    for rank, node in enumerate(ast.walk(tree)):
        if node not in left_alone:
            for variant, what in enumerate(_changes(node)):
                found.append(Mutant(file, rank, variant, getattr(node, "lineno", 0), what))
    return found


def parsed(file: str) -> ast.Module:
    return ast.parse((LAW / file).read_text(encoding="utf-8"))


def _left_alone(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield what holds types only, or the size of a cache, or a list of slots."""
    for node in ast.walk(tree):
        parts: list[ast.AST | None] = []
        match node:
            case ast.AnnAssign(annotation=annotation):
                parts = [annotation]
            case ast.arg(annotation=annotation):
                parts = [annotation]
            case ast.FunctionDef(returns=returns, type_params=params):
                parts = [returns, *params]
            case ast.TypeAlias():
                parts = [node]
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                parts = [node]
            case ast.keyword(arg=name) if name in SIZES:
                parts = [node]
            case ast.Call(func=ast.Name(id="dataclass")):
                parts = [node]
            case ast.Call(func=ast.Name(id="zip")):
                parts = list(node.keywords)
            case ast.Subscript(value=ast.Name(id="Final" | "dict" | "list" | "tuple")):
                parts = [node]
        for part in parts:
            if part is not None:
                yield from ast.walk(part)


def _changes(node: ast.AST) -> list[str]:
    """Return what may be done to a node, in words; ``_apply`` does it by rank."""
    match node:
        case ast.Compare(ops=ops):
            return [f"{_sign(op)} → {_sign(new())}" for op in ops for new in SWAPPED.get(type(op), ())]
        case ast.BinOp(op=op) | ast.AugAssign(op=op) | ast.BoolOp(op=op):
            return [f"{_sign(op)} → {_sign(new())}" for new in SWAPPED.get(type(op), ())]
        case ast.UnaryOp(op=ast.Not()):
            return ["not retiré"]
        case ast.UnaryOp(op=ast.USub()):
            return ["signe retiré"]
        case ast.Constant(value=bool() as value):
            return [f"{value} → {not value}"]
        case ast.Constant(value=int() as value):
            return [f"{value} → {value + 1}", f"{value} → {value - 1}"]
        case ast.Name(id=name) if name in NAMES:
            return [f"{name} → {NAMES[name]}"]
        case ast.Return(value=value) if value is not None and not _is_none(value):
            return ["rend None"]
        case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test) if not isinstance(
            test, ast.Compare | ast.BoolOp | ast.UnaryOp | ast.Constant
        ):
            return ["condition inversée"]
        case ast.Expr(value=ast.Call()) | ast.Raise() | ast.Continue() | ast.Break():
            return ["instruction retirée"]
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            return ["instruction retirée"]
        case _:
            return []


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _sign(op: ast.AST) -> str:
    return type(op).__name__


def changed(mutant: Mutant) -> ast.Module:
    """Return the tree of a file with one change."""
    tree = parsed(mutant.file)
    node = next(node for rank, node in enumerate(ast.walk(tree)) if rank == mutant.node)
    new = _apply(node, mutant.variant)
    if new is not node:
        _Replace(node, new).visit(tree)
    return ast.fix_missing_locations(tree)


def _apply(node: ast.AST, variant: int) -> ast.AST:
    match node:
        case ast.Compare(ops=ops):
            choices = [(place, new) for place, op in enumerate(ops) for new in SWAPPED.get(type(op), ())]
            place, new = choices[variant]
            ops[place] = new()
        case ast.BinOp() | ast.AugAssign() | ast.BoolOp():
            node.op = SWAPPED[type(node.op)][variant]()
        case ast.UnaryOp():
            return node.operand
        case ast.Constant(value=bool()):
            node.value = not node.value
        case ast.Constant():
            node.value += 1 if variant == 0 else -1
        case ast.Name():
            node.id = NAMES[node.id]
        case ast.Return():
            node.value = ast.Constant(None)
        case ast.If() | ast.IfExp() | ast.While():
            node.test = ast.UnaryOp(ast.Not(), node.test)
        case _:
            return ast.copy_location(ast.Pass(), node)
    return node


class _Replace(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return self.new if node is self.old else self.generic_visit(node)


class _Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Import one module of the law from a tree instead of its file."""

    def __init__(self, file: str, tree: ast.Module) -> None:
        self.name, self.path, self.tree = f"traitdunion.law.{Path(file).stem}", str(LAW / file), tree

    def find_spec(self, fullname, path=None, target=None):  # noqa: ARG002
        if fullname != self.name:
            return None
        return importlib.util.spec_from_file_location(fullname, self.path, loader=self)

    def create_module(self, spec):  # noqa: ARG002
        return None

    def exec_module(self, module):
        exec(compile(self.tree, self.path, "exec"), module.__dict__)


def tests_of(file: str) -> list[str]:
    """Return the tests that look at a file, those that run fastest first."""
    folder = ROOT / "tests" / "law"
    others = sorted(path.name for path in folder.glob("test_*.py") if path.name not in {*LAW_TESTS, LAST})
    found = [str(folder / name) for name in (*LAW_TESTS, *others)]
    if file in NARROW:
        found.append(str(ROOT / "tests" / "cli" / "test_law.py"))
    return [*found, str(folder / LAST)]


def run_tests(file: str) -> int:
    """Run the tests of a file until the first failure, and return the status of pytest."""
    out = os.open(os.devnull, os.O_WRONLY)
    os.dup2(out, 1)
    os.dup2(out, 2)
    return pytest.main(
        [
            "-x", "-q", "-c", os.devnull, "--rootdir", str(ROOT), "--noconftest", "--import-mode=importlib",
            "-p", "no:cacheprovider", "-p", "no:warnings", "--tb=no",
            "-k", " and ".join(f"not {word}" for word in STARTS_PROCESSES), *tests_of(file),
        ]
    )  # fmt: skip


def started(mutant: Mutant | None) -> int:
    """Fork a process that tries one change (none: the law as it is), and return its number."""
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    status = 3
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS + 5))
        if mutant is not None:
            sys.meta_path.insert(0, _Changed(mutant.file, changed(mutant)))
        status = int(run_tests(mutant.file if mutant else "replay.py"))
    finally:
        os._exit(status)


SEEN, NOT_LOADED, TOO_LONG, UNSEEN = "vu par un test", "ne se charge pas", "ne finit pas", "survit"


def ended(status: int) -> str:
    """Tell how the process of a change ended."""
    if os.WIFSIGNALED(status):
        return TOO_LONG if os.WTERMSIG(status) in {signal.SIGXCPU, signal.SIGKILL} else SEEN
    match os.WEXITSTATUS(status):
        case 0:
            return UNSEEN
        case 1:
            return SEEN
        case _:
            return NOT_LOADED


def tried(chosen: list[Mutant], jobs: int) -> dict[Mutant, str]:
    """Try every change, a few processes at once."""
    found: dict[Mutant, str] = {}
    running: dict[int, tuple[Mutant, float]] = {}
    waiting = list(reversed(chosen))
    while waiting or running:
        while waiting and len(running) < jobs:
            mutant = waiting.pop()
            running[started(mutant)] = mutant, time.monotonic()
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid in running:
            mutant, _ = running.pop(pid)
            found[mutant] = ended(status)
            print(
                f"\r{len(found)}/{len(chosen)} {mutant.place} {mutant.what} : {found[mutant]}",
                file=sys.stderr,
            )
            continue
        for each, (_, since) in running.items():
            if time.monotonic() - since > WALL_SECONDS:
                os.kill(each, signal.SIGKILL)
        time.sleep(0.02)
    return found


@dataclass(frozen=True, slots=True)
class Equivalent:
    """Changes of one line that nothing can tell from it, and why."""

    file: str
    code: str
    what: tuple[str, ...]
    why: str

    def covers(self, mutant: Mutant, lines: list[str]) -> bool:
        same = mutant.file == self.file and lines[mutant.line - 1].strip() == self.code
        return same and (not self.what or mutant.what in self.what)


def equivalents() -> list[Equivalent]:
    told = tomllib.loads(KNOWN.read_text(encoding="utf-8"))
    return [
        Equivalent(one["fichier"], one["ligne"], tuple(one.get("changements", ())), one["raison"])
        for one in told.get("equivalent", [])
    ]


def interval(seen: int, of: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share."""
    if not of:
        return 0.0, 1.0
    z, share = 1.959964, seen / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return middle - half, middle + half


def report(chosen: list[Mutant], found: dict[Mutant, str], total: int, seed: int) -> tuple[list[str], bool]:
    """Return the lines of the report, and whether the score is what is wanted."""
    sources = {
        file: (LAW / file).read_text(encoding="utf-8").splitlines() for file in {m.file for m in chosen}
    }
    known = equivalents()
    why = {
        mutant: next((one.why for one in known if one.covers(mutant, sources[mutant.file])), "")
        for mutant in chosen
        if found[mutant] == UNSEEN
    }
    survivors = [mutant for mutant, reason in why.items() if not reason]
    alike = {mutant: reason for mutant, reason in why.items() if reason}
    counted = len(chosen) - len(alike)
    seen = counted - len(survivors)
    low, high = interval(seen, counted)
    kept = counted > 0 and seen / counted >= WANTED
    lines = machine.describe(
        f"{total} changements possibles dans {len(list(LAW.glob('*.py')))} fichiers de traitdunion/law"
    )
    drawn = "tous essayés" if len(chosen) == total else f"{len(chosen)} tirés au sort (graine {seed})"
    ways = Counter(found[mutant] for mutant in chosen)
    lines += [
        f"Essayés : {drawn} ; exemples par propriété Hypothesis : {EXAMPLES}, toujours les mêmes",
        "  " + ", ".join(f"{name} : {number}" for name, number in ways.most_common()),
        f"  équivalents, laissés de côté : {len(alike)}",
        "",
        "  fichier              essayés   vus   survivent",
    ]
    for file in sorted(sources):
        of = [mutant for mutant in chosen if mutant.file == file and mutant not in alike]
        left = sum(mutant.file == file for mutant in survivors)
        lines.append(f"  {file:<20} {len(of):>7} {len(of) - left:>5} {left:>11}")
    lines += ["", f"Score : {seen}/{counted}, {100 * seen / max(counted, 1):.1f} %"]
    if len(chosen) < total:
        lines[-1] += f" (intervalle à 95 % de Wilson : {100 * low:.1f} à {100 * high:.1f} %)"
    lines += [f"Promesse ({100 * WANTED:.0f} % au moins) : {'tenue' if kept else 'NON TENUE'}", ""]
    if survivors:
        lines += ["Survivants :"]
        for mutant in sorted(survivors, key=lambda one: (one.file, one.line, one.what)):
            code = sources[mutant.file][mutant.line - 1].strip()
            lines.append(f"  {mutant.place:<22} {mutant.what:<22} {code[:90]}")
    if alike:
        lines += ["", "Équivalents (bench/mutants.toml) :"]
        for mutant, reason in sorted(alike.items(), key=lambda one: (one[0].file, one[0].line)):
            lines.append(f"  {mutant.place:<22} {mutant.what:<22} {reason}")
    return lines, kept


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.mutants")
    parser.add_argument("--sample", type=int, default=SAMPLE, help="combien de changements (0 : tous)")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--files", nargs="*", default=[], help="fichiers de traitdunion/law (tous)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, help="fichier du compte rendu (sinon, la sortie)")
    options = parser.parse_args(arguments)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    sys.dont_write_bytecode = True
    settings.register_profile(
        "mutants", max_examples=EXAMPLES, derandomize=True, database=None, deadline=None,
        phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck), report_multiple_bugs=False,
    )  # fmt: skip
    settings.load_profile("mutants")
    files = options.files or sorted(path.name for path in LAW.glob("*.py"))
    every = [mutant for file in files for mutant in mutants(file)]
    size = min(options.sample or len(every), len(every))
    chosen = random.Random(options.seed).sample(every, size)
    begin = time.monotonic()
    if os.waitpid(started(None), 0)[1]:
        raise SystemExit("Les tests échouent sur la loi telle quelle : rien à mesurer.")
    print(f"la loi telle quelle : {time.monotonic() - begin:.0f} s", file=sys.stderr)
    found = tried(chosen, options.jobs)
    lines, kept = report(chosen, found, len(every), options.seed)
    lines.append(f"Durée : {time.monotonic() - begin:.0f} s")
    told = "\n".join(lines) + "\n"
    if options.out:
        options.out.write_text(told, encoding="utf-8")
    print(told)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
