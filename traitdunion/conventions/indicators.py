"""What the national page may show of each département: categories for the map, filters for the table.

Categories are never ordered from best to worst, and nothing here sorts départements by a count.
"""

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from traitdunion.conventions.kinds import Fact, State, Turn
from traitdunion.conventions.queries import Situation
from traitdunion.conventions.rules import DRAFTING, OVER

WITHOUT = "aucune"


@dataclass(frozen=True, slots=True)
class Category:
    """A way to fill a département on the map, and what it means."""

    value: str
    label: str
    fill: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """What the map shows.

    Attributes:
        key: its name in the address.
        label: its name on the page.
        categories: every answer it can give.
        read: the value of the category of a département.
    """

    key: str
    label: str
    categories: Sequence[Category]
    read: Callable[[Situation], str]

    def legend(self, situations: Iterable[Situation]) -> list[dict[str, str | int]]:
        """Return the categories with the number of départements in each."""
        counted = Counter(self.read(each) for each in situations)
        return [
            {"value": each.value, "label": each.label, "fill": each.fill, "count": counted[each.value]}
            for each in self.categories
        ]


def _state(situation: Situation) -> str:
    state = situation.state
    if state is None:
        return WITHOUT
    if state in OVER:
        return "finie"
    return "redaction" if state in DRAFTING else state.value


def _applied(situation: Situation) -> str:
    if situation.vitality.applied:
        return "appliquee"
    return "incomplete" if situation.vitality.in_force else "hors_vigueur"


def _fact(fact: Fact) -> Callable[[Situation], str]:
    def read(situation: Situation) -> str:
        return "oui" if holds(situation, fact) else "non"

    return read


def holds(situation: Situation, fact: Fact) -> bool:
    """Whether a fact holds in a département."""
    return any(status.fact is fact and status.holds for status in situation.vitality.facts)


INDICATORS: Mapping[str, Indicator] = {
    indicator.key: indicator
    for indicator in (
        Indicator(
            key="etat",
            label="État de la convention",
            categories=(
                Category(State.EN_VIGUEUR.value, "en vigueur", "full"),
                Category(State.SIGNEE.value, "signée, pas encore en vigueur", "lines"),
                Category("redaction", "en rédaction ou à signer", "dots"),
                Category("finie", "échue ou dénoncée", "cross"),
                Category(WITHOUT, "aucune convention connue", "empty"),
            ),
            read=_state,
        ),
        Indicator(
            key="appliquee",
            label="Convention appliquée",
            categories=(
                Category("appliquee", "en vigueur et tous les faits réunis", "full"),
                Category("incomplete", "en vigueur, un fait au moins manque", "dots"),
                Category("hors_vigueur", "pas en vigueur", "empty"),
            ),
            read=_applied,
        ),
        *(
            Indicator(
                key=fact.value,
                label=fact.label[0].upper() + fact.label[1:],
                categories=(Category("oui", "oui", "full"), Category("non", "non", "dots")),
                read=_fact(fact),
            )
            for fact in Fact
        ),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which départements are wanted; an empty value keeps every one."""

    region: str = ""
    state: str = ""
    turn: str = ""
    missing: str = ""
    text: str = ""

    def keep(self, situations: Iterable[Situation]) -> list[Situation]:
        """Return the départements wanted, in the order given."""
        return [each for each in situations if self._wants(each)]

    def _wants(self, situation: Situation) -> bool:
        state = situation.state.value if situation.state else WITHOUT
        return (
            self.region in {"", situation.place.region_code}
            and self.state in {"", state}
            and (not self.turn or self._is_turn(situation))
            and (not self.missing or not holds(situation, Fact(self.missing)))
            and self._is_named(situation)
        )

    def _is_turn(self, situation: Situation) -> bool:
        wanted = Turn(self.turn)
        # What both sides owe is owed by each.
        return situation.turn is wanted or (
            situation.turn is Turn.BOTH and wanted in {Turn.PREFECTURE, Turn.ARS}
        )

    def _is_named(self, situation: Situation) -> bool:
        wanted = plain(self.text)
        if not wanted:
            return True
        place, deed = situation.place, situation.convention
        words = [place.code, place.name, place.region_name]
        if deed:
            words += [deed.title, deed.reference]
        return wanted in plain(" ".join(words))


def plain(text: str) -> str:
    """Return a text without case, accents and marks, to compare what people type.

    >>> plain(" Côte-d’Or ")
    'cote d or'
    """
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(
        letter if letter.isalnum() else " " for letter in decomposed if not unicodedata.combining(letter)
    )
    return " ".join(kept.split())


# A draft given up never counts for its département.
STATE_CHOICES: Sequence[tuple[str, str]] = (
    *((state.value, state.label) for state in State if state is not State.ABANDONNEE),
    (WITHOUT, "aucune convention"),
)
TURN_CHOICES: Sequence[tuple[str, str]] = tuple((turn.value, turn.label) for turn in Turn)
FACT_CHOICES: Sequence[tuple[str, str]] = tuple((fact.value, fact.label) for fact in Fact)
