"""Open the zip of a workbook safely: check everything that could exhaust memory before a reader sees it.

The workbook reader builds a full rectangle of cells in memory: two cells far apart in a file of 2 KiB make it
ask for terabytes and abort the process. Each part is therefore unpacked to its real size, walked as XML, and
handed over in a new archive that holds only what was walked. The reader sees no other file than the one checked.
"""

import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Final
from xml.parsers import expat

from traitdunion.exchange.errors import DamagedFileError, ProtectedFileError, TooLargeError, WrongTypeError

MIB: Final = 1024 * 1024
MOST_MEMBERS: Final = 2000
ODS_TYPE: Final = b"application/vnd.oasis.opendocument.spreadsheet"
ZIP_FAULTS: Final = (
    zipfile.BadZipFile, struct.error, zlib.error, ValueError, NotImplementedError, OverflowError, EOFError,
    OSError, RuntimeError, IndexError,
)  # fmt: skip
_A_SHEET: Final = "Une feuille du classeur"
SAVE_AGAIN: Final = "Ouvrez-le dans votre tableur et enregistrez-le de nouveau, puis renvoyez-le."

_REFERENCE: Final = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_COUNT: Final = re.compile(r"[0-9]{1,7}")
_ERROR_CELL: Final = re.compile(rb"""(<(?:[\w.-]+:)?c\s(?:[^>]*\s)?t=)(?:"e"|'e')""")
_ODS_ERROR_CELL: Final = re.compile(rb'\soffice:string-value=""(?=[^<>]*\scalcext:value-type="error")')


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The largest table that is read.

    Attributes:
        max_bytes: size of the file as sent.
        max_unpacked_bytes: size of everything in the zip of a workbook, once unpacked.
        max_rows: rows, the header not counted.
        max_columns: columns.
        max_cells: rows times columns, empty cells counted: the memory it takes.
        max_characters: text of all cells together; one long text may be shared by many cells.
    """

    max_bytes: int = 20 * MIB
    max_unpacked_bytes: int = 100 * MIB
    max_rows: int = 50_000
    max_columns: int = 200
    max_cells: int = 1_000_000
    max_characters: int = 50_000_000


DEFAULT: Final = Limits()


def refuse_oversize(size: int, *, limits: Limits = DEFAULT) -> None:
    """Refuse a file by its size alone, before it is read in memory.

    Raises:
        TooLargeError: ``size`` bytes are over the limit.
    """
    if size > limits.max_bytes:
        raise TooLargeError(
            f"Le fichier pèse {_megabytes(size)} ; la limite est de {_megabytes(limits.max_bytes)}. "
            "Retirez les images et les feuilles inutiles, ou découpez-le en plusieurs fichiers."
        )


def refuse_extent(rows: int, columns: int, *, limits: Limits, where: str = "Le tableau") -> None:
    """Refuse a table whose last cell is too far; ``rows`` counts the header.

    Raises:
        TooLargeError: over a limit.
    """
    if rows - 1 > limits.max_rows:
        raise TooLargeError(
            f"{where} a plus de {_thousands(limits.max_rows)} lignes, la limite. "
            "Supprimez les lignes inutiles sous le tableau, ou découpez-le en plusieurs fichiers."
        )
    if columns > limits.max_columns:
        raise TooLargeError(
            f"{where} a plus de {limits.max_columns} colonnes, la limite. "
            "Supprimez les colonnes inutiles à droite du tableau."
        )
    if rows * columns > limits.max_cells:
        raise TooLargeError(
            f"{where} s’étend sur {_thousands(rows)} lignes et {columns} colonnes ; la limite est de "
            f"{_thousands(limits.max_cells)} cellules. Supprimez ce qui entoure le tableau, ou découpez-le."
        )


def workbook_kind(content: bytes) -> str:
    """Return "xlsx" or "ods", the kind of workbook that a zip holds.

    Raises:
        UnreadableTableError: it is another document, is encrypted, or cannot be opened.
    """
    with _opened(content) as archive:
        names = {name.lower() for name in archive.namelist()}
        infos = archive.infolist()
        if "mimetype" in names:
            return _open_document_kind(archive, names)
        if any(info.flag_bits & 1 for info in infos):
            raise ProtectedFileError(_protected("fichier"))
    if "xl/workbook.xml" in names:
        return "xlsx"
    for part, found in (
        ("xl/workbook.bin", "un classeur Excel binaire (.xlsb)"),
        ("word/document.xml", "un document Word (.docx)"),
        ("ppt/presentation.xml", "une présentation PowerPoint (.pptx)"),
    ):
        if part in names:
            raise wrong_type(found)
    raise wrong_type("une archive zip")


def wrong_type(found: str) -> WrongTypeError:
    """Return the refusal of a file that is ``found``."""
    return WrongTypeError(
        f"Ce fichier est {found} ; un classeur .xlsx ou .ods, ou un texte .csv, était attendu. "
        "Ouvrez-le dans votre tableur et enregistrez le tableau dans l’un de ces formats."
    )


def checked_workbook(content: bytes, *, kind: str, limits: Limits) -> bytes:
    """Return a workbook that holds only parts that were unpacked, measured and walked.

    Args:
        content: the zip as sent.
        kind: "xlsx" or "ods".
        limits: what is refused.

    Raises:
        UnreadableTableError: it is damaged, encrypted or too large.
    """
    parts = _unpacked(content, kind, limits)
    walk = _walk_xlsx if kind == "xlsx" else _walk_ods
    checked = BytesIO()
    with zipfile.ZipFile(checked, "w", zipfile.ZIP_STORED) as archive:
        for name, data in walk(parts, limits):
            archive.writestr(zipfile.ZipInfo(name), data)
    return checked.getvalue()


def damaged(detail: str) -> DamagedFileError:
    """Return the refusal of a workbook that cannot be opened."""
    return DamagedFileError(
        f"Le classeur est abîmé ({detail}) ; un classeur lisible était attendu. {SAVE_AGAIN}"
    )


# The zip


def _opened(content: bytes) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(BytesIO(content))
    except ZIP_FAULTS as fault:
        raise damaged("son archive zip est incomplète") from fault


def _open_document_kind(archive: zipfile.ZipFile, names: Iterable[str]) -> str:
    try:
        found = _unpack_member(archive, archive.getinfo("mimetype"), most=200).strip()
        manifest = b""
        if "META-INF/manifest.xml" in archive.namelist():
            manifest = _unpack_member(archive, archive.getinfo("META-INF/manifest.xml"), most=MIB)
    except (*ZIP_FAULTS, KeyError) as fault:
        raise damaged("son type ne se lit pas") from fault
    if found != ODS_TYPE:
        is_text = found.startswith(b"application/vnd.oasis.opendocument.text")
        raise wrong_type("un document texte (.odt)" if is_text else "un document qui n’est pas un classeur")
    if b"encryption-data" in manifest or "encrypted-package" in names:
        raise ProtectedFileError(_protected("classeur"))
    return "ods"


def _protected(noun: str) -> str:
    return (
        f"Le {noun} est protégé par un mot de passe ; un classeur ouvert était attendu. "
        "Retirez le mot de passe dans votre tableur, enregistrez-le, puis renvoyez-le."
    )


def _unpacked(content: bytes, kind: str, limits: Limits) -> dict[str, bytes]:
    """Return the XML parts by name; images, macros and the like are left out."""
    with _opened(content) as archive:
        infos = archive.infolist()
        if len(infos) > MOST_MEMBERS:
            raise damaged(f"son archive contient plus de {_thousands(MOST_MEMBERS)} fichiers")
        kept = [info for info in infos if _is_wanted(info.filename, kind)]
        if len({info.filename.lower() for info in kept}) < len(kept):
            raise damaged("une de ses parties y figure deux fois")
        if sum(info.file_size for info in infos) > limits.max_unpacked_bytes:
            raise _too_unpacked(limits)
        left = limits.max_unpacked_bytes
        parts = {}
        for info in kept:
            try:
                parts[info.filename] = _unpack_member(archive, info, most=left)
            except ZIP_FAULTS as fault:
                raise damaged("une de ses parties ne se décompresse pas") from fault
            left -= len(parts[info.filename])
    return parts


def _is_wanted(name: str, kind: str) -> bool:
    name = name.lower()
    if kind == "ods":
        return name in {"mimetype", "content.xml", "styles.xml", "meta-inf/manifest.xml"}
    return name.startswith(("xl/", "_rels/", "[content_types]")) and name.endswith((".xml", ".rels"))


def _unpack_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, *, most: int) -> bytes:
    """Return the bytes of one member, whose real size must be the one it declares.

    The zip reader of the standard library stops at the declared size, others do not: a member that lies is
    refused.
    """
    if (
        info.file_size > most
        or info.flag_bits & 1
        or info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
    ):
        raise ValueError(info.filename)
    with archive.open(info) as member:  # checks the local header
        if info.compress_type == zipfile.ZIP_STORED:
            return member.read()
    packed = archive.fp
    if packed is None:
        raise ValueError(info.filename)
    packed.seek(info.header_offset)
    header = packed.read(30)
    name_length, extra_length = struct.unpack("<HH", header[26:30])
    packed.seek(info.header_offset + 30 + name_length + extra_length)
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    data = inflate.decompress(packed.read(info.compress_size), info.file_size + 1)
    if len(data) != info.file_size or not inflate.eof or zlib.crc32(data) != info.CRC:
        raise ValueError(info.filename)
    return data


def _too_unpacked(limits: Limits) -> TooLargeError:
    return TooLargeError(
        f"Le classeur, une fois décompressé, dépasse {_megabytes(limits.max_unpacked_bytes)}, la limite. "
        "Retirez les images et les feuilles inutiles, ou découpez-le en plusieurs fichiers."
    )


# The XML

Start = Callable[[str, dict[str, str]], None]
End = Callable[[str], None]
Characters = Callable[[str], None]


def _walk(data: bytes, *, start: Start, end: End | None = None, characters: Characters | None = None) -> None:
    """Call back for each element; refuse what a reader could understand otherwise than we do."""
    if b"\0" in data or data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        raise damaged("une de ses parties n’est pas en UTF-8")
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.XmlDeclHandler = _refuse_encoding
    parser.StartElementHandler = start
    if end is not None:
        parser.EndElementHandler = end
    if characters is not None:
        parser.CharacterDataHandler = characters
    try:
        parser.Parse(data, True)
    except expat.ExpatError as fault:
        raise damaged(f"XML incorrect, ligne {fault.lineno}") from fault


def _refuse_doctype(*_args: object) -> None:
    raise damaged("une de ses parties déclare des entités")


def _refuse_encoding(_version: str, encoding: str | None, _standalone: int) -> None:
    if encoding is not None and encoding.lower() not in {"utf-8", "utf8", "us-ascii", "ascii"}:
        raise damaged("une de ses parties n’est pas en UTF-8")


def _walk_xlsx(parts: dict[str, bytes], limits: Limits) -> Iterable[tuple[str, bytes]]:
    shared: list[int] = []
    for name, data in parts.items():
        if name.lower() == "xl/sharedstrings.xml":
            shared = _shared_lengths(data)
    for name, data in parts.items():
        sheet = _Sheet(limits=limits, shared=shared)
        _walk(data, start=sheet.start, characters=sheet.characters if shared else None)
        sheet.close()
        # The reader gives an error such as #N/A as an empty cell: given as text, it is refused by its name.
        yield name, _ERROR_CELL.sub(rb'\1"str"', data) if sheet.has_errors else data


def _shared_lengths(data: bytes) -> list[int]:
    lengths: list[int] = []

    def start(name: str, _attributes: dict[str, str]) -> None:
        if _local(name) == "si":
            lengths.append(0)

    def characters(text: str) -> None:
        if lengths:
            lengths[-1] += len(text)

    _walk(data, start=start, characters=characters)
    return lengths


@dataclass(slots=True, kw_only=True)
class _Sheet:
    """Measures what one part would make of a sheet; a part that is not a sheet measures nothing."""

    limits: Limits
    shared: list[int]
    has_errors: bool = False
    _row: int = 0
    _column: int = 0
    _last_row: int = 0
    _last_column: int = 0
    _is_shared: bool = False
    _is_index: bool = False
    _index: str = ""
    _cells: int = 0
    _text: int = 0
    _columns: dict[str, int] = field(default_factory=dict)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Enter an element. Called for each one: written to be fast."""
        if self._is_index:
            self._count_shared()
        if ":" in name:
            name = _local(name)
        if name == "c":
            self._cell(attributes)
        elif name == "v" or name == "is" or name == "f":  # faster than a set
            if self._column:
                self._cells += 1
                if self._row > self._last_row:
                    self._last_row = self._row
                if self._column > self._last_column:
                    self._last_column = self._column
                self._is_index = self._is_shared and name == "v"
        elif name == "row":
            self._row = _count(attributes.get("r"), self._row + 1)
            self._column = 0
        elif name == "dimension":
            for reference in attributes.get("ref", "A1").split(":"):
                self._place(reference)

    def characters(self, text: str) -> None:
        """Read text: the number of a shared text, up to the next element."""
        if self._is_index:
            self._index += text

    def _cell(self, attributes: dict[str, str]) -> None:
        reference = attributes.get("r")
        if reference is None:
            self._column += 1
        else:
            self._column, self._row = self._place(reference)
        kind = attributes.get("t")
        self._is_shared = kind == "s"
        if kind == "e":
            self.has_errors = True

    def _count_shared(self) -> None:
        index = self._index.strip()
        if not _COUNT.fullmatch(index) or int(index) >= len(self.shared):
            raise damaged("un texte y manque")
        self._text += self.shared[int(index)]
        self._is_index, self._index = False, ""

    def close(self) -> None:
        """Refuse what is too large."""
        if self._is_index:
            self._count_shared()
        refuse_extent(self._last_row, self._last_column, limits=self.limits, where=_A_SHEET)
        if self._cells > 3 * self.limits.max_cells:  # a cell has at most a formula, a value and a text
            raise damaged("des cellules y figurent plusieurs fois")
        _refuse_text(self._text, self.limits)

    def _place(self, reference: str) -> tuple[int, int]:
        """Return the column and the row, from 1."""
        found = _REFERENCE.fullmatch(reference)
        if found is None:
            raise damaged("une référence de cellule est incorrecte")
        letters = found[1]
        column = self._columns.get(letters)
        if column is None:
            column = 0
            for letter in letters:
                column = column * 26 + ord(letter) - 64
            self._columns[letters] = column
        return column, int(found[2])


