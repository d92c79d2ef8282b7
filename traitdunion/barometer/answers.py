"""The answers of one or several waves, checked and laid out for the analysis. Plain Python.

A table of answers has one row an answer: ``wave,departement,side,respondent,item,value``, in UTF-8. ``side`` is
``prefecture`` or ``ars``, ``value`` is 1 to 5, ``NSP`` (ne sait pas) or ``SO`` (sans objet).
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from unicodedata import category

import numpy as np
from numpy.typing import NDArray

from traitdunion.barometer.questionnaire import DONT_KNOW, NOT_APPLICABLE, SIDES, Questionnaire
from traitdunion.core.errors import Refusal
from traitdunion.territories.rules import UnknownDepartementError, departement_code

COLUMNS: Final = ("wave", "departement", "side", "respondent", "item", "value")
MOST_CHARACTERS: Final = 100  # of a name of wave or respondent
_BREAKING: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_VALUES: Final[Mapping[str, float]] = {
    **{str(number): float(number) for number in range(1, 6)},
    DONT_KNOW: -1.0,
    NOT_APPLICABLE: -2.0,
}


class AnswersError(Refusal):
    """The answers cannot be used. The message names the row."""


class Row(NamedTuple):
    """One answer, as it was written."""

    wave: str
    departement: str
    side: str
    respondent: str
    item: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveAnswers:
    """The answers of one wave: N respondents, J items.

    Attributes:
        wave: its name.
        departements: codes that answered, sorted.
        departement: (N,) index in ``departements``.
        side: (N,) 0 for the préfecture, 1 for the ARS.
        items: identifiers of the J items of the questionnaire.
        value: (N, J) 1 to 5, NaN when there is no such answer.
        dont_know: (N, J) whether the answer was « ne sait pas ».
        not_applicable: (N, J) whether the answer was « sans objet ».
    """

    wave: str
    departements: Sequence[str]
    departement: NDArray[np.int64]
    side: NDArray[np.int64]
    items: Sequence[str]
    value: NDArray[np.float64]
    dont_know: NDArray[np.bool_]
    not_applicable: NDArray[np.bool_]

    def asked(self, item: int) -> bool:
        """Whether anyone gave any answer to the item of that rank: the pulse asks only some."""
        return bool(
            (~np.isnan(self.value[:, item]) | self.dont_know[:, item] | self.not_applicable[:, item]).any()
        )


def read_csv(content: bytes, questionnaire: Questionnaire, names: Mapping[str, str]) -> list[WaveAnswers]:
    """Return the waves of a table of answers, sorted by name, numbers as numbers.

    Args:
        content: the file.
        questionnaire: what was asked.
        names: the name of each département by its code.

    Raises:
        AnswersError: one sentence names the row and what was expected.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        raise AnswersError(
            f"Ligne {row} : le fichier n’est pas en UTF-8 ; enregistrez-le dans cet encodage."
        ) from error
    return collect(_rows(text), questionnaire, names)


