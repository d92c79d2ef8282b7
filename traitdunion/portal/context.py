"""What every page of the site shows in its frame."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from traitdunion.portal import navigation


def site(request: HttpRequest) -> dict[str, Any]:
    """Return the mandate in use and the links of the header and the footer."""
    mandate = getattr(request, "mandate", None)
    match = getattr(request, "resolver_match", None)
    return {
        "demo": getattr(settings, "DEMO", False),
        "site": settings.SITE,
        "publisher": settings.PUBLISHER,
        "mandate": mandate,
        # Read by full pages only: a fragment does not pay for the frame.
        "navigation": SimpleLazyObject(lambda: navigation.main(mandate, match=match, path=request.path)),
        "footer_links": SimpleLazyObject(lambda: navigation.footer(match=match, path=request.path)),
        "home_url": SimpleLazyObject(lambda: navigation.home(mandate)),
        "frame": SimpleLazyObject(navigation.frame),
    }
