from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from tests.identity.conftest import ACTOR
from tests.plan.scene import BY, DEFINITION, START, TODAY
from traitdunion.audit.models import Entry
from traitdunion.plan import actions, queries
from traitdunion.plan.actions import ActionText, Deposit, MeasureText, Origin, PlanRefusedError
from traitdunion.plan.files import DocumentRefusedError
from traitdunion.plan.kinds import (
    ActionState,
    BlockerCause,
    EventKind,
    EvidenceKind,
    OriginKind,
    Owner,
    Provenance,
    Unit,
)
from traitdunion.plan.models import Action, EvidenceFile

TOMORROW = TODAY + timedelta(days=1)


def state(action):
    return queries.action_line(action, TODAY).status.state


def note(action, kind, on=TODAY, reason=""):
    actions.note_event(action, kind=kind, happened_on=on, reason=reason, **BY)


def test_each_write_leaves_one_entry_with_its_author(plan):
    before = Entry.objects.count()

    note(plan.local, EventKind.LANCEE)

    entry = Entry.objects.first()
    assert Entry.objects.count() == before + 1
    assert (entry.event, entry.subject, entry.actor_label) == (
        "plan.action.lancee",
        str(plan.local.public_id),
        ACTOR.label,
    )


def test_an_origin_opens_one_action_per_side_and_territory(plan):
    reference = uuid4()
    origin = Origin(kind=OriginKind.CONVENTION_CLAUSE, reference=reference, label="Clause 3")
    opened = [
        plan.open(origin=origin, departement=plan.house.bas_rhin, owner=owner)
        for owner in (Owner.ARS, Owner.ARS, Owner.PREFECTURE)
    ]

    assert opened[0] == opened[1] != opened[2]
    assert Action.objects.filter(origin_reference=reference).count() == 2


def test_an_origin_opens_one_national_action(plan):
    origin = Origin(kind=OriginKind.RECOMMENDATION, reference=uuid4())

    assert plan.open(origin=origin) == plan.open(origin=origin)


def test_an_action_of_a_departement_says_who_owes_it(plan):
    with pytest.raises(PlanRefusedError, match="qui la doit"):
        plan.open(departement=plan.house.bas_rhin)


def test_an_action_is_not_opened_tomorrow(plan):
    with pytest.raises(PlanRefusedError, match="03/03/2026"):
        plan.open(opened_on=TOMORROW)


def test_events_lead_from_state_to_state(plan):
    seen = []
    for kind in (EventKind.LANCEE, EventKind.REALISEE, EventKind.ROUVERTE, EventKind.ABANDONNEE):
        note(plan.local, kind, reason="motif")
        seen.append(state(plan.local))

    assert seen == [
        ActionState.EN_COURS,
        ActionState.REALISEE,
        ActionState.EN_COURS,
        ActionState.ABANDONNEE,
    ]


@pytest.mark.parametrize(
    ("kind", "on", "reason", "word"),
    [
        (EventKind.ROUVERTE, TODAY, "x", "ne peut pas suivre"),
        (EventKind.LANCEE, TOMORROW, "", "après aujourd’hui"),
        (EventKind.LANCEE, START - timedelta(days=1), "", "précède l’ouverture"),
        (EventKind.ABANDONNEE, TODAY, " ", "motif"),
    ],
)
def test_an_event_that_cannot_be_is_refused_with_the_reason(plan, kind, on, reason, word):
    with pytest.raises(PlanRefusedError, match=word):
        note(plan.local, kind, on, reason)

    assert not plan.local.events.exists()


def test_an_event_never_precedes_the_last_one(plan):
    note(plan.local, EventKind.LANCEE)

    with pytest.raises(PlanRefusedError, match="dernier fait"):
        note(plan.local, EventKind.REALISEE, TODAY - timedelta(days=1))


def test_an_obstacle_blocks_until_it_is_lifted(plan):
    blocker = actions.block(plan.local, cause=BlockerCause.DECISION, lifter="DGS", since=START, **BY)
    blocked = state(plan.local)
    actions.lift(blocker, lifted_on=TODAY, **BY)

    assert (blocked, state(plan.local)) == (ActionState.BLOQUEE, ActionState.A_LANCER)


def test_an_obstacle_is_lifted_once_and_not_before_it_stood(plan):
    blocker = actions.block(plan.local, cause=BlockerCause.DECISION, lifter="DGS", since=TODAY, **BY)
    with pytest.raises(PlanRefusedError, match="précède le blocage"):
        actions.lift(blocker, lifted_on=START, **BY)
    actions.lift(blocker, lifted_on=TODAY, **BY)

    with pytest.raises(PlanRefusedError, match="déjà levé"):
        actions.lift(blocker, lifted_on=TODAY, **BY)


