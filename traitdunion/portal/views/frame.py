"""Pages that every site has: they read nothing of what it holds."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def legal_notice(request: HttpRequest) -> HttpResponse:
    """Say who publishes the site."""
    return render(request, "portal/legal_notice.html")