def _walk_ods(parts: dict[str, bytes], limits: Limits) -> Iterable[tuple[str, bytes]]:
    for name, data in parts.items():
        if name == "mimetype":
            yield name, ODS_TYPE
            continue
        tables = _Tables(limits=limits)
        _walk(data, start=tables.start, end=tables.end, characters=tables.characters)
        # As in the other format: without its empty value, an error cell is read as the text of its error.
        yield name, _ODS_ERROR_CELL.sub(b"", data) if tables.has_errors else data


@dataclass(slots=True, kw_only=True)
class _Tables:
    """Measures the tables of an OpenDocument part, repeated rows and cells included."""

    limits: Limits
    has_errors: bool = False
    _row: int = 0
    _column: int = 0
    _row_repeats: int = 1
    _column_repeats: int = 1
    _row_cells: int = 0
    _row_text: int = 0
    _last_row: int = 0
    _last_column: int = 0
    _in_cell: bool = False
    _is_filled: bool = False
    _cell_text: int = 0
    _text: int = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Enter an element. Called for each one: written to be fast."""
        name = _local(name)
        if name == "table-cell" or name == "covered-table-cell":  # faster than a set
            self._cell(attributes)
        elif name == "table-row":
            self._row_repeats = _count(attributes.get("table:number-rows-repeated"), 1)
            self._column = self._row_cells = self._row_text = 0
        elif name == "table":
            self._row = self._last_row = self._last_column = 0
        elif self._in_cell:
            if name == "s":
                self._cell_text += _count(attributes.get("text:c"), 1)
            self._is_filled = True

    def characters(self, text: str) -> None:
        """Read text."""
        if self._in_cell:
            self._is_filled = True
            self._cell_text += len(text)

    def end(self, name: str) -> None:
        """Leave an element; a row or a table that is complete is measured."""
        if name.endswith("table-cell"):
            self._column += self._column_repeats
            self._in_cell = False
            if self._is_filled:
                self._row_cells = self._column
                self._row_text += self._cell_text * self._column_repeats
        elif name.endswith("table-row"):
            self._row += self._row_repeats
            if self._row_cells:
                self._last_row = self._row
                self._last_column = max(self._last_column, self._row_cells)
                self._text += self._row_text * self._row_repeats
                refuse_extent(self._last_row, self._last_column, limits=self.limits, where=_A_SHEET)
                _refuse_text(self._text, self.limits)

    def _cell(self, attributes: dict[str, str]) -> None:
        if self._in_cell:
            raise damaged("une cellule y contient une cellule")
        self._in_cell = True
        self._is_filled = not attributes.keys() <= _LAYOUT
        self._cell_text = 0
        self._column_repeats = 1
        if "office:string-value" in attributes:
            self._cell_text = len(attributes["office:string-value"])
        if "table:number-columns-repeated" in attributes:
            self._column_repeats = _count(attributes["table:number-columns-repeated"], 1)
        if attributes.get("calcext:value-type") == "error":
            self.has_errors = True


_LAYOUT: Final = {
    "table:style-name",
    "table:number-columns-repeated",
    "table:number-columns-spanned",
    "table:number-rows-spanned",
    "table:content-validation-name",
    "table:protect",
    "table:protected",
}


def _refuse_text(characters: int, limits: Limits) -> None:
    if characters > limits.max_characters:
        raise TooLargeError(
            f"Le tableau contient plus de {_thousands(limits.max_characters)} caractères, la limite. "
            "Raccourcissez les textes ou découpez-le en plusieurs fichiers."
        )


def _local(name: str) -> str:
    return name.rpartition(":")[2] if ":" in name else name


def _count(text: str | None, default: int) -> int:
    if text is None:
        return default
    if not _COUNT.fullmatch(text):
        raise damaged("un nombre de répétitions est incorrect")
    return int(text)


def _megabytes(size: int) -> str:
    return f"{size / MIB:.1f}".replace(".", ",").removesuffix(",0") + " Mo"


def _thousands(number: int) -> str:
    return f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
