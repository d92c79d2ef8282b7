"""Who reads the pistes of a département, and who decides on them."""

from datetime import date, timedelta

from django.db.models import Q, QuerySet

from traitdunion.barometer.access import KEEPERS
from traitdunion.barometer.models import Piste, Proposal
from traitdunion.barometer.rules_campaign import EMBARGO_DAYS
from traitdunion.identity.access import departements_visible_to
from traitdunion.identity.models import Mandate
from traitdunion.territories.models import Departement


def pistes_visible_to(mandate: Mandate, *, day: date) -> QuerySet[Piste]:
    """Return the pistes that ``mandate`` reads on ``day``, as it reads the results they come from.

    Under embargo the pair alone; afterwards whoever has the département in reach.
    """
    published = Q(wave__closes_on__lt=day - timedelta(days=EMBARGO_DAYS))
    reads = Q() if mandate.side is not None else published
    return Piste.objects.filter(
        reads,
        wave__sealed_at__isnull=False,
        wave__cancelled_at=None,
        departement__in=departements_visible_to(mandate),
    ).select_related("wave__questionnaire", "departement__region", "departement__ars")


def proposals_visible_to(mandate: Mandate, *, day: date) -> QuerySet[Proposal]:
    """Return the proposals made on the pistes that ``mandate`` reads."""
    return Proposal.objects.filter(piste__in=pistes_visible_to(mandate, day=day))


def may_decide(mandate: Mandate, departement: Departement) -> bool:
    """Whether ``mandate`` proposes and answers for its side: the head and the référent of each institution."""
    return mandate.role in KEEPERS and mandate.side is not None and mandate.covers(departement)
