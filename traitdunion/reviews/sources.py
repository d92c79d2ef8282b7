"""The figures of a bilan, read where they live, at its level."""

from datetime import date, datetime

from traitdunion.reviews import queries, queries_national
from traitdunion.reviews.figures import Figure
from traitdunion.reviews.kinds import Level
from traitdunion.reviews.models import Review, Version, by_name
from traitdunion.reviews.rules import Quarter


def read_again(review: Review, *, day: date, at: datetime) -> dict[str, Figure]:
    """Return what the figures of a bilan say on ``day``; the national one counts the signatures given by ``at``."""
    quarter = Quarter.read(review.quarter)
    if review.departement is None:
        return queries_national.figures_of_nation(quarter, day=day, at=at)
    return queries.figures_of(quarter, [review.departement], day=day)[review.departement.code]


def before(review: Review) -> dict[str, Figure] | None:
    """Return the figures of the last bilan of the same place before this one, None when there is none."""
    quarter = Quarter.read(review.quarter)
    if review.departement_id is not None:
        return queries.figures_before(quarter, [review.departement_id]).get(review.departement_id)
    version = (
        Version.objects.filter(review__level=Level.NATIONAL.value, review__quarter__lt=str(quarter))
        .order_by("-review__quarter", "-number")
        .prefetch_related("figures")
        .first()
    )
    return None if version is None else by_name(version.figures.all())
