"""How the pages of the baromètre read the clock, run an action and answer."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from traitdunion.core.errors import Refusal
from traitdunion.identity.http import SignedInRequest

get_or_post = require_http_methods(["GET", "HEAD", "POST"])


def now() -> datetime:
    """Return the instant of the request."""
    return timezone.now()  # noqa: TID251  # a page reads the clock


def today() -> date:
    """Return the day in Paris, the clock of every wave."""
    return timezone.localdate()


def posted(request: HttpRequest) -> QueryDict | None:
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


def show_form(request: HttpRequest, template: str, form: Form, context: dict[str, Any]) -> HttpResponse:
    """Return the page of a form, as an error when what was sent was refused."""
    return render(request, template, {**context, "form": form}, status=400 if form.is_bound else 200)


def only(allowed: bool) -> None:
    """Answer as if the page did not exist when it does not, for this mandate.

    Raises:
        Http404: it is not allowed.
    """
    if not allowed:
        raise Http404
