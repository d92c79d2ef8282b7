"""Where an expected act stands in the échéancier: late, due soon, or expected without a figure and absent."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from traitdunion.core.choices import Kind
from traitdunion.law.deadline import Deadline, State
from traitdunion.law.obligation import Stake


class Window(Kind):
    """How soon an act is due; the order is that of the page."""

    LATE = "retard", "en retard"
    DAY = "24h", "dans les 24 heures"
    THREE_DAYS = "72h", "dans les 72 heures"
    WEEK = "7j", "dans les 7 jours"
    ABSENT = "absent", "attendu sans délai chiffré, et absent"


_SOON: Final = (
    (Window.DAY, timedelta(hours=24)),
    (Window.THREE_DAYS, timedelta(hours=72)),
    (Window.WEEK, timedelta(days=7)),
)
_WINDOWS: Final = tuple(Window)
_STAKES: Final = tuple(Stake)


def window_of(deadline: Deadline, *, at: datetime) -> Window | None:
    """Return where an act stands at an instant, None when it is done, not expected, or due later than a week.

    An act that was done late is done: the page of the measure says by how much, nobody is asked for it any more.
    """
    if deadline.done is not None:
        return None
    if deadline.state is State.LATE:
        return Window.LATE
    if deadline.state is not State.PENDING:
        return None
    late_from = deadline.late_from
    if late_from is None:
        return Window.ABSENT
    return next((window for window, delay in _SOON if late_from - at <= delay), None)


def once(acts: Iterable[tuple[Window, Deadline]]) -> list[tuple[Window, Deadline, int]]:
    """Return the acts of one measure with each rule told once a window: the soonest, and how many more there are.

    Ten facts to write in the register of the law are one visit to it: ten rows would bury the act that frees someone.
    """
    alike: dict[tuple[Window, str], list[Deadline]] = {}
    for window, deadline in acts:
        alike.setdefault((window, deadline.applied.rule.key), []).append(deadline)
    return [(window, min(each, key=soonness), len(each) - 1) for (window, _), each in alike.items()]


def gravity(window: Window, deadline: Deadline) -> tuple[int, bool, int, tuple[datetime, str]]:
    """Return what sorts the échéancier: window, what may be enforced first, consequence, then the soonest."""
    return (
        _WINDOWS.index(window),
        not deadline.applied.enforceable,
        _STAKES.index(deadline.applied.rule.stake),
        soonness(deadline),
    )


def soonness(deadline: Deadline) -> tuple[datetime, str]:
    """Return what sorts acts, soonest first; one without a figure is due from its start."""
    return deadline.late_from or deadline.starts_at, deadline.applied.rule.key
