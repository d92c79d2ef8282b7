"""Whatever the bytes, reading gives a table or one clear refusal.

Short by default. ``TRAITDUNION_FUZZ=long pytest tests/exchange/test_fuzz.py`` tries two hundred times more.
"""

import os
import zipfile
from datetime import date, timedelta
from io import BytesIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from traitdunion.exchange.archives import MIB, Limits
from traitdunion.exchange.cells import Cell
from traitdunion.exchange.errors import CellError
from traitdunion.exchange.tables import UnreadableTableError, read_table
from traitdunion.exchange.writers import write_table

EXAMPLES = 20_000 if os.environ.get("TRAITDUNION_FUZZ") == "long" else 100
LIMITS = Limits(max_bytes=4 * MIB, max_unpacked_bytes=16 * MIB, max_cells=100_000, max_characters=2_000_000)
fuzzed = settings(
    max_examples=EXAMPLES,
    deadline=timedelta(minutes=2),  # not a speed: a file that would hang the reader
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)

ROWS = [["Mesure 38", 12, 1.5, date(2026, 3, 1), "=1+1", True, None, "a\nb"]] * 3
VALID = {
    kind: write_table(list("abcdefgh"), ROWS, format=kind, title="Plan") for kind in ("xlsx", "ods", "csv")
}
READERS = (Cell.as_text, Cell.as_date, Cell.as_decimal, Cell.as_integer, Cell.as_boolean)
FRAGMENTS = (
    b'<c r="XFD1048576"><v>1</v></c>', b'r="ZZZZ99999999999"', b' t="s"', b' t="e"', b' t="d"', b"1E999", b"-1",
    b'table:number-rows-repeated="4000000000"', b'table:number-columns-repeated="16384"', b"<![CDATA[", b"<!--",
    b"<c>", b"</c>", b"<v>99999999999</v>", b"2026-13-45", b"PT99999999999999H", b"\xff\xfe", b"\x00", b"NaN", b"&#0;",
)  # fmt: skip

names = st.sampled_from(["plan.xlsx", "plan.ods", "plan.csv", "plan.tsv", "plan", "plan.xls"])


def read_or_refuse(content, name):
    """Read everything: no exception but ours, and a refusal is a sentence."""
    table, said = None, "."
    try:
        table = read_table(content, file_name=name, limits=LIMITS)
    except UnreadableTableError as refusal:
        said = str(refusal)
    assert said.endswith(".")
    for row in table.rows if table is not None else ():
        for cell in row:
            use(cell)


def use(cell):
    """Read one cell in every way: a value, or a sentence."""
    for reader in READERS:
        said = "."
        try:
            reader(cell)
        except CellError as error:
            said = error.message
        assert said.endswith((".", "?"))


@st.composite
def mutated(draw, content):
    """Return ``content`` with a few bytes changed, cut or put in."""
    result = bytearray(content)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, max(len(result) - 1, 0)))
        match draw(st.sampled_from(["flip", "cut", "insert", "fragment"])):
            case "flip" if result:
                result[at] ^= draw(st.integers(1, 255))
            case "cut":
                del result[at : at + draw(st.integers(1, 40))]
            case "insert":
                result[at:at] = draw(st.binary(max_size=20))
            case _:
                result[at:at] = draw(st.sampled_from(FRAGMENTS))
    return bytes(result)


@st.composite
def rewritten(draw, content):
    """Return a zip that opens, one part of which is mutated."""
    result = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(result, "w") as new:
        parts = old.namelist()
        chosen = draw(st.sampled_from(parts))
        for part in parts:
            data = old.read(part)
            new.writestr(part, draw(mutated(data)) if part == chosen else data)
    return result.getvalue()


@st.composite
def spliced(draw, content):
    """Return a zip that opens and whose parts are proper XML more often: a fragment stands where a value did."""
    result = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(result, "w") as new:
        for part in old.namelist():
            data = old.read(part)
            if part in {"xl/worksheets/sheet1.xml", "content.xml", "xl/styles.xml", "xl/workbook.xml"}:
                pieces = data.split(b'"')
                for _ in range(draw(st.integers(1, 3))):
                    at = draw(st.integers(0, max(len(pieces) // 2 - 1, 0))) * 2 + 1
                    if at < len(pieces):
                        pieces[at] = draw(
                            st.sampled_from([b"", b"0", b"-1", b"s", b"e", b"d", b"99999999999", b"A0"])
                        )
                data = b'"'.join(pieces)
            new.writestr(part, data)
    return result.getvalue()


@fuzzed
@given(content=st.binary(max_size=2000), name=names)
def test_random_bytes(content, name):
    read_or_refuse(content, name)


@fuzzed
@given(text=st.text(max_size=500), name=names, encoding=st.sampled_from(["utf-8", "utf-16", "utf-8-sig"]))
def test_random_text(text, name, encoding):
    read_or_refuse(text.encode(encoding, "replace"), name)


@fuzzed
@given(rows=st.lists(st.lists(st.text("a1;,\t\"'=\n\r %/-", max_size=12), max_size=5), max_size=8))
def test_random_lines(rows):
    read_or_refuse("\n".join(";".join(row) for row in [["titre", "b"], *rows]).encode(), "plan.csv")


@pytest.mark.parametrize("kind", VALID)
@fuzzed
@given(data=st.data())
def test_mutated_files(kind, data):
    read_or_refuse(data.draw(mutated(VALID[kind])), f"plan.{kind}")


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
@pytest.mark.parametrize("strategy", [rewritten, spliced])
@fuzzed
@given(data=st.data())
def test_mutated_parts(kind, strategy, data):
    read_or_refuse(data.draw(strategy(VALID[kind])), f"plan.{kind}")


@fuzzed
@given(value=st.text(max_size=60) | st.text("0123456789/-.,% eE+", max_size=20) | st.floats() | st.integers())
def test_any_value_is_read_or_refused_by_every_reader(value):
    use(Cell(value, "B12", "Valeur"))
