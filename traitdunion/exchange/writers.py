"""Write a table that people open in a spreadsheet and send back. Plain Python.

The same rows give the same bytes, so that an export can be compared and signed: dates of creation are fixed.
What :func:`traitdunion.exchange.tables.read_table` reads back is what was written.

OpenDocument is written as text straight into the zip. odfpy builds one object per cell and per text in memory, and
takes about ten times longer: ``bench/bench_tables.py`` measures both.
"""

import csv
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Final, Literal, assert_never
from xml.sax.saxutils import escape, quoteattr

import xlsxwriter
from xlsxwriter.format import Format as Style
from xlsxwriter.worksheet import Worksheet

from traitdunion.core.choices import Kind
from traitdunion.exchange.archives import ODS_TYPE
from traitdunion.exchange.cells import neutralised, one_newline
from traitdunion.exchange.errors import UnwritableTableError

Written = str | int | float | bool | Decimal | date | datetime | None
Format = Literal["xlsx", "ods", "csv", "json"]

FORMATS: Final[tuple[Format, ...]] = ("xlsx", "ods", "csv", "json")
CONTENT_TYPES: Final[dict[Format, str]] = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ods": ODS_TYPE.decode(),
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}
CREATED_AT: Final = datetime(2026, 1, 1, tzinfo=UTC)
ZIP_DATE: Final = (2026, 1, 1, 0, 0, 0)
XLSX_MOST_ROWS: Final = 1_048_576
XLSX_LONGEST_TEXT: Final = 32_767
# A double holds 15 decimal digits; a longer number is written as text rather than rounded.
MOST_DIGITS: Final = 15
FIRST_SPREADSHEET_DAY: Final = date(1900, 3, 1)  # before it, spreadsheets disagree on the day
WIDEST_COLUMN: Final = 60
LIMITS_SHEET: Final = "Limites"

