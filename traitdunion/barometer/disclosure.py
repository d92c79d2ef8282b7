"""Which groups of respondents may be shown, so that no comparison of figures isolates fewer than three people.

Plain Python: no database, no figure. Only who is counted where.

A **cut** is a group of people of whom a figure is shown: a side, a région, the nation, what a filter, an export or an
answer of the API selects. People who belong to exactly the same cuts form a **block**; people in no cut form none.

Rule. A cut is shown only if, after it, every block holds at least ``least`` people (three, as French statistics on
enterprises ask). The nation and all its régions but one, two editions of a wave, cuts that overlap: one rule for all.

Proof. Exchange the answers of two people of one block. Every cut holds both or neither, hence the same answers as
before, hence shows the same figures. So whoever knows every figure ever shown, and who gave a number on what, and
combines all this in any way, cannot tell apart the ``least`` people or more of a block. In particular a linear
combination of totals gives one weight to a whole block: it never rests on fewer than ``least`` people. People of no cut
enter no figure; they need no block.

What the proof asks for:

- *People of one block count alike*, with the same weight. A figure may weigh the totals of blocks as it likes (an
  estimate drawn toward its région, a mean of départements, a gap) once each of them is a cut: see ``Plan.cuts``.
- *One guard for each thing that is added up*: the answers to one dimension (its items included), a guess, who does not
  know. A figure made of two of them for the same people (a guess minus an own view, a change between two waves) asks
  both guards.
- *Two bases.* A mean rests on those who gave a number, a share of « ne sait pas » on all respondents; and the count
  printed beside the mean tells how many of those did not know. So a mean asks both guards: ``show_figures``.
- *A person is a sheet as it stood.* A sheet that was corrected is somebody else, so that a second edition cannot show
  by subtraction what changed.

The rule is safe but not the least strict one: with totals alone, two overlapping cuts do not give what they share. It
is kept because it holds for any figure, and can be checked by counting.

There is no secondary suppression (« secret secondaire »). It protects a hidden cell that a total still contains; here
nothing counts alone for fewer than three: a small side counts merged with others, or not at all. The rule of dominance
(no unit above 85 % of a cell) is about amounts that one enterprise may make up almost alone; it says nothing of answers
on five points that weigh the same.

What this does not do: three people who all answered 1 are known to have answered 1; two of three who talk to each other
know the third. See ``docs/adr/0013-differencing-guard.md``.

Source:
    INSEE, Manuel de protection des tableaux, annexe « Règles », for the threshold of three and the rule of dominance;
    Kenthapadi, Mishra and Nissim (2013), Denials leak information: simulatable auditing, Journal of Computer and System
    Sciences 79, for refusals, which tell something too.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from typing import Final, NamedTuple

from traitdunion.core.errors import Refusal

LEAST: Final = 3

People = frozenset[str]  # one opaque token a sheet, another one when the sheet is corrected


class IsolatesError(Refusal):
    """Showing these people would isolate fewer than the threshold."""

    def __init__(self, least: int) -> None:
        super().__init__(
            f"Cette coupe, comparée à ce qui a déjà été montré, isolerait moins de {least} personnes. "
            "Demandez une coupe plus large, ou une coupe déjà montrée."
        )


def _checked(least: int) -> int:
    if least < LEAST:
        raise ValueError(f"least: {least}, expected {LEAST} or more")
    return least


class Guard:
    """What was shown of one thing that is added up, and whether a new cut may be.

    Cuts are only ever added. The state is the partition of people into blocks, and does not depend on the order of
    what was shown; what may still be shown does, so the whole plan of a wave is recorded first, at its closing.

    >>> guard = Guard()
    >>> guard.show("abcdefg")
    >>> guard.admits("abcd"), guard.admits("abcde"), guard.admits("abcdefgh")
    (True, False, False)
    """

    def __init__(self, shown: Iterable[Collection[str]] = (), *, least: int = LEAST) -> None:
        """Start from the cuts on record, which are taken as they are.

        Raises:
            ValueError: ``least`` is below three.
        """
        self.least = _checked(least)
        self._shown: list[People] = []
        self._block: dict[str, int] = {}
        self._size: Counter[int] = Counter()
        self._names = count()
        for people in shown:
            self._record(people)

    @property
    def shown(self) -> tuple[People, ...]:
        """Every cut shown, oldest first."""
        return tuple(self._shown)

    @property
    def blocks(self) -> list[People]:
        """The finest groups that comparing what was shown can tell apart."""
        members: dict[int, set[str]] = defaultdict(set)
        for person, block in self._block.items():
            members[block].add(person)
        return [frozenset(people) for people in members.values()]

    def admits(self, people: Collection[str]) -> bool:
        """Tell whether showing these people leaves every block large enough. Looks at them once."""
        inside = Counter(self._block.get(person) for person in frozenset(people))
        new = inside.pop(None, 0)
        parts = [new] if new else []
        for block, met in inside.items():
            if block is not None and met < self._size[block]:  # a block taken whole stays as it was
                parts += [met, self._size[block] - met]
        return all(part >= self.least for part in parts)

    def show(self, people: Collection[str]) -> None:
        """Record a cut, before its figures leave.

        Raises:
            IsolatesError: it would isolate too few people; nothing is recorded.
        """
        if not self.admits(people):
            raise IsolatesError(self.least)
        self._record(people)

    def _record(self, people: Collection[str]) -> None:
        cut = frozenset(people)
        self._shown.append(cut)
        split: dict[int | None, int] = defaultdict(lambda: next(self._names))
        for person in cut:
            before = self._block.get(person)
            if before is not None:
                self._size[before] -= 1
            self._block[person] = split[before]
            self._size[split[before]] += 1


def show_figures(asked: People, answered: People, *, respondents: Guard, numbers: Guard) -> None:
    """Record a mean and the count beside it: of those asked, ``answered`` gave a number.

    The guard of the respondents comes first, and keeps the cut even when the second one refuses: that refusal tells
    something of how many answered, and must itself rest on three people. Save both guards in either case.

    Raises:
        IsolatesError: the mean or the count would isolate too few people.
        ValueError: someone answered who was not asked.
    """
    if not answered <= asked:
        raise ValueError("answered: expected people among those asked")
    respondents.show(asked)
    numbers.show(answered)


# What is shown of a wave, decided once at its closing


class Cell(NamedTuple):
    """One side of one département."""

    departement: str
    side: str


class Scope(StrEnum):
    """Where the people of a block are counted, from the finest to the widest."""

    SIDE = "side"  # a side shown on its own; counted in its région and in the nation too
    PAIR = "pair"  # the two sides of a département together, and nowhere else
    REGION = "region"  # the small sides of a région together: there and in the nation
    NATION = "nation"  # what the régions left, together: in the nation


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """People who are always counted together.

    Attributes:
        scope: where they are counted.
        cells: the sides they come from, in order.
        n: how many they are.
        side: theirs, None for a pair.
        region: theirs, None when they come from several.
    """

    scope: Scope
    cells: tuple[Cell, ...]
    n: int
    side: str | None
    region: str | None

    def people(self, of_cell: Mapping[Cell, People]) -> People:
        """Return who they are."""
        return frozenset().union(*(of_cell[cell] for cell in self.cells))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is shown of one base of a wave. Every figure is made of whole blocks.

    Attributes:
        blocks: in the order of their first cell.
        left_out: sides counted in no figure. Beside a total, print how many respondents they have (participation is
            public), never how many of them gave a number.
        withdrawn: those of ``left_out`` that an earlier edition showed.
        least: the threshold.
    """

    blocks: tuple[Block, ...]
    left_out: tuple[Cell, ...]
    withdrawn: frozenset[Cell] = frozenset()
    least: int = LEAST

    @property
    def alone(self) -> frozenset[Cell]:
        """The sides that are shown on their own."""
        return frozenset(cell for block in self.blocks if block.scope is Scope.SIDE for cell in block.cells)

    def region(self, code: str, side: str) -> tuple[Block, ...]:
        """Return the blocks that a région counts for one side."""
        return tuple(each for each in self.nation(side) if each.region == code)

    def nation(self, side: str) -> tuple[Block, ...]:
        """Return the blocks that the nation counts for one side."""
        return tuple(each for each in self.blocks if each.side == side)

    def cuts(self, of_cell: Mapping[Cell, People]) -> list[People]:
        """Return what to record: each block, so that figures may weigh blocks as they like."""
        return [block.people(of_cell) for block in self.blocks]

    def without(self, changed: Collection[Cell]) -> "Plan":
        """Return the plan of a new edition in which sheets of ``changed`` were removed, added or corrected.

        Every block they touch is withdrawn whole: the two editions then differ by blocks, never by a sheet. Sides that
        were left out stay out.
        """
        kept = tuple(block for block in self.blocks if not set(block.cells) & set(changed))
        gone = {cell for block in self.blocks if block not in kept for cell in block.cells}
        return Plan(
            blocks=kept,
            left_out=tuple(sorted({*self.left_out, *gone})),
            withdrawn=self.withdrawn | gone,
            least=self.least,
        )

    def reasons(self) -> dict[Cell, str]:
        """Say in French why each side is not shown on its own, in words that tell no count; empty when it is shown."""
        few = f"Moins de {self.least} réponses"
        of_scope = {
            Scope.SIDE: "",
            Scope.PAIR: f"{few} de chaque côté : les deux côtés sont montrés ensemble.",
            Scope.REGION: f"{few} : elles comptent dans les chiffres de la région et de la France.",
            Scope.NATION: f"{few} : elles comptent dans les chiffres de la France.",
        }
        corrected = (
            "Des réponses ont été corrigées après la première publication : montrer ce côté à nouveau désignerait "
            "les personnes concernées."
        )
        guide = f"{few} : un guide d’échange remplace les chiffres."
        said = {cell: corrected if cell in self.withdrawn else guide for cell in self.left_out}
        return said | {cell: of_scope[block.scope] for block in self.blocks for cell in block.cells}


