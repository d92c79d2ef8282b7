"""Read a table that a person made: xlsx, ods, or text with separators. Plain Python.

The file is not trusted: its size, its true type and, for a workbook, all that it would unpack to are checked
before a reader opens it (see ``archives``). What is wrong is said in one French sentence.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from io import BytesIO, StringIO
from pathlib import Path
from typing import Final, NoReturn

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from traitdunion.exchange.archives import (
    DEFAULT,
    Limits,
    checked_workbook,
    damaged,
    refuse_extent,
    refuse_oversize,
    workbook_kind,
    wrong_type,
)
from traitdunion.exchange.cells import Cell, Value, normalised, one_newline, restored
from traitdunion.exchange.errors import (
    CellError,
    DamagedFileError,
    EmptyTableError,
    HeaderError,
    ProtectedFileError,
    RaggedRowError,
    TooLargeError,
    UndecodableError,
    UnreadableTableError,
    WrongTypeError,
)

__all__ = [
    "DEFAULT",
    "Cell",
    "CellError",
    "DamagedFileError",
    "EmptyTableError",
    "HeaderError",
    "Limits",
    "ProtectedFileError",
    "RaggedRowError",
    "Row",
    "Table",
    "TooLargeError",
    "UndecodableError",
    "UnreadableTableError",
    "WrongTypeError",
    "normalised",
    "read_path",
    "read_table",
    "refuse_oversize",
]

WORKBOOKS: Final = ("xlsx", "ods")
TEXTS: Final = ("csv", "tsv", "txt")
SEPARATORS: Final = ";\t,"
LONGEST_HEADER_LINE: Final = 65_536

_UTF_8_MARK: Final = b"\xef\xbb\xbf"
_OLD_OFFICE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SIGNATURES: Final = (
    (b"%PDF", "un PDF"),
    (b"\x89PNG", "une image PNG"),
    (b"\xff\xd8\xff", "une photo JPEG"),
    (b"GIF8", "une image GIF"),
    (b"\x1f\x8b", "une archive gzip"),
    (b"7z\xbc\xaf", "une archive 7z"),
    (b"Rar!", "une archive RAR"),
    (b"{\\rtf", "un document RTF"),
    (b"\x7fELF", "un programme"),
    (b"MZ\x90", "un programme"),
    (b"SQLite format 3", "une base de données"),
)
_MARKUP: Final = re.compile(rb"\s*<(?:!doctype|html|\?xml|table|svg)", re.IGNORECASE)
_BINARY: Final = re.compile(r"[\x00-\x08\x0e-\x1f]")
_SEPARATOR_LINE: Final = re.compile(r"sep=([;,\t])\r?\n", re.IGNORECASE)

_key: Final = lru_cache(maxsize=4096)(normalised)  # the same few headers are asked for on each row


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """The named columns of one table, shared by its rows.

    Attributes:
        headers: as written, spaces around left out.
        positions: where each stands in a row of the file, from 0.
        index: from the normalised header to its rank in ``headers``.
        is_sheet: whether cells are named « B12 » rather than by their line.
    """

    headers: tuple[str, ...]
    positions: tuple[int, ...]
    index: dict[str, int]
    is_sheet: bool


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One row. Cells are made when they are asked for: ``row["Échéance"].as_date()``.

    Attributes:
        number: its number in the file, header and blank lines counted, from 1.
        values: raw values, as the file holds them.
    """

    number: int
    values: Sequence[Value]
    columns: Columns

    def __getitem__(self, header: str) -> Cell:
        rank = self.columns.index.get(_key(header))
        if rank is None:
            raise KeyError(header)
        return self._cell(rank)

    def __contains__(self, header: str) -> bool:
        return _key(header) in self.columns.index

    def __iter__(self) -> Iterator[Cell]:
        return (self._cell(rank) for rank in range(len(self.columns.headers)))

    def get(self, header: str) -> Cell | None:
        """Return the cell under ``header``, None when the table has no such column."""
        rank = self.columns.index.get(_key(header))
        return None if rank is None else self._cell(rank)

    def reference(self, header: str) -> str:
        """Return where the cell under ``header`` is, for a person."""
        return self[header].reference

    def _cell(self, rank: int) -> Cell:
        position, header = self.columns.positions[rank], self.columns.headers[rank]
        value: Value = self.values[position] if position < len(self.values) else None
        if isinstance(value, str):
            value = one_newline(restored(value)) if value else None
        elif isinstance(value, float) and value.is_integer() and abs(value) < 10**15:
            value = int(value)
        return Cell(value, _reference(self.number, position, header, is_sheet=self.columns.is_sheet), header)


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A table: named columns and rows.

    Attributes:
        headers: as written in the file.
        rows: those that hold something.
        sheet: the name of the sheet, "" for a text file.
        other_sheets: the visible sheets that were not read.
    """

    headers: tuple[str, ...]
    rows: Sequence[Row]
    sheet: str
    other_sheets: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.rows)

    def __contains__(self, header: str) -> bool:
        return normalised(header) in {normalised(each) for each in self.headers}

    def require(self, headers: Iterable[str]) -> None:
        """Refuse the table if one of these columns is missing.

        Raises:
            HeaderError: it names the missing columns, and the nearest ones that were found.
        """
        found = {normalised(each): each for each in self.headers}
        missing = [each for each in headers if normalised(each) not in found]
        if not missing:
            return
        near = [
            f"« {found[match]} » est peut-être « {each} »"
            for each in missing
            for match in get_close_matches(normalised(each), found, n=1, cutoff=0.75)
        ]
        is_one = len(missing) == 1
        raise HeaderError(
            f"{'La colonne' if is_one else 'Les colonnes'} {_listed(missing)} "
            f"{'manque' if is_one else 'manquent'} ; le fichier a les colonnes {_listed(self.headers)}. "
            f"{'Ajoutez-la' if is_one else 'Ajoutez-les'} ou corrigez la première ligne"
            f"{' : ' + ', '.join(near) if near else ''}."
        )

    def unknown(self, headers: Iterable[str]) -> tuple[str, ...]:
        """Return the headers of the file that are none of ``headers``, as written."""
        known = {normalised(each) for each in headers}
        return tuple(each for each in self.headers if normalised(each) not in known)


def read_path(path: Path, *, limits: Limits = DEFAULT) -> Table:
    """Return the table that a file holds; its size is checked before it is read in memory.

    Raises:
        UnreadableTableError: it holds no table that we read.
        OSError: it cannot be opened.
    """
    refuse_oversize(path.stat().st_size, limits=limits)
    return read_table(path.read_bytes(), file_name=path.name, limits=limits)


def read_table(content: bytes, *, file_name: str, limits: Limits = DEFAULT) -> Table:
    """Return the table that ``content`` holds.

    The first line that is not blank names the columns. In a workbook, the first visible sheet that holds
    something is read. Formulas give their value.

    Args:
        content: the bytes of the file.
        file_name: its extension must agree with what the bytes are.
        limits: what is refused.

    Raises:
        UnreadableTableError: one of its subclasses says what is wrong.
    """
    refuse_oversize(len(content), limits=limits)
    if not content or content.isspace():
        raise EmptyTableError(
            "Le fichier est vide ; une ligne de titres suivie de lignes était attendue. Vérifiez-le."
        )
    extension = file_name.rpartition(".")[2].lower() if "." in file_name else ""
    _refuse_other_types(content)
    if content.startswith(b"PK"):
        kind = workbook_kind(content)
        if extension != kind:
            raise WrongTypeError(
                f"Le fichier « {file_name[-80:]} » est en réalité un classeur .{kind} ; un nom finissant "
                f"par .{kind} "
                "était attendu. Renommez-le, puis renvoyez-le."
            )
        return _read_workbook(checked_workbook(content, kind=kind, limits=limits), limits)
    if extension in WORKBOOKS:
        raise WrongTypeError(
            f"Le fichier finit par .{extension} sans être un classeur ; un classeur .xlsx ou .ods était "
            "attendu. "
            "Enregistrez-le depuis votre tableur, ou renommez-le en .csv si c’est un texte."
        )
    if extension not in TEXTS:
        raise WrongTypeError(
            f"Le fichier « {file_name[-80:]} » n’a pas une extension que nous lisons ; .xlsx, .ods, .csv, "
            ".tsv ou .txt "
            "était attendu. Enregistrez le tableau dans l’un de ces formats."
        )
    return _read_text(_decoded(content), limits)


def _refuse_other_types(content: bytes) -> None:
    for signature, found in _SIGNATURES:
        if content.startswith(signature):
            raise wrong_type(found)
    if content.startswith(_OLD_OFFICE):
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise ProtectedFileError(
                "Le classeur est protégé par un mot de passe ; un classeur ouvert était attendu. "
                "Retirez le mot de passe dans votre tableur, enregistrez-le, puis renvoyez-le."
            )
        is_word = "WordDocument".encode("utf-16-le") in content
        raise wrong_type("un document Word ancien (.doc)" if is_word else "un classeur Excel ancien (.xls)")
    if _MARKUP.match(content[:200].removeprefix(_UTF_8_MARK)):
        raise wrong_type("une page web ou du XML")


# Workbooks


def _read_workbook(content: bytes, limits: Limits) -> Table:
    try:
        with CalamineWorkbook.from_filelike(BytesIO(content)) as workbook:
            names = [
                sheet.name
                for sheet in workbook.sheets_metadata
                if sheet.visible is SheetVisibleEnum.Visible and sheet.typ is SheetTypeEnum.WorkSheet
            ]
            for name in names:
                rows = _sheet_rows(workbook.get_sheet_by_name(name), limits)
                if any(not _is_blank(row) for row in rows):
                    others = tuple(other for other in names if other != name)
                    numbered = enumerate(rows, start=1)
                    return _table(numbered, sheet=name, is_sheet=True, other_sheets=others, limits=limits)
    except CalamineError as fault:
        raise damaged("ses feuilles ne se lisent pas") from fault
    except BaseException as fault:
        # A panic of the reader derives from BaseException and its class cannot be imported.
        if type(fault).__name__ == "PanicException":
            raise damaged("ses feuilles ne se lisent pas") from fault
        raise
    raise EmptyTableError(
        "Le classeur ne contient aucune valeur dans ses feuilles visibles ; une ligne de titres suivie de "
        "lignes était "
        "attendue. Vérifiez le fichier envoyé."
    )


def _sheet_rows(sheet: CalamineSheet, limits: Limits) -> Sequence[Sequence[Value]]:
    if sheet.end is None:
        return ()
    refuse_extent(sheet.end[0] + 1, sheet.end[1] + 1, limits=limits, where=f"La feuille « {sheet.name} »")
    return sheet.to_python(skip_empty_area=False)


# Text


def _decoded(content: bytes) -> str:
    """Return the text, in UTF-8, in UTF-16 if its mark says so, else in Windows-1252."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif content.startswith(_UTF_8_MARK):
        encoding, content = "utf-8", content.removeprefix(_UTF_8_MARK)
    elif _is_utf_8(content):
        encoding = "utf-8"
    else:
        encoding = "cp1252"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as fault:
        line = content.count(b"\n", 0, fault.start) + 1
        raise UndecodableError(
            f"La ligne {line} contient un octet qui n’est pas du texte ; un texte UTF-8, UTF-16 ou "
            "Windows-1252 était "
            "attendu. Enregistrez le fichier en « CSV UTF-8 »."
        ) from fault
    found = _BINARY.search(text)
    if found is not None:
        line = text.count("\n", 0, found.start()) + 1
        raise UndecodableError(
            f"La ligne {line} contient un caractère de contrôle (code {ord(found[0])}) : ce fichier n’est "
            "pas du texte ; "
            "un texte .csv était attendu. Enregistrez-le en « CSV UTF-8 »."
        )
    return text


