"""The synthetic register: every mode, every stage, and nothing that passes for a fact."""

from datetime import UTC, datetime

import pytest

from tests.identity.conftest import territories  # noqa: F401  # a fixture
from traitdunion.audit.models import Entry
from traitdunion.demo import register_world
from traitdunion.identity.kinds import REGISTER_ROLES
from traitdunion.identity.models import Mandate
from traitdunion.register import keyring
from traitdunion.register.kinds import MODE_LABELS
from traitdunion.register.models import Dossier, Event, Measure

AT = datetime(2026, 3, 2, 22, 30, tzinfo=UTC)


@pytest.mark.django_db
def test_the_register_of_the_demonstration_shows_every_mode_at_work(settings, tmp_path, territories):  # noqa: F811
    path = tmp_path / "keys.json"
    keyring.write(path, keyring.new_keys(at=AT))
    settings.REGISTER_KEYS = str(path)

    count = register_world.build(at=AT)

    assert count == Dossier.objects.count() == Measure.objects.count()
    assert {*Measure.objects.values_list("mode", flat=True)} == {*MODE_LABELS}
    assert Measure.objects.filter(ended_at__isnull=True).count() > count / 2
    assert not Event.objects.filter(at__gt=AT).exists()
    told = {*Event.objects.values_list("kind", flat=True)}
    assert {"reintegration", "isolement_debut", "transfert", "levee"} <= told
    roles = {*Mandate.objects.values_list("post__role", flat=True)}
    assert roles == {role.value for role in REGISTER_ROLES}
    assert {*Entry.objects.values_list("actor_label", flat=True)} == {register_world.ACTOR.label}
