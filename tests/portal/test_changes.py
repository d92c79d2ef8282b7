"""« Ce qui a changé depuis votre dernière visite »: every kind of change of a département, each with its link."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.barometer import pistes as scene
from tests.conventions import facts
from traitdunion.audit.actors import task
from traitdunion.barometer.kinds import Decision
from traitdunion.barometer.models import Piste
from traitdunion.barometer.rules_campaign import EMBARGO_DAYS
from traitdunion.conventions import actions_practice
from traitdunion.conventions.kinds import Step
from traitdunion.identity import actions as identity
from traitdunion.identity.kinds import OrganisationKind, Role, Side
from traitdunion.identity.models import Post
from traitdunion.plan import actions as plan
from traitdunion.plan.kinds import BlockerCause, EventKind, EvidenceKind, OriginKind, Owner, Provenance
from traitdunion.portal import changes, queries

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 2)
ACTOR = task("essais")


def noon(day):
    return datetime(day.year, day.month, day.day, 11, tzinfo=UTC)


def by(days):
    """The author and the moment of what is recorded so many days before the day of the test."""
    return {"actor": ACTOR, "at": noon(DAY - timedelta(days=days))}


@pytest.fixture
def place():
    return facts.departement()


@pytest.fixture
def reader(place):
    return facts.national_mandate()


def told(place, reader, *, since=None, day=DAY, **reading):
    page = queries.dyad(place, mandate=reader, day=day, previous_visit=since, **reading)
    return {change.text: change for change in page.changes}


def an_action(place, days=9):
    return plan.open_action(
        text=plan.ActionText(title="Désigner un suppléant"),
        opened_on=DAY - timedelta(days=days),
        provenance=Provenance.SYNTHETIC,
        departement=place,
        owner=Owner.BOTH,
        origin=plan.Origin(kind=OriginKind.LESSON, label="essai"),
        **by(days),
    )


def test_an_action_its_deadline_its_facts_its_obstacle_and_its_evidence_are_told(place, reader):
    action = an_action(place)
    plan.revise_action(
        action, text=plan.ActionText(title="Désigner un suppléant", due_on=date(2026, 6, 30)), **by(8)
    )
    plan.note_event(action, kind=EventKind.LANCEE, happened_on=DAY - timedelta(days=7), **by(7))
    blocker = plan.block(
        action, cause=BlockerCause.DECISION, lifter="préfet", since=DAY - timedelta(days=6), **by(6)
    )
    plan.lift(blocker, lifted_on=DAY - timedelta(days=4), **by(4))
    piece = plan.add_evidence(
        action=action,
        kind=EvidenceKind.TEXT,
        title="Arrêté",
        reference="2026-12",
        dated_on=DAY - timedelta(days=3),
        provenance=Provenance.SYNTHETIC,
        **by(3),
    )
    plan.withdraw_evidence(piece, withdrawn_on=DAY - timedelta(days=1), **by(1))

    lines = told(place, reader)

    assert list(lines) == [
        "Preuve retirée de l’action « Désigner un suppléant » : Arrêté",
        "Preuve ajoutée à l’action « Désigner un suppléant » : Arrêté",
        "Blocage levé (décision attendue) : Désigner un suppléant",
        "Action bloquée (décision attendue, peut être levé par : préfet) : Désigner un suppléant",
        "Action lancée : Désigner un suppléant",
        "Action rédigée de nouveau : Désigner un suppléant, échéance le 30/06/2026",
        "Action ouverte : Désigner un suppléant",
    ]
    assert {line.url for text, line in lines.items() if text.startswith(("Action", "Blocage"))} == {
        f"/plan/actions/{action.public_id}/"
    }
    assert {line.url for text, line in lines.items() if text.startswith("Preuve")} == {
        f"/plan/preuves/{piece.public_id}/"
    }
    assert set(told(place, reader, since=noon(DAY - timedelta(days=4)))) == set(list(lines)[:2])


def test_the_action_of_another_departement_is_not_told(place, reader):
    an_action(facts.departement("68", "Haut-Rhin"))
    assert told(place, reader) == {}


def test_people_in_post_and_delegations_are_told_on_the_day_they_count(place, reader):
    held = facts.post(Side.ARS, place)
    facts.mandate(held, facts.person("Camille"), since=DAY - timedelta(days=30), until=DAY - timedelta(days=2),
                  at=noon(DAY - timedelta(days=40)))  # fmt: skip
    facts.mandate(held, facts.person("Dominique"), since=DAY, at=noon(DAY - timedelta(days=20)))
    head = Post.objects.create(
        organisation=facts.organisation(OrganisationKind.PREFECTURE, place),
        role=Role.PREFET.value,
        departement=place,
        opened_on=date(2020, 1, 1),
    )
    identity.delegate(
        given_by=head,
        given_to=facts.person("Sacha"),
        reference="arrêté 2026-3",
        starts_on=DAY - timedelta(days=5),
        ends_on=DAY - timedelta(days=1),
        **by(6),
    )

    lines = told(place, reader, since=noon(DAY - timedelta(days=10)))

    role = Role.REFERENT_ARS.label
    assert set(lines) == {
        f"Dominique prend le poste : {role}",  # recorded long before, it is news on its first day
        f"Camille a quitté le poste : {role}",
        "Délégation donnée. Sacha signe pour : préfet (arrêté 2026-3)",
        "Délégation finie. Sacha signe pour : préfet (arrêté 2026-3)",
    }
    assert lines[f"Dominique prend le poste : {role}"].url == "/departements/67/#side-ars"
    assert lines["Délégation finie. Sacha signe pour : préfet (arrêté 2026-3)"].url.endswith(
        "#side-prefecture"
    )


def test_a_planned_meeting_is_told_when_it_is_planned_then_when_it_is_held(place, reader):
    meeting = actions_practice.plan_meeting(
        place, planned_on=DAY + timedelta(days=5), subject="Comité", **by(2)
    )
    assert list(told(place, reader)) == ["Réunion inscrite pour le 07/03/2026 : Comité"]

    actions_practice.hold_meeting(
        meeting, held_on=DAY, prefecture_present=True, ars_present=True, today=DAY, **by(0)
    )
    lines = told(place, reader)

    assert next(iter(lines)) == "Réunion tenue : Comité (préfecture et ARS présentes)"
    assert {line.url for line in lines.values()} == {"/conventions/departements/67/reunions/"}


@pytest.fixture
def wave():
    return scene.wave(closes_on=DAY - timedelta(days=EMBARGO_DAYS + 3))


def test_a_wave_is_told_when_it_closes_and_is_published(place, reader, wave):
    assert f"Baromètre, vague « {wave.name} » : résultats publiés" not in told(place, reader)
    scene.result(wave)

    lines = told(place, reader)

    assert lines[f"Baromètre, vague « {wave.name} » : ouverte aux réponses"].url.endswith(
        f"{wave.public_id}/"
    )
    assert lines[f"Baromètre, vague « {wave.name} » : close"].on == wave.closes_on + timedelta(days=1)
    published = lines[f"Baromètre, vague « {wave.name} » : résultats publiés"]
    assert (published.on, published.url) == (wave.published_on, "/barometre/departements/67/")


def a_piste(place, wave, on):
    return Piste.objects.create(
        wave=wave,
        departement=place,
        rule="low",
        pattern="shared_problem",
        dimension=scene.DIMENSION,
        reading="Des deux côtés, c’est moins souvent que « parfois ».",
        remedy="Un plan d’action commun.",
        decided_at=noon(on),
        decision=Decision.KEPT.value,
        decided_by="les deux côtés",
        due_on=DAY + timedelta(days=90),
        measured_by=scene.QUESTION,
        author_label="essai",
        recorded_at=noon(on),
    )


def test_a_piste_kept_is_told_with_its_page(place, reader, wave):
    piste = a_piste(place, wave, DAY - timedelta(days=1))

    [kept] = [line for text, line in told(place, reader).items() if text.startswith("Piste retenue : ")]

    assert (kept.url, kept.author) == (f"/barometre/pistes/{piste.public_id}/", "les deux côtés")


def test_a_piste_under_embargo_is_told_to_the_pair_alone(place, reader):
    a_piste(place, scene.wave(closes_on=DAY - timedelta(days=2)), DAY - timedelta(days=1))
    referent = facts.mandate(facts.post(Side.ARS, place))

    assert not any(text.startswith("Piste") for text in told(place, reader))
    assert any(text.startswith("Piste retenue : ") for text in told(place, referent))


def test_a_past_day_tells_what_was_known_then_and_links_to_it(place, reader):
    made = facts.convention(place, at=noon(DAY - timedelta(days=30)))
    facts.step(made, Step.PROJET, DAY - timedelta(days=30), at=noon(DAY - timedelta(days=30)))
    facts.step(made, Step.RELECTURE, DAY - timedelta(days=20), at=noon(DAY - timedelta(days=5)))  # told late
    an_action(place, days=15)
    day = DAY - timedelta(days=12)

    lines = told(place, reader, day=day, known_before=noon(day + timedelta(days=1)))

    assert list(lines) == ["Action ouverte : Désigner un suppléant", "Convention-cadre : projet"]
    assert all(line.url.endswith(f"?au={day.isoformat()}") for line in lines.values())


def test_the_terms_of_a_past_day_are_those_then_known(place, reader):
    made = facts.convention(
        place,
        signed_on=DAY - timedelta(days=40),
        starts_on=DAY - timedelta(days=40),
        at=noon(DAY - timedelta(days=3)),
    )
    day = DAY - timedelta(days=10)

    assert "Convention-cadre : entre en vigueur" in told(place, reader)
    assert told(place, reader, day=day, known_before=noon(day)) == {}
    assert made.signed_on < day


def test_changes_are_gathered_by_the_day_they_were_recorded(place, reader):
    made = facts.convention(place)
    for rank, recorded in enumerate((9, 9, 2)):
        facts.step(
            made, Step.PROJET, DAY - timedelta(days=20 - rank), at=noon(DAY - timedelta(days=recorded))
        )

    days = queries.dyad(place, mandate=reader, day=DAY).days

    assert [(each.day, len(each.changes)) for each in days] == [
        (DAY - timedelta(days=2), 1),
        (DAY - timedelta(days=9), 2),
    ]


def test_what_is_too_long_says_how_much_is_left_out(place, reader):
    made = facts.convention(place)
    for rank in range(changes.SHOWN + 3):
        facts.step(made, Step.PROJET, DAY - timedelta(days=rank), at=noon(DAY - timedelta(days=rank)))

    page = queries.dyad(place, mandate=reader, day=DAY)

    assert sum(len(each.changes) for each in page.days) == changes.SHOWN
    assert page.not_shown == 3
