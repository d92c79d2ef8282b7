from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traitdunion.plan.kinds import ActionState, BlockerCause, EventKind, MeasureState, ProofState, Unit
from traitdunion.plan.rules import (
    BlockerFact,
    EventFact,
    ProofFact,
    action_status,
    allowed_events,
    measure_status,
    proof_status,
    reading,
    value_problem,
    went_back,
)

DAY = date(2026, 3, 2)
OPENED = date(2026, 1, 5)
days = st.dates(date(2025, 1, 1), date(2027, 12, 31))
events = st.lists(st.builds(EventFact, kind=st.sampled_from(EventKind), on=days), max_size=6)
blockers = st.lists(
    st.builds(
        BlockerFact,
        cause=st.sampled_from(BlockerCause),
        lifter=st.just("DGS"),
        since=days,
        lifted_on=st.none() | days,
    ),
    max_size=4,
)
proofs = st.lists(
    st.builds(ProofFact, dated_on=days, expires_on=st.none() | days, withdrawn_on=st.none() | days),
    max_size=4,
)


def status(*, due_on=None, events=(), blockers=(), day=DAY):
    return action_status(opened_on=OPENED, due_on=due_on, events=events, blockers=blockers, day=day)


def event(kind, on=OPENED):
    return EventFact(kind=kind, on=on)


def obstacle(since=OPENED, lifted_on=None):
    return BlockerFact(cause=BlockerCause.MOYENS, lifter="DGS", since=since, lifted_on=lifted_on)


def test_an_action_nobody_started_waits_since_its_opening():
    assert (status().state, status().since) == (ActionState.A_LANCER, OPENED)


def test_a_started_action_is_under_way():
    assert status(events=[event(EventKind.LANCEE)]).state is ActionState.EN_COURS


def test_the_last_day_is_not_late_and_the_next_one_is():
    assert status(due_on=DAY).state is ActionState.A_LANCER
    late = status(due_on=DAY - timedelta(days=1))
    assert (late.state, late.since) == (ActionState.EN_RETARD, DAY)


def test_a_late_blocked_action_says_both():
    late = status(due_on=DAY - timedelta(days=1), blockers=[obstacle()])

    assert late.state is ActionState.EN_RETARD
    assert "moyens manquants" in late.reason


def test_a_lifted_obstacle_blocks_no_more():
    assert status(blockers=[obstacle(lifted_on=DAY)]).state is ActionState.A_LANCER
    assert status(blockers=[obstacle(lifted_on=DAY + timedelta(days=1))]).state is ActionState.BLOQUEE


def test_an_action_opened_again_is_under_way():
    told = [event(EventKind.REALISEE), event(EventKind.ROUVERTE, DAY)]

    assert status(events=told).state is ActionState.EN_COURS


@given(events=events, blockers=blockers, due_on=st.none() | days, day=days)
def test_the_state_of_a_day_never_depends_on_what_happens_after(events, blockers, due_on, day):
    past_events = [fact for fact in events if fact.on <= day]
    past_blockers = [
        fact
        if fact.lifted_on is None or fact.lifted_on <= day
        else BlockerFact(cause=fact.cause, lifter=fact.lifter, since=fact.since, lifted_on=None)
        for fact in blockers
        if fact.since <= day
    ]

    assert status(due_on=due_on, events=events, blockers=blockers, day=day) == status(
        due_on=due_on, events=past_events, blockers=past_blockers, day=day
    )


@given(proofs=proofs, day=days)
def test_a_proof_of_a_day_never_depends_on_what_happens_after(proofs, day):
    known = [
        ProofFact(
            dated_on=proof.dated_on,
            expires_on=proof.expires_on if proof.expires_on and proof.expires_on < day else None,
            withdrawn_on=proof.withdrawn_on if proof.withdrawn_on and proof.withdrawn_on <= day else None,
        )
        for proof in proofs
        if proof.dated_on <= day
    ]

    assert (
        proof_status(proofs, day=day).state is not ProofState.PROVEN
        or proof_status(known, day=day).state is ProofState.PROVEN
    )


