import json
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse

from tests.identity import forge, loopback
from tests.identity.conftest import ACTOR, NOW
from traitdunion.audit.models import Entry
from traitdunion.identity import actions, oidc, tokens, views
from traitdunion.identity.kinds import Role
from traitdunion.identity.models import Person
from traitdunion.identity.rules import identity_reference
from traitdunion.identity.tokens import Reason, TokenRefusedError

pytestmark = pytest.mark.django_db
CALLBACK = "/identite/connexion/retour/"
START = "/identite/connexion/fournisseur/"
STATE = "s" * 43


@pytest.fixture
def provider(settings, monkeypatch):
    with loopback.running() as provider:
        settings.AUTHENTICATION_BACKENDS = ["traitdunion.identity.oidc.StrictOIDCBackend"]
        settings.OIDC_ISSUER = forge.ISSUER
        settings.OIDC_RP_CLIENT_ID = forge.CLIENT
        settings.OIDC_RP_CLIENT_SECRET = "secret"
        settings.OIDC_RP_SIGN_ALGO = "RS256"
        settings.OIDC_ACR_ALLOWED = [forge.ACR, "eidas2"]
        settings.OIDC_MAX_AGE_SECONDS = 12 * 3600
        settings.OIDC_TIMEOUT = 1
        # The issuer of the forged tokens has no address: its discovery is read on loopback.
        original = oidc._get
        monkeypatch.setattr(
            oidc,
            "_get",
            lambda url, **others: original(url.replace(forge.ISSUER, provider.address), **others),
        )
        monkeypatch.setattr(
            views, "timezone", SimpleNamespace(now=lambda: forge.NOW, localdate=lambda: forge.NOW.date())
        )
        yield provider


@pytest.fixture
def marie(house):
    return house.person("Marie", subject="marie-67")


def come_back(client, *, nonce=forge.NONCE, query=None, state=STATE):
    """Return from the provider with a sign-in in progress."""
    session = client.session
    session["oidc_states"] = {STATE: {"nonce": nonce, "code_verifier": "v" * 64, "added_on": 0}}
    session.save()
    return client.get(CALLBACK, {"state": state, "code": "c"} if query is None else query)


def is_signed_in(client):
    return "_auth_user_id" in client.session


def text(response):
    return response.content.decode()


# Leave for the provider


def test_the_browser_leaves_with_everything_we_ask(client, provider):
    response = client.get(START, {"next": "/identite/postes-vacants/"})

    url = urlsplit(response.url)
    asked = {name: values[0] for name, values in parse_qs(url.query).items()}
    assert f"{url.scheme}://{url.netloc}{url.path}" == f"{provider.address}/authorize"
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["state"]) >= 32
    assert len(asked["nonce"]) >= 32
    assert asked["acr_values"] == "eidas1 eidas2"
    assert asked["max_age"] == "43200"
    assert asked["redirect_uri"] == f"http://testserver{CALLBACK}"
    assert "openid" in asked["scope"].split()


def test_the_configuration_is_read_once_for_many_sign_ins(client, provider):
    for _ in range(3):
        client.get(START)
    assert provider.calls["/.well-known/openid-configuration"] == 1


def spoil(provider, **members):
    provider.published = {**provider.published, **members}


@pytest.mark.parametrize(
    "members",
    [
        {"issuer": "https://evil.example"},
        {"issuer": forge.ISSUER + "/"},
        {"issuer": None},
        {"authorization_endpoint": None},
        {"token_endpoint": "http://evil.example/token"},
        {"token_endpoint": "ftp://evil.example/token"},
        {"jwks_uri": "/jwks"},
        {"userinfo_endpoint": 12},
        {"end_session_endpoint": "javascript:alert(1)"},
        {"id_token_signing_alg_values_supported": ["HS256"]},
    ],
    ids=str,
)
def test_a_wrong_configuration_is_as_good_as_none(client, provider, members):
    spoil(provider, **members)

    response = client.get(START)

    assert response.status_code == 503
    assert "ne répond pas ou répond mal" in text(response)


