"""What leaves the plan comes back whole: facts, blockers, evidence, statements, and the documents by their hash."""

import hashlib
import json
import os
from datetime import date, timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.identity.conftest import ACTOR
from tests.plan.scene import NOW, START, TODAY
from tests.plan.test_import import IMPORTER, apply, check, exported, quiet, table_of, told
from traitdunion.exchange.difference import ChangeKind
from traitdunion.exchange.tables import read_table
from traitdunion.plan import actions, queries
from traitdunion.plan.actions import Deposit
from traitdunion.plan.imports import PlanImporter
from traitdunion.plan.kinds import BlockerCause, EventKind, EvidenceKind, OriginKind, Owner, Provenance
from traitdunion.plan.models import (
    Action,
    ActionEvent,
    ActionRevision,
    Axis,
    Blocker,
    Evidence,
    EvidenceFile,
    Indicator,
    IndicatorRevision,
    IndicatorValue,
    Measure,
    MeasureRevision,
    Proof,
    Section,
    Statement,
    Target,
)

BY = {"actor": ACTOR, "at": NOW}
# A plan is a few hundred rows of a real database; TRAITDUNION_FUZZ=long draws more of them.
EXAMPLES = 500 if os.environ.get("TRAITDUNION_FUZZ") == "long" else 4
PDF = b"%PDF-1.4 synthetic"
SHA_256 = hashlib.sha256(PDF).hexdigest()
# Children first.
EVERYTHING = (
    Proof, Statement, EvidenceFile, Evidence, Blocker, ActionEvent, ActionRevision, Action, IndicatorValue, Target,
    IndicatorRevision, Indicator, MeasureRevision, Measure, Section, Axis,
)  # fmt: skip


def empty():
    for model in EVERYTHING:
        model.objects.all().delete()


def sent(content, kind, importer=IMPORTER):
    table = read_table(content, file_name=f"plan.{kind}")
    return importer.apply(table, actor=ACTOR, at=NOW, progress=quiet)


def rows():
    return json.loads(exported("json"))["rows"]


def statuses():
    lines = [queries.action_line(action, TODAY) for action in Action.objects.all()]
    return {line.title: line.status for line in lines}


def fact(kind="lancée", on=START, *, action="A-1", **more):
    return {"type": "fait", "parent": action, "fait": kind, "date": on.isoformat(), **more}


def blocker(**values):
    return {
        "type": "blocage",
        "code": "B-1",
        "parent": "A-1",
        "cause": "moyens manquants",
        "peut être levé par": "préfet",
        "date": START.isoformat(),
        **values,
    }


def piece(**values):
    return {
        "type": "preuve",
        "code": "P-1",
        "parent": "38",
        "intitulé": "Instruction",
        "nature": "texte officiel",
        "référence": "Instruction du 2 février 2018",
        "date": START.isoformat(),
        "provenance": "officiel",
        **values,
    }


def statement(**values):
    return {
        "type": "énoncé",
        "code": "E-1",
        "parent": "38",
        "texte": "Tout est signé.",
        "chiffre": "101",
        "date": START.isoformat(),
        "preuves": "P-1",
        "provenance": "officiel",
        **values,
    }


@pytest.fixture
def written(plan):
    """One line of each new kind, on an action that a table opened."""
    outcome = apply(ACTION, fact(), blocker(), piece(), statement())
    assert outcome.errors == []
    return plan


ACTION = {
    "type": "action",
    "code": "A-1",
    "parent": "38",
    "intitulé": "Écrire",
    "date": START.isoformat(),
    "provenance": "synthétique",
}


def fill(plan):
    """Fill the plan by the acts of its pages, with all that a table has to carry."""
    late = START + timedelta(days=20)
    for kind, on, reason in (
        (EventKind.LANCEE, START, ""),
        (EventKind.REALISEE, START, "=1+1 ; fini"),
        (EventKind.ROUVERTE, START, "à refaire"),
        (EventKind.REALISEE, START, "refait"),
    ):
        actions.note_event(plan.national, kind=kind, happened_on=on, reason=reason, **BY)
    standing = {"cause": BlockerCause.MOYENS, "lifter": "Préfet", "since": START, **BY}
    actions.block(plan.local, description="Deux\nlignes", **standing)
    actions.lift(actions.block(plan.local, **standing), lifted_on=late, **BY)
    actions.note_event(
        plan.clause(code="C-1"), kind=EventKind.ABANDONNEE, happened_on=late, reason="sans objet", **BY
    )
    law = plan.evidence(expires_on=date(2030, 1, 1))
    page = plan.evidence(
        kind=EvidenceKind.PAGE, reference="", address="https://example.org/a?b=1;c", title="'Page"
    )
    local = plan.evidence(measure=None, action=plan.national, title="Procès-verbal")
    document = plan.evidence(
        kind=EvidenceKind.FILE,
        reference="",
        title="Rapport",
        deposit=Deposit(name="rapport.pdf", content=PDF),
    )
    actions.withdraw_evidence(law, withdrawn_on=late, **BY)
    plan.publish("Tout est signé.", evidence=[local, law, document, page], figure="100 %", position=2)
    plan.publish("Sans preuve.", position=1)
    retired = plan.publish("Retiré ; depuis.", evidence=[page])
    actions.retire_statement(retired, retired_on=late, **BY)


