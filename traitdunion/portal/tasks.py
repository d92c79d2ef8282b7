"""The weekly digest, on Monday at seven in Paris."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Final

from django.utils import timezone
from procrastinate.contrib.django import app

from traitdunion.identity.models import Mandate, Person
from traitdunion.notices import actions, queries, rules
from traitdunion.notices.letters import french_day
from traitdunion.portal import digest

MONDAY_SEVEN_IN_PARIS: Final = "0 5,6 * * 1"  # two ticks in UTC, for winter and summer
HOUR: Final = 7


@app.periodic(cron=MONDAY_SEVEN_IN_PARIS)
@app.task(name="portal.write_digests", queueing_lock="portal.write_digests")
def write_digests(timestamp: int) -> None:
    """Write the digest of the week for each person who has something to know and wants it."""
    if rules.is_hour_past(datetime.fromtimestamp(timestamp, UTC), HOUR):
        write_week(timezone.localdate(), at=timezone.now())


def write_week(day: date, *, at: datetime) -> int:
    """Write the digests of the week of ``day`` that are not written yet and return how many are new.

    Started again after a death in the middle, it writes the missing ones only.
    """
    week = digest.read(day)
    year, number, _ = day.isocalendar()
    written = 0
    for person, mandates in _readers(day):
        told = [(mandate, digest.sections(mandate, week)) for mandate in mandates]
        told = [(mandate, found) for mandate, found in told if found]
        if told:
            written += actions.write(
                key=f"portal.digest:{year}-W{number:02}:{person.public_id}",
                person=person,
                subject=f"Votre semaine du {french_day(date.fromisocalendar(year, number, 1))}",
                body=digest.text(told),
                at=at,
            )
    return written


def _readers(day: date) -> Iterator[tuple[Person, Sequence[Mandate]]]:
    mandates = (
        Mandate.objects.current(day)
        .filter(person__is_active=True)
        .exclude(person__in=queries.without_digest())
        .select_related("person", "post__organisation", "post__departement", "post__region")
        .order_by("person", "pk")
    )
    for person, group in groupby(mandates, key=lambda mandate: mandate.person):
        yield person, list(group)
