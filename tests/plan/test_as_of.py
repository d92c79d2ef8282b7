import random
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.identity.conftest import ACTOR
from tests.plan.scene import BY, START, TODAY, at
from traitdunion.identity.kinds import Role
from traitdunion.plan import actions, queries, rules
from traitdunion.plan.actions import ActionText, MeasureText
from traitdunion.plan.kinds import ActionState, BlockerCause, EventKind, MeasureState, Provenance
from traitdunion.plan.models import Action, IndicatorValue
from traitdunion.plan.rules import BlockerFact, EventFact

LATER = TODAY + timedelta(days=30)


def by(day):
    return {"actor": ACTOR, "at": at(day)}


def states(day):
    rows = queries.with_state(queries.known(Action.objects.all(), day), day)
    return {line.public_id: line.status.state for line in queries.lines(rows, day)}


def stories(plan):
    """Thirty actions to which anything happens over three months, recorded on time or late."""
    chance = random.Random(38)
    for rank in range(30):
        due_on = START + timedelta(days=chance.randrange(90))
        action = plan.clause(title=f"Action {rank}", due_on=due_on)
        last = START
        for kind in (EventKind.LANCEE, EventKind.REALISEE, EventKind.ROUVERTE):
            last += timedelta(days=chance.randrange(20))
            if last > LATER or chance.random() < 0.4:
                break
            recorded = last + timedelta(days=chance.randrange(15))
            actions.note_event(action, kind=kind, happened_on=last, reason="x", **by(recorded))
        for cause in (BlockerCause.MOYENS, BlockerCause.DECISION):
            if chance.random() < 0.7:
                since = START + timedelta(days=chance.randrange(20, 70))
                blocker = actions.block(action, cause=cause, lifter="DGS", since=since, **by(since))
                if chance.random() < 0.5:
                    lifted = since + timedelta(days=chance.randrange(10))
                    recorded = lifted + timedelta(days=chance.randrange(20))
                    actions.lift(blocker, lifted_on=lifted, **by(recorded))
        if chance.random() < 0.3:
            text = ActionText(
                title=f"Action {rank}, reportée",
                due_on=due_on + timedelta(days=30),
                pilot=plan.house.posts[Role.DESK_SANTE].organisation,
            )
            actions.revise_action(action, text=text, **by(TODAY + timedelta(days=chance.randrange(20))))


def read_one_by_one(action, day):
    """What the rule says of an action whose rows were all loaded."""
    cut = queries.end_of(day)
    revision = [each for each in action.revisions.all() if each.recorded_at < cut][-1]
    status = rules.action_status(
        opened_on=action.opened_on,
        due_on=revision.due_on,
        events=[
            EventFact(kind=EventKind(each.kind), on=each.happened_on)
            for each in action.events.all()
            if each.recorded_at < cut
        ],
        blockers=[
            BlockerFact(
                cause=BlockerCause(each.cause),
                lifter=each.lifter,
                since=each.since,
                lifted_on=each.lifted_on if each.lifted_on and each.lifted_recorded_at < cut else None,
            )
            for each in action.blockers.order_by("id")
            if each.recorded_at < cut
        ],
        day=day,
    )
    pilot = revision.pilot.name if revision.pilot else ""
    return revision.title, revision.due_on, pilot, status


def test_a_line_tells_what_the_rule_says_of_every_row(plan):
    stories(plan)
    every = list(Action.objects.prefetch_related("events", "revisions__pilot"))

    for offset in range(56, 90, 11):
        day = START + timedelta(days=offset)
        told = {
            line.public_id: (line.title, line.due_on, line.pilot, line.status)
            for line in queries.lines(queries.known(Action.objects.all(), day), day)
        }
        expected = {
            each.public_id: read_one_by_one(each, day)
            for each in every
            if each.recorded_at < queries.end_of(day)
        }
        assert len(expected) == 32
        assert told == expected


