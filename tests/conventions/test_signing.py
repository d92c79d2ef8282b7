import threading
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from tests.conventions.scene import BY, START, TODAY
from traitdunion.audit.models import Entry
from traitdunion.conventions import actions_signature, writing
from traitdunion.conventions.kinds import Basis, State, Step, Turn
from traitdunion.conventions.models import Convention, Signature
from traitdunion.conventions.writing import ConventionRefusedError
from traitdunion.identity import actions as identity
from traitdunion.identity.kinds import Role, Side
from traitdunion.plan.kinds import OriginKind, Provenance
from traitdunion.plan.models import Action

pytestmark = pytest.mark.django_db
ON = START + timedelta(days=5)


def sign(convention, side, person, on=ON):
    return actions_signature.sign(convention, side=side, signatory=person, signed_on=on, **BY)


def test_a_signatory_in_his_own_right_signs_under_his_post(dyad):
    convention = dyad.to_sign()

    signature = sign(convention, Side.PREFECTURE, dyad.prefet.person)

    assert (signature.basis, signature.post, signature.delegation) == (
        Basis.MANDATE.value,
        dyad.prefet.post,
        None,
    )
    assert convention.situation(ON).state is State.A_SIGNER


def test_the_second_signature_puts_the_convention_in_force_on_its_day(dyad):
    convention = dyad.to_sign(ends_on=date(2028, 12, 31))
    sign(convention, Side.PREFECTURE, dyad.prefet.person)
    sign(convention, Side.ARS, dyad.dg.person, on=ON + timedelta(days=3))

    convention.refresh_from_db()
    assert convention.signed_on == convention.starts_on == ON + timedelta(days=3)
    assert convention.situation(ON + timedelta(days=2)).state is State.A_SIGNER
    assert convention.situation(ON + timedelta(days=3)).state is State.EN_VIGUEUR
    assert Entry.objects.filter(event="conventions.convention.concluded").count() == 1


@pytest.mark.parametrize("on", [ON, ON + timedelta(days=5)])
def test_a_delegate_signs_on_the_days_of_the_delegation(dyad, on):
    delegate = dyad.referent_prefecture.person
    delegation = dyad.delegate(delegate, starts_on=ON, ends_on=ON + timedelta(days=5))

    signature = sign(dyad.to_sign(), Side.PREFECTURE, delegate, on=on)

    assert (signature.basis, signature.delegation) == (Basis.DELEGATION.value, delegation)
    assert "Arrêté 2026-12" in signature.quality


@pytest.mark.parametrize("shift", [-1, 6])
def test_a_delegation_of_the_day_before_or_after_is_refused_with_its_days(dyad, shift):
    delegate = dyad.referent_prefecture.person
    dyad.delegate(delegate, starts_on=ON, ends_on=ON + timedelta(days=5))
    day = ON + timedelta(days=shift)

    with pytest.raises(ConventionRefusedError) as refusal:
        sign(dyad.to_sign(), Side.PREFECTURE, delegate, on=day)

    said = str(refusal.value)
    assert f"Le {day:%d/%m/%Y}, {delegate.name} ne pouvait pas signer pour la préfecture" in said
    assert "délégation Arrêté 2026-12, du 10/01/2026 au 15/01/2026" in said
    assert f"{dyad.prefet.person.name} (préfet, depuis le 01/01/2020)" in said
    assert not Signature.objects.exists()


def test_without_any_power_the_refusal_says_who_could(dyad):
    with pytest.raises(ConventionRefusedError, match="ni mandat de signataire ni délégation"):
        sign(dyad.to_sign(), Side.ARS, dyad.referent_ars.person)


def test_the_power_of_one_side_does_not_sign_for_the_other(dyad):
    with pytest.raises(ConventionRefusedError, match="ne pouvait pas signer pour l’ARS"):
        sign(dyad.to_sign(), Side.ARS, dyad.prefet.person)


def test_a_signatory_of_another_departement_has_no_power(dyad):
    far = dyad.house.far_posts[Role.REFERENT_PREFECTURE]
    far.role = Role.PREFET.value
    far.save()
    stranger = dyad.house.person("Lointain")
    identity.grant(person=stranger, post=far, starts_on=date(2020, 1, 1), **BY)
    with pytest.raises(ConventionRefusedError, match="ne pouvait pas signer"):
        sign(dyad.to_sign(), Side.PREFECTURE, stranger)


def test_a_mandate_ended_the_day_before_gives_no_power(dyad):
    identity.end(dyad.prefet, last_day=ON - timedelta(days=1), **BY)
    with pytest.raises(ConventionRefusedError, match="Personne ne pouvait signer ce jour-là"):
        sign(dyad.to_sign(), Side.PREFECTURE, dyad.prefet.person)


