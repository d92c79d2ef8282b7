"""Sign-in against a real provider: npm's oidc-provider, on loopback, driven like a browser."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
import requests
from django.core.cache import cache
from playwright.sync_api import sync_playwright

from tests.identity.conftest import ACTOR, NOW
from traitdunion.audit.models import Entry
from traitdunion.cli.assets import node_command
from traitdunion.identity import actions
from traitdunion.identity.kinds import Role
from traitdunion.identity.models import Person

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
SERVER = Path(__file__).parent / "provider" / "server.mjs"
CLIENT, SECRET = "trait-d-union", "secret-of-the-tests-0123456789abcdef"


@pytest.fixture(scope="session")
def node_modules(checkout):
    modules = checkout / "frontend" / "node_modules"
    if not (modules / "oidc-provider").is_dir():
        pytest.fail("npm's oidc-provider is missing: run « npm ci » in frontend/, then the tests again.")
    return modules


@pytest.fixture(scope="session")
def node():
    return node_command()


BOTH_ALGORITHMS = pytest.mark.parametrize("algorithm", ["RS256", "ES256"])


@pytest.fixture
def algorithm():
    return "RS256"


@pytest.fixture(scope="session")
def provider_of(node, node_modules, live_server):
    """Start one provider an algorithm, and remember it until the end."""
    started = {}

    def find(algorithm):
        if algorithm not in started:
            started[algorithm] = _start(node, node_modules, live_server, algorithm)
        return started[algorithm][1]

    yield find
    for process, _ in started.values():
        process.terminate()
        process.wait(timeout=10)
        process.stdout.close()


def _start(node, node_modules, live_server, algorithm):
    command = [node, SERVER, node_modules, CLIENT, SECRET, f"{live_server.url}/identite/connexion/retour/",
               f"{live_server.url}/identite/deconnexion/faite/", algorithm]  # fmt: skip
    process = subprocess.Popen(
        [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    return process, process.stdout.readline().strip()


@pytest.fixture
def issuer(provider_of, settings, algorithm):
    """Declare the provider to the site."""
    address = provider_of(algorithm)
    cache.clear()  # what was read of the provider before
    settings.AUTHENTICATION_BACKENDS = ["traitdunion.identity.oidc.StrictOIDCBackend"]
    settings.OIDC_ISSUER = address
    settings.OIDC_RP_CLIENT_ID = CLIENT
    settings.OIDC_RP_CLIENT_SECRET = SECRET
    settings.OIDC_RP_SIGN_ALGO = algorithm
    settings.OIDC_ACR_ALLOWED = ["eidas1"]
    settings.OIDC_MAX_AGE_SECONDS = 3600
    return address


class Forms(HTMLParser):
    """The forms of a page: where each goes, and what it carries."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        if tag == "form":
            self.found.append((named.get("action", ""), {}))
        elif tag in {"input", "button"} and named.get("name") and self.found:
            self.found[-1][1][named["name"]] = unescape(named.get("value") or "")


@dataclass
class Browser:
    """Follow links, forms, redirections and the Refresh header; keep cookies apart for each host."""

    site: str
    session: requests.Session = field(default_factory=requests.Session)
    visited: list[str] = field(default_factory=list)

    def get(self, url):
        return self.follow("GET", urljoin(self.site, url))

    def follow(self, method, url, data=None):
        for _ in range(15):
            answer = self.session.request(method, url, data=data, allow_redirects=False, timeout=20)
            self.visited.append(url)
            wanted = answer.headers.get("Location")
            if wanted is None and "Refresh" in answer.headers:
                wanted = answer.headers["Refresh"].removeprefix("0; url=")
            if wanted is None:
                return answer
            method, url, data = "GET", urljoin(url, wanted), None
        raise AssertionError(f"endless redirections: {self.visited[-3:]}")

    def submit(self, answer, *, to="", **typed):
        """Fill the form of the page whose address contains ``to``."""
        [(action, hidden), *_] = [one for one in Forms(answer.text).found if to in one[0]]
        return self.follow("POST", urljoin(answer.url, action or answer.url), {**hidden, **typed})

    def sign_in(self, account, **typed):
        page = self.get("/identite/connexion/fournisseur/?next=/identite/postes-vacants/")
        return self.submit(page, account=account, **typed)


