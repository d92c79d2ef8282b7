from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.http import parse_etags, quote_etag
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from traitdunion.identity.http import SignedInRequest, mandate_required
from traitdunion.notices import access, actions, calendars, letters, queries
from traitdunion.notices.forms import PreferenceForm

PER_PAGE = 25


@require_safe
@mandate_required
def notice_list(request: SignedInRequest) -> HttpResponse:
    """List what was sent to me."""
    page = Paginator(access.notices_of(request.user).defer("body"), PER_PAGE).get_page(
        request.GET.get("page")
    )
    return render(request, "notices/notice_list.html", {"page": page})


@require_safe
@mandate_required
def notice_detail(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Show a notice that was sent to me."""
    notice = get_object_or_404(access.notices_of(request.user), public_id=public_id)
    return render(request, "notices/notice_detail.html", {"notice": notice})


@require_http_methods(["GET", "HEAD", "POST"])
@mandate_required
def preferences(request: SignedInRequest) -> HttpResponse:
    """Choose what I receive."""
    if request.method != "POST":
        form = PreferenceForm(initial={"weekly_digest": queries.wants_digest(request.user)})
        return render(request, "notices/preference_form.html", {"form": form})
    form = PreferenceForm(request.POST)
    if not form.is_valid():
        return render(request, "notices/preference_form.html", {"form": form}, status=400)
    wanted = form.cleaned_data["weekly_digest"]
    actions.choose_digest(
        request.user, weekly_digest=wanted, actor=request.mandate.as_actor(), at=timezone.now()
    )
    done = "Vous recevrez le résumé du lundi." if wanted else "Vous ne recevrez plus le résumé du lundi."
    messages.success(request, done)
    return redirect("notices:preferences")


# Calendar


@require_safe
@mandate_required
def calendar(request: SignedInRequest) -> HttpResponse:
    """Show the calendar links of my mandate."""
    return render(request, "notices/calendar.html", _calendar_page(request))


def _calendar_page(request: SignedInRequest) -> dict[str, Any]:
    return {"links": list(access.links_of(request.mandate)), "most_links": actions.MOST_LINKS}


@never_cache
@require_POST
@mandate_required
def calendar_create(request: SignedInRequest) -> HttpResponse:
    """Make a link and show it, this once: a redirection would have to keep the secret somewhere."""
    try:
        secret = actions.create_link(request.mandate, actor=request.mandate.as_actor(), at=timezone.now())
    except actions.NoticeRefusedError as refusal:
        messages.error(request, str(refusal))
        return redirect("notices:calendar")
    address = letters.absolute(reverse("notices:calendar_feed", args=[secret]))
    return render(request, "notices/calendar.html", {**_calendar_page(request), "address": address})


@require_POST
@mandate_required
def calendar_revoke(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Close one of my links."""
    link = get_object_or_404(access.links_of(request.mandate), public_id=public_id)
    actions.revoke_link(link, actor=request.mandate.as_actor(), at=timezone.now())
    messages.success(request, "Le lien est supprimé : il ne répond plus.")
    return redirect("notices:calendar")


@require_safe
def calendar_feed(request: HttpRequest, secret: str) -> HttpResponse:
    """Give the calendar behind a secret link. An unknown link and an ended mandate look alike."""
    day = timezone.localdate()
    mandate = access.mandate_behind(actions.hash_of(secret), day=day)
    if mandate is None:
        raise Http404
    content = calendars.write(
        calendars.events_for(mandate, day=day), name=f"Trait d’union – {mandate.post.organisation.name}"
    )
    etag = quote_etag(actions.fingerprint(content))
    known = parse_etags(request.headers.get("If-None-Match", ""))
    response: HttpResponse
    if etag in {mark.removeprefix("W/") for mark in known}:
        response = HttpResponseNotModified()
    else:
        response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
        response["Content-Disposition"] = 'inline; filename="trait-d-union.ics"'
    response["ETag"] = etag
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "no-referrer"
    patch_cache_control(response, private=True, no_cache=True)
    return response


# Administration


@require_safe
@mandate_required
def outbox(request: SignedInRequest) -> HttpResponse:
    """List the notices that could not be delivered."""
    _administrators_only(request)
    page = Paginator(access.undelivered_visible_to(request.mandate), PER_PAGE).get_page(
        request.GET.get("page")
    )
    return render(request, "notices/outbox.html", {"page": page, "outbox": queries.outbox()})


@require_POST
@mandate_required
def outbox_retry(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Put one undelivered notice back."""
    notice = get_object_or_404(access.undelivered_visible_to(request.mandate), public_id=public_id)
    try:
        actions.retry(notice, actor=request.mandate.as_actor(), at=timezone.now())
    except actions.NoticeRefusedError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "L’avis est remis dans la file : il part dans la minute.")
    return redirect("notices:outbox")


@require_POST
@mandate_required
def outbox_retry_all(request: SignedInRequest) -> HttpResponse:
    """Put every undelivered notice back, for example once the mail server answers again."""
    _administrators_only(request)
    number = actions.retry_all(
        access.undelivered_visible_to(request.mandate), actor=request.mandate.as_actor(), at=timezone.now()
    )
    messages.success(request, f"Avis remis dans la file : {number}.")
    return redirect("notices:outbox")


def _administrators_only(request: SignedInRequest) -> None:
    if not access.may_watch(request.mandate):
        raise Http404
