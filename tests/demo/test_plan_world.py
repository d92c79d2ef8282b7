"""The plan of the synthetic country: figures that agree with the site, a state of each kind, a proof that expired."""

from datetime import timedelta

import pytest
from django.db.models import Count, F, Q
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.filled import FEW
from traitdunion.conventions import queries as conventions
from traitdunion.conventions.models import Circuit, TemplateCircuit
from traitdunion.demo import plan_world
from traitdunion.demo.personas import HOME_DEPARTEMENT, ISSUER, TWO_MANDATES
from traitdunion.identity.models import Mandate, Person
from traitdunion.plan import queries as plan
from traitdunion.plan.kinds import ActionState, MeasureState, ProofState, Provenance
from traitdunion.plan.models import Action, Indicator, IndicatorValue, Target


@pytest.fixture
def today(country, db):
    return timezone.localdate()


def enter(key):
    client = Client()
    client.post(reverse("demo:persona_sign_in", args=[key]))
    return client


# Indicators


def test_the_national_value_is_what_the_site_counts_on_that_day(today):
    values = IndicatorValue.objects.filter(indicator__code="38-SIGNEE", departement=None)
    days = list(values.order_by("measured_on").values_list("measured_on", flat=True))

    assert days == list(plan_world.quarter_ends(today - timedelta(days=730), today))
    assert {day: int(count) for day, count in values.values_list("measured_on", "numerator")} == {
        point.day: point.signed for point in conventions.series(days)
    }
    last = values.latest("measured_on")
    assert last.denominator == conventions.counts(conventions.situation(last.measured_on).values()).total
    assert last.numerator > 0


@pytest.mark.parametrize("code", plan_world.TARGETS)
def test_a_departement_answers_by_yes_or_no_and_the_nation_by_their_sum(today, code):
    values = IndicatorValue.objects.filter(indicator__code=code)
    local = values.exclude(departement=None)

    assert not local.exclude(numerator__in=(0, 1), denominator=1).exists()
    for day, count in values.filter(departement=None).values_list("measured_on", "numerator"):
        assert count == local.filter(measured_on=day, numerator=1).count()


def test_what_was_signed_stays_signed(today):
    for code in FEW:
        series = list(
            IndicatorValue.objects.filter(indicator__code="38-SIGNEE", departement=code)
            .order_by("measured_on")
            .values_list("numerator", flat=True)
        )
        assert series == sorted(series)


def test_each_indicator_has_a_trajectory_with_a_point_to_come(today):
    for code, expected in plan_world.TARGETS.items():
        indicator = Indicator.objects.get(code=code)
        points = plan.trajectory(Target.objects.all(), indicator, "", today)

        assert [point.value for point in points] == list(expected)
        assert points[-1].due_on > today


# Measures


def test_each_measure_stands_in_a_state_of_its_own(today):
    sheets = {sheet.code: sheet for sheet in plan.measures(today)}

    assert {code: sheet.status.state for code, sheet in sheets.items()} == {
        "37": MeasureState.REALISEE,
        "38": MeasureState.EN_DIFFICULTE,
        "39": MeasureState.EN_COURS,
        "nouvelle": MeasureState.A_LANCER,
    }
    assert sheets["38"].counts[ActionState.BLOQUEE] == 1


def test_the_titles_of_national_actions_say_that_they_are_synthetic(today):
    actions = Action.objects.filter(measure__isnull=False)

    assert actions.count() == sum(map(len, plan_world.NATIONAL.values()))
    assert not actions.exclude(provenance=Provenance.SYNTHETIC.value).exists()
    assert not actions.exclude(revisions__title__endswith="(action synthétique)").exists()


def test_the_one_statement_no_longer_proved_is_synthetic(today):
    said = [sentence for sheet in plan.measures(today) for sentence in sheet.sentences]
    greyed = [sentence for sentence in said if sentence.proof.is_greyed]

    assert [(each.provenance, each.proof.state) for each in greyed] == [
        (Provenance.SYNTHETIC, ProofState.EXPIRED)
    ]
    assert greyed[0].proof.expired_on == today - timedelta(days=59)
    assert all(sentence.provenance is not Provenance.SYNTHETIC for sentence in said if sentence not in greyed)


# Conventions and visits


def test_the_matrices_are_those_of_the_model_with_the_text_of_each_circuit(today):
    proposed = set(TemplateCircuit.objects.values_list("subject", "legal_basis"))

    assert set(Circuit.objects.values_list("subject", "legal_basis")) == proposed
    assert all(basis for _, basis in proposed)


@pytest.mark.parametrize("key", ["referent_prefecture", "desk_sante", "dg_ars"])
def test_a_persona_sees_what_changed_since_ten_days_ago_and_again_when_it_reloads(today, key):
    client = enter(key)

    for _ in range(2):
        page = client.get(reverse("portal:dyad", args=[HOME_DEPARTEMENT])).content.decode()
        assert "Ce qui a changé depuis votre visite du" in page
        assert f'datetime="{(today - timedelta(days=10)).isoformat()}' in page


# The persona with two mandates


def test_a_persona_with_two_mandates_chooses_one_at_sign_in(today):
    client = Client()
    answer = client.post(reverse("demo:persona_sign_in", args=[TWO_MANDATES.key]))

    assert answer.url == reverse("identity:mandate_choice")
    page = client.get(answer.url).content.decode()
    mandates = Mandate.objects.filter(person__issuer=ISSUER, person__subject=TWO_MANDATES.key)
    assert mandates.count() == 2
    for mandate in mandates.select_related("post__departement"):
        assert mandate.post.departement.name in page
        assert str(mandate.public_id) in page


def test_every_other_persona_has_one_mandate(today):
    running = Count("mandates", filter=Q(mandates__ends_on=None) | Q(mandates__ends_on__gte=today))
    people = Person.objects.filter(issuer=ISSUER, mandates__isnull=False).annotate(running=running)

    assert people.filter(running__gt=1).values_list("subject", F("running")).get() == (TWO_MANDATES.key, 2)
