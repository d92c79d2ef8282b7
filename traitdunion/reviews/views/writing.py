"""Write a bilan: a paragraph, the figures read again, the conclusion, the commitments, the meeting."""

from datetime import date
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from traitdunion.core.errors import Refusal
from traitdunion.identity.http import SignedInRequest, mandate_required
from traitdunion.reviews import actions, queries
from traitdunion.reviews.actions import ConflictError, Seat
from traitdunion.reviews.forms import ConclusionForm, MeetingForm, ParagraphForm, PromiseForm, SettleForm
from traitdunion.reviews.kinds import Level, Voice
from traitdunion.reviews.models import Review, Version
from traitdunion.reviews.outline import titles
from traitdunion.reviews.rules import Quarter
from traitdunion.reviews.views.frame import (
    attempt,
    form_page,
    get_or_post,
    now,
    posted,
    today_in,
    written_version,
)

# What the two institutions go through, and for how many minutes: forty-five in all.
NATIONAL_AGENDA = (
    (5, "Ce qui a changé depuis le dernier bilan national"),
    (10, "Où en sont les bilans des départements, et ce qu’ils concluent"),
    (10, "Ce que les départements écrivent, positions qui diffèrent comprises"),
    (10, "Conventions, engagements, pistes, blocages par cause"),
    (5, "Engagements du prochain trimestre"),
    (5, "Désaccords à écrire, conclusion, date de signature"),
)
AGENDA = (
    (5, "Ce qui a changé depuis le dernier bilan"),
    (10, "Engagements : tenu, non tenu, abandonné, et pourquoi"),
    (10, "Convention, référents, contacts, réunions"),
    (10, "Baromètre et pistes d’amélioration, blocages"),
    (5, "Engagements du prochain trimestre"),
    (5, "Désaccords à écrire, conclusion, date de signature"),
)


@mandate_required
@get_or_post
def paragraph_write(request: SignedInRequest, public_id: UUID, section: str, voice: str) -> HttpResponseBase:
    """Write a paragraph; when someone wrote meanwhile, show both texts."""
    version, party = written_version(request, public_id)
    said = titles(version.life.level)
    if section not in said or voice not in {Voice.COMMUNE.value, party.value}:
        raise Http404
    standing = version.paragraphs.filter(section=section, voice=voice).first()
    form = ParagraphForm(
        posted(request),
        initial={"text": standing.text if standing else "", "revision": standing.revision if standing else 0},
    )
    context = {
        "review": version.review,
        "version": version,
        "title": said[section],
        "voice": Voice(voice),
        "figures": sorted(queries.figures_by_name(version).values(), key=lambda figure: figure.label),
        "standing": standing,
    }
    if form.is_bound and form.is_valid():
        try:
            actions.write_paragraph(
                version,
                section=section,
                voice=Voice(voice),
                text=form.cleaned_data["text"],
                revision=form.cleaned_data["revision"],
                side=party,
                actor=request.mandate.as_actor(),
                at=now(),
            )
        except ConflictError as conflict:
            return _conflict(request, conflict, context)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Le paragraphe est enregistré.")
            return redirect(f"{reverse('reviews:review_detail', args=[public_id])}#{section}")
    return form_page(request, "reviews/paragraph_write.html", form, context)


def _conflict(request: SignedInRequest, conflict: ConflictError, context: dict[str, object]) -> HttpResponse:
    """Show what was saved and what was typed; saving again starts from the version that is shown."""
    form = ParagraphForm(initial={"text": conflict.typed, "revision": conflict.paragraph.revision})
    context = {**context, "form": form, "standing": conflict.paragraph, "conflict": str(conflict)}
    return render(request, "reviews/paragraph_write.html", context, status=409)


