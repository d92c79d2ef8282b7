"""Who keeps the meetings, reviews and contacts of a département, and which of them a mandate reads."""

from django.db.models import QuerySet

from traitdunion.conventions.models import ContactCheck, Convention, Meeting
from traitdunion.identity.access import departements_visible_to
from traitdunion.identity.models import Mandate
from traitdunion.territories.models import Departement


def may_keep(mandate: Mandate, departement: Departement) -> bool:
    """Whether ``mandate`` speaks for one of the two institutions of ``departement``."""
    return mandate.side is not None and mandate.covers(departement)


def meetings_visible_to(mandate: Mandate) -> QuerySet[Meeting]:
    """Return the meetings of the départements that ``mandate`` may open."""
    return Meeting.objects.filter(departement__in=departements_visible_to(mandate)).select_related(
        "departement"
    )


def conventions_kept_by(mandate: Mandate) -> QuerySet[Convention]:
    """Return the conventions, avenants left out, of the départements that ``mandate`` may open."""
    return Convention.objects.filter(
        departement__in=departements_visible_to(mandate), parent=None
    ).select_related("departement")


def checks_visible_to(mandate: Mandate) -> QuerySet[ContactCheck]:
    """Return the confirmations asked in the départements that ``mandate`` may open."""
    return ContactCheck.objects.filter(departement__in=departements_visible_to(mandate)).select_related(
        "person", "post__organisation"
    )
