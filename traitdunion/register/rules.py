"""Which facts of a measure stand, when it starts and ends, and what the law engine is told of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from itertools import pairwise
from typing import Any
from uuid import UUID

from traitdunion.core.errors import Refusal
from traitdunion.law import facts as law
from traitdunion.law.counting import instant
from traitdunion.law.measure import Measure
from traitdunion.register.kinds import ENDS, FACT_LABELS, OF_CARE, STARTS, VALUE_LABELS
from traitdunion.register.marks import words


class FactsRefusedError(Refusal):
    """These facts cannot all be true of one measure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What happened, as it was recorded.

    Attributes:
        public_id: of the record.
        kind: what happened, a name of the vocabulary of the law.
        at: when it happened.
        recorded_at: when it was recorded.
        author: the doctor whose act it is, empty when nobody said.
        detail: what the vocabulary says that a fact of this kind carries, for example the form decided.
        establishment: number of the hospital, for what says where the person is.
        corrects: the record that this one replaces, None for a first record.
        is_withdrawal: this one says that the fact it replaces never happened.
    """

    public_id: UUID
    kind: str
    at: datetime
    recorded_at: datetime
    author: str = ""
    detail: Mapping[str, str] = field(default_factory=dict)
    establishment: int | None = None
    corrects: UUID | None = None
    is_withdrawal: bool = False

    @property
    def label(self) -> str:
        """What happened, in French."""
        return FACT_LABELS[self.kind]

    @property
    def carried(self) -> str:
        """What it carries, in French: closed values only, an instant is read in the zone of the page."""
        return ", ".join(VALUE_LABELS[value] for value in self.detail.values() if value in VALUE_LABELS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """When a measure starts and ends, and where the person is.

    Attributes:
        started_at: first instant.
        ended_at: None while it runs.
        establishment: number of the hospital of the last admission or transfer, None when none was said.
    """

    started_at: datetime
    ended_at: datetime | None
    establishment: int | None


def standing(facts: Iterable[Fact]) -> list[Fact]:
    """Return the facts that no later record replaces, withdrawals left out, earliest first."""
    facts = list(facts)
    replaced = {fact.corrects for fact in facts}
    kept = [fact for fact in facts if fact.public_id not in replaced and not fact.is_withdrawal]
    return sorted(kept, key=lambda fact: (fact.at, fact.recorded_at, fact.public_id))


def course(facts: Iterable[Fact], *, mode: str, departement: str, at: datetime, zone: tzinfo) -> Course:
    """Return when a measure starts and ends, and where it takes place.

    The end is the one that the law engine reads: a levée, a death, or a release by the judge that no programme de
    soins follows.

    Args:
        facts: every record of the measure.
        mode: on whose decision it is.
        departement: code of the département.
        at: the instant of reading: nothing has happened after it.
        zone: of the département, in which a refusal tells instants.

    Raises:
        FactsRefusedError: no fact starts it, a fact is incomplete, or one lies before the start, after the end or in
            the future.
    """
    kept = standing(facts)
    starting = [fact for fact in kept if fact.kind in STARTS]
    if not starting:
        raise FactsRefusedError(
            "La mesure n’aurait plus de point de départ : il y faut une décision d’admission ou une mesure provisoire."
        )
    _refuse_twice(starting, zone)
    ending = [fact for fact in kept if fact.kind in ENDS]
    _refuse_twice(ending, zone)
    _refuse_outside(kept, starting[0], ending, at=at, zone=zone)
    end = Measure(read(kept, mode=mode, departement=departement, zone=zone), instant(at)).end
    places = [fact.establishment for fact in kept if fact.establishment is not None]
    return Course(
        started_at=starting[0].at,
        ended_at=None if end is None else end.zone.moment(end.at),
        establishment=places[-1] if places else None,
    )


def read(facts: Iterable[Fact], *, mode: str, departement: str, zone: tzinfo) -> law.Facts:
    """Return the facts as the law engine reads them.

    Raises:
        FactsRefusedError: it refuses them.
    """
    try:
        return law.read_facts(as_facts(facts, mode=mode, departement=departement, zone=zone))
    except law.FactsError as error:
        raise FactsRefusedError(str(error)) from error


def as_facts(facts: Iterable[Fact], *, mode: str, departement: str, zone: tzinfo) -> Mapping[str, Any]:
    """Return what ``traitdunion deadlines`` reads: no name in it, each doctor is a number of this measure."""
    numbers: dict[tuple[str, ...], int] = {}
    events: list[dict[str, str]] = []
    for fact in standing(facts):
        event = {"type": fact.kind, "at": fact.at.astimezone(zone).isoformat(), **fact.detail}
        if fact.author:
            number = numbers.setdefault(tuple(words(fact.author)), len(numbers) + 1)
            event["author"] = f"medecin-{number}"
        events.append(event)
    return {"mode": mode, "departement": departement, "events": events}


def told(at: datetime, zone: tzinfo) -> str:
    """Return an instant as the reader of the département says it.

    >>> from zoneinfo import ZoneInfo
    >>> told(datetime.fromisoformat("2026-04-24T14:40:00+00:00"), ZoneInfo("Europe/Paris"))
    '24/04/2026 à 16 h 40'
    """
    local = at.astimezone(zone)
    return f"{local:%d/%m/%Y} à {local:%H} h {local:%M}"


def _refuse_twice(facts: Sequence[Fact], zone: tzinfo) -> None:
    for earlier, later in pairwise(facts):
        if earlier.kind == later.kind:
            raise FactsRefusedError(
                f"Cette mesure a déjà « {earlier.label} », le {told(earlier.at, zone)} : corrigez ce fait s’il "
                "est faux, ou ouvrez une autre mesure s’il s’agit d’une autre."
            )


def _refuse_outside(
    kept: Sequence[Fact], start: Fact, ending: Sequence[Fact], *, at: datetime, zone: tzinfo
) -> None:
    end = ending[0] if ending else None
    for fact in kept:
        if fact.at > at:
            raise FactsRefusedError(
                f"« {fact.label} » est daté du {told(fact.at, zone)}, qui n’est pas encore passé : "
                "un fait s’enregistre une fois survenu."
            )
        if fact.at < start.at and not law.VOCABULARY[fact.kind].early:
            raise FactsRefusedError(
                f"« {fact.label} », du {told(fact.at, zone)}, précède « {start.label} », du {told(start.at, zone)}. "
                "Corrigez l’une des deux dates."
            )
        if end is not None and fact.at > end.at and fact.kind in OF_CARE:
            raise FactsRefusedError(
                f"« {fact.label} », du {told(fact.at, zone)}, suit la fin de la mesure : {end.label}, "
                f"le {told(end.at, zone)}. Corrigez l’une des deux dates, ou ouvrez une autre mesure."
            )
