"""Read the mandate of the session again at each request: a right that ends, ends at once."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.functional import SimpleLazyObject

from traitdunion.identity import access
from traitdunion.identity.models import Mandate, Person

SESSION_KEY = "mandate"


class MandateMiddleware:
    """Set ``request.mandate``: the mandate chosen for this session if it still runs, else None."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Attach the mandate, read on first use."""
        request.mandate = SimpleLazyObject(lambda: _current(request))  # type: ignore[attr-defined]  # see http.py
        response = self.get_response(request)
        if request.user.is_authenticated:
            # What a mandate reads stays out of every cache: the browser's, once signed out, and a proxy's.
            add_never_cache_headers(response)
        return response


def _current(request: HttpRequest) -> Mandate | None:
    person = request.user
    chosen = request.session.get(SESSION_KEY)
    if chosen is None or not isinstance(person, Person):
        return None
    # The clock of the request: the middleware is a door, like a view.
    day = timezone.localdate()
    return access.mandates_of(person, day=day).filter(public_id=chosen).first()
