import random
from datetime import timedelta
from decimal import Decimal

from tests.identity.conftest import ACTOR
from tests.plan.scene import BY, START, TODAY, at
from traitdunion.plan import actions, queries
from traitdunion.plan.kinds import ActionState, BlockerCause, EventKind, MeasureState, Provenance
from traitdunion.plan.models import Action, IndicatorValue

LATER = TODAY + timedelta(days=30)


def by(day):
    return {"actor": ACTOR, "at": at(day)}


def states(day):
    rows = queries.with_state(queries.known(Action.objects.all(), day), day)
    return {line.public_id: line.status.state for line in queries.lines(rows, day)}


def test_the_database_and_the_rule_tell_the_same_state(plan):
    """Whatever happened, recorded on time or late, each day of three months."""
    chance = random.Random(38)
    for rank in range(40):
        action = plan.clause(title=f"Action {rank}", due_on=START + timedelta(days=chance.randrange(90)))
        last = START
        for kind in (EventKind.LANCEE, EventKind.REALISEE, EventKind.ROUVERTE):
            last += timedelta(days=chance.randrange(20))
            if last > LATER or chance.random() < 0.4:
                break
            recorded = last + timedelta(days=chance.randrange(15))
            actions.note_event(action, kind=kind, happened_on=last, reason="x", **by(recorded))
        if chance.random() < 0.5:
            since = START + timedelta(days=chance.randrange(40))
            blocker = actions.block(action, cause=BlockerCause.MOYENS, lifter="DGS", since=since, **by(since))
            if chance.random() < 0.5:
                lifted = since + timedelta(days=chance.randrange(10))
                actions.lift(blocker, lifted_on=lifted, **by(lifted + timedelta(days=chance.randrange(10))))

    for offset in range(0, 90, 3):
        day = START + timedelta(days=offset)
        rows = queries.with_state(queries.known(Action.objects.all(), day), day)
        told = dict(rows.values_list("public_id", "state"))
        assert told == {key: state.value for key, state in states(day).items()}


def test_what_is_recorded_late_does_not_change_what_was_read(plan):
    before = states(TODAY)
    actions.note_event(plan.local, kind=EventKind.REALISEE, happened_on=START, **by(LATER))
    actions.block(plan.national, cause=BlockerCause.DECISION, lifter="DGS", since=START, **by(LATER))

    assert states(TODAY) == before
    assert states(LATER)[plan.local.public_id] is ActionState.REALISEE
    assert states(LATER)[plan.national.public_id] is ActionState.BLOQUEE


def test_what_is_dated_later_is_not_read_before_its_day(plan):
    statement = plan.publish(published_on=TODAY)

    assert queries.sheet(plan.measure, TODAY - timedelta(days=1)).sentences == []
    [sentence] = queries.sheet(plan.measure, TODAY).sentences
    assert sentence.public_id == statement.public_id


def test_nothing_is_read_before_the_first_day(plan):
    [axis] = queries.sheets(START - timedelta(days=1))

    assert axis.sections[0].measures == []
    assert queries.action_line(plan.local, START - timedelta(days=1)) is None


def test_a_statement_greys_out_the_day_after_its_last_piece(plan):
    end = TODAY + timedelta(days=10)
    plan.publish(evidence=[plan.evidence(expires_on=TODAY), plan.evidence(title="Autre", expires_on=end)])

    def greyed_on(day):
        [sentence] = queries.sheet(plan.measure, day).sentences
        return sentence.proof.expired_on if sentence.proof.is_greyed else None

    assert greyed_on(end) is None
    assert greyed_on(end + timedelta(days=5)) == end + timedelta(days=1)


def test_a_withdrawal_recorded_late_greys_out_from_its_recording_only(plan):
    piece = plan.evidence()
    plan.publish(evidence=[piece])
    actions.withdraw_evidence(piece, withdrawn_on=START, **by(LATER))

    [before] = queries.sheet(plan.measure, TODAY).sentences
    [after] = queries.sheet(plan.measure, LATER).sentences
    assert not before.proof.is_greyed
    assert after.proof.expired_on == START


def test_a_retired_statement_stays_readable_apart(plan):
    statement = plan.publish()
    actions.retire_statement(statement, retired_on=TODAY, **BY)

    sheet = queries.sheet(plan.measure, TODAY)
    assert sheet.sentences == []
    assert [each.public_id for each in sheet.retired] == [statement.public_id]
    # It was recorded on that very day too: the day before, nothing was published.
    assert queries.sheet(plan.measure, TODAY - timedelta(days=1)).sentences == []


def test_the_last_recorded_value_of_a_day_counts(plan):
    plan.value(98)
    actions.record_value(
        plan.indicator,
        measured_on=START,
        numerator=Decimal(95),
        denominator=Decimal(101),
        provenance=Provenance.OURS,
        **by(LATER),
    )

    assert queries.figure(plan.indicator, TODAY).last.numerator == 98
    assert queries.figure(plan.indicator, LATER).last.numerator == 95
    [point] = queries.series(IndicatorValue.objects.all(), plan.indicator, "", LATER)
    assert point.numerator == 95


def test_a_measure_counts_its_actions_and_says_why(plan):
    actions.note_event(plan.local, kind=EventKind.REALISEE, happened_on=TODAY, **BY)

    sheet = queries.sheet(plan.measure, TODAY)
    assert sheet.status.state is MeasureState.EN_COURS
    assert sheet.status.reason == "2 actions suivies : 1 à lancer, 1 réalisée"
    assert (sheet.open_actions, sheet.all_actions) == (1, 2)


def test_the_evening_in_paris_belongs_to_its_day(plan):
    # 23 h 30 in Paris on 2 March is 22 h 30 in UTC; half an hour past midnight is still 2 March in UTC.
    night = queries.end_of(TODAY) + timedelta(minutes=30)
    actions.note_event(plan.local, kind=EventKind.LANCEE, happened_on=TODAY, actor=ACTOR, at=night)

    assert states(TODAY)[plan.local.public_id] is ActionState.A_LANCER
    assert states(TODAY + timedelta(days=1))[plan.local.public_id] is ActionState.EN_COURS


def test_what_waits_for_someone_comes_first(plan):
    late = plan.clause(title="En retard", due_on=START)
    blocked = plan.clause(title="Bloquée")
    actions.block(blocked, cause=BlockerCause.DECISION, lifter="DGS", since=START, **BY)
    started, done, dropped = (plan.clause(title=title) for title in ("En cours", "Faite", "Abandonnée"))
    for action, kind in (
        (started, EventKind.LANCEE),
        (done, EventKind.REALISEE),
        (dropped, EventKind.ABANDONNEE),
    ):
        actions.note_event(action, kind=kind, happened_on=TODAY, reason="x", **BY)

    rows = queries.by_urgency(queries.with_state(queries.known(Action.objects.all(), TODAY), TODAY))
    found = queries.lines(rows, TODAY)

    assert found[0].public_id == late.public_id
    assert [line.status.state for line in found] == [
        ActionState.EN_RETARD,
        ActionState.BLOQUEE,
        ActionState.A_LANCER,
        ActionState.A_LANCER,
        ActionState.EN_COURS,
        ActionState.REALISEE,
        ActionState.ABANDONNEE,
    ]
