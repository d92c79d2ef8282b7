from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.identity.conftest import ISSUER
from traitdunion.identity.kinds import Role
from traitdunion.identity.models import Mandate, Person

pytestmark = pytest.mark.django_db


def run(*more, subject="marie-67"):
    out = StringIO()
    call_command(
        "open_administrator",
        f"--issuer={ISSUER}",
        f"--subject={subject}",
        "--name=Marie",
        "--organisation=Bureau central",
        *more,
        stdout=out,
    )
    return out.getvalue()


def test_without_wet_run_nothing_changes():
    assert "À blanc" in run()
    assert not Person.objects.exists()


def test_the_first_administrator_gets_an_account_and_a_mandate():
    run("--wet-run")
    mandate = Mandate.objects.get()
    assert (mandate.person.subject, mandate.role) == ("marie-67", Role.ADMINISTRATEUR)


def test_a_second_administrator_is_opened_on_the_site():
    run("--wet-run")
    with pytest.raises(CommandError, match="déjà en poste"):
        run("--wet-run", subject="paul")
    assert Person.objects.count() == 1
