"""Which imports a mandate sees."""

from django.db.models import QuerySet

from traitdunion.exchange import registry
from traitdunion.exchange.models import ImportRun
from traitdunion.identity.models import Mandate


def runs_visible_to(mandate: Mandate) -> QuerySet[ImportRun]:
    """Return the imports of the kinds that ``mandate`` may send, whoever sent them; the file itself is left out."""
    kinds = [importer.kind for importer in registry.importers_for(mandate)]
    return (
        ImportRun.objects.filter(kind__in=kinds)
        .select_related("mandate__post__organisation")
        .defer("content")
    )
