"""Read one convention, today or « à la date du … », and its text in force on a day."""

from uuid import UUID

from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from traitdunion.conventions import (
    access,
    access_practice,
    forms,
    queries_as_of,
    queries_drafting,
    rules,
)
from traitdunion.conventions.kinds import State, Step
from traitdunion.conventions.models import HEADINGS, Convention
from traitdunion.conventions.views.answers import now
from traitdunion.identity.http import SignedInRequest, mandate_required
from traitdunion.identity.reading import reading_day


@mandate_required
@require_safe
def convention_detail(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Show where a convention stands, who is bound, what it says, and what happened; today or on a past evening."""
    reading = reading_day(request, today=timezone.localdate())
    texts = (
        access.conventions_visible_to(request.mandate)
        .filter(Q(public_id=public_id) | Q(parent__public_id=public_id))
        .order_by("number")
    )
    acts, by = (
        (list(texts.with_life()), None)
        if reading.is_today
        else queries_as_of.as_known(texts, day=reading.day)
    )
    convention = next((act for act in acts if act.public_id == public_id), None)
    if convention is None:
        if by is None:
            raise Http404
        return render(request, "conventions/not_yet.html", {"reading": reading})
    day = reading.day if by else rules.local_day(now(), convention.departement.time_zone)
    avenants = [act for act in acts if act.parent_id == convention.pk]
    [row, *amended] = queries_drafting.rows(
        [convention, *avenants],
        day=day,
        reader=request.mandate.role,
        beside=queries_as_of.known_on(day) if by else None,
    )
    # A draft is rewritten in place: what it said on a past evening is not kept.
    is_text_known = reading.is_today or (row.situation is not None and not row.situation.is_draft)
    lines = queries_drafting.checklist(convention, day=day) if is_text_known else []
    context = {
        "reading": reading,
        "convention": convention,
        "row": row,
        "situation": row.situation,
        "is_in_force": row.situation is not None and row.situation.state is State.EN_VIGUEUR,
        "avenants": amended,
        "signatures": [
            (signature, queries_drafting.signature_note(signature))
            for signature in convention.signatures.all()
        ],
        "around": queries_as_of.surroundings(convention, day=day, by=by),
        "is_text_known": is_text_known,
        "lines": lines,
        "done": sum(line.is_done for line in lines),
        "headings": HEADINGS,
        "circuits": convention.circuits.all() if is_text_known else (),
        "obligations": queries_drafting.obligations(convention) if is_text_known else (),
        "history": queries_drafting.history(convention, avenants, day=day),
        "abandoned": next((step for step in convention.steps.all() if step.step == Step.ABANDONNEE), None),
        "may": May(request, convention, row.situation if reading.is_today else None),
    }
    return render(request, "conventions/convention_detail.html", context)


class May:
    """What the page of a convention offers to its reader now; nothing without a situation."""

    def __init__(
        self, request: SignedInRequest, convention: Convention, situation: rules.Situation | None
    ) -> None:
        side = request.mandate.side
        signed = {signature.side for signature in convention.signatures.all()}
        self.draft = access.may_draft(request.mandate, convention.departement)
        drafting = self.draft and situation is not None and situation.is_draft
        self.write = drafting and not signed
        self.hand_over = self.write and bool(convention.steps.all())
        self.abandon = self.write
        to_sign = drafting and situation is not None and situation.state is State.A_SIGNER
        self.sign = to_sign and side is not None and side.value not in signed and bool(convention.steps.all())
        self.withdraw = to_sign and side is not None and side.value in signed
        self.amend = self.draft and situation is not None and situation.applies and not convention.is_avenant
        self.denounce = self.amend and convention.denounced_on is None
        self.review = (
            situation is not None
            and not convention.is_avenant
            and (situation.applies or situation.state is State.ECHUE)
            and access_practice.may_keep(request.mandate, convention.departement)
        )
        self.meet = situation is not None and access_practice.may_keep(
            request.mandate, convention.departement
        )
        self.any = self.write or self.sign or self.withdraw or self.amend


@mandate_required
@require_safe
def convention_text(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Show the text in force on a day, and how it differs from another day."""
    visible = access.conventions_visible_to(request.mandate).with_life()
    convention = get_object_or_404(visible, public_id=public_id)
    whole = convention.parent or convention
    today = rules.local_day(now(), convention.departement.time_zone)
    asked = forms.ReadForm(request.GET)
    on, against = asked.day("au") or today, asked.day("avec")
    text = queries_drafting.consolidated(whole, on=on, against=against)
    return render(
        request,
        "conventions/convention_text.html",
        {"convention": whole, "text": text, "on": on, "against": against, "today": today},
    )
