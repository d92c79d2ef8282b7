"""The figures of a signed document, as the rules read them. Plain Python."""

from decimal import Decimal

from traitdunion.reviews.document import Bilan
from traitdunion.reviews.figures import Figure


def figures_in(bilan: Bilan) -> dict[str, Figure]:
    """Return the figures of a document by identifier, in its order."""
    return {
        each.id: Figure(
            id=each.id,
            label=each.label,
            definition=each.definition,
            source=each.source,
            as_of=each.as_of,
            value=None if each.value is None else Decimal(each.value),
            denominator=None if each.denominator is None else Decimal(each.denominator),
            unit=each.unit,
            reason_missing=each.reason_missing,
        )
        for each in bilan.figures
    }
