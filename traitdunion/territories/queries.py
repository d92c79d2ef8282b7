"""Reads of the reference data."""

from traitdunion.territories.models import Departement
from traitdunion.territories.rules import departement_code


def names_by_code() -> dict[str, str]:
    """Return the name of each département by its code."""
    return dict(Departement.objects.values_list("code", "name"))


def departement(typed: str) -> Departement:
    """Return the département that ``typed`` names.

    Raises:
        UnknownDepartementError: none does.
    """
    return Departement.objects.select_related("region", "ars").get(
        code=departement_code(typed, names_by_code())
    )