def _rows(text: str) -> Iterator[tuple[int, Sequence[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        head = next(reader, None)
        if head is None or not any(cell.strip() for cell in head):
            raise AnswersError(
                f"Ligne 1 : le fichier est vide, on attend les colonnes {', '.join(COLUMNS)}, puis les réponses."
            )
        order = _order([cell.strip() for cell in head])
        width = len(head)
        for row in reader:
            if not row:
                continue
            if len(row) != width:
                raise AnswersError(f"Ligne {reader.line_num} : {len(row)} cellules, on en attend {width}.")
            yield reader.line_num, [row[at] for at in order]
    except csv.Error as error:
        raise AnswersError(
            f"Ligne {reader.line_num} : le fichier n’est pas un CSV lisible (guillemet ou cellule sans fin)."
        ) from error


def _order(head: Sequence[str]) -> Sequence[int]:
    missing = [name for name in COLUMNS if name not in head]
    if missing:
        if len(head) == 1 and ";" in head[0]:
            raise AnswersError(
                f"Ligne 1 : les colonnes sont séparées par des points-virgules ; on attend {','.join(COLUMNS)}, "
                "avec des virgules."
            )
        raise AnswersError(
            f"Ligne 1 : il manque la colonne {' et la colonne '.join(f'« {name} »' for name in missing)} ; "
            f"on attend {', '.join(COLUMNS)}."
        )
    for name in head:
        if name not in COLUMNS or head.count(name) > 1:
            raise AnswersError(
                f"Ligne 1 : la colonne « {_cut(name)} » est en trop ; on attend {', '.join(COLUMNS)}, une fois chacune."
            )
    return [head.index(name) for name in COLUMNS]


def collect(
    rows: Iterable[tuple[int, Sequence[str]]], questionnaire: Questionnaire, names: Mapping[str, str]
) -> list[WaveAnswers]:
    """Return the waves of numbered rows in the order of ``COLUMNS``.

    Raises:
        AnswersError: one sentence names the row and what was expected.
    """
    gathered = _Gathered(questionnaire, names)
    for number, row in rows:
        gathered.add(number, row)
    return gathered.waves()


class _Gathered:
    """What was read so far. A respondent is known by wave and name; their place is that of their first row."""

    def __init__(self, questionnaire: Questionnaire, names: Mapping[str, str]) -> None:
        self._names = names
        self._items = {item.id: rank for rank, item in enumerate(questionnaire.items)}
        self._asked = {
            (item.id, side): self._items[item.id] for item in questionnaire.items for side in item.wording
        }
        self._codes: dict[str, str] = {}
        self._first_row: dict[str, int] = {}
        self._places: dict[str, dict[str, tuple[str, str]]] = {}
        self._answers: dict[str, dict[tuple[str, int], float]] = {}

    def add(self, number: int, row: Sequence[str]) -> None:
        wave, typed, side, respondent, item, value = row
        respondent = respondent.strip()
        code, score = self._codes.get(typed), _VALUES.get(value)
        rank, places = self._asked.get((item, side)), self._places.get(wave)
        if (
            code is None or score is None or rank is None or places is None
        ):  # the first of its kind, or a fault
            wave, side, item, value = wave.strip(), side.strip(), item.strip(), value.strip()
            code = self._code(number, typed)
            score, rank = self._score(number, value), self._rank(number, item, side)
            places = self._places_of(number, wave)
        place = places.get(respondent)
        if place is None:
            _check_name(number, "répondant", respondent)
            places[respondent] = (code, side)
        elif place != (code, side):
            raise AnswersError(
                f"Ligne {number} : le répondant « {_cut(respondent)} » a déjà répondu dans cette vague pour "
                f"{place[0]} ({place[1]}), et ici pour {code} ({side}) ; un répondant n’a qu’une place."
            )
        answers = self._answers[wave]
        if (respondent, rank) in answers:
            raise AnswersError(
                f"Ligne {number} : le répondant « {_cut(respondent)} » répond deux fois à la question « {item} » "
                f"dans la vague « {_cut(wave)} » ; gardez une seule des deux réponses."
            )
        answers[respondent, rank] = score

    def _score(self, number: int, value: str) -> float:
        score = _VALUES.get(value)
        if score is None:
            raise AnswersError(
                f"Ligne {number} : la réponse vaut « {_cut(value)} », on attend un nombre de 1 à 5, NSP ou SO."
            )
        return score

    def _rank(self, number: int, item: str, side: str) -> int:
        if side not in SIDES:
            raise AnswersError(
                f"Ligne {number} : le côté vaut « {_cut(side)} », on attend prefecture ou ars."
            )
        rank = self._asked.get((item, side))
        if rank is not None:
            return rank
        if item in self._items:
            raise AnswersError(f"Ligne {number} : la question « {item} » n’est pas posée au côté {side}.")
        raise AnswersError(
            f"Ligne {number} : la question « {_cut(item)} » n’est pas dans le questionnaire ; "
            f"on attend {', '.join(list(self._items)[:3])}…"
        )

    def _code(self, number: int, typed: str) -> str:
        try:
            code = departement_code(typed, self._names)
        except UnknownDepartementError as error:
            raise AnswersError(f"Ligne {number} : {_one_line(str(error))}") from error
        self._codes[typed] = code
        return code

    def _places_of(self, number: int, wave: str) -> dict[str, tuple[str, str]]:
        if wave in self._places:
            return self._places[wave]
        _check_name(number, "nom de la vague", wave)
        self._first_row[wave] = number
        self._answers[wave] = {}
        return self._places.setdefault(wave, {})

    def waves(self) -> list[WaveAnswers]:
        if not self._places:
            raise AnswersError(
                "Ligne 2 : le fichier ne contient aucune réponse, on en attend une par ligne après les colonnes."
            )
        for wave, places in self._places.items():
            present = {side for _, side in places.values()}
            for side in SIDES:
                if side not in present:
                    raise AnswersError(
                        f"Ligne {self._first_row[wave]} : la vague « {_cut(wave)} » n’a de réponses que d’un côté ; "
                        f"il manque le côté {side}."
                    )
        return [self._laid_out(wave) for wave in sorted(self._places, key=_in_time)]

    def _laid_out(self, wave: str) -> WaveAnswers:
        places = self._places[wave]
        codes = sorted({code for code, _ in places.values()})
        index = {code: rank for rank, code in enumerate(codes)}
        line = {respondent: rank for rank, respondent in enumerate(places)}
        table = np.full((len(places), len(self._items)), np.nan)
        answers = self._answers[wave]
        at = np.fromiter((line[respondent] for respondent, _ in answers), dtype=np.int64, count=len(answers))
        items = np.fromiter((rank for _, rank in answers), dtype=np.int64, count=len(answers))
        table[at, items] = np.fromiter(answers.values(), dtype=np.float64, count=len(answers))
        return WaveAnswers(
            wave=wave,
            departements=codes,
            departement=np.array([index[code] for code, _ in places.values()], dtype=np.int64),
            side=np.array([SIDES.index(side) for _, side in places.values()], dtype=np.int64),
            items=tuple(self._items),
            value=np.where(table > 0, table, np.nan),
            dont_know=table == _VALUES[DONT_KNOW],
            not_applicable=table == _VALUES[NOT_APPLICABLE],
        )


def _check_name(number: int, what: str, name: str) -> None:
    if not name or len(name) > MOST_CHARACTERS or any(ord(sign) < 32 for sign in name):
        raise AnswersError(
            f"Ligne {number} : le {what} est vide, ou n’est pas un texte d’au plus {MOST_CHARACTERS} caractères."
        )


def _in_time(wave: str) -> list[tuple[int, str]]:
    """Return by what waves are sorted: 2026-2 before 2026-10, wherever their rows are.

    >>> sorted(["2026-10", "2026-2", "2025-4"], key=_in_time)
    ['2025-4', '2026-2', '2026-10']
    """
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", wave)]


def _cut(text: str) -> str:
    return _one_line(text if len(text) <= 40 else f"{text[:39]}…")


def _one_line(text: str) -> str:
    """Return the text without what would break a line or hide in it: a cell may hold anything."""
    return "".join("�" if category(sign) in _BREAKING else sign for sign in text)
