"""Send a table, look at what it would change, apply it."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from traitdunion.core.errors import Refusal
from traitdunion.exchange import access, actions, registry, tasks
from traitdunion.exchange.difference import Difference
from traitdunion.exchange.forms import SendForm
from traitdunion.exchange.kinds import RunState
from traitdunion.exchange.models import ImportRun
from traitdunion.identity.http import SignedInRequest, mandate_required

SHOWN_RUNS = 50


@mandate_required
@require_safe
def run_list(request: SignedInRequest) -> HttpResponse:
    """List the kinds of tables that may be sent and the last imports."""
    importers = list(registry.importers_for(request.mandate))
    if not importers:
        raise Http404
    runs = access.runs_visible_to(request.mandate)[:SHOWN_RUNS]
    return render(
        request, "exchange/run_list.html", {"importers": importers, "runs": runs, "states": RunState}
    )


@mandate_required
@require_http_methods(["GET", "HEAD", "POST"])
def run_send(request: SignedInRequest, kind: str) -> HttpResponseBase:
    """Send a file to be checked."""
    importer = registry.importer(kind)
    if importer is None or not importer.may_import(request.mandate):
        raise Http404
    is_sent = request.method == "POST"
    form = SendForm(request.POST, request.FILES) if is_sent else SendForm()
    if is_sent and form.is_valid():
        upload = form.cleaned_data["file"]
        at = timezone.now()
        run = actions.send(
            importer=importer, file_name=upload.name, content=upload.read(), mandate=request.mandate, at=at
        )
        tasks.check.defer(run_id=run.pk)
        return redirect("exchange:run_detail", run.public_id)
    status = 400 if form.is_bound else 200
    return render(request, "exchange/run_send.html", {"importer": importer, "form": form}, status=status)


@mandate_required
@require_safe
def run_detail(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Show how far an import is, what it would change or what is wrong in it. HTMX gets the result only."""
    run = _run(request, public_id)
    difference = Difference.from_json(run.difference) if run.difference else None
    context = {
        "run": run,
        "state": RunState(run.state),
        "difference": difference,
        "is_moving": run.state in {RunState.CHECKING.value, RunState.APPLYING.value},
        "is_ready": run.state == RunState.READY.value,
        "may_abandon": run.state in {RunState.READY.value, RunState.REFUSED.value, RunState.FAILED.value},
        "importer": registry.importer(run.kind),
    }
    template = "exchange/run_detail.html"
    return render(request, f"{template}#result" if request.htmx else template, context)


@mandate_required
@require_POST
def run_confirm(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Apply a checked file."""
    run = _run(request, public_id)
    try:
        actions.confirm(run, mandate=request.mandate, at=timezone.now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        tasks.apply.defer(run_id=run.pk)
    return redirect("exchange:run_detail", run.public_id)


@mandate_required
@require_POST
def run_abandon(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Give up a checked file."""
    run = _run(request, public_id)
    try:
        actions.abandon(run, mandate=request.mandate, at=timezone.now())
        messages.success(request, "L’import est abandonné : rien n’a été changé et le fichier est effacé.")
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect("exchange:run_list")


def _run(request: SignedInRequest, public_id: UUID) -> ImportRun:
    runs = access.runs_visible_to(request.mandate).select_related("progress")
    return get_object_or_404(runs, public_id=public_id)