# Neither XML nor a spreadsheet can hold these.
_UNWRITABLE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SHEET_NAME: Final = re.compile(r"[\[\]:*?/\\\x00-\x1f]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One table of a workbook; ``title`` is the name of its tab, different from those of the others."""

    title: str
    headers: Sequence[str]
    rows: Iterable[Sequence[Written]]


def write_table(
    headers: Sequence[str],
    rows: Iterable[Sequence[Written]],
    *,
    format: Format,  # noqa: A002  # the word a person uses in the address and on the command line
    title: str,
    limits: Sequence[str] = (),
) -> bytes:
    """Return the bytes of a file that holds the table.

    Args:
        headers: names of the columns.
        rows: one value per column; a member of a closed list is written as its label. A moment has no time
            zone in a spreadsheet: give it as local time, without one.
        format: "xlsx", "ods", "csv" (UTF-8 with its mark, semicolons) or "json".
        title: name of the sheet and of the document.
        limits: sentences that a reader must know, on a second sheet « Limites » or under the key ``limits``; a CSV has
            room for the table alone.

    Raises:
        UnwritableTableError: the table does not fit in the format.
        ValueError: a row has not one value per column, or a moment carries a time zone.
    """
    sheet = _ready(Sheet(title=title, headers=headers, rows=rows))
    match format:
        case "xlsx" | "ods":
            told = Sheet(title=LIMITS_SHEET, headers=[LIMITS_SHEET], rows=[[limit] for limit in limits])
            return _workbook([sheet, _ready(told)] if limits else [sheet], format, title)
        case "csv":
            return _csv(sheet.headers, sheet.rows)
        case "json":
            return _json(sheet.headers, sheet.rows, title, limits)
        case _:
            assert_never(format)


def write_workbook(sheets: Sequence[Sheet], *, format: Literal["xlsx", "ods"], title: str) -> bytes:  # noqa: A002
    """Return the bytes of a workbook of several tables, in their order.

    Raises:
        UnwritableTableError: a table does not fit in the format.
        ValueError: no sheet, two of one name, a row has not one value per column, a moment carries a time zone.
    """
    names = {_sheet_name(sheet.title).casefold() for sheet in sheets}
    if not sheets or len(names) != len(sheets):
        raise ValueError("a workbook needs sheets, each with a name of its own")
    return _workbook([_ready(sheet) for sheet in sheets], format, title)


def _workbook(sheets: Sequence[Sheet], format: Literal["xlsx", "ods"], title: str) -> bytes:  # noqa: A002
    return _xlsx(sheets, title) if format == "xlsx" else _ods(sheets, title)


def _ready(sheet: Sheet) -> Sheet:
    width = len(sheet.headers)
    return Sheet(
        title=sheet.title,
        headers=[_text(header) for header in sheet.headers],
        rows=(_checked(row, width) for row in sheet.rows),
    )


def _checked(row: Sequence[Written], width: int) -> list[Written]:
    if len(row) != width:
        raise ValueError(f"a row has {len(row)} values for {width} columns")
    return [_plain(value) for value in row]


def _plain(value: Written) -> Written:
    """Return the value as each format can write it."""
    if isinstance(value, str):
        return _text(value.label if isinstance(value, Kind) else value)
    if isinstance(value, datetime):
        if value.tzinfo is not None:
            raise ValueError("a moment is written as local time: convert it, then leave its time zone out")
        return value.replace(microsecond=0)
    return value


def _text(text: str) -> str:
    return _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", one_newline(text))


def _number(value: float | Decimal) -> int | float | str:
    """Return a number that a spreadsheet keeps exactly, or the text of one that it would round."""
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    if not exact.is_finite():
        return str(value)
    if len(exact.normalize().as_tuple().digits) > MOST_DIGITS or abs(exact.adjusted()) > 99:
        return _decimal_text(exact)
    return (
        int(exact) if exact == exact.to_integral_value() and exact.adjusted() <= MOST_DIGITS else float(exact)
    )


def _decimal_text(number: Decimal) -> str:
    """Return a number as a French spreadsheet types it."""
    return (f"{number:f}" if abs(number.adjusted()) <= 30 else str(number)).replace(".", ",")


def _stored_text(text: str) -> str:
    """Return a text for a cell typed as text: only « '=1 » needs one more apostrophe, to be read back."""
    return neutralised(text) if text.startswith("'") else text


def _sheet_name(title: str) -> str:
    """Return the longest start of ``title`` that Excel takes as the name of a sheet: 31 units of UTF-16."""
    name = _SHEET_NAME.sub(" ", _text(title)).strip(" '")
    name = name.encode("utf-16-le")[:62].decode("utf-16-le", "ignore").strip(" '")
    return name or "Tableau"


# xlsx


def _xlsx(sheets: Sequence[Sheet], title: str) -> bytes:
    content = BytesIO()
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_numbers": False,
        "strings_to_urls": False,
    }
    with xlsxwriter.Workbook(content, options) as workbook:  # closes its temporary files, also on a refusal
        workbook.set_properties({"title": _text(title)[:255], "created": CREATED_AT.replace(tzinfo=None)})
        heading = workbook.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        day = workbook.add_format({"num_format": "dd/mm/yyyy"})
        moment = workbook.add_format({"num_format": "dd/mm/yyyy hh:mm:ss"})
        for sheet in sheets:
            _xlsx_sheet(workbook.add_worksheet(_sheet_name(sheet.title)), sheet, heading, day, moment)
    return content.getvalue()


def _xlsx_sheet(written: Worksheet, sheet: Sheet, heading: Style, day: Style, moment: Style) -> None:
    headers = sheet.headers
    for position, header in enumerate(headers):
        written.set_column(position, position, _width(header))
        written.write_string(0, position, _short(header, header), heading)
    written.freeze_panes(1, 0)
    for number, row in enumerate(sheet.rows, start=1):
        if number >= XLSX_MOST_ROWS:
            raise UnwritableTableError(
                f"Le tableau dépasse {XLSX_MOST_ROWS} lignes, la limite du format .xlsx. Choisissez le format .csv."
            )
        for position, value in enumerate(row):
            stored = _xlsx_value(value, headers[position])
            if isinstance(stored, str):
                written.write_string(number, position, stored)
            elif isinstance(stored, bool):
                written.write_boolean(number, position, stored)
            elif isinstance(stored, date):
                written.write_datetime(
                    number, position, stored, moment if isinstance(stored, datetime) else day
                )
            elif stored is not None:
                written.write_number(number, position, stored)


