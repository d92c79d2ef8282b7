"""Count the days during which nobody held a post; name an identity without telling it."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One stay in a post, first and last day included; ``until`` is None while it lasts."""

    since: date
    until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vacancy:
    """The state of a post on a day.

    Attributes:
        vacant_since: first day of the vacancy in progress, None when someone holds the post.
        days: length in days of the vacancy in progress, today included; 0 when held.
        days_over_a_year: days without a holder over the 365 days ending today.
    """

    vacant_since: date | None
    days: int
    days_over_a_year: int


def vacancy(holdings: Iterable[Holding], *, opened_on: date, day: date) -> Vacancy:
    """Return since when the post is vacant on ``day``.

    Args:
        holdings: the stays, in any order; they may overlap.
        opened_on: first day on which the post exists.
        day: the day looked at, included.

    >>> vacancy([Holding(since=date(2026, 1, 1), until=date(2026, 1, 10))],
    ...         opened_on=date(2026, 1, 1), day=date(2026, 1, 15)).days
    5
    """
    year_start = max(opened_on, day - timedelta(days=364))
    free_from = opened_on  # first day not yet covered
    vacant_days = 0
    for holding in sorted(holdings, key=lambda stay: stay.since):
        if holding.since > day:
            break
        if holding.since > free_from:
            vacant_days += _overlap(free_from, holding.since - timedelta(days=1), year_start, day)
        end = day if holding.until is None else holding.until
        free_from = max(free_from, end + timedelta(days=1))
    if free_from > day:
        return Vacancy(vacant_since=None, days=0, days_over_a_year=vacant_days)
    vacant_days += _overlap(free_from, day, year_start, day)
    return Vacancy(vacant_since=free_from, days=(day - free_from).days + 1, days_over_a_year=vacant_days)


def _overlap(start: date, end: date, lower: date, upper: date) -> int:
    return max(0, (min(end, upper) - max(start, lower)).days + 1)


def identity_reference(*, issuer: str, subject: str) -> str:
    """Return a short name for an identity: the log keeps it, the person reads it out on the telephone.

    >>> identity_reference(issuer="https://fournisseur.example", subject="marie-67")
    '17F3-82EA-437F'
    """
    digest = hashlib.sha256(f"{issuer}\n{subject}".encode()).hexdigest().upper()
    return "-".join((digest[:4], digest[4:8], digest[8:12]))
