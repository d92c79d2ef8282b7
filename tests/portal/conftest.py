import io

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from tests import pages
from traitdunion.demo import world


@pytest.fixture(scope="module")
def stage(django_db_setup, django_db_blocker):
    """The synthetic country and what the pages show, built once for the module and rolled back after it."""
    with django_db_blocker.unblock(), transaction.atomic():
        for command in ("load_territories", "load_plan", "load_convention_template"):
            call_command(command, stdout=io.StringIO())
        world.build(today=timezone.localdate(), years=2, codes=["01", "67", "68", "75", "974"])
        yield pages.stage()
        transaction.set_rollback(True)


@pytest.fixture
def sign_in(client, stage):
    def enter(role):
        mandate = stage.persona[role]
        client.force_login(mandate.person, backend="traitdunion.demo.personas.PersonaBackend")
        session = client.session
        session["mandate"] = str(mandate.public_id)
        session.save()
        return client

    return enter
