"""What the answers of the synthetic country say where something is the matter, wave after wave. Plain Python.

Answers drawn by chance alone are alike everywhere: no piste would be found, and none would do anything. In a few
départements a level is therefore given to what a side answers, and people answer around it. What two institutions
undertake may then raise it, or not. Only answers are written here: what they show is left to the analysis.
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from traitdunion.barometer.questionnaire import Family, Questionnaire
from traitdunion.barometer.rules_effect import Quantity

APART: Final = 0.45  # how far a person answers from the level of their side, in points
LOW, HIGH, GOOD = 1.9, 4.3, 4.2
SLIP: Final = 0.8  # by how much things get worse, in points


class Topic(NamedTuple):
    """What a level is given to: the answers of one side on a dimension, or its guesses about the other's."""

    departement: str
    side: str
    dimension: str
    is_guess: bool = False


Levels = dict[Topic, float]


class Fate(StrEnum):
    """What becomes of what two institutions undertook, until the next wave."""

    BETTER = "better"
    SAME = "same"
    WORSE = "worse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Something that is the matter: the level of each side, and what one of them wrongly guesses of the other.

    Attributes:
        dimension: identifier in the example questionnaire.
        prefecture: level of the préfecture.
        ars: level of the ARS.
        guess: level of what the préfecture guesses that the ARS answers, None when it guesses by chance.
    """

    dimension: str
    prefecture: float
    ars: float
    guess: float | None = None

    def levels(self, departement: str) -> Levels:
        """Return the levels of the scene in a département."""
        found = {
            Topic(departement, "prefecture", self.dimension): self.prefecture,
            Topic(departement, "ars", self.dimension): self.ars,
        }
        if self.guess is not None:
            found[Topic(departement, "prefecture", self.dimension, is_guess=True)] = self.guess
        return found


# At the first wave, then what appears at the second.
FIRST: Final = (
    Scene(dimension="joignabilite", prefecture=LOW, ars=LOW),
    Scene(dimension="convention", prefecture=HIGH, ars=LOW),
    Scene(dimension="difficultes", prefecture=GOOD, ars=LOW),
    Scene(dimension="utilite_transmis", prefecture=LOW, ars=3.6),
)
SECOND: Final = (
    Scene(dimension="roles", prefecture=LOW, ars=LOW),
    Scene(dimension="respect", prefecture=GOOD, ars=LOW, guess=HIGH),
    Scene(dimension="effet_personnes", prefecture=HIGH, ars=LOW),
    Scene(dimension="buts", prefecture=GOOD, ars=GOOD, guess=LOW),  # a misunderstanding, no disagreement
)


def staged(places: Sequence[str], scenes: Sequence[Scene]) -> Levels:
    """Return the levels of ``scenes``: every one in the first of ``places``, two of them, in turn, in the others."""
    found: Levels = {}
    for rank, departement in enumerate(places):
        shown = scenes if rank == 0 else [scenes[(rank + step) % len(scenes)] for step in range(2)]
        for scene in shown:
            found |= scene.levels(departement)
    return found


def moved(
    levels: Mapping[Topic, float],
    *,
    departement: str,
    dimension: str,
    side: str,
    quantity: Quantity,
    fate: Fate,
) -> Levels:
    """Return ``levels`` once something was undertaken about ``quantity``, on ``side`` or on both when it is empty."""
    found = dict(levels)
    if fate is Fate.SAME:
        return found
    prefecture, ars = (Topic(departement, each, dimension) for each in ("prefecture", "ars"))
    if quantity is Quantity.LEVEL:
        for topic in (prefecture, ars):
            if side in {"", topic.side}:
                found[topic] = GOOD if fate is Fate.BETTER else found.get(topic, LOW) - SLIP
    elif quantity in {Quantity.ACCURACY_PREFECTURE, Quantity.ACCURACY_ARS}:
        own, other = (prefecture, ars) if quantity is Quantity.ACCURACY_PREFECTURE else (ars, prefecture)
        truth = found.get(other, LOW)
        guess = own._replace(is_guess=True)
        found[guess] = truth if fate is Fate.BETTER else min(found.get(guess, HIGH) + SLIP, 5.0)
    else:
        found[prefecture] = GOOD if fate is Fate.BETTER else found.get(prefecture, HIGH) + SLIP
        found[ars] = GOOD if fate is Fate.BETTER else found.get(ars, LOW) - SLIP
    return found


def bend(
    drawn: Mapping[str, str],
    topics: Iterable[tuple[Topic, float]],
    asked: Questionnaire,
    chance: random.Random,
) -> dict[str, str]:
    """Return the answers of one person, those of ``topics`` drawn again around their levels.

    What the person did not answer stays unanswered.
    """
    wanted = {(topic.dimension, topic.is_guess): level for topic, level in topics}
    found = dict(drawn)
    for item in asked.items:
        level = wanted.get((item.dimension, item.family is Family.META))
        if level is not None and found.get(item.id, "").isdigit():
            found[item.id] = str(min(5, max(1, round(chance.gauss(level, APART)))))
    return found
