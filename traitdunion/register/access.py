"""Who opens a dossier: nobody, save those whom the ARS named for its département, for what they were named."""

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from django.db.models import QuerySet

from traitdunion.identity.kinds import Role
from traitdunion.identity.models import Mandate
from traitdunion.register.authority import Purpose, version_on
from traitdunion.register.models import Dossier, Event, Measure
from traitdunion.territories.models import Departement

RECORDERS: Final = frozenset({Role.SSC_ENREGISTREMENT})
READERS: Final = RECORDERS | {Role.SSC_CONSULTATION}


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """The decision that lets one person read the identity of one dossier. Nothing is unsealed without it.

    Attributes:
        departement: code of the département.
        dossier: public identifier of the dossier.
        purpose: what it is read for.
        text: the version of the decree that allows it.
    """

    departement: str
    dossier: UUID
    purpose: Purpose
    text: str


def departement_of(mandate: Mandate) -> Departement | None:
    """Return the one département whose dossiers ``mandate`` opens, None when it opens none.

    The decree follows care département by département: a mandate on a région or on the nation opens nothing.
    """
    return mandate.post.departement if mandate.role in READERS else None


def may_record(mandate: Mandate) -> bool:
    """Whether ``mandate`` opens dossiers and records facts in its département."""
    return mandate.role in RECORDERS and mandate.post.departement is not None


def dossiers_visible_to(mandate: Mandate) -> QuerySet[Dossier]:
    """Return the dossiers that ``mandate`` may open; the others, and those erased, do not exist for it."""
    departement = departement_of(mandate)
    if departement is None:
        return Dossier.objects.none()
    return Dossier.objects.filter(departement=departement, erased_at__isnull=True)


def measures_visible_to(mandate: Mandate) -> QuerySet[Measure]:
    """Return the measures of the dossiers that ``mandate`` may open."""
    departement = departement_of(mandate)
    if departement is None:
        return Measure.objects.none()
    return Measure.objects.filter(departement=departement, dossier__erased_at__isnull=True)


def events_visible_to(mandate: Mandate) -> QuerySet[Event]:
    """Return the facts of the measures that ``mandate`` may open."""
    departement = departement_of(mandate)
    if departement is None:
        return Event.objects.none()
    return Event.objects.filter(departement=departement, measure__dossier__erased_at__isnull=True)


def grant(mandate: Mandate, dossier: Dossier, *, purpose: Purpose, day: date) -> Grant | None:
    """Return the decision to let ``mandate`` read who ``dossier`` is about, None when it may not.

    Raises:
        NoAuthorityError: no text authorises the register on ``day``.
    """
    departement = departement_of(mandate)
    if departement is None or departement.code != dossier.departement_id or dossier.erased_at is not None:
        return None
    return Grant(
        departement=departement.code,
        dossier=dossier.public_id,
        purpose=purpose,
        text=version_on(day),
    )
