"""Questionnaires: what was asked, in which wording, and what breaks the comparison between two of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from traitdunion.barometer import access, actions_questionnaire, comparison, queries
from traitdunion.barometer import questionnaire as reading
from traitdunion.barometer.forms import JustifyForm, QuestionnaireForm
from traitdunion.barometer.models import QuestionnaireVersion
from traitdunion.barometer.views.doors import attempt, get_or_post, now, only, posted, show_form
from traitdunion.identity.http import SignedInRequest, mandate_required


@mandate_required
@require_safe
def questionnaire_list(request: SignedInRequest) -> HttpResponse:
    """List the questionnaires kept."""
    context = {
        "versions": QuestionnaireVersion.objects.defer("text"),
        "may_manage": access.may_manage(request.mandate),
    }
    return render(request, "barometer/questionnaire_list.html", context)


@mandate_required
@get_or_post
def questionnaire_import(request: SignedInRequest) -> HttpResponseBase:
    """Import a questionnaire from its TOML file."""
    only(access.may_manage(request.mandate))
    is_sent = request.method == "POST"
    form = QuestionnaireForm(request.POST, request.FILES) if is_sent else QuestionnaireForm()
    done = attempt(
        form,
        lambda says: actions_questionnaire.import_text(
            says["file"],
            may_justify=access.may_justify(request.mandate),
            actor=request.mandate.as_actor(),
            at=now(),
        ),
    )
    if done:
        messages.success(request, "Le questionnaire est importé : une vague peut s’appuyer dessus.")
        return redirect("barometer:questionnaire_detail", done[0].public_id)
    return show_form(
        request,
        "barometer/questionnaire_import.html",
        form,
        {"may_justify": access.may_justify(request.mandate)},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A question worded anew since the questionnaire before; ``reason`` is why it compares, empty when it does not."""

    item: reading.Item
    before: reading.Item
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A dimension with its questions, and why it no longer compares with the questionnaire before."""

    title: str
    items: list[reading.Item]
    broken: str


@mandate_required
@require_safe
def questionnaire_detail(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Show every question as each side reads it, and where the trend breaks since the questionnaire before."""
    version = get_object_or_404(QuestionnaireVersion, public_id=public_id)
    read = reading.read(version.text, is_kept=True)
    before = queries.questionnaire_before(version)
    old = reading.read(before.text, is_kept=True) if before else None
    reasons = queries.justifications()
    why = comparison.broken(_measured(old), _measured(read), reasons) if old else {}
    context = {
        "version": version,
        "before": before,
        "scale": [*read.frequencies, read.dont_know, read.not_applicable],
        "parts": [
            Part(
                title=dimension.title,
                items=[item for item in read.items if item.dimension == dimension.id],
                broken=why.get(dimension.id, ""),
            )
            for dimension in read.dimensions
        ],
        "changes": _changes(old, read, reasons),
        "count": len(read.items),
        "may_justify": access.may_justify(request.mandate),
    }
    return render(request, "barometer/questionnaire_detail.html", context)


def _measured(questionnaire: reading.Questionnaire) -> list[dict[str, Any]]:
    return comparison.dimensions(questionnaire, [item.id for item in questionnaire.items])


def _changes(
    old: reading.Questionnaire | None, read: reading.Questionnaire, reasons: Mapping[queries.Wording, str]
) -> list[Change]:
    return [
        Change(
            item=item,
            before=then,
            reason=item.justification
            or reasons.get((item.id, str(then.wording_version), str(item.wording_version)), ""),
        )
        for item in read.items
        if old and (then := old.item(item.id)) and then.wording_version != item.wording_version
    ]


@mandate_required
@get_or_post
def wording_justify(request: SignedInRequest, public_id: UUID, item: str) -> HttpResponseBase:
    """Say why a question worded anew still compares with what it was."""
    only(access.may_justify(request.mandate))
    version = get_object_or_404(QuestionnaireVersion, public_id=public_id)
    before = queries.questionnaire_before(version)
    changes = _changes(
        reading.read(before.text, is_kept=True) if before else None,
        reading.read(version.text, is_kept=True),
        {},
    )
    change = next((each for each in changes if each.item.id == item), None)
    if change is None:
        raise Http404
    form = JustifyForm(posted(request))
    done = attempt(
        form,
        lambda says: actions_questionnaire.justify(
            change.item.id,
            before=change.before.wording_version,
            after=change.item.wording_version,
            reason=says["reason"],
            actor=request.mandate.as_actor(),
            at=now(),
        ),
    )
    if done:
        messages.success(
            request, "La justification est enregistrée : la tendance continue pour cette question."
        )
        return redirect("barometer:questionnaire_detail", version.public_id)
    return show_form(request, "barometer/wording_justify.html", form, {"version": version, "change": change})


@mandate_required
@require_safe
def questionnaire_file(_request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Give the TOML file, byte for byte as it was imported."""
    version = get_object_or_404(QuestionnaireVersion, public_id=public_id)
    response = HttpResponse(version.text, content_type="application/toml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="questionnaire-{version.sha256[:12]}.toml"'
    return response
