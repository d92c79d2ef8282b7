from http.cookies import SimpleCookie

import pytest
from django.test import Client

from tests import pages
from traitdunion.identity.models import Person


@pytest.fixture(scope="module")
def stage(country):
    """What the pages show, beside the rest of the few départements, built once for the module and undone after it."""
    return pages.stage()


@pytest.fixture(scope="module")
def cookies(stage, django_db_blocker):
    """What the browser of each persona keeps once it has signed in, and that of a person without a mandate."""

    def enter(person, **kept):
        client = Client()
        client.force_login(person, backend="traitdunion.demo.personas.PersonaBackend")
        if kept:
            session = client.session
            session.update(kept)
            session.save()
        return client.cookies

    with django_db_blocker.unblock():
        stranger = Person.objects.create(issuer="essais", subject="sans-mandat", name="Sans mandat")
        entered = {
            role: enter(mandate.person, mandate=str(mandate.public_id))
            for role, mandate in stage.persona.items()
        }
        return {**entered, "stranger": enter(stranger), "visitor": SimpleCookie()}


@pytest.fixture
def sign_in(cookies):
    """Return a client that has signed in as a role, or as « stranger » or « visitor »."""

    def enter(who):
        client = Client()
        client.cookies = SimpleCookie(cookies[who].output(header="", sep=";"))
        return client

    return enter
