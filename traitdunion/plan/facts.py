"""What PostgreSQL reads of an action or of an indicator as it was known on a day, in SQL.

Written by hand: the same subqueries built by the ORM took longer to compile than to run. Each expression is an
ordinary annotation, whatever the query around it. ``rules.action_status`` says what the state means; a test holds
that both agree on every day.
"""

import re
from datetime import date, datetime
from functools import cache
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import CharField, DateField, F, Field, Func, JSONField
from django.db.models.sql.compiler import SQLCompiler

# {key} is the column that holds the key of the row, :day the day looked at, :cut the first instant after it.
_PAST_EVENTS = """
    FROM plan_actionevent AS event
    WHERE event.action_id = {key} AND event.recorded_at < :cut AND event.happened_on <= :day"""
_STARTS = f"{_PAST_EVENTS} AND event.kind IN ('lancee', 'rouverte')"
_LATEST_EVENT = "ORDER BY event.happened_on DESC, event.id DESC LIMIT 1"
_STANDING_BLOCKERS = """
    FROM plan_blocker AS blocker
    WHERE blocker.action_id = {key} AND blocker.recorded_at < :cut AND blocker.since <= :day
        AND (blocker.lifted_on <= :day AND blocker.lifted_recorded_at < :cut) IS NOT TRUE"""
_REVISIONS = """
    FROM plan_actionrevision AS revision
    WHERE revision.action_id = {key} AND revision.recorded_at < :cut
    ORDER BY revision.recorded_at DESC, revision.id DESC LIMIT 1"""

_TITLE = f"(SELECT revision.title {_REVISIONS})"
_DUE_ON = f"(SELECT revision.due_on {_REVISIONS})"
_STATE = f"""
    CASE (SELECT event.kind {_PAST_EVENTS} {_LATEST_EVENT})
        WHEN 'realisee' THEN 'realisee'
        WHEN 'abandonnee' THEN 'abandonnee'
        ELSE CASE
            WHEN {_DUE_ON} < :day THEN 'en_retard'
            WHEN EXISTS (SELECT {_STANDING_BLOCKERS}) THEN 'bloquee'
            WHEN EXISTS (SELECT {_STARTS}) THEN 'en_cours'
            ELSE 'a_lancer'
        END
    END"""
_PILOT = "(SELECT pilot.name FROM identity_organisation AS pilot WHERE pilot.id = revision.pilot_id)"
_EVENT = "jsonb_build_object('kind', event.kind, 'on', event.happened_on)"
_TOLD = f"""
    jsonb_build_object(
        'wording', (SELECT jsonb_build_object(
            'title', revision.title, 'due_on', revision.due_on, 'pilot', {_PILOT}) {_REVISIONS}),
        'last_event', (SELECT {_EVENT} {_PAST_EVENTS} {_LATEST_EVENT}),
        'last_start', (SELECT {_EVENT} {_STARTS} {_LATEST_EVENT}),
        'blocker', (SELECT jsonb_build_object(
            'cause', blocker.cause, 'lifter', blocker.lifter, 'since', blocker.since)
            {_STANDING_BLOCKERS} ORDER BY blocker.since, blocker.id LIMIT 1))"""

# The last national value, and the next national target or else the last one.
_LAST_VALUE = """
    (SELECT jsonb_build_object(
        'measured_on', measured.measured_on, 'numerator', measured.numerator::text,
        'denominator', measured.denominator::text, 'provenance', measured.provenance)
    FROM plan_indicatorvalue AS measured
    WHERE measured.indicator_id = {key} AND measured.departement_id IS NULL
        AND measured.measured_on <= :day AND measured.recorded_at < :cut
    ORDER BY measured.measured_on DESC, measured.recorded_at DESC, measured.id DESC LIMIT 1)"""
_NEXT_GOAL = """
    (SELECT jsonb_build_object('due_on', target.due_on, 'value', target.value::text)
    FROM plan_target AS target
    WHERE target.indicator_id = {key} AND target.departement_id IS NULL AND target.recorded_at < :cut
    ORDER BY CASE WHEN target.due_on >= :day THEN target.due_on END NULLS LAST,
        target.due_on DESC, target.recorded_at DESC, target.id DESC LIMIT 1)"""


class OnADay(Func):
    """An expression in SQL about the row whose key a column holds, as it was known at the end of a day."""

    def __init__(
        self, sql: str, key: str, output_field: "Field[Any, Any]", *, day: date, cut: datetime
    ) -> None:
        super().__init__(F(key), output_field=output_field)
        self.sql = sql
        self.moments = {"day": day, "cut": cut}

    def as_sql(
        self,
        compiler: SQLCompiler,
        connection: BaseDatabaseWrapper,  # noqa: ARG002  # the signature is Django's
        *_words: Any,  # noqa: ANN401  # and so are these, which only a template of Django's would read
        **_more: Any,  # noqa: ANN401
    ) -> tuple[str, tuple[Any, ...]]:
        """Return the expression with the column of the key as the query around it names it."""
        column, _ = compiler.compile(self.source_expressions[0])
        sql, names = _prepared(self.sql)
        return sql.replace("{key}", column), tuple(self.moments[name] for name in names)


@cache
def _prepared(sql: str) -> tuple[str, list[str]]:
    """Return the expression with the marks of the driver, and the moment that each stands for."""
    return re.sub(r":(day|cut)\b", "%s", sql), re.findall(r":(day|cut)\b", sql)


# Of an action


def state(*, day: date, cut: datetime) -> OnADay:
    """Return the state of an action on ``day``, a value of ``ActionState``."""
    return OnADay(_STATE, "pk", CharField(), day=day, cut=cut)


def due_on(*, day: date, cut: datetime) -> OnADay:
    """Return the deadline of an action, null when none was set."""
    return OnADay(_DUE_ON, "pk", DateField(), day=day, cut=cut)


def title(*, day: date, cut: datetime) -> OnADay:
    """Return the title of an action, null when it was not recorded yet."""
    return OnADay(_TITLE, "pk", CharField(), day=day, cut=cut)


def told(*, day: date, cut: datetime) -> OnADay:
    """Return the wording of an action and the facts that decide its state, null where there is none.

    ``wording`` (``title``, ``due_on``, ``pilot``), ``last_event`` and ``last_start`` (``kind``, ``on``), ``blocker``:
    the first that stands (``cause``, ``lifter``, ``since``). Days are ISO texts.
    """
    return OnADay(_TOLD, "pk", JSONField(), day=day, cut=cut)


# Of an indicator


def last_value(indicator: str, *, day: date, cut: datetime) -> OnADay:
    """Return the last national value: ``measured_on``, ``numerator``, ``denominator``, ``provenance``, as texts.

    Args:
        indicator: the column that holds the key of the indicator.
        day: the day looked at.
        cut: the first instant after it.
    """
    return OnADay(_LAST_VALUE, indicator, JSONField(), day=day, cut=cut)


def next_goal(indicator: str, *, day: date, cut: datetime) -> OnADay:
    """Return the next national target, or the last one when all are past: ``due_on``, ``value``, as texts."""
    return OnADay(_NEXT_GOAL, indicator, JSONField(), day=day, cut=cut)