def _xlsx_value(value: Written, header: str) -> str | int | float | date | None:
    """Return what the cell holds: a text, or a value that the format keeps exactly."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return _short(value, header)
    if isinstance(value, bool):
        return value
    if isinstance(value, date):
        day = value.date() if isinstance(value, datetime) else value
        return value if day >= FIRST_SPREADSHEET_DAY else str(value)
    return _number(value)


def _short(text: str, header: str) -> str:
    text = _stored_text(text)
    if len(text.encode("utf-16-le")) // 2 > XLSX_LONGEST_TEXT:
        raise UnwritableTableError(
            f"Un texte de la colonne « {header[:80]} » dépasse {XLSX_LONGEST_TEXT} caractères, la limite du format "
            ".xlsx. Choisissez le format .ods ou .csv."
        )
    return text


def _width(header: str) -> int:
    return min(max(len(header) + 2, 12), WIDEST_COLUMN)


# ods

_NAMESPACES: Final = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (
        ("office", "office"),
        ("table", "table"),
        ("text", "text"),
        ("style", "style"),
        ("number", "datastyle"),
        ("fo", "xsl-fo-compatible"),
        ("meta", "meta"),
    )
)
_DAY_STYLE: Final = (
    '<number:day number:style="long"/><number:text>/</number:text><number:month number:style="long"/>'
    '<number:text>/</number:text><number:year number:style="long"/>'
)
_ODS_START: Final = (
    f'<?xml version="1.0" encoding="UTF-8"?>\n<office:document-content {_NAMESPACES} office:version="1.3">'
    "<office:automatic-styles>"
    f'<number:date-style style:name="D">{_DAY_STYLE}</number:date-style>'
    f'<number:date-style style:name="M">{_DAY_STYLE}<number:text> </number:text>'
    '<number:hours number:style="long"/>'
    '<number:text>:</number:text><number:minutes number:style="long"/><number:text>:</number:text>'
    '<number:seconds number:style="long"/></number:date-style>'
    '<style:style style:name="heading" style:family="table-cell">'
    '<style:text-properties fo:font-weight="bold"/></style:style>'
    '<style:style style:name="day" style:family="table-cell" style:data-style-name="D"/>'
    '<style:style style:name="moment" style:family="table-cell" style:data-style-name="M"/>'
    "</office:automatic-styles><office:body><office:spreadsheet>"
)
_ODS_END: Final = "</office:spreadsheet></office:body></office:document-content>"
_ODS_MANIFEST: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" '
    'manifest:version="1.3">'
    '<manifest:file-entry manifest:full-path="/" manifest:version="1.3" '
    f'manifest:media-type="{ODS_TYPE.decode()}"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
    '<manifest:file-entry manifest:full-path="meta.xml" manifest:media-type="text/xml"/></manifest:manifest>'
)
_EMPTY_CELL: Final = "<table:table-cell/>"
_SPACES: Final = re.compile(r"^ | {2,}| $")
_ROWS_AT_ONCE: Final = 1000


def _ods(sheets: Sequence[Sheet], title: str) -> bytes:
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(_member("mimetype", zipfile.ZIP_STORED), ODS_TYPE)
        archive.writestr(_member("META-INF/manifest.xml"), _ODS_MANIFEST)
        archive.writestr(_member("meta.xml"), _ods_meta(title))
        with archive.open(_member("content.xml"), "w") as part:
            for piece in _ods_pieces(sheets):
                part.write(piece.encode())
    return content.getvalue()


def _member(name: str, packing: int = zipfile.ZIP_DEFLATED) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, ZIP_DATE)
    info.compress_type = packing
    info.create_system = 3  # the same bytes on every system
    info.external_attr = 0o644 << 16
    return info


def _ods_meta(title: str) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<office:document-meta {_NAMESPACES} '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" office:version="1.3"><office:meta>'
        f"<dc:title>{escape(_text(title))}</dc:title>"
        f"<meta:creation-date>{CREATED_AT:%Y-%m-%dT%H:%M:%S}</meta:creation-date></office:meta></office:document-meta>"
    )


def _ods_pieces(sheets: Sequence[Sheet]) -> Iterator[str]:
    yield _ODS_START
    for sheet in sheets:
        yield f"<table:table table:name={quoteattr(_sheet_name(sheet.title))}>"
        yield f'<table:table-column table:number-columns-repeated="{max(len(sheet.headers), 1)}"/>'
        heading = "".join(_ods_text(header, style="heading") for header in sheet.headers)
        yield f"<table:table-row>{heading}</table:table-row>"
        yield from _ods_rows(sheet.rows)
        yield "</table:table>"
    yield _ODS_END


def _ods_rows(rows: Iterable[Sequence[Written]]) -> Iterator[str]:
    pending: list[str] = []
    for row in rows:
        pending.append("<table:table-row>")
        pending.extend(map(_ods_cell, row))
        pending.append("</table:table-row>")
        if len(pending) > _ROWS_AT_ONCE * 10:
            yield "".join(pending)
            pending.clear()
    yield "".join(pending)


def _ods_cell(value: Written) -> str:
    if value is None or value == "":
        return _EMPTY_CELL
    if isinstance(value, str):
        return _ods_text(value)
    if isinstance(value, bool):
        said = "true" if value else "false"
        return (
            f'<table:table-cell office:value-type="boolean" office:boolean-value="{said}">'
            f"<text:p>{'VRAI' if value else 'FAUX'}</text:p></table:table-cell>"
        )
    if isinstance(value, datetime):
        return (
            f'<table:table-cell table:style-name="moment" office:value-type="date" '
            f'office:date-value="{value.isoformat()}"><text:p>{_french_day(value)} {value:%H:%M:%S}</text:p>'
            "</table:table-cell>"
        )
    if isinstance(value, date):
        return (
            f'<table:table-cell table:style-name="day" office:value-type="date" '
            f'office:date-value="{value.isoformat()}"><text:p>{_french_day(value)}</text:p></table:table-cell>'
        )
    number = _number(value)
    if isinstance(number, str):
        return _ods_text(number)
    written = repr(number)
    return (
        f'<table:table-cell office:value-type="float" office:value="{written}">'
        f"<text:p>{written.replace('.', ',')}</text:p></table:table-cell>"
    )


def _ods_text(text: str, *, style: str = "") -> str:
    """Return a cell of text: paragraphs, and the exact text beside them where paragraphs lose something."""
    text = _stored_text(text)
    styled = f' table:style-name="{style}"' if style else ""
    exact = ""
    if "\n" in text or "\t" in text or _SPACES.search(text) is not None:
        escaped = escape(text, {'"': "&quot;", "\n": "&#10;", "\t": "&#9;"})
        exact = f' office:string-value="{escaped}"'
    shown = "</text:p><text:p>".join(
        _SPACES.sub(_spaces, escape(line)).replace("\t", "<text:tab/>") for line in text.split("\n")
    )
    opening = f'<table:table-cell{styled} office:value-type="string"{exact}>'
    return f"{opening}<text:p>{shown}</text:p></table:table-cell>"


def _spaces(found: re.Match[str]) -> str:
    return f'<text:s text:c="{len(found[0])}"/>'


def _french_day(day: date) -> str:
    return f"{day.day:02}/{day.month:02}/{day.year:04}"


# csv and json


def _csv(headers: Sequence[str], rows: Iterable[Sequence[Written]]) -> bytes:
    content = StringIO(newline="")
    # Titles in quotation marks: a comma in one of them cannot be taken for the separator.
    csv.writer(content, delimiter=";", lineterminator="\r\n", quoting=csv.QUOTE_ALL).writerow(
        map(neutralised, headers)
    )
    csv.writer(content, delimiter=";", lineterminator="\r\n").writerows(map(_csv_value, row) for row in rows)
    return content.getvalue().encode("utf-8-sig")


def _csv_value(value: Written) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return neutralised(value)
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    number = value if isinstance(value, Decimal) else Decimal(str(value))
    return _decimal_text(number)


def _json(
    headers: Sequence[str], rows: Iterable[Sequence[Written]], title: str, limits: Sequence[str]
) -> bytes:
    lines = [dict(zip(headers, map(_json_value, row), strict=True)) for row in rows]
    told = {"limits": list(map(_text, limits))} if limits else {}
    table = {"title": _text(title), **told, "columns": list(headers), "rows": lines}
    return json.dumps(table, ensure_ascii=False, allow_nan=False, indent=1).encode() + b"\n"


def _json_value(value: Written) -> str | int | float | bool | None:
    if isinstance(value, bool | int | str) or value is None:
        return value
    if isinstance(value, date):
        return value.isoformat()
    return _number(value)
