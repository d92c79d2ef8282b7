"""Keep what shows that a convention lives: meetings, reviews, contacts asked and confirmed."""

from datetime import date, datetime
from typing import Final

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.urls import reverse

from traitdunion.audit import actions as audit
from traitdunion.audit.actors import Actor
from traitdunion.conventions.kinds import State
from traitdunion.conventions.models import ContactCheck, Convention, Meeting, Review
from traitdunion.conventions.queries import SIDE_OF_REFERENT, why_closed
from traitdunion.conventions.rules import quarter_of, state_on
from traitdunion.core.errors import Refusal
from traitdunion.identity.models import Mandate
from traitdunion.territories.models import Departement

SALT: Final = "traitdunion.conventions.contact"


class MeetingRefusedError(Refusal):
    """The meeting cannot be written as asked."""


class ReviewRefusedError(Refusal):
    """The review cannot be written as asked."""


class AnswerRefusedError(Refusal):
    """The contact cannot be confirmed any more."""


# Meetings


@transaction.atomic
def plan_meeting(
    departement: Departement, *, planned_on: date, subject: str, actor: Actor, at: datetime
) -> Meeting:
    """Write that the two institutions will meet."""
    meeting = Meeting.objects.create(
        departement=departement,
        planned_on=planned_on,
        subject=subject,
        **audit.authorship(actor=actor, at=at),
    )
    audit.record(event="conventions.meeting.planned", subject=str(meeting.public_id), actor=actor, at=at)
    return meeting


@transaction.atomic
def hold_meeting(
    meeting: Meeting,
    *,
    held_on: date,
    prefecture_present: bool,
    ars_present: bool,
    today: date,
    actor: Actor,
    at: datetime,
) -> None:
    """Write that the meeting was held and who came.

    Raises:
        MeetingRefusedError: it is closed already, its day is to come, or nobody came.
    """
    locked = _open_meeting(meeting)
    if held_on > today:
        raise MeetingRefusedError(
            f"La réunion serait tenue le {held_on:%d/%m/%Y}, une date à venir. "
            "Attendez ce jour, ou corrigez la date."
        )
    if not (prefecture_present or ars_present):
        raise MeetingRefusedError(
            "Aucun des deux côtés n’était présent : la réunion n’a pas été tenue. "
            "Cochez qui était là, ou annulez la réunion."
        )
    locked.held_on = held_on
    locked.prefecture_present = prefecture_present
    locked.ars_present = ars_present
    _close(locked, actor=actor, at=at)
    audit.record(event="conventions.meeting.held", subject=str(locked.public_id), actor=actor, at=at)


@transaction.atomic
def cancel_meeting(meeting: Meeting, *, cancelled_on: date, actor: Actor, at: datetime) -> None:
    """Write that the meeting will not be held.

    Raises:
        MeetingRefusedError: it is closed already.
    """
    locked = _open_meeting(meeting)
    locked.cancelled_on = cancelled_on
    _close(locked, actor=actor, at=at)
    audit.record(event="conventions.meeting.cancelled", subject=str(locked.public_id), actor=actor, at=at)


def _open_meeting(meeting: Meeting) -> Meeting:
    locked = Meeting.objects.select_for_update().get(pk=meeting.pk)
    if locked.held_on is not None:
        raise MeetingRefusedError(
            f"Cette réunion est déjà enregistrée comme tenue le {locked.held_on:%d/%m/%Y} : "
            "elle ne change plus. Planifiez-en une autre."
        )
    if locked.cancelled_on is not None:
        raise MeetingRefusedError(
            f"Cette réunion a été annulée le {locked.cancelled_on:%d/%m/%Y} : planifiez-en une autre."
        )
    return locked


def _close(meeting: Meeting, *, actor: Actor, at: datetime) -> None:
    meeting.outcome_recorded_at = at
    meeting.outcome_by = actor.label
    meeting.save(
        update_fields=[
            "held_on",
            "prefecture_present",
            "ars_present",
            "cancelled_on",
            "outcome_recorded_at",
            "outcome_by",
        ]
    )


# Reviews


