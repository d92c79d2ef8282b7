"""End a session after a while without a request, and after ten hours whatever happens."""

import time
from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.contrib import auth
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse

SIGNED_IN_AT: Final = "signed_in_at"
SEEN_AT: Final = "seen_at"
# A mark a minute is enough to know that someone is there; each one is a write.
SEEN_EVERY_SECONDS: Final = 60


def start_session(*, request: HttpRequest, **_others: Any) -> None:  # noqa: ANN401  # Django's signal
    """Write in a new session when it began: whoever opens it, the limits below apply."""
    request.session[SIGNED_IN_AT] = request.session[SEEN_AT] = int(time.time())


class SessionLimitsMiddleware:
    """Sign out the person whose session is over, before any page runs."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Read the clock, as a view would, and compare it with the marks of the session."""
        if auth.SESSION_KEY in request.session:
            clock = int(time.time())
            if _is_over(request.session, clock):
                auth.logout(request)
            elif clock - request.session[SEEN_AT] >= SEEN_EVERY_SECONDS:
                request.session[SEEN_AT] = clock
        return self.get_response(request)


def _is_over(session: SessionBase, clock: int) -> bool:
    began, seen = session.get(SIGNED_IN_AT, 0), session.get(SEEN_AT, 0)
    return bool(clock - began >= settings.SESSION_COOKIE_AGE or clock - seen >= settings.SESSION_IDLE_SECONDS)
