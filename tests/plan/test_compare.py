from datetime import timedelta
from decimal import Decimal

from tests.identity.conftest import ACTOR
from tests.plan.scene import START, TODAY, at
from traitdunion.plan import actions, differences
from traitdunion.plan.actions import MeasureText
from traitdunion.plan.kinds import ActionState, EventKind, MeasureState, Provenance
from traitdunion.plan.models import Action, IndicatorValue

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
