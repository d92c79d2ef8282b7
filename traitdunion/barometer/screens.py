"""How a questionnaire is laid out to be answered: one family a screen, cut where a dimension ends. Plain Python."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Final

from traitdunion.barometer.questionnaire import DONT_KNOW, NOT_APPLICABLE, Family, Item, Questionnaire, read

MOST_ON_A_SCREEN: Final = 4
ORDER: Final = (Family.PROXY, Family.COMMON, Family.META)
_THE_OTHER: Final = {"prefecture": "l’ARS", "ars": "la préfecture"}
_LEADS: Final = {
    Family.PROXY: "À quelle fréquence, sur la période, ce qui suit s’est-il vérifié ?",
    Family.COMMON: "Les deux côtés répondent à ces mêmes questions. À quelle fréquence ?",
    Family.META: "Essayez de deviner ce que l’autre côté répond : se tromper renseigne autant que tomber juste.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question as a side reads it; ``is_guess`` when it asks what the other side answers."""

    id: str
    text: str
    is_guess: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """A few questions answered together.

    Attributes:
        number: from 1.
        title: what the questions have in common.
        lead: one sentence before them.
        questions: in the order of the questionnaire.
        options: value and label of each possible answer; the two last are no degree of the scale.
    """

    number: int
    title: str
    lead: str
    questions: Sequence[Question]
    options: Sequence[tuple[str, str]]

    @property
    def values(self) -> frozenset[str]:
        """The answers that are accepted."""
        return frozenset(value for value, _ in self.options)

    def label(self, value: str) -> str:
        """Return the label of an answer, empty for none."""
        return dict(self.options).get(value, "")


@lru_cache(maxsize=32)
def screens(text: str, side: str, *, is_pulse: bool) -> tuple[Screen, ...]:
    """Return the screens on which ``side`` answers the questionnaire written in ``text``.

    Raises:
        QuestionnaireError: the text is no questionnaire.
    """
    questionnaire = read(text, is_kept=True)
    asked = questionnaire.asked_of(side, pulse=is_pulse)
    groups = [
        (family, group)
        for family in ORDER
        for group in _cut([item for item in asked if item.family is family])
    ]
    options = tuple(_options(questionnaire).items())
    return tuple(
        Screen(
            number=number,
            title=_title(family, side),
            lead=_LEADS[family],
            questions=[
                Question(id=item.id, text=item.wording[side], is_guess=family is Family.META)
                for item in group
            ],
            options=options,
        )
        for number, (family, group) in enumerate(groups, start=1)
    )


def _cut(items: Sequence[Item]) -> Iterator[list[Item]]:
    """Keep the items of a dimension together, four on a screen or so, and leave none alone at the end."""
    parts = [list(part) for _, part in groupby(items, key=lambda item: item.dimension)]
    screen: list[Item] = []
    for rank, part in enumerate(parts):
        is_last_alone = rank == len(parts) - 1 and len(part) == 1
        if screen and len(screen) + len(part) > MOST_ON_A_SCREEN + is_last_alone:
            yield screen
            screen = []
        screen = [*screen, *part]
    if screen:
        yield screen


def _options(questionnaire: Questionnaire) -> Mapping[str, str]:
    return {
        **{str(rank): label for rank, label in enumerate(questionnaire.frequencies, start=1)},
        DONT_KNOW: questionnaire.dont_know,
        NOT_APPLICABLE: questionnaire.not_applicable,
    }


def _title(family: Family, side: str) -> str:
    other = _THE_OTHER[side]
    return {
        Family.PROXY: f"Comment {other} travaille avec vous",
        Family.COMMON: "Ce que vous faites ensemble",
        Family.META: f"Ce que {other} répond, selon vous",
    }[family]
