"""Workbooks, also those made to harm the reader."""

import re
import zipfile
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO

import pytest
import xlsxwriter

from traitdunion.exchange.archives import ODS_TYPE, Limits
from traitdunion.exchange.cells import Cell
from traitdunion.exchange.errors import CellError
from traitdunion.exchange.tables import (
    DamagedFileError,
    EmptyTableError,
    HeaderError,
    ProtectedFileError,
    RaggedRowError,
    TooLargeError,
    read_table,
)

SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"
NAMESPACES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{prefix}:1.0"'
    for prefix in ("office", "table", "text")
)
TITLE_ROW = (
    "<table:table-row>"
    '<table:table-cell office:value-type="string"><text:p>Mesure</text:p></table:table-cell>'
    '<table:table-cell office:value-type="string"><text:p>Note</text:p></table:table-cell>'
    "</table:table-row>"
)


def xlsx(*sheets, **options):
    """Build a workbook as a spreadsheet does, with shared texts; a sheet is its name and its rows."""
    content = BytesIO()
    book = xlsxwriter.Workbook(content, {"default_date_format": "dd/mm/yyyy", **options})
    for name, rows in sheets or [("Plan", [["Mesure", "Note"], ["Mesure 38", "x"]])]:
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    book.close()
    return content.getvalue()


def ods(rows, **members):
    content = BytesIO()
    body = (
        f'<?xml version="1.0"?><office:document-content {NAMESPACES} '
        'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0" office:version="1.3">'
        f'<office:body><office:spreadsheet><table:table table:name="Plan">{rows}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", ODS_TYPE)
        archive.writestr("content.xml", body)
        archive.writestr("META-INF/manifest.xml", members.get("manifest", "<manifest/>"))
    return content.getvalue()


def altered(content, change, *, drop=(), add=()):
    """Rewrite a workbook with ``change(name, data)`` on each part."""
    result = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in drop:
                new.writestr(name, change(name, old.read(name)))
        for name, data in add:
            new.writestr(name, data)
    return result.getvalue()


def sheet_replaced(old, new, content=None):
    content = content or xlsx()
    assert old in zipfile.ZipFile(BytesIO(content)).read(SHEET)
    return altered(content, lambda name, data: data.replace(old, new) if name == SHEET else data)


def read(content, kind="xlsx", **limits):
    return read_table(content, file_name=f"plan.{kind}", limits=Limits(**limits))


def values(table):
    return [[cell.value for cell in row] for row in table.rows]


def refusal(error, content, kind="xlsx", **limits):
    with pytest.raises(error) as caught:
        read(content, kind, **limits)
    return str(caught.value).replace("\xa0", " ").replace("\u202f", " ")


def test_a_workbook_is_read_with_its_types():
    rows = [["Nom", "Jour", "Moment", "Nombre", "Part", "Oui"]]
    rows += [["Été", date(2026, 3, 1), datetime(2026, 3, 1, 14, 20), 12, 0.5, True]]
    table = read(xlsx(("Plan", rows)))
    assert values(table) == rows[1:]
    assert table.sheet == "Plan"


def test_a_cell_says_its_place_in_the_sheet():
    table = read(xlsx(("Plan", [[], [], ["", "Mesure", "Échéance"], [], ["", "x", "bientôt"]])))
    [row] = table.rows
    with pytest.raises(CellError) as caught:
        row["echeance"].as_date()
    assert (caught.value.reference, caught.value.column, row.number) == ("C5", "Échéance", 5)


def test_the_first_visible_sheet_that_holds_something_is_read():
    content = BytesIO()
    book = xlsxwriter.Workbook(content)
    hidden = book.add_worksheet("Cachée")
    hidden.write_row(0, 0, ["Secret"])
    book.add_worksheet("Vide").activate()
    book.add_worksheet("Plan").write_row(0, 0, ["Mesure"])
    book.add_worksheet("Notes").write_row(0, 0, ["Autre"])
    hidden.hide()
    book.close()
    table = read(content.getvalue())
    assert (table.sheet, table.headers, table.other_sheets) == ("Plan", ("Mesure",), ("Vide", "Notes"))


def test_formulas_give_their_value_and_failed_ones_are_refused_when_read():
    content = BytesIO()
    book = xlsxwriter.Workbook(content)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["Somme", "Échec"])
    sheet.write_formula(1, 0, "=1+1", None, 2)
    sheet.write_formula(1, 1, "=NA()", None, "#N/A")
    book.close()
    [row] = read(content.getvalue()).rows
    assert row["Somme"].as_integer() == 2
    with pytest.raises(CellError, match="#N/A"):
        row["Échec"].as_text()


