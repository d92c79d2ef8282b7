"""Every page that a persona can reach by links, looked at by axe-core and measured at the narrowest width.

A page is looked at again only when it holds a kind of element that nobody saw on it yet: what a persona sees differs
from its neighbour's by words and numbers far more often than by structure. All of them are opened and must answer.
"""

import fcntl
import hashlib
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest
from django.urls import Resolver404, resolve

from traitdunion.identity.kinds import COORDINATION_ROLES

PERSONAS = [None, *(role.value for role in COORDINATION_ROLES)]
# Links of letters, which the demonstration shows: each is for one person, once.
PERSONAL = "/barometre/repondre/"
# What decides whether an element is accessible, as far as a reader of HTML can tell.
TELLING = {"class", "role", "type", "aria-current", "aria-live", "aria-sort", "scope", "disabled", "tabindex"}


class Shape(HTMLParser):
    """The kinds of elements a page is made of, and its links."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.links = set(), []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.add((tag, *sorted(pair for pair in attrs if pair[0] in TELLING)))
        href = dict(attrs).get("href")
        if tag == "a" and href and not href.startswith("#"):
            self.links.append(href)


def page_name(path):
    try:
        return resolve(path).view_name
    except Resolver404:
        return path


def walk(request, site, start):
    """Return one address and its shape for each page reached from ``start`` by links, files left out."""
    found, waiting, seen = {}, [start], set()
    while waiting:
        path = waiting.pop(0)
        name = page_name(urlsplit(path).path)
        if name in seen:
            continue
        seen.add(name)
        answer = request.get(site + path)
        assert answer.status == 200, f"{path} : {answer.status}"
        if "text/html" not in answer.headers.get("content-type", ""):
            continue
        shape = Shape(answer.text())
        found[name] = (path, frozenset(shape.elements))
        for link in shape.links:
            target = urlsplit(urljoin(answer.url, link))
            if PERSONAL in target.path:
                continue
            if f"{target.scheme}://{target.netloc}" == site:
                waiting.append(target._replace(scheme="", netloc="", fragment="").geturl())
    return found


@pytest.fixture(scope="module")
def is_new(shared_folder):
    """Tell whether a page holds elements that nobody saw on it yet, in this process or in another of the run."""
    file = shared_folder / "looked-at"

    def claim(name, elements):
        marks = {hashlib.sha256(repr((name, element)).encode()).hexdigest()[:20] for element in elements}
        with file.open("a+") as seen:
            fcntl.flock(seen, fcntl.LOCK_EX)
            seen.seek(0)
            unseen = marks.difference(seen.read().split())
            seen.writelines(f"{mark}\n" for mark in sorted(unseen))
        return bool(unseen)

    return claim


@pytest.mark.parametrize("persona", PERSONAS)
def test_every_page_is_accessible_and_narrow(open_as, site, is_new, persona):
    visit = open_as(persona)

    pages = walk(visit.page.context.request, site, "/")

    faults = []
    for name, (path, elements) in sorted(pages.items()):
        if not is_new(name, elements):
            continue
        visit.page.set_viewport_size({"width": 1280, "height": 900})
        visit.go(path)
        visit.picture(f"{persona or 'visitor'}-{name.replace(':', '-')}")
        faults += [f"{name} {path} : {fault}" for fault in visit.violations()]
        visit.page.set_viewport_size({"width": 320, "height": 800})
        if (wide := visit.overflow()) > 0:
            faults.append(f"{name} {path} : {wide} px de trop à 320 px : {visit.too_wide()}")
    assert faults == [], "\n".join(faults)
    assert len(pages) >= 3
