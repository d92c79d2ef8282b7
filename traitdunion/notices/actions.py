"""Write notices, and send them: each one at least once, always under the same Message-ID.

Why these guarantees and no more: ``docs/adr/0006-outbox-and-worker.md``.
"""

import hashlib
import secrets
import smtplib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime, parseaddr
from typing import Final
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage, mailers
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils.module_loading import import_string
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from traitdunion.audit import actions as audit
from traitdunion.audit.actors import Actor
from traitdunion.core.errors import Refusal
from traitdunion.identity.models import Mandate, Person
from traitdunion.notices import letters, registry, rules
from traitdunion.notices.kinds import NoticeState
from traitdunion.notices.models import CalendarLink, Notice, Preference

SEND_TASK: Final = "notices.send"
LOCK_CLASS: Final = 0x6176  # « av » : the advisory locks of the outbox
MOST_LINKS: Final = 5
_dice = secrets.SystemRandom()


# Writing


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What to put in the outbox.

    Attributes:
        key: what it is about and for whom; a key already written writes nothing.
        subject: one line; line breaks and control characters are removed.
        body: plain text, without the foot.
        person: who receives it, or else
        address: where it goes, for someone without account.
        maker: name of the function that finishes the body when it leaves (``registry.register_maker``).
        about: the object that function is told.
    """

    key: str
    subject: str
    body: str
    person: Person | None = None
    address: str = ""
    maker: str = ""
    about: UUID | None = None


def write(*, key: str, person: Person, subject: str, body: str, at: datetime) -> bool:
    """Put a notice to someone with an account in the outbox; return whether it is new. See ``write_all``."""
    return write_all([Letter(key=key, person=person, subject=subject, body=body)], at=at) == 1


def write_all(letters_to_write: Iterable[Letter], *, at: datetime) -> int:
    """Put letters in the outbox, in the caller's transaction: they leave only if the act they tell is kept.

    Returns:
        How many are new.
    """
    asked = {letter.key: letter for letter in letters_to_write}
    known = set(Notice.objects.filter(key__in=asked).values_list("key", flat=True))
    fresh = [
        Notice(
            key=letter.key,
            person=letter.person,
            address=letter.address,
            maker=letter.maker,
            about=letter.about,
            subject=rules.one_line(letter.subject, limit=200),
            body=rules.plain(letter.body),
            created_at=at,
            next_try_at=at,
        )
        for letter in asked.values()
        if letter.key not in known
    ]
    if not fresh:
        return 0
    # Another transaction may write the same key now: the second one waits, then writes nothing.
    Notice.objects.bulk_create(fresh, ignore_conflicts=True)
    transaction.on_commit(_wake_the_worker, robust=True)
    return Notice.objects.filter(public_id__in=[notice.public_id for notice in fresh]).count()


def _wake_the_worker() -> None:
    """Ask for a run now; a request that is lost costs a minute, the periodic run comes anyway."""
    with transaction.atomic():
        try:
            app.configure_task(SEND_TASK, queueing_lock=SEND_TASK, allow_unknown=True).defer()
        except AlreadyEnqueued:
            transaction.set_rollback(True)


# Sending


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a run of the sender did. ``left`` is whether it stopped at its limit."""

    sent: int
    postponed: int
    failed: int
    left: bool


def send_pending(*, at: datetime, limit: int) -> Run:
    """Send the notices that are due, one at a time, ``limit`` at most.

    A notice is claimed in a transaction of its own, handed to the mail server, then marked. While it is in
    hand this session holds an advisory lock on it: a row « en cours d’envoi » whose lock is free was left by
    a sender that died, and is taken again at once.
    """
    counts = {NoticeState.SENT: 0, NoticeState.PENDING: 0, NoticeState.FAILED: 0}
    due = _due(at)[: limit + 1]
    mailer = mailers.default
    try:
        for number in due[:limit]:
            with _hand_on(number) as mine:
                notice = _claim(number, at=at) if mine else None
                if notice is None:
                    continue
                outcome = _deliver(notice, mailer, at=at)
                counts[outcome.state] += 1
            if outcome.server_is_down:
                break  # one notice probed it; the others wait without losing a try
    finally:
        _hang_up(mailer)
    return Run(
        sent=counts[NoticeState.SENT],
        postponed=counts[NoticeState.PENDING],
        failed=counts[NoticeState.FAILED],
        left=len(due) > limit,
    )


def _is_due(at: datetime) -> Q:
    return Q(state=NoticeState.PENDING.value, next_try_at__lte=at) | Q(state=NoticeState.SENDING.value)


def _due(at: datetime) -> list[int]:
    return list(
        Notice.objects.filter(_is_due(at)).order_by("next_try_at", "pk").values_list("pk", flat=True)[:1000]
    )