def _is_utf_8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _read_text(text: str, limits: Limits) -> Table:
    announced = _SEPARATOR_LINE.match(text)
    first_line = 1
    if announced is not None:
        separator, text, first_line = announced[1], text[announced.end() :], 2
    else:
        separator = _separator(text)
    records = _records(text, separator, first_line)
    return _table(records, sheet="", is_sheet=False, other_sheets=(), limits=limits)


def _separator(text: str) -> str:
    """Return the separator that cuts the first line in the most parts."""
    start = text[:LONGEST_HEADER_LINE].lstrip("\r\n")

    def parts(separator: str) -> int:
        try:
            return len(next(csv.reader(StringIO(start, newline=""), delimiter=separator), ()))
        except csv.Error:
            return 0

    return max(SEPARATORS, key=parts)


def _records(text: str, separator: str, first_line: int) -> Iterator[tuple[int, list[str]]]:
    """Yield each record with the number of its first line: a quoted text may span several."""
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    line = first_line
    while True:
        try:
            record = next(reader, None)
        except csv.Error as fault:
            _refuse_record(line, str(fault))
        if record is None:
            return
        yield line, record
        line = first_line + reader.line_num


def _refuse_record(line: int, fault: str) -> NoReturn:
    if "field larger" in fault:
        raise TooLargeError(
            f"Un texte de la ligne {line} dépasse {csv.field_size_limit()} caractères, la limite. "
            "Raccourcissez-le, ou "
            "fermez le guillemet resté ouvert."
        )
    raise RaggedRowError(
        f"La ligne {line} a un guillemet mal fermé ; un texte entre guillemets doubles, ou sans guillemet, "
        "était "
        "attendu. Corrigez cette ligne."
    )


