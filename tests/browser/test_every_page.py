"""Every page that a persona can reach by links answers; the browser looks once at each make of page.

Each persona walks by plain requests, one page of each name. Then, with all the walks before us, are added the pages of
the table that no link led to, and once in the run what each list of links and each form asks by GET, filled so that it
finds something else or nothing: another day, a word that is nowhere, the last choice of each list. A page differs from
one persona to the next by words and numbers far more often than by structure: the browser opens the fewest pages that
hold together every kind of element that anybody met under each name.

What a process finds serves the whole run: the databases of its processes are copies of one that is filled once.
"""

import fcntl
import hashlib
import json
from contextlib import suppress
from datetime import timedelta
from functools import cache
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin, urlsplit

import pytest
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone

from tests.filled import LETTERS
from tests.pages import TABLE
from traitdunion.identity.kinds import COORDINATION_ROLES, Role

PERSONAS = [None, *(role.value for role in COORDINATION_ROLES)]
PARTS = 12  # tests among which the looks are shared, for the processes of a run to share them too
# Links of letters, which the demonstration shows: each is for one person, once.
PERSONAL = "/barometre/repondre/"
# Not opened: why.
NOT_OPENED = {
    "notices:calendar_feed": "a calendar, at a secret address shown once",
    "api:api-root": "a name for the library, not a page",
    "demo:components": "test_components.py looks at it",
}
# What decides whether an element is accessible, as far as a reader of HTML can tell.
TELLING = {"class", "role", "type", "aria-current", "aria-live", "aria-sort", "scope", "disabled", "tabindex"}
NOWHERE = "zzzz"
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 320, "height": 800}