@contextmanager
def _hand_on(number: int) -> Iterator[bool]:
    """Hold the session's lock on a notice; the database frees it when the process dies."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK_CLASS, number % 2**31])
        mine = bool(cursor.fetchone()[0])
    try:
        yield mine
    finally:
        if mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK_CLASS, number % 2**31])


@transaction.atomic(durable=True)
def _claim(number: int, *, at: datetime) -> Notice | None:
    """Mark a notice as in hand and commit, before the mail server hears of it."""
    notice = (
        Notice.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("person")
        .filter(_is_due(at), pk=number)
        .first()
    )
    if notice is None:
        return None
    notice.state = NoticeState.SENDING.value
    notice.attempts += 1
    notice.save(update_fields=["state", "attempts"])
    return notice


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    state: NoticeState
    server_is_down: bool = False


def _deliver(notice: Notice, mailer: BaseEmailBackend, *, at: datetime) -> _Outcome:
    if notice.attempts > rules.MOST_TRIES:
        return _give_up(notice, "Chaque essai a été interrompu avant la réponse du serveur de messagerie.")
    if notice.person is not None and not notice.person.is_active:
        return _give_up(notice, "L’accès du destinataire est fermé.")
    if not _address(notice):
        return _give_up(notice, "Le destinataire n’a pas d’adresse de messagerie.")
    maker = registry.maker(notice.maker) if notice.maker else None
    if maker is not None and maker.is_discreet:
        return _deliver_discreetly(notice, maker, mailer, at=at)
    try:
        message = _message(notice, _finished(notice, maker, at=at))
        message.message()
    except (ValueError, Refusal) as error:
        return _give_up(notice, f"Le message ne peut pas être composé : {error}")
    try:
        mailer.open()
    except (OSError, smtplib.SMTPException) as error:
        return _try_later(notice, error, at=at, server_is_down=True)
    try:
        mailer.send_messages([message])
    except ValueError as error:
        return _give_up(notice, f"L’adresse de messagerie est refusée : {error}")
    except (OSError, smtplib.SMTPException) as error:
        _hang_up(mailer)
        return _try_later(notice, error, at=at)
    # From the server's answer to this statement lies the only window in which a death sends twice.
    Notice.objects.filter(pk=notice.pk).update(
        state=NoticeState.SENT.value, sent_at=at, next_try_at=None, error=""
    )
    return _Outcome(state=NoticeState.SENT)


def _deliver_discreetly(
    notice: Notice, maker: registry.Maker, mailer: BaseEmailBackend, *, at: datetime
) -> _Outcome:
    """Send the letter or not, and leave the same row behind: nobody reads there whom it was for.

    The server is called first: one that is down postpones both alike. Afterwards whatever happens counts as
    done, at the first try and within the hour: a refused letter that came back, or the time that the server took, would
    show that there was one.
    """
    try:
        mailer.open()
    except (OSError, smtplib.SMTPException) as error:
        return _try_later(notice, error, at=at, server_is_down=True)
    body = _finished(notice, maker, at=at)
    if body is not None:
        try:
            mailer.send_messages([_message(notice, body)])
        except (ValueError, OSError, smtplib.SMTPException):
            _hang_up(mailer)
    hour = at.replace(minute=0, second=0, microsecond=0)
    Notice.objects.filter(pk=notice.pk).update(
        state=NoticeState.SENT.value, sent_at=hour, next_try_at=None, error="", attempts=1
    )
    return _Outcome(state=NoticeState.SENT)


def _finished(notice: Notice, maker: registry.Maker | None, *, at: datetime) -> str | None:
    """Return the body as it leaves; None when a discreet maker has nothing to send."""
    if not notice.maker or notice.about is None:
        return notice.body
    if maker is None:
        raise ValueError(f"aucune application du site n’achève les lettres « {notice.maker} »")
    finish: Callable[..., str | None] = import_string(maker.source)
    return finish(notice.about, notice.body, at=at)


def _address(notice: Notice) -> str:
    return notice.person.email if notice.person is not None else notice.address


def _message(notice: Notice, body: str | None = None) -> EmailMessage:
    """Return the e-mail, its body finished if a maker has to: every try of a notice gives the same bytes."""
    return EmailMessage(
        subject=rules.one_line(notice.subject, limit=200),
        body=letters.with_foot(
            rules.plain(notice.body if body is None else body), has_account=notice.person is not None
        ),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[_address(notice)],
        headers={
            "Message-ID": message_id(notice.public_id),
            "Date": format_datetime(notice.created_at),
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
        },
    )


def message_id(public_id: UUID) -> str:
    """Return the Message-ID of a notice, the same at each try: a server or a reader can drop the second."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    return f"<{public_id}@{domain}>"


