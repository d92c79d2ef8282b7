"""How the pages of conventions run an action and answer."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from traitdunion.core.errors import Refusal
from traitdunion.exchange.writers import CONTENT_TYPES, FORMATS, Written, write_table
from traitdunion.identity.http import SignedInRequest

get_or_post = require_http_methods(["GET", "HEAD", "POST"])


def now() -> datetime:
    """Return the instant of the request."""
    return timezone.now()  # noqa: TID251  # a page reads the clock


def posted(request: SignedInRequest) -> QueryDict | None:
    """Return what was sent, even nothing; None when the page is only read."""
    return request.POST if request.method == "POST" else None


def attempt[T](form: Form, do: Callable[[dict[str, Any]], T]) -> tuple[T] | None:
    """Run an action on a form's values: its result, or None with the refusal written on the form."""
    if not (form.is_bound and form.is_valid()):
        return None
    try:
        return (do(form.cleaned_data),)
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return None


def say(request: SignedInRequest, do: Callable[[], object], done: str) -> None:
    """Run an action that has no form and say what came of it above the next page."""
    try:
        do()
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, done)


def export_links(request: SignedInRequest, page: str) -> list[tuple[str, str]]:
    """Return the label and the address of each file format of an export, with the filters of the page."""
    links = []
    for each in FORMATS:
        asked = request.GET.copy()
        asked.pop("page", None)
        asked["format"] = each
        links.append((each.upper(), f"{reverse(page)}?{asked.urlencode()}"))
    return links


def table_file(
    request: SignedInRequest,
    *,
    name: str,
    title: str,
    headers: Sequence[str],
    rows: Iterable[Sequence[Written]],
) -> HttpResponse:
    """Return the table as a file in the format that the address asks for."""
    wanted = next((each for each in FORMATS if each == request.GET.get("format")), None)
    if wanted is None:
        raise Http404
    content = write_table(headers, rows, format=wanted, title=title)
    response = HttpResponse(content, content_type=CONTENT_TYPES[wanted])
    response["Content-Disposition"] = f'attachment; filename="{name}.{wanted}"'
    return response
