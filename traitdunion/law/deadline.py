"""One act the law expects: when it is late, why, and by which article.

Screen, letter, calendar and API read this object.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from json import dumps, loads
from typing import TYPE_CHECKING, Final

from traitdunion.law.counting import Instant
from traitdunion.law.facts import VOCABULARY, Event, Mode

if TYPE_CHECKING:
    from traitdunion.law.obligation import Applied


class State(StrEnum):
    """Where an act stands at the instant one looks."""

    PENDING = "pending"
    MET = "met"
    LATE = "late"
    NOT_APPLICABLE = "not_applicable"
    LAPSED = "lapsed"


WORDS: Final = {
    State.PENDING: "à faire",
    State.MET: "fait",
    State.LATE: "en retard",
    State.NOT_APPLICABLE: "sans objet",
    State.LAPSED: "n’est plus attendu",
}


class Deadline:
    """One expected act. Build it with ``Measure.due``.

    Attributes:
        applied: rule and version in force when the clock started.
        start: event that started the clock.
        late: first instant that is too late; None when the text gives no figure.
        target: safer, earlier limit, or None.
        opens: first instant at which the act may be done, or None.
        done: event by which it was done, late or not.
        stop: event after which it is no longer expected.
        note: what is particular to it, in French.
    """

    __slots__ = ("applied", "done", "late", "mode", "note", "opens", "start", "state", "stop", "target")

    def __init__(
        self,
        applied: "Applied",
        mode: Mode,
        start: Event,
        late: Instant | None,
        target: Instant | None,
        opens: Instant | None,
        done: Event | None,
        stop: Event | None,
        state: State,
        note: str,
    ) -> None:
        self.applied = applied
        self.mode = mode
        self.start = start
        self.late = late
        self.target = target
        self.opens = opens
        self.done = done
        self.stop = stop
        self.state = state
        self.note = note

    @property
    def rule(self) -> str:
        """Return the row of the legal file: « J2 »."""
        return self.applied.rule.row

    @property
    def actor(self) -> str:
        """Return who must act, in French."""
        return self.applied.actor(self.mode)

    @property
    def late_from(self) -> datetime | None:
        """Return the first instant that is too late, on the clock of the département."""
        return None if self.late is None else self.start.zone.moment(self.late)

    @property
    def target_at(self) -> datetime | None:
        """Return the safer limit, on the clock of the département."""
        return None if self.target is None else self.start.zone.moment(self.target)

    @property
    def opens_at(self) -> datetime | None:
        """Return the first instant at which the act may be done."""
        return None if self.opens is None else self.start.zone.moment(self.opens)

    @property
    def starts_at(self) -> datetime:
        """Return the instant of the starting event, on the clock of the département."""
        return self.start.zone.moment(self.start.at)

    @property
    def explanation(self) -> str:
        """Tell why this date, in French sentences."""
        written: list[bytes] = []
        self.write(written)
        told = loads(b"".join(written)[:-1])["explanation"]
        return str(told)

    def write(self, out: list[bytes]) -> None:
        """Add the deadline to what is written, as JSON in the shape that ``traitdunion deadlines`` prints."""
        fixed, told = self._fixed(), self.start.zone.told
        start = self.start.told
        out += (fixed.head, KINDS[self.start.kind], b'","starts_at":"', start[0], b'"')
        why = [START[self.start.kind], start[1], self.applied.told_span]
        for at, name, null, words in (
            (self.opens, OPENS, OPENS_NULL, SOONEST),
            (self.target, TARGET, TARGET_NULL, PRUDENT),
            (self.late, LATE, LATE_NULL, TOO_LATE),
        ):
            if at is None:
                out.append(null)
            else:
                iso, french = told(at)
                out += (name, iso, b'"')
                why += (words, french, b".")
        out += DONE_NULL if self.done is None else (DONE, self.done.told[0], b'"')
        out += (STATES[self.state], fixed.tail)
        out += why
        self._end(out)
        out.append(b'"},')

    def brief(self, out: list[bytes]) -> None:
        """Add what changes from one measure to another, and nothing that the rule alone says."""
        zone = self.start.zone
        out += (self._fixed().short, self.start.told[0], b'"')
        out += (LATE_NULL,) if self.late is None else (LATE, zone.told(self.late)[0], b'"')
        out += DONE_NULL if self.done is None else (DONE, self.done.told[0], b'"')
        out += (STATES[self.state], b"},")

    def _fixed(self) -> "Fixed":
        fixed = self.applied.told.get(self.mode)
        if fixed is None:
            fixed = self.applied.told[self.mode] = Fixed.of(self)
        return fixed

    def _end(self, out: list[bytes]) -> None:
        """Add the end of the explanation: why it is no longer expected, what is particular to it."""
        if self.state is State.LAPSED and self.stop is not None:
            out += (NO_LONGER, ABOUT[self.stop.kind], self.stop.told[1], b".")
        if self.note:
            out += (b" ", self.note.encode())


@dataclass(frozen=True, slots=True)
class Fixed:
    """What the JSON of every deadline of one rule, version and mode says alike.

    Attributes:
        head: up to the type of the starting event.
        tail: from whether it is enforceable to the opening of the explanation.
        short: opening of the brief form.
    """

    head: bytes
    tail: bytes
    short: bytes

    @staticmethod
    def of(deadline: Deadline) -> "Fixed":
        """Return it from one of them."""
        applied = deadline.applied
        rule, source = applied.rule, applied.version.citation
        head = {"rule": rule.row, "key": rule.key, "act": rule.act, "actor": deadline.actor}
        tail = {
            "enforceable": applied.enforceable,
            "if_missed": rule.missed,
            "citation": {
                "text": source.text,
                "article": source.article,
                "part": source.part,
                "version": source.version,
                "status": str(applied.status),
            },
            "counting": rule.counting.id,
        }
        return Fixed(
            head=_json(head)[:-1] + b',"start_event":"',
            tail=b"," + _json(tail)[1:-1] + b',"explanation":"',
            short=_json({"key": rule.key})[:-1] + b',"starts_at":"',
        )


def _json(value: object) -> bytes:
    return dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _about(name: str) -> str:
    return VOCABULARY[name].about.split(" : ")[0].split(" ; ")[0]


KINDS: Final = {name: name.encode() for name in VOCABULARY}
ABOUT: Final = {name: f"{_about(name)}, le ".encode() for name in VOCABULARY}
START: Final = {name: f"Départ : {_about(name)}, le ".encode() for name in VOCABULARY}
SOONEST: Final = " Au plus tôt le ".encode()
PRUDENT: Final = b" Date prudente : avant le "
TOO_LATE: Final = " Trop tard à partir du ".encode()
NO_LONGER: Final = " N’est plus attendu : ".encode()
OPENS, OPENS_NULL = b',"opens_at":"', b',"opens_at":null'
TARGET, TARGET_NULL = b',"target_at":"', b',"target_at":null'
LATE, LATE_NULL = b',"late_from":"', b',"late_from":null'
DONE, DONE_NULL = b',"done_at":"', (b',"done_at":null',)
STATES: Final = {state: f',"state":"{state}"'.encode() for state in State}