def test_rewording_keeps_the_former_wording(plan):
    actions.revise_action(plan.local, text=ActionText(title="Nommer deux référents"), **BY)
    actions.revise_measure(plan.measure, text=MeasureText(title="Autre", provenance=Provenance.OURS), **BY)

    assert plan.local.revisions.count() == plan.measure.revisions.count() == 2
    assert queries.action_line(plan.local, START).title == "Nommer un référent"
    assert queries.sheet(plan.measure, TODAY).title == "Autre"


def test_a_deposited_document_keeps_its_bytes_and_its_hash(plan):
    content = b"%PDF-1.7 bilan"
    piece = plan.evidence(kind=EvidenceKind.FILE, deposit=Deposit(name="../bilan.pdf", content=content))

    document = EvidenceFile.objects.get(evidence=piece)
    assert (document.name, bytes(document.content), document.media_type) == (
        "bilan.pdf",
        content,
        "application/pdf",
    )
    assert len(piece.sha256) == 64


def test_a_refused_document_leaves_nothing(plan):
    with pytest.raises(DocumentRefusedError):
        plan.evidence(kind=EvidenceKind.FILE, deposit=Deposit(name="bilan.pdf", content=b"MZ\x90"))

    assert not plan.measure.evidence.exists()


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"expires_on": START - timedelta(days=1)}, "avant sa date"),
        ({"dated_on": TOMORROW}, "après aujourd’hui"),
        ({"reference": "", "address": ""}, "référence ou son adresse"),
        ({"kind": EvidenceKind.FILE}, "Aucun document"),
        ({"measure": None}, "une mesure ou sur une action"),
    ],
)
def test_a_piece_that_proves_nothing_is_refused(plan, values, word):
    with pytest.raises(PlanRefusedError, match=word):
        plan.evidence(**values)


def test_a_statement_is_proved_by_pieces_of_its_measure_only(plan):
    other = actions.open_measure(
        section=plan.measure.section,
        code="39",
        position=39,
        text=MeasureText(title="Autre", provenance=Provenance.OURS),
        **BY,
    )
    with pytest.raises(PlanRefusedError, match="une autre mesure"):
        plan.publish(evidence=[plan.evidence(measure=other)])

    assert not plan.measure.statements.exists()


def test_a_piece_proves_a_statement_once(plan):
    piece = plan.evidence()
    statement = plan.publish(evidence=[piece])

    with pytest.raises(PlanRefusedError, match="déjà"):
        actions.prove_statement(statement, evidence=piece, **BY)


def test_what_is_retired_or_withdrawn_is_so_once(plan):
    statement, piece = plan.publish(), plan.evidence()
    actions.retire_statement(statement, retired_on=TODAY, **BY)
    actions.withdraw_evidence(piece, withdrawn_on=TODAY, **BY)

    with pytest.raises(PlanRefusedError, match="déjà retiré"):
        actions.retire_statement(statement, retired_on=TODAY, **BY)
    with pytest.raises(PlanRefusedError, match="déjà retirée"):
        actions.withdraw_evidence(piece, withdrawn_on=TODAY, **BY)


def test_what_ends_does_not_end_before_it_began(plan):
    before = START - timedelta(days=1)

    with pytest.raises(PlanRefusedError, match="précède la publication"):
        actions.retire_statement(plan.publish(), retired_on=before, **BY)
    with pytest.raises(PlanRefusedError, match="précède la preuve"):
        actions.withdraw_evidence(plan.evidence(), withdrawn_on=before, **BY)


def test_a_value_above_its_denominator_is_refused(plan):
    with pytest.raises(PlanRefusedError, match="dépasse le dénominateur"):
        plan.value(102)


def test_an_indicator_code_is_taken_once(plan):
    with pytest.raises(PlanRefusedError, match="désigne déjà"):
        actions.open_indicator(
            measure=plan.measure,
            code="38-SIGNEE",
            unit=Unit.COUNT,
            higher_is_better=True,
            definition=DEFINITION,
            **BY,
        )


def test_a_target_set_again_replaces_the_former(plan):
    for value in (90, 100):
        actions.set_target(plan.indicator, due_on=date(2026, 12, 31), value=Decimal(value), **BY)

    assert queries.figure(plan.indicator, TODAY).goal.value == 100