@pytest.mark.parametrize(
    "answer",
    [
        (500, loopback.JSON, "{}"),
        (404, loopback.JSON, "{}"),
        (302, loopback.JSON, ""),
        (200, loopback.JSON, "[]"),
        (200, loopback.JSON, "oops"),
        (200, loopback.JSON, "[" * 100_000),
        (200, loopback.JSON, b"\xff\xfe"),
        (200, loopback.JSON, "x" * 300_000),
    ],
    ids=lambda answer: f"{answer[0]}, {len(answer[2])} bytes",
)
def test_a_provider_that_answers_badly_is_told_in_one_sentence(client, provider, answer):
    provider.answers["/.well-known/openid-configuration"] = answer
    assert client.get(START).status_code == 503


def test_a_provider_that_does_not_answer_is_told_in_one_sentence(client, settings, provider):
    settings.OIDC_ISSUER = "http://127.0.0.1:9"
    response = client.get(START)
    assert (response.status_code, "réessayez dans quelques minutes" in text(response)) == (503, True)


def test_without_a_provider_there_is_nothing_to_leave_for(client, settings):
    settings.OIDC_ISSUER = ""
    assert client.get(START).status_code == 404
    assert client.get(CALLBACK).status_code == 404
    assert "démonstration" in text(client.get("/identite/connexion/"))


# Come back


def test_a_known_person_comes_in_under_a_new_session_key(client, provider, marie):
    client.get(START)
    before = client.session.session_key

    response = come_back(client)

    assert response.url == reverse("identity:mandate_choice")
    assert is_signed_in(client)
    assert client.session.session_key != before
    assert Entry.objects.get(event="identity.person.signed_in").subject == str(marie.public_id)
    assert provider.posted["/token"]["code_verifier"] == ["v" * 64]
    assert provider.headers["/userinfo"]["Authorization"] == f"Bearer {forge.ACCESS_TOKEN}"


def test_the_page_first_asked_for_comes_after_the_choice_of_a_mandate(client, provider, house, marie):
    house.mandate(Role.REFERENT_ARS, person=marie)
    client.get(START, {"next": "/identite/postes-vacants/"})

    response = come_back(client)

    assert client.get(response.url).url == "/identite/postes-vacants/"


def test_a_person_is_never_found_by_e_mail(client, provider, house):
    actions.register_person(
        issuer=forge.ISSUER, subject="autre", name="Marie", email="marie@example.org", actor=ACTOR, at=NOW
    )
    provider.answers["/userinfo"] = (200, loopback.JSON, '{"sub": "marie-67", "email": "marie@example.org"}')

    assert come_back(client).status_code == 403
    assert not is_signed_in(client)


def test_the_same_subject_of_another_issuer_is_someone_else(client, provider, house):
    actions.register_person(
        issuer="https://autre.example", subject="marie-67", name="Marie", actor=ACTOR, at=NOW
    )
    assert come_back(client).status_code == 403


def test_an_unknown_identity_gets_a_page_an_entry_and_no_account(client, provider):
    response = come_back(client)

    assert response.status_code == 403
    assert not is_signed_in(client)
    assert not Person.objects.exists()
    reference = identity_reference(issuer=forge.ISSUER, subject="marie-67")
    for shown in (forge.ISSUER, "marie-67", reference, "Aucun compte n’a été créé"):
        assert shown in text(response)
    entry = Entry.objects.get()
    assert (entry.event, entry.subject, entry.detail) == (
        "identity.sign_in.refused",
        reference,
        {"reason": "unknown"},
    )


def test_a_closed_access_gets_the_same_page(client, provider, house):
    house.person("Marie", subject="marie-67", is_active=False)

    response = come_back(client)

    assert (response.status_code, is_signed_in(client)) == (403, False)
    assert "votre accès à Trait d’union est fermé" in text(response)
    assert Entry.objects.get(event="identity.sign_in.refused").detail == {"reason": "closed"}


def test_an_unknown_identity_ends_the_session_of_the_one_before(client, provider, house):
    client.force_login(house.person("Paul"), backend="traitdunion.identity.oidc.StrictOIDCBackend")
    come_back(client)
    assert not is_signed_in(client)


def test_another_person_finds_nothing_of_the_session_before(client, provider, house, marie):
    client.force_login(house.person("Paul"), backend="traitdunion.identity.oidc.StrictOIDCBackend")
    session = client.session
    session["souvenir"] = "de Paul"
    session.save()

    come_back(client)

    assert client.session["_auth_user_id"] == str(marie.pk)
    assert "souvenir" not in client.session
    assert client.session[oidc.SESSION_ID_TOKEN] == provider.id_token


