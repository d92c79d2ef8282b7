import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.identity.conftest import ACTOR
from tests.plan.scene import DEFINITION, START, TODAY, at
from traitdunion.identity.kinds import Role
from traitdunion.plan import actions, differences, rules
from traitdunion.plan.actions import MeasureText
from traitdunion.plan.kinds import ActionState, EventKind, MeasureState, Owner, Provenance, Unit
from traitdunion.plan.models import Action, IndicatorValue
from traitdunion.plan.queries import end_of
from traitdunion.territories.models import Departement

LATER = TODAY + timedelta(days=30)
BY_LATER = {"actor": ACTOR, "at": at(LATER)}


def compare(first=TODAY, second=LATER, shown=None):
    return differences.compare(
        first,
        second,
        actions=Action.objects.all() if shown is None else shown,
        values=IndicatorValue.objects.all(),
    )


def test_nothing_differs_when_nothing_happened(plan):
    assert compare() == []


def test_a_measure_that_entered_the_plan_is_told(plan):
    [found] = compare(START - timedelta(days=1), TODAY)

    assert found.status_before is None
    assert found.moved_total == 2


def test_what_changed_is_told_measure_by_measure(plan):
    plan.publish("Déjà là", evidence=[plan.evidence(expires_on=TODAY)])
    plan.value(98)
    actions.note_event(plan.local, kind=EventKind.LANCEE, happened_on=LATER, **BY_LATER)
    plan.publish("Nouveau", **BY_LATER)
    plan.value(95, on=LATER, **BY_LATER)
    actions.revise_measure(
        plan.measure, text=MeasureText(title="Autrement", provenance=Provenance.OURS), **BY_LATER
    )

    [found] = compare()

    assert found.published == ["Nouveau"]
    assert [(each.text, each.since) for each in found.greyed] == [("Déjà là", TODAY + timedelta(days=1))]
    assert found.ended_evidence == ["Instruction"]
    assert [(each.before, each.line.status.state) for each in found.moved] == [
        (ActionState.A_LANCER, ActionState.EN_COURS)
    ]
    assert (found.status_before.state, found.status.state) == (MeasureState.A_LANCER, MeasureState.EN_COURS)
    assert (found.reworded, found.title_before) == (True, "Conventions")
    [value] = found.measured
    assert value.went_back
    assert value.before > value.after == Decimal("94.059")


def test_a_value_that_rises_progresses(plan):
    plan.value(95)
    plan.value(98, on=LATER, **BY_LATER)

    [found] = compare()
    assert (found.measured_total, found.went_back_total) == (1, 0)


def test_the_values_that_differ_are_those_read_one_by_one(plan):
    """Whatever was measured and corrected, on time or late, in two territories and in the nation."""
    chance = random.Random(38)
    places = [None, *Departement.objects.order_by("code")]
    for _ in range(60):
        measured_on = START + timedelta(days=12 * chance.randrange(8))
        recorded = at(max(measured_on, TODAY) + timedelta(days=chance.randrange(40)))
        plan.value(
            chance.randrange(3), on=measured_on, departement=chance.choice(places), actor=ACTOR, at=recorded
        )

    def last_values(day):
        known = IndicatorValue.objects.filter(measured_on__lte=day, recorded_at__lt=end_of(day))
        rows = known.order_by("measured_on", "recorded_at", "id")
        return {
            each.departement_id or "": rules.reading(Unit.SHARE, each.numerator, each.denominator)
            for each in rows
        }

    for offset in (0, 10, 25):
        first, second = TODAY + timedelta(days=offset), TODAY + timedelta(days=offset + 8)
        before, after = last_values(first), last_values(second)
        told = {
            each.departement: (each.before, each.after)
            for found in compare(first, second)
            for each in found.measured
        }
        assert told == {
            code: (before.get(code), value) for code, value in after.items() if value != before.get(code)
        }


def test_an_indicator_bears_its_name_of_the_second_day(plan):
    plan.value(98)
    plan.value(95, on=LATER, **BY_LATER)
    definition = replace(DEFINITION, name="Conventions conclues")
    actions.define_indicator(plan.indicator, definition=definition, **BY_LATER)

    [found] = compare()
    assert [each.name for each in found.measured] == ["Conventions conclues"]


@pytest.mark.django_db(transaction=True)
def test_what_is_kept_for_a_territory_is_not_read_in_another_and_ends_with_an_act(plan, territories):
    nation, here = plan.mandate(Role.DESK_SANTE), plan.mandate(Role.REFERENT_PREFECTURE)
    plan.open(departement=territories["35"], owner=Owner.BOTH, **BY_LATER)

    def moved(mandate):
        return [each.moved_total for each in differences.seen_by(mandate, TODAY, LATER)]

    assert (moved(nation), moved(here)) == ([1], [])
    assert differences.seen_by(nation, TODAY, LATER) is differences.seen_by(nation, TODAY, LATER)

    actions.note_event(plan.local, kind=EventKind.LANCEE, happened_on=LATER, **BY_LATER)

    assert (moved(nation), moved(here)) == ([2], [1])


def test_a_reader_of_one_territory_sees_the_state_of_the_nation_and_only_its_actions(plan):
    actions.note_event(plan.local, kind=EventKind.REALISEE, happened_on=LATER, **BY_LATER)
    actions.note_event(plan.national, kind=EventKind.REALISEE, happened_on=LATER, **BY_LATER)

    [found] = compare(shown=Action.objects.filter(pk=plan.national.pk))

    assert found.status.state is MeasureState.REALISEE
    assert [each.line.public_id for each in found.moved] == [plan.national.public_id]
    assert found.moved_total == 1


def test_the_number_of_queries_does_not_grow(plan, django_assert_max_num_queries):
    plan.crowd(10)

    with django_assert_max_num_queries(9):
        compare(START - timedelta(days=1), LATER)
