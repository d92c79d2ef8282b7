"""Reads about the outbox."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Q

from traitdunion.identity.models import Person
from traitdunion.notices.kinds import NoticeState
from traitdunion.notices.models import Notice, Preference


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbox:
    """The outbox in figures: what waits, since when, what failed, out of all that was written."""

    written: int
    sent: int
    waiting: int
    failed: int
    oldest_waiting: datetime | None


def outbox() -> Outbox:
    """Return the figures of the outbox, one query."""
    waiting = Q(state__in=[NoticeState.PENDING.value, NoticeState.SENDING.value])
    figures = Notice.objects.aggregate(
        written=Count("pk"),
        sent=Count("pk", filter=Q(state=NoticeState.SENT.value)),
        waiting=Count("pk", filter=waiting),
        failed=Count("pk", filter=Q(state=NoticeState.FAILED.value)),
        oldest_waiting=Min("created_at", filter=waiting),
    )
    return Outbox(**figures)


def wants_digest(person: Person) -> bool:
    """Return whether ``person`` receives the weekly digest; yes until told otherwise."""
    return not Preference.objects.filter(person=person, weekly_digest=False).exists()


def without_digest() -> set[int]:
    """Return the keys of the persons who do not want the weekly digest."""
    return set(Preference.objects.filter(weekly_digest=False).values_list("person_id", flat=True))
