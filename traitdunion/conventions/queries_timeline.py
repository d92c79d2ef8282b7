"""What happened in a département, told line by line: its conventions, meetings, contacts, actions, delegations."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from traitdunion.conventions.kinds import Step
from traitdunion.conventions.rules import local_day, midnight
from traitdunion.identity.kinds import SIDE_OF, Role, Side
from traitdunion.plan.kinds import BlockerCause, EventKind
from traitdunion.territories.models import Departement

PARIS = ZoneInfo("Europe/Paris")


class Page(StrEnum):
    """Where a line is read in full."""

    CONVENTION = "convention"
    MEETINGS = "meetings"
    CONTACTS = "contacts"
    ACTION = "action"
    EVIDENCE = "evidence"
    POSTS = "posts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One line of what happened in a département.

    Attributes:
        on: the day it happened.
        recorded_at: when it was recorded, or the first instant of the day that a date alone brings.
        page, reference: where it is read in full; without a reference, on a page of the département.
        side: whose post it is about.
    """

    on: date
    recorded_at: datetime
    text: str
    author: str
    reason: str = ""
    page: Page = Page.CONVENTION
    reference: UUID | None = None
    side: Side | None = None


def timeline(
    departement: Departement, *, until: date, known_before: datetime | None = None, limit: int | None = 50
) -> list[Happening]:
    """Return what happened in ``departement`` up to ``until``, latest first, in one query.

    A page that shows what changed since a visit keeps the lines whose ``recorded_at`` is later.

    Args:
        departement: the one read.
        until: the last day told.
        known_before: what was recorded from then on is left out; None reads what is known now.
        limit: the most lines returned, None for all.
    """
    read = _everything(departement, until, known_before)
    lines = [
        *(_told_by_step(fact) for fact in read["steps"]),
        *(_told_by_signature(fact) for fact in read["signatures"]),
        *(line for fact in read["texts"] for line in _told_by_dates(fact, until)),
        *(line for fact in read["meetings"] for line in _told_by_meeting(fact, departement)),
        *(_told_by_review(fact) for fact in read["reviews"]),
        *(_told_by_contact(fact) for fact in read["contacts"]),
        *(_told_by_action(fact, f"Action ouverte : {fact['title']}") for fact in read["opened"]),
        *(_told_by_wording(fact, departement) for fact in read["reworded"]),
        *(
            _told_by_action(fact, f"Action {EventKind(fact['kind']).label} : {fact['title']}")
            for fact in read["events"]
        ),
        *(line for fact in read["blockers"] for line in _told_by_blocker(fact)),
        *(line for fact in read["evidence"] for line in _told_by_piece(fact)),
        *(line for fact in read["delegations"] for line in _told_by_delegation(fact, departement)),
    ]
    lines = [
        line
        for line in lines
        if line.on <= until and (known_before is None or line.recorded_at < known_before)
    ]
    lines.sort(key=lambda line: (line.on, line.recorded_at), reverse=True)
    return lines[:limit]