@pytest.mark.parametrize(
    "query",
    [
        {"state": "x" * 43, "code": "c"},
        {"code": "c"},
        {"state": STATE},
        {},
        {"state": STATE, "code": "c", "iss": "https://evil.example"},
        {"error": "access_denied", "state": STATE},
        {"error": "login_required"},
    ],
    ids=str,
)
def test_an_answer_we_did_not_ask_for_opens_nothing(client, provider, marie, query):
    response = come_back(client, query=query)

    assert (response.status_code, is_signed_in(client)) == (403, False)
    assert "La connexion n’a pas abouti" in text(response)


def test_an_answer_without_a_sign_in_in_progress_opens_nothing(client, provider, marie):
    assert client.get(CALLBACK, {"state": STATE, "code": "c"}).status_code == 403


def test_an_answer_serves_once(client, provider, marie):
    come_back(client)
    client.post(reverse("identity:sign_out"))

    assert client.get(CALLBACK, {"state": STATE, "code": "c"}).status_code == 403
    assert not is_signed_in(client)


def test_the_nonce_of_another_sign_in_opens_nothing(client, provider, marie):
    assert come_back(client, nonce="m" * 43).status_code == 403
    assert not is_signed_in(client)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ((400, loopback.JSON, '{"error": "invalid_grant"}'), 403),
        ((401, loopback.JSON, '{"error": "invalid_client"}'), 403),
        ((500, loopback.JSON, "{}"), 503),
        ((200, loopback.JSON, "oops"), 503),
        ((200, loopback.JSON, "[]"), 403),
        ((200, loopback.JSON, "{}"), 403),
        ((200, loopback.JSON, '{"id_token": 1, "access_token": "x"}'), 403),
        ((200, loopback.JSON, '{"id_token": "x", "access_token": "x"}'), 403),
    ],
    ids=str,
)
def test_a_bad_answer_of_the_token_endpoint_opens_nothing(client, provider, marie, answer, status):
    provider.answers["/token"] = answer
    assert come_back(client).status_code == status
    assert not is_signed_in(client)


def signed_userinfo(**members):
    claims = {"iss": forge.ISSUER, "aud": forge.CLIENT, "sub": "marie-67", **members}
    return forge.signed("RS256", forge.good_header("RS256"), forge.changed(claims))


def test_a_signed_userinfo_is_accepted(client, provider, marie):
    provider.answers["/userinfo"] = (200, "application/jwt; charset=utf-8", signed_userinfo())
    come_back(client)
    assert is_signed_in(client)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ((200, loopback.JWT, signed_userinfo(sub="autre")), 403),
        ((200, loopback.JWT, signed_userinfo(aud="autre")), 403),
        ((200, loopback.JWT, signed_userinfo(iss="https://evil.example")), 403),
        ((200, loopback.JWT, signed_userinfo()[:-3] + "AAA"), 403),
        ((200, loopback.JWT, '{"sub": "marie-67"}'), 403),
        ((200, loopback.JSON, signed_userinfo()), 403),
        ((200, loopback.JSON, '{"sub": "autre"}'), 403),
        ((200, loopback.JSON, "{}"), 403),
        ((401, loopback.JSON, "{}"), 503),
        ((500, loopback.JSON, "{}"), 503),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_bad_userinfo_opens_nothing(client, provider, marie, answer, status):
    provider.answers["/userinfo"] = answer
    assert come_back(client).status_code == status
    assert not is_signed_in(client)


# Keys


def test_the_keys_are_read_once_for_many_sign_ins(client, provider, marie):
    for _ in range(3):
        come_back(client)
    assert provider.calls["/jwks"] == 1


def rotate(provider, *, published=True):
    """Sign with a new key."""
    header = {**forge.good_header("RS256"), "kid": "new"}
    key = forge.private_key("RS256", "new")
    provider.id_token = forge.signed("RS256", header, forge.good_claims(), key=key)
    if published:
        provider.keys = [forge.public_jwk("RS256", "new")]


