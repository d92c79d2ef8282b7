"""Say a result in words before any figure: what both sides share, what they mistake, what cannot be concluded.

Plain Python. One sentence a dimension, the first that applies in the order of ``read``: nothing shown, a side that is
divided, a misunderstanding, a disagreement, two views of two things, a difficulty that both know, an agreement, and
when nothing is sure enough, « on ne peut pas conclure ».
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import erf, sqrt
from typing import Any, Final

# To be set by the pilot, like the thresholds of the pistes.
SURE: Final = 0.8
LOW: Final = 3.0  # « parfois »
SIDES: Final = ("prefecture", "ars")
THE: Final = {"prefecture": "la préfecture", "ars": "l’ARS"}
OTHER: Final = {"prefecture": "ars", "ars": "prefecture"}

Cell = Mapping[str, Any]


class Finding(StrEnum):
    """What a dimension tells of the relation."""

    HIDDEN = "hidden"
    DIVIDED = "divided"
    MISUNDERSTANDING = "misunderstanding"
    DISAGREEMENT = "disagreement"
    ASYMMETRY = "asymmetry"
    SHARED_LOW = "shared_low"
    AGREEMENT = "agreement"
    UNDECIDED = "undecided"

    @property
    def heading(self) -> str:
        """The first words of the sentence, and the heading it is listed under."""
        return _TITLES[self]


_TITLES: Final = {
    Finding.HIDDEN: "Trop peu de réponses pour un chiffre",
    Finding.DIVIDED: "À clarifier d’abord d’un côté",
    Finding.MISUNDERSTANDING: "Un malentendu plutôt qu’un désaccord",
    Finding.DISAGREEMENT: "Un désaccord",
    Finding.ASYMMETRY: "Deux regards qui diffèrent, sur deux choses différentes",
    Finding.SHARED_LOW: "Une difficulté que les deux côtés reconnaissent",
    Finding.AGREEMENT: "Les deux côtés s’accordent",
    Finding.UNDECIDED: "On ne peut pas conclure",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one dimension tells, and why."""

    finding: Finding
    sentence: str


def read(
    *,
    cells: Mapping[str, Cell],
    gaps: Mapping[str, Cell],
    divided: Sequence[str] = (),
) -> Reading:
    """Return what a dimension tells of one département.

    Args:
        cells: by side, the cell of RESULT.json.
        gaps: by kind, the gap of RESULT.json; a kind that the questionnaire does not ask is absent.
        divided: the sides whose respondents disagree among themselves.
    """
    hidden = [side for side in SIDES if not cells.get(side, {}).get("shown")]
    if hidden:
        return Reading(
            finding=Finding.HIDDEN,
            sentence=f"Les réponses de {_both(hidden)} ne sont pas montrées : parlez-en avec le guide, sans chiffre.",
        )
    if divided:
        return Reading(
            finding=Finding.DIVIDED,
            sentence=f"Les réponses de {_both(divided)} divergent entre elles : une moyenne tromperait.",
        )
    return _mistaken(gaps) or _apart(gaps) or _unlike(gaps) or _together(cells, gaps)


def below_sometimes(cell: Cell) -> float:
    """Return the probability that what a side answers lies below « parfois », from its estimate and its interval.

    The posterior is taken for normal, its standard deviation being a fourth of the interval (1.96 on each side).

    >>> round(below_sometimes({"estimate": 2.0, "low": 1.5, "high": 2.5}), 3)
    1.0
    >>> below_sometimes({"estimate": 3.0, "low": 2.5, "high": 3.5})
    0.5
    """
    sd = (cell["high"] - cell["low"]) / 3.92
    if sd <= 0:
        return float(cell["estimate"] < LOW)
    return 0.5 * (1.0 + erf((LOW - cell["estimate"]) / (sd * sqrt(2.0))))


def _both(sides: Sequence[str]) -> str:
    return " et de ".join(THE[side] for side in sides)


def _is_sure(gap: Cell | None) -> bool:
    return gap is not None and gap["probability_ge_1"] >= SURE


def _mistaken(gaps: Mapping[str, Cell]) -> Reading | None:
    wrong = [side for side in SIDES if _is_sure(gaps.get(f"accuracy_{side}"))]
    if not wrong:
        return None
    said = [
        f"{THE[side]} s’attend à une réponse {_way(gaps[f'accuracy_{side}'])} que celle que {THE[OTHER[side]]} donne"
        for side in wrong
    ]
    return Reading(
        finding=Finding.MISUNDERSTANDING,
        sentence=f"{_capital(' ; '.join(said))}. En parler suffit souvent ; une procédure n’y changerait rien.",
    )


def _way(gap: Cell) -> str:
    return "plus favorable" if gap["estimate"] > 0 else "moins favorable"


def _apart(gaps: Mapping[str, Cell]) -> Reading | None:
    gap = gaps.get("agreement")
    if gap is None or not _is_sure(gap):
        return None
    higher = "prefecture" if gap["estimate"] > 0 else "ars"
    return Reading(
        finding=Finding.DISAGREEMENT,
        sentence=(
            f"{_capital(THE[higher])} décrit la même chose plus favorablement que {THE[OTHER[higher]]}, "
            "d’au moins un point."
        ),
    )


def _unlike(gaps: Mapping[str, Cell]) -> Reading | None:
    gap = gaps.get("asymmetry")
    if gap is None or not _is_sure(gap):
        return None
    higher = "prefecture" if gap["estimate"] > 0 else "ars"
    return Reading(
        finding=Finding.ASYMMETRY,
        sentence=(
            f"{_capital(THE[higher])} décrit {THE[OTHER[higher]]} plus favorablement qu’elle n’en est décrite, "
            "d’au moins un point. Ce n’est pas un désaccord : chacun parle de l’autre."
        ),
    )


def _together(cells: Mapping[str, Cell], gaps: Mapping[str, Cell]) -> Reading:
    if all(below_sometimes(cells[side]) >= SURE for side in SIDES):
        return Reading(
            finding=Finding.SHARED_LOW,
            sentence="Des deux côtés, c’est moins souvent que « parfois ».",
        )
    gap = gaps.get("agreement") or gaps.get("asymmetry")
    if gap is not None and gap["low"] > -1 and gap["high"] < 1:
        is_high = all(cells[side]["low"] >= LOW for side in SIDES)
        return Reading(
            finding=Finding.AGREEMENT,
            sentence=(
                "Des deux côtés, au moins « parfois », et à moins d’un point l’un de l’autre."
                if is_high
                else "Les deux réponses sont à moins d’un point l’une de l’autre."
            ),
        )
    return Reading(
        finding=Finding.UNDECIDED,
        sentence="Les intervalles sont trop larges : ni accord, ni écart n’est établi.",
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
