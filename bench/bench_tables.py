"""Time reading and writing a table of 10,000 rows and 15 columns, in each format.

    python bench/bench_tables.py [ROWS]

Each figure is the best of three. Beside it: python-calamine without our checks, odfpy, which we did not take to
write, and openpyxl and pandas when they are installed.
"""

import os
import platform
import sys
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from io import BytesIO
from resource import RUSAGE_SELF, getrusage

from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P
from python_calamine import CalamineWorkbook

from traitdunion.exchange.cells import Cell
from traitdunion.exchange.tables import read_table
from traitdunion.exchange.writers import FORMATS, write_table

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
HEADERS = [
    "Mesure", "Action", "Numéro", "Part", "Début", "Note", "Tenu", "Pilote", "Formule", "État", "Texte long", "Valeur",
    "Accents", "Référence", "Saisi le",
]  # fmt: skip
SLOW_ROWS = 1000


def table(rows: int) -> list[list[object]]:
    return [
        [
            f"Mesure {number % 39}", f"Action {number}\nen deux lignes", number, Decimal(number) / 8,
            date(2026, 1, 1) + timedelta(days=number % 900), None, number % 2 == 0, "Préfecture", "=SUM(A1)", "signée",
            "x" * 40, number * 3.25, "« été »", f"ref-{number}", datetime(2026, 1, 1, 8, number % 60),
        ]
        for number in range(rows)
    ]  # fmt: skip


def best(run: Callable[[], object], times: int = 3) -> tuple[float, float]:
    """Return the shortest time on the clock and on the processor: the second says more on a busy machine."""
    measured = []
    for _ in range(times):
        clock, processor = time.perf_counter(), time.process_time()
        run()
        measured.append((time.perf_counter() - clock, time.process_time() - processor))
    return min(clock for clock, _ in measured), min(processor for _, processor in measured)


def say(label: str, seconds: tuple[float, float], detail: str = "") -> None:
    print(f"{label:<40}{seconds[0]:8.2f} s {seconds[1]:8.2f} s  {detail}")


def machine() -> None:
    names = ["python-calamine", "xlsxwriter", "odfpy", "openpyxl", "pandas"]
    print(f"{platform.platform()}, Python {platform.python_version()}")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(", ".join(f"{name} {installed(name)}" for name in names))
    print(f"{ROWS} rows × {len(HEADERS)} columns\n")
    print(f"{'':<40}{'clock':>10} {'processor':>10}")


def installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def ours(rows: list[list[object]]) -> dict[str, bytes]:
    files = {}
    for kind in FORMATS:
        files[kind] = write_table(HEADERS, rows, format=kind, title="Banc")
        seconds = best(lambda kind=kind: write_table(HEADERS, rows, format=kind, title="Banc"))
        say(f"write {kind}", seconds, f"{len(files[kind]) / 1024:.0f} KiB")
    for kind in ("xlsx", "ods", "csv"):
        say(f"read {kind}", best(lambda kind=kind: read_table(files[kind], file_name=f"banc.{kind}")))
    back = read_table(files["xlsx"], file_name="banc.xlsx")
    say(
        "read every cell of the table as text",
        best(lambda: [cell.as_text() for row in back.rows for cell in row]),
    )
    say("read one column as dates", best(lambda: [row["début"].as_date() for row in back.rows]))
    say("read one optional column", best(lambda: [row["note"].if_any(Cell.as_text) for row in back.rows]))
    print(f"\npeak memory {getrusage(RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB\n")
    return files


def peers(rows: list[list[object]], files: dict[str, bytes]) -> None:

    for kind in ("xlsx", "ods"):
        say(
            f"read {kind}, python-calamine unchecked",
            best(
                lambda kind=kind: (
                    CalamineWorkbook.from_filelike(BytesIO(files[kind])).get_sheet_by_index(0).to_python()
                )
            ),
        )
    few = rows[:SLOW_ROWS]
    clock, processor = best(lambda: odfpy_write(few), times=1)
    share = len(rows) / len(few)
    say("write ods, odfpy", (clock * share, processor * share), f"measured on {len(few)} rows")
    if find_spec("openpyxl"):
        load = import_module("openpyxl").load_workbook
        say(
            "read xlsx, openpyxl read-only",
            best(
                lambda: list(load(BytesIO(files["xlsx"]), read_only=True).active.iter_rows(values_only=True)),
                times=1,
            ),
        )
    if find_spec("pandas") and find_spec("openpyxl"):
        read_excel = import_module("pandas").read_excel
        say("read xlsx, pandas", best(lambda: read_excel(BytesIO(files["xlsx"])), times=1))


def odfpy_write(rows: list[list[object]]) -> bytes:

    document = OpenDocumentSpreadsheet()
    sheet = Table(name="Banc")
    for row in rows:
        line = TableRow()
        for value in row:
            if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
                cell = TableCell(valuetype="float", value=str(value))
            elif isinstance(value, date):
                cell = TableCell(valuetype="date", datevalue=value.isoformat())
            else:
                cell = TableCell(valuetype="string")
            cell.addElement(P(text="" if value is None else str(value)))
            line.addElement(cell)
        sheet.addElement(line)
    document.spreadsheet.addElement(sheet)
    content = BytesIO()
    document.write(content)
    return content.getvalue()


if __name__ == "__main__":
    machine()
    lines = table(ROWS)
    peers(lines, ours(lines))
