"""What is written is read back, is the same each time, and computes nothing in a spreadsheet."""

import json
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from traitdunion.core.choices import Kind
from traitdunion.exchange.cells import Cell
from traitdunion.exchange.errors import UnwritableTableError
from traitdunion.exchange.tables import read_table
from traitdunion.exchange.writers import CONTENT_TYPES, FORMATS, Sheet, write_table, write_workbook

TABLES = ("xlsx", "ods", "csv")
AT = datetime(2026, 3, 1, 14, 20, 33)

letters = st.characters(exclude_categories=["Cs", "Cc", "Cn"], include_characters="\n\t") | st.sampled_from(
    "=+-@'\";,\t\n _x0"
)
texts = st.text(letters, max_size=40).filter(lambda text: text.strip() or not text)
numbers = (
    st.integers(-(10**14), 10**14) | st.decimals(-(10**9), 10**9, places=4) | st.integers(10**15, 10**25)
)
days = st.dates(date(1900, 3, 1), date(2199, 12, 31))
moments = st.datetimes(datetime(1950, 1, 1), datetime(2099, 12, 30)).map(lambda at: at.replace(microsecond=0))


class Stage(Kind):
    SIGNED = "signed", "signée"


def table(*values):
    """Return the headers a, b, c… and the one row of a table."""
    return [chr(97 + rank) for rank in range(len(values))], [list(values)]


def written(*values, kind):
    return write_table(*table(*values), format=kind, title="Plan")


def read(content, kind):
    return read_table(content, file_name=f"plan.{kind}")


def moment(cell):
    """Return the moment of a cell; a spreadsheet gives one at midnight as a day, a text file as text."""
    value = datetime.fromisoformat(cell.value) if isinstance(cell.value, str) else cell.value
    return value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)


@pytest.mark.parametrize("kind", TABLES)
@settings(max_examples=50, deadline=None)
@given(rows=st.lists(st.tuples(st.none() | texts, numbers, days, moments, st.booleans()), max_size=5))
def test_what_is_written_is_read_back(kind, rows):
    headers = ["Texte", "Nombre", "Jour", "Moment", "Oui"]
    back = read(write_table(headers, rows, format=kind, title="Plan"), kind)
    assert back.headers == tuple(headers)
    assert [
        (
            row["Texte"].value,
            row["Nombre"].as_decimal(),
            row["Jour"].as_date(),
            moment(row["Moment"]),
            row["Oui"].as_boolean(),
        )
        for row in back.rows
    ] == [(text or None, number, *others) for text, number, *others in rows]


@pytest.mark.parametrize("kind", TABLES)
@settings(max_examples=50, deadline=None)
@given(header=texts.filter(lambda text: any(letter.isalpha() for letter in text)))
def test_a_title_is_read_back(kind, header):
    back = read(write_table([header], [["x"]], format=kind, title=header), kind)
    assert back.headers == (" ".join(header.split()),)


@settings(max_examples=50, deadline=None)
@given(rows=st.lists(st.tuples(st.none() | texts, numbers, days), max_size=3))
def test_json_is_read_back(rows):
    back = json.loads(write_table(["a", "b", "c"], rows, format="json", title="Plan"))
    assert (back["title"], back["columns"]) == ("Plan", ["a", "b", "c"])
    assert [
        (line["a"], Decimal(str(line["b"]).replace(",", ".")), date.fromisoformat(line["c"]))
        for line in back["rows"]
    ] == rows


@pytest.mark.parametrize("kind", FORMATS)
def test_the_same_table_gives_the_same_bytes(kind):
    values = ("Été", 12, Decimal("1.5"), date(2026, 3, 1), AT, True, None)
    assert written(*values, kind=kind) == written(*values, kind=kind)


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_no_clock_is_in_a_workbook(kind):
    with zipfile.ZipFile(BytesIO(written("x", kind=kind))) as archive:
        assert {info.date_time[0] for info in archive.infolist()} <= {1980, 2026}
        made = archive.read("docProps/core.xml" if kind == "xlsx" else "meta.xml")
    assert b"2026-01-01T00:00:00" in made


@pytest.mark.parametrize(
    "text", ["=1+1", "+33 1", "-x", "@SUM(A1)", "\tx", "\n=1", "=cmd|' /C calc'!A0", "'=1"]
)
def test_a_text_never_becomes_a_formula(text):
    lines = written(text, kind="csv").decode("utf-8-sig").splitlines()
    assert lines[1].lstrip('"').startswith("'")
    with zipfile.ZipFile(BytesIO(written(text, kind="xlsx"))) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")
    with zipfile.ZipFile(BytesIO(written(text, kind="ods"))) as archive:
        assert b"table:formula" not in archive.read("content.xml")


def test_a_title_never_becomes_a_formula():
    assert write_table(["=a"], [], format="csv", title="x").decode("utf-8-sig") == '"\'=a"\r\n'