@pytest.mark.parametrize(
    ("on", "said"),
    [
        (TODAY + timedelta(days=1), "La signature porte une date à venir, le 03/03/2026"),
        (START - timedelta(days=1), "précède le passage « à signer »"),
    ],
)
def test_the_day_of_a_signature_is_checked(dyad, on, said):
    with pytest.raises(ConventionRefusedError, match=said):
        sign(dyad.to_sign(), Side.PREFECTURE, dyad.prefet.person, on=on)


def test_a_draft_is_not_signed_before_its_step(dyad):
    with pytest.raises(ConventionRefusedError, match="passez-le d’abord « à signer »"):
        sign(dyad.draft(), Side.PREFECTURE, dyad.prefet.person)


def test_a_side_signs_once(dyad):
    convention = dyad.to_sign()
    sign(convention, Side.PREFECTURE, dyad.prefet.person)
    with pytest.raises(ConventionRefusedError, match="a déjà signé pour ce côté"):
        sign(convention, Side.PREFECTURE, dyad.prefet.person)
    sign(convention, Side.ARS, dyad.dg.person)
    with pytest.raises(ConventionRefusedError, match="Les deux parties ont déjà signé"):
        sign(convention, Side.ARS, dyad.dg.person)


def test_a_term_before_the_last_signature_is_refused_and_nothing_is_signed(dyad):
    convention = dyad.to_sign(ends_on=ON - timedelta(days=1))
    sign(convention, Side.PREFECTURE, dyad.prefet.person)
    with pytest.raises(ConventionRefusedError, match="précède la dernière signature"):
        sign(convention, Side.ARS, dyad.dg.person)
    assert convention.signatures.count() == 1


def test_a_signature_is_withdrawn_with_its_reason_while_alone(dyad):
    convention = dyad.to_sign()
    sign(convention, Side.PREFECTURE, dyad.prefet.person)

    actions_signature.withdraw_signature(
        convention, side=Side.PREFECTURE, on=TODAY, reason="Erreur de date", **BY
    )

    assert not convention.signatures.exists()
    assert convention.steps.last().reason == "Signature préfecture retirée : Erreur de date"
    assert convention.situation(TODAY).state is State.A_SIGNER


def test_a_withdrawn_signature_is_kept_aside_and_the_side_signs_again(dyad):
    convention = dyad.to_sign()
    sign(convention, Side.PREFECTURE, dyad.prefet.person)
    actions_signature.withdraw_signature(convention, side=Side.PREFECTURE, on=TODAY, reason="Erreur", **BY)

    again = actions_signature.sign(
        convention, side=Side.PREFECTURE, signatory=dyad.prefet.person, signed_on=TODAY, **BY
    )

    assert list(convention.signatures.all()) == [again]
    taken_back = Signature.every.exclude(pk=again.pk).get()
    assert (taken_back.signed_on, taken_back.withdrawn_on) == (ON, TODAY)
    with pytest.raises(IntegrityError, match="signature_once_a_side"), transaction.atomic():
        Signature.every.filter(pk=taken_back.pk).update(withdrawn_on=None, withdrawn_recorded_at=None)


def test_a_signature_is_not_withdrawn_without_sense(dyad):
    convention = dyad.to_sign()
    sign(convention, Side.PREFECTURE, dyad.prefet.person)
    withdraw = actions_signature.withdraw_signature
    with pytest.raises(ConventionRefusedError, match="il n’y a rien à retirer"):
        withdraw(convention, side=Side.ARS, on=TODAY, reason="motif", **BY)
    with pytest.raises(ConventionRefusedError, match="Dites pourquoi"):
        withdraw(convention, side=Side.PREFECTURE, on=TODAY, reason="", **BY)
    sign(convention, Side.ARS, dyad.dg.person)
    with pytest.raises(ConventionRefusedError, match="ne se retire plus"):
        withdraw(convention, side=Side.ARS, on=TODAY, reason="motif", **BY)


# Clauses


def test_each_clause_opens_one_action_when_both_have_signed(dyad):
    convention = dyad.to_sign()
    clause = dyad.with_clause(convention)
    sign(convention, Side.PREFECTURE, dyad.prefet.person)
    assert not Action.objects.exists()

    sign(convention, Side.ARS, dyad.dg.person)

    [action] = Action.objects.all()
    assert (action.origin, action.origin_reference, action.owner, action.departement, action.opened_on) == (
        OriginKind.CONVENTION_CLAUSE.value,
        clause.public_id,
        "both",
        dyad.departement,
        ON,
    )
    assert action.revisions.get().title == clause.text


# One in force


def test_two_conventions_of_a_departement_never_apply_the_same_day(dyad):
    dyad.signed(title="Première")
    second = dyad.to_sign(title="Seconde")
    sign(second, Side.PREFECTURE, dyad.prefet.person)
    with pytest.raises(ConventionRefusedError, match="« Première », en vigueur depuis le 10/01/2026"):
        sign(second, Side.ARS, dyad.dg.person)
    second.refresh_from_db()
    assert second.signed_on is None


