"""The site in a real Chromium: a server of its own, the demonstration's data, one visitor per test.

The server runs as another process on a database of its own, copied from one that is filled once per run: no test here
touches the database directly, and what one of them writes stays for the others. Use::

    def test_…(open_as):
        visit = open_as("referent_prefecture", width=320, dark=True)
        visit.go("/conventions/")
        assert visit.violations() == []

``open_as(None)`` is a visitor who has not signed in. When the test ends, every visit must have been silent: no
error in the console, no answer above 499, nothing refused by the content security policy, no request to another host.

Variables: TRAITDUNION_CHROMIUM (path of the browser), TRAITDUNION_SCREENSHOTS (folder where ``visit.picture`` writes).
Without Chromium these tests are skipped with a loud summary, and fail when CI is set.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.filled import copy, django, environment_of
from traitdunion.register import keyring

os.environ.setdefault(
    "DJANGO_ALLOW_ASYNC_UNSAFE", "1"
)  # Playwright keeps a loop open in the thread of the tests

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
ASSETS = Path(os.environ.get("TRAITDUNION_ASSETS", ROOT / ".cache" / "assets"))
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# The DSFR outlines an enlarged link on its pseudo-element, a slider on its frame, a rich radio on its label.
SEEN = """(element) => {
  const near = [element, element.parentElement, element.nextElementSibling].filter(Boolean);
  const styles = near.flatMap((e) => [null, "::before", "::after"].map((p) => getComputedStyle(e, p)));
  const box = element.getBoundingClientRect();
  return styles.some((s) => s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0)
    && box.width > 0 && box.height > 0;
}"""
STOP = f"""() => {{
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  return {{
    name: (element.textContent || element.name || element.id).trim().slice(0, 60),
    seen: ({SEEN})(element),
  }};
}}"""
# What Tab must reach: one stop for a group of radios, none for what is hidden, closed or taken out of the order.
CONTROLS = """() => {
  const groups = new Set();
  window.controls = [...document.querySelectorAll("a[href], button, input, select, textarea, summary")].filter((e) => {
    if (e.disabled || e.type === 'hidden' || e.tabIndex < 0 || !e.checkVisibility({visibilityProperty: true})) {
      return false;
    }
    const again = e.type === 'radio' && groups.has(e.name);
    if (e.type === 'radio') groups.add(e.name);
    return !again;
  });
  return window.controls.map((e) => (e.textContent || e.name || e.id).trim().replace(/\\s+/g, ' ').slice(0, 60));
}"""
REACHED = f"""() => {{
  const element = document.activeElement;
  if (!element || element === document.body) return [null, false];
  const rank = window.controls.findIndex(
    (e) => e === element || (e.type === 'radio' && element.type === 'radio' && e.name === element.name)
  );
  return [rank, ({SEEN})(element)];
}}"""
MISSING = pytest.StashKey[list]()


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


def pytest_terminal_summary(terminalreporter, config):
    for reason in config.stash.get(MISSING, []):
        terminalreporter.section("NAVIGATEUR", sep="!", red=True)
        terminalreporter.line(f"Aucun test de navigateur n'a tourné : {reason}")


def _lacking(config, reason):
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    config.stash[MISSING] = [reason]
    pytest.skip(reason)


@pytest.fixture(scope="session")
def chromium(pytestconfig):
    found = (
        os.environ.get("TRAITDUNION_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    )
    if found is None or not Path(found).exists():
        _lacking(pytestconfig, "Chromium est introuvable ; installez le paquet « chromium » de Debian.")
    for needed in (AXE, ASSETS / "static" / "dsfr-chart"):
        if not needed.exists():
            _lacking(pytestconfig, f"{needed} manque ; lancez « .venv/bin/traitdunion assets --dev ».")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(served):
    """Return the address of the demonstration."""
    return served["TRAITDUNION_BASE_URL"]


@pytest.fixture(scope="session")
def letters(served):
    """Return the folder where the site puts its letters."""
    return Path(served["TRAITDUNION_DEMO_MAIL"])


@pytest.fixture(scope="session")
def served(tmp_path_factory, worker_name, filled):
    """Serve the demonstration by another process on its own database; return the environment of that process."""
    with (
        copy(f"browser_{worker_name}", model=filled) as database,
        _server(tmp_path_factory.mktemp("site"), database) as environment,
    ):
        yield environment


@pytest.fixture(scope="session")
def serve(tmp_path_factory, worker_name):
    """Return what serves a small country of its own, for a story that must not meet those of the other tests."""

    @contextmanager
    def serve_(codes):
        model = os.environ.get("TRAITDUNION_TEST_MODEL")
        with copy(f"browser_{worker_name}_few", model=model or "template1") as database:
            if model is None:
                django("migrate", "--verbosity", "0", environment=environment_of(database))
            django("demo_data", "--years", "2", "--codes", *codes, environment=environment_of(database))
            with _server(tmp_path_factory.mktemp("site"), database) as environment:
                yield environment

    return serve_


@pytest.fixture(scope="session")
def serve_register(tmp_path_factory, worker_name):
    """Return what serves the register with its synthetic dossiers, on a database and keys of its own."""

    @contextmanager
    def serve_():
        folder = tmp_path_factory.mktemp("register")
        keys = folder / "keys.json"
        keyring.write(keys, keyring.new_keys(at=datetime.now(UTC)))
        model = os.environ.get("TRAITDUNION_TEST_MODEL", "template1")
        with copy(f"browser_{worker_name}_register", model=model) as database:
            surroundings = {
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "config.settings.demo_register",
                "TRAITDUNION_REGISTER_DATABASE_URL": database,
                "TRAITDUNION_REGISTER_KEYS": str(keys),
                "TRAITDUNION_REGISTER_SECRET_KEY": "navigateur " * 6,
            }
            for command in (["migrate", "--verbosity", "0"], ["demo_register"]):
                django(*command, environment=surroundings)
            with _server(folder, database, surroundings=surroundings) as environment:
                yield environment

    return serve_


@contextmanager
def _server(folder, database, *, surroundings=None):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        environment = {
            **(surroundings or environment_of(database)),
            "TRAITDUNION_BASE_URL": address,
            "TRAITDUNION_DEMO_MAIL": str(folder / "mail"),
        }
        log = folder / "server.log"
        with log.open("wb") as written:
            server = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"fd://{listener.fileno()}",
                 "--threads", "8", "--no-control-socket"],
                cwd=ROOT, env=environment, pass_fds=[listener.fileno()], stdout=written, stderr=written,
            )  # fmt: skip
        try:
            _wait_for(address, server, log)
            yield environment
        finally:
            server.terminate()
            server.wait(timeout=20)


@pytest.fixture(scope="session")
def addresses(filled, shared_folder):
    """Return what gives the address of a page for a persona, about the objects put beside those of the country."""
    lines = (shared_folder / "filled").read_text(encoding="utf-8").splitlines()
    known = {(name, role): path for name, role, path in map(str.split, lines)}
    return lambda name, persona: known.get((name, persona)) or known[name, "-"]


def _wait_for(address, server, log):
    for _ in range(300):
        if server.poll() is not None:
            pytest.fail(f"Le serveur s'est arrêté : {log.read_text()[-3000:]}", pytrace=False)
        try:
            urllib.request.urlopen(f"{address}/demonstration/", timeout=5)
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"Le serveur ne répond pas : {log.read_text()[-3000:]}", pytrace=False)


class Visit:
    """One window of one visitor, and all that it complained of."""

    def __init__(self, page, address, *, scripts):
        self.page = page
        self.address = address
        self.scripts = scripts
        self.complaints = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(f"script : {error}"))
        page.on("request", self._see_request)
        page.on("response", self._see_response)

    def _hear(self, message):
        # A page that answers 404 on purpose is an error for the console; _see_response judges answers.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(f"console : {message.text}")

    def _see_request(self, request):
        if not request.url.startswith((f"{self.address}/", "data:", "blob:")):
            self.complaints.append(f"requête ailleurs : {request.url}")

    def _see_response(self, response):
        own_page = response.request.resource_type == "document"
        if response.status >= (500 if own_page else 400):
            self.complaints.append(f"réponse {response.status} : {response.url}")

    def go(self, path):
        """Open ``path``, wait until scripts have settled, and return the status of the answer."""
        response = self.page.goto(f"{self.address}{path}", wait_until="load")
        self.settle()
        return response.status

    def settle(self):
        """Wait until the DSFR has started, HTMX is done and the map is drawn."""
        if self.scripts:
            self.page.locator("html[data-fr-js='true']").wait_for(state="attached")
            self.page.locator(".htmx-request").wait_for(state="detached")
        if self.scripts and self.page.locator("[data-departement-map]").count():
            self.page.locator("[data-departement-map]:not([data-drawn])").first.wait_for(state="detached")

    def violations(self, *, only=None):
        """Return what axe-core finds at levels A and AA, or of the rules ``only``, one line a rule."""
        if not self.page.evaluate("typeof axe !== 'undefined'"):
            self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate(
            "run => axe.run(document, {runOnly: run, resultTypes: ['violations']})", only or LEVELS
        )
        assert only or found["passes"], "axe-core did not look at the page"
        return [
            f"{rule['id']} ({len(rule['nodes'])}) : {rule['help']} – {rule['nodes'][0]['html'][:160]}"
            for rule in found["violations"]
        ]

    def violations_in_the_dark(self):
        """Return the contrasts that axe-core refuses once the page is dark; leave the page as it was."""
        theme = "theme => document.documentElement.setAttribute('data-fr-theme', theme)"
        self.page.evaluate(theme, "dark")
        found = self.violations(only=["color-contrast"])
        self.page.evaluate(theme, "light")
        return [f"dans le thème sombre, {line}" for line in found]

    def unreached(self, limit=250):
        """Press Tab to the end of the page; return the controls it never reached or whose focus cannot be seen."""
        waiting = dict(enumerate(self.page.evaluate(CONTROLS)))
        unseen = []
        for _ in range(limit):
            self.page.keyboard.press("Tab")
            rank, seen = self.page.evaluate(REACHED)
            if rank is None:
                break
            name = waiting.pop(rank, None)
            if name is not None and not seen:
                unseen.append(f"{name} (atteint, focus invisible)")
        return [*waiting.values(), *unseen]

    def overflow(self):
        """Return how many pixels the page is wider than its window."""
        return self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )

    def too_wide(self):
        """Return the innermost elements that pass the right edge of the window and make the page scroll sideways."""
        if self.overflow() <= 0:
            return []
        return self.page.evaluate(
            """() => {
              const edge = document.documentElement.clientWidth + 1;
              const hidden = (e) => {
                for (let p = e.parentElement; p; p = p.parentElement) {
                  if (getComputedStyle(p).overflowX !== 'visible') return true;
                }
                return false;
              };
              const passes = (e) => e.getBoundingClientRect().right > edge && !hidden(e);
              return [...document.body.querySelectorAll('*')]
                .filter((e) => passes(e) && ![...e.children].some(passes))
                .slice(0, 3)
                .map((e) => `${e.tagName}.${e.getAttribute('class')} « ${e.textContent.trim().slice(0, 60)} »`);
            }"""
        )

    def tab_stops(self, limit=40):
        """Press Tab and return, for each element reached, its text and whether its focus can be seen."""
        stops = []
        for _ in range(limit):
            self.page.keyboard.press("Tab")
            stop = self.page.evaluate(STOP)
            if stop is None:
                break
            if stops and stops[-1]["name"] == stop["name"]:
                stops[-1]["seen"] |= stop["seen"]  # a date has several stops, drawn by the browser itself
            else:
                stops.append(stop)
        return stops

    def picture(self, name):
        """Keep a picture of the whole page when TRAITDUNION_SCREENSHOTS names a folder."""
        folder = os.environ.get("TRAITDUNION_SCREENSHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.fixture(scope="session")
def sessions():
    """Keep the cookies of each persona, so that it signs in once."""
    return {}


@pytest.fixture(scope="session")
def visitor_as(chromium, site):
    """Return what asks for pages as a persona and opens none of them."""
    contexts = {}

    def visitor_as_(persona):
        if persona not in contexts:
            contexts[persona] = chromium.new_context(locale="fr-FR")
            if persona is not None:
                _sign_in(contexts[persona].request, site, persona)
        return contexts[persona]

    yield visitor_as_
    for context in contexts.values():
        context.close()


@pytest.fixture
def open_as(chromium, site, sessions):
    contexts, visits = [], []

    def open_(persona, *, width=1280, height=900, dark=False, scripts=True):
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            java_script_enabled=scripts,
            locale="fr-FR",
            storage_state=sessions.get(persona),
        )
        context.set_default_timeout(15_000)
        if persona is not None and persona not in sessions:
            _sign_in(context.request, site, persona)
            sessions[persona] = json.loads(json.dumps(context.storage_state()))
        contexts.append(context)
        visits.append(Visit(context.new_page(), site, scripts=scripts))
        return visits[-1]

    yield open_
    complaints = [complaint for visit in visits for complaint in visit.complaints]
    for context in contexts:
        context.close()
    assert complaints == []


def _sign_in(request, site, persona):
    """Enter as the button of the page of personas does, which test_components.py presses."""
    form = request.get(f"{site}/demonstration/").text()
    token = re.search('name="csrfmiddlewaretoken" value="([^"]+)"', form)[1]
    entered = request.post(
        f"{site}/demonstration/entrer/{persona}/",
        form={"csrfmiddlewaretoken": token}, headers={"Referer": f"{site}/demonstration/"},
    )  # fmt: skip
    assert entered.ok, f"{persona} : {entered.status}"
    assert "/demonstration/" not in entered.url, f"{persona} : {entered.url}"