# By hand: the ORM took five times longer to compile these subqueries than PostgreSQL to answer them.
# A signature taken back stays told: the step that follows says why.
_EVERYTHING = """
WITH local AS (
    SELECT action.id, action.public_id, action.opened_on, action.recorded_at, action.author_label, (
        SELECT revision.title FROM plan_actionrevision AS revision
        WHERE revision.action_id = action.id AND revision.recorded_at < %(cut)s::timestamptz
        ORDER BY revision.recorded_at DESC, revision.id DESC LIMIT 1) AS title
    FROM plan_action AS action
    WHERE action.departement_id = %(departement)s AND action.recorded_at < %(cut)s::timestamptz)
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
            'title', act.title, 'convention', act.public_id,
            'starts_on', CASE WHEN former.id IS NULL THEN act.starts_on ELSE former.starts_on END,
            'ends_on', CASE WHEN former.id IS NULL THEN act.ends_on ELSE former.ends_on END,
            'denounced_on', CASE WHEN former.id IS NULL THEN act.denounced_on ELSE former.denounced_on END,
            'reason', act.denounced_reason, 'at', act.denounced_recorded_at) ORDER BY act.id)
        FROM conventions_convention AS act
        LEFT JOIN LATERAL (
            SELECT replaced.id, replaced.starts_on, replaced.ends_on, replaced.denounced_on
            FROM conventions_formerterms AS replaced
            WHERE replaced.convention_id = act.id AND replaced.recorded_at >= %(cut)s::timestamptz
            ORDER BY replaced.recorded_at, replaced.id LIMIT 1) AS former ON true
        WHERE act.departement_id = %(departement)s AND act.signed_on <= %(until)s
            AND NOT EXISTS (
                SELECT FROM conventions_signature AS late
                WHERE late.convention_id = act.id AND late.recorded_at >= %(cut)s::timestamptz)),
    'meetings', (
        SELECT jsonb_agg(jsonb_build_object(
            'held_on', met.held_on, 'cancelled_on', met.cancelled_on, 'subject', met.subject,
            'planned_on', met.planned_on, 'planned_at', met.recorded_at, 'planned_by', met.author_label,
            'at', met.outcome_recorded_at, 'author', met.outcome_by,
            'prefecture', met.prefecture_present, 'ars', met.ars_present) ORDER BY met.id)
        FROM conventions_meeting AS met
        WHERE met.departement_id = %(departement)s),
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
            AND said.confirmed_at IS NOT NULL),
    'opened', (
        SELECT jsonb_agg(jsonb_build_object(
            'title', local.title, 'action', local.public_id, 'on', local.opened_on, 'at', local.recorded_at,
            'author', local.author_label) ORDER BY local.id)
        FROM local),
    'reworded', (
        SELECT jsonb_agg(jsonb_build_object(
            'title', local.title, 'action', local.public_id, 'at', revision.recorded_at,
            'due_on', revision.due_on, 'author', revision.author_label) ORDER BY revision.id)
        FROM plan_actionrevision AS revision JOIN local ON local.id = revision.action_id
        WHERE revision.recorded_at > local.recorded_at),
    'events', (
        SELECT jsonb_agg(jsonb_build_object(
            'title', local.title, 'action', local.public_id, 'kind', event.kind, 'on', event.happened_on,
            'at', event.recorded_at, 'author', event.author_label, 'reason', event.reason) ORDER BY event.id)
        FROM plan_actionevent AS event JOIN local ON local.id = event.action_id),
    'blockers', (
        SELECT jsonb_agg(jsonb_build_object(
            'title', local.title, 'action', local.public_id, 'cause', blocker.cause, 'lifter', blocker.lifter,
            'on', blocker.since, 'at', blocker.recorded_at, 'author', blocker.author_label,
            'lifted_on', blocker.lifted_on, 'lifted_at', blocker.lifted_recorded_at,
            'lifted_by', blocker.lifted_by) ORDER BY blocker.id)
        FROM plan_blocker AS blocker JOIN local ON local.id = blocker.action_id),
    'evidence', (
        SELECT jsonb_agg(jsonb_build_object(
            'title', local.title, 'piece', piece.title, 'evidence', piece.public_id, 'on', piece.dated_on,
            'at', piece.recorded_at, 'author', piece.author_label, 'withdrawn_on', piece.withdrawn_on,
            'withdrawn_at', piece.withdrawn_recorded_at) ORDER BY piece.id)
        FROM plan_evidence AS piece JOIN local ON local.id = piece.action_id),
    'delegations', (
        SELECT jsonb_agg(jsonb_build_object(
            'role', post.role, 'name', person.name, 'reference', act.reference, 'since', act.starts_on,
            'until', act.ends_on, 'at', act.recorded_at, 'author', act.author_label) ORDER BY act.id)
        FROM identity_delegation AS act
        JOIN identity_post AS post ON post.id = act.given_by_id
        JOIN identity_person AS person ON person.id = act.given_to_id
        WHERE post.departement_id = %(departement)s OR post.region_id = %(region)s))
"""


def _everything(
    departement: Departement, until: date, known_before: datetime | None
) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """Return the rows of each kind, oldest written first."""
    cut = "infinity" if known_before is None else known_before.isoformat()
    with connection.cursor() as cursor:
        cursor.execute(
            _EVERYTHING,
            {"departement": departement.pk, "region": departement.region_id, "until": until, "cut": cut},
        )
        row = cursor.fetchone()
    read: Mapping[str, Sequence[Mapping[str, Any]] | None] = json.loads(row[0])
    return {name: facts or () for name, facts in read.items()}