@mandate_required
@require_POST
def figures_again(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Read the figures again and show only what changed."""
    version, _ = written_version(request, public_id)
    try:
        changes = actions.regenerate(
            version, today=today_in(version.review), actor=request.mandate.as_actor(), at=now()
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("reviews:review_detail", public_id)
    if not changes:
        messages.success(request, "Les chiffres sont relus : aucun n’a changé.")
        return redirect("reviews:review_detail", public_id)
    for change in changes:
        messages.info(request, f"{change.sentence}.")
    query = urlencode([("change", change.id) for change in changes])
    return redirect(f"{reverse('reviews:review_detail', args=[public_id])}?{query}")


@mandate_required
@get_or_post
def conclusion(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Keep the computed conclusion or depart from it, for a written reason."""
    version, party = written_version(request, public_id)
    judged = queries.judgement(version, queries.figures_by_name(version))
    form = ConclusionForm(
        posted(request),
        initial={"kept": version.kept or judged.conclusion.value, "reason": version.departure_reason},
    )
    if attempt(
        form,
        lambda says: actions.depart(version, **says, side=party, actor=request.mandate.as_actor(), at=now()),
    ):
        messages.success(request, "La conclusion retenue est enregistrée.")
        return redirect("reviews:review_detail", public_id)
    context = {"review": version.review, "judged": judged}
    return form_page(request, "reviews/conclusion.html", form, context)


@mandate_required
@get_or_post
def promise(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Add a commitment."""
    version, _ = written_version(request, public_id)
    form = PromiseForm(posted(request), level=Level(version.review.level))
    if attempt(
        form, lambda says: actions.promise(version, **says, actor=request.mandate.as_actor(), at=now())
    ):
        messages.success(request, "L’engagement est pris. Le prochain bilan en dira la suite.")
        return redirect("reviews:review_detail", public_id)
    context = {
        "review": version.review,
        "heading": "Prendre un engagement",
        "lead": "Ce que l’une des institutions, ou les deux, feront, et pour quand.",
        "submit": "Prendre l’engagement",
    }
    return form_page(request, "reviews/review_form.html", form, context)


@mandate_required
@get_or_post
def settle(request: SignedInRequest, public_id: UUID, commitment_id: UUID) -> HttpResponseBase:
    """Say what became of a commitment of an earlier bilan."""
    version, _ = written_version(request, public_id)
    commitment = get_object_or_404(queries.commitments_of(version.review), public_id=commitment_id)
    form = SettleForm(posted(request), initial={"fate": commitment.state, "reason": commitment.state_reason})
    if attempt(
        form,
        lambda says: actions.settle(
            version,
            commitment,
            **says,
            today=today_in(version.review),
            actor=request.mandate.as_actor(),
            at=now(),
        ),
    ):
        messages.success(
            request, "La suite de l’engagement est enregistrée. Relisez les chiffres pour les mettre à jour."
        )
        return redirect("reviews:review_detail", public_id)
    context = {
        "review": version.review,
        "heading": "Dire la suite d’un engagement",
        "lead": f"« {commitment.text} », pour le {commitment.due_on:%d/%m/%Y}.",
        "submit": "Enregistrer la suite",
    }
    return form_page(request, "reviews/review_form.html", form, context)


@mandate_required
@get_or_post
def meeting(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Guide the meeting: what to go through, who is there, what is decided, typed once."""
    version, _ = written_version(request, public_id)
    review = version.review
    today = today_in(review)
    form = MeetingForm(posted(request), offered=_offices(review, today), initial=_typed_before(review, today))
    if attempt(
        form,
        lambda says: actions.hold_meeting(
            version, **says, today=today, actor=request.mandate.as_actor(), at=now()
        ),
    ):
        done = "La réunion est enregistrée, dans le bilan et parmi celles de la convention."
        messages.success(request, done if review.departement else "La réunion est enregistrée.")
        return redirect("reviews:review_detail", public_id)
    agenda = AGENDA if review.departement else NATIONAL_AGENDA
    context = {
        "review": review,
        "agenda": agenda,
        "minutes": sum(minutes for minutes, _ in agenda),
        "commitments": [each for each in queries.commitments_of(review) if each.review_id != review.pk],
        "missing": _missing(version),
    }
    return form_page(request, "reviews/meeting.html", form, context)


def _missing(version: Version) -> list[str]:
    judged = queries.judgement(version, queries.figures_by_name(version))
    return [each.criterion.label for each in judged.findings if each.criterion.id in judged.missing]


def _offices(review: Review, day: date) -> dict[str, Seat]:
    """Return the offices of both institutions that someone holds, by a key that a form sends."""
    return {
        str(post.public_id): Seat(side=side, organisation=post.organisation.name, post=post_label)
        for side, post, post_label in queries.offices(review, day)
    }


def _typed_before(review: Review, today: date) -> dict[str, object]:
    held = getattr(review, "meeting", None)
    if held is None:
        return {"held_on": max(today, Quarter.read(review.quarter).next.first_day)}
    present = {(each.organisation, each.post) for each in held.presences.all()}
    return {
        "held_on": held.held_on,
        "decisions": "\n".join(each.text for each in held.decisions.all()),
        "seats": [
            key for key, seat in _offices(review, today).items() if (seat.organisation, seat.post) in present
        ],
    }
