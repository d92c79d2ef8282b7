"""Where the page of what asked for an action is. Apps above the plan say it, as this one knows none of them."""

from typing import Final

from django.urls import NoReverseMatch, reverse

from traitdunion.plan.kinds import OriginKind
from traitdunion.plan.models import Action

_pages: Final[dict[OriginKind, str]] = {}


def register(kind: OriginKind, page: str) -> None:
    """Say which page shows the origins of ``kind``, by name. Called once, when the app that has it is ready.

    Args:
        kind: the origin.
        page: name of a page whose only argument is the reference of the origin.
    """
    _pages[kind] = page


def address(action: Action) -> str:
    """Return the address of what asked for ``action``, empty when nothing shows it on this site."""
    page = _pages.get(OriginKind(action.origin))
    if page is None or action.origin_reference is None:
        return ""
    try:
        return reverse(page, args=[action.origin_reference])
    except NoReverseMatch:
        return ""
