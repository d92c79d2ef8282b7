"""Where the figure of a bilan is read today: the page of its source, for who may open it."""

from collections.abc import Mapping
from typing import Final

from django.urls import reverse

from traitdunion.reviews.rules import Quarter
from traitdunion.territories.models import Departement

# The start of the name of a figure, and the page of a département that says it.
_LOCAL: Final[Mapping[str, str]] = {
    "convention-en-vigueur": "conventions:departement_history",
    "revues-tenues": "conventions:departement_history",
    "referents-en-poste": "portal:dyad",
    "contacts-confirmes": "conventions:contact_list",
    "reunions-tenues": "conventions:meeting_list",
    "barometre-": "barometer:departement_result",
    "dimension-": "barometer:departement_result",
    "pistes-": "barometer:piste_list",
}
_LEDGER: Final = ("blocages-", "actions-")
_OF_BILANS: Final = ("bilans-", "conclusions-", "critere-")
_NATIONAL: Final = ("conventions-", "referents-", "contacts-", "departements-", "reunions-")


def page_of(figure: str, departement: Departement | None, quarter: Quarter) -> str:
    """Return the address of the page that says a figure today, empty when no page does.

    Args:
        figure: its name.
        departement: the place of the bilan, None for the nation.
        quarter: the quarter described.
    """
    if figure.startswith(_LEDGER):
        place = "" if departement is None else f"?territoire={departement.code}"
        return reverse("plan:action_list") + place
    if departement is None:
        if figure.startswith(_OF_BILANS):
            return f"{reverse('reviews:review_list')}?trimestre={quarter}"
        return reverse("conventions:national") if figure.startswith(_NATIONAL) else ""
    name = next((name for start, name in _LOCAL.items() if figure.startswith(start)), None)
    return reverse(name, args=[departement.code]) if name is not None else ""
