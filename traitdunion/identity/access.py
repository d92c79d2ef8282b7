"""Which territory a mandate reads."""

from datetime import date

from django.db.models import QuerySet

from traitdunion.identity.kinds import Role
from traitdunion.identity.models import Mandate, MandateQuerySet, Person
from traitdunion.territories.models import Departement


def departements_visible_to(mandate: Mandate) -> QuerySet[Departement]:
    """Return the départements that ``mandate`` may open; the others do not exist for it."""
    every = Departement.objects.select_related("region", "ars")
    if mandate.is_national:
        return every
    if mandate.post.departement_id is not None:
        return every.filter(code=mandate.post.departement_id)
    if mandate.post.region_id is not None:
        return every.filter(region_id=mandate.post.region_id)
    return every.none()


def mandates_of(person: Person, *, day: date) -> MandateQuerySet:
    """Return the mandates under which ``person`` may act on ``day``."""
    return (
        Mandate.objects.current(day)
        .filter(person=person)
        .select_related("person", "post__organisation", "post__departement", "post__region")
        .order_by("starts_on", "pk")
    )


def may_administer(mandate: Mandate) -> bool:
    """Whether the mandate opens persons, posts, mandates and delegations."""
    return mandate.role is Role.ADMINISTRATEUR
