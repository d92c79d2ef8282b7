"""What the national bilan alone has: the paragraphs of the 101 with their source, and the names of its institutions."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from traitdunion.identity.http import SignedInRequest, mandate_required
from traitdunion.reviews import access, actions_national, parties, queries, queries_national, rules
from traitdunion.reviews.forms import PartyNameForm
from traitdunion.reviews.kinds import Level, Voice
from traitdunion.reviews.models import Paragraph
from traitdunion.reviews.outline import TITLES, voices
from traitdunion.reviews.queries_national import Standing
from traitdunion.reviews.rules import Quarter
from traitdunion.reviews.views.frame import (
    attempt,
    form_page,
    get_or_post,
    now,
    posted,
    read_review,
    say,
    written_version,
)
from traitdunion.reviews.views.reading import Piece, pieces_of

FIRST_READ = "convention"


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """A paragraph of a département, with its source."""

    standing: Standing
    paragraph: Paragraph
    voice: Voice
    pieces: list[Piece]
    may_cite: bool


@mandate_required
@require_safe
def themes(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Read what the départements write in one part, by code, each with its version and its hash.

    A position that differs is shown like any text: it is counted nowhere.
    """
    review = read_review(request, public_id)
    if review.level != Level.NATIONAL.value:
        raise Http404
    section = request.GET.get("partie", FIRST_READ)
    asked = request.GET.get("voix", "")
    if section not in TITLES:
        section = FIRST_READ
    offered = voices(Level.DEPARTEMENT)
    chosen = [voice for voice in offered if not asked or voice.value == asked] or list(offered)
    quarter = Quarter.read(review.quarter)
    found = queries_national.standings(quarter, at=now(), with_paragraphs=True)
    writes = access.party_of(request.mandate, review) is not None and rules.may_write(
        queries.last_version(review).life
    )
    excerpts = [
        _excerpt(standing, paragraph, writes=writes)
        for standing in found
        for paragraph in sorted(
            standing.version.paragraphs.all(), key=lambda each: offered.index(Voice(each.voice))
        )
        if paragraph.section == section and paragraph.text and Voice(paragraph.voice) in chosen
    ]
    context = {
        "review": review,
        "sections": list(TITLES.items()),
        "section": section,
        "title": TITLES[section],
        "voices": offered,
        "asked": asked,
        "excerpts": excerpts,
        "departements": len({each.standing.departement.code for each in excerpts}),
        "total": len(found),
        "writes": writes,
    }
    return render(request, "reviews/themes.html", context)


def _excerpt(standing: Standing, paragraph: Paragraph, *, writes: bool) -> Excerpt:
    return Excerpt(
        standing=standing,
        paragraph=paragraph,
        voice=Voice(paragraph.voice),
        pieces=pieces_of(paragraph.text, standing.figures),
        may_cite=writes and bool(standing.signed),
    )


@mandate_required
@require_POST
def cite(request: SignedInRequest, public_id: UUID, paragraph_id: UUID) -> HttpResponseBase:
    """Put a paragraph of a département in the national text, with its source."""
    if request.mandate.role not in access.DESKS:
        raise PermissionDenied("Seuls les deux ministères citent un département dans le bilan national.")
    version, party = written_version(request, public_id)
    paragraph = get_object_or_404(
        Paragraph.objects.select_related("version__review__departement"), public_id=paragraph_id
    )
    say(
        request,
        lambda: actions_national.cite(
            version, paragraph, side=party, actor=request.mandate.as_actor(), at=now()
        ),
        "Le paragraphe est cité dans le bilan national, avec sa source.",
    )
    return redirect(f"{reverse('reviews:themes', args=[public_id])}?partie={paragraph.section}")


@mandate_required
@require_safe
def party_list(request: SignedInRequest) -> HttpResponse:
    """Show what the institutions of the national bilan are called, day by day, and where that was read."""
    today, names = timezone.localdate(), queries_national.party_names()
    sides = rules.SIDES[Level.NATIONAL]
    context = {
        "today": today,
        "current": [parties.label(side, today, names) for side in sides],
        "names": sorted(names, key=lambda each: (sides.index(each.party), each.since)),
        "may_name": access.may_keep_criteria(request.mandate),
    }
    return render(request, "reviews/party_list.html", context)


@mandate_required
@get_or_post
def party_register(request: SignedInRequest) -> HttpResponseBase:
    """Fill the slot: what an institution is called from a day on."""
    if not access.may_keep_criteria(request.mandate):
        raise PermissionDenied("Seul l’administrateur écrit les noms des institutions.")
    form = PartyNameForm(posted(request))
    if attempt(
        form, lambda says: actions_national.name_party(**says, actor=request.mandate.as_actor(), at=now())
    ):
        messages.success(
            request, "Le nom est enregistré. Les bilans déjà proposés gardent celui qu’ils disent."
        )
        return redirect("reviews:party_list")
    return form_page(request, "reviews/party_register.html", form, {})