def test_a_failed_formula_of_an_open_document_is_refused_when_read():
    cell = (
        '<table:table-cell table:formula="of:=NA()" office:value-type="string" office:string-value="" '
        'calcext:value-type="error"><text:p>#N/A</text:p></table:table-cell>'
    )
    [row] = read(ods(f"{TITLE_ROW}<table:table-row>{cell}</table:table-row>"), "ods").rows
    with pytest.raises(CellError, match="#N/A"):
        row["Mesure"].if_any(Cell.as_text)


def test_the_days_of_an_old_macintosh_workbook_are_read():
    rows = [["Jour"], [date(2026, 3, 1)]]
    assert values(read(xlsx(("Plan", rows), date_1904=True))) == [[date(2026, 3, 1)]]


def test_the_empty_end_that_spreadsheets_add_is_left_out():
    row = (
        '<table:table-row><table:table-cell office:value-type="string"><text:p>x</text:p></table:table-cell>'
    )
    end = '<table:table-cell table:number-columns-repeated="16382"/></table:table-row>'
    rest = (
        '<table:table-row table:number-rows-repeated="1048573">'
        '<table:table-cell table:style-name="ce1" table:number-columns-repeated="16384"/></table:table-row>'
    )
    assert values(read(ods(TITLE_ROW + row + end + rest), "ods")) == [["x", None]]


def test_formatted_empty_cells_far_away_are_left_out():
    content = sheet_replaced(b"</sheetData>", b'<row r="1048576"><c r="XFD1048576" s="0"/></row></sheetData>')
    assert values(read(content)) == [["Mesure 38", "x"]]


def test_repeated_rows_are_read():
    row = (
        '<table:table-row table:number-rows-repeated="3"><table:table-cell office:value-type="float" '
        'office:value="1" table:number-columns-repeated="2"/></table:table-row>'
    )
    assert values(read(ods(TITLE_ROW + row), "ods")) == [[1, 1]] * 3


def test_duplicated_columns_are_named_by_their_cells():
    assert "La colonne « note » figure deux fois (A1 et C1)" in refusal(
        HeaderError, xlsx(("Plan", [["Note", "x", "note"]]))
    )


def test_a_value_under_no_title_is_named_by_its_cell():
    assert "La valeur « perdu » (B3)" in refusal(
        RaggedRowError, xlsx(("Plan", [["a", "", "c"], [1], [1, "perdu", 3]]))
    )


def test_a_workbook_of_empty_sheets_is_refused():
    assert "aucune valeur dans ses feuilles visibles" in refusal(EmptyTableError, xlsx(("Plan", [])))


@pytest.mark.parametrize(
    "place", [b"XFD1048576", b"A1048576", b"XFD1", b"ZZZ9999999"], ids=lambda place: place.decode()
)
def test_a_cell_far_away_is_refused_before_it_takes_memory(place):
    content = sheet_replaced(b"</sheetData>", b'<row><c r="%s"><v>1</v></c></row></sheetData>' % place)
    assert "Une feuille du classeur" in refusal(TooLargeError, content)


@pytest.mark.parametrize("place", [b"ZZZZ99999999999", b"B0", b"b2", b"$B$2", b"&#66;2x", b"2", b""])
def test_an_impossible_place_is_refused(place):
    content = sheet_replaced(b'r="B2"', b'r="%s"' % place)
    assert "une référence de cellule est incorrecte" in refusal(DamagedFileError, content)


@pytest.mark.parametrize("reference", [b"A1:ZZZZ99999999999", b"A1:", b"x"])
def test_an_impossible_extent_is_refused(reference):
    content = sheet_replaced(b'<dimension ref="A1:B2"/>', b'<dimension ref="%s"/>' % reference)
    assert "une référence de cellule est incorrecte" in refusal(DamagedFileError, content)


@pytest.mark.parametrize(
    "rows",
    [
        '<table:table-row table:number-rows-repeated="1000000">{x}</table:table-row>',
        (
            '<table:table-row table:number-rows-repeated="1000000"><table:table-cell/></table:table-row>'
            "<table:table-row>{x}</table:table-row>"
        ),
        '<table:table-row><table:table-cell table:number-columns-repeated="9000000"/>{x}</table:table-row>',
    ],
)
def test_repeated_cells_are_refused_before_they_take_memory(rows):
    cell = '<table:table-cell office:value-type="string"><text:p>x</text:p></table:table-cell>'
    assert "Une feuille du classeur" in refusal(TooLargeError, ods(TITLE_ROW + rows.format(x=cell)), "ods")


def test_an_impossible_repetition_is_refused():
    rows = '<table:table-row table:number-rows-repeated="99999999999999999999"/>'
    assert "répétitions" in refusal(DamagedFileError, ods(TITLE_ROW + rows), "ods")