@transaction.atomic
def review(
    convention: Convention, *, reviewed_on: date, conclusion: str, today: date, actor: Actor, at: datetime
) -> Review:
    """Write that the parties read their convention again.

    Raises:
        ReviewRefusedError: the convention was not in force that day, or the day is to come.
    """
    if reviewed_on > today:
        raise ReviewRefusedError(
            f"La revue serait faite le {reviewed_on:%d/%m/%Y}, une date à venir. "
            "Attendez ce jour, ou corrigez la date."
        )
    state = state_on(convention.life, reviewed_on)
    if state not in {State.SIGNEE, State.EN_VIGUEUR, State.ECHUE}:
        found = f"« {state.label} »" if state else "inexistante"
        raise ReviewRefusedError(
            f"Le {reviewed_on:%d/%m/%Y}, la convention était {found} : "
            "seule une convention signée se revoit. Corrigez la date."
        )
    written = Review.objects.create(
        convention=convention,
        reviewed_on=reviewed_on,
        conclusion=conclusion,
        **audit.authorship(actor=actor, at=at),
    )
    audit.record(
        event="conventions.convention.reviewed", subject=str(convention.public_id), actor=actor, at=at
    )
    return written


# Contacts


@transaction.atomic
def ask_contacts(day: date, *, actor: Actor, at: datetime) -> list[ContactCheck]:
    """Ask each référent in post on ``day``, titulaire or suppléant, to confirm the contact for the quarter.

    Run again, or by two workers at once, it asks nobody twice.

    Returns:
        What this call created, ready for a letter: person, post and département are loaded.
    """
    quarter = quarter_of(day)
    asked = set(ContactCheck.objects.filter(quarter=quarter).values_list("post_id", "person_id"))
    in_post = (
        Mandate.objects.current(day)
        .filter(
            post__role__in=list(SIDE_OF_REFERENT),
            post__departement__isnull=False,
            post__opened_on__lte=day,
            person__is_active=True,
        )
        .exclude(post__closed_on__lt=day)
        .order_by("post", "person", "pk")
        .values_list("post_id", "post__departement_id", "post__role", "person_id")
    )
    wanted = {(post, person): (code, role) for post, code, role, person in in_post}
    fresh = [
        ContactCheck(
            departement_id=code,
            side=SIDE_OF_REFERENT[role].value,
            post_id=post,
            person_id=person,
            quarter=quarter,
            asked_at=at,
        )
        for (post, person), (code, role) in wanted.items()
        if (post, person) not in asked
    ]
    ContactCheck.objects.bulk_create(fresh, ignore_conflicts=True)
    created = list(
        ContactCheck.objects.filter(public_id__in=[check.public_id for check in fresh])
        .select_related("person", "post__organisation", "departement")
        .order_by("departement", "side", "pk")
    )
    if created:
        audit.record(
            event="conventions.contact.asked",
            subject=quarter,
            actor=actor,
            at=at,
            detail={"asked": len(created)},
        )
    return created


def contact_token(check: ContactCheck) -> str:
    """Return the signed key of one confirmation; it opens nothing else and dies with its quarter."""
    return signing.Signer(salt=SALT).sign_object([check.public_id.hex, check.quarter])


def contact_path(check: ContactCheck) -> str:
    """Return the path of the page where the contact is confirmed."""
    return reverse("conventions:contact_answer", kwargs={"token": contact_token(check)})


def contact_link(check: ContactCheck) -> str:
    """Return the full address that the letter carries."""
    return f"{settings.BASE_URL}{contact_path(check)}"


def read_token(token: str) -> ContactCheck | None:
    """Return the confirmation a key was made for, None for any other text."""
    try:
        content = signing.Signer(salt=SALT).unsign_object(token)
    except (signing.BadSignature, ValueError):
        return None
    public_id, quarter = content
    return (
        ContactCheck.objects.filter(public_id=public_id, quarter=quarter)
        .select_related("person", "post__organisation", "departement")
        .first()
    )


@transaction.atomic
def answer(check: ContactCheck, *, is_right: bool, today: date, actor: Actor, at: datetime) -> bool:
    """Write what a contact says of its own details; return whether something changed.

    A contact said to be wrong may be confirmed once corrected; one confirmed stays so for the quarter.

    Raises:
        AnswerRefusedError: the quarter is over, or the person has left the post.
    """
    reason = why_closed(check, today)
    if reason:
        raise AnswerRefusedError(reason)
    locked = ContactCheck.objects.select_for_update(of=("self",)).get(pk=check.pk)
    if locked.is_right is True or locked.is_right is is_right:
        return False
    locked.is_right = is_right
    locked.confirmed_on = today
    locked.confirmed_at = at
    locked.save(update_fields=["is_right", "confirmed_on", "confirmed_at"])
    audit.record(
        event="conventions.contact.confirmed" if is_right else "conventions.contact.disputed",
        subject=str(locked.public_id),
        actor=actor,
        at=at,
    )
    return True


def link_holder(check: ContactCheck) -> Actor:
    """Return the author of an answer given through the signed link: nobody signed in, the link speaks."""
    return Actor(label="Titulaire du lien de confirmation", person=check.person.public_id)
