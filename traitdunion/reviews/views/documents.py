"""Prepare every document of a quarter, watch them being made, take them."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from traitdunion.identity.http import SignedInRequest, mandate_required
from traitdunion.reviews import access, actions_documents, queries_documents, tasks
from traitdunion.reviews.models import DocumentRun
from traitdunion.reviews.rules import Quarter, QuarterError
from traitdunion.reviews.views.frame import now, say

SHOWN_PROBLEMS = 20


@mandate_required
@require_safe
def documents(request: SignedInRequest, quarter: str) -> HttpResponse:
    """Show how far the documents of a quarter are, what could not be made, where to take them. HTMX gets that only."""
    asked = _quarter(request, quarter)
    run = (
        DocumentRun.objects.filter(quarter=str(asked))
        .annotate(total=Count("sets"), done=Count("sets", filter=Q(sets__made_at__isnull=False)))
        .first()
    )
    context = {
        "quarter": asked,
        "run": run,
        "problems": queries_documents.problems(run)[:SHOWN_PROBLEMS] if run else [],
        "may_prepare": access.may_prepare_documents(request.mandate),
    }
    template = "reviews/documents.html"
    return render(request, f"{template}#progress" if request.htmx else template, context)


@mandate_required
@require_POST
def documents_prepare(request: SignedInRequest, quarter: str) -> HttpResponseBase:
    """Ask the worker for them; while it is at it, or was stopped, it goes on with the same ones."""
    if not access.may_prepare_documents(request.mandate):
        raise PermissionDenied("Seules les administrations centrales préparent les documents d’un trimestre.")
    asked = _quarter(request, quarter)

    def prepare() -> None:
        run = actions_documents.ask(asked, actor=request.mandate.as_actor(), at=now())
        tasks.prepare_documents(run.pk)

    say(request, prepare, "Les documents se préparent. Vous pouvez quitter cette page : le travail continue.")
    return redirect("reviews:documents", str(asked))


@mandate_required
@require_safe
def documents_zip(request: SignedInRequest, quarter: str) -> HttpResponseBase:
    """Send them all in one zip, the same bytes for the same bilans."""
    asked = _quarter(request, quarter)
    run = DocumentRun.objects.filter(quarter=str(asked), finished_at__isnull=False).first()
    if run is None:
        messages.error(
            request,
            f"Les documents du {asked.label} ne sont pas prêts : préparez-les, puis attendez la fin de la préparation.",
        )
        return redirect("reviews:documents", str(asked))
    response = HttpResponse(queries_documents.archive(run), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="bilans-{asked}.zip"'
    return response


def _quarter(request: SignedInRequest, written: str) -> Quarter:
    if not access.reads_every_document(request.mandate):
        raise Http404
    try:
        return Quarter.read(written)
    except QuarterError as error:
        raise Http404 from error
