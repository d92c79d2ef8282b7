"""Each page of the register, each role of it: what is answered. The table is the specification."""

from datetime import timedelta

import pytest
from django.urls import get_resolver, reverse

from tests.register.scene import PERSON
from traitdunion.identity.kinds import REGISTER_ROLES
from traitdunion.identity.middleware import SESSION_KEY
from traitdunion.register.models import Event

pytestmark = [pytest.mark.django_db, pytest.mark.urls("config.urls_register")]
BACKEND = "traitdunion.demo.personas.PersonaBackend"
RECORDER, READER, DPO, ADMIN = REGISTER_ROLES


def row(visitor, recorder, reader, dpo, admin):
    return dict(zip([None, *REGISTER_ROLES], [visitor, recorder, reader, dpo, admin], strict=True))


# Pages of identity and of the demonstration have their own tests.
EVERYONE, READ, WRITE = (
    row(200, 200, 200, 200, 200),
    row(302, 200, 200, 404, 404),
    row(302, 200, 403, 404, 404),
)
TABLE = {
    "portal:legal_notice": EVERYONE,
    "register:about": EVERYONE,
    "register:accessibility": EVERYONE,
    "register:home": row(302, 302, 302, 302, 302),
    "register:schedule": READ,
    "register:search": READ,
    "register:dossier_open": WRITE,
    "register:dossier_detail": READ,
    "register:identity_correct": WRITE,
    "register:measure_open": WRITE,
    "register:measure_detail": READ,
    "register:fact_record": WRITE,
    "register:fact_correct": WRITE,
    "register:fact_withdraw": WRITE,
}
HOME = {
    RECORDER: "register:schedule",
    READER: "register:schedule",
    DPO: "register:about",
    ADMIN: "identity:administration",
}


def url_names():
    return sorted(
        f"{part.namespace}:{page.name}"
        for part in get_resolver("config.urls_register").url_patterns
        if part.namespace in {"register", "portal"}
        for page in part.url_patterns
    )


@pytest.fixture
def address(ward):
    measure = ward.measure()
    event = ward.record(measure, "certificat_24h", after=timedelta(hours=20))
    of = {
        "dossier_detail": measure.dossier_uuid,
        "identity_correct": measure.dossier_uuid,
        "measure_open": measure.dossier_uuid,
        "measure_detail": measure.public_id,
        "fact_record": measure.public_id,
        "fact_correct": event.public_id,
        "fact_withdraw": event.public_id,
    }

    def reversed_for(name):
        number = of.get(name.partition(":")[2])
        url = reverse(name, args=[number] if number else [])
        return f"{url}?type=certificat_72h" if name == "register:fact_record" else url

    return reversed_for


@pytest.fixture
def sign_in(ward, client, settings):
    settings.ROLES = REGISTER_ROLES
    settings.HOME_PAGE = settings.PUBLIC_PAGE = "register:about"

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


@pytest.mark.parametrize("name", TABLE)
def test_each_role_gets_the_answer_of_the_table(sign_in, address, name):
    url = address(name)

    answered = {role: sign_in(role).get(url).status_code for role in [None, *REGISTER_ROLES]}

    assert answered == TABLE[name]


@pytest.mark.parametrize("role", HOME)
def test_each_role_has_a_first_page(sign_in, role):
    answer = sign_in(role).get(reverse("register:home"))

    assert answer.url == reverse(HOME[role])


def test_a_dossier_elsewhere_answers_like_one_that_does_not_exist(sign_in, ward, address, territories):
    """The same agent, named for another département: every address of ours is one of nothing."""
    urls = [address(name) for name, answers in TABLE.items() if answers is READ and "_detail" in name]
    post = ward.house.posts[RECORDER]
    post.departement = territories["35"]
    post.save()
    client = sign_in(RECORDER)

    assert [client.get(url).status_code for url in urls] == [404] * 2
    assert client.get(reverse("register:schedule")).status_code == 200


def test_no_list_shows_a_name(sign_in, ward, address):
    client = sign_in(RECORDER)
    shown = [
        client.get(address("register:schedule")),
        client.get(address("register:search"), {"nom": PERSON.names}),
        client.get(address("register:measure_detail")),
    ]

    for answer in shown:
        assert Event.objects.exists()
        assert PERSON.first_names not in answer.content.decode()