@given(proofs=proofs, day=days)
def test_a_statement_greys_out_at_the_latest_the_day_it_is_looked_at(proofs, day):
    told = proof_status(proofs, day=day)

    assert told.expired_on is None or told.expired_on <= day
    assert (told.expired_on is not None) == (told.state is ProofState.EXPIRED)


def test_a_piece_proves_on_its_last_day_and_greys_out_on_the_next():
    piece = ProofFact(dated_on=OPENED, expires_on=DAY, withdrawn_on=None)

    assert proof_status([piece], day=DAY).state is ProofState.PROVEN
    next_day = DAY + timedelta(days=1)
    assert proof_status([piece], day=next_day).expired_on == next_day


def test_a_withdrawal_after_the_expiry_changes_nothing_of_it():
    piece = ProofFact(dated_on=OPENED, expires_on=date(2026, 2, 1), withdrawn_on=date(2026, 2, 20))

    assert proof_status([piece], day=DAY).expired_on == date(2026, 2, 2)


def test_one_valid_piece_is_enough():
    expired = ProofFact(dated_on=OPENED, expires_on=OPENED, withdrawn_on=None)
    valid = ProofFact(dated_on=OPENED, expires_on=None, withdrawn_on=None)

    assert not proof_status([expired, valid], day=DAY).is_greyed


@pytest.mark.parametrize(
    ("counts", "state"),
    [
        ({}, MeasureState.SANS_ACTION),
        ({ActionState.ABANDONNEE: 2}, MeasureState.SANS_ACTION),
        ({ActionState.A_LANCER: 1}, MeasureState.A_LANCER),
        ({ActionState.A_LANCER: 1, ActionState.REALISEE: 3}, MeasureState.EN_COURS),
        ({ActionState.REALISEE: 3, ActionState.ABANDONNEE: 1}, MeasureState.REALISEE),
        ({ActionState.REALISEE: 3, ActionState.BLOQUEE: 1}, MeasureState.EN_DIFFICULTE),
    ],
)
def test_the_state_of_a_measure_follows_its_actions(counts, state):
    assert measure_status(counts).state is state


def test_a_measure_says_why():
    told = measure_status({ActionState.EN_RETARD: 2, ActionState.REALISEE: 3, ActionState.BLOQUEE: 0})

    assert told.reason == "5 actions suivies : 2 en retard, 3 réalisées"


def test_a_closed_action_may_only_be_opened_again():
    assert allowed_events(last=EventKind.REALISEE, is_started=True) == {EventKind.ROUVERTE}
    assert EventKind.LANCEE not in allowed_events(last=EventKind.LANCEE, is_started=True)


def test_a_share_is_read_in_percent():
    assert reading(Unit.SHARE, Decimal(1), Decimal(3)) == Decimal("33.333")
    assert reading(Unit.DAYS, Decimal(30), Decimal(4)) == Decimal("7.5")
    assert reading(Unit.COUNT, Decimal(30), None) == Decimal(30)


@pytest.mark.parametrize(
    ("unit", "numerator", "denominator", "word"),
    [
        (Unit.SHARE, 5, None, "dénominateur"),
        (Unit.SHARE, 5, 4, "100 %"),
        (Unit.COUNT, -1, None, "négatif"),
        (Unit.DAYS, 1, 0, "plus grand que zéro"),
    ],
)
def test_figures_that_do_not_suit_the_unit_are_told(unit, numerator, denominator, word):
    told = value_problem(unit, Decimal(numerator), None if denominator is None else Decimal(denominator))

    assert told is not None
    assert word in told


def test_going_back_depends_on_the_indicator():
    assert went_back(Decimal(98), Decimal(95), higher_is_better=True)
    assert not went_back(Decimal(98), Decimal(95), higher_is_better=False)
