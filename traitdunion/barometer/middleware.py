"""Keep the pages where people answer apart from sessions and from logs."""

import logging
import re
from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers

ANSWERING: Final = "/barometre/repondre/"
_LINK: Final = re.compile(rf"({ANSWERING})[^\s/?'\"]+")


class AnsweringMiddleware:
    """Answer these pages as to a stranger, before any session is read.

    Someone who has signed in keeps a session row that every page marks with the time: on these pages it would say when
    they answered. Placed above the sessions, this takes the cookie away from the request, and lets none out.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Take the cookies away on the way in; seal the answer on the way out."""
        if not request.path_info.startswith(ANSWERING):
            return self.get_response(request)
        request.COOKIES.clear()
        response = self.get_response(request)
        response.cookies.clear()
        add_never_cache_headers(response)
        # The address is a key: it goes to no other site, no index, no history of ours.
        response["Referrer-Policy"] = "no-referrer"
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response


class HideLinks(logging.Filter):
    """Take personal links out of every line that is logged: with the time, a line would say who opened one when."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the message and its values in place; let every line through."""
        record.msg = _hidden(record.msg)
        if isinstance(record.args, tuple):
            record.args = tuple(_hidden(each) for each in record.args)
        return True


def _hidden(value: object) -> object:
    return _LINK.sub(r"\1…", value) if isinstance(value, str) else value
