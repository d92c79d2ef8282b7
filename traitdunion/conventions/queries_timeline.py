"""What happened in a département, told line by line."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from traitdunion.conventions.kinds import Step
from traitdunion.identity.kinds import Role, Side
from traitdunion.territories.models import Departement

PARIS = ZoneInfo("Europe/Paris")


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One line of what happened in a département."""

    on: date
    recorded_at: datetime
    text: str
    author: str
    reason: str = ""
    convention: UUID | None = None


def timeline(departement: Departement, *, until: date, limit: int = 50) -> list[Happening]:
    """Return what happened in ``departement`` up to ``until``, latest first, in one query.

    A page that shows what changed since a visit keeps the lines whose ``recorded_at`` is later.
    """
    read = _everything(departement, until)
    lines = [
        *(_told_by_step(fact) for fact in read["steps"]),
        *(_told_by_signature(fact) for fact in read["signatures"]),
        *(line for fact in read["texts"] for line in _told_by_dates(fact, until)),
        *(_told_by_meeting(fact) for fact in read["meetings"]),
        *(_told_by_review(fact) for fact in read["reviews"]),
        *(_told_by_contact(fact) for fact in read["contacts"]),
    ]
    lines = [line for line in lines if line.on <= until]
    lines.sort(key=lambda line: (line.on, line.recorded_at), reverse=True)
    return lines[:limit]


# By hand: the ORM took five times longer to compile these subqueries than PostgreSQL to answer them.
# A signature taken back stays told: the step that follows says why.
_EVERYTHING = """
SELECT jsonb_build_object(
    'steps', (
        SELECT jsonb_agg(jsonb_build_object(
            'on', taken.happened_on, 'step', taken.step, 'reason', taken.reason, 'title', act.title,
            'convention', act.public_id, 'at', taken.recorded_at, 'author', taken.author_label) ORDER BY taken.id)
        FROM conventions_steptaken AS taken JOIN conventions_convention AS act ON act.id = taken.convention_id
        WHERE act.departement_id = %(departement)s AND taken.happened_on <= %(until)s),
    'signatures', (
        SELECT jsonb_agg(jsonb_build_object(
            'on', signed.signed_on, 'side', signed.side, 'quality', signed.quality, 'title', act.title,
            'convention', act.public_id, 'at', signed.recorded_at, 'author', signed.author_label) ORDER BY signed.id)
        FROM conventions_signature AS signed JOIN conventions_convention AS act ON act.id = signed.convention_id
        WHERE act.departement_id = %(departement)s AND signed.signed_on <= %(until)s),
    'texts', (
        SELECT jsonb_agg(jsonb_build_object(
            'title', act.title, 'convention', act.public_id, 'starts_on', act.starts_on, 'ends_on', act.ends_on,
            'denounced_on', act.denounced_on, 'reason', act.denounced_reason, 'at', act.denounced_recorded_at)
            ORDER BY act.id)
        FROM conventions_convention AS act
        WHERE act.departement_id = %(departement)s AND act.signed_on <= %(until)s),
    'meetings', (
        SELECT jsonb_agg(jsonb_build_object(
            'held_on', met.held_on, 'cancelled_on', met.cancelled_on, 'subject', met.subject,
            'at', met.outcome_recorded_at, 'planned_at', met.recorded_at, 'author', met.outcome_by,
            'prefecture', met.prefecture_present, 'ars', met.ars_present) ORDER BY met.id)
        FROM conventions_meeting AS met
        WHERE met.departement_id = %(departement)s
            AND (met.held_on IS NOT NULL OR met.cancelled_on IS NOT NULL)),
    'reviews', (
        SELECT jsonb_agg(jsonb_build_object(
            'on', reread.reviewed_on, 'conclusion', reread.conclusion, 'title', act.title,
            'convention', act.public_id, 'at', reread.recorded_at, 'author', reread.author_label)
            ORDER BY reread.id)
        FROM conventions_review AS reread JOIN conventions_convention AS act ON act.id = reread.convention_id
        WHERE act.departement_id = %(departement)s AND reread.reviewed_on <= %(until)s),
    'contacts', (
        SELECT jsonb_agg(jsonb_build_object(
            'on', said.confirmed_on, 'at', said.confirmed_at, 'is_right', said.is_right, 'author', person.name,
            'role', post.role, 'organisation', organisation.name) ORDER BY said.id)
        FROM conventions_contactcheck AS said
        JOIN identity_person AS person ON person.id = said.person_id
        JOIN identity_post AS post ON post.id = said.post_id
        JOIN identity_organisation AS organisation ON organisation.id = post.organisation_id
        WHERE said.departement_id = %(departement)s AND said.confirmed_on <= %(until)s
            AND said.confirmed_at IS NOT NULL))
"""