def plan(
    counts: Mapping[Cell, int],
    region_of: Mapping[str, str],
    *,
    within: Plan | None = None,
    least: int = LEAST,
) -> Plan:
    """Decide at the closing of a wave what its figures are made of, whatever is asked later.

    Every side with enough people is shown on its own. Those that are too small are merged, in this order: the two sides
    of a département, those of a région, those of the nation, side by side for these two. What is left, fewer than
    ``least`` people of each side besides pairs that stay too small, counts nowhere. A small département thus silences
    neither its région nor the others.

    Twice for a dimension: all respondents first, then those who gave a number ``within`` that plan, by merging its
    blocks. What is safe for the first base stays so when the count is printed beside the mean.

    Args:
        counts: people of each side. For a dimension, those who gave a number on it, not those invited.
        region_of: the région of each département, by code.
        within: the plan of the wider base.
        least: the threshold, three or more.

    Raises:
        ValueError: ``least`` is below three.

    >>> few = {Cell("67", "ars"): 4, Cell("67", "prefecture"): 2, Cell("68", "ars"): 2, Cell("68", "prefecture"): 1}
    >>> for block in plan(few, {"67": "44", "68": "44"}).blocks:
    ...     print(block.scope.name, [cell.departement for cell in block.cells], block.n)
    SIDE ['67'] 4
    PAIR ['68', '68'] 3
    """
    _checked(least)
    if within is None:
        wider = [_merged(Scope.SIDE, [cell], counts, region_of) for cell in counts]
    else:
        wider = [_merged(block.scope, block.cells, counts, region_of) for block in within.blocks]
    blocks = [block for block in wider if block.n >= least]
    small = [block for block in wider if 0 < block.n < least]
    for scope in (Scope.PAIR, Scope.REGION, Scope.NATION):
        groups: dict[Hashable, list[Block]] = defaultdict(list)
        for block in small:
            groups[_meets(scope, block)].append(block)
        small = groups.pop(None, [])
        for group in groups.values():
            merged = _merged(scope, [cell for block in group for cell in block.cells], counts, region_of)
            if merged.n >= least:
                blocks.append(merged)
            else:
                small += group
    counted = {cell for block in blocks for cell in block.cells}
    return Plan(
        blocks=tuple(sorted(blocks, key=lambda block: block.cells)),
        left_out=tuple(sorted(counts.keys() - counted)),
        least=least,
    )


def _meets(scope: Scope, block: Block) -> Hashable:
    """Return what names the group in which ``block`` may be merged at this scope, None when there is none."""
    if scope is Scope.PAIR:
        return block.cells[0].departement if block.scope is Scope.SIDE else None
    if block.side is None:
        return None
    if scope is Scope.REGION:
        return None if block.region is None else (block.region, block.side)
    return block.side


def _merged(
    scope: Scope, cells: Iterable[Cell], counts: Mapping[Cell, int], region_of: Mapping[str, str]
) -> Block:
    inside = tuple(sorted(cells))
    sides = {cell.side for cell in inside}
    regions = {region_of[cell.departement] for cell in inside}
    return Block(
        scope=scope,
        cells=inside,
        n=sum(counts.get(cell, 0) for cell in inside),
        side=sides.pop() if len(sides) == 1 else None,
        region=regions.pop() if len(regions) == 1 else None,
    )