# Both


def _table(
    records: Iterable[tuple[int, Sequence[Value]]],
    *,
    sheet: str,
    is_sheet: bool,
    other_sheets: tuple[str, ...],
    limits: Limits,
) -> Table:
    filled = ((number, values) for number, values in records if not _is_blank(values))
    number, first = next(filled, (0, ()))
    if not first:
        raise EmptyTableError(
            "Le fichier ne contient aucune valeur ; une ligne de titres suivie de lignes était attendue. "
            "Vérifiez-le."
        )
    columns = _columns(number, first, is_sheet=is_sheet, limits=limits)
    named, width = set(columns.positions), columns.positions[-1] + 1
    has_gaps = len(named) < width
    most_rows = min(limits.max_rows, limits.max_cells // width - 1)
    rows: list[Row] = []
    for number, values in filled:
        if len(rows) >= most_rows:
            refuse_extent(len(rows) + 2, width, limits=limits)
        if len(values) > width or has_gaps:
            _refuse_unnamed(number, values, named, is_sheet=is_sheet)
        rows.append(Row(number, values, columns))
    return Table(columns.headers, rows, sheet, other_sheets)


def _columns(number: int, values: Sequence[Value], *, is_sheet: bool, limits: Limits) -> Columns:
    """Return the named columns.

    Raises:
        HeaderError: the line names nothing, or one column twice.
        TooLargeError: there are too many.
    """
    headers: list[str] = []
    positions: list[int] = []
    index: dict[str, int] = {}
    for position, value in enumerate(values):
        header = " ".join(str(restored(value) if isinstance(value, str) else value).split())
        if not header:
            continue
        key = normalised(header) or header
        if key in index:
            former = positions[index[key]]
            # In a text file both have the same name, or almost: only their rank tells them apart.
            where = (
                f"{_letters(former)}{number} et {_letters(position)}{number}"
                if is_sheet
                else f"ligne {number}, colonnes {former + 1} et {position + 1}"
            )
            raise HeaderError(
                f"La colonne « {header[:80]} » figure deux fois ({where}) ; un nom différent pour chaque colonne "
                "était attendu. Renommez ou supprimez l’une des deux."
            )
        index[key] = len(headers)
        headers.append(header)
        positions.append(position)
        refuse_extent(1, len(headers), limits=limits)
    if not any(letter.isalpha() for header in headers for letter in header):
        raise HeaderError(
            f"La ligne {number}, la première du tableau, ne nomme aucune colonne ({_listed(headers)}) ; "
            "les titres des colonnes étaient attendus. Ajoutez-les au-dessus des valeurs."
        )
    refuse_extent(1, positions[-1] + 1, limits=limits)
    return Columns(tuple(headers), tuple(positions), index, is_sheet)


def _refuse_unnamed(number: int, values: Sequence[Value], named: set[int], *, is_sheet: bool) -> None:
    for position, value in enumerate(values):
        if position in named or _is_blank((value,)):
            continue
        shown = " ".join(str(value).split())[:60]
        where = _reference(number, position, "", is_sheet=is_sheet)
        raise RaggedRowError(
            f"La valeur « {shown} » ({where}) est dans une colonne sans titre ; un titre pour chaque "
            "colonne était "
            "attendu. Nommez cette colonne ou supprimez la valeur."
        )


def _is_blank(values: Iterable[Value]) -> bool:
    for value in values:
        if isinstance(value, str):
            if value and not value.isspace():
                return False
        elif value is not None:
            return False
    return True


def _reference(number: int, position: int, header: str, *, is_sheet: bool) -> str:
    if is_sheet:
        return f"{_letters(position)}{number}"
    return (
        f"ligne {number}, colonne « {header[:80]} »"
        if header
        else f"ligne {number}, valeur n° {position + 1}"
    )


def _letters(position: int) -> str:
    """Return the name of a column in a spreadsheet.

    >>> _letters(0), _letters(25), _letters(26), _letters(701), _letters(702)
    ('A', 'Z', 'AA', 'ZZ', 'AAA')
    """
    letters, left = "", position + 1
    while left:
        left, rest = divmod(left - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _listed(names: Iterable[str]) -> str:
    names = [f"« {name[:80]} »" for name in names]
    return ", ".join(names[:20]) + (", …" if len(names) > 20 else "")