class Shape(HTMLParser):
    """The kinds of elements a page is made of, its links, and what its forms ask by GET."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.links, self.forms = set(), [], []
        self._fields = None
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.add((tag, *sorted(pair for pair in attrs if pair[0] in TELLING)))
        if tag not in {"a", "form", "input", "select", "option"}:
            return
        found = dict(attrs)
        if tag == "a":
            if found.get("href") and not found["href"].startswith("#"):
                self.links.append(found["href"])
        elif tag == "form":
            self._fields = {}
            if found.get("method", "get") == "get":
                self.forms.append((found.get("action", ""), self._fields))
        elif self._fields is None:
            return
        elif tag == "option":
            self._fields[self._name] = found.get("value", "")
        elif found.get("name"):
            self._name = found["name"]
            self._fields[self._name] = self._other(found) if tag == "input" else ""

    def handle_endtag(self, tag):
        if tag == "form":
            self._fields = None

    @staticmethod
    def _other(field):
        if field.get("type") == "date":
            return (timezone.localdate() - timedelta(days=90)).isoformat()
        if field.get("type") in {"text", "search", None}:
            return NOWHERE
        return field.get("value", "")

    @property
    def marks(self):
        return sorted(map(_mark, self.elements))


@cache
def _mark(element):
    return hashlib.blake2s(repr(element).encode(), digest_size=6).hexdigest()


def page_name(path):
    try:
        return resolve(urlsplit(path).path).view_name
    except Resolver404:
        return path


class Reader:
    """A persona that asks for pages without opening them."""

    def __init__(self, visitor, site, persona):
        self.request, self.site, self.persona = visitor.request, site, persona
        self.pages, self.faults, self.questions = [], [], {}

    def ask(self, path):
        """Return the addresses that a page leads to, inside the site; keep what it is made of and what it asks."""
        answer = self.request.get(self.site + path)
        if answer.status != 200:
            self.faults.append(f"{path} : {answer.status}")
            return []
        if "text/html" not in answer.headers.get("content-type", ""):
            return []
        name, shape = page_name(path), Shape(answer.text())
        self.pages.append((name, path, shape.marks))
        here = urlsplit(answer.url).path
        for action, fields in shape.forms:
            asked = urlencode({field: value for field, value in fields.items() if value})
            if asked:
                kind = f"{name} {urlsplit(action).path or here} {' '.join(sorted(fields))}"
                self.questions.setdefault(kind, urljoin(here, f"{action or here}?{asked}"))
        inside = []
        for link in shape.links:
            target = urlsplit(urljoin(answer.url, link))
            if PERSONAL not in target.path and f"{target.scheme}://{target.netloc}" == self.site:
                inside.append(target._replace(scheme="", netloc="", fragment="").geturl())
        return inside

    def walk(self, start, once):
        """Follow the links to one page of each name; a page with a question is left for ``looks``."""
        waiting, seen = [start], set()
        while waiting:
            path = waiting.pop(0)
            name, question = page_name(path), urlsplit(path).query
            if question and name in seen:
                self.questions.setdefault(f"{name} ?", path)
            if name in seen:
                continue
            seen.add(name)
            if not is_file(name) or once(name):
                waiting += self.ask(path)
        return self

    @property
    def found(self):
        return {"pages": self.pages, "faults": self.faults, "questions": self.questions}


# What a browser would save instead of showing: the same for whoever may have it, and the table of pages says who.
FILES = (
    "_export",
    "_file",
    "_pdf",
    "_word",
    "_workbook",
    "_json",
    "_zip",
    "_csv",
    "_package",
    "_schema",
    ":restitution",
)


def is_file(name):
    return name.endswith(FILES) or name.startswith("api:")


@pytest.fixture(scope="module")
def once(shared_folder):
    """Tell whether nobody named this yet, in this process or in another of the run."""

    def claim(name):
        with (shared_folder / "claimed").open("a+") as claimed:
            fcntl.flock(claimed, fcntl.LOCK_EX)
            claimed.seek(0)
            new = f"{name}\n" not in claimed.readlines()
            if new:
                claimed.write(f"{name}\n")
        return new

    return claim


@pytest.fixture(scope="module")
def made_once(shared_folder):
    """Return what one process of the run makes, and the others read."""

    def made_once_(name, make, *, wait=True):
        with (shared_folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            if not (file := shared_folder / f"{name}.json").exists():
                file.write_text(json.dumps(make()), encoding="utf-8")
        return json.loads(file.read_text(encoding="utf-8"))

    return made_once_


@pytest.fixture(scope="module")
def reader_as(visitor_as, site):
    return lambda persona: Reader(visitor_as(persona), site, persona)


@pytest.fixture(scope="module")
def walk_of(made_once, reader_as, once):
    """Return what a persona found, asked for by the first process that wants to know."""
    return lambda persona, wait=True: made_once(
        f"walk-{persona}", lambda: reader_as(persona).walk("/", once).found, wait=wait
    )


@pytest.fixture(scope="module")
def looks(made_once, walk_of, reader_as, addresses):
    """Return the pages to open, each with the persona who does."""
    for persona in PERSONAS:
        with suppress(BlockingIOError):  # the other process is at it: take the next
            walk_of(persona, wait=False)

    def plan():
        walks = {persona: walk_of(persona) for persona in PERSONAS}
        pages = [(*page, persona) for persona, walk in walks.items() for page in walk["pages"]]
        met = {name for name, *_ in pages}
        asked, faults = {}, []
        for persona, walk in walks.items():
            for kind, path in walk["questions"].items():
                asked.setdefault(kind, (path, persona))
        for name in sorted(opened_by_someone() - met):
            persona = next(persona for persona in PERSONAS if may_open(name, persona))
            asked[name] = (addresses(name, persona), persona)
        readers = {persona: reader_as(persona) for persona in {persona for _, persona in asked.values()}}
        for path, persona in asked.values():
            readers[persona].ask(path)
        for persona, reader in readers.items():
            pages += [(*page, persona) for page in reader.pages]
            faults += [f"{persona} : {fault}" for fault in reader.faults]
        chosen = fewest([page for page in pages if page[0] not in NOT_OPENED], of=lambda page: page[0])
        # A contrast depends on the kind of element, whatever the page.
        dark = {page[:2] for page in fewest(chosen, of=lambda _: "")}
        return {
            "looks": [(name, path, persona, (name, path) in dark) for name, path, _, persona in chosen],
            "faults": faults,
        }

    return made_once("looks", plan)


def fewest(pages, *, of):
    """Return the fewest pages that hold every mark met in each group, those of a persona together."""
    groups = {}
    for page in pages:
        groups.setdefault(of(page), []).append(page)
    chosen = []
    for mine in groups.values():
        missing = set().union(*(marks for _, _, marks, _ in mine))
        while missing:
            best = max(mine, key=lambda page: len(missing.intersection(page[2])))
            missing.difference_update(best[2])
            chosen.append(best)
    return sorted(chosen, key=lambda page: (PERSONAS.index(page[3]), page[0], page[1]))


def may_open(name, persona):
    page = TABLE[name]
    if page.method != "GET" or name in NOT_OPENED:
        return False
    if persona is None:
        return page.visitor == 200
    return page.status == 200 and Role(persona) in page.roles and name not in LETTERS


def opened_by_someone():
    return {
        name for name in TABLE if not is_file(name) and any(may_open(name, persona) for persona in PERSONAS)
    }


@pytest.mark.parametrize("persona", PERSONAS)
def test_every_link_leads_to_a_page(walk_of, persona):
    walk = walk_of(persona)

    assert walk["faults"] == []
    assert len(walk["pages"]) >= 3


@pytest.mark.parametrize("part", range(PARTS))
def test_every_make_of_page_is_accessible_and_narrow(open_as, looks, part):
    every = looks["looks"]
    mine = every[len(every) * part // PARTS : len(every) * (part + 1) // PARTS]
    visits, faults = {}, []
    for rank, (name, path, persona, dark) in enumerate(mine):
        visit = visits.get(persona) or visits.setdefault(persona, open_as(persona))
        # One page is opened wide then narrowed, the next the other way round: each changes width once.
        narrow_first = rank % 2 == 1
        visit.page.set_viewport_size(NARROW if narrow_first else WIDE)
        status = visit.go(path)
        found = [] if status == 200 else [f"réponse {status}"]
        if narrow_first:
            found += too_wide(visit)
            visit.page.set_viewport_size(WIDE)
        visit.picture(f"{persona or 'visitor'}-{name.replace(':', '-')}")
        found += visit.violations()
        if dark:
            found += visit.violations_in_the_dark()
        if not narrow_first:
            visit.page.set_viewport_size(NARROW)
            found += too_wide(visit)
        faults += [f"{persona} {name} {path} : {fault}" for fault in found]

    assert faults == [], "\n".join(faults)


def too_wide(visit):
    wide = visit.overflow()
    return [f"{wide} px de trop à 320 px : {visit.too_wide()}"] if wide > 0 else []


def test_what_the_walks_leave_aside_is_opened_too(looks):
    """The pages of the table that no link led to, and what lists and forms ask."""
    assert looks["faults"] == []
    assert opened_by_someone() <= {name for name, *_ in looks["looks"]}


# What follows takes minutes and rarely finds anything: « make walk », before a release or after a change of the layout.


@pytest.mark.walk
@pytest.mark.parametrize("persona", [Role.REFERENT_ARS.value, Role.DESK_SANTE.value])
def test_every_page_is_whole_and_narrow_without_scripts(open_as, walk_of, persona):
    visit = open_as(persona, width=320, height=800, scripts=False)
    faults = []
    for name, path, _ in walk_of(persona)["pages"]:
        status = visit.go(path)
        main = visit.page.locator("main")
        if status != 200 or not main.locator("h1").first.is_visible() or len(main.inner_text()) < 20:
            faults.append(f"{name} {path} : réponse {status}, ou rien de visible")
        faults += [f"{name} {path} : {fault}, sans script" for fault in too_wide(visit)]

    assert faults == [], "\n".join(faults)


# Filters, a slider and a map, tables, forms, tabs, menus; the widest and the narrowest window.
TYPED = [
    (None, "portal:public_plan", 1280),
    (Role.REFERENT_ARS, "portal:home", 1280),
    (Role.REFERENT_ARS, "plan:action_open", 1280),
    (Role.REFERENT_ARS, "barometer:national", 1280),
    (Role.DESK_SANTE, "conventions:national", 1280),
    (Role.DESK_SANTE, "conventions:convention_list", 320),
    (Role.DESK_SANTE, "barometer:wave_prepare", 320),
    (Role.ADMINISTRATEUR, "identity:person_register", 320),
]


@pytest.mark.walk
@pytest.mark.parametrize(("persona", "name", "width"), TYPED, ids=str)
def test_tab_reaches_every_control_and_its_focus_is_seen(open_as, persona, name, width):
    visit = open_as(persona and persona.value, width=width)
    visit.go(reverse(name))

    assert visit.unreached() == []
