"""The échéancier: every act expected soon, late or absent, in the measures of a département."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q, QuerySet

from traitdunion.law.deadline import Deadline
from traitdunion.law.deadlines import compute
from traitdunion.register import queries
from traitdunion.register.models import Measure
from traitdunion.register.rules import Fact, FactsRefusedError, read
from traitdunion.register.rules_schedule import Window, gravity, once, window_of

# Once a measure is over, those whom the law names are still to be told.
AFTER_THE_END: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One act expected in one measure, and where it stands.

    Attributes:
        more: how many other times the same act is expected in the same measure and window.
    """

    measure: Measure
    deadline: Deadline
    window: Window
    more: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """What is expected in some measures.

    Attributes:
        rows: gravest first.
        unread: measures whose facts the law engine refuses, with its sentence.
    """

    rows: Sequence[Due]
    unread: Sequence[tuple[Measure, str]]


def schedule(measures: QuerySet[Measure], *, at: datetime) -> Schedule:
    """Return what is expected at an instant in those of ``measures`` that run, or ended not long ago.

    Three queries whatever their number: measures, facts, keys of the doctors' names.
    """
    running = measures.filter(Q(ended_at__isnull=True) | Q(ended_at__gte=at - AFTER_THE_END))
    kept = list(running.select_related("dossier", "establishment", "departement"))
    facts = queries.facts_of(kept)
    rows: list[Due] = []
    unread: list[tuple[Measure, str]] = []
    for measure in kept:
        try:
            found = deadlines(measure, facts.get(measure.public_id, []), at=at)
        except FactsRefusedError as refusal:
            unread.append((measure, str(refusal)))
            continue
        acts = [(window, one) for one in found if (window := window_of(one, at=at)) is not None]
        rows += [
            Due(measure=measure, deadline=one, window=window, more=more) for window, one, more in once(acts)
        ]
    rows.sort(key=lambda due: gravity(due.window, due.deadline))
    return Schedule(rows=rows, unread=unread)


def deadlines(measure: Measure, facts: Sequence[Fact], *, at: datetime) -> tuple[Deadline, ...]:
    """Return every act that the law expects in a measure, soonest first.

    Raises:
        FactsRefusedError: the law engine refuses its facts.
    """
    told = read(
        facts,
        mode=measure.mode,
        departement=measure.departement_id,
        zone=queries.zone_of(measure.departement),
    )
    return compute(told, at=at)
