"""Keep who is asked: before the opening, freely; afterwards, only to close a link or to open another."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from traitdunion.audit import actions as audit
from traitdunion.audit.actors import Actor
from traitdunion.barometer import answering, letters
from traitdunion.barometer.kinds import RosterRole, State
from traitdunion.barometer.models import RosterEntry, Wave
from traitdunion.barometer.rules_campaign import MOST
from traitdunion.core.errors import Refusal
from traitdunion.identity.kinds import Side
from traitdunion.notices import actions as notices
from traitdunion.territories.models import Departement


class RosterRefusedError(Refusal):
    """The roster cannot be written as asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Respondent:
    """Someone to ask: their function, their name, and where the link goes."""

    role: RosterRole
    name: str
    email: str


@transaction.atomic
def add(
    wave: Wave,
    departement: Departement,
    side: Side,
    *,
    respondent: Respondent,
    today: date,
    actor: Actor,
    at: datetime,
) -> RosterEntry:
    """Put someone on the roster of a side, while the wave is prepared.

    Raises:
        RosterRefusedError: the roster is frozen, full, or already has the address; the function is of the other side.
    """
    _locked_prepared(wave, today)
    _refuse(wave, departement, side, respondent, but=None)
    if wave.entries.in_use().filter(departement=departement, side=side.value).count() >= MOST:
        raise RosterRefusedError(
            f"Ce côté a déjà {MOST} personnes, le nombre le plus grand. Retirez-en une, ou modifiez-en une."
        )
    entry = _create(wave, departement, side, respondent, actor=actor, at=at)
    _log("added", entry, actor=actor, at=at)
    return entry


@transaction.atomic
def revise(entry: RosterEntry, *, respondent: Respondent, today: date, actor: Actor, at: datetime) -> None:
    """Change a line of the roster, while the wave is prepared.

    Raises:
        RosterRefusedError: the roster is frozen, the address is there already, or the function is of the other side.
    """
    wave = _locked_prepared(entry.wave, today)
    _refuse(wave, entry.departement, Side(entry.side), respondent, but=entry)
    entry.role, entry.name, entry.email = respondent.role.value, respondent.name, respondent.email
    entry.save(update_fields=["role", "name", "email"])
    _log("revised", entry, actor=actor, at=at)


@transaction.atomic
def remove(entry: RosterEntry, *, today: date, actor: Actor, at: datetime) -> None:
    """Take someone off the roster: the line goes while the wave is prepared, the link closes once it is open.

    Raises:
        RosterRefusedError: the wave is over, or the link is closed already.
    """
    if _locked(entry.wave).state_on(today) is State.PREPARED:
        _log("removed", entry, actor=actor, at=at)
        entry.delete()
        return
    _revoke(entry, today=today, at=at)
    _log("revoked", entry, actor=actor, at=at)


@transaction.atomic
def replace(
    entry: RosterEntry, *, respondent: Respondent, today: date, actor: Actor, at: datetime
) -> RosterEntry:
    """Ask someone else in an open wave: the link of ``entry`` closes, the new person is marked « nouveau ».

    What the first person sent stays: nobody knows which sheet it is. What they had not sent goes at the closing.

    Raises:
        RosterRefusedError: the wave is not open, the link is closed already, or the new address is there already.
    """
    _revoke(entry, today=today, at=at)
    _refuse(entry.wave, entry.departement, Side(entry.side), respondent, but=None)
    follower = _create(
        entry.wave,
        entry.departement,
        Side(entry.side),
        respondent,
        replaces=entry,
        is_new=True,
        actor=actor,
        at=at,
    )
    answering.add_sheet(follower)
    notices.write_all([letters.invitation(follower)], at=at)
    _log("replaced", follower, actor=actor, at=at)
    return follower


@transaction.atomic
def renew_link(entry: RosterEntry, *, email: str, today: date, actor: Actor, at: datetime) -> None:
    """Send a new link to the same person, to the same address or to the right one; the one before closes.

    Raises:
        RosterRefusedError: the wave is not open, the link was closed for good, or someone else has the address.
    """
    locked = _open_entry(entry, today)
    _refuse_address(entry.wave, entry.departement, email, but=entry)
    locked.email = email
    locked.link_version += 1
    locked.save(update_fields=["email", "link_version"])
    entry.email, entry.link_version = locked.email, locked.link_version
    notices.write_all([letters.invitation(entry)], at=at)
    _log("renewed", entry, actor=actor, at=at)


def _create(
    wave: Wave,
    departement: Departement,
    side: Side,
    respondent: Respondent,
    *,
    replaces: RosterEntry | None = None,
    is_new: bool = False,
    actor: Actor,
    at: datetime,
) -> RosterEntry:
    return RosterEntry.objects.create(
        wave=wave,
        departement=departement,
        side=side.value,
        role=respondent.role.value,
        name=respondent.name,
        email=respondent.email,
        replaces=replaces,
        is_new=is_new,
        **audit.authorship(actor=actor, at=at),
    )


def _refuse(
    wave: Wave, departement: Departement, side: Side, respondent: Respondent, *, but: RosterEntry | None
) -> None:
    if respondent.role.side is not side:
        raise RosterRefusedError(
            f"La fonction « {respondent.role.label} » est celle de l’autre côté : choisissez-en une de ce côté."
        )
    _refuse_address(wave, departement, respondent.email, but=but)


def _refuse_address(wave: Wave, departement: Departement, email: str, *, but: RosterEntry | None) -> None:
    same = wave.entries.in_use().filter(departement=departement, email__iexact=email)
    if (same if but is None else same.exclude(pk=but.pk)).exists():
        raise RosterRefusedError(
            f"L’adresse {email} est déjà sur la liste du département : une personne ne répond qu’une fois, "
            "pour un seul côté. Donnez une autre adresse."
        )


def _revoke(entry: RosterEntry, *, today: date, at: datetime) -> None:
    locked = _open_entry(entry, today)
    locked.revoked_at = at
    locked.save(update_fields=["revoked_at"])
    entry.revoked_at = at


def _open_entry(entry: RosterEntry, today: date) -> RosterEntry:
    state = _locked(entry.wave).state_on(today)
    if state is not State.OPEN:
        raise RosterRefusedError(f"La vague est « {state.label} » : ses liens ne changent plus.")
    locked = RosterEntry.objects.select_for_update(of=("self",)).get(pk=entry.pk)
    if locked.revoked_at is not None:
        raise RosterRefusedError("Le lien de cette personne est déjà fermé : rechargez la liste.")
    return locked


def _locked_prepared(wave: Wave, today: date) -> Wave:
    state = _locked(wave).state_on(today)
    if state is not State.PREPARED:
        raise RosterRefusedError(
            f"La vague est « {state.label} » : la liste est figée depuis l’ouverture. "
            "Pendant la vague, remplacez une personne."
        )
    return wave


def _locked(wave: Wave) -> Wave:
    return Wave.objects.select_for_update(of=("self",)).get(pk=wave.pk)


def _log(what: str, entry: RosterEntry, *, actor: Actor, at: datetime) -> None:
    audit.record(event=f"barometer.respondent.{what}", subject=str(entry.public_id), actor=actor, at=at)
