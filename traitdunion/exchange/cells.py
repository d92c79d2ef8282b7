"""One cell of a table, read as what it should hold. Plain Python.

People write « 1er mars 2026 », « 12,5 % » and « 1 234,50 »; spreadsheets store day numbers and floats. Each
reader accepts what a person could mean in only one way and refuses the rest by saying what it read.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from difflib import get_close_matches
from typing import Final

from traitdunion.core.choices import Kind
from traitdunion.exchange.errors import CellError

Value = str | int | float | bool | date | datetime | time | timedelta | Decimal | None

SPREADSHEET_DAY_ZERO: Final = date(1899, 12, 30)
# Day numbers from 1950 to 2099: under it a number in a column of dates is rather a year or a count.
DAY_NUMBERS: Final = range(18_264, 73_051)
FORMULA_ERRORS: Final = frozenset(
    {
        "#N/A",
        "#REF!",
        "#DIV/0!",
        "#VALUE!",
        "#VALEUR!",
        "#NAME?",
        "#NOM?",
        "#NUM!",
        "#NOMBRE!",
        "#NULL!",
        "#NUL!",
    }
)
MONTHS: Final = (
    ("janvier", "janv", "jan"), ("fevrier", "fevr", "fev"), ("mars",), ("avril", "avr"), ("mai",), ("juin",),
    ("juillet", "juil"), ("aout",), ("septembre", "sept"), ("octobre", "oct"), ("novembre", "nov"),
    ("decembre", "dec"),
)  # fmt: skip
LONGEST_SHOWN: Final = 60
LONGEST_NUMBER: Final = 40
MOST_CHOICES_SHOWN: Final = 8

# What a spreadsheet would take for a formula, once the apostrophes that already neutralise it are set apart.
_FORMULA: Final = re.compile(r"['\s]*[=+\-@＝＋－＠]|'*[\t\r\n]")
_ISO_DAY: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]\d{1,2}:\d{2}.{0,24})?", re.ASCII)
_FRENCH_DAY: Final = re.compile(
    r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})(?: \d{1,2}[:h]\d{2}.{0,10})?", re.ASCII
)
_SHORT_YEAR: Final = re.compile(r"\d{1,2}[/.\-]\d{1,2}[/.\-]\d{2}", re.ASCII)
_DAY_IN_WORDS: Final = re.compile(
    r"(?:(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche) )?(?:le )?"
    r"(\d{1,2})(?:er)? ([a-z]+)\.? (\d{4})",
    re.ASCII,
)
_NUMBER: Final = re.compile(r"[+-]?\d+(?:\.\d+)?(?:E[+-]?\d{1,2})?", re.ASCII)
_SPACES: Final = re.compile(r"[\s_'’\-\u200b\ufeff]+")


def normalised(text: str) -> str:
    """Return ``text`` for matching, without case or accent.

    Spaces of all kinds, underscores, hyphens and apostrophes count as one space.

    >>> normalised("  Date_d’Échéance ")
    'date d echeance'
    """
    plain = "".join(
        letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter)
    )
    return _SPACES.sub(" ", plain.casefold()).strip()


def neutralised(text: str) -> str:
    """Return ``text`` with one apostrophe more if a spreadsheet would take it for a formula.

    >>> neutralised("=1+1"), neutralised("Avis"), neutralised("'=1+1")
    ("'=1+1", 'Avis', "''=1+1")
    """
    return "'" + text if _FORMULA.match(text) else text


def restored(text: str) -> str:
    """Return what :func:`neutralised` was given.

    >>> restored("'=1+1"), restored("'quoted'")
    ('=1+1', "'quoted'")
    """
    return text[1:] if text.startswith("'") and _FORMULA.match(text, 1) else text


def one_newline(text: str) -> str:
    """Return ``text`` with one kind of line break: spreadsheets and forms each have their own."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


