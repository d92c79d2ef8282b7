"""Conventions « à la date du … »: what was recorded by an evening, and dated by that day."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Prefetch, Q, prefetch_related_objects
from django.db.models.functions import JSONObject

from traitdunion.conventions.models import (
    TERMS,
    Convention,
    ConventionQuerySet,
    FormerTerms,
    Meeting,
    Party,
    Review,
    Signature,
    StepTaken,
)
from traitdunion.conventions.queries import outcome
from traitdunion.conventions.rules import evening

SHOWN_MEETINGS = 6
SHOWN_REVIEWS = 10


def as_known(conventions: ConventionQuerySet, *, day: date) -> tuple[list[Convention], datetime | None]:
    """Return the conventions as they stood on the evening of ``day``, and the last instant at which one ends.

    Each evening ends on the clock of its département. Steps and signatures recorded later are left out, a signature
    taken back later is there, and what an act replaced later has its former value. Four queries whatever the rows,
    ready as ``with_life`` is. For reading only: saved, such a convention would lose what happened since.

    Args:
        conventions: those that the reader may see.
        day: the day of reading.

    Returns:
        The conventions that were recorded; the instant is None when there is no convention at all.
    """
    acts = list(conventions.select_related("parent__template", "template", "departement__region"))
    if not acts:
        return [], None
    evenings = {zone: evening(day, zone) for zone in {act.departement.time_zone for act in acts}}
    acts = [act for act in acts if act.recorded_at < evenings[act.departement.time_zone]]
    prefetch_related_objects(
        acts,
        Prefetch("steps", StepTaken.objects.filter(_by(evenings, "recorded_at__lt"))),
        Prefetch(
            "signatures",
            Signature.every.filter(
                Q(withdrawn_recorded_at=None) | _by(evenings, "withdrawn_recorded_at__gte"),
                _by(evenings, "recorded_at__lt"),
            ).select_related("delegation"),
        ),
    )
    former = _former({each.pk for act in acts for each in (act, act.parent) if each}, evenings)
    for act in acts:
        for each in (act, act.parent):
            if each is not None:
                _take_back(each, former.get(each.pk), evenings[act.departement.time_zone])
        act.signed_on = act.life.fully_signed_on
    return acts, max(evenings.values())


def known_on(day: date) -> Callable[[ConventionQuerySet], list[Convention]]:
    """Return what reads some conventions as they stood on the evening of ``day``."""
    return lambda conventions: as_known(conventions, day=day)[0]


def _by(evenings: Mapping[str, datetime], recorded: str) -> Q:
    """Return the filter of the rows of conventions on the side of the evening that ``recorded`` says, zone by zone."""
    by_instant: dict[datetime, list[str]] = defaultdict(list)
    for zone, by in evenings.items():
        by_instant[by].append(zone)
    if len(by_instant) == 1:
        return Q(**{recorded: next(iter(by_instant))})
    found = Q(pk__in=())
    for by, zones in by_instant.items():
        found |= Q(**{recorded: by}, convention__departement__time_zone__in=zones)
    return found


def _former(conventions: Iterable[int], evenings: Mapping[str, datetime]) -> Mapping[int, FormerTerms]:
    """Return, by convention, the first terms replaced after the evening."""
    replaced = (
        FormerTerms.objects.filter(_by(evenings, "recorded_at__gte"), convention__in=list(conventions))
        .select_related("template")
        .order_by("convention", "recorded_at", "pk")
        .distinct("convention")
    )
    return {each.convention_id: each for each in replaced}


def _take_back(convention: Convention, former: FormerTerms | None, by: datetime) -> None:
    if former is not None:
        for name in TERMS:
            setattr(convention, name, getattr(former, name))
        convention.template = former.template
    recorded = convention.denounced_recorded_at
    if recorded is None or recorded >= by:
        convention.denounced_on, convention.denounced_reason = None, ""


# What surrounds it


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingLine:
    """A meeting as a page tells it: its day, what about, what came of it."""

    on: date
    subject: str
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewLine:
    """A review as a page tells it: its day, what was concluded."""

    on: date
    conclusion: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Who is bound by a convention, and what shows that it lives; the latest meetings and reviews first."""

    parties: Sequence[str]
    meetings: Sequence[MeetingLine]
    reviews: Sequence[ReviewLine]


def surroundings(convention: Convention, *, day: date, by: datetime | None = None) -> Surroundings:
    """Return what the page of a convention shows around it, in one query.

    Args:
        convention: the one read.
        day: the day of reading.
        by: what was recorded from then on is left out; None reads what is known now.
    """
    known = Q() if by is None else Q(recorded_at__lt=by)
    parties = Party.objects.filter(convention=OuterRef("pk")).order_by("pk")
    met = Meeting.objects.filter(known, departement=OuterRef("departement")).order_by("-planned_on", "-pk")
    reread = Review.objects.filter(known, convention=OuterRef("pk"), reviewed_on__lte=day)
    told = JSONObject(**{name: name for name in (*_DAYS, *_SAID, "outcome_recorded_at")})
    row: Mapping[str, Any] = (
        Convention.objects.filter(pk=convention.pk)
        .values(
            bound=ArraySubquery(parties.values("organisation__name")),
            met=ArraySubquery(met.values(told=told)[:SHOWN_MEETINGS]),
            reread=ArraySubquery(
                reread.order_by("-reviewed_on", "-pk").values(
                    told=JSONObject(on="reviewed_on", conclusion="conclusion")
                )[:SHOWN_REVIEWS]
            ),
        )
        .get()
    )
    return Surroundings(
        parties=row["bound"],
        meetings=[_meeting(fact, day, by) for fact in row["met"]],
        reviews=[
            ReviewLine(on=date.fromisoformat(fact["on"]), conclusion=fact["conclusion"])
            for fact in row["reread"]
        ],
    )


_DAYS = ("planned_on", "held_on", "cancelled_on")
_SAID = ("subject", "prefecture_present", "ars_present")


def _meeting(fact: Mapping[str, Any], day: date, by: datetime | None) -> MeetingLine:
    meeting = Meeting(**{name: fact[name] for name in _SAID})
    for name in _DAYS:
        setattr(meeting, name, date.fromisoformat(fact[name]) if fact[name] else None)
    closed_on, said = outcome(meeting)
    recorded = fact["outcome_recorded_at"]
    if by is not None and recorded and datetime.fromisoformat(recorded) >= by:
        closed_on = None
    if closed_on is None:
        said = "prévue" if meeting.planned_on >= day else "sans suite enregistrée"
    return MeetingLine(on=closed_on or meeting.planned_on, subject=meeting.subject, said=said)
