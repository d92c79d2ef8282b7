"""A département, and the desk that prepares waves."""

from datetime import date

import pytest

from tests.conventions import facts
from traitdunion.identity.kinds import OrganisationKind, Role
from traitdunion.identity.models import Post


@pytest.fixture
def bas_rhin(db):
    return facts.departement()


@pytest.fixture
def manager(db):
    desk = facts.organisation(OrganisationKind.DESK)
    held = Post.objects.create(organisation=desk, role=Role.DESK_SANTE.value, opened_on=date(2000, 1, 1))
    return facts.mandate(held, facts.person("Bureau Essai", email="bureau@example.org"))