def _try_later(notice: Notice, error: Exception, *, at: datetime, server_is_down: bool = False) -> _Outcome:
    said = f"Le serveur de messagerie n’a pas pris le message : {error}"
    if notice.attempts >= rules.MOST_TRIES:
        return _give_up(notice, said, server_is_down=server_is_down)
    wait = rules.wait_before_retry(notice.attempts, draw=_dice.random())
    Notice.objects.filter(pk=notice.pk).update(
        state=NoticeState.PENDING.value, next_try_at=at + wait, error=rules.one_line(said, limit=300)
    )
    return _Outcome(state=NoticeState.PENDING, server_is_down=server_is_down)


def _give_up(notice: Notice, said: str, *, server_is_down: bool = False) -> _Outcome:
    Notice.objects.filter(pk=notice.pk).update(
        state=NoticeState.FAILED.value, next_try_at=None, error=rules.one_line(said, limit=300)
    )
    return _Outcome(state=NoticeState.FAILED, server_is_down=server_is_down)


def _hang_up(mailer: BaseEmailBackend) -> None:
    try:
        mailer.close()
    except (OSError, smtplib.SMTPException):
        return  # everything the server took is already marked


# Choices of the reader and of the administrator


class NoticeRefusedError(Refusal):
    """The notice cannot be sent again, or the link cannot be made."""


@transaction.atomic
def retry(notice: Notice, *, actor: Actor, at: datetime) -> None:
    """Put an undelivered notice back in the outbox, with all its tries.

    Raises:
        NoticeRefusedError: the notice is not one that failed.
    """
    changed = Notice.objects.filter(pk=notice.pk, state=NoticeState.FAILED.value).update(
        state=NoticeState.PENDING.value, next_try_at=at, attempts=0
    )
    if not changed:
        raise NoticeRefusedError("Cet avis n’est plus en échec : il est déjà reparti. Rechargez la liste.")
    audit.record(event="notices.notice.retried", subject=str(notice.public_id), actor=actor, at=at)
    transaction.on_commit(_wake_the_worker, robust=True)


@transaction.atomic
def retry_all(notices: QuerySet[Notice], *, actor: Actor, at: datetime) -> int:
    """Put these undelivered notices back in the outbox and return how many there were."""
    numbers = list(notices.values_list("pk", flat=True))
    changed = Notice.objects.filter(pk__in=numbers, state=NoticeState.FAILED.value).update(
        state=NoticeState.PENDING.value, next_try_at=at, attempts=0
    )
    audit.record(
        event="notices.outbox.retried", subject="outbox", actor=actor, at=at, detail={"notices": changed}
    )
    transaction.on_commit(_wake_the_worker, robust=True)
    return changed


@transaction.atomic
def choose_digest(person: Person, *, weekly_digest: bool, actor: Actor, at: datetime) -> None:
    """Keep whether ``person`` wants the weekly digest."""
    Preference.objects.update_or_create(person=person, defaults={"weekly_digest": weekly_digest})
    audit.record(
        event="notices.preference.chosen",
        subject=str(person.public_id),
        actor=actor,
        at=at,
        detail={"weekly_digest": weekly_digest},
    )


@transaction.atomic
def create_link(mandate: Mandate, *, actor: Actor, at: datetime) -> str:
    """Return the secret of a new calendar link for ``mandate``; only its hash is kept.

    Raises:
        NoticeRefusedError: the mandate already has as many links as it may.
    """
    # The person's row is the queue: two requests at once cannot both pass the count.
    Person.objects.select_for_update().get(pk=mandate.person_id)
    open_links = CalendarLink.objects.filter(mandate=mandate.public_id, revoked_at__isnull=True)
    if open_links.count() >= MOST_LINKS:
        raise NoticeRefusedError(
            f"Ce mandat a déjà {MOST_LINKS} liens de calendrier, c’est le nombre le plus grand. "
            "Supprimez celui dont vous ne vous servez plus, puis recommencez."
        )
    secret = secrets.token_urlsafe(32)
    link = CalendarLink.objects.create(
        person=mandate.person, mandate=mandate.public_id, secret_hash=hash_of(secret), created_at=at
    )
    audit.record(event="notices.calendar_link.created", subject=str(link.public_id), actor=actor, at=at)
    return secret


@transaction.atomic
def revoke_link(link: CalendarLink, *, actor: Actor, at: datetime) -> None:
    """Close a calendar link, at once and for good."""
    if CalendarLink.objects.filter(pk=link.pk, revoked_at__isnull=True).update(revoked_at=at):
        audit.record(event="notices.calendar_link.revoked", subject=str(link.public_id), actor=actor, at=at)


def hash_of(secret: str) -> str:
    """Return what is kept of a secret: it has 256 random bits, a plain hash cannot be guessed back."""
    return fingerprint(secret.encode())


def fingerprint(content: bytes) -> str:
    """Return the SHA-256 of ``content`` in hexadecimal."""
    return hashlib.sha256(content).hexdigest()
