"""A measure as it was known at an instant: what the rules look at, and where they put what they expect."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Final, NamedTuple

from traitdunion.law.counting import HOUR, Instant, Rounding, Zone, read
from traitdunion.law.deadline import Deadline, State
from traitdunion.law.facts import Event, Facts
from traitdunion.law.obligation import Applied

FULL: Final = "hospitalisation_complete"
GAP: Final = 48 * HOUR
"""Two measures of isolement or contention less far apart than this add up (CSP, art. L. 3222-5-1, II)."""


SHORT: Final = 32
"""Events of one type from which a list is searched rather than read from its start."""
PROVISIONAL: Final = 48 * HOUR
"""Hours after which a provisional measure lapses (CSP, art. L. 3213-2)."""


class Spell(NamedTuple):
    """A stretch of hospitalisation complète, of isolement or of contention; ``end`` is None while it lasts."""

    start: Event
    end: Event | None


class Measure:
    """What happened up to an instant, by type, and the deadlines found so far.

    Attributes:
        at: instant at which one looks; what happened, or was recorded, after it is not known.
        by: events by type, in the order of time.
        end: event that ended the measure.
        moved: whether a transfer changed the clock.
    """

    __slots__ = (
        "admission", "at", "by", "end", "events", "full", "mode", "moved", "out", "reinforced",
    )  # fmt: skip

    def __init__(self, facts: Facts, at: Instant) -> None:
        self.at = at
        self.mode = facts.mode
        self.reinforced = facts.reinforced
        self.out: list[Deadline] = []
        self.events = [event for event in facts.events if event.at <= at and known(event, at)]
        self.by: dict[str, list[Event]] = {}
        for event in self.events:
            kept = self.by.get(event.kind)
            if kept is None:
                self.by[event.kind] = [event]
            else:
                kept.append(event)
        starts = self.by.get("admission")
        self.admission: Event | None = starts[0] if starts else None
        self.moved = "transfert" in self.by and len({event.zone.name for event in self.events}) > 1
        self.end = self._end()
        self.full = self._full()

    def all(self, kind: str) -> list[Event]:
        """Return the events of a type."""
        return self.by.get(kind, [])

    def after(self, kind: str, start: Event) -> Iterator[Event]:
        """Yield the events of a type from a given one on, that one left out."""
        for event in self._from(kind, start):
            if event.at >= start.at and event is not start:
                yield event

    def first(self, kind: str, start: Event) -> Event | None:
        """Return the first event of a type from a given one on."""
        for event in self._from(kind, start):
            if event.at >= start.at and event is not start:
                return event
        return None

    def _from(self, kind: str, start: Event) -> list[Event]:
        """Return the events of a type, a long list cut where a given one falls."""
        events = self.by.get(kind, [])
        return events if len(events) < SHORT else events[bisect_left(events, start.at, key=_at) :]

    def since(self, kind: str, start: Event, floor: Instant) -> Event | None:
        """Return the first event of a type from a given one on that is not before an instant."""
        return next((event for event in self.after(kind, start) if event.at >= floor), None)

    def expert_within(self, start: Event, late: Instant, done: Event | None) -> bool:
        """Say whether an expert report was ordered before a limit, and before what met it."""
        order = self.first("expertise_ordonnee", start)
        return order is not None and order.at < late and (done is None or order.at <= done.at)

    def lapsed_before_admission(self) -> bool:
        """Say whether a provisional measure ran 48 hours with no decision of the préfet: it ended by itself."""
        provisional = self.all("mesure_provisoire")[:1]
        return self.admission is None and any(self.at >= event.at + PROVISIONAL for event in provisional)

    def earliest(self, start: Event, *kinds: str) -> Event | None:
        """Return the first event of any of several types from a given one on."""
        found = [event for kind in kinds if (event := self.first(kind, start)) is not None]
        return min(found, key=_at) if found else None

    def latest(self, kind: str, start: Event) -> Event | None:
        """Return the last event of a type up to a given one."""
        events = self.all(kind)
        rank = bisect_right(events, start.at, key=_at)
        return events[rank - 1] if rank else None

    def ended(self, start: Event) -> Event | None:
        """Return the event that ended the measure after a given one."""
        return self.end if self.end is not None and self.end.at >= start.at else None

    def observation(self) -> Event | None:
        """Return what the observation period starts from: first care, provisional measure or admission."""
        return self.before_admission("premiers_soins") or self.origin()

    def origin(self) -> Event | None:
        """Return what the measure starts from: the provisional measure that came before, or the admission."""
        return self.before_admission("mesure_provisoire") or self.admission

    def before_admission(self, kind: str) -> Event | None:
        """Return the first event of a type, unless the admission had come before it."""
        events = self.by.get(kind)
        if not events or (self.admission is not None and events[0].at > self.admission.at):
            return None
        return events[0]

    def spell_at(self, event: Event) -> Spell | None:
        """Return the stretch of hospitalisation complète that an event falls in."""
        for spell in self.full:
            if spell.start.at <= event.at and (spell.end is None or event.at <= spell.end.at):
                return spell
        return None

    def judged(self, start: Event, *objects: str) -> Event | None:
        """Return the first decision of the judge on one of these objects from an event on."""
        for event in self._from("decision_juge", start):
            if event.at >= start.at and event is not start and event.value("objet", "controle") in objects:
                return event
        return None

    def referred(self, start: Event, *objects: str) -> Event | None:
        """Return the first referral to the judge on one of these objects from an event on."""
        for event in self._from("saisine_juge", start):
            if event.at >= start.at and event.value("objet", "controle") in objects:
                return event
        return None

    def spells(self, what: str) -> list[Spell]:
        """Return the stretches of « isolement » or « contention »; the end of the measure ends them."""
        found, ends = [], self.by.get(f"{what}_fin", [])
        starts = self.by.get(f"{what}_debut", [])
        instants = [event.at for event in ends]
        for rank, start in enumerate(starts):
            after = bisect_left(instants, start.at)
            end = ends[after] if after < len(ends) else None
            following = starts[rank + 1] if rank + 1 < len(starts) else None
            if following is not None and (end is None or end.at > following.at):
                end = following  # a new decision while the first runs: one stretch follows the other
            found.append(Spell(start, end or self.ended(start)))
        return found

    def chains(self, what: str) -> list[list[Spell]]:
        """Return the stretches that add up, the 48 hours between two of them not being reached."""
        chains: list[list[Spell]] = []
        for spell in self.spells(what):
            last = chains[-1][-1].end if chains else None
            if last is not None and spell.start.at - last.at < GAP:
                chains[-1].append(spell)
            else:
                chains.append([spell])
        return chains

    def due(
        self,
        applied: Applied,
        start: Event,
        late: Instant | None,
        done: Event | None = None,
        stop: Event | None = None,
        *,
        target: Instant | None = None,
        opens: Instant | None = None,
        right: bool = False,
        note: str = "",
    ) -> None:
        """Put one deadline among those found.

        Args:
            applied: the rule, in the version in force when the clock started.
            start: event that started the clock.
            late: first instant that is too late; None when the text gives no figure.
            done: event by which the act was done.
            stop: event after which the act is no longer expected.
            target: a safer, earlier limit.
            opens: first instant at which the act may be done.
            right: nobody must act: past the limit a right is lost, nothing is late.
            note: what is particular to this deadline, in French.
        """
        if self.moved and late is not None and applied.rule.counting.rounding is not Rounding.EXACT:
            here = self._zone_before(late)
            if (sooner := _same_midnight(start.zone, here, late)) < late:
                late, note = sooner, f"{note} {SOONER}".lstrip()
            if target is not None:
                target = min(target, _same_midnight(start.zone, here, target))
        if done is not None:
            state = State.MET if late is None or done.at < late else State.LATE
        elif stop is not None and (late is None or stop.at < late):
            state = State.LAPSED
        elif late is None or self.at < late:
            state = State.PENDING
        else:
            state = State.LAPSED if right else State.LATE
        self.out.append(Deadline(applied, self.mode, start, late, target, opens, done, stop, state, note))

    def apart(self, applied: Applied, start: Event, reason: str) -> None:
        """Say that a rule does not apply here, and why."""
        self.out.append(
            Deadline(applied, self.mode, start, None, None, None, None, None, State.NOT_APPLICABLE, reason)
        )

    def _zone_before(self, at: Instant) -> Zone:
        """Return the clock of the département where the person was last known to be before an instant."""
        return next((event.zone for event in reversed(self.events) if event.at < at), self.events[0].zone)

    def _end(self) -> Event | None:
        """Return what ended the measure; a release followed by a programme de soins does not."""
        ends = [events[0] for kind in ("levee", "deces") if (events := self.by.get(kind))]
        for decision in self.by.get("decision_juge", ()):
            if self._releases(decision) and not any(
                form.value("forme") == "programme_de_soins" for form in self.after("decision_forme", decision)
            ):
                ends.append(decision)
                break
        ends += [appeal for appeal in self.by.get("decision_appel", ()) if self._releases(appeal)][:1]
        return min(ends, key=_at) if ends else None

    def _releases(self, decision: Event) -> bool:
        """Say whether a decision ends the hospitalisation complète: not one suspended, nor one undone on appeal."""
        sens = decision.value("sens", "maintien")
        if sens == "maintien" or decision.value("objet", "controle") not in {"controle", "mainlevee"}:
            return False
        if decision.kind == "decision_appel":
            return True
        following = self.judged(decision, "controle", "mainlevee")
        until = (
            self.at if following is None else following.at
        )  # an appeal later than that is of the next order
        for appeal in self.after("decision_appel", decision):
            if appeal.at <= until and appeal.value("objet", "controle") in {"controle", "mainlevee"}:
                return appeal.value("sens", "mainlevee") != "maintien"
        granted = self.first("effet_suspensif", decision)
        return granted is None or granted.at > until

    def _full(self) -> list[Spell]:
        """Return the stretches of hospitalisation complète: it is the form of care until a decision says otherwise."""
        if self.admission is None:
            return []
        spells, start = [], self.admission
        running = True
        for event in self.events:
            if event.at < self.admission.at or event is self.admission:
                continue
            if event is self.end:
                break
            out = (event.kind == "decision_forme" and event.value("forme") != FULL) or (
                event.kind in {"decision_juge", "decision_appel"} and self._releases(event)
            )
            back = event.kind == "reintegration" or (
                event.kind == "decision_forme" and event.value("forme") == FULL
            )
            if running and out:
                spells.append(Spell(start, event))
                running = False
            elif not running and back:
                start, running = event, True
        if running:
            spells.append(Spell(start, self.end))
        return spells


SOONER: Final = (
    "Personne transférée sous une autre heure : le dernier jour finit à minuit là où elle est, plus tôt."
)


def _same_midnight(there: Zone, here: Zone, at: Instant) -> Instant:
    """Return when the day that an instant begins there begins here."""
    return here.midnight(there.day(at))


def known(event: Event, at: Instant) -> bool:
    """Say whether an event had been recorded at an instant; one without a moment of recording always was."""
    recorded = event.fields.get("recorded_at")
    return recorded is None or read(str(recorded)) <= at


def _at(event: Event) -> Instant:
    return event.at