def test_csv_is_what_a_french_spreadsheet_opens():
    content = written("Été; fin", Decimal("-1.50"), 12, date(2026, 3, 1), AT, True, None, 0.1, kind="csv")
    assert content.startswith(b"\xef\xbb\xbf")
    assert (
        content.decode("utf-8-sig").splitlines()[1]
        == '"Été; fin";-1,50;12;2026-03-01;2026-03-01 14:20:33;oui;;0,1'
    )


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_days_and_numbers_are_typed_in_a_workbook(kind):
    [row] = read(written(date(2026, 3, 1), AT, Decimal("1.5"), 12, True, kind=kind), kind).rows
    assert [cell.value for cell in row] == [date(2026, 3, 1), AT, 1.5, 12, True]


@pytest.mark.parametrize("kind", TABLES)
def test_a_number_too_long_for_a_spreadsheet_is_not_rounded(kind):
    number = Decimal("12345678901234567.25")
    [row] = read(written(number, kind=kind), kind).rows
    assert row["a"].as_decimal() == number


@pytest.mark.parametrize("kind", TABLES)
def test_a_day_before_spreadsheets_is_read_back(kind):
    [row] = read(written(date(1838, 6, 30), kind=kind), kind).rows
    assert row["a"].as_date() == date(1838, 6, 30)


@pytest.mark.parametrize("kind", TABLES)
def test_a_choice_is_written_as_its_label(kind):
    [row] = read(written(Stage.SIGNED, kind=kind), kind).rows
    assert row["a"].value == "signée"
    assert row["a"].as_choice(Stage) is Stage.SIGNED


@pytest.mark.parametrize("kind", TABLES)
def test_what_no_file_can_hold_is_replaced(kind):
    [row] = read(written("a\x00b\x1fc\ud800\r\nd", kind=kind), kind).rows
    assert row["a"].value == "a\ufffdb\ufffdc\ufffd\nd"


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
@pytest.mark.parametrize("title", ["", "Plan [2026] : a/b", "'x'", "é" * 60, "😀" * 20, "<&\"'>", "\x00"])
def test_any_title_makes_a_workbook_that_opens(kind, title):
    table = read(write_table(["a"], [["x"]], format=kind, title=title), kind)
    assert 0 < len(table.sheet) <= 31


def test_a_text_too_long_for_xlsx_is_refused_by_its_column():
    with pytest.raises(UnwritableTableError, match="la colonne «\xa0a\xa0» dépasse 32767 caractères"):
        written("x" * 32_768, kind="xlsx")
    [row] = read(written("x" * 32_768, kind="ods"), "ods").rows
    assert len(row["a"].as_text()) == 32_768


def test_a_moment_with_a_time_zone_is_refused():
    with pytest.raises(ValueError, match="local time"):
        written(datetime(2026, 3, 1, tzinfo=UTC), kind="csv")


def test_a_row_of_another_width_is_refused():
    with pytest.raises(ValueError, match="2 values for 1 columns"):
        write_table(["a"], [["x", "y"]], format="csv", title="x")


def test_every_format_has_its_content_type():
    assert set(CONTENT_TYPES) == set(FORMATS)


def test_an_empty_cell_is_empty_in_every_format():
    for kind in TABLES:
        [row] = read(written("x", None, "", kind=kind), kind).rows
        assert [cell.if_any(Cell.as_text) for cell in row] == ["x", None, None]


# Several tables


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_a_workbook_keeps_its_tables_apart(kind):
    sheets = [
        Sheet(title="Chiffres", headers=["a"], rows=[["1"], ["2"]]),
        Sheet(title="Limites", headers=["b", "c"], rows=[["x", "y"]]),
    ]
    book = CalamineWorkbook.from_filelike(BytesIO(write_workbook(sheets, format=kind, title="Bilan")))
    assert book.sheet_names == ["Chiffres", "Limites"]
    assert [book.get_sheet_by_name(name).to_python() for name in book.sheet_names] == [
        [["a"], ["1"], ["2"]],
        [["b", "c"], ["x", "y"]],
    ]


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
@pytest.mark.parametrize("titles", [[], ["Limites", "limites"], ["x" * 31 + "1", "x" * 31 + "2"]])
def test_two_tables_of_one_name_are_refused(kind, titles):
    with pytest.raises(ValueError, match="a name of its own"):
        write_workbook(
            [Sheet(title=title, headers=["a"], rows=[]) for title in titles], format=kind, title="x"
        )


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_limits_lie_beside_the_table(kind):
    made = write_table(["a"], [["1"]], format=kind, title="Mesure", limits=["Peu de voix.", "=1"])
    book = CalamineWorkbook.from_filelike(BytesIO(made))
    assert book.sheet_names == ["Mesure", "Limites"]
    assert book.get_sheet_by_name("Limites").to_python() == [["Limites"], ["Peu de voix."], ["=1"]]


def test_limits_are_a_key_of_json_and_leave_csv_alone():
    made = {
        kind: write_table(["a"], [["1"]], format=kind, title="x", limits=["Peu."]) for kind in ("json", "csv")
    }
    assert json.loads(made["json"])["limits"] == ["Peu."]
    assert made["csv"] == write_table(["a"], [["1"]], format="csv", title="x")
