"""What the pages of the plan have in common: the exports, the form of an act."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone

from traitdunion.core.errors import Refusal
from traitdunion.identity.http import SignedInRequest

EXPORT_FORMATS = (("xlsx", "Excel"), ("ods", "OpenDocument"), ("csv", "CSV"), ("json", "JSON"))


def export_links(address: str, query: str = "") -> list[tuple[str, str]]:
    """Return the label and the address of each format, with the filters of the page."""
    kept = f"&{query}" if query else ""
    return [(label, f"{address}?format={name}{kept}") for name, label in EXPORT_FORMATS]


def sent(request: SignedInRequest) -> QueryDict | None:
    """Return what a form is bound to: an empty one that was sent is refused, one that was not is shown."""
    return request.POST if request.method == "POST" else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """The page of one act: its title, what it does, and the way back."""

    title: str
    intro: str
    submit: str
    parent: str
    back: str


def act(
    request: SignedInRequest,
    page: Act,
    form: Form,
    perform: Callable[[dict[str, Any], datetime.datetime], str],
) -> HttpResponseBase:
    """Show the form; when it is sent and valid, perform the act, tell its sentence and go back.

    Args:
        request: the request; its files go to the form.
        page: what the page says.
        form: bound when the method is POST.
        perform: does the act with the cleaned values at an instant and returns a sentence; may raise ``Refusal``.
    """
    if request.method == "POST" and form.is_valid():
        try:
            said = perform(form.cleaned_data, timezone.now())  # noqa: TID251  # a page reads the clock
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, said)
            return redirect(page.back)
    response: HttpResponse = render(
        request,
        "plan/act.html",
        {"page": page, "form": form, "is_multipart": form.is_multipart()},
        status=400 if form.is_bound else 200,
    )
    return response
