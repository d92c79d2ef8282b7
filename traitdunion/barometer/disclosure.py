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
  estimate drawn toward its région, a mean of départements, a gap) once each of them is a cut.
- *One guard for each thing that is added up*: the answers to one dimension (its items included), a guess, who does not
  know. A figure made of two of them for the same people (a guess minus an own view, a change between two waves) asks
  both guards.
- *Two bases.* A mean rests on those who gave a number, a share of « ne sait pas » on all respondents; and the count
  printed beside the mean tells how many of those did not know. So a mean asks both guards.
- *A person is a sheet as it stood.* A sheet that was corrected is somebody else, so that a second edition cannot show
  by subtraction what changed: see ``withdrawn``.

The rule is safe but not the least strict one: with totals alone, two overlapping cuts do not give what they share. It
is kept because it holds for any figure, and can be checked by counting.

There is no secondary suppression (« secret secondaire »). It protects a hidden cell that a total still contains; here
a side of fewer than three counts in no total at all. The rule of dominance
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
from collections.abc import Collection, Iterable, Mapping
from itertools import count
from typing import Final, NamedTuple

from traitdunion.core.errors import Refusal

LEAST: Final = 3
RESPONDENTS: Final = "répondants"  # the base of everyone who answered

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
    what was shown; what may still be shown does, so every side of a wave is recorded first, when it is analysed.

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


class Cell(NamedTuple):
    """One side of one département."""

    departement: str
    side: str


def alone(
    counts: Mapping[Cell, int], *, within: Collection[Cell] | None = None, least: int = LEAST
) -> frozenset[Cell]:
    """Return the sides of a wave of which figures may be shown; the others count in none, not even in a total.

    Twice for a dimension: all respondents first, then those who gave a number, ``within`` the sides of the first.

    Args:
        counts: people of each side. For a dimension, those who gave a number on it, not those invited.
        within: the sides that the wider base shows.
        least: the threshold, three or more.

    Raises:
        ValueError: ``least`` is below three.

    >>> sorted(alone({Cell("67", "ars"): 4, Cell("67", "prefecture"): 2}))
    [Cell(departement='67', side='ars')]
    """
    _checked(least)
    enough = frozenset(cell for cell, n in counts.items() if n >= least)
    return enough if within is None else enough & frozenset(within)


class Recorded(NamedTuple):
    """A cut on record: what is added up, the side, and its people by their tokens."""

    base: str
    cell: Cell
    people: People


def guards_of(recorded: Iterable[Recorded], *, least: int = LEAST) -> Mapping[str, Guard]:
    """Return the guard of each base, with every cut on record of a wave; a base never shown has a fresh one."""
    guards: dict[str, Guard] = defaultdict(lambda: Guard(least=least))
    for base, cuts in _by_base(recorded).items():
        guards[base] = Guard(cuts, least=least)
    return guards


def _by_base(recorded: Iterable[Recorded]) -> Mapping[str, list[People]]:
    found: dict[str, list[People]] = defaultdict(list)
    for each in recorded:
        found[each.base].append(each.people)
    return found


def unknown(recorded: Iterable[Recorded], cuts: Iterable[Recorded]) -> list[Recorded]:
    """Return the cuts that are not on record yet, each once."""
    known = set(recorded)
    return [cut for cut in dict.fromkeys(cuts) if cut not in known]


def withdrawn(recorded: Iterable[Recorded], sheets: Mapping[Cell, People]) -> frozenset[Cell]:
    """Return the sides shown by an earlier edition that lost, won or corrected a sheet since.

    They leave the new edition whole, base by base and total by total: two editions then differ by sides of three people
    or more, never by a sheet. A side never shown may still come in.

    Args:
        recorded: every cut on record of the wave.
        sheets: the sheets that each side has now, all of them.
    """
    before: dict[Cell, set[People]] = defaultdict(set)
    for each in recorded:
        if each.base == RESPONDENTS:
            before[each.cell].add(each.people)
    return frozenset(cell for cell, cuts in before.items() if cuts != {sheets.get(cell, frozenset())})
