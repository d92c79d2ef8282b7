"""Each page of the register, each role of it: what is answered. The table is the specification."""

import pytest
from django.urls import get_resolver, reverse

from traitdunion.identity.kinds import REGISTER_ROLES, Role
from traitdunion.identity.middleware import SESSION_KEY

pytestmark = [pytest.mark.django_db, pytest.mark.urls("config.urls_register")]
BACKEND = "traitdunion.demo.personas.PersonaBackend"
EVERY = frozenset(REGISTER_ROLES)
RECORDER, READER = Role.SSC_ENREGISTREMENT, Role.SSC_CONSULTATION

# What a visitor gets, and each role of the register; pages of identity and of the demonstration have their own tests.
TABLE = {
    "portal:legal_notice": (200, dict.fromkeys(EVERY, 200)),
    "register:about": (200, dict.fromkeys(EVERY, 200)),
    "register:accessibility": (200, dict.fromkeys(EVERY, 200)),
}


def url_names():
    return sorted(
        f"{part.namespace}:{page.name}"
        for part in get_resolver("config.urls_register").url_patterns
        if part.namespace in {"register", "portal"}
        for page in part.url_patterns
    )


@pytest.fixture
def sign_in(ward, client, settings):
    settings.ROLES = REGISTER_ROLES

    def enter(role):
        if role is not None:
            mandate = ward.agent(role)
            client.force_login(mandate.person, backend=BACKEND)
            session = client.session
            session[SESSION_KEY] = str(mandate.public_id)
            session.save()
        return client

    return enter


def test_every_page_is_in_the_table():
    assert url_names() == sorted(TABLE)


@pytest.mark.parametrize("role", [None, *REGISTER_ROLES])
@pytest.mark.parametrize("name", TABLE)
def test_each_role_gets_the_answer_of_the_table(sign_in, name, role):
    visitor, answers = TABLE[name]

    answer = sign_in(role).get(reverse(name))

    assert answer.status_code == (visitor if role is None else answers[role])
