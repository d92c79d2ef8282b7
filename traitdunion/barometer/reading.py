"""Say a result in words before any figure: what both sides share, what they mistake, what cannot be concluded.

Plain Python. One sentence a dimension, the first that applies in the order of ``read``. What may be said depends on
what the two sides answered about:

- the same thing (``common``): they agree or not, and a guess is wrong about someone who sees things alike, or not;
- each other (``proxy``): two things, on which nobody can agree or disagree. What is alike is how each judges the other;
- what the other answers (``meta``): right or wrong, about one question.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

# To be set by the pilot, like the thresholds of the pistes.
SURE: Final = 0.8
UNLIKELY: Final = 0.2
LOW: Final = 3.0  # « parfois »
SIDES: Final = ("prefecture", "ars")
THE: Final = {"prefecture": "la préfecture", "ars": "l’ARS"}
OTHER: Final = {"prefecture": "ars", "ars": "prefecture"}

Cell = Mapping[str, Any]


class Finding(StrEnum):
    """What a dimension tells of the relation."""

    HIDDEN = "hidden"
    DIVIDED = "divided"
    MISUNDERSTANDING = "misunderstanding"  # near on the same thing, and wrong about it
    MISTAKEN = "mistaken"  # wrong about what the other answers, without being near on the same thing
    DISAGREEMENT = "disagreement"
    ASYMMETRY = "asymmetry"
    SHARED_LOW = "shared_low"
    MUTUAL_LOW = "mutual_low"
    AGREEMENT = "agreement"
    ALIKE = "alike"
    UNDECIDED = "undecided"

    @property
    def heading(self) -> str:
        """The first words of the sentence, and the heading it is listed under."""
        return _TITLES[self]


_TITLES: Final = {
    Finding.HIDDEN: "Trop peu de réponses pour un chiffre",
    Finding.DIVIDED: "À clarifier d’abord d’un côté",
    Finding.MISUNDERSTANDING: "Un malentendu plutôt qu’un désaccord",
    Finding.MISTAKEN: "Une idée fausse de ce que l’autre répond",
    Finding.DISAGREEMENT: "Un désaccord",
    Finding.ASYMMETRY: "Deux regards qui diffèrent, sur deux choses différentes",
    Finding.SHARED_LOW: "Une difficulté que les deux côtés reconnaissent",
    Finding.MUTUAL_LOW: "Une difficulté de chaque côté avec l’autre",
    Finding.AGREEMENT: "Les deux côtés s’accordent",
    Finding.ALIKE: "Chacun dit de l’autre la même chose",
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
    return _apart(gaps) or _mistaken(gaps) or _unlike(gaps) or _together(cells, gaps)


def _both(sides: Sequence[str]) -> str:
    return " et de ".join(THE[side] for side in sides)


def _is_sure(gap: Cell | None) -> bool:
    return gap is not None and gap["probability_ge_1"] >= SURE


def _is_unlikely(gap: Cell | None) -> bool:
    return gap is not None and gap["probability_ge_1"] <= UNLIKELY


def _apart(gaps: Mapping[str, Cell]) -> Reading | None:
    """Read a disagreement on the same thing, and whether each side knows of it."""
    gap = gaps.get("agreement")
    if gap is None or not _is_sure(gap):
        return None
    higher = "prefecture" if gap["estimate"] > 0 else "ars"
    return Reading(
        finding=Finding.DISAGREEMENT,
        sentence=(
            f"{_capital(THE[higher])} décrit la même chose plus favorablement que {THE[OTHER[higher]]}, "
            f"d’au moins un point.{_awareness(gaps)}"
        ),
    )


def _awareness(gaps: Mapping[str, Cell]) -> str:
    wrong = _wrong(gaps)
    if wrong:
        return f" {_capital(_expectations(wrong, gaps))}."
    aware = [side for side in SIDES if _is_unlikely(gaps.get(f"accuracy_{side}"))]
    if len(aware) == len(SIDES):
        return " Les deux côtés le savent."
    return f" {_capital(THE[aware[0]])} le sait." if aware else ""


def _mistaken(gaps: Mapping[str, Cell]) -> Reading | None:
    """Read a wrong guess: a misunderstanding only where both sides are near on the same thing."""
    wrong = _wrong(gaps)
    if not wrong:
        return None
    said = _expectations(wrong, gaps)
    gap = gaps.get("agreement")
    if _is_unlikely(gap):
        return Reading(
            finding=Finding.MISUNDERSTANDING,
            sentence=(
                f"Les deux côtés répondent presque la même chose, et pourtant {said}. En parler suffit souvent ; une "
                "procédure n’y changerait rien."
            ),
        )
    beside = (
        "Chacun parle de l’autre : ce n’est ni un accord ni un désaccord."
        if gap is None
        else "Rien n’établit si les deux côtés s’accordent sur le fond."
    )
    return Reading(finding=Finding.MISTAKEN, sentence=f"{_capital(said)}. {beside}")


def _wrong(gaps: Mapping[str, Cell]) -> Sequence[str]:
    return [side for side in SIDES if _is_sure(gaps.get(f"accuracy_{side}"))]


def _expectations(wrong: Sequence[str], gaps: Mapping[str, Cell]) -> str:
    return " ; ".join(
        f"{THE[side]} s’attend à une réponse {_way(gaps[f'accuracy_{side}'])} que celle que {THE[OTHER[side]]} donne"
        for side in wrong
    )


def _way(gap: Cell) -> str:
    return "plus favorable" if gap["estimate"] > 0 else "moins favorable"


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
    about_each_other = "asymmetry" in gaps
    if all((cells[side].get("probability_below_3") or 0.0) >= SURE for side in SIDES):
        if about_each_other:
            return Reading(
                finding=Finding.MUTUAL_LOW,
                sentence="Ce que chacun dit de l’autre est moins souvent vrai que « parfois ».",
            )
        return Reading(
            finding=Finding.SHARED_LOW,
            sentence="Des deux côtés, c’est moins souvent que « parfois ».",
        )
    gap = gaps.get("asymmetry") if about_each_other else gaps.get("agreement")
    if gap is None or gap["low"] <= -1 or gap["high"] >= 1:
        return Reading(
            finding=Finding.UNDECIDED,
            sentence=(
                "Les intervalles sont trop larges : rien n’établit si chacun dit de l’autre la même chose."
                if about_each_other
                else "Les intervalles sont trop larges : ni accord, ni écart n’est établi."
            ),
        )
    is_high = all(cells[side]["low"] >= LOW for side in SIDES)
    if about_each_other:
        return Reading(
            finding=Finding.ALIKE,
            sentence=(
                "Ce que la préfecture dit de l’ARS et ce que l’ARS dit de la préfecture sont à moins d’un point"
                f"{', au moins « parfois » vrai' if is_high else ''}. Ce n’est pas un accord : chacun parle de l’autre."
            ),
        )
    return Reading(
        finding=Finding.AGREEMENT,
        sentence=(
            "Des deux côtés, au moins « parfois », et à moins d’un point l’un de l’autre."
            if is_high
            else "Les deux réponses sont à moins d’un point l’une de l’autre."
        ),
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
