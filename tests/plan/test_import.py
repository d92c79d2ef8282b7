import csv
import io
from datetime import date, timedelta
from decimal import Decimal
from time import perf_counter

import pytest

from tests.identity.conftest import ACTOR
from tests.plan.scene import NOW, START, TODAY, at
from traitdunion.audit.models import Entry
from traitdunion.exchange.difference import ChangeKind
from traitdunion.exchange.tables import HeaderError, read_table
from traitdunion.plan import exports, lines, queries
from traitdunion.plan.imports import PlanImporter
from traitdunion.plan.kinds import Owner
from traitdunion.plan.models import (
    Action,
    Axis,
    Indicator,
    IndicatorRevision,
    IndicatorValue,
    Measure,
    MeasureRevision,
    Target,
)

IMPORTER = PlanImporter()


def quiet(_done, _total):
    """Tell nobody."""


def table_of(rows, *, headers=None, encoding="utf-8"):
    headers = headers or list(dict.fromkeys(header for row in rows for header in row))
    content = io.StringIO()
    writer = csv.DictWriter(content, headers, delimiter=";", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return read_table(content.getvalue().encode(encoding), file_name="plan.csv")


def check(*rows, **options):
    return IMPORTER.check(table_of(rows, **options), at=NOW, progress=quiet)


def apply(*rows, **options):
    return IMPORTER.apply(table_of(rows, **options), actor=ACTOR, at=NOW, progress=quiet)


def value(numerator, on=START, *, territory="", **more):
    return {
        "type": "valeur",
        "parent": "38-SIGNEE",
        "territoire": territory,
        "date": on.isoformat(),
        "numérateur": numerator,
        "dénominateur": "101",
        "provenance": "synthétique",
        **more,
    }


def measure(**values):
    return {"type": "mesure", "code": "38"} | values


def counts():
    models = (Axis, Measure, MeasureRevision, Indicator, IndicatorRevision, IndicatorValue, Target, Action)
    return [model.objects.count() for model in models]


def told(outcome):
    [error] = outcome.errors
    return error


def exported(kind):
    everything = exports.plan_table(
        TODAY,
        actions=Action.objects.all(),
        values=IndicatorValue.objects.all(),
        targets=Target.objects.all(),
    )
    return exports.write(everything, kind)


def test_a_dry_run_writes_nothing(plan):
    before = counts(), Entry.objects.count()

    outcome = check(value("98"), measure(intitulé="Autre titre"))

    assert outcome.difference.summary() == "1 valeur change, 1 ligne nouvelle"
    assert (counts(), Entry.objects.count()) == before


def test_a_table_is_written_with_its_author_and_one_entry(plan):
    before = Entry.objects.count()

    apply(value("98"), value("90", territory="67"), measure(intitulé="Autre titre"))

    assert IndicatorValue.objects.get(departement="67").author_label == ACTOR.label
    assert queries.sheet(plan.measure, TODAY).title == "Autre titre"
    assert Entry.objects.count() == before + 1
    assert Entry.objects.first().event == "plan.table.imported"


def test_a_column_that_is_absent_leaves_its_values_in_place(plan):
    apply(measure(intitulé="Autre titre"))

    assert queries.sheet(plan.measure, TODAY).wording == "Signer."


def test_values_that_go_back_are_counted(plan):
    plan.value(98)
    plan.value(90, departement=plan.house.bas_rhin)
    next_quarter = START + timedelta(days=30)

    outcome = check(
        value("95"),
        value("91", territory="67"),
        value("94", next_quarter),
        value("92", next_quarter, territory="67"),
    )

    assert outcome.difference.count(ChangeKind.REGRESSED) == 2
    assert outcome.difference.count(ChangeKind.CHANGED) == 1
    assert outcome.difference.count(ChangeKind.ADDED) == 1
    assert "2 reculent" in outcome.difference.summary().replace("\xa0", " ")


def test_a_fall_is_no_regression_when_falling_is_better(plan):
    plan.value(98)
    Indicator.objects.update(higher_is_better=False)

    assert check(value("95")).difference.count(ChangeKind.REGRESSED) == 0


def test_a_whole_plan_is_opened_by_one_table(plan):
    outcome = apply(
        {"type": "axe", "code": "5", "intitulé": "Axe", "provenance": "rédaction Trait d’union"},
        {"type": "section", "code": "5.1", "parent": "5", "intitulé": "Section", "provenance": "ours"},
        {
            "type": "mesure",
            "code": "50",
            "parent": "5.1",
            "intitulé": "Mesure",
            "texte": "=1+1 n’est pas une formule",
            "pilote": "ars grand est",
            "copilotes": "Bureau central ; Préfecture du Bas-Rhin",
            "échéance": "31/12/2027",
            "provenance": "officiel",
        },
        {
            "type": "indicateur",
            "code": "50-A",
            "parent": "50",
            "intitulé": "Délai",
            "unité": "jours",
            "sens": "baisse",
            "définition": "Délai moyen.",
            "libellé numérateur": "jours",
            "source": "Registre",
            "périodicité": "chaque trimestre",
            "provenance": "synthétique",
        },
        {"type": "cible", "parent": "50-A", "date": "2027-12-31", "cible": "12,5"},
        {
            "type": "valeur",
            "parent": "50-A",
            "territoire": "67",
            "date": "2026-01-31",
            "numérateur": "20",
            "provenance": "synthétique",
        },
        {
            "type": "action",
            "code": "50-1",
            "parent": "50",
            "intitulé": "Écrire",
            "territoire": "67",
            "à la charge de": "préfecture et ARS",
            "échéance": "2026-12-31",
            "date": "2026-01-06",
            "copilotes": "ARS Grand Est",
            "provenance": "synthétique",
        },
    )

    assert outcome.errors == []
    sheet = queries.sheet(Measure.objects.get(code="50"), TODAY)
    assert (sheet.pilot, sheet.due_on) == ("ARS Grand Est", date(2027, 12, 31))
    assert list(sheet.copilots) == ["Bureau central", "Préfecture du Bas-Rhin"]
    assert sheet.figures[0].goal.value == Decimal("12.5")
    action = Action.objects.get(code="50-1")
    assert (action.departement_id, action.owner) == ("67", Owner.BOTH.value)


@pytest.mark.parametrize("kind", ["xlsx", "ods", "csv"])
def test_what_is_exported_and_imported_again_changes_nothing(plan, kind):
    plan.value(98)
    plan.value("90.5", departement=plan.house.bas_rhin)
    plan.clause(title="=SOMME(A1)", due_on=date(2026, 6, 30))
    apply(
        measure(texte="Deux\nlignes ; « guillemets »", copilotes="ARS Grand Est;Bureau central"),
        {"type": "cible", "parent": "38-SIGNEE", "date": "2026-12-31", "cible": "100"},
    )
    before = counts()

    table = read_table(exported(kind), file_name=f"plan.{kind}")
    outcome = IMPORTER.apply(table, actor=ACTOR, at=NOW, progress=quiet)

    assert outcome.errors == []
    assert outcome.difference.summary() == "aucune valeur ne change"
    assert counts() == before
    assert len(table) == len(
        lines.ledger(
            TODAY,
            actions=Action.objects.all(),
            values=IndicatorValue.objects.all(),
            targets=Target.objects.all(),
        )
    )


def test_the_same_table_sent_twice_opens_nothing_twice(plan):
    row = {
        "type": "action",
        "code": "A-1",
        "parent": "38",
        "intitulé": "Écrire",
        "date": "2026-01-06",
        "provenance": "ours",
    }
    apply(row)
    before = counts()

    assert not apply(row).difference
    assert counts() == before


def test_an_empty_cell_clears_what_may_be_empty_and_leaves_the_rest(plan):
    apply(measure(échéance="2027-12-31"))
    apply(measure(intitulé="", échéance="", parent=""))

    sheet = queries.sheet(plan.measure, TODAY)
    assert (sheet.title, sheet.due_on) == ("Conventions", None)


def test_windows_text_is_read(plan):
    outcome = apply(measure(intitulé="L’intitulé à l’écran : œuvre"), encoding="cp1252")

    assert outcome.errors == []
    assert queries.sheet(plan.measure, TODAY).title == "L’intitulé à l’écran : œuvre"


def test_a_column_named_twice_is_refused():
    with pytest.raises(HeaderError, match="deux fois"):
        read_table(b"type;code;Code\nmesure;38;39\n", file_name="plan.csv")


def test_a_table_without_type_is_refused(plan):
    with pytest.raises(HeaderError, match="type"):
        check({"code": "38", "intitulé": "x"})


@pytest.mark.parametrize(
    ("row", "column", "word"),
    [
        (value("98", territory="68"), "territoire", "101 départements"),
        (value("98", date="31/02/2026"), "date", "n’existe pas"),
        (value("98", date="2027-01-01"), "date", "à venir"),
        (value("beaucoup"), "numérateur", "un nombre"),
        (value("102"), "numérateur", "100"),
        (value("-1"), "numérateur", "négatif"),
        (value("1", dénominateur="0"), "numérateur", "plus grand que zéro"),
        (value("1,23456"), "numérateur", "trois décimales"),
        (value("1", dénominateur="999999999999"), "dénominateur", "onze chiffres"),
        (value(""), "numérateur", "vide"),
        (value("98", parent="38-SIGNE"), "parent", "38-SIGNEE"),
        (value("98", provenance="inventé"), "provenance", "liste"),
        (value("98", intitulé="en trop"), "intitulé", "ne sert pas"),
        ({"type": "mesur", "code": "38"}, "type", "mesure"),
        ({"type": "", "code": "38"}, "type", "vide"),
        (measure(code="99", intitulé="", parent="4.1.1", provenance="ours"), "intitulé", "vide"),
        (measure(intitulé="x" * 301), "intitulé", "300"),
        (measure(pilote="ARS Grand Ost"), "pilote", "ARS Grand Est"),
        (measure(parent="4.1.2"), "parent", "4.1.1"),
        ({"type": "indicateur", "code": "38-SIGNEE", "unité": "jours"}, "unité", "ne change plus"),
        ({"type": "axe", "code": "IV", "intitulé": "x", "provenance": "ours"}, "code", "numéro"),
        ({"type": "mesure", "code": "99", "intitulé": "Neuve"}, "parent", "vide"),
        (
            {
                "type": "action",
                "code": "A-1",
                "intitulé": "Écrire",
                "territoire": "67",
                "à la charge de": "",
                "date": "2026-01-06",
                "provenance": "ours",
            },
            "à la charge de",
            "qui la doit",
        ),
    ],
)
def test_a_wrong_cell_is_named_and_nothing_changes(plan, row, column, word):
    before = counts()

    outcome = (
        apply(value("97"), row) if row.get("numérateur") is None else apply(row, measure(intitulé="Autre"))
    )

    assert outcome.errors
    error = outcome.errors[0]
    assert error.column == column
    assert word in error.message.replace("\xa0", " ")
    assert "ligne " in error.reference
    assert counts() == before


def test_a_new_line_says_which_column_is_missing(plan):
    errors = check({"type": "axe", "code": "5", "intitulé": "Axe"}).errors

    assert [error.column for error in errors] == ["code"]
    assert "« provenance »" in errors[0].message.replace("\xa0", " ")


def test_two_lines_for_one_thing_are_refused(plan):
    error = told(check(value("98"), value("97")))

    assert "figure déjà à la ligne 2" in error.message.replace("\xa0", " ")


def test_a_future_reader_is_not_fooled_by_a_late_import(plan):
    IMPORTER.apply(table_of([value("98")]), actor=ACTOR, at=at(TODAY + timedelta(days=5)), progress=quiet)

    assert queries.figure(plan.indicator, TODAY).last is None


def test_progress_is_told_to_the_end(plan):
    heard = []
    IMPORTER.check(table_of([value("98")]), at=NOW, progress=lambda done, total: heard.append((done, total)))

    assert heard == [(0, 1), (1, 1)]


def test_the_number_of_queries_does_not_depend_on_the_rows(plan, django_assert_max_num_queries):
    rows = [value(str(rank), date(2020, 1, 1) + timedelta(days=rank)) for rank in range(100)]

    with django_assert_max_num_queries(20):
        assert apply(*rows).errors == []


@pytest.mark.slow
def test_ten_thousand_rows_are_imported(plan):
    rows = [
        value(
            str(rank % 101),
            date(1999, 1, 1) + timedelta(days=rank % 5000),
            territory="67" if rank < 5000 else "",
        )
        for rank in range(10_000)
    ]
    table = table_of(rows)

    started = perf_counter()
    assert IMPORTER.check(table, at=NOW, progress=quiet).errors == []
    assert IMPORTER.apply(table, actor=ACTOR, at=NOW, progress=quiet).errors == []
    print(f"{perf_counter() - started:.1f} s")

    assert IndicatorValue.objects.count() == 10_000