def test_a_new_key_is_fetched_when_a_token_names_it(client, provider, marie):
    come_back(client)
    client.post(reverse("identity:sign_out"))
    rotate(provider)

    come_back(client)

    assert is_signed_in(client)
    assert provider.calls["/jwks"] == 2


def test_tokens_that_name_unknown_keys_do_not_make_us_hammer_the_provider(client, provider, marie):
    rotate(provider, published=False)

    for _ in range(5):
        assert come_back(client).status_code == 403

    assert provider.calls["/jwks"] == 2
    assert not is_signed_in(client)


# Forgeries, all the way


def one_of_each(algorithm):
    """Return the first forgery that the validator refuses for each of its reasons, those a provider can send."""
    first = {}
    for variant in forge.forged_tokens(algorithm):
        if isinstance(variant.token, str) and variant.token.isascii():
            with pytest.raises(TokenRefusedError) as refusal:
                tokens.validate(
                    variant.token, keys=variant.keys, policy=variant.policy, nonce=variant.nonce,
                    now=forge.NOW, access_token=forge.ACCESS_TOKEN,
                )  # fmt: skip
            first.setdefault(refusal.value.reason, variant)
    return first


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_a_forgery_of_each_kind_opens_no_session(client, settings, provider, marie, algorithm):
    """The validator refuses the seven hundred in ``test_validate_token.py``; the flow is the same for all."""
    settings.OIDC_RP_SIGN_ALGO = algorithm
    opened, tried = [], one_of_each(algorithm)
    for variant in tried.values():
        provider.id_token, provider.keys = variant.token, variant.keys
        oidc.cache.clear()
        assert come_back(client, nonce=variant.nonce).status_code == 403
        if is_signed_in(client):
            opened.append(variant.name)
    assert opened == []
    assert set(tried) == set(Reason)

    provider.id_token, provider.keys = forge.good_token(algorithm), [forge.public_jwk(algorithm, "signing")]
    oidc.cache.clear()
    come_back(client)
    assert is_signed_in(client)


# Leave


def test_signing_out_closes_our_session_then_the_providers(client, provider, marie):
    come_back(client)

    response = client.post(reverse("identity:sign_out"))

    url = urlsplit(response.headers["Refresh"].removeprefix("0; url="))
    asked = {name: values[0] for name, values in parse_qs(url.query).items()}
    assert url.path == "/logout"
    assert asked["id_token_hint"] == provider.id_token
    assert asked["post_logout_redirect_uri"] == "http://testserver/identite/deconnexion/faite/"
    assert len(asked["state"]) >= 32
    assert not is_signed_in(client)
    assert Entry.objects.filter(event="identity.person.signed_out", subject=str(marie.public_id)).exists()
    back = client.get(reverse("identity:signed_out"), {"state": asked["state"]})
    assert "Vous êtes déconnecté" in text(back)
    assert client.get(reverse("identity:signed_out"), {"state": asked["state"]}).status_code == 302


def test_signing_out_works_when_the_provider_is_down(client, provider, marie):
    come_back(client)
    oidc.cache.clear()
    provider.answers["/.well-known/openid-configuration"] = (500, loopback.JSON, "{}")

    response = client.post(reverse("identity:sign_out"))

    assert not is_signed_in(client)
    assert "fermez votre navigateur" in text(response)


def test_a_provider_without_a_sign_out_page_is_told(client, provider, marie):
    del provider.published["end_session_endpoint"]
    come_back(client)
    assert "fermez votre navigateur" in text(client.post(reverse("identity:sign_out")))


def test_an_unknown_identity_may_leave_the_provider_to_come_back_as_another(client, provider):
    come_back(client)
    response = client.post(reverse("identity:sign_out"))
    assert json.dumps(provider.id_token).strip('"') in response.headers["Refresh"]


@pytest.mark.parametrize(
    ("url", "is_safe"),
    [
        ("https://fournisseur.example/token", True),
        ("http://127.0.0.1:8080/token", True),
        ("http://localhost/token", True),
        ("http://[::1]/token", True),
        ("http://fournisseur.example/token", False),
        ("http://127.0.0.1.evil.example/token", False),
        ("http://127.0.0.1@evil.example/token", False),
        ("https:///token", False),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
def test_tokens_travel_over_tls_or_stay_on_this_machine(url, is_safe):
    assert oidc.is_safe_endpoint(url) is is_safe
