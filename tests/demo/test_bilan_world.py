"""The demonstration shows the bilans of the last quarter, open, and those of the one before, some of them signed."""

from collections import Counter
from datetime import UTC, date, datetime

import pytest
from django.utils import timezone

from tests.identity.conftest import house, territories  # noqa: F401  # fixtures
from tests.reviews.conftest import dyad, key  # noqa: F401  # fixtures
from traitdunion.audit.actors import task
from traitdunion.demo import bilan_world
from traitdunion.identity.kinds import Role
from traitdunion.reviews import actions_signing, queries
from traitdunion.reviews.kinds import State
from traitdunion.reviews.models import CriteriaVersion, Review
from traitdunion.reviews.rules import Quarter, state_of

pytestmark = pytest.mark.django_db


TODAY = date(2026, 11, 24)
PARTIES = (Role.DESK_SANTE, Role.DESK_INTERIEUR)


def test_every_departement_has_its_bilan_of_the_last_two_quarters(territories):  # noqa: F811  # the fixture above
    assert bilan_world.build(today=TODAY, actor=task("essais")) == 6

    opened = Counter(Review.objects.values_list("quarter", "level"))
    assert opened == {
        (quarter, level): count
        for quarter in ("2026-T2", "2026-T3")
        for level, count in (("departement", 2), ("national", 1))
    }
    assert not any(row.came_late for row in CriteriaVersion.objects.all())
    assert bilan_world.build(today=TODAY, actor=task("essais")) == 0


def test_the_national_bilan_of_the_quarter_before_is_published_and_true(
    dyad,  # noqa: F811  # the fixture above
    key,  # noqa: F811  # same
    client,
    monkeypatch,
):
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 11, 24, 9, tzinfo=UTC))
    for role in PARTIES:
        dyad.house.mandate(role)

    bilan_world.build(today=TODAY, actor=task("essais"), key=key)

    states = {
        (review.quarter, review.place): state_of(queries.last_version(review).life)
        for review in Review.objects.all()
    }
    assert states["2026-T2", "national"] is State.SIGNE
    assert states["2026-T2", "Bas-Rhin"] is State.SIGNE
    assert states["2026-T3", "national"] is State.OUVERT
    assert client.get("/bilans/publies/2026-T2/").status_code == 200
    assert (
        actions_signing.watch_sources(Quarter(2026, 3), today=TODAY, actor=task("essais"), at=timezone.now())
        == 0
    )
