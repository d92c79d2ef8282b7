"""Prepare a wave, open it, count who took part, close it. What is answered is written elsewhere: ``answering.py``."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from traitdunion.audit import actions as audit
from traitdunion.audit.actors import Actor
from traitdunion.barometer import actions_notices, answering, letters, queries
from traitdunion.barometer import rules_campaign as rules
from traitdunion.barometer.kinds import Format, State
from traitdunion.barometer.models import Participation, QuestionnaireVersion, RosterEntry, Wave
from traitdunion.core.errors import Refusal
from traitdunion.identity.kinds import Side
from traitdunion.notices import actions as notices

SWEEP_TASK: Final = "barometer.sweep"


class WaveRefusedError(Refusal):
    """The wave cannot be written as asked."""


class RosterRefusedError(WaveRefusedError):
    """The lists do not have three to six people on each side, and nobody wrote why the wave opens all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The days of a wave.

    Attributes:
        covers_since: first day that the questions are about.
        covers_until_on: last day that the questions are about.
        opens_on: day on which the invitations leave.
        closes_on: last day on which one may answer, included.
    """

    covers_since: date
    covers_until_on: date
    opens_on: date
    closes_on: date


# Preparing


@transaction.atomic
def prepare(
    *,
    name: str,
    form: Format,
    questionnaire: QuestionnaireVersion,
    calendar: Calendar,
    today: date,
    actor: Actor,
    at: datetime,
) -> Wave:
    """Prepare a wave: propose people for each side, and ask the référents to complete their roster.

    Raises:
        WaveRefusedError: the name is taken, or the days are not in order.
    """
    _refuse_calendar(calendar, today=today)
    if Wave.objects.filter(name__iexact=name).exists():
        raise WaveRefusedError(f"Une vague s’appelle déjà « {name} » : choisissez un autre nom.")
    wave = Wave.objects.create(
        name=name,
        format=form.value,
        questionnaire=questionnaire,
        covers_since=calendar.covers_since,
        covers_until_on=calendar.covers_until_on,
        opens_on=calendar.opens_on,
        closes_on=calendar.closes_on,
        **audit.authorship(actor=actor, at=at),
    )
    proposed = [
        RosterEntry(
            wave=wave,
            departement_id=each.departement,
            side=each.role.side.value,
            role=each.role.value,
            name=each.name,
            email=each.email,
            **audit.authorship(actor=actor, at=at),
        )
        for each in queries.proposals(day=today)
    ]
    RosterEntry.objects.bulk_create(proposed)
    actions_notices.ask_rosters(wave, today=today, actor=actor, at=at)
    audit.record(
        event="barometer.wave.prepared",
        subject=str(wave.public_id),
        actor=actor,
        at=at,
        detail={"proposed": len(proposed)},
    )
    return wave


@transaction.atomic
def revise(
    wave: Wave,
    *,
    name: str,
    calendar: Calendar,
    today: date,
    actor: Actor,
    at: datetime,
    roster_reason: str | None = None,
) -> None:
    """Change the name and the days of a wave; once open, its last day only.

    Args:
        wave: the wave.
        name: its name.
        calendar: its days.
        today: the day.
        actor: who asks.
        at: when.
        roster_reason: why it may open although a list is short or long; None leaves it as it is.

    Raises:
        WaveRefusedError: the wave is over, the days are not in order, or the name is taken.
    """
    locked = _locked(wave)
    state = locked.state_on(today)
    if state not in {State.PREPARED, State.OPEN}:
        raise WaveRefusedError(f"La vague est « {state.label} » : ses dates ne changent plus.")
    if Wave.objects.filter(name__iexact=name).exclude(pk=locked.pk).exists():
        raise WaveRefusedError(f"Une vague s’appelle déjà « {name} » : choisissez un autre nom.")
    locked.closes_on = calendar.closes_on
    if state is State.OPEN:
        if calendar.closes_on < today:
            raise WaveRefusedError(
                f"Le dernier jour, le {calendar.closes_on:%d/%m/%Y}, est passé. "
                "Choisissez aujourd’hui ou plus tard, ou « Clore maintenant »."
            )
    else:
        _refuse_calendar(calendar, today=today)
        locked.name = name
        locked.covers_since, locked.covers_until_on = calendar.covers_since, calendar.covers_until_on
        locked.opens_on = calendar.opens_on
        locked.roster_reason = locked.roster_reason if roster_reason is None else roster_reason
    locked.save(
        update_fields=["name", "covers_since", "covers_until_on", "opens_on", "closes_on", "roster_reason"]
    )
    audit.record(
        event="barometer.wave.revised",
        subject=str(locked.public_id),
        actor=actor,
        at=at,
        detail={"opens_on": locked.opens_on.isoformat(), "closes_on": locked.closes_on.isoformat()},
    )


def _refuse_calendar(calendar: Calendar, *, today: date) -> None:
    if calendar.opens_on < today:
        raise WaveRefusedError(
            f"L’ouverture serait le {calendar.opens_on:%d/%m/%Y}, un jour passé. Choisissez aujourd’hui ou plus tard."
        )
    if calendar.closes_on < calendar.opens_on:
        raise WaveRefusedError(
            f"Le dernier jour pour répondre, le {calendar.closes_on:%d/%m/%Y}, précède l’ouverture, "
            f"le {calendar.opens_on:%d/%m/%Y}. Corrigez l’une des deux dates."
        )
    if calendar.covers_until_on < calendar.covers_since:
        raise WaveRefusedError("La période décrite finit avant de commencer : corrigez l’une des deux dates.")


@transaction.atomic
def cancel(wave: Wave, *, reason: str, today: date, actor: Actor, at: datetime) -> None:
    """Give a wave up before its end: its links close and its answers are erased.

    Raises:
        WaveRefusedError: the wave is over or given up already.
    """
    locked = _locked(wave)
    state = locked.state_on(today)
    if state not in {State.PREPARED, State.OPEN}:
        raise WaveRefusedError(f"La vague est « {state.label} » : elle ne s’annule plus.")
    answering.erase(locked)
    Participation.objects.filter(wave=locked).delete()
    locked.cancelled_at, locked.cancelled_reason = at, reason
    locked.save(update_fields=["cancelled_at", "cancelled_reason"])
    audit.record(event="barometer.wave.cancelled", subject=str(locked.public_id), actor=actor, at=at)


# Opening


@transaction.atomic
def open_wave(
    wave: Wave, *, today: date, actor: Actor, at: datetime, roster_reason: str | None = None
) -> int:
    """Freeze the roster, draw a blank sheet for each person asked, and write the invitations: all or nothing.

    Args:
        wave: the wave.
        today: the day.
        actor: who opens it.
        at: when.
        roster_reason: why it opens although the list of a side has fewer than three people, or more than six; None
            when it was written before, or is not needed.

    Returns:
        How many people are asked; 0 when the wave was open already.

    Raises:
        RosterRefusedError: a list is short or long, and no reason is written.
        WaveRefusedError: nobody is on the roster, or the last day is past, or the wave was given up.
    """
    locked = _locked(wave)
    if locked.opened_at is not None:
        return 0
    if locked.cancelled_at is not None:
        raise WaveRefusedError("La vague est annulée : préparez-en une autre.")
    if locked.closes_on < today:
        raise WaveRefusedError(
            f"Le dernier jour pour répondre, le {locked.closes_on:%d/%m/%Y}, est passé : changez-le d’abord."
        )
    entries = list(locked.entries.in_use().select_related("departement"))
    if not entries:
        raise WaveRefusedError("Personne n’est sur la liste : la vague ne peut pas s’ouvrir.")
    locked.roster_reason = locked.roster_reason if roster_reason is None else roster_reason.strip()
    out_of_bounds = _refuse_lists(locked, entries)
    for entry in entries:
        entry.wave = locked  # one object, so that no letter reads it again
    _mark_new(entries)
    locked.opened_at, locked.opens_on = at, today
    locked.save(update_fields=["opened_at", "opens_on", "roster_reason"])
    answering.draw_sheets(entries)
    _write_participation(locked, today=today)
    notices.write_all([letters.invitation(entry) for entry in entries], at=at)
    audit.record(
        event="barometer.wave.opened",
        subject=str(locked.public_id),
        actor=actor,
        at=at,
        detail={"asked": len(entries), "lists_out_of_bounds": out_of_bounds},
    )
    wave.refresh_from_db()
    return len(entries)


def _refuse_lists(wave: Wave, entries: list[RosterEntry]) -> int:
    """Return on how many sides fewer than three or more than six people are asked, once somebody wrote why."""
    asked = Counter((entry.departement_id, entry.side) for entry in entries)
    found = rules.sides_out_of_bounds(asked, list(Side))
    if found and not wave.roster_reason:
        code, side, number = found[0]
        others = f", et {len(found) - 1} autres" if len(found) > 1 else ""
        raise RosterRefusedError(
            f"Il faut de {rules.FEWEST} à {rules.MOST} personnes de chaque côté : {Side(side).label} du département "
            f"{code} en a {number}{others}. Complétez les listes, ou écrivez pourquoi la vague s’ouvre ainsi."
        )
    return len(found)


def _mark_new(entries: list[RosterEntry]) -> None:
    """Say who was not asked the last time that their side was; nobody is new where nobody was ever asked."""
    known: dict[tuple[str, str], set[str]] = {}
    for each in queries.last_asked():
        known.setdefault((each.departement_id, each.side), set()).add(each.email.casefold())
    for entry in entries:
        asked = known.get((entry.departement_id, entry.side))
        entry.is_new = asked is not None and entry.email.casefold() not in asked
    RosterEntry.objects.bulk_update([entry for entry in entries if entry.is_new], ["is_new"])


# Counting and closing


@transaction.atomic
def count_participation(wave: Wave, *, today: date, actor: Actor, at: datetime) -> None:
    """Count who was invited and what was sent on each side of an open wave, every side at once."""
    locked = _locked(wave)
    if locked.state_on(today) is not State.OPEN:
        return
    _write_participation(locked, today=today)
    audit.record(event="barometer.wave.counted", subject=str(locked.public_id), actor=actor, at=at)


def _write_participation(wave: Wave, *, today: date) -> None:
    """Replace the counts: those of the day before are not kept, they would date answers to the day."""
    Participation.objects.filter(wave=wave).delete()
    Participation.objects.bulk_create(
        Participation(
            wave=wave,
            departement_id=code,
            side=side.value,
            invited=rate.invited,
            submitted=rate.submitted,
            counted_on=today,
        )
        for (code, side), rate in sorted(queries.count_of(wave).items())
    )


@transaction.atomic
def close(wave: Wave, *, today: date, actor: Actor, at: datetime) -> bool:
    """Seal the answers of an open wave, at its end or earlier if a manager says so; return whether this call did.

    Nothing leads from a person to a sheet afterwards. Run again, or by two workers at once, it does nothing.
    """
    locked = _locked(wave)
    if locked.sealed_at is not None or locked.opened_at is None or locked.cancelled_at is not None:
        return False
    answering.seal(locked)
    locked.closes_on = min(locked.closes_on, today)
    locked.sealed_at = at
    locked.save(update_fields=["closes_on", "sealed_at"])
    _write_participation(locked, today=today)
    audit.record(event="barometer.wave.closed", subject=str(locked.public_id), actor=actor, at=at)
    transaction.on_commit(_ask_to_sweep, robust=True)
    wave.refresh_from_db()
    return True


def _ask_to_sweep() -> None:
    """Have the worker remove the old row versions of the answers; lost, PostgreSQL does it in its own time."""
    with transaction.atomic():
        try:
            app.configure_task(SWEEP_TASK, queueing_lock=SWEEP_TASK, allow_unknown=True).defer()
        except AlreadyEnqueued:
            transaction.set_rollback(True)


def _locked(wave: Wave) -> Wave:
    return Wave.objects.select_for_update(of=("self",)).get(pk=wave.pk)
