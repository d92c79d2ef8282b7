"""Keep the versions of the national model, and list the conventions that do not follow the one in use."""

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.forms import Form
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from traitdunion.conventions import access, forms, queries_as_of, queries_drafting
from traitdunion.conventions import actions_template as actions
from traitdunion.conventions.kinds import State
from traitdunion.conventions.models import HEADINGS, Convention, Template, TemplateCircuit
from traitdunion.conventions.views.answers import (
    attempt,
    export_links,
    get_or_post,
    now,
    posted,
    say,
    table_file,
)
from traitdunion.identity.access import departements_visible_to
from traitdunion.identity.http import SignedInRequest, mandate_required
from traitdunion.identity.reading import Reading, reading_day

ROWS_A_PAGE = 25


@mandate_required
@require_safe
def template_list(request: SignedInRequest) -> HttpResponse:
    """List the versions of the national model."""
    return render(
        request,
        "conventions/template_list.html",
        {
            "templates": access.templates_visible_to(request.mandate),
            "current": queries_drafting.current_template(timezone.localdate()),
            "may_keep": access.may_keep_templates(request.mandate),
        },
    )


@mandate_required
@get_or_post
def template_prepare(request: SignedInRequest) -> HttpResponseBase:
    """Open a version in preparation, copied from the one in use."""
    _refuse_others(request)
    current = queries_drafting.current_template(timezone.localdate())
    form = forms.TemplateForm(posted(request), initial={"is_example": True})
    opened = attempt(
        form,
        lambda typed: actions.prepare(
            copied_from=current, actor=request.mandate.as_actor(), at=now(), **typed
        ),
    )
    if opened is None:
        return _page(
            request,
            form,
            heading="Préparer une version du modèle",
            intro=f"Les rubriques et la matrice de « {current.name} » sont reprises ; modifiez-les ensuite."
            if current
            else "Aucune version n’est en usage : les seize rubriques seront vides.",
            submit="Ouvrir la version",
            back=reverse("conventions:template_list"),
        )
    messages.success(request, "La version est ouverte. Modifiez ses rubriques, puis adoptez-la.")
    return redirect("conventions:template_detail", opened[0].public_id)