@pytest.fixture
def browser(live_server):
    browser = Browser(live_server.url)
    yield browser
    browser.session.close()


@pytest.fixture
def marie(house, issuer):
    person = actions.register_person(
        issuer=issuer, subject="marie-67", name="Marie Test", actor=ACTOR, at=NOW
    )
    house.mandate(Role.REFERENT_ARS, person=person)
    return person


def callback_of(browser):
    [url] = [url for url in browser.visited if "/connexion/retour/" in url]
    return url


@BOTH_ALGORITHMS
def test_a_known_person_comes_in_and_acts_under_their_mandate(browser, issuer, marie):
    page = browser.sign_in("marie-67")

    assert page.status_code == 200
    assert urlsplit(page.url).path == "/identite/postes-vacants/"
    assert "Référent radicalisation de l’ARS".lower() in page.text.lower()
    assert "Marie Test" in page.text
    [asked] = [url for url in browser.visited if url.startswith(f"{issuer}/auth?")]
    query = parse_qs(urlsplit(asked).query)
    assert query["code_challenge_method"] == ["S256"]
    assert query["acr_values"] == ["eidas1"]
    assert sorted(Entry.objects.filter(actor_person=marie.public_id).values_list("event", flat=True)) == [
        "identity.mandate.chosen",
        "identity.person.signed_in",
    ]


def test_a_person_with_two_mandates_chooses_one(browser, issuer, house, marie):
    house.mandate(Role.DG_ARS, person=marie)

    page = browser.sign_in("marie-67")
    assert "À quel titre agissez-vous" in page.text
    chosen = browser.submit(page, to="/mandat/choisir/")

    assert urlsplit(chosen.url).path == "/identite/postes-vacants/"


def test_an_unknown_identity_gets_a_page_and_no_account(browser, issuer, house):
    page = browser.sign_in("inconnu")

    assert page.status_code == 403
    assert issuer in page.text
    assert "inconnu" in page.text
    assert not Person.objects.filter(subject="inconnu").exists()


def test_a_level_of_assurance_too_low_opens_nothing(browser, issuer, marie):
    page = browser.sign_in("marie-67", acr="eidas0")

    assert page.status_code == 403
    assert "La connexion n’a pas abouti" in page.text
    assert not Entry.objects.filter(event="identity.person.signed_in").exists()


def test_a_person_who_gives_up_is_told_so(browser, issuer, marie):
    page = browser.sign_in("")
    assert (page.status_code, "interrompue" in page.text) == (403, True)


def test_signing_out_ends_the_session_of_the_provider_too(browser, issuer, marie):
    page = browser.sign_in("marie-67")
    # The provider remembers: without a sign-out, coming back asks nothing.
    browser.session.cookies.clear(domain="localhost.local")
    browser.visited.clear()
    page = browser.get("/identite/connexion/fournisseur/?next=/identite/postes-vacants/")
    assert "Marie Test" in page.text

    asked = browser.submit(page, to="/deconnexion/")
    assert urlsplit(asked.url).path == "/session/end"
    back = browser.submit(asked, logout="yes")

    assert urlsplit(back.url).path == "/identite/deconnexion/faite/"
    assert len(parse_qs(urlsplit(back.url).query)["state"][0]) >= 32
    assert "Vos sessions sont fermées" in back.text
    again = browser.get("/identite/connexion/fournisseur/")
    assert 'name="account"' in again.text


def test_an_answer_of_the_provider_serves_once(browser, issuer, marie):
    browser.sign_in("marie-67")
    replayed = callback_of(browser)

    page = browser.get(replayed)

    assert page.status_code == 403
    assert "elle a déjà servi" in page.text


def test_an_answer_stolen_from_another_browser_opens_nothing(browser, issuer, marie, live_server):
    thief = Browser(live_server.url)
    page = browser.get("/identite/connexion/fournisseur/")
    [(action, _)] = Forms(page.text).found
    answer = browser.session.post(
        urljoin(page.url, action), data={"account": "marie-67"}, allow_redirects=False
    )
    while "/connexion/retour/" not in answer.headers["Location"]:
        answer = browser.session.get(urljoin(answer.url, answer.headers["Location"]), allow_redirects=False)
    stolen = answer.headers["Location"]

    thief.get("/identite/connexion/fournisseur/")
    page = thief.get(stolen)

    assert page.status_code == 403
    assert not Entry.objects.filter(event="identity.person.signed_in").exists()
    thief.session.close()