# The round trip


@pytest.mark.parametrize("kind", ["xlsx", "ods", "csv"])
def test_a_filled_plan_comes_back_whole_in_an_empty_one(plan, kind, tmp_path):
    fill(plan)
    before, content = rows(), exported(kind)
    pages = statuses()
    empty()
    document = tmp_path / "renommé.bin"
    document.write_bytes(PDF)

    outcome = sent(content, kind, PlanImporter(documents={SHA_256: document}))

    assert outcome.errors == []
    assert rows() == before
    assert exported(kind) == content
    assert pages == statuses()
    file = EvidenceFile.objects.get()
    assert (bytes(file.content), file.name, file.media_type) == (PDF, "rapport.pdf", "application/pdf")


@pytest.mark.parametrize("kind", ["xlsx", "ods", "csv"])
def test_a_filled_plan_read_over_itself_changes_nothing(plan, kind):
    fill(plan)
    before = [model.objects.count() for model in EVERYTHING]

    outcome = sent(exported(kind), kind)

    assert outcome.errors == []
    assert outcome.difference.summary() == "aucune valeur ne change"
    assert [model.objects.count() for model in EVERYTHING] == before


words = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=["Cs", "Cc"])
    | st.sampled_from("\n\t=+-@';\""),
    min_size=1,
    max_size=40,
).map(str.strip).filter(bool)  # fmt: skip
days = st.integers(0, (TODAY - START).days).map(lambda count: START + timedelta(days=count))


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data(), kind=st.sampled_from(["xlsx", "ods", "csv"]))
def test_whatever_is_written_comes_back(plan, django_db_blocker, data, kind):
    draw = data.draw
    opened = [
        plan.open(
            title=draw(words),
            code=f"H-{uuid4()}" if draw(st.booleans()) else "",
            departement=plan.house.bas_rhin,
            owner=draw(st.sampled_from(list(Owner))),
        )
        for _ in range(draw(st.integers(1, 3)))
    ]
    for action in opened:
        if draw(st.booleans()):
            actions.note_event(
                action, kind=EventKind.LANCEE, happened_on=draw(days), reason=draw(words), **BY
            )
        cause, since = draw(st.sampled_from(list(BlockerCause))), draw(days)
        blocked = actions.block(
            action, cause=cause, lifter=draw(words), since=since, description=draw(words), **BY
        )
        if draw(st.booleans()):
            actions.lift(blocked, lifted_on=max(since, draw(days)), **BY)
    pieces = [
        plan.evidence(
            title=draw(words),
            reference=draw(words),
            dated_on=draw(days),
            expires_on=draw(st.none() | st.just(date(2031, 5, 6))),
            provenance=draw(st.sampled_from(list(Provenance))),
        )
        for _ in range(draw(st.integers(0, 3)))
    ]
    for _ in range(draw(st.integers(0, 3))):
        proofs = draw(st.permutations(pieces)) if pieces else []
        plan.publish(draw(words), figure=draw(words), position=draw(st.integers(0, 9)), evidence=proofs)
    before, content = rows(), exported(kind)

    assert sent(content, kind).difference.summary() == "aucune valeur ne change"
    Blocker.objects.filter(action__in=opened).delete()
    ActionEvent.objects.filter(action__in=opened).delete()
    ActionRevision.objects.filter(action__in=opened).delete()
    Proof.objects.all().delete()
    Statement.objects.all().delete()
    Evidence.objects.all().delete()
    Action.objects.filter(pk__in=[each.pk for each in opened]).delete()
    assert sent(content, kind).errors == []

    def in_order(lines):
        return sorted(json.dumps(line, sort_keys=True) for line in lines)

    assert in_order(rows()) == in_order(before)


def test_an_action_keeps_where_it_comes_from(plan):
    reference = plan.clause().origin_reference
    content = exported("csv")
    empty()

    assert sent(content, "csv").errors == []

    action = Action.objects.get(origin_reference=reference)
    assert (action.origin, action.origin_label) == (OriginKind.CONVENTION_CLAUSE.value, "Clause 15")


