"""What a person reads of the outbox."""

from datetime import date

from django.db.models import QuerySet

from traitdunion.identity import access as identity
from traitdunion.identity.models import Mandate, Person
from traitdunion.notices.kinds import NoticeState
from traitdunion.notices.models import CalendarLink, Notice


def notices_of(person: Person) -> QuerySet[Notice]:
    """Return what was written to ``person``, latest first."""
    return Notice.objects.filter(person=person).order_by("-created_at", "-pk")


def undelivered_visible_to(mandate: Mandate) -> QuerySet[Notice]:
    """Return the notices that failed, for an administrator, without their text: only its reader sees it."""
    failed = Notice.objects.filter(state=NoticeState.FAILED.value).select_related("person").defer("body")
    return failed.order_by("-created_at", "-pk") if may_watch(mandate) else failed.none()


def may_watch(mandate: Mandate) -> bool:
    """Whether the mandate opens the page of undelivered notices."""
    return identity.may_administer(mandate)


def links_of(mandate: Mandate) -> QuerySet[CalendarLink]:
    """Return the calendar links in use of a mandate."""
    return CalendarLink.objects.filter(
        person=mandate.person, mandate=mandate.public_id, revoked_at__isnull=True
    ).order_by("created_at")


def mandate_behind(secret_hash: str, *, day: date) -> Mandate | None:
    """Return the mandate that a calendar link opens; None once link, access or mandate has ended."""
    link = (
        CalendarLink.objects.filter(secret_hash=secret_hash, revoked_at__isnull=True, person__is_active=True)
        .select_related("person")
        .first()
    )
    if link is None:
        return None
    return identity.mandates_of(link.person, day=day).filter(public_id=link.mandate).first()
