"""The bench times every page that is read: the page table says which."""

from uuid import UUID

from django.urls import resolve

from bench.bench_pages import FOUND_AT, LISTED
from tests.filled import LETTERS
from tests.pages import TABLE

# The end of the name of a page that asks before it writes: it is opened once, by one person, to be sent.
ASKING = (
    "_add", "_cancel", "_close", "_end", "_give", "_grant", "_import", "_justify", "_link", "_open", "_prepare",
    "_register", "_remove", "_replace", "_revise", "_send",
)  # fmt: skip
FILES = (
    "_csv",
    "_export",
    "_feed",
    "_file",
    "_json",
    "_package",
    "_pdf",
    "_proof",
    "_schema",
    "_word",
    "_workbook",
)
NOT_TIMED = {
    *LETTERS,
    *(name for name in TABLE if name.startswith("api:")),  # one address asks so many times a minute
    "barometer:remark_list",  # asks for a code
    "demo:components",
    "demo:letter_list",
    "demo:personas",
    "exchange:run_detail",  # the demonstration holds no import
    "identity:oidc_callback",
    "identity:oidc_request",
    "identity:post_open",
    "portal:restitution",  # a PDF
    "reviews:public_version",  # the page of reviews:public_detail, at an older version
}


def listed(address):
    """Return the name of the page at an address of the list, whatever the identifier in it."""
    if address.startswith("{"):
        name, _, rest = address[1:].partition("}")
        address = f"{FOUND_AT[name][1]}{UUID(int=0)}/{rest}"
    return resolve(address.partition("?")[0]).view_name


def test_every_page_that_is_read_is_timed():
    read = {
        name
        for name, page in TABLE.items()
        if (page.method, page.status, page.otherwise) == ("GET", 200, 404)
        and not name.endswith(ASKING + FILES)
    } | {"portal:home"}
    assert read - NOT_TIMED - {listed(address) for address in LISTED.values()} == set()
