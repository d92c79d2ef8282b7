from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from traitdunion.register import authority


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """Say by which text the register exists today, for what, with which fields, and who opens it."""
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
