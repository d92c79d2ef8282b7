"""What the pages show, in words: rows of the échéancier, acts of a measure and why each date, history of the facts."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from traitdunion.law.deadline import WORDS, Deadline, State
from traitdunion.law.facts import Mode
from traitdunion.law.texts import CSP
from traitdunion.register.authority import CHECKED
from traitdunion.register.kinds import MODE_LABELS
from traitdunion.register.models import Measure
from traitdunion.register.queries_schedule import Due, Schedule
from traitdunion.register.rules import Fact
from traitdunion.register.rules_schedule import Window, soonness, window_of

# Where the reinforced regime may apply, which the register does not record (docs/registre.md).
_TO_CHECK: Final = frozenset({Mode.IRRESPONSIBLE.value, Mode.JUDICIAL.value})
_TONES: Final = {
    Window.LATE: "error",
    Window.DAY: "warning",
    Window.THREE_DAYS: "info",
    Window.WEEK: "neutral",
    Window.ABSENT: "warning",
}
_STATE_TONES: Final = {
    State.PENDING: "info",
    State.MET: "success",
    State.LATE: "error",
    State.NOT_APPLICABLE: "neutral",
    State.LAPSED: "neutral",
}
_ADDRESSES: Final = {
    "CSP": CSP,
    "CPP": "https://www.legifrance.gouv.fr/codes/texte_lc/LEGITEXT000006071154",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureLine:
    """A measure in one line."""

    public_id: UUID
    mode: str
    mode_label: str
    establishment: str
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One act that the law expects, and why that date.

    Attributes:
        rule: row of the legal file: « J2 ».
        act: what is expected.
        actor: who must act.
        state: where it stands, in words.
        tone: how loudly.
        late_from: first instant that is too late, None without a figure.
        target_at: safer limit, or None.
        done_at: when it was done, or None.
        explanation: why that date, in sentences.
        counting: how the time is counted, and by which text.
        not_started_by: what does not start the clock.
        missed: what follows if it is late.
        citation: article.
        address: where the text can be read, empty when it was not noted.
        checked: how far the article and the counting were read.
        enforceable: whether it may be relied on.
    """

    rule: str
    act: str
    actor: str
    state: str
    tone: str
    late_from: datetime | None
    target_at: datetime | None
    done_at: datetime | None
    explanation: str
    counting: str
    not_started_by: str
    missed: str
    citation: str
    address: str
    checked: str
    enforceable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the échéancier."""

    reference: str
    measure: MeasureLine
    window: str
    stake: str
    act: Act
    more: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One record of a fact in the history.

    Attributes:
        public_id: of the record.
        label: what happened.
        carried: what it carries.
        author: the doctor.
        at: when it happened.
        recorded_at: when it was written.
        status: « remplacé », « retiré » or empty when it stands.
        stands: whether it counts.
    """

    public_id: UUID
    label: str
    carried: str
    author: str
    at: datetime
    recorded_at: datetime
    status: str
    stands: bool


def measure_line(measure: Measure) -> MeasureLine:
    """Return a measure in one line."""
    return MeasureLine(
        public_id=measure.public_id,
        mode=measure.mode,
        mode_label=MODE_LABELS[measure.mode],
        establishment=measure.establishment.name,
        started_at=measure.started_at,
        ended_at=measure.ended_at,
    )


def is_mode_to_check(measure: Measure) -> bool:
    """Whether the reinforced regime may apply to the measure."""
    return measure.mode in _TO_CHECK


def schedule_page(found: Schedule, *, asked: Mapping[str, str]) -> dict[str, Any]:
    """Return the rows asked for, and what one may ask.

    Args:
        found: everything expected.
        asked: ``quand`` (a window), ``etablissement`` (a public identifier), ``acteur`` (who must act); empty is all.
    """
    rows = [due for due in found.rows if _is_asked(due, asked)]
    counts = Counter(due.window for due in rows if due.deadline.applied.enforceable)
    if asked["quand"]:
        rows = [due for due in rows if due.window.value == asked["quand"]]
    establishments = {
        str(due.measure.establishment.public_id): due.measure.establishment.name for due in found.rows
    }
    return {
        "rows": [_row(due) for due in rows],
        "counts": [(window.value, window.label, counts[window]) for window in Window],
        "establishments": sorted(establishments.items(), key=lambda pair: pair[1]),
        "actors": [(actor, actor) for actor in sorted({due.deadline.actor for due in found.rows})],
        "unread": [(measure_line(measure), said) for measure, said in found.unread],
    }


def deadlines(found: Iterable[Deadline], *, at: datetime) -> Sequence[Act]:
    """Return the acts of a measure: what is late or due first, then what is done or no longer expected."""
    ranks = {State.LATE: 0, State.PENDING: 1, State.MET: 2, State.LAPSED: 3, State.NOT_APPLICABLE: 4}
    ordered = sorted(found, key=lambda deadline: (ranks[deadline.state], soonness(deadline)))
    return [_act(deadline, window_of(deadline, at=at)) for deadline in ordered]


def history(facts: Sequence[Fact]) -> Sequence[Told]:
    """Return every record of a measure, the latest to happen first."""
    replaced_by = {fact.corrects: fact for fact in facts if fact.corrects is not None}
    return [_told(fact, replaced_by.get(fact.public_id)) for fact in reversed(facts)]


def _told(fact: Fact, later: Fact | None) -> Told:
    status = "retrait" if fact.is_withdrawal else ""
    if later is not None:
        status = "retiré" if later.is_withdrawal else "remplacé"
    return Told(
        public_id=fact.public_id,
        label=fact.label,
        carried=fact.carried,
        author=fact.author,
        at=fact.at,
        recorded_at=fact.recorded_at,
        status=status,
        stands=not status,
    )


def _is_asked(due: Due, asked: Mapping[str, str]) -> bool:
    return asked["etablissement"] in {"", str(due.measure.establishment.public_id)} and asked["acteur"] in {
        "",
        due.deadline.actor,
    }


def _row(due: Due) -> Row:
    return Row(
        reference=due.measure.dossier.reference,
        measure=measure_line(due.measure),
        window=due.window.label,
        stake=str(due.deadline.applied.rule.stake),
        act=_act(due.deadline, due.window),
        more=due.more,
    )


def _act(deadline: Deadline, window: Window | None) -> Act:
    applied = deadline.applied
    rule, citation = applied.rule, applied.version.citation
    return Act(
        rule=deadline.rule,
        act=rule.act,
        actor=deadline.actor,
        state=WORDS[deadline.state],
        tone=_STATE_TONES[deadline.state] if window is None else _TONES[window],
        late_from=deadline.late_from,
        target_at=deadline.target_at,
        done_at=None if deadline.done is None else deadline.done.zone.moment(deadline.done.at),
        explanation=deadline.explanation,
        counting=f"{rule.counting.words} ({rule.counting.basis})",
        not_started_by=rule.not_started_by,
        missed=rule.missed,
        citation=str(citation),
        address=_ADDRESSES.get(citation.text, ""),
        checked=CHECKED[applied.status],
        enforceable=applied.enforceable,
    )
