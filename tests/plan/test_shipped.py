from datetime import UTC, datetime

import pytest
from django.core.management import call_command

from tests.identity.conftest import ACTOR
from traitdunion.plan import queries, shipped
from traitdunion.plan.kinds import Provenance
from traitdunion.plan.models import Indicator, Measure, Statement

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
BY = {"actor": ACTOR, "at": AT}
pytestmark = pytest.mark.django_db


def sheets():
    return {
        sheet.code: sheet
        for axis in queries.sheets(AT.date())
        for section in axis.sections
        for sheet in section.measures
    }


def test_the_section_and_its_four_measures_are_shipped():
    shipped.load(**BY)

    axes = queries.sheets(AT.date())
    assert [axis.number for axis in axes] == [1, 2, 3, 4, 5]
    assert list(sheets()) == ["37", "38", "39", "nouvelle"]


def test_loading_twice_changes_nothing():
    first, second = shipped.load(**BY), shipped.load(**BY)

    assert first > 20
    assert second == 0


def test_our_words_and_official_figures_are_told_apart():
    shipped.load(**BY)

    assert all(sheet.provenance is Provenance.OURS for sheet in sheets().values())
    figures = {
        sentence.figure for sheet in sheets().values() for sentence in sheet.sentences if sentence.figure
    }
    assert figures == {
        "500 participants",
        "90 intervenants",
        "12 recommandations",
        "100 % des départements",
        "« jugé satisfaisant »",
        "décret n° 2019-412",
        "5 départements",
    }
    assert all(
        sentence.provenance is Provenance.OFFICIAL
        for sheet in sheets().values()
        for sentence in sheet.sentences
        if sentence.figure
    )


def test_every_shipped_statement_is_proved():
    shipped.load(**BY)

    assert all(not each.proof.is_greyed for sheet in sheets().values() for each in sheet.sentences)


def test_nothing_is_invented():
    shipped.load(**BY)

    assert all(sheet.pilot == "" and sheet.due_on is None for sheet in sheets().values())
    assert not Indicator.objects.filter(values__isnull=False).exists()


def test_what_is_dated_later_waits_for_its_day():
    shipped.load(actor=ACTOR, at=datetime(2020, 1, 1, 9, tzinfo=UTC))
    before = Statement.objects.count()
    shipped.load(**BY)

    assert Statement.objects.count() == before + 1
    assert sheets()["39"].sentences[-1].pieces[-1].title.startswith("Décret n° 2022-714")


def test_the_command_says_what_it_did(capsys):
    call_command("load_plan")
    call_command("load_plan")

    first, second = capsys.readouterr().out.splitlines()
    assert "éléments ouverts" in first
    assert second == "Plan : rien à ajouter."
    assert Measure.objects.count() == 4