def test_a_convention_may_follow_the_day_after_the_term(dyad):
    dyad.signed(ends_on=date(2026, 1, 31))
    second = dyad.signed(title="Suite", starts_on=date(2026, 2, 1))
    assert second.situation(date(2026, 2, 1)).state is State.EN_VIGUEUR


def test_a_convention_on_the_last_day_of_another_is_refused(dyad):
    dyad.signed(ends_on=date(2026, 1, 31))
    with pytest.raises(ConventionRefusedError, match="jusqu’à la veille du 01/02/2026"):
        dyad.signed(title="Suite", starts_on=date(2026, 1, 31))


def test_a_denounced_convention_leaves_room(dyad):
    first = dyad.signed()
    actions_signature.denounce(first, from_on=date(2026, 2, 1), reason="Refonte", **BY)
    assert dyad.signed(title="Suite", starts_on=date(2026, 2, 1)).signed_on is not None


def test_the_database_refuses_what_the_actions_would_let_through(dyad):
    dyad.signed()
    second = dyad.to_sign(title="Seconde")
    with pytest.raises(IntegrityError, match="convention_one_in_force_a_day"), transaction.atomic():
        Convention.objects.filter(pk=second.pk).update(signed_on=ON, starts_on=ON)


def test_the_refusal_of_the_database_is_said_in_words(dyad, monkeypatch):
    dyad.signed()
    second = dyad.to_sign(title="Seconde")
    sign(second, Side.PREFECTURE, dyad.prefet.person)
    monkeypatch.setattr(actions_signature, "check_alone", lambda convention: None)
    with pytest.raises(ConventionRefusedError, match="vient d’être signée pour la même période"):
        sign(second, Side.ARS, dyad.dg.person)


def at_once(*acts):
    """Run the acts at the same time, each in its own connection; return what each raised."""
    barrier = threading.Barrier(len(acts))
    raised: list[BaseException | None] = [None] * len(acts)

    def run(rank, act):
        try:
            barrier.wait(timeout=10)
            act()
        except (ConventionRefusedError, IntegrityError, OperationalError) as error:
            raised[rank] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return raised


@pytest.mark.django_db(transaction=True)
def test_both_sides_may_sign_at_the_same_moment(dyad):
    convention = dyad.to_sign()
    dyad.with_clause(convention)

    raised = at_once(
        lambda: sign(convention, Side.PREFECTURE, dyad.prefet.person),
        lambda: sign(convention, Side.ARS, dyad.dg.person),
    )

    assert raised == [None, None]
    convention.refresh_from_db()
    assert convention.signed_on == ON
    assert Action.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_side_that_signs_twice_at_the_same_moment_signs_once(dyad):
    convention = dyad.to_sign()
    raised = at_once(*[lambda: sign(convention, Side.PREFECTURE, dyad.prefet.person)] * 2)
    assert sum(error is None for error in raised) == 1
    assert convention.signatures.count() == 1


def declared_twice(dyad):
    """Two conventions of one département that each wait for the last signature only."""
    first = dyad.to_sign(title="Première")
    sign(first, Side.PREFECTURE, dyad.prefet.person)
    second = Convention.objects.create(
        departement=dyad.departement,
        title="Seconde",
        provenance=Provenance.SYNTHETIC.value,
        author_label="essai",
        recorded_at=BY["at"],
    )
    writing.join_parties(second, ())
    writing.record_step(second, Step.PROJET, Turn.PREFECTURE, START, "", **BY)
    dyad.ready(second)
    sign(second, Side.PREFECTURE, dyad.prefet.person)
    return first, second


@pytest.mark.django_db(transaction=True)
def test_two_conventions_signed_at_the_same_moment_do_not_both_enter_into_force(dyad):
    first, second = declared_twice(dyad)

    raised = at_once(
        lambda: sign(first, Side.ARS, dyad.dg.person), lambda: sign(second, Side.ARS, dyad.dg.person)
    )

    assert sorted(type(error) for error in raised if error) == [ConventionRefusedError]
    assert Convention.objects.filter(signed_on__isnull=False).count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_constraint_alone_lets_one_of_two_writers_through(dyad):
    pair = declared_twice(dyad)

    def put_in_force(convention):
        Convention.objects.filter(pk=convention.pk).update(signed_on=ON, starts_on=ON)

    raised = at_once(*[lambda each=each: put_in_force(each) for each in pair])

    [refusal] = [error for error in raised if error]
    # Two writers that check each other's row at the same instant: PostgreSQL stops one, by name or as a deadlock.
    assert isinstance(refusal, IntegrityError) or "deadlock detected" in str(refusal)
    assert Convention.objects.filter(signed_on__isnull=False).count() == 1
