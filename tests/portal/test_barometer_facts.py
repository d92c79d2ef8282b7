"""The facts shown beside the answers: those that the site holds, and those that nobody measures yet."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.identity.conftest import ACTOR, NOW, territories  # noqa: F401  # a fixture
from traitdunion.barometer import rules_patterns
from traitdunion.conventions.actions_practice import cancel_meeting, plan_meeting
from traitdunion.portal import barometer_facts

TODAY = date(2026, 3, 2)
BY = {"actor": ACTOR, "at": NOW}


def fact(key, code="67"):
    found = barometer_facts.facts([code], day=TODAY)[code]
    return next(each for each in found if each.key == key)


@pytest.fixture
def here(territories):  # noqa: F811  # the fixture above
    return territories["67"]


def test_a_meeting_to_come_is_a_fact_with_its_day(here):
    plan_meeting(here, planned_on=TODAY + timedelta(days=40), subject="Comité", **BY)
    plan_meeting(here, planned_on=TODAY + timedelta(days=8), subject="Comité", **BY)

    assert fact(barometer_facts.PLANNED).holds
    assert fact(barometer_facts.PLANNED).sentence == "le 10/03/2026."


def test_a_meeting_that_is_past_or_cancelled_is_not_to_come(here):
    plan_meeting(here, planned_on=TODAY - timedelta(days=1), subject="Comité", **BY)
    off = plan_meeting(here, planned_on=TODAY + timedelta(days=8), subject="Comité", **BY)
    cancel_meeting(off, cancelled_on=TODAY, **BY)

    assert not fact(barometer_facts.PLANNED).holds
    assert fact(barometer_facts.PLANNED).sentence == "aucune date à venir."


def test_what_nobody_measures_says_so_and_why_and_opens_no_piste(here):
    facts = barometer_facts.facts(["67"], day=TODAY)["67"]
    unmeasured = [each for each in facts if not each.is_measured]

    assert [each.key for each in unmeasured] == ["health_professional", "joint_training"]
    assert all(each.sentence.startswith("pas encore mesuré, ") for each in unmeasured)
    opened = {piste.rule for piste in rules_patterns.pistes_of_facts("67", facts, [])}
    assert not any(each.key in rule for each in unmeasured for rule in opened)


def test_a_fact_without_convention_says_what_there_is(here):
    assert fact(barometer_facts.IN_FORCE).sentence == "aucune convention."


@pytest.mark.parametrize(
    ("sentence", "label", "said"),
    [
        ("en vigueur", "convention en vigueur", "oui."),
        ("échue", "convention en vigueur", "échue."),
        ("Dernière réunion : 07/08/2026", "réunion tenue", "Dernière réunion : 07/08/2026."),
    ],
)
def test_a_fact_is_not_said_twice(sentence, label, said):
    assert barometer_facts._unless_said(sentence, label) == said


def test_the_queries_do_not_grow_with_the_departements(here):
    def queries(*codes):
        with CaptureQueriesContext(connection) as asked:
            barometer_facts.facts(codes, day=TODAY)
        return len(asked)

    assert queries("35", "67") == queries("67") > 0
