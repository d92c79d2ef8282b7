"""What a result gives the two institutions to talk about: the pistes that its figures open. Plain Python.

Patterns, readings and remedies are those of the design of the baromètre, but for two of our own; the thresholds are to
be set by the pilot. A dimension of a département opens one piste at most: a meeting has time for few.
Only what is shown is read: a hidden side opens nothing. Pistes that facts open are in ``rules_patterns``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import hypot
from typing import Any, Final, NamedTuple

from traitdunion.barometer.questionnaire import SIDES, Family, Questionnaire

# « À fixer après le pilote ».
SURE: Final = 0.8
UNLIKELY: Final = 0.2
THE: Final = {"prefecture": "la préfecture", "ars": "l’ARS"}
OTHER: Final = {"prefecture": "ars", "ars": "prefecture"}

SHARED: Final = "shared_problem"
UNAWARE: Final = "unaware"
DISAGREEMENT: Final = "disagreement"
INTERNAL: Final = "internal"
# The design has no row for these two: they are ours, in its spirit, and to be judged by the pilot like the others.
ONE_SIDE: Final = "one_side"
FALLING: Final = "falling"
REMEDIES: Final[Mapping[str, str]] = {
    SHARED: "Un plan d’action commun.",
    UNAWARE: "Une réunion de restitution, puis une immersion croisée.",
    DISAGREEMENT: "Un arbitrage du préfet et du directeur général de l’ARS ; un avenant si le texte est en cause.",
    INTERNAL: "Une clarification entre les personnes de ce côté, avant toute réunion commune.",
    ONE_SIDE: (
        "Une réunion où ce côté décrit ce qu’il rencontre et où l’autre dit ce qu’il en savait, avant de choisir un "
        "remède."
    ),
    FALLING: (
        "Un point à deux sur ce qui a changé depuis deux vagues (personnes, moyens, règles), avant de choisir un "
        "remède."
    ),
}
# The most telling first: it names the piste of its dimension, the others are said inside it.
MOST_TELLING: Final = (INTERNAL, SHARED, DISAGREEMENT, UNAWARE, ONE_SIDE, FALLING)
BESIDE: Final = "À lire avec : "
LONGEST: Final = 500  # what a piste keeps of its reading

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piste:
    """One thing to talk about, in the words of the day.

    Attributes:
        departement: code.
        rule: which rule found it.
        pattern: the kind of gap, which suggests the remedy.
        dimension: identifier of the dimension.
        side: the side it is about, empty for both.
        reading: what was seen.
        remedy: what is usually done.
    """

    departement: str
    rule: str
    pattern: str
    dimension: str
    side: str
    reading: str
    remedy: str


def find(content: Row, history: Sequence[Row], questionnaire: Questionnaire) -> list[dict[str, str]]:
    """Return the pistes of one wave, by département then dimension: one at most for each.

    Args:
        content: the wave, with its ``dimensions``, ``cells``, ``gaps`` and ``within``.
        history: the waves of the same questionnaire up to this one, the oldest first.
        questionnaire: what was asked.
    """
    asked = {each["id"]: _last_asking(each, history) for each in content["dimensions"]}
    needed = {wave["wave"]: wave for waves in asked.values() for wave in waves}
    cells = {name: _by(wave["cells"], "side") for name, wave in needed.items()}
    gaps = _by([row for row in content["gaps"] if row["shown"]], "kind")
    about_each_other = {
        each["id"]
        for each in content["dimensions"]
        if all(item.family is Family.PROXY for item in questionnaire.scored(each["id"]))
    }
    divided = {
        (row["departement"], row["dimension"], row["side"]) for row in content["within"] if row["divided"]
    }
    found: list[Piste] = []
    places = cells[content["wave"]] if asked else {}
    for code, dimension in sorted(places, key=lambda place: (place[0], _rank(questionnaire, place[1]))):
        about = _About(
            departement=code,
            dimension=dimension,
            title=questionnaire.title_of(dimension),
            cells=[cells[wave["wave"]].get((code, dimension), {}) for wave in asked[dimension]],
            gaps=gaps.get((code, dimension), {}),
            divided={side for side in SIDES if (code, dimension, side) in divided},
            is_about_each_other=dimension in about_each_other,
        )
        found += about.piste()
    return [asdict(each) for each in found]


def _last_asking(dimension: Row, history: Sequence[Row]) -> Sequence[Row]:
    """Return the last three waves that asked the same questions on a dimension.

    A quarterly pulse asks one question out of two: its level is not that of the dimension, and would seem to fall.
    """
    return [
        wave
        for wave in history
        if any(
            (each["id"], each["items"]) == (dimension["id"], dimension["items"])
            for each in wave["dimensions"]
        )
    ][-3:]


def _by(rows: Sequence[Row], key: str) -> dict[tuple[str, str], dict[str, Row]]:
    found: dict[tuple[str, str], dict[str, Row]] = {}
    for row in rows:
        found.setdefault((row["departement"], row["dimension"]), {})[row[key]] = row
    return found


def _rank(questionnaire: Questionnaire, dimension: str) -> int:
    return next((rank for rank, each in enumerate(questionnaire.dimensions) if each.id == dimension), 0)


class _Seen(NamedTuple):
    """One thing seen on a dimension: the rule, the pattern, the words (no full stop), the side or none for both."""

    rule: str
    pattern: str
    reading: str
    side: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _About:
    """One dimension of one département: its cells by side over the last waves, its gaps by kind."""

    departement: str
    dimension: str
    title: str
    cells: Sequence[Mapping[str, Row]]
    gaps: Mapping[str, Row]
    divided: set[str]
    is_about_each_other: bool  # each side describes the other: two things, on which nobody disagrees

    def piste(self) -> Iterator[Piste]:
        """Yield the piste of the dimension, if any: the most telling pattern, and what else was seen."""
        seen = sorted(
            [
                *self._internal(),
                *self._low(),
                *self._apart(),
                *self._mistaken(),
                *self._falling(),
            ],
            key=lambda each: MOST_TELLING.index(each.pattern),
        )
        if not seen:
            return
        first = seen[0]
        yield Piste(
            departement=self.departement,
            rule=first.rule,
            pattern=first.pattern,
            dimension=self.dimension,
            side=first.side,
            reading=self._told([each.reading for each in seen]),
            remedy=REMEDIES[first.pattern],
        )

    def _told(self, readings: Sequence[str]) -> str:
        """Say the first reading, then beside it the others that fit the length kept of a reading."""
        said = f"{self.title} : {readings[0]}."
        for rank, each in enumerate(dict.fromkeys(readings[1:])):
            longer = f"{said} {BESIDE}{each}." if rank == 0 else f"{said[:-1]} ; {each}."
            if len(longer) > LONGEST:
                break
            said = longer
        return said

    def _probability(self, side: str) -> float | None:
        probability: float | None = self.cells[-1].get(side, {}).get("probability_below_3")
        return probability

    def _is_sure(self, kind: str) -> bool:
        return (self.gaps.get(kind, {}).get("probability_ge_1") or 0.0) >= SURE

    def _knows(self, side: str) -> bool:
        """Whether what ``side`` guesses of the other is close to what the other answers."""
        probability = self.gaps.get(f"accuracy_{side}", {}).get("probability_ge_1")
        return probability is not None and probability <= UNLIKELY

    def _internal(self) -> Iterator[_Seen]:
        for side in SIDES:
            if side in self.divided:
                yield _Seen(
                    "spread", INTERNAL, f"les personnes de {THE[side]} ne répondent pas la même chose", side
                )

    def _low(self) -> Iterator[_Seen]:
        low = [
            side for side in SIDES if side not in self.divided and (self._probability(side) or 0.0) >= SURE
        ]
        if len(low) == len(SIDES):
            said = (
                "ce que chacun dit de l’autre est moins souvent vrai que « parfois »"
                if self.is_about_each_other
                else "des deux côtés, c’est moins souvent que « parfois »"
            )
            yield _Seen("low", SHARED, said)
        elif low:
            yield self._low_of(low[0])

    def _low_of(self, side: str) -> _Seen:
        """Read one low side: whether the other knows of it is said only where it was asked to guess."""
        other = OTHER[side]
        said = f"pour {THE[side]}, c’est moins souvent que « parfois »"
        probability = self._probability(other)
        other_is_high = probability is not None and probability <= UNLIKELY and other not in self.divided
        guess = self.gaps.get(f"accuracy_{other}")
        if guess is not None and self._is_sure(f"accuracy_{other}") and guess["estimate"] > 0:
            return _Seen("low", UNAWARE, f"{said} ; {THE[other]} s’attend à mieux", side)
        if other_is_high and self._knows(other):
            beside = (
                f"{THE[other]} le sait, et dit mieux de l’autre côté"
                if self.is_about_each_other
                else f"{THE[other]} le sait et répond autrement"
            )
            return _Seen("low", DISAGREEMENT, f"{said} ; {beside}", side)
        if guess is not None:
            return _Seen("low", ONE_SIDE, f"{said} ; rien n’établit si {THE[other]} le sait", side)
        return _Seen("low", ONE_SIDE, f"{said} ; ce que {THE[other]} en sait n’est pas mesuré", side)

    def _apart(self) -> Iterator[_Seen]:
        if not self._is_sure("agreement") or self.divided:
            return
        mistaken = any(self._is_sure(f"accuracy_{side}") for side in SIDES)
        yield _Seen(
            "agreement",
            UNAWARE if mistaken else DISAGREEMENT,
            "les deux côtés décrivent la même chose à un point d’écart ou plus",
        )

    def _mistaken(self) -> Iterator[_Seen]:
        near = (self.gaps.get("agreement", {}).get("probability_ge_1") or 0.0) <= UNLIKELY
        is_misunderstanding = near and not self.is_about_each_other
        for side in SIDES:
            # What a side answers must have a meaning before another can be wrong about it.
            if self._is_sure(f"accuracy_{side}") and not self.divided:
                yield _Seen(
                    "misunderstanding",
                    UNAWARE,
                    f"{THE[side]} se trompe d’un point ou plus sur ce que {THE[OTHER[side]]} répond"
                    + (", un malentendu plutôt qu’un désaccord" if is_misunderstanding else ""),
                    side,
                )

    def _falling(self) -> Iterator[_Seen]:
        falling = [side for side in SIDES if side not in self.divided and self._has_fallen_twice(side)]
        if len(falling) == len(SIDES):
            yield _Seen("fall", SHARED, "des deux côtés, deux baisses de suite dépassent l’intervalle")
        elif falling:
            side = falling[0]
            said = f"du côté de {THE[side]}, deux baisses de suite dépassent l’intervalle"
            yield _Seen("fall", FALLING, said, side)

    def _has_fallen_twice(self, side: str) -> bool:
        last = [each.get(side, {}) for each in self.cells]
        return len(last) == 3 and _has_fallen(last[0], last[1]) and _has_fallen(last[1], last[2])


def _has_fallen(before: Row, after: Row) -> bool:
    """Whether the interval of the change lies below zero, the two waves taken as independent."""
    if not (before.get("shown") and after.get("shown")):
        return False
    change = float(after["estimate"]) - float(before["estimate"])
    return change + hypot(after["high"] - after["estimate"], before["estimate"] - before["low"]) < 0.0