# What a table adds


def test_a_table_adds_facts_blockers_evidence_and_statements(written):
    action = Action.objects.get(code="A-1")
    [sentence] = queries.sheet(written.measure, TODAY).sentences

    assert queries.action_line(action, TODAY).status.reason.startswith("moyens manquants")
    assert sentence.proof.state.value == "proven"
    assert Proof.objects.get().author_label == ACTOR.label


def test_the_same_codes_sent_again_change_nothing(written):
    outcome = apply(fact(), blocker(), piece(), statement())

    assert outcome.errors == []
    assert not outcome.difference


def test_a_fact_of_every_kind_is_told_in_the_difference(plan):
    outcome = check(ACTION, fact(), blocker(), piece(), statement())

    assert outcome.difference.summary() == "5 lignes nouvelles"
    told_of = [change.subject.replace("\u00a0", " ") for change in outcome.difference.changes]
    assert told_of == [
        "action A-1",
        "fait « lancée » de A-1, 05/01/2026",
        "blocage de A-1, moyens manquants",
        "preuve « Instruction »",
        "énoncé « Tout est signé. »",
    ]


def test_what_ends_is_closed_on_its_day_and_a_withdrawal_goes_back(written):
    ended = {"retiré ou levé le": (START + timedelta(days=3)).isoformat()}

    outcome = apply(blocker(**ended), piece(**ended), statement(**ended))

    assert outcome.errors == []
    assert (outcome.difference.count(ChangeKind.CHANGED), outcome.difference.count(ChangeKind.REGRESSED)) == (
        1,
        2,
    )
    assert Blocker.objects.get().lifted_by == ACTOR.label
    assert Evidence.objects.get().withdrawn_recorded_at == Statement.objects.get().retired_recorded_at == NOW


def test_an_empty_cell_does_not_open_again_what_ended(written):
    apply(blocker(**{"retiré ou levé le": START.isoformat()}))

    outcome = apply(blocker(**{"retiré ou levé le": ""}))

    assert outcome.errors == []
    assert Blocker.objects.get().lifted_on == START


def test_one_more_piece_proves_a_statement(written):
    outcome = apply(piece(code="P-2", intitulé="Autre"), statement(preuves="P-1 ; P-2"))

    assert outcome.errors == []
    assert Statement.objects.get().proofs.count() == 2


def test_what_the_pages_wrote_is_found_again_by_its_words(plan):
    plan.publish(evidence=[plan.evidence()], figure="101")

    outcome = apply(piece(), statement())

    assert outcome.errors == []
    assert not outcome.difference
    assert (Evidence.objects.count(), Statement.objects.count()) == (1, 1)


def test_a_document_deposited_here_is_found_by_its_hash(plan):
    plan.evidence(kind=EvidenceKind.FILE, reference="", deposit=Deposit(name="a.pdf", content=PDF))

    outcome = apply(
        piece(intitulé="Copie", nature="document déposé", référence="", fichier="b.pdf", empreinte=SHA_256)
    )

    assert outcome.errors == []
    copy = EvidenceFile.objects.get(name="b.pdf")
    assert (bytes(copy.content), copy.evidence.sha256) == (PDF, SHA_256)


# What is refused


def document(**values):
    return piece(
        **{
            "intitulé": "Rapport",
            "nature": "document déposé",
            "référence": "",
            "fichier": "a.pdf",
            "empreinte": "0" * 64,
        }
        | values
    )


