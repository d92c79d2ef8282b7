"""Nobody opens a dossier, save those whom the ARS named for its département."""

import pytest

from tests.register.scene import NOW
from traitdunion.identity.kinds import Role
from traitdunion.identity.models import Mandate, Person, Post
from traitdunion.register import access
from traitdunion.register.authority import Purpose

pytestmark = pytest.mark.django_db
NAMED = {Role.SSC_ENREGISTREMENT, Role.SSC_CONSULTATION}


def granted(mandate, dossier):
    return access.grant(mandate, dossier, purpose=Purpose.JUDGE, day=NOW.date())


def test_only_the_agents_named_by_the_ars_open_a_dossier(ward):
    measure = ward.measure()
    opened, recording = set(), set()
    for role in Role:
        mandate = ward.agent(role)
        seen = (
            access.dossiers_visible_to(mandate).count(),
            access.measures_visible_to(mandate).count(),
            access.events_visible_to(mandate).count(),
        )
        assert seen in {(0, 0, 0), (1, 1, 1)}
        assert (seen == (1, 1, 1)) == (granted(mandate, measure.dossier) is not None)
        opened |= {role} if seen[0] else set()
        recording |= {role} if access.may_record(mandate) else set()

    assert (opened, recording) == (NAMED, {Role.SSC_ENREGISTREMENT})


@pytest.mark.parametrize("role", NAMED)
@pytest.mark.parametrize("territory", ["elsewhere", "region", "nation"])
def test_named_for_another_place_opens_nothing(ward, territories, role, territory):
    dossier = ward.dossier()
    place = {
        "elsewhere": {"departement": territories["35"]},
        "region": {"region": ward.place.region},
        "nation": {},
    }[territory]
    post = Post(organisation=ward.house.posts[role].organisation, role=role.value, **place)
    mandate = Mandate(post=post, person=Person(name="Ailleurs"))

    assert access.dossiers_visible_to(mandate).count() == 0
    assert granted(mandate, dossier) is None
    assert access.may_record(mandate) == (role is Role.SSC_ENREGISTREMENT and territory == "elsewhere")


def test_a_grant_says_for_what_and_by_which_text(ward):
    dossier = ward.dossier()

    given = granted(ward.agent(), dossier)

    assert (given.dossier, given.purpose, given.text) == (dossier.public_id, Purpose.JUDGE, "D2018-383/V3")