def _told(fact: Mapping[str, Any], text: str, *, page: Page = Page.CONVENTION) -> Happening:
    convention = fact.get("convention")
    return Happening(
        on=date.fromisoformat(fact["on"]),
        recorded_at=datetime.fromisoformat(fact["at"]),
        text=text,
        author=fact["author"],
        reason=fact.get("reason", ""),
        reference=UUID(convention) if convention else None,
        page=page,
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
    return _told(fact, f"{fact['organisation']}, {Role(fact['role']).label} : {said}", page=Page.CONTACTS)


def _told_by_meeting(fact: Mapping[str, Any], departement: Departement) -> Iterable[Happening]:
    """Tell that a meeting was planned, unless it was written once held, and what came of it."""
    planned_at = datetime.fromisoformat(fact["planned_at"])
    if fact["at"] is None or datetime.fromisoformat(fact["at"]) != planned_at:
        planned_on = date.fromisoformat(fact["planned_on"])
        yield Happening(
            on=local_day(planned_at, departement.time_zone),
            recorded_at=planned_at,
            text=f"Réunion inscrite pour le {planned_on:%d/%m/%Y} : {fact['subject']}",
            author=fact["planned_by"],
            page=Page.MEETINGS,
        )
    if fact["held_on"] is not None:
        on, words = fact["held_on"], f"Réunion tenue : {fact['subject']} ({_present(fact)})"
    elif fact["cancelled_on"] is not None:
        on, words = fact["cancelled_on"], f"Réunion annulée : {fact['subject']}"
    else:
        return
    closed = {"on": on, "at": fact["at"] or fact["planned_at"], "author": fact["author"]}
    yield _told(closed, words, page=Page.MEETINGS)


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
            reference=UUID(fact["convention"]),
        )


# The ledger of actions, and the delegations


def _told_by_action(fact: Mapping[str, Any], text: str) -> Happening:
    return Happening(
        on=date.fromisoformat(fact["on"]),
        recorded_at=datetime.fromisoformat(fact["at"]),
        text=text,
        author=fact["author"],
        reason=fact.get("reason", ""),
        page=Page.ACTION,
        reference=UUID(fact["action"]),
    )


def _told_by_wording(fact: Mapping[str, Any], departement: Departement) -> Happening:
    due = f", échéance le {date.fromisoformat(fact['due_on']):%d/%m/%Y}" if fact["due_on"] else ""
    on = local_day(datetime.fromisoformat(fact["at"]), departement.time_zone)
    return _told_by_action(
        {**fact, "on": on.isoformat()}, f"Action rédigée de nouveau : {fact['title']}{due}"
    )


def _told_by_blocker(fact: Mapping[str, Any]) -> Iterable[Happening]:
    cause = BlockerCause(fact["cause"]).label
    yield _told_by_action(
        fact, f"Action bloquée ({cause}, peut être levé par : {fact['lifter']}) : {fact['title']}"
    )
    if fact["lifted_on"] and fact["lifted_at"]:
        lifted = {"on": fact["lifted_on"], "at": fact["lifted_at"], "author": fact["lifted_by"]}
        yield _told_by_action({**fact, **lifted}, f"Blocage levé ({cause}) : {fact['title']}")


def _told_by_piece(fact: Mapping[str, Any]) -> Iterable[Happening]:
    came = (fact["on"], fact["at"], fact["author"], "ajoutée à")
    left = (fact["withdrawn_on"], fact["withdrawn_at"], "", "retirée de")
    for on, at, author, words in (came, left):
        if on and at:
            yield Happening(
                on=date.fromisoformat(on),
                recorded_at=datetime.fromisoformat(at),
                text=f"Preuve {words} l’action « {fact['title']} » : {fact['piece']}",
                author=author,
                page=Page.EVIDENCE,
                reference=UUID(fact["evidence"]),
            )


def _told_by_delegation(fact: Mapping[str, Any], departement: Departement) -> Iterable[Happening]:
    role = Role(fact["role"])
    if role not in SIDE_OF:
        return
    act = f"{fact['name']} signe pour : {role.label} ({fact['reference']})"
    given = midnight(date.fromisoformat(fact["since"]), departement.time_zone)
    yield Happening(
        on=date.fromisoformat(fact["since"]),
        # Recorded before its first day, it is news on that day.
        recorded_at=max(datetime.fromisoformat(fact["at"]), given),
        text=f"Délégation donnée. {act}",
        author=fact["author"],
        page=Page.POSTS,
        side=SIDE_OF[role],
    )
    if fact["until"]:
        over = date.fromisoformat(fact["until"]) + timedelta(days=1)
        yield Happening(
            on=over,
            recorded_at=midnight(over, departement.time_zone),
            text=f"Délégation finie. {act}",
            author="",
            page=Page.POSTS,
            side=SIDE_OF[role],
        )
