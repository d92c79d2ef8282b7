"""What the calendar of a mandate holds: terms, meetings, deadlines, contacts, bilans. It names no person."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Final

from django.db.models import Max, Q
from django.urls import reverse

from traitdunion.conventions.access import conventions_visible_to
from traitdunion.conventions.access_practice import meetings_visible_to
from traitdunion.conventions.models import ContactCheck
from traitdunion.conventions.rules import quarter_of
from traitdunion.conventions.rules_practice import quarter_ends_on
from traitdunion.identity.access import departements_visible_to
from traitdunion.identity.models import Mandate
from traitdunion.notices.calendars import Event
from traitdunion.plan import queries as plan
from traitdunion.plan.access import actions_visible_to
from traitdunion.plan.kinds import ActionState, Owner
from traitdunion.plan.models import ActionRevision
from traitdunion.reviews.access import party_at
from traitdunion.reviews.queries_turns import NATION_ZONE, standing, told
from traitdunion.reviews.rules import Quarter, timetable
from traitdunion.territories.models import Departement

KEPT: Final = timedelta(days=60)  # what is past stays that long, so that a cancellation is read
ENDED: Final = (ActionState.REALISEE.value, ActionState.ABANDONNEE.value)


def events(mandate: Mandate, day: date) -> Iterable[Event]:
    """Return the days that matter to ``mandate``, from two months ago on."""
    yield from _terms(mandate, day)
    yield from _meetings(mandate, day)
    yield from _deadlines(mandate, day)
    yield from _contacts(mandate, day)
    yield from _bilans(mandate, day)


def _terms(mandate: Mandate, day: date) -> Iterator[Event]:
    ends = Q(ends_on__gte=day - KEPT) | Q(denounced_on__gte=day - KEPT)
    signed = conventions_visible_to(mandate).filter(ends, parent=None, signed_on__lte=day)
    for convention in signed.select_related("departement"):
        last = convention.denounced_on or convention.ends_on
        if last is None:
            continue
        what = "Fin (dénonciation)" if convention.denounced_on else "Terme"
        yield Event(
            uid=f"convention-{convention.public_id}-terme",
            day=last,
            summary=f"{what} de la convention {convention.departement.name_with_link}",
            path=reverse("conventions:convention_detail", args=[convention.public_id]),
            changed_at=convention.denounced_recorded_at or convention.recorded_at,
            alarm_days=30,
        )


def _meetings(mandate: Mandate, day: date) -> Iterator[Event]:
    for meeting in meetings_visible_to(mandate).filter(planned_on__gte=day - KEPT):
        yield Event(
            uid=f"reunion-{meeting.public_id}",
            day=meeting.held_on or meeting.planned_on,
            summary=f"Réunion préfecture et ARS {meeting.departement.name_with_link} : {meeting.subject}",
            path=reverse("conventions:meeting_list", args=[meeting.departement_id]),
            changed_at=meeting.outcome_recorded_at or meeting.recorded_at,
            is_cancelled=meeting.cancelled_on is not None,
            alarm_days=1 if meeting.planned_on >= day else None,
        )


def _deadlines(mandate: Mandate, day: date) -> Iterator[Event]:
    """Give a side the actions it owes, a national mandate the national ones."""
    if mandate.side is not None:
        mine = Q(departement__isnull=False, owner__in=[mandate.side.value, Owner.BOTH.value])
    elif mandate.is_national:
        mine = Q(departement__isnull=True)
    else:
        return
    owed = plan.with_state(actions_visible_to(mandate).filter(mine), day)
    # In pairs: these columns are added by the query, the type checker does not know them.
    owed = owed.filter(Q(("due_on__gte", day - KEPT)), ~Q(("state__in", ENDED)))
    changes = dict(
        ActionRevision.objects.filter(action__in=owed.values("pk"))
        .order_by()
        .values_list("action__public_id")
        .annotate(last=Max("recorded_at"))
    )
    for line in plan.lines(owed, day):
        if line.due_on is not None:
            yield Event(
                uid=f"action-{line.public_id}-echeance",
                day=line.due_on,
                summary=f"Échéance : {line.title}" + (f" ({line.departement})" if line.departement else ""),
                path=reverse("plan:action_detail", args=[line.public_id]),
                changed_at=changes[line.public_id],
                alarm_days=7,
            )


def _contacts(mandate: Mandate, day: date) -> Iterator[Event]:
    asked = ContactCheck.objects.filter(
        person=mandate.person, post=mandate.post, quarter=quarter_of(day), confirmed_at=None
    )
    for check in asked.select_related("departement"):
        yield Event(
            uid=f"contact-{check.public_id}",
            day=quarter_ends_on(check.quarter),
            summary=f"Dernier jour pour confirmer votre contact {check.departement.name_with_link}",
            path=reverse("conventions:contact_list", args=[check.departement_id]),
            changed_at=check.asked_at,
            alarm_days=14,
        )


def _bilans(mandate: Mandate, day: date) -> Iterator[Event]:
    """Give who writes bilans the day the next ones open, and the last day to sign those that still await someone."""
    places: dict[str, Departement | None] = {each.code: each for each in departements_visible_to(mandate)}
    places[""] = None
    written = {code: party_at(mandate, place) for code, place in places.items()}
    if not any(written.values()):
        return
    running = Quarter.of(day)
    yield Event(
        uid=f"bilan-{running}-ouverture",
        day=timetable(running).opens_on,
        summary=f"Ouverture du bilan du {running.label}",
        path=reverse("reviews:review_list"),
        changed_at=running.starts_at(NATION_ZONE),
    )
    for text in standing(told(day=day)):
        due = timetable(text.quarter, text.level).due_on
        if written.get(text.departement) is not None and text.awaited and due >= day - KEPT:
            place = places[text.departement]
            name = place.name_with_link if place is not None else "national"
            yield Event(
                uid=f"bilan-{text.review}-terme",
                day=due,
                summary=f"Dernier jour pour signer le bilan {name}, {text.quarter.label}",
                path=reverse("reviews:review_detail", args=[text.review]),
                changed_at=text.step_at,
                alarm_days=7,
            )
