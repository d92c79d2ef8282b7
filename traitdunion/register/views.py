from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, Final
from uuid import UUID

from django import forms as django_forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from traitdunion.core.errors import Refusal
from traitdunion.identity.access import may_administer
from traitdunion.identity.http import SignedInRequest, mandate_required
from traitdunion.register import access, actions, authority, forms, queries, queries_schedule, showing
from traitdunion.register.kinds import FACT_LABELS
from traitdunion.register.marks import Identity
from traitdunion.register.rules_schedule import Window
from traitdunion.territories.models import Departement

if TYPE_CHECKING:
    from traitdunion.register.models import Dossier

ROWS_A_PAGE: Final = 50
FORM: Final = ["GET", "HEAD", "POST"]


class AgentRequest(SignedInRequest):
    """A request of an agent named for a département."""

    departement: Departement


def agent_required[**P](
    view: Callable[Concatenate[AgentRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Let a page run only for an agent named for a département, on the clock of that département."""

    @wraps(view)
    def guarded(request: SignedInRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        departement = access.departement_of(request.mandate)
        if departement is None:
            raise Http404
        request.departement = departement  # type: ignore[attr-defined]  # what AgentRequest says
        with timezone.override(queries.zone_of(departement)):
            return view(request, *args, **kwargs)  # type: ignore[arg-type]  # the line above made it one

    return mandate_required(guarded)


def recorder_required[**P](
    view: Callable[Concatenate[AgentRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Let a page run only for an agent who may record; one who only reads is told so."""

    @wraps(view)
    def guarded(request: AgentRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not access.may_record(request.mandate):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return agent_required(guarded)


# Everyone


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """Say by which text the register exists today, for what, with which data, and who opens it."""
    day = timezone.localdate()
    context = {
        "version": authority.version_on(day),
        "versions": authority.VERSIONS,
        "purposes": authority.purposes_on(day),
        "data": authority.data_on(day),
    }
    return render(request, "register/about.html", context)


@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    """Say what was checked and what was not."""
    return render(request, "register/accessibility.html")


@require_safe
@mandate_required
def home(request: SignedInRequest) -> HttpResponse:
    """Lead each mandate to its own first page."""
    if access.departement_of(request.mandate) is not None:
        return redirect("register:schedule")
    return redirect("identity:administration" if may_administer(request.mandate) else "register:about")


# Agents


@require_safe
@agent_required
def schedule(request: AgentRequest) -> HttpResponse:
    """Show what is late, due soon, or expected and absent, gravest first."""
    at = timezone.now()
    found = queries_schedule.schedule(access.measures_visible_to(request.mandate), at=at)
    asked = {name: request.GET.get(name, "") for name in ("quand", "etablissement", "acteur")}
    page = showing.schedule_page(found, asked=asked)
    context = {
        **page,
        "page": Paginator(page["rows"], ROWS_A_PAGE).get_page(request.GET.get("page")),
        "asked": asked,
        "at": at,
        "windows": [(window.value, window.label) for window in Window],
        "departement": request.departement,
        "may_record": access.may_record(request.mandate),
    }
    return render(request, "register/schedule.html", context)


@require_safe
@agent_required
def search(request: AgentRequest) -> HttpResponse:
    """Find the dossiers that bear a name, spelt so or heard alike; the answer shows references only."""
    form = forms.SearchForm(request.GET or None)
    found = queries.search(request.departement, form.cleaned_data["nom"]) if form.is_valid() else None
    context = {"form": form, "found": found, "may_record": access.may_record(request.mandate)}
    return render(request, "register/search.html", context)


@require_safe
@agent_required
def dossier_detail(request: AgentRequest, public_id: UUID) -> HttpResponse:
    """Show who a dossier is about, which the log remembers, and its measures."""
    dossier = get_object_or_404(access.dossiers_visible_to(request.mandate), public_id=public_id)
    at = timezone.now()
    identity = _read(request, dossier, at)
    measures = access.measures_visible_to(request.mandate).filter(dossier_uuid=dossier.public_id)
    context = {
        "dossier": dossier,
        "identity": identity,
        "measures": [
            showing.measure_line(measure)
            for measure in measures.select_related("establishment").order_by("-started_at")
        ],
        "may_record": access.may_record(request.mandate),
    }
    return render(request, "register/dossier_detail.html", context)


@require_safe
@agent_required
def measure_detail(request: AgentRequest, public_id: UUID) -> HttpResponse:
    """Show what the law expects in a measure, why each date, and the facts that it rests on."""
    measures = access.measures_visible_to(request.mandate)
    measure = get_object_or_404(
        measures.select_related("dossier", "establishment", "departement"), public_id=public_id
    )
    at = timezone.now()
    facts = queries.facts_of([measure]).get(measure.public_id, [])
    context = {
        "measure": showing.measure_line(measure),
        "dossier": measure.dossier,
        "deadlines": showing.deadlines(queries_schedule.deadlines(measure, facts, at=at), at=at),
        "history": showing.history(facts),
        "is_mode_to_check": showing.is_mode_to_check(measure),
        "kinds": sorted(FACT_LABELS.items(), key=lambda pair: pair[1]),
        "at": at,
        "may_record": access.may_record(request.mandate),
    }
    return render(request, "register/measure_detail.html", context)


# Agents who record


@require_http_methods(FORM)
@recorder_required
def dossier_open(request: AgentRequest) -> HttpResponse:
    """Open a dossier, once those that may be of the same person were compared."""
    form = forms.IdentityForm(request.POST or None)
    compared = _uuids(request.POST.getlist("compared"))
    found: list[queries.Found] = []
    at = timezone.now()
    if form.is_valid():
        try:
            dossier = actions.open_dossier(
                request.departement,
                form.identity(),
                compared=compared,
                actor=request.mandate.as_actor(),
                at=at,
            )
        except actions.SamePersonError as same:
            found = same.found
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"Le dossier {dossier.reference} est ouvert.")
            return redirect("register:measure_open", dossier.public_id)
    context = {
        "form": form,
        "found": [
            {
                "dossier": each.dossier,
                "is_exact": each.is_exact,
                "identity": _read(request, each.dossier, at),
            }
            for each in found
        ],
        "compared": compared,
    }
    return render(request, "register/dossier_open.html", context)


@require_http_methods(FORM)
@recorder_required
def identity_correct(request: AgentRequest, public_id: UUID) -> HttpResponse:
    """Replace who a dossier is about; what was written before stays, sealed."""
    dossier = get_object_or_404(access.dossiers_visible_to(request.mandate), public_id=public_id)
    form = forms.IdentityForm(request.POST or None)

    def act() -> None:
        actions.correct_identity(
            dossier, form.identity(), actor=request.mandate.as_actor(), at=timezone.now()
        )
        messages.success(request, f"L’identité du dossier {dossier.reference} est corrigée.")

    if _done(form, act):
        return redirect("register:dossier_detail", dossier.public_id)
    title = f"Corriger l’identité du dossier {dossier.reference}"
    back = reverse("register:dossier_detail", args=[dossier.public_id])
    return _form_page(request, form, title=title, back=back)


@require_http_methods(FORM)
@recorder_required
def measure_open(request: AgentRequest, public_id: UUID) -> HttpResponse:
    """Open a measure in a dossier, with the decision that starts it."""
    dossier = get_object_or_404(access.dossiers_visible_to(request.mandate), public_id=public_id)
    form = forms.MeasureForm(request.POST or None, establishments=queries.establishments())

    def act() -> None:
        measure = actions.open_measure(
            dossier, **form.cleaned_data, actor=request.mandate.as_actor(), at=timezone.now()
        )
        opened.append(measure.public_id)

    opened: list[UUID] = []
    if _done(form, act):
        messages.success(request, "La mesure est ouverte : ses échéances sont ci-dessous.")
        return redirect("register:measure_detail", opened[0])
    title = f"Ouvrir une mesure dans le dossier {dossier.reference}"
    back = reverse("register:dossier_detail", args=[dossier.public_id])
    return _form_page(request, form, title=title, back=back)


@require_http_methods(FORM)
@recorder_required
def fact_record(request: AgentRequest, public_id: UUID) -> HttpResponse:
    """Record a fact of the kind asked for by ``?type=``."""
    measures = access.measures_visible_to(request.mandate).select_related("dossier")
    measure = get_object_or_404(measures, public_id=public_id)
    kind = request.GET.get("type", "")
    if kind not in FACT_LABELS:
        raise Http404(f"« {kind[:40]} » n’est pas un fait que la loi connaît.")
    form = forms.FactForm(request.POST or None, kind=kind, establishments=queries.establishments())

    def act() -> None:
        actions.record(
            measure, kind=kind, **form.carried(), actor=request.mandate.as_actor(), at=timezone.now()
        )
        messages.success(request, f"Enregistré : {FACT_LABELS[kind]}. Les échéances sont à jour.")

    back = reverse("register:measure_detail", args=[measure.public_id])
    if _done(form, act):
        return redirect(back)
    title = f"Enregistrer : {FACT_LABELS[kind]} – {measure.dossier.reference}"
    return _form_page(request, form, title=title, back=back)


@require_http_methods(FORM)
@recorder_required
def fact_correct(request: AgentRequest, public_id: UUID) -> HttpResponse:
    """Replace a fact by a new one of the same kind; the one replaced stays in the history."""
    event = get_object_or_404(access.events_visible_to(request.mandate), public_id=public_id)
    form = forms.FactForm(
        request.POST or None,
        kind=event.kind,
        establishments=queries.establishments(),
        initial={"happened_at": event.at, **event.detail},
    )

    def act() -> None:
        actions.correct(event, **form.carried(), actor=request.mandate.as_actor(), at=timezone.now())
        messages.success(
            request, f"Corrigé : {FACT_LABELS[event.kind]}. Le fait remplacé reste dans l’histoire."
        )

    back = reverse("register:measure_detail", args=[event.measure_uuid])
    if _done(form, act):
        return redirect(back)
    return _form_page(request, form, title=f"Corriger : {FACT_LABELS[event.kind]}", back=back)


@require_http_methods(FORM)
@recorder_required
def fact_withdraw(request: AgentRequest, public_id: UUID) -> HttpResponse:
    """Say that a recorded fact never happened; it stays in the history."""
    event = get_object_or_404(access.events_visible_to(request.mandate), public_id=public_id)
    form = forms.WithdrawForm(request.POST if request.method == "POST" else None)

    def act() -> None:
        actions.withdraw(event, actor=request.mandate.as_actor(), at=timezone.now())
        messages.success(request, f"Retiré : {FACT_LABELS[event.kind]}. Il reste dans l’histoire.")

    back = reverse("register:measure_detail", args=[event.measure_uuid])
    if _done(form, act):
        return redirect(back)
    title = f"Retirer : {FACT_LABELS[event.kind]}"
    return _form_page(request, form, title=title, back=back)


def _done(form: django_forms.Form, act: Callable[[], None]) -> bool:
    """Return whether ``act`` was done; a refusal is written above the form."""
    if not form.is_valid():
        return False
    try:
        act()
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return False
    return True


def _read(request: AgentRequest, dossier: "Dossier", at: datetime) -> Identity:
    """Return who a dossier is about: the log remembers it, the échéancier being what it is read for."""
    given = access.grant(
        request.mandate, dossier, purpose=authority.Purpose.CERTIFICATES, day=timezone.localdate(at)
    )
    if given is None:
        raise Http404
    return actions.read_identity(dossier, grant=given, actor=request.mandate.as_actor(), at=at)


def _uuids(texts: list[str]) -> frozenset[UUID]:
    try:
        return frozenset(UUID(text) for text in texts)
    except ValueError as error:
        raise Http404 from error


def _form_page(request: AgentRequest, form: django_forms.Form, *, title: str, back: str) -> HttpResponse:
    return render(request, "register/form.html", {"form": form, "page_title": title, "back_url": back})
