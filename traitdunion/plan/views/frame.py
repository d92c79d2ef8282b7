"""What the pages of the plan have in common: the date of reading, the exports, the form of an act."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The day a page is read at, today, and the sentence to show when the address asked for another day."""

    day: datetime.date
    today: datetime.date
    note: str = ""

    @property
    def is_today(self) -> bool:
        """Whether the page shows the present, where acts are offered."""
        return self.day == self.today

    @property
    def query(self) -> str:
        """The end of an address that keeps the date of reading, empty today."""
        return "" if self.is_today else f"?au={self.day.isoformat()}"


def reading_day(request: SignedInRequest, name: str = "au") -> Reading:
    """Return the day that the address asks for; a wrong or future one is told and replaced by today."""
    today = timezone.localdate()
    typed = request.GET.get(name, "").strip()
    if not typed:
        return Reading(day=today, today=today)
    try:
        day = datetime.date.fromisoformat(typed)
    except ValueError:
        note = f"« {typed[:40]} » n’est pas une date : on attend par exemple 2026-03-31. La page est lue aujourd’hui."
        return Reading(day=today, today=today, note=note)
    if day > today:
        note = f"Le {day:%d/%m/%Y} est à venir : la page est lue aujourd’hui, le {today:%d/%m/%Y}."
        return Reading(day=today, today=today, note=note)
    if day.year < 2000:
        note = f"Le {day:%d/%m/%Y} précède tout ce que l’outil contient : la page est lue aujourd’hui."
        return Reading(day=today, today=today, note=note)
    return Reading(day=day, today=today)


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
