from datetime import date, timedelta

import pytest

from tests.conventions.scene import BY, NOW, START, TODAY
from traitdunion.audit.models import Entry
from traitdunion.conventions import actions_signature, actions_text
from traitdunion.conventions.kinds import Coverage, State, Step, Turn
from traitdunion.conventions.writing import ConventionRefusedError
from traitdunion.identity.kinds import OrganisationKind, Side
from traitdunion.identity.models import Organisation

pytestmark = pytest.mark.django_db


def test_a_draft_binds_both_institutions_and_proposes_the_model(dyad):
    convention = dyad.draft()

    assert {party.side: party.organisation.name for party in convention.parties.all()} == {
        "prefecture": "Préfecture du Bas-Rhin",
        "ars": "ARS Grand Est",
    }
    assert convention.headings.count() == 16
    assert convention.circuits.count() == dyad.template.circuits.count() > 0
    where = convention.situation(START)
    assert (where.state, where.turn, where.since) == (State.PROJET, Turn.PREFECTURE, START)
    [entry] = Entry.objects.filter(event="conventions.convention.started")
    assert (entry.subject, entry.actor_label, entry.at) == (
        str(convention.public_id),
        BY["actor"].label,
        NOW,
    )


def test_other_organisations_may_join(dyad):
    hospital = Organisation.objects.get(kind=OrganisationKind.ESTABLISHMENT.value)
    convention = dyad.draft(others=[hospital])
    assert convention.parties.filter(side="").get().organisation == hospital


def test_a_second_draft_is_refused_while_one_is_open(dyad):
    dyad.draft()
    with pytest.raises(ConventionRefusedError, match="Un projet de convention est déjà ouvert"):
        dyad.draft()


def test_a_missing_institution_is_named(dyad):
    Organisation.objects.filter(kind=OrganisationKind.ARS.value).update(kind=OrganisationKind.DESK.value)
    with pytest.raises(ConventionRefusedError, match="Aucune organisation « ARS »"):
        dyad.draft()
    assert not dyad.departement.conventions.exists()


BACKWARDS = {"starts_on": date(2026, 5, 1), "ends_on": date(2026, 4, 30)}
ENDS_BEFORE = "finirait le 30/04/2026, avant de commencer, le 01/05/2026"


def test_a_convention_that_ends_before_it_starts_is_refused(dyad):
    with pytest.raises(ConventionRefusedError, match=ENDS_BEFORE):
        dyad.draft(**BACKWARDS)
    convention = dyad.draft()
    with pytest.raises(ConventionRefusedError, match=ENDS_BEFORE):
        actions_text.revise(convention, title="Titre", reference="", template=None, **BACKWARDS, **BY)


def test_a_draft_cannot_start_tomorrow(dyad):
    with pytest.raises(ConventionRefusedError, match="date à venir, le 03/03/2026"):
        dyad.draft(on=TODAY + timedelta(days=1))


def test_the_pen_goes_from_side_to_side_with_reasons(dyad):
    convention = dyad.draft()

    dyad.step(convention, Step.RELECTURE, reason="")
    assert convention.situation(START).turn is Turn.ARS
    dyad.step(convention, Step.PROJET, side=Side.ARS, reason="Il manque la rubrique 11")
    taken = convention.steps.last()
    assert (taken.step, taken.turn, taken.reason) == ("projet", "prefecture", "Il manque la rubrique 11")
    dyad.step(convention, Step.PROJET, reason="")
    assert convention.situation(START).turn is Turn.ARS


def test_going_back_or_out_of_turn_asks_why(dyad):
    convention = dyad.draft()
    with pytest.raises(ConventionRefusedError, match="Dites pourquoi"):
        dyad.step(convention, Step.RELECTURE, side=Side.ARS, reason=" ")
    dyad.step(convention, Step.RELECTURE)
    with pytest.raises(ConventionRefusedError, match="Dites pourquoi"):
        dyad.step(convention, Step.PROJET, side=Side.ARS, reason="")
    assert convention.steps.count() == 2


def test_a_step_that_cannot_follow_is_refused_with_those_that_can(dyad):
    with pytest.raises(ConventionRefusedError, match="choisissez « relecture » ou « projet »"):
        dyad.step(dyad.draft(), Step.A_SIGNER)


@pytest.mark.parametrize(
    ("on", "said"),
    [(START - timedelta(days=1), "précède l’étape précédente"), (TODAY + timedelta(days=1), "date à venir")],
)
def test_a_step_takes_place_after_the_one_before_and_not_tomorrow(dyad, on, said):
    with pytest.raises(ConventionRefusedError, match=said):
        dyad.step(dyad.draft(), Step.RELECTURE, on=on)


def test_the_text_is_frozen_once_a_side_has_signed(dyad):
    convention = dyad.to_sign()
    circuit = convention.circuits.first()
    clause = dyad.with_clause(convention)
    dyad.sign(convention, sides=[Side.PREFECTURE])

    writes = [
        lambda: actions_text.write_heading(
            convention, number=1, coverage=Coverage.PRESENT, text="Autre", **BY
        ),
        lambda: actions_text.remove_circuit(circuit, **BY),
        lambda: actions_text.remove_clause(clause, **BY),
        lambda: actions_text.revise(
            convention, title="Autre", reference="", template=None, starts_on=None, ends_on=None, **BY
        ),
        lambda: dyad.step(convention, Step.RELECTURE, on=TODAY),
    ]
    for write in writes:
        with pytest.raises(ConventionRefusedError, match="le texte ne bouge plus"):
            write()


def test_the_author_and_the_reason_of_a_denunciation_are_kept(dyad):
    convention = dyad.signed()

    actions_signature.denounce(convention, from_on=date(2026, 4, 1), reason="Refonte de la cellule", **BY)

    convention.refresh_from_db()
    assert convention.denounced_by == BY["actor"].label
    assert convention.situation(date(2026, 3, 31)).state is State.EN_VIGUEUR
    assert convention.situation(date(2026, 4, 1)).state is State.DENONCEE


@pytest.mark.parametrize(
    ("from_on", "reason", "said"),
    [
        (date(2026, 1, 10), "motif", "doit suivre la signature, le 10/01/2026"),
        (date(2027, 1, 1), "motif", "aura déjà pris fin"),
        (date(2026, 4, 1), " ", "Dites pourquoi"),
    ],
)
def test_a_denunciation_without_sense_is_refused(dyad, from_on, reason, said):
    convention = dyad.signed(ends_on=date(2026, 12, 31))
    with pytest.raises(ConventionRefusedError, match=said):
        actions_signature.denounce(convention, from_on=from_on, reason=reason, **BY)


def test_only_a_signed_convention_is_denounced_and_once(dyad):
    draft = dyad.draft()
    with pytest.raises(ConventionRefusedError, match="n’est pas signée"):
        actions_signature.denounce(draft, from_on=date(2026, 4, 1), reason="motif", **BY)
    dyad.ready(draft)
    convention = dyad.sign(draft)
    actions_signature.denounce(convention, from_on=date(2026, 4, 1), reason="motif", **BY)
    with pytest.raises(ConventionRefusedError, match="déjà dénoncée à compter du 01/04/2026"):
        actions_signature.denounce(convention, from_on=date(2026, 5, 1), reason="motif", **BY)
