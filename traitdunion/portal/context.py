"""What every page of the site shows in its frame."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, Any]:
    """Return the name of the site and the mandate in use."""
    return {"demo": getattr(settings, "DEMO", False), "mandate": getattr(request, "mandate", None)}
