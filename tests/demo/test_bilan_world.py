"""The demonstration shows the bilans of the last quarter, open, with criteria that came before it."""

from datetime import date

import pytest

from tests.identity.conftest import territories  # noqa: F401  # a fixture
from traitdunion.audit.actors import task
from traitdunion.demo import bilan_world
from traitdunion.reviews.models import CriteriaVersion, Review

pytestmark = pytest.mark.django_db


def test_every_departement_has_its_bilan_of_the_last_quarter(territories):  # noqa: F811  # the fixture above
    assert bilan_world.build(today=date(2026, 11, 24), actor=task("essais")) == 2

    assert set(Review.objects.values_list("quarter", flat=True)) == {"2026-T3"}
    assert [row.came_late for row in CriteriaVersion.objects.all()] == [False, False]
    assert bilan_world.build(today=date(2026, 11, 24), actor=task("essais")) == 0
