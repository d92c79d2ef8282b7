"""Whatever the cells, the table of the plan gives a difference or named cells; a clean check is a clean write."""

import os
from datetime import timedelta
from io import BytesIO
from zipfile import ZipFile

import pytest
import xlsxwriter
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.identity.conftest import ACTOR
from tests.plan.scene import NOW
from tests.plan.test_import import IMPORTER, exported, quiet
from tests.plan.test_round_trip import EVERYTHING
from traitdunion.exchange.errors import UnreadableTableError
from traitdunion.exchange.tables import read_table
from traitdunion.exchange.writers import write_table
from traitdunion.plan.kinds import LineKind
from traitdunion.plan.lines import HEADERS

EXAMPLES = 3000 if os.environ.get("TRAITDUNION_FUZZ") == "long" else 8
fuzzed = settings(
    max_examples=EXAMPLES,
    deadline=timedelta(minutes=2),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
DAYS = [
    "2026-01-05",
    "05/01/2026",
    "46030",
    "31/02/2026",
    "2027-01-01",
    "01/01/1900",
    "1er mars 2026",
    "5/1/26",
]
PLAUSIBLE = {
    "type": [kind.label for kind in LineKind],
    "code": ["38", "A-1", "B-1", "P-1", "E-1", "4", "38-SIGNEE", "4.1.1", "0", "²"],
    "parent": ["38", "A-1", "4", "4.1.1", "38-SIGNEE", "P-1"],
    "intitulé": ["Écrire", "=1+1", "'=1", "é" * 251],
    "texte": ["Tout est signé.", "@SOMME(A1)"],
    "pilote": ["ARS Grand Est", "Personne"],
    "copilotes": ["ARS Grand Est ; Bureau central", ";;"],
    "échéance": DAYS,
    "territoire": ["67", "68", "Bas-Rhin", "099"],
    "à la charge de": ["préfecture", "ARS", "tous"],
    "unité": ["nombre", "jours"],
    "sens": ["hausse", "baisse"],
    "définition": ["Ce que l’on compte."],
    "libellé numérateur": ["nombre"],
    "source": ["Registre"],
    "périodicité": ["chaque mois"],
    "date": DAYS,
    "numérateur": ["98", "1 234,5", "-1", "1e9", "1E99"],
    "dénominateur": ["101", "0"],
    "cible": ["98 %", "12,5", "99999999999999"],
    "provenance": ["officiel", "synthétique", "synth"],
    "rang": ["1", "-1", "1,5", "99999"],
    "origine": ["mesure du plan", "clause de convention"],
    "libellé d’origine": ["Clause 15"],
    "référence d’origine": ["6f0f2b0e-6f2a-4d0c-9b52-38c1d9a4e7b1", "6f0f"],
    "fait": ["lancée", "réalisée", "rouverte", "abandonnée", "finie"],
    "cause": ["moyens manquants", "calendrier", "grève"],
    "peut être levé par": ["préfet"],
    "précision": ["parce que", "-2+3"],
    "nature": ["texte officiel", "page publiée", "document déposé"],
    "référence": ["Décret n° 2019-412"],
    "adresse": ["https://example.org", "javascript:alert(1)", "http://[", "https://" + "a" * 500],
    "expire le": DAYS,
    "fichier": ["a.pdf", "../../etc/passwd"],
    "empreinte": ["0" * 64, "xyz"],
    "chiffre": ["101", "+33"],
    "preuves": ["P-1", "P-1 ; P-2", ";"],
    "retiré ou levé le": DAYS,
}


def value_of(header):
    return st.just("") | st.sampled_from(PLAUSIBLE.get(header, [""])) | st.text(max_size=12)


rows = st.fixed_dictionaries(
    {"type": st.sampled_from(PLAUSIBLE["type"])},
    optional={header: value_of(header) for header in HEADERS[1:]},
)
whole_rows = st.fixed_dictionaries(
    {header: st.sampled_from([*PLAUSIBLE.get(header, [""]), ""]) for header in HEADERS}
)


def use(table):
    """Check then write: a sentence for each wrong cell and nothing written, else what was said is written."""
    before = [model.objects.count() for model in EVERYTHING]
    checked = IMPORTER.check(table, at=NOW, progress=quiet)
    for error in checked.errors:
        assert error.message.endswith((".", "?")), error.message
    with transaction.atomic():
        applied = IMPORTER.apply(table, actor=ACTOR, at=NOW, progress=quiet)
        assert [str(error) for error in applied.errors] == [str(error) for error in checked.errors]
        if applied.errors:
            assert [model.objects.count() for model in EVERYTHING] == before
        else:
            assert not IMPORTER.check(table, at=NOW, progress=quiet).difference
        transaction.set_rollback(True)


@fuzzed
@given(
    found=st.lists(rows | whole_rows, min_size=1, max_size=6), kind=st.sampled_from(["xlsx", "ods", "csv"])
)
def test_whatever_the_cells_say(plan, found, kind):
    written = [[row.get(header, "") for header in HEADERS] for row in found]
    use(read_table(write_table(HEADERS, written, format=kind, title="Plan"), file_name=f"plan.{kind}"))


ONE_OF_EACH = [
    {"type": "action", "code": "A-1", "parent": "38", "intitulé": "x", "date": "2026-01-05", "provenance": "officiel"},
    {"type": "fait", "parent": "A-1", "fait": "lancée", "date": "2026-01-05"},
    {"type": "blocage", "code": "B-1", "parent": "A-1", "cause": "calendrier", "peut être levé par": "x",
     "date": "2026-01-05"},
    {"type": "preuve", "code": "P-1", "parent": "38", "intitulé": "x", "nature": "page publiée", "référence": "x",
     "date": "2026-01-05", "provenance": "officiel"},
    {"type": "énoncé", "code": "E-1", "parent": "38", "texte": "x", "date": "2026-01-05", "preuves": "P-1",
     "provenance": "officiel"},
]  # fmt: skip


@fuzzed
@given(data=st.data())
def test_one_wrong_cell_among_right_ones(plan, data):
    found = [dict(row) for row in ONE_OF_EACH]
    header = data.draw(st.sampled_from(HEADERS))
    data.draw(st.sampled_from(found))[header] = data.draw(value_of(header))
    written = [[row.get(each, "") for each in HEADERS] for row in found]
    use(read_table(write_table(HEADERS, written, format="csv", title="Plan"), file_name="plan.csv"))


@fuzzed
@given(data=st.data())
def test_whatever_the_bytes(plan, data):
    content = bytearray(
        write_table(
            HEADERS,
            [[row.get(each, "") for each in HEADERS] for row in ONE_OF_EACH],
            format="csv",
            title="Plan",
        )
    )
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(3, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        table = read_table(bytes(content), file_name="plan.csv")
    except UnreadableTableError:
        return
    if "type" in table:
        use(table)


@pytest.mark.parametrize("text", ["_x0000_", "_xD800_", "_x0001_ _xFFFF_", "\N{REPLACEMENT CHARACTER}"])
@pytest.mark.parametrize("header", ["intitulé", "parent", "code"])
def test_an_escape_of_a_workbook_is_no_way_to_the_database(plan, text, header):
    content = BytesIO()
    row = {**ONE_OF_EACH[3], header: text}
    with xlsxwriter.Workbook(content) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, list(row))
        for position, value in enumerate(row.values()):
            sheet.write_string(1, position, value)
    raw = content.getvalue().replace(b"_x005F_x", b"_x")
    use(read_table(raw, file_name="plan.xlsx"))


@pytest.mark.parametrize("kind", ["csv", "xlsx", "ods"])
def test_an_export_holds_no_formula(plan, kind):
    plan.publish(
        "=cmd|' /C calc'!A0", figure="@SOMME(A1)", evidence=[plan.evidence(title="+1", reference="-1")]
    )

    content = exported(kind)

    if kind == "csv":
        text = content.decode("utf-8-sig")
        assert all(f";'{cell}" in text for cell in ("=cmd", "@SOMME", "+1", "-1"))
    else:
        with ZipFile(BytesIO(content)) as archive:
            parts = b"".join(archive.read(name) for name in archive.namelist())
        assert b"<f>" not in parts
        assert b"table:formula" not in parts
