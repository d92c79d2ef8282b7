"""Hand a bilan over, offer it, sign it, open a correction."""

from uuid import UUID

from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from traitdunion.identity.http import SignedInRequest, mandate_required
from traitdunion.reviews import access, actions_signing, keyring, rules, tasks
from traitdunion.reviews.forms import AmendForm, DeclineForm, SignForm
from traitdunion.reviews.kinds import Step
from traitdunion.reviews.views.frame import (
    attempt,
    form_page,
    get_or_post,
    now,
    posted,
    say,
    today_in,
    written_version,
)


@mandate_required
@require_POST
def hand_over(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Ask the other institution to read."""
    return _step(
        request, public_id, Step.RELECTURE, "Le bilan est transmis : à l’autre institution de le relire."
    )


@mandate_required
@require_POST
def take_back(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Take back to writing what was offered for signature and that nobody signed."""
    return _step(request, public_id, Step.ECRITURE, "Le bilan est repris en écriture.")


def _step(request: SignedInRequest, public_id: UUID, step: Step, done: str) -> HttpResponseBase:
    version, party = written_version(request, public_id)
    say(
        request,
        lambda: actions_signing.hand_over(
            version, step=step, side=party, actor=request.mandate.as_actor(), at=now()
        ),
        done,
    )
    return redirect("reviews:review_detail", public_id)


@mandate_required
@require_POST
def offer(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Freeze the text and its PDF for both signatures."""
    version, party = written_version(request, public_id)
    say(
        request,
        lambda: actions_signing.offer(version, side=party, actor=request.mandate.as_actor(), at=now()),
        "Le bilan est proposé à la signature : les deux institutions signent le même document.",
    )
    return redirect("reviews:review_detail", public_id)


@mandate_required
@get_or_post
def sign(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Show what is signed and under what power, then sign."""
    version, party = written_version(request, public_id)
    review = version.review
    today = today_in(review)
    power = access.power_to_sign(review, side=party, mandate=request.mandate, on=today)
    form = SignForm(posted(request), initial={"sha256": version.document_sha256})
    if attempt(
        form,
        lambda says: actions_signing.sign(
            version,
            side=party,
            mandate=request.mandate,
            sha256=says["sha256"],
            day=today,
            key=keyring.site_key(),
            at=now(),
        ),
    ):
        messages.success(request, "Votre signature est enregistrée.")
        tasks.ask_stamps()
        return redirect("reviews:review_detail", public_id)
    context = {
        "review": review,
        "version": version,
        "institution": rules.name_of(party),
        "power": power,
        "refusal": ""
        if power
        else access.refusal_to_sign(review, side=party, mandate=request.mandate, on=today),
        "may_sign": rules.may_sign(version.life, party),
        "may_decline": power is not None and rules.may_decline(version.life, party),
        "state": rules.state_of(version.life),
    }
    return form_page(request, "reviews/sign.html", form, context)


@mandate_required
@get_or_post
def decline(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Refuse in writing to sign what is offered: the other institution may still sign it."""
    version, party = written_version(request, public_id)
    form = DeclineForm(posted(request), initial={"sha256": version.document_sha256})
    if attempt(
        form,
        lambda says: actions_signing.decline(
            version, **says, side=party, mandate=request.mandate, day=today_in(version.review), at=now()
        ),
    ):
        messages.success(request, "Le refus de signer est enregistré, avec son motif.")
        return redirect("reviews:review_detail", public_id)
    context = {
        "review": version.review,
        "heading": "Refuser de signer",
        "lead": f"Votre institution, {rules.name_of(party)}, dit pourquoi elle ne signe pas ce texte. L’autre peut "
        "encore le signer : le bilan est alors signé par une seule partie. Vous pourrez signer plus tard ; le refus "
        "restera lisible.",
        "submit": "Refuser de signer",
    }
    return form_page(request, "reviews/review_form.html", form, context)


@mandate_required
@get_or_post
def amend(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Open a version that cites the signed one."""
    version, party = written_version(request, public_id)
    form = AmendForm(posted(request))
    if attempt(
        form,
        lambda says: actions_signing.amend(
            version,
            **says,
            side=party,
            today=today_in(version.review),
            actor=request.mandate.as_actor(),
            at=now(),
        ),
    ):
        messages.success(request, "Une version rectificative est ouverte. La version signée reste entière.")
        return redirect("reviews:review_detail", public_id)
    context = {
        "review": version.review,
        "heading": "Ouvrir une version rectificative",
        "lead": "Ce qui est signé ne change jamais. La nouvelle version cite celle-ci par son empreinte, "
        "et se signe de nouveau.",
        "submit": "Ouvrir la version rectificative",
    }
    return form_page(request, "reviews/review_form.html", form, context)