def test_one_long_text_shared_by_many_cells_is_refused():
    rows = [["a"], *[["x" * 1000]] * 100]
    assert "Le tableau contient plus de 50 000 caractères" in refusal(
        TooLargeError, xlsx(("Plan", rows)), max_characters=50_000
    )
    cell = (
        '<table:table-row table:number-rows-repeated="100"><table:table-cell office:value-type="string">'
        f"<text:p>{'x' * 1000}</text:p></table:table-cell></table:table-row>"
    )
    assert "50 000 caractères" in refusal(TooLargeError, ods(TITLE_ROW + cell), "ods", max_characters=50_000)


def test_a_shared_text_that_does_not_exist_is_refused():
    content = altered(
        xlsx(), lambda name, data: re.sub(rb"<v>\d+</v>", b"<v>99</v>", data) if name == SHEET else data
    )
    assert "un texte y manque" in refusal(DamagedFileError, content)


def test_a_zip_bomb_is_refused_before_it_is_unpacked():
    content = altered(xlsx(), lambda _name, data: data, add=[("xl/bomb.xml", b"<a/>" + b" " * 2_000_000)])
    assert len(content) < 20_000
    assert "une fois décompressé, dépasse 1 Mo" in refusal(
        TooLargeError, content, max_unpacked_bytes=1024 * 1024
    )


def test_a_zip_bomb_that_lies_about_its_size_is_refused():
    content = bytearray(
        altered(xlsx(), lambda _name, data: data, add=[("xl/bomb.xml", b"<a/>" + b" " * 2_000_000)])
    )
    true_size = (2_000_004).to_bytes(4, "little")
    assert content.count(true_size) == 2
    lying = bytes(content).replace(true_size, (4).to_bytes(4, "little"))
    assert "ne se décompresse pas" in refusal(DamagedFileError, lying, max_unpacked_bytes=1024 * 1024)


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_declared_entities_are_refused(kind):
    bomb = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]><a>&c;</a>'
    content = xlsx() if kind == "xlsx" else ods(TITLE_ROW)
    part = SHEET if kind == "xlsx" else "content.xml"
    content = altered(content, lambda name, data: bomb if name == part else data)
    assert "déclare des entités" in refusal(DamagedFileError, content, kind)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.decode().encode("utf-16"),
        lambda data: data.replace(b"UTF-8", b"ISO-8859-1"),
        lambda data: data.replace(b"</sheetData>", b"</sheetDatum>"),
        lambda data: b"",
        lambda data: data[:-20],
    ],
)
def test_a_part_that_is_not_proper_xml_is_refused(change):
    content = altered(xlsx(), lambda name, data: change(data) if name == SHEET else data)
    assert "Le classeur est abîmé" in refusal(DamagedFileError, content)


def test_a_part_that_figures_twice_is_refused():
    content = altered(xlsx(), lambda _name, data: data, add=[("XL/worksheets/sheet1.XML", b"<a/>")])
    assert "figure deux fois" in refusal(DamagedFileError, content)


def test_a_workbook_cut_short_is_refused():
    assert "archive zip est incomplète" in refusal(DamagedFileError, xlsx()[:-100])


def test_a_workbook_without_its_sheet_is_refused():
    content = altered(xlsx(), lambda _name, data: data, drop=[SHEET])
    assert "ses feuilles ne se lisent pas" in refusal(DamagedFileError, content)


def test_images_and_macros_are_not_looked_at():
    content = altered(
        xlsx(), lambda _name, data: data, add=[("xl/media/image1.png", b"\0"), ("xl/vbaProject.bin", b"\0")]
    )
    assert values(read(content)) == [["Mesure 38", "x"]]


def test_an_encrypted_open_document_is_refused():
    content = ods(TITLE_ROW, manifest="<manifest><encryption-data/></manifest>")
    assert "protégé par un mot de passe" in refusal(ProtectedFileError, content, "ods")


def test_an_encrypted_zip_is_refused():
    content = bytearray(xlsx())
    at = content.index(b"PK\x01\x02")
    content[at + 8] |= 1
    assert "protégé par un mot de passe" in refusal(ProtectedFileError, bytes(content))


def test_texts_of_several_paragraphs_keep_their_lines():
    cell = (
        '<table:table-cell office:value-type="string"><text:p>a</text:p><text:p>b</text:p></table:table-cell>'
    )
    [row] = read(ods(f"{TITLE_ROW}<table:table-row>{cell}</table:table-row>"), "ods").rows
    assert row["mesure"].as_text() == "a\nb"


def test_numbers_keep_their_decimals():
    table = read(xlsx(("Plan", [["Part"], [0.1], [1234567.891]])))
    assert [row["part"].as_decimal() for row in table.rows] == [Decimal("0.1"), Decimal("1234567.891")]
