from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from tests.identity.conftest import ACTOR, ISSUER, NOW
from traitdunion.audit.actors import Actor
from traitdunion.audit.models import Entry
from traitdunion.identity import actions
from traitdunion.identity.actions import MandateRefusedError
from traitdunion.identity.kinds import Holding, Role
from traitdunion.identity.models import Delegation, Mandate, Person

pytestmark = pytest.mark.django_db
FIRST, LAST = date(2025, 1, 1), date(2025, 6, 30)


def grant(house, person, **changes):
    wanted = {"post": house.posts[Role.REFERENT_ARS], "starts_on": FIRST, "ends_on": LAST, **changes}
    return actions.grant(person=person, actor=ACTOR, at=NOW, **wanted)


def test_a_mandate_is_granted_and_logged(house):
    mandate = grant(house, house.person("Marie"))

    entry = Entry.objects.get(event="identity.mandate.granted")
    assert (entry.subject, entry.actor_label, entry.at) == (str(mandate.public_id), "Test", NOW)
    assert (mandate.author_label, mandate.recorded_at) == ("Test", NOW)


def test_a_mandate_cannot_end_before_it_starts(house):
    with pytest.raises(MandateRefusedError, match="avant son premier jour"):
        grant(house, house.person("Marie"), ends_on=FIRST - timedelta(days=1))
    assert not Mandate.objects.exists()


@pytest.mark.parametrize(
    ("starts_on", "ends_on"),
    [
        (LAST, None),
        (FIRST - timedelta(days=10), FIRST),
        (FIRST, LAST),
        (FIRST + timedelta(days=5), LAST - timedelta(days=5)),
        (FIRST - timedelta(days=5), None),
    ],
)
def test_two_titulaires_cannot_share_a_day(house, starts_on, ends_on):
    grant(house, house.person("Marie"))
    with pytest.raises(MandateRefusedError, match="déjà un titulaire, Marie"):
        grant(house, house.person("Paul"), starts_on=starts_on, ends_on=ends_on)


@pytest.mark.parametrize(
    ("starts_on", "ends_on"),
    [(LAST + timedelta(days=1), None), (FIRST - timedelta(days=30), FIRST - timedelta(days=1))],
)
def test_a_titulaire_may_follow_or_precede_another_by_a_day(house, starts_on, ends_on):
    grant(house, house.person("Marie"))
    grant(house, house.person("Paul"), starts_on=starts_on, ends_on=ends_on)
    assert Mandate.objects.count() == 2


def test_the_database_itself_refuses_two_titulaires_on_one_day(house):
    first = grant(house, house.person("Marie"))
    second = Mandate(
        person=house.person("Paul"),
        post=first.post,
        starts_on=LAST,
        author_label="Test",
        recorded_at=NOW,
    )
    with pytest.raises(IntegrityError, match="mandate_one_titulaire_a_day"), transaction.atomic():
        second.save()


def test_a_suppleant_may_stand_beside_the_titulaire(house):
    grant(house, house.person("Marie"))
    grant(house, house.person("Paul"), holding=Holding.SUPPLEANT)
    grant(house, house.person("Jeanne"), holding=Holding.SUPPLEANT)
    assert Mandate.objects.count() == 3


def test_a_mandate_cannot_start_before_the_post_exists(house):
    with pytest.raises(MandateRefusedError, match="n’existe pas le 31/12/2019"):
        grant(house, house.person("Marie"), starts_on=date(2019, 12, 31), ends_on=None)


def test_a_mandate_cannot_start_after_the_post_is_gone(house):
    post = house.posts[Role.REFERENT_ARS]
    post.closed_on = date(2024, 12, 31)
    post.save()
    with pytest.raises(MandateRefusedError, match="supprimé le 31/12/2024"):
        grant(house, house.person("Marie"), post=post)


def test_ending_a_mandate_is_logged_with_its_last_day(house):
    mandate = grant(house, house.person("Marie"), ends_on=None)

    actions.end(mandate, last_day=LAST, actor=ACTOR, at=NOW)

    assert Mandate.objects.get().ends_on == LAST
    assert Entry.objects.get(event="identity.mandate.ended").detail == {"last_day": "2025-06-30"}


def test_a_mandate_cannot_end_before_its_first_day(house):
    mandate = grant(house, house.person("Marie"))
    with pytest.raises(MandateRefusedError, match="précède le premier"):
        actions.end(mandate, last_day=FIRST - timedelta(days=1), actor=ACTOR, at=NOW)


def test_nobody_ends_the_mandate_in_use(house):
    mandate = house.mandate(Role.ADMINISTRATEUR)
    with pytest.raises(MandateRefusedError, match="sous lequel vous agissez"):
        actions.end(mandate, last_day=LAST, actor=mandate.as_actor(), at=NOW)


def delegate(house, **changes):
    wanted = {"reference": "Arrêté n° 12", "starts_on": FIRST, "ends_on": LAST, **changes}
    return actions.delegate(
        given_by=house.posts[Role.PREFET], given_to=house.person("Marie"), actor=ACTOR, at=NOW, **wanted
    )


def test_a_delegation_is_given_and_ended_and_both_are_logged(house):
    delegation = delegate(house, ends_on=None)
    actions.end_delegation(delegation, last_day=LAST, actor=ACTOR, at=NOW)

    assert Delegation.objects.get().ends_on == LAST
    events = Entry.objects.filter(subject=str(delegation.public_id)).values_list("event", flat=True)
    assert sorted(events) == ["identity.delegation.ended", "identity.delegation.given"]


def test_a_delegation_cannot_end_before_it_starts(house):
    with pytest.raises(MandateRefusedError, match="avant son premier jour"):
        delegate(house, ends_on=FIRST - timedelta(days=1))
    assert not Delegation.objects.exists()


def test_a_running_delegation_cannot_end_before_it_starts(house):
    delegation = delegate(house)
    with pytest.raises(MandateRefusedError, match="précède le premier"):
        actions.end_delegation(delegation, last_day=FIRST - timedelta(days=1), actor=ACTOR, at=NOW)


def test_an_identity_has_one_account(house):
    house.person("Marie", subject="marie-67")
    with pytest.raises(MandateRefusedError, match="a déjà un compte"):
        house.person("Marie Dupont", subject="marie-67")
    assert Person.objects.count() == 1


def test_two_issuers_may_give_the_same_subject(house):
    house.person("Marie", subject="1")
    actions.register_person(
        issuer=ISSUER + ".autre", subject="1", name="Une autre Marie", actor=ACTOR, at=NOW
    )
    assert Person.objects.count() == 2


def test_an_account_has_no_usable_password(house):
    assert not house.person("Marie").has_usable_password()


def test_closing_and_opening_an_access_is_logged(house):
    person = house.person("Marie")
    actions.set_access(person, is_active=False, actor=ACTOR, at=NOW)
    actions.set_access(person, is_active=True, actor=ACTOR, at=NOW)

    events = (
        Entry.objects.filter(subject=str(person.public_id)).order_by("id").values_list("event", flat=True)
    )
    assert list(events) == ["identity.person.registered", "identity.person.closed", "identity.person.opened"]


def test_nobody_closes_their_own_access(house):
    person = house.person("Marie")
    with pytest.raises(MandateRefusedError, match="votre propre accès"):
        actions.set_access(
            person, is_active=False, actor=Actor(label="Marie", person=person.public_id), at=NOW
        )
