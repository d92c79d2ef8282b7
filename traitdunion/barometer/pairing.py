"""How the same people answer from one wave to the next, when they kept a code and typed it again. The nation only.

Plain Python. A code links two sheets, never a sheet to a person (``docs/adr/0012-anonymous-answers.md``). What changes
between two waves mixes two things: people who changed their mind, and people who changed. The second is absent here.

Estimator. For a side and a dimension, D is the sum over départements of what the followed people answer now minus what
they answered then, over their number. Its interval takes the département as the unit (people who work together change
together): the variance is that of a ratio of totals, the quantile Student's with one degree of freedom less than there
are départements. Only totals of départements enter it, so that exchanging two people of a block changes nothing.

Guard. The people followed on a side are a cut of both waves: they count only if the guard of each admits them, that is
if they are everyone who gave a number there, or leave three people or more aside. Nothing is given below ten pairs or
five départements, and nothing of one département.

Assumption. Those who follow up are volunteers: their change is theirs. It is no estimate of everyone's.

Source:
    W. G. Cochran (1977), Sampling Techniques, 3rd ed., § 6.3, for the variance of a ratio of totals.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import stats

from traitdunion.barometer.disclosure import Cell, Guard, Recorded
from traitdunion.barometer.questionnaire import SIDES, Questionnaire
from traitdunion.barometer.rules_campaign import FEWEST_PAIRS, FEWEST_PLACES

DIGITS: Final = 4

Given = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """The sheets of one wave that can be followed.

    Attributes:
        sheets: by side, the answers of each sheet by its token.
        codes: by token, what the sheet keeps of the code; a sheet without one is absent.
        guards: what was shown of the wave, by base. The cuts given are recorded in them.
    """

    sheets: Mapping[Cell, Mapping[str, Given]]
    codes: Mapping[str, str]
    guards: Mapping[str, Guard]

    def by_code(self, cell: Cell, items: Collection[str]) -> dict[str, tuple[str, float]]:
        """Return, by code, the token and the mean of the numbers given to ``items``; without a number, nothing."""
        found = {}
        for token, given in self.sheets.get(cell, {}).items():
            numbers = [float(given[item]) for item in items if given.get(item, "").isdigit()]
            if numbers and token in self.codes:
                found[self.codes[token]] = (token, sum(numbers) / len(numbers))
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What the same people answer more or less than before, on a dimension, over the country.

    Attributes:
        dimension: its identifier.
        side: ``prefecture`` or ``ars``.
        n: people followed.
        departements: where they are.
        estimate: mean change, in points of the scale.
        low: start of its 95 % interval.
        high: end of it.
    """

    dimension: str
    side: str
    n: int
    departements: int
    estimate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """The changes that may be shown, and the cuts that they make in each of the two waves."""

    changes: Sequence[Change]
    before: Sequence[Recorded]
    after: Sequence[Recorded]


def paired(before: Followed, after: Followed, asked: Questionnaire, dimensions: Collection[str]) -> Pairing:
    """Return the changes of the people followed, side by side and dimension by dimension.

    Args:
        before: the earlier wave.
        after: the later one.
        asked: what both asked.
        dimensions: identifiers of those that both asked in the same words.
    """
    changes: list[Change] = []
    cuts: tuple[list[Recorded], list[Recorded]] = ([], [])
    for dimension in dimensions:
        for side in SIDES:
            items = [item.id for item in asked.scored(dimension) if item.is_asked_of(side)]
            found = _cells(before, after, dimension, side, items)
            if sum(len(each.moves) for each in found) < FEWEST_PAIRS or len(found) < FEWEST_PLACES:
                continue
            changes.append(_change(dimension, side, [each.moves for each in found]))
            for wave, kept, people in (
                (before, cuts[0], [each.before for each in found]),
                (after, cuts[1], [each.after for each in found]),
            ):
                for each, tokens in zip(found, people, strict=True):
                    wave.guards[dimension].show(tokens)
                    kept.append(Recorded(dimension, each.cell, tokens))
    return Pairing(changes=changes, before=cuts[0], after=cuts[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cell:
    cell: Cell
    before: frozenset[str]
    after: frozenset[str]
    moves: Sequence[float]


def _cells(
    before: Followed, after: Followed, dimension: str, side: str, items: Collection[str]
) -> list[_Cell]:
    """Return the sides on which the people followed may be counted."""
    found = []
    for cell in sorted(cell for cell in before.sheets.keys() & after.sheets.keys() if cell.side == side):
        then, now = before.by_code(cell, items), after.by_code(cell, items)
        codes = sorted(then.keys() & now.keys())
        old, new = frozenset(then[code][0] for code in codes), frozenset(now[code][0] for code in codes)
        if codes and before.guards[dimension].admits(old) and after.guards[dimension].admits(new):
            moves = [now[code][1] - then[code][1] for code in codes]
            found.append(_Cell(cell=cell, before=old, after=new, moves=moves))
    return found


def _change(dimension: str, side: str, moves: Sequence[Sequence[float]]) -> Change:
    totals = np.array([sum(inside) for inside in moves])
    sizes = np.array([len(inside) for inside in moves], dtype=np.float64)
    places, people = len(moves), sizes.sum()
    estimate = totals.sum() / people
    rest = totals - estimate * sizes
    half = stats.t.ppf(0.975, places - 1) * np.sqrt(places / (places - 1) * (rest**2).sum()) / people
    return Change(
        dimension=dimension,
        side=side,
        n=int(people),
        departements=places,
        estimate=round(float(estimate), DIGITS),
        low=round(float(estimate - half), DIGITS),
        high=round(float(estimate + half), DIGITS),
    )