@dataclass(frozen=True, slots=True)
class Cell:
    """A value and where it stands.

    Attributes:
        value: as the file holds it; text is restored if it was neutralised; None when there is nothing.
        reference: where a person finds it.
        column: the header of its column, as written in the file.
    """

    value: Value
    reference: str
    column: str

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing, or only spaces."""
        return self.value is None or (isinstance(self.value, str) and not self.value.strip())

    def if_any[T](self, read: "Callable[[Cell], T]") -> T | None:
        """Return what ``read`` reads, None when the cell is empty: ``row["fin"].if_any(Cell.as_date)``."""
        return None if self.is_empty else read(self)

    def error(self, message: str) -> CellError:
        """Return the error that says ``message`` about this cell."""
        return CellError(self.reference, self.column, message)

    def as_text(self, *, max_length: int | None = None) -> str:
        """Return the text, without the spaces around it; "" when empty.

        A number or a date is given as text: 12, 12.5, 2026-03-01.

        Raises:
            CellError: it is longer than ``max_length``, or a formula failed.
        """
        text = one_newline(self.value).strip() if isinstance(self.value, str) else _written(self.value)
        if text in FORMULA_ERRORS:
            raise self._unexpected("un texte était attendu")
        if max_length is not None and len(text) > max_length:
            raise self.error(
                f"{self._shown()} compte {len(text)} caractères ; {max_length} au plus étaient attendus. "
                "Raccourcissez ce texte."
            )
        return text

    def as_date(self) -> date:
        """Return the day: a date, a day number of a spreadsheet, ISO or French text. The hour is left out.

        Raises:
            CellError: it is empty, is no date, or is a day that does not exist.
        """
        expected = "une date était attendue, par exemple 01/03/2026"
        value = self._filled(expected)
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, date):
            return value
        if isinstance(value, int | float) and DAY_NUMBERS.start <= value < DAY_NUMBERS.stop:
            return SPREADSHEET_DAY_ZERO + timedelta(days=int(value))
        if not isinstance(value, str):
            raise self._unexpected(expected)
        parts = _day_parts(value)
        if parts is None:
            if _SHORT_YEAR.fullmatch(value.strip()):
                raise self.error(
                    f"{self._shown()} a une année sur deux chiffres ; quatre étaient attendus, par exemple "
                    "01/03/2026."
                )
            raise self._unexpected(expected)
        try:
            return date(*parts)
        except ValueError:
            raise self.error(
                f"{self._shown()} n’existe pas dans le calendrier ; {expected} (jour, mois, année)."
            ) from None

    def as_decimal(self) -> Decimal:
        """Return the number. French or English mark of decimals, spaces between thousands; « 12 % » is 0.12.

        Raises:
            CellError: it is empty or is no finite number.
        """
        expected = "un nombre était attendu, par exemple 1 234,5"
        value = self._filled(expected)
        if isinstance(value, bool):
            raise self._unexpected(expected)
        if isinstance(value, int | Decimal):
            return Decimal(value)
        if isinstance(value, float):
            number = Decimal(repr(value))
        elif isinstance(value, str):
            parsed = _number(value)
            if parsed is None:
                raise self._unexpected(expected)
            number = parsed
        else:
            raise self._unexpected(expected)
        if not number.is_finite():
            raise self._unexpected(expected)
        return (
            number.quantize(Decimal(1))
            if number == number.to_integral_value() and abs(number) < 10**15
            else number
        )

    def as_integer(self) -> int:
        """Return the whole number.

        Raises:
            CellError: it is empty, is no number, or has decimals.
        """
        expected = "un nombre entier était attendu, par exemple 12"
        self._filled(expected)
        number = self.as_decimal()
        if number != number.to_integral_value():
            raise self._unexpected(expected)
        return int(number)

    def as_boolean(self) -> bool:
        """Return whether it says yes: oui or non, vrai or faux, 1 or 0.

        Raises:
            CellError: it is empty or says neither.
        """
        expected = "« oui » ou « non » était attendu"
        value = self._filled(expected)
        said = normalised(value) if isinstance(value, str) else _written(value)
        if said in {"oui", "vrai", "true", "1", "x"}:
            return True
        if said in {"non", "faux", "false", "0"}:
            return False
        raise self._unexpected(expected)

    def as_choice[K: Kind](self, kinds: Iterable[K]) -> K:
        """Return the member of a closed list, by its label or by its stored value.

        Raises:
            CellError: it is empty or names none; the nearest is suggested.
        """
        members = list(kinds)
        known = {normalised(member.label): member for member in members} | {
            normalised(member.value): member for member in members
        }
        labels = [f"« {member.label} »" for member in members]
        shown = ", ".join(labels[:MOST_CHOICES_SHOWN]) + (", …" if len(labels) > MOST_CHOICES_SHOWN else "")
        expected = f"une valeur de la liste était attendue : {shown}"
        self._filled(expected)
        said = normalised(self.as_text())
        if said in known:
            return known[said]
        near = get_close_matches(said[:LONGEST_SHOWN], known, n=1, cutoff=0.6)
        hint = f" Vouliez-vous dire « {known[near[0]].label} » ?" if near else ""
        raise self.error(f"{self._shown()} a été lu ; {expected}.{hint}")

    def _filled(self, expected: str) -> Value:
        if self.is_empty:
            raise self.error(f"La cellule est vide ; {expected}.")
        return self.value

    def _shown(self) -> str:
        text = one_newline(self.value).strip() if isinstance(self.value, str) else _written(self.value)
        text = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
        return f"« {text[:LONGEST_SHOWN]}{'…' if len(text) > LONGEST_SHOWN else ''} »"

    def _unexpected(self, expected: str) -> CellError:
        if isinstance(self.value, str) and self.value.strip() in FORMULA_ERRORS:
            return self.error(
                f"La formule donne l’erreur {self._shown()} ; corrigez-la ou saisissez la valeur."
            )
        return self.error(f"{self._shown()} a été lu ; {expected}.")


def _written(value: Value) -> str:
    """Return a value as text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 10**15 else repr(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return str(value)


def _day_parts(text: str) -> tuple[int, int, int] | None:
    """Return year, month and day as written, even if no such day exists; None for another form of text."""
    text = " ".join(text[:80].split())
    found = _ISO_DAY.fullmatch(text)
    if found is not None:
        return int(found[1]), int(found[2]), int(found[3])
    found = _FRENCH_DAY.fullmatch(text)
    if found is not None:
        return int(found[3]), int(found[2]), int(found[1])
    found = _DAY_IN_WORDS.fullmatch(normalised(text))
    if found is not None:
        for number, names in enumerate(MONTHS, start=1):
            if found[2] in names:
                return int(found[3]), number, int(found[1])
    if text.isascii() and text.isdigit() and len(text) == 5 and int(text) in DAY_NUMBERS:
        day = SPREADSHEET_DAY_ZERO + timedelta(days=int(text))
        return day.year, day.month, day.day
    return None


def _number(text: str) -> Decimal | None:
    """Return the number that ``text`` writes, None when it writes none or could write two."""
    if len(text) > LONGEST_NUMBER:
        return None
    plain = re.sub(r"\s", " ", unicodedata.normalize("NFKC", text)).strip().replace("\N{MINUS SIGN}", "-")
    is_percent = plain.endswith("%")
    plain = plain.removesuffix("%").rstrip()
    if " " in plain:
        if not re.fullmatch(r"[+-]?\d{1,3}(?: \d{3})+(?:[.,]\d+)?", plain, re.ASCII):
            return None
        plain = plain.replace(" ", "")
    if "," in plain and "." in plain:
        thousands, decimals = (",", ".") if plain.rindex(".") > plain.rindex(",") else (".", ",")
        if not re.fullmatch(rf"[+-]?\d{{1,3}}(?:\{thousands}\d{{3}})+\{decimals}\d+", plain, re.ASCII):
            return None
        plain = plain.replace(thousands, "")
    plain = plain.replace(",", ".").upper()
    if not _NUMBER.fullmatch(plain):
        return None
    number = Decimal(plain)
    return number.scaleb(-2) if is_percent else number