def test_the_database_and_the_rule_tell_the_same_state(plan):
    """Whatever happened, recorded on time or late, each day of three months."""
    stories(plan)

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


def test_a_piece_proves_from_the_day_its_link_is_recorded(plan):
    proved = plan.publish("Prouvé", evidence=[plan.evidence(), plan.evidence(title="Autre")])
    statement = plan.publish("Prouvé plus tard")
    actions.prove_statement(statement, evidence=plan.evidence(), **by(LATER))

    def pieces(day):
        sentences = queries.sheet(plan.measure, day).sentences
        return {each.public_id: [piece.title for piece in each.pieces] for each in sentences}

    assert pieces(TODAY) == {proved.public_id: ["Instruction", "Autre"], statement.public_id: []}
    assert pieces(LATER)[statement.public_id] == ["Instruction"]


def test_the_goal_is_the_next_target_or_the_last_one(plan):
    chance = random.Random(38)
    for _ in range(12):
        due_on = TODAY + timedelta(days=chance.choice([10, 20, 30, 40]))
        recorded = TODAY + timedelta(days=chance.randrange(60))
        actions.set_target(
            plan.indicator, due_on=due_on, value=Decimal(chance.randrange(100)), **by(recorded)
        )

    for offset in range(-5, 65, 5):
        day = TODAY + timedelta(days=offset)
        known = plan.indicator.targets.filter(recorded_at__lt=queries.end_of(day)).order_by(
            "recorded_at", "id"
        )
        values = {each.due_on: each.value for each in known}  # the last recorded of a day counts
        ahead = [due_on for due_on in values if due_on >= day]
        due_on = min(ahead) if ahead else max(values, default=None)
        goal = queries.figure(plan.indicator, day).goal
        assert (goal and (goal.due_on, goal.value)) == (due_on and (due_on, values[due_on]))


def test_a_measure_keeps_its_wordings_latest_first(plan):
    text = MeasureText(title="Autrement", provenance=Provenance.OURS)
    actions.revise_measure(plan.measure, text=text, **by(LATER))

    def titles(day):
        return [each.title for each in queries.sheet(plan.measure, day).wordings]

    assert titles(TODAY) == ["Conventions"]
    assert titles(LATER) == ["Autrement", "Conventions"]


@pytest.mark.django_db(transaction=True)
def test_a_measure_kept_is_read_again_after_an_act(plan):
    sheet = queries.sheet(plan.measure, LATER)
    assert queries.sheet(plan.measure, LATER) is sheet
    assert queries.sheet(plan.measure, TODAY) is not sheet

    actions.note_event(plan.local, kind=EventKind.REALISEE, happened_on=TODAY, **BY)

    assert queries.sheet(plan.measure, LATER).counts[ActionState.REALISEE] == 1


def test_a_measure_counts_its_actions_and_says_why(plan):
    actions.note_event(plan.local, kind=EventKind.REALISEE, happened_on=TODAY, **BY)

    sheet = queries.sheet(plan.measure, TODAY)
    assert sheet.status.state is MeasureState.EN_COURS
    assert sheet.status.reason == "2 actions suivies : 1 à lancer, 1 réalisée"
    assert (sheet.open_actions, sheet.all_actions) == (1, 2)


def test_a_measure_says_whether_the_actions_of_its_state_are_synthetic(plan):
    assert queries.sheet(plan.measure, TODAY).basis == "d’après 2 actions suivies : 2 à lancer (synthétiques)"

    plan.open(provenance=Provenance.OURS)
    real = queries.sheet(plan.measure, TODAY).basis
    assert real == "d’après 3 actions suivies : 3 à lancer (dont 2 synthétiques)"


def test_a_measure_without_an_action_rests_on_none(plan):
    for action in (plan.national, plan.local):
        actions.note_event(action, kind=EventKind.ABANDONNEE, happened_on=TODAY, reason="Sans objet", **BY)

    sheet = queries.sheet(plan.measure, TODAY)
    assert sheet.basis == "aucune action n’est ouverte sur cette mesure"


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