def _everything(departement: Departement, until: date) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """Return the rows of each kind, oldest written first."""
    with connection.cursor() as cursor:
        cursor.execute(_EVERYTHING, {"departement": departement.pk, "until": until})
        row = cursor.fetchone()
    read: Mapping[str, Sequence[Mapping[str, Any]] | None] = json.loads(row[0])
    return {name: facts or () for name, facts in read.items()}


def _told(fact: Mapping[str, Any], text: str) -> Happening:
    convention = fact.get("convention")
    return Happening(
        on=date.fromisoformat(fact["on"]),
        recorded_at=datetime.fromisoformat(fact["at"]),
        text=text,
        author=fact["author"],
        reason=fact.get("reason", ""),
        convention=UUID(convention) if convention else None,
    )


def _told_by_step(fact: Mapping[str, Any]) -> Happening:
    return _told(fact, f"{fact['title']} : {Step(fact['step']).label}")


def _told_by_signature(fact: Mapping[str, Any]) -> Happening:
    side = "la préfecture" if fact["side"] == Side.PREFECTURE.value else "l’ARS"
    return _told(fact, f"{fact['title']} : signée par {side} ({fact['quality']})")


def _told_by_review(fact: Mapping[str, Any]) -> Happening:
    return _told(fact, f"{fact['title']} : revue faite. {fact['conclusion']}")


def _told_by_contact(fact: Mapping[str, Any]) -> Happening:
    said = "coordonnées confirmées" if fact["is_right"] else "coordonnées à corriger"
    return _told(fact, f"{fact['organisation']}, {Role(fact['role']).label} : {said}")


def _told_by_meeting(fact: Mapping[str, Any]) -> Happening:
    if fact["held_on"] is not None:
        on, words = fact["held_on"], f"Réunion tenue : {fact['subject']} ({_present(fact)})"
    else:
        on, words = fact["cancelled_on"], f"Réunion annulée : {fact['subject']}"
    return _told({"on": on, "at": fact["at"] or fact["planned_at"], "author": fact["author"]}, words)


def _present(fact: Mapping[str, Any]) -> str:
    if fact["prefecture"] and fact["ars"]:
        return "préfecture et ARS présentes"
    return "préfecture seule" if fact["prefecture"] else "ARS seule"


def _told_by_dates(fact: Mapping[str, Any], until: date) -> Iterable[Happening]:
    """Tell what dates alone bring: the entry into force, the term, the denunciation."""
    starts_on, ends_on, denounced_on = (
        date.fromisoformat(fact[name]) if fact[name] else None
        for name in ("starts_on", "ends_on", "denounced_on")
    )
    over_on = ends_on + timedelta(days=1) if ends_on else None
    if denounced_on is not None and over_on is not None and denounced_on < over_on:
        over_on = None
    for on, words in ((starts_on, "entre en vigueur"), (over_on, "échue"), (denounced_on, "dénoncée")):
        if on is None or on > until:
            continue
        is_denounced = words == "dénoncée" and fact["at"]
        yield Happening(
            on=on,
            recorded_at=datetime.fromisoformat(fact["at"])
            if is_denounced
            else datetime.combine(on, time.min, tzinfo=PARIS),
            text=f"{fact['title']} : {words}",
            author="",
            reason=fact["reason"] if words == "dénoncée" else "",
            convention=UUID(fact["convention"]),
        )
