"""What the pages of the bilans share: find the bilan, know who acts, run an action and answer."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from traitdunion.conventions.rules import local_day
from traitdunion.core.errors import Refusal
from traitdunion.identity.http import SignedInRequest
from traitdunion.reviews import access, queries
from traitdunion.reviews.kinds import Party
from traitdunion.reviews.models import Review, Version

get_or_post = require_http_methods(["GET", "HEAD", "POST"])


def now() -> datetime:
    """Return the instant of the request."""
    return timezone.now()  # noqa: TID251  # a page reads the clock


def today_in(review: Review) -> date:
    """Return the day on the clock of the département of a bilan."""
    if review.departement is None:
        return timezone.localdate()
    return local_day(now(), review.departement.time_zone)


def read_review(request: SignedInRequest, public_id: UUID) -> Review:
    """Return a bilan that the mandate reads; the others do not exist."""
    return get_object_or_404(
        access.reviews_visible_to(request.mandate).select_related("meeting"), public_id=public_id
    )


def written_version(request: SignedInRequest, public_id: UUID) -> tuple[Version, Party]:
    """Return the last version of a bilan and the institution for which the mandate writes it."""
    review = read_review(request, public_id)
    party = access.party_of(request.mandate, review)
    if party is None:
        if review.departement is None:
            raise PermissionDenied(
                "Seuls le ministère chargé de la santé et le ministère de l’intérieur écrivent le bilan national."
            )
        raise PermissionDenied(
            "Seuls le préfet, le directeur général de l’ARS et leurs référents écrivent le bilan de leur département."
        )
    return queries.last_version(review), party


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


def form_page(request: SignedInRequest, template: str, form: Form, context: dict[str, Any]) -> HttpResponse:
    """Show a form; refused, the page says so with status 400."""
    status = 400 if form.is_bound and form.errors else 200
    return render(request, template, {"form": form, **context}, status=status)