@mandate_required
@require_safe
def template_detail(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Show a version: its headings and its role matrix; the keeper edits them while in preparation."""
    template = get_object_or_404(access.templates_visible_to(request.mandate), public_id=public_id)
    return _detail(request, template)


def _detail(
    request: SignedInRequest, template: Template, *, refused: tuple[int, Form] | None = None
) -> HttpResponse:
    may_write = access.may_keep_templates(request.mandate) and template.adopted_on is None
    shown = [
        (
            heading,
            refused[1]
            if refused is not None and refused[0] == heading.number
            else forms.TemplateHeadingForm(
                initial={
                    "title": heading.title,
                    "expectation": heading.expectation,
                    "text": heading.text,
                },
                auto_id=f"rubrique-{heading.number}-%s",
            ),
        )
        for heading in template.headings.all()
    ]
    return render(
        request,
        "conventions/template_detail.html",
        {
            "template": template,
            "shown": shown,
            "refused": refused,
            "circuits": template.circuits.all(),
            "may_write": may_write,
        },
        status=400 if refused is not None else 200,
    )


@mandate_required
@get_or_post
def template_rename(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Change the name of a version in preparation, and whether it is an example."""
    template = _kept(request, public_id)
    form = forms.TemplateForm(
        posted(request), initial={"name": template.name, "is_example": template.is_example}
    )
    done = attempt(
        form,
        lambda typed: actions.rename(template, actor=request.mandate.as_actor(), at=now(), **typed),
    )
    if done is None:
        return _page(
            request,
            form,
            heading="Renommer la version",
            submit="Enregistrer",
            back=reverse("conventions:template_detail", args=[public_id]),
        )
    messages.success(request, "Le nom de la version est enregistré.")
    return redirect("conventions:template_detail", public_id)


@mandate_required
@require_POST
def template_heading_write(request: SignedInRequest, public_id: UUID, number: int) -> HttpResponseBase:
    """Save one heading of a version in preparation."""
    template = _kept(request, public_id)
    if not 1 <= number <= HEADINGS:
        raise Http404
    form = forms.TemplateHeadingForm(request.POST, auto_id=f"rubrique-{number}-%s")
    done = attempt(
        form,
        lambda typed: actions.write_heading(
            template, number=number, actor=request.mandate.as_actor(), at=now(), **typed
        ),
    )
    if done is None:
        return _detail(request, template, refused=(number, form))
    messages.success(request, f"La rubrique {number} est enregistrée.")
    return redirect(f"{reverse('conventions:template_detail', args=[public_id])}#rubrique-{number}")


@mandate_required
@get_or_post
def template_circuit_add(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Add a line to the role matrix of a version in preparation."""
    return _circuit(request, _kept(request, public_id), None)


@mandate_required
@get_or_post
def template_circuit_edit(request: SignedInRequest, public_id: UUID, circuit_id: UUID) -> HttpResponseBase:
    """Rewrite a line of the role matrix of a version in preparation."""
    template = _kept(request, public_id)
    return _circuit(
        request, template, get_object_or_404(TemplateCircuit, template=template, public_id=circuit_id)
    )


def _circuit(
    request: SignedInRequest, template: Template, circuit: TemplateCircuit | None
) -> HttpResponseBase:
    form = forms.CircuitForm(posted(request), initial=forms.circuit_initial(circuit) if circuit else None)
    done = attempt(
        form,
        lambda _: actions.write_circuit(
            template, form.says(), circuit=circuit, actor=request.mandate.as_actor(), at=now()
        ),
    )
    if done is None:
        return _page(
            request,
            form,
            heading="Modifier un circuit du modèle" if circuit else "Ajouter un circuit au modèle",
            submit="Enregistrer le circuit",
            back=reverse("conventions:template_detail", args=[template.public_id]),
        )
    messages.success(request, "Le circuit est enregistré.")
    return redirect("conventions:template_detail", template.public_id)


@mandate_required
@get_or_post
def template_circuit_remove(request: SignedInRequest, public_id: UUID, circuit_id: UUID) -> HttpResponseBase:
    """Ask, then take a line out of the role matrix of a version in preparation."""
    template = _kept(request, public_id)
    circuit = get_object_or_404(TemplateCircuit, template=template, public_id=circuit_id)
    back = reverse("conventions:template_detail", args=[public_id])
    if request.method != "POST":
        return render(
            request,
            "conventions/convention_confirm.html",
            {"heading": "Retirer un circuit du modèle", "subject": circuit.subject, "back": back},
        )
    say(
        request,
        lambda: actions.remove_circuit(circuit, actor=request.mandate.as_actor(), at=now()),
        "Le circuit est retiré du modèle.",
    )
    return redirect(back)


@mandate_required
@get_or_post
def template_adopt(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Put a version into use, after a confirmation."""
    template = _kept(request, public_id)
    form = forms.AdoptForm(posted(request))
    at = now()
    done = attempt(
        form,
        lambda _: actions.adopt(template, on=timezone.localdate(at), actor=request.mandate.as_actor(), at=at),
    )
    if done is None:
        return _page(
            request,
            form,
            heading=f"Adopter « {template.name} »",
            intro="Les conventions qui suivent une autre version apparaîtront dans la liste des conventions "
            "pas encore alignées.",
            submit="Adopter cette version",
            back=reverse("conventions:template_detail", args=[public_id]),
        )
    messages.success(request, "La version est en usage. Voici les conventions pas encore alignées.")
    return redirect("conventions:alignment")


@mandate_required
@require_safe
def alignment(request: SignedInRequest) -> HttpResponse:
    """List the conventions in force that follow another version of the model than the one in use."""
    reading = reading_day(request, today=timezone.localdate())
    current = queries_drafting.current_template(reading.day)
    asked = request.GET.get("departement", "")[:3]
    in_force, behind = _aligned(request, reading, current, asked)
    page = Paginator(behind, ROWS_A_PAGE)
    context: dict[str, Any] = {
        "reading": reading,
        "current": current,
        "page": page.get_page(request.GET.get("page")),
        "behind": page.count,
        "in_force": in_force,
        "departement": asked,
        "departements": [
            (code, f"{code} {name}")
            for code, name in departements_visible_to(request.mandate)
            .order_by("code")
            .values_list("code", "name")
        ],
        "exports": export_links(request, "conventions:alignment_export"),
    }
    return render(request, "conventions/alignment.html", context)


def _aligned(
    request: SignedInRequest, reading: Reading, current: Template | None, departement: str
) -> tuple[int, QuerySet[Convention] | list[Convention]]:
    """Return how many conventions are in force on the day of reading, and those that follow another version."""
    visible = access.conventions_visible_to(request.mandate)
    if reading.is_today:
        in_force = queries_drafting.in_force(visible, day=reading.day, departement=departement)
        return in_force.count(), queries_drafting.behind(in_force, current)
    placed = visible.filter(departement=departement) if departement else visible
    known, _ = queries_as_of.as_known(
        placed.filter(parent=None).order_by("departement_id", "pk"), day=reading.day
    )
    running = [each for each in known if _is_in_force(each, reading.day)]
    followed = None if current is None else current.pk
    return len(running), [each for each in running if current and each.template_id != followed]


def _is_in_force(convention: Convention, day: date) -> bool:
    situation = convention.situation(day)
    return situation is not None and situation.state is State.EN_VIGUEUR


@mandate_required
@require_safe
def alignment_export(request: SignedInRequest) -> HttpResponse:
    """Give the conventions not yet aligned as a file."""
    reading = reading_day(request, today=timezone.localdate())
    current = queries_drafting.current_template(reading.day)
    _, behind = _aligned(request, reading, current, request.GET.get("departement", "")[:3])
    return table_file(
        request,
        name="conventions-non-alignees",
        title="Conventions non alignées",
        headers=("code", "département", "intitulé", "modèle suivi", "modèle en usage", "dernier jour"),
        rows=(
            (
                convention.departement_id,
                convention.departement.name,
                convention.title,
                str(convention.template) if convention.template else None,
                str(current),
                convention.ends_on,
            )
            for convention in behind
        ),
    )


def _refuse_others(request: SignedInRequest) -> None:
    if not access.may_keep_templates(request.mandate):
        raise PermissionDenied("Le modèle national est tenu par l’administrateur ; votre mandat le lit.")


def _kept(request: SignedInRequest, public_id: UUID) -> Template:
    """Return a version; refuse every mandate but the keeper's."""
    _refuse_others(request)
    return get_object_or_404(Template, public_id=public_id)


def _page(
    request: SignedInRequest, form: Form, *, heading: str, submit: str, back: str, intro: str = ""
) -> HttpResponse:
    return render(
        request,
        "conventions/convention_form.html",
        {"form": form, "heading": heading, "intro": intro, "submit": submit, "back": back},
        status=400 if form.is_bound else 200,
    )
