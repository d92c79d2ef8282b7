"""What a result gives the two institutions to talk about: the pistes that its figures open. Plain Python.

Patterns, readings and remedies are those of the design of the baromètre; the thresholds are to be set by the pilot.
Only what is shown is read: a hidden side opens nothing. Pistes that facts open are in ``rules_patterns``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import hypot
from typing import Any, Final

from traitdunion.barometer.questionnaire import SIDES, Questionnaire

# « À fixer après le pilote ».
SURE: Final = 0.8
UNLIKELY: Final = 0.2
THE: Final = {"prefecture": "la préfecture", "ars": "l’ARS"}
OTHER: Final = {"prefecture": "ars", "ars": "prefecture"}

SHARED: Final = "shared_problem"
UNAWARE: Final = "unaware"
DISAGREEMENT: Final = "disagreement"
INTERNAL: Final = "internal"
REMEDIES: Final[Mapping[str, str]] = {
    SHARED: "Un plan d’action commun.",
    UNAWARE: "Une réunion de restitution, puis une immersion croisée.",
    DISAGREEMENT: "Un arbitrage du préfet et du directeur général de l’ARS ; un avenant si le texte est en cause.",
    INTERNAL: "Une clarification entre les personnes de ce côté, avant toute réunion commune.",
}

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
    """Return the pistes of one wave, by département then dimension.

    Args:
        content: the wave, with its ``cells``, ``gaps`` and ``within``.
        history: the waves of the same questionnaire up to this one, the oldest first.
        questionnaire: what was asked.
    """
    asked = {each["id"]: _last_asking(each["id"], history) for each in content["dimensions"]}
    needed = {wave["wave"]: wave for waves in asked.values() for wave in waves}
    cells = {name: _by(wave["cells"], "side") for name, wave in needed.items()}
    gaps = _by(content["gaps"], "kind")
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
        )
        found += about.pistes()
    return [asdict(each) for each in found]


def _last_asking(dimension: str, history: Sequence[Row]) -> Sequence[Row]:
    """Return the last three waves that asked the dimension: a quarterly pulse in between asks only some."""
    return [wave for wave in history if any(each["id"] == dimension for each in wave["dimensions"])][-3:]


def _by(rows: Sequence[Row], key: str) -> dict[tuple[str, str], dict[str, Row]]:
    found: dict[tuple[str, str], dict[str, Row]] = {}
    for row in rows:
        found.setdefault((row["departement"], row["dimension"]), {})[row[key]] = row
    return found


def _rank(questionnaire: Questionnaire, dimension: str) -> int:
    return next((rank for rank, each in enumerate(questionnaire.dimensions) if each.id == dimension), 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _About:
    """One dimension of one département: its cells by side over the last waves, its gaps by kind."""

    departement: str
    dimension: str
    title: str
    cells: Sequence[Mapping[str, Row]]
    gaps: Mapping[str, Row]
    divided: set[str]

    def pistes(self) -> Iterator[Piste]:
        yield from self._internal()
        yield from self._low()
        yield from self._apart()
        yield from self._mistaken()
        yield from self._falling()

    def _piste(self, rule: str, pattern: str, reading: str, side: str = "") -> Piste:
        return Piste(
            departement=self.departement,
            rule=rule,
            pattern=pattern,
            dimension=self.dimension,
            side=side,
            reading=f"{self.title} : {reading}",
            remedy=REMEDIES[pattern],
        )

    @property
    def _is_about_each_other(self) -> bool:
        """Whether each side describes the other: two things, on which nobody disagrees."""
        return "asymmetry" in self.gaps

    def _probability(self, side: str) -> float | None:
        probability: float | None = self.cells[-1].get(side, {}).get("probability_below_3")
        return probability

    def _is_sure(self, kind: str) -> bool:
        return (self.gaps.get(kind, {}).get("probability_ge_1") or 0.0) >= SURE

    def _knows(self, side: str) -> bool:
        """Whether what ``side`` guesses of the other is close to what the other answers."""
        probability = self.gaps.get(f"accuracy_{side}", {}).get("probability_ge_1")
        return probability is not None and probability <= UNLIKELY

    def _internal(self) -> Iterator[Piste]:
        for side in SIDES:
            if side in self.divided:
                yield self._piste(
                    "spread", INTERNAL, f"les personnes de {THE[side]} ne répondent pas la même chose.", side
                )

    def _low(self) -> Iterator[Piste]:
        low = [
            side for side in SIDES if side not in self.divided and (self._probability(side) or 0.0) >= SURE
        ]
        if len(low) == len(SIDES):
            said = (
                "ce que chacun dit de l’autre est moins souvent vrai que « parfois »."
                if self._is_about_each_other
                else "des deux côtés, c’est moins souvent que « parfois »."
            )
            yield self._piste("low", SHARED, said)
        elif low:
            side, other = low[0], OTHER[low[0]]
            said = f"pour {THE[side]}, c’est moins souvent que « parfois »"
            other_is_high = (probability := self._probability(other)) is not None and probability <= UNLIKELY
            if other_is_high and self._knows(other):
                beside = (
                    f"{THE[other]} le sait, et dit mieux de l’autre côté"
                    if self._is_about_each_other
                    else f"{THE[other]} le sait et répond autrement"
                )
                yield self._piste("low", DISAGREEMENT, f"{said} ; {beside}.", side)
            else:
                yield self._piste("low", UNAWARE, f"{said} ; rien n’établit que {THE[other]} le sache.", side)

    def _apart(self) -> Iterator[Piste]:
        if not self._is_sure("agreement") or self.divided:
            return
        mistaken = any(self._is_sure(f"accuracy_{side}") for side in SIDES)
        yield self._piste(
            "agreement",
            UNAWARE if mistaken else DISAGREEMENT,
            "les deux côtés décrivent la même chose à un point d’écart ou plus.",
        )

    def _mistaken(self) -> Iterator[Piste]:
        near = (self.gaps.get("agreement", {}).get("probability_ge_1") or 0.0) <= UNLIKELY
        is_misunderstanding = near and not self._is_about_each_other
        for side in SIDES:
            # What a side answers must have a meaning before another can be wrong about it.
            if self._is_sure(f"accuracy_{side}") and not self.divided:
                yield self._piste(
                    "misunderstanding",
                    UNAWARE,
                    f"{THE[side]} se trompe d’un point ou plus sur ce que {THE[OTHER[side]]} répond"
                    + (" : un malentendu plutôt qu’un désaccord." if is_misunderstanding else "."),
                    side,
                )

    def _falling(self) -> Iterator[Piste]:
        for side in SIDES:
            last = [each.get(side, {}) for each in self.cells]
            if (
                len(last) == 3
                and side not in self.divided
                and _has_fallen(last[0], last[1])
                and _has_fallen(last[1], last[2])
            ):
                yield self._piste(
                    "fall",
                    SHARED,
                    f"du côté de {THE[side]}, deux baisses de suite dépassent l’intervalle.",
                    side,
                )


def _has_fallen(before: Row, after: Row) -> bool:
    """Whether the interval of the change lies below zero, the two waves taken as independent."""
    if not (before.get("shown") and after.get("shown")):
        return False
    change = float(after["estimate"]) - float(before["estimate"])
    return change + hypot(after["high"] - after["estimate"], before["estimate"] - before["low"]) < 0.0