def test_the_code_of_one_sign_in_does_not_serve_another(browser, issuer, marie):
    """The state is ours, the code was made for another nonce and another PKCE challenge."""
    answer = browser.session.get(
        urljoin(browser.site, "/identite/connexion/fournisseur/"), allow_redirects=False
    )
    first_state = parse_qs(urlsplit(answer.headers["Location"]).query)["state"][0]
    page = browser.get("/identite/connexion/fournisseur/")
    [(action, _)] = Forms(page.text).found
    answer = browser.session.post(
        urljoin(page.url, action), data={"account": "marie-67"}, allow_redirects=False
    )
    while "/connexion/retour/" not in answer.headers["Location"]:
        answer = browser.session.get(urljoin(answer.url, answer.headers["Location"]), allow_redirects=False)
    crossed = re.sub(r"state=[^&]+", f"state={first_state}", answer.headers["Location"])

    page = browser.get(crossed)

    assert page.status_code == 403
    assert not Entry.objects.filter(event="identity.person.signed_in").exists()


@BOTH_ALGORITHMS
def test_a_rotated_key_is_found_by_itself(browser, issuer, marie):
    assert browser.sign_in("marie-67").status_code == 200
    browser.session.cookies.clear()
    requests.post(f"{issuer}/test/rotate", timeout=10)

    assert "Marie Test" in browser.sign_in("marie-67").text


def test_a_provider_that_stops_is_told_in_one_sentence(browser, issuer, settings, marie):
    settings.OIDC_ISSUER = "http://127.0.0.1:9"
    page = browser.get("/identite/connexion/fournisseur/")
    assert (page.status_code, "réessayez dans quelques minutes" in page.text) == (503, True)


@pytest.mark.browser
def test_a_real_browser_comes_in_and_leaves(issuer, marie, house, live_server, monkeypatch):
    """The content security policy follows the redirections of a form: only a browser can tell."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright keeps a loop open in this thread
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        missing = "Chromium est introuvable ; installez le paquet « chromium » de Debian."
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    refused = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(locale="fr-FR")
        page.on(
            "console",
            lambda message: (
                refused.append(message.text)
                if message.type == "error" and message.location["url"].startswith(live_server.url)
                else None
            ),
        )

        page.goto(f"{live_server.url}/identite/connexion/")
        _picture(page, "connexion")
        page.get_by_role("link", name="S’identifier").click()
        page.fill("input[name=account]", "inconnu")
        page.click("button")
        assert "Vous n’avez pas d’accès ouvert" in page.inner_text("h1")
        _picture(page, "inconnu")
        page.get_by_role("button", name="Se connecter avec une autre identité").click()
        page.wait_for_url(f"{issuer}/session/end**")
        page.click("button[name=logout]")
        page.wait_for_url("**/identite/deconnexion/faite/**")

        page.goto(f"{live_server.url}/identite/connexion/?next=/identite/postes-vacants/")
        page.get_by_role("link", name="S’identifier").click()
        page.fill("input[name=account]", "marie-67")
        page.click("button")
        page.wait_for_url("**/identite/postes-vacants/")
        assert "Marie Test" in page.inner_text("header")
        _picture(page, "postes-vacants")
        page.goto(f"{live_server.url}/identite/mandat/")
        _picture(page, "mandat")
        page.get_by_role("button", name="Se déconnecter").click()
        page.wait_for_url(f"{issuer}/session/end**")
        page.click("button[name=logout]")
        page.wait_for_url("**/identite/deconnexion/faite/**")
        assert page.inner_text("h1") == "Vous êtes déconnecté"
        _picture(page, "deconnecte")
        browser.close()
    # The page of an unknown identity is a 403, which the console tells; our pages may say nothing else.
    assert [text for text in refused if "403" not in text] == []


def _picture(page, name):
    if folder := os.environ.get("TRAITDUNION_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"identity-{name}.png", full_page=True)