@pytest.mark.parametrize(
    ("row", "column", "word"),
    [
        (fact(on=TODAY + timedelta(days=1), kind="réalisée"), "date", "à venir"),
        (fact(on=START - timedelta(days=1), kind="réalisée"), "date", "précède"),
        (fact(kind="lancée", on=TODAY), "fait", "ne peut pas suivre"),
        (fact(kind="abandonnée", on=TODAY, précision=""), "précision", "dit pourquoi"),
        (fact(kind="fini"), "fait", "liste"),
        (fact(kind=""), "fait", "vide"),
        (fact(action="A-2"), "parent", "A-1"),
        (fact(précision="autre motif"), "précision", "ne change plus"),
        (fact(date="31/02/2026"), "date", "n’existe pas"),
        (fact(code="F-1"), "code", "ne sert pas"),
        (blocker(cause="grève"), "cause", "liste"),
        (blocker(code="B-2", cause=""), "cause", "vide"),
        (blocker(code="B-2", cause="calendrier", **{"peut être levé par": ""}), "peut être levé par", "vide"),
        (blocker(code="B-2", parent="38", cause="calendrier"), "parent", "action"),
        (blocker(**{"retiré ou levé le": "2026-01-04"}), "retiré ou levé le", "précède le blocage"),
        (blocker(**{"retiré ou levé le": "2027-01-04"}), "retiré ou levé le", "à venir"),
        (blocker(**{"peut être levé par": "ARS"}), "peut être levé par", "ne change plus"),
        (piece(code="", intitulé="Neuve"), "code", "vide"),
        (piece(code="P-2", intitulé="Neuve", date="2027-01-04"), "date", "à venir"),
        (piece(code="P-2", intitulé="Neuve", référence=""), "référence", "se retrouve"),
        (piece(code="P-2", intitulé="Neuve", adresse="javascript:alert(1)"), "adresse", "adresse complète"),
        (piece(code="P-2", intitulé="Neuve", nature="rumeur"), "nature", "liste"),
        (piece(code="P-2", intitulé="Neuve", empreinte="0" * 64), "empreinte", "document déposé"),
        (piece(code="P-2", intitulé="Neuve", **{"expire le": "2025-12-31"}), "expire le", "avant sa date"),
        (piece(code="P-2", parent="39"), "parent", "mesure ou d’une action"),
        (piece(intitulé="Autre titre"), "intitulé", "ne change plus"),
        (document(code="P-2"), "empreinte", "n’est pas déposé"),
        (document(code="P-2", empreinte="abc"), "empreinte", "64 signes"),
        (document(code="P-2", empreinte=""), "empreinte", "vide"),
        (statement(texte="Autre"), "texte", "ne change plus"),
        (statement(code="E-2", texte="x" * 501), "texte", "500"),
        (statement(code="E-2", texte="Neuf", preuves="P-1;P-9"), "preuves", "« P-9 »"),
        (statement(code="E-2", texte="Neuf", rang="premier"), "rang", "un nombre"),
        (statement(code="E-2", texte="Neuf", rang="40000"), "rang", "32767"),
        (statement(code="E-2", texte="Neuf", date="2027-01-04"), "date", "à venir"),
        (ACTION | {"code": "38", "intitulé": "Comme la mesure"}, "code", "code d’une mesure"),
        (ACTION | {"code": "A-2", "référence d’origine": "x"}, "référence d’origine", "identifiant"),
        (ACTION | {"code": "A-2", "référence d’origine": str(uuid4())}, "origine", "référence vide"),
    ],
)
def test_a_wrong_cell_is_named_and_nothing_changes(written, row, column, word):
    before = [model.objects.count() for model in EVERYTHING]

    errors = apply(
        *([row] if "origine" not in column else [row | {"origine": "", "intitulé": "Écrire"}])
    ).errors

    assert errors[0].column == column
    assert word in errors[0].message.replace("\u00a0", " ")
    assert "ligne 2" in errors[0].reference.replace("\u00a0", " ")
    assert [model.objects.count() for model in EVERYTHING] == before


def test_a_piece_does_not_leave_the_statement_it_proved(written):
    error = told(apply(piece(code="P-2", intitulé="Autre"), statement(preuves="P-2")))

    assert error.column == "preuves"
    assert "reste lié" in error.message


def test_a_piece_of_another_measure_proves_nothing_here(written):
    other = {
        "type": "mesure",
        "code": "39",
        "parent": "4.1.1",
        "intitulé": "Autre",
        "provenance": "officiel",
    }

    error = told(
        apply(other, piece(code="P-2", parent="39"), statement(code="E-2", texte="x", preuves="P-2"))
    )

    assert (error.column, "autre mesure" in error.message) == ("preuves", True)


def test_the_end_of_a_blocker_is_not_moved(written):
    apply(blocker(**{"retiré ou levé le": START.isoformat()}))

    error = told(apply(blocker(**{"retiré ou levé le": TODAY.isoformat()})))

    assert "déjà noté" in error.message


def test_two_actions_of_one_origin_are_refused(plan):
    first = plan.clause()
    row = ACTION | {
        "parent": "",
        "territoire": "67",
        "à la charge de": "préfecture",
        "origine": "clause de convention",
        "référence d’origine": str(first.origin_reference),
    }

    assert told(check(row)).column == "référence d’origine"


def test_a_document_that_is_not_what_its_name_says_is_refused(plan, tmp_path):
    path = tmp_path / "a.pdf"
    path.write_bytes(b"not a pdf")
    sha256 = hashlib.sha256(b"not a pdf").hexdigest()
    importer = PlanImporter(documents={sha256: path})
    outcome = importer.check(table_of([document(empreinte=sha256)]), at=NOW, progress=quiet)

    assert told(outcome).column == "fichier"
