"""The spaces that French keeps on one line: before « : ; ! ? % € », inside guillemets, after « n° »."""

import re
from collections.abc import Callable, Iterator
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

NO_BREAK: Final = "\N{NO-BREAK SPACE}"
NARROW: Final = "\N{NARROW NO-BREAK SPACE}"

# The signs alone: an expression that also looks for the space costs seven times as much.
_SIGN: Final = re.compile("[;!?:%€»«°]")
_NARROW_BEFORE: Final = frozenset(";!?")
_SPACES: Final = " \n\r\t"  # a line feed of a template is a space of the page
# What is code, or what somebody typed and will send back: read and written as it is.
_AS_IS: Final = re.compile(r"<(script|style|textarea|pre|code)\b.*?</\1\s*>", re.DOTALL)


def bind(text: str) -> str:
    """Return the text with its French spaces bound.

    >>> bind("Attention : « oui » ?").replace(NO_BREAK, "~").replace(NARROW, "_")
    'Attention~: «~oui~»_?'
    >>> bind("Avenant n° 2").replace(NO_BREAK, "~")
    'Avenant n°~2'
    """
    return "".join(_pieces(text, 0, len(text), is_html=False))


def bind_html(page: str) -> str:
    """Return the page with the French spaces of its text bound; tags, code and what is typed stay as they are.

    Expects the « < » of a text to be escaped, and no « > » in an attribute, as the templates write them.

    >>> bind_html('<p title="a : b">Qui ? <code>x ? y</code></p>').replace(NARROW, "_")
    '<p title="a : b">Qui_? <code>x ? y</code></p>'
    """
    pieces: list[str] = []
    start = 0
    for kept in _AS_IS.finditer(page):
        pieces += _pieces(page, start, kept.start(), is_html=True)
        pieces.append(kept[0])
        start = kept.end()
    pieces += _pieces(page, start, len(page), is_html=True)
    return "".join(pieces)


def _pieces(text: str, start: int, end: int, *, is_html: bool) -> Iterator[str]:
    for found in _SIGN.finditer(text, start, end):
        sign, at = found[0], found.start()
        if not _has_space(text, sign, at, start, end) or (is_html and _in_tag(text, at, start)):
            continue
        if sign in {"«", "°"}:
            yield text[start : at + 1]
            yield NO_BREAK
            start = at + 1
            while start < end and text[start] in _SPACES:
                start += 1
        else:
            yield text[start:at].rstrip(_SPACES)
            yield NARROW if sign in _NARROW_BEFORE else NO_BREAK
            start = at
    yield text[start:end]


def _has_space(text: str, sign: str, at: int, start: int, end: int) -> bool:
    """Whether the space that the sign binds is an ordinary one."""
    if sign in {"«", "°"}:
        return at + 1 < end and text[at + 1] in _SPACES and (sign == "«" or text[at - 1 : at] in {"n", "N"})
    return at > start and text[at - 1] in _SPACES


def _in_tag(text: str, at: int, start: int) -> bool:
    return text.rfind("<", start, at) > text.rfind(">", start, at)


class FrenchSpacesMiddleware:
    """Bind the French spaces of every page, whether its words come from a template, a sentence or the database."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Rewrite the text of the answer when it is a page."""
        response = self.get_response(request)
        if isinstance(response, HttpResponse) and _is_page(response):
            page = response.content.decode(response.charset)
            response.content = bind_html(page).encode(response.charset)
        return response


def _is_page(response: HttpResponse) -> bool:
    return response.headers.get("Content-Type", "").startswith("text/html")
