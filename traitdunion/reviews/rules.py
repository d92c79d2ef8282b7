"""The cycle of a bilan: its quarter, its calendar, where it stands, whose turn it is. Plain Python.

Silence is never agreement: no date changes a state. Time only reminds, then tells the région.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from traitdunion.core.errors import Refusal
from traitdunion.reviews.kinds import Level, Party, Rung, State, Step

SIDES: Final[dict[Level, tuple[Party, Party]]] = {
    Level.DEPARTEMENT: (Party.PREFECTURE, Party.ARS),
    Level.NATIONAL: (Party.SANTE, Party.INTERIEUR),
}
# Days after the quarter's end. Ours, as no text sets them: docs/bilan.md says so.
DAYS_TO_SIGN: Final = 45
DAYS_TO_FIRST_REMINDER: Final = 15
DAYS_TO_LAST_REMINDER: Final = 38
DAYS_LATE_BEFORE_ESCALATION: Final = 15
# The national bilan is built from those of the départements: its pair has thirty days more.
DAYS_MORE_FOR_THE_NATION: Final = 30
EARLIEST_YEAR: Final = 2000
LATEST_YEAR: Final = 2199
_QUARTER: Final = re.compile(r"([0-9]{4})-T([1-4])")


class QuarterError(Refusal):
    """The text names no quarter."""


@dataclass(frozen=True, slots=True, order=True)
class Quarter:
    """A quarter of the civil year.

    >>> str(Quarter(2026, 3)), Quarter(2026, 3).last_day
    ('2026-T3', datetime.date(2026, 9, 30))
    """

    year: int
    rank: int

    @classmethod
    def read(cls, text: str) -> "Quarter":
        """Return the quarter that ``text`` names.

        Raises:
            QuarterError: it is not written like « 2026-T3 », or its year is not from 2000 to 2199.
        """
        found = _QUARTER.fullmatch(text)
        if found is None or not EARLIEST_YEAR <= int(found[1]) <= LATEST_YEAR:
            raise QuarterError(
                f"« {text[:20]} » ne désigne aucun trimestre. Écrivez l’année puis le trimestre, par exemple 2026-T3."
            )
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def of(cls, day: date) -> "Quarter":
        """Return the quarter in which ``day`` falls."""
        return cls(day.year, (day.month - 1) // 3 + 1)

    @classmethod
    def at(cls, moment: datetime, zone: str) -> "Quarter":
        """Return the quarter of an instant on the clock of a département: two of them may differ for some hours.

        Raises:
            ValueError: ``moment`` has no time zone.

        >>> from datetime import UTC
        >>> late = datetime(2026, 9, 30, 21, tzinfo=UTC)
        >>> str(Quarter.at(late, "Indian/Reunion")), str(Quarter.at(late, "America/Martinique"))
        ('2026-T4', '2026-T3')
        """
        if moment.tzinfo is None:
            raise ValueError("moment must carry a time zone")
        return cls.of(moment.astimezone(ZoneInfo(zone)).date())

    @property
    def first_day(self) -> date:
        """Its first day."""
        return date(self.year, 3 * self.rank - 2, 1)

    @property
    def last_day(self) -> date:
        """Its last day."""
        return self.next.first_day - timedelta(days=1)

    @property
    def next(self) -> "Quarter":
        """The quarter after."""
        return Quarter(self.year + 1, 1) if self.rank == 4 else Quarter(self.year, self.rank + 1)

    @property
    def previous(self) -> "Quarter":
        """The quarter before."""
        return Quarter(self.year - 1, 4) if self.rank == 1 else Quarter(self.year, self.rank - 1)

    @property
    def label(self) -> str:
        """How a page says it."""
        return f"{'1er' if self.rank == 1 else f'{self.rank}e'} trimestre {self.year}"

    def starts_at(self, zone: str) -> datetime:
        """Return its first instant on the clock of a département."""
        return datetime.combine(self.first_day, time.min, tzinfo=ZoneInfo(zone))

    def ends_at(self, zone: str) -> datetime:
        """Return the first instant after it on the clock of a département."""
        return self.next.starts_at(zone)

    def contains(self, day: date) -> bool:
        """Whether ``day`` falls in it."""
        return self.first_day <= day <= self.last_day

    def __str__(self) -> str:
        """Return « 2026-T3 »."""
        return f"{self.year}-T{self.rank}"


# The calendar


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """The days of a bilan, each the first one on which it applies, but ``due_on`` which is the last day to sign."""

    opens_on: date
    first_reminder_on: date
    last_reminder_on: date
    due_on: date
    escalates_on: date
    told: str = "La région"

    def rung(self, day: date) -> Rung | None:
        """Return what the calendar has reached on ``day``, None before the opening."""
        if day < self.opens_on:
            return None
        reached = [
            (self.opens_on, Rung.OPENING),
            (self.first_reminder_on, Rung.FIRST),
            (self.last_reminder_on, Rung.LAST),
            (self.due_on + timedelta(days=1), Rung.LATE),
            (self.escalates_on, Rung.ESCALATION),
        ]
        return max((since, rank, rung) for rank, (since, rung) in enumerate(reached) if since <= day)[2]

    def clock(self, day: date) -> str:
        """Return in French how long is left on ``day``, or since when the term is past, and what comes next."""
        left = (self.due_on - day).days
        if left > 0:
            return f"Encore {_days(left)} pour signer, jusqu’au {self.due_on:%d/%m/%Y}."
        if left == 0:
            return f"Dernier jour pour signer : {self.due_on:%d/%m/%Y}."
        late = f"Terme passé depuis {_days(-left)} ({self.due_on:%d/%m/%Y})."
        wait = (self.escalates_on - day).days
        if wait > 0:
            return (
                f"{late} {self.told} sera avert{self._e} dans {_days(wait)}, le {self.escalates_on:%d/%m/%Y}."
            )
        return f"{late} {self.told} est avert{self._e} depuis le {self.escalates_on:%d/%m/%Y}."

    @property
    def _e(self) -> str:
        return "ie" if self.told.startswith("La ") else "i"


def _days(count: int) -> str:
    return f"{count} jour" if count == 1 else f"{count} jours"


def timetable(quarter: Quarter, level: Level = Level.DEPARTEMENT) -> Timetable:
    """Return the days of the bilan of ``quarter``.

    >>> timetable(Quarter(2026, 3)).due_on, timetable(Quarter(2026, 3), Level.NATIONAL).due_on
    (datetime.date(2026, 11, 14), datetime.date(2026, 12, 14))
    """
    national = level is Level.NATIONAL
    more = timedelta(days=DAYS_MORE_FOR_THE_NATION if national else 0)
    end = quarter.last_day
    due = end + timedelta(days=DAYS_TO_SIGN) + more
    return Timetable(
        opens_on=quarter.next.first_day,
        # The desks are reminded once the term of the départements is past: before it, little is signed.
        first_reminder_on=end + timedelta(days=DAYS_TO_SIGN + 1 if national else DAYS_TO_FIRST_REMINDER),
        last_reminder_on=end + timedelta(days=DAYS_TO_LAST_REMINDER) + more,
        due_on=due,
        escalates_on=due + timedelta(days=DAYS_LATE_BEFORE_ESCALATION),
        told="Le secrétariat général du CIPDR" if national else "La région",
    )


def due_quarter(moment: datetime, zone: str) -> Quarter:
    """Return the latest quarter that is over at ``moment`` on the clock of a département: the one to open."""
    return Quarter.at(moment, zone).previous


# Where a bilan stands


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """The facts of the last version of a bilan.

    Attributes:
        level: which pair signs.
        step: the last declared step, None while nothing is opened.
        turn: the party to which that step handed the text, None for both.
        signed: the parties that signed the version.
        declined: the parties that refused in writing to sign the text offered, and have not signed it since.
        is_outdated: whether a source of the signed version said something else since.
    """

    level: Level
    step: Step | None
    turn: Party | None = None
    signed: Collection[Party] = ()
    declined: Collection[Party] = ()
    is_outdated: bool = False


def state_of(life: Life) -> State:
    """Return where a bilan stands. No date enters here: that nobody answers changes nothing."""
    if life.step is None:
        return State.A_OUVRIR
    both = set(SIDES[life.level]) <= set(life.signed)
    if life.signed and life.is_outdated:
        return State.PERIME
    if both:
        return State.SIGNE
    if life.signed:
        return State.UNE_PARTIE
    return {
        Step.ECRITURE: State.OUVERT,
        Step.RELECTURE: State.RELECTURE,
        Step.A_SIGNER: State.A_SIGNER,
    }[life.step]


def awaited(life: Life) -> tuple[Party, ...]:
    """Return the parties that are expected to act, in the order of the pair; empty when nobody is."""
    sides = SIDES[life.level]
    state = state_of(life)
    if state in {State.A_OUVRIR, State.SIGNE}:
        return ()
    if state in {State.A_SIGNER, State.UNE_PARTIE}:
        # A refusal is an answer: who gave it is not reminded. Both refused, the text is theirs to take up again.
        silent = tuple(side for side in sides if side not in {*life.signed, *life.declined})
        return silent or (() if life.signed else sides)
    if state is State.PERIME:
        return sides
    return sides if life.turn is None else (life.turn,)


DEEDS: Final = {
    State.OUVERT: "compléter le bilan",
    State.RELECTURE: "relire le bilan",
    State.A_SIGNER: "signer le bilan",
    State.UNE_PARTIE: "signer le bilan, ou dire pourquoi non",
    State.PERIME: "ouvrir une version rectificative",
}
TAKE_UP: Final = "reprendre le texte, que les deux ont refusé de signer"
_OF: Final = {
    Party.PREFECTURE: "la préfecture",
    Party.ARS: "l’ARS",
    Party.SANTE: "le ministère chargé de la santé",
    Party.INTERIEUR: "le ministère de l’intérieur",
}
_TO: Final = {
    Party.PREFECTURE: "À la préfecture",
    Party.ARS: "À l’ARS",
    Party.SANTE: "Au ministère chargé de la santé",
    Party.INTERIEUR: "Au ministère de l’intérieur",
}


def name_of(party: Party) -> str:
    """Return the institution with its article, as a sentence needs it."""
    return _OF[party]


def turn_sentence(life: Life, *, reader: Party | None) -> str:
    """Return, for the reader, what is expected now."""
    who = awaited(life)
    state = state_of(life)
    if state is State.A_OUVRIR:
        return "Le bilan s’ouvre de lui-même à la fin du trimestre."
    refused = _refused(life)
    if not who:
        return refused or "Les deux institutions ont signé : rien n’est plus attendu."
    deed = TAKE_UP if set(who) <= set(life.declined) else DEEDS[state]
    said = _expected(life, who, deed, reader)
    return f"{said} {refused}" if refused else said


def _refused(life: Life) -> str:
    """Say who refused to sign the text that stands, nothing when nobody did."""
    who = [_OF[side] for side in SIDES[life.level] if side in life.declined]
    if not who or state_of(life) not in {State.A_SIGNER, State.UNE_PARTIE}:
        return ""
    said = " et ".join(who)
    have, say = ("ont", "disent") if len(who) == 2 else ("a", "dit")
    return f"{said[0].upper()}{said[1:]} {have} refusé de signer, et {say} pourquoi."


def _expected(life: Life, who: tuple[Party, ...], deed: str, reader: Party | None) -> str:
    if len(who) == 2:
        return (
            f"À vous et à {_OF[_other(life.level, reader)]} de {deed}."
            if reader in who
            else f"Aux deux institutions de {deed}."
        )
    [party] = who
    if reader is party:
        return f"À vous de {deed}."
    if reader in SIDES[life.level]:
        return f"Vous attendez {_OF[party]}, qui doit {deed}. Son silence ne vaut pas accord."
    return f"{_TO[party]} de {deed}."


def _other(level: Level, party: Party | None) -> Party:
    first, second = SIDES[level]
    return second if party is first else first


def other(level: Level, party: Party) -> Party:
    """Return the institution facing ``party``.

    Raises:
        ValueError: ``party`` does not sign at that level.
    """
    if party not in SIDES[level]:
        raise ValueError(f"{party} does not sign at level {level}")
    return _other(level, party)


# What may happen next


def may_write(life: Life) -> bool:
    """Whether the text may change: neither offered for signature nor signed."""
    return not life.signed and life.step in {Step.ECRITURE, Step.RELECTURE}


def allowed_steps(life: Life) -> frozenset[Step]:
    """Return the steps that may be declared now: a signed version moves no more, it is followed by another."""
    if life.step is None or life.signed:
        return frozenset()
    return {
        Step.ECRITURE: frozenset({Step.RELECTURE, Step.A_SIGNER}),
        Step.RELECTURE: frozenset({Step.ECRITURE, Step.RELECTURE, Step.A_SIGNER}),
        Step.A_SIGNER: frozenset({Step.ECRITURE}),
    }[life.step]


def may_sign(life: Life, party: Party) -> bool:
    """Whether ``party`` may sign the version now; who refused may still change its mind."""
    sides = SIDES[life.level]
    return (
        party in sides and party not in life.signed and state_of(life) in {State.A_SIGNER, State.UNE_PARTIE}
    )


def may_decline(life: Life, party: Party) -> bool:
    """Whether ``party`` may refuse in writing to sign the version now: once for one text."""
    return may_sign(life, party) and party not in life.declined


def may_amend(life: Life) -> bool:
    """Whether a new version that cites this one may be opened: only after a signature."""
    return state_of(life) in {State.UNE_PARTIE, State.SIGNE, State.PERIME}


def is_public(life: Life, *, due_on: date, day: date) -> bool:
    """Whether everyone reads the version on ``day``: the national bilan is published by its signatures.

    Both signed, it is public at once. One signed, it becomes public once the term is past, and says that one side is
    missing: silence is no agreement, and no veto either.
    """
    if life.level is not Level.NATIONAL:
        return False
    both = set(SIDES[Level.NATIONAL]) <= set(life.signed)
    return both or (bool(life.signed) and day > due_on)
