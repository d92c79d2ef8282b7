"""The life of a convention: its state on a day, whose turn it is, who may sign, whether it lives."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from difflib import SequenceMatcher
from zoneinfo import ZoneInfo

from traitdunion.conventions.kinds import Change, Fact, State, Step, Turn, Unconfirmed
from traitdunion.identity.kinds import REFERENTS, SIDE_OF, SIGNATORIES, Role, Side

REVIEW_MONTHS = 4
MEETING_DAYS = 183
LADDER_DAYS = (180, 90, 30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """The dated facts of one convention or avenant.

    Attributes:
        steps: what the parties declared, with the day, oldest first.
        signed_on: the day each side signed; a side that has not is absent.
        starts_on: first day in force; None means the day of the last signature.
        ends_on: last day in force, included; None means no term.
        denounced_on: first day on which it no longer applies, by denunciation.
    """

    steps: Sequence[tuple[Step, date]]
    signed_on: dict[Side, date]
    starts_on: date | None
    ends_on: date | None
    denounced_on: date | None

    @property
    def fully_signed_on(self) -> date | None:
        """The day of the last of the two signatures, None while one is missing."""
        return max(self.signed_on.values()) if len(self.signed_on) == len(Side) else None


def state_on(life: Life, day: date) -> State | None:
    """Return the state on ``day``; None before the first step.

    The term and the denunciation end a convention once: the first of the two gives the state.
    """
    signed = life.fully_signed_on
    if signed is not None and signed <= day:
        stop = first_day_after(ends_on=life.ends_on, denounced_on=life.denounced_on)
        if stop is not None and day >= stop:
            return State.DENONCEE if stop == life.denounced_on else State.ECHUE
        if day >= (life.starts_on or signed):
            return State.EN_VIGUEUR
        return State.SIGNEE
    declared = [step for step, on in life.steps if on <= day]
    return State(declared[-1].value) if declared else None


def first_day_after(*, ends_on: date | None, denounced_on: date | None) -> date | None:
    """Return the first day on which a signed convention no longer applies; None while it has no end.

    >>> first_day_after(ends_on=date(2026, 12, 31), denounced_on=None)
    datetime.date(2027, 1, 1)
    """
    ends = [ends_on + timedelta(days=1)] if ends_on is not None else []
    return min([*ends, *([denounced_on] if denounced_on is not None else [])], default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a signed convention ended, and the first day on which it no longer applies."""

    state: State
    since: date

    @property
    def sentence(self) -> str:
        """What its text is worth from then on."""
        return f"Convention {self.state.label} depuis le {self.since:%d/%m/%Y} : dernier texte, pour mémoire."


def ending(
    day: date, *, signed_on: date | None, ends_on: date | None, denounced_on: date | None
) -> Ending | None:
    """Return how a convention signed by both sides had ended by ``day``; None while it had not.

    >>> over = ending(date(2027, 1, 1), signed_on=date(2026, 1, 5), ends_on=date(2026, 12, 31), denounced_on=None)
    >>> over.sentence
    'Convention échue depuis le 01/01/2027 : dernier texte, pour mémoire.'
    """
    stop = first_day_after(ends_on=ends_on, denounced_on=denounced_on)
    if signed_on is None or stop is None or day < max(stop, signed_on):
        return None
    # A term already past when the last side signed: the end is that of the signature.
    return Ending(state=State.DENONCEE if stop == denounced_on else State.ECHUE, since=max(stop, signed_on))


def state_since(life: Life, day: date) -> date:
    """Return the first day of the state that holds on ``day``.

    Raises:
        ValueError: the convention did not exist on ``day``.
    """
    state = state_on(life, day)
    signed = life.fully_signed_on
    if state is None:
        raise ValueError("the convention did not exist on that day")
    if signed is not None and signed <= day:
        since = {
            State.DENONCEE: life.denounced_on,
            State.ECHUE: life.ends_on + timedelta(days=1) if life.ends_on else None,
            State.EN_VIGUEUR: max(signed, life.starts_on or signed),
            State.SIGNEE: signed,
        }[state]
        # A term already past when the last side signed: the state starts with the signature.
        return max(since or signed, signed)
    return [on for _, on in life.steps if on <= day][-1]


# The same step again hands the pen to the other side without moving the text on.
NEXT_STEPS: dict[State, tuple[Step, ...]] = {
    State.PROJET: (Step.RELECTURE, Step.PROJET),
    State.RELECTURE: (Step.A_SIGNER, Step.RELECTURE, Step.PROJET),
    State.A_SIGNER: (Step.RELECTURE,),
}
DRAFTING = frozenset({State.PROJET, State.RELECTURE, State.A_SIGNER})
OVER = frozenset({State.ECHUE, State.DENONCEE})


def step_needs_reason(state: State, step: Step, turn: Turn, *, side: Side) -> bool:
    """Whether the author must say why: the text goes back, or the pen is taken out of turn."""
    back = list(Step).index(step) < list(State).index(state)
    return back or turn not in {Turn.BOTH, Turn(side.value)}


def turn_on(life: Life, day: date, *, reviewers: Turn) -> Turn:
    """Return whose turn it is on ``day``.

    Args:
        life: the dated facts.
        day: the day looked at.
        reviewers: the side to which the draft was last handed.
    """
    state = state_on(life, day)
    if state in {State.PROJET, State.RELECTURE}:
        return reviewers
    if state is State.A_SIGNER:
        missing = [side for side in Side if side not in life.signed_on or life.signed_on[side] > day]
        return Turn(missing[0].value) if len(missing) == 1 else Turn.BOTH
    if state in {State.ECHUE, State.DENONCEE}:
        return Turn.BOTH
    return Turn.NOBODY


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Where a convention stands on a day, since when, whose turn it is and since when."""

    state: State
    since: date
    turn: Turn
    turn_since: date

    @property
    def is_draft(self) -> bool:
        """Whether the text is still being written or waits for a signature."""
        return self.state in DRAFTING

    @property
    def is_over(self) -> bool:
        """Whether it no longer applies."""
        return self.state in OVER

    @property
    def applies(self) -> bool:
        """Whether it is signed by both sides and not over: in force, or waiting for its first day."""
        return self.state in {State.SIGNEE, State.EN_VIGUEUR}

    @property
    def is_abandoned(self) -> bool:
        """Whether the text was given up before anyone signed it."""
        return self.state is State.ABANDONNEE


def situation(life: Life, day: date, *, handed: Sequence[tuple[Turn, date]]) -> Situation | None:
    """Return the situation on ``day``; None before the first step.

    Args:
        life: the dated facts.
        day: the day looked at.
        handed: the side to which each step handed the pen, with the day, oldest first.
    """
    state = state_on(life, day)
    if state is None:
        return None
    since = state_since(life, day)
    past = [(turn, on) for turn, on in handed if on <= day]
    turn = turn_on(life, day, reviewers=past[-1][0] if past else Turn.BOTH)
    turn_since = since
    if state in {State.PROJET, State.RELECTURE}:
        for who, on in reversed(past):
            if who is not turn:
                break
            turn_since = on
    elif state is State.A_SIGNER:
        turn_since = max([since, *(on for on in life.signed_on.values() if on <= day)])
    return Situation(state=state, since=since, turn=turn, turn_since=turn_since)


DEEDS = {
    State.PROJET: "compléter le projet",
    State.RELECTURE: "relire le texte",
    State.A_SIGNER: "signer",
    State.ECHUE: "préparer une nouvelle convention",
    State.DENONCEE: "préparer une nouvelle convention",
}
INSTITUTIONS = {Side.PREFECTURE: "la préfecture", Side.ARS: "l’ARS"}
# Who writes and signs for its side, and the desks that follow every département without acting in it.
ACTING = frozenset({*REFERENTS.values(), *SIGNATORIES.values()})
FOLLOWING = frozenset({Role.DESK_SANTE, Role.DESK_INTERIEUR, Role.SG_CIPDR})
NOTHING_ASKED = "Rien ne vous est demandé."


def turn_sentence(
    state: State | None,
    turn: Turn,
    *,
    reader: Role | None,
    since: date | None = None,
    vacant_since: Mapping[Side, date | None] | None = None,
    representative: str = "",
) -> str:
    """Return whose turn it is and since when, worded for the one who reads.

    Args:
        state: of the text awaited; None without any convention.
        turn: the side expected to act.
        reader: the role that reads, None for a stranger.
        since: since when the side is expected.
        vacant_since: for each side, since when its post of référent has no holder, when it is known.
        representative: title of the State's representative in the département; empty for « préfet ».
    """
    if state is State.ABANDONNEE:
        return "Ce texte est abandonné : rien n’est plus attendu."
    if state is None:
        return _nothing_opened(reader)
    deed = DEEDS.get(state)
    if deed is None or turn is Turn.NOBODY:
        return "Rien n’est attendu pour l’instant."
    sides = list(Side) if turn is Turn.BOTH else [Side(turn.value)]
    when = "" if since is None else f" depuis le {since:%d/%m/%Y}"
    own = None if reader is None else SIDE_OF.get(reader)
    if reader in FOLLOWING:
        posts = " ; ".join(
            _post(_expected(state, side), side, vacant_since or {}, representative) for side in sides
        )
        return f"{_must(sides)} {deed}{when} ({posts})."
    if reader is None or own is None:
        who = " et ".join(INSTITUTIONS[side] for side in sides)
        return f"On attend {who} pour {deed}{when}. {NOTHING_ASKED}"
    if own not in sides:
        return f"{_must(sides)} {deed}{when}."
    if reader not in ACTING:
        if len(sides) > 1:
            return f"Votre institution et {INSTITUTIONS[own.other]} doivent {deed}{when}."
        return f"Votre institution doit {deed}{when} : c’est au {_expected(state, own).called(representative)} d’agir."
    # A référent records the signature of someone else: to say « à vous de signer » would be wrong.
    signatory = SIGNATORIES[own]
    signs_for = state is State.A_SIGNER and reader is not signatory
    mine = f"faire signer le {signatory.called(representative)}" if signs_for else deed
    return _yours(mine, deed, own, alone=len(sides) == 1, when=when)


def _yours(mine: str, deed: str, own: Side, *, alone: bool, when: str) -> str:
    if alone:
        return f"À vous de {mine}{when}."
    other = "à l’ARS" if own is Side.PREFECTURE else "à la préfecture"
    if mine == deed:
        return f"À vous et {other} de {deed}{when}."
    return f"À vous de {mine} et {other} de {deed}{when}."


def _must(sides: Sequence[Side]) -> str:
    who = " et ".join(INSTITUTIONS[side] for side in sides)
    return f"{who[0].upper()}{who[1:]} {'doit' if len(sides) == 1 else 'doivent'}"


def _expected(state: State, side: Side) -> Role:
    """Return the post that acts for a side: who signs, or who writes."""
    return SIGNATORIES[side] if state is State.A_SIGNER else REFERENTS[side]


def _post(role: Role, side: Side, vacant_since: Mapping[Side, date | None], representative: str) -> str:
    called, since = role.called(representative), vacant_since.get(side)
    if role is not REFERENTS[side] or since is None:
        return called
    # Without any post there is no day to count from: see ``rules_practice.NO_POST``.
    return f"{called}, " + (
        "aucun poste" if since == date.min else f"poste vacant depuis le {since:%d/%m/%Y}"
    )


def _nothing_opened(reader: Role | None) -> str:
    own = None if reader is None else SIDE_OF.get(reader)
    if reader in ACTING and own is not None:
        other = "à l’ARS" if own is Side.PREFECTURE else "à la préfecture"
        return f"Aucune convention : à vous ou {other} d’ouvrir un projet."
    if own is not None or reader in FOLLOWING:
        return "Aucune convention : la préfecture ou l’ARS doit ouvrir un projet."
    return f"Aucune convention : on attend la préfecture ou l’ARS. {NOTHING_ASKED}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Successor:
    """The text that takes over from a convention that is over.

    Attributes:
        key: what the caller uses to find it again.
        since: its first day in force once both sides have signed; None while it is being written.
    """

    key: int
    since: date | None

    def sentence(self, title: str, day: date) -> str:
        """What a reader is told in place of whose turn it is.

        >>> Successor(key=1, since=date(2026, 1, 5)).sentence("Convention-cadre", date(2026, 3, 1))
        'Remplacée par « Convention-cadre » depuis le 05/01/2026 : rien n’est attendu ici.'
        """
        if self.since is None:
            return f"Rien n’est attendu ici : « {title} » est en préparation."
        when = "depuis le" if self.since <= day else "à compter du"
        return f"Remplacée par « {title} » {when} {self.since:%d/%m/%Y} : rien n’est attendu ici."


def successor(life: Life, others: Iterable[tuple[int, Life]], day: date) -> Successor | None:
    """Return what takes over, as known on ``day``, from a convention that is over; None when nothing does.

    The next one signed, before any draft; a draft given up takes over from nothing.

    Args:
        life: the dated facts of the convention that is over.
        others: the other conventions of its département, avenants left out.
        day: the day looked at.
    """
    began = _first_day(life)
    signed: list[tuple[date, int]] = []
    drafts: list[tuple[date, int]] = []
    for key, other in others:
        state = state_on(other, day)
        if state in DRAFTING:
            drafts.append((state_since(other, day), key))
        elif state is not None and state is not State.ABANDONNEE:
            first = _first_day(other)
            if began is not None and first is not None and first > began:
                signed.append((first, key))
    if signed:
        since, key = min(signed)
        return Successor(key=key, since=since)
    return Successor(key=max(drafts)[1], since=None) if drafts else None


def _first_day(life: Life) -> date | None:
    """Return the first day in force of a convention that both sides signed."""
    signed = life.fully_signed_on
    return None if signed is None else max(signed, life.starts_on or signed)


WITH_ITS_CONVENTION = "L’avenant a pris fin avec sa convention : rien n’est attendu ici."


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """One reason for which a person could sign for a side.

    Attributes:
        role: the role of the post held, or of the post that delegated.
        since, until: days of the mandate or of the delegation, both included; None means no end.
        reference: reference of the delegation's act; empty for a signatory in his own right.
    """

    role: Role
    since: date
    until: date | None
    reference: str = ""

    def covers(self, day: date) -> bool:
        """Whether it runs on ``day``."""
        return self.since <= day and (self.until is None or day <= self.until)

    @property
    def sentence(self) -> str:
        """What the power is and when it runs, in French."""
        what = f"délégation {self.reference}" if self.reference else self.role.label
        return f"{what}, {period(self.since, self.until)}"


def period(since: date, until: date | None) -> str:
    """Return two days as a French sentence reads them, both included.

    >>> period(date(2026, 1, 1), None)
    'depuis le 01/01/2026'
    """
    if until is None:
        return f"depuis le {since:%d/%m/%Y}"
    return f"du {since:%d/%m/%Y} au {until:%d/%m/%Y}"


def refusal_to_sign(
    name: str,
    *,
    side: Side,
    on: date,
    powers: Sequence[Power],
    able: Sequence[tuple[str, Power]],
) -> str:
    """Return why someone could not sign on that day, and who could.

    Args:
        name: of the person who could not.
        side: the institution to be bound.
        on: the day of the signature.
        powers: those of the person for this side, whatever their days.
        able: names of the persons who could sign for this side on that day, with their power.
    """
    institution = "la préfecture" if side is Side.PREFECTURE else "l’ARS"
    concerned = [power for power in powers if power.role is SIGNATORIES[side]]
    why = (
        "son pouvoir ne couvre pas ce jour (" + " ; ".join(power.sentence for power in concerned) + ")"
        if concerned
        else "ni mandat de signataire ni délégation ne lui donnait ce pouvoir"
    )
    who = (
        "Pouvaient signer ce jour-là : "
        + " ; ".join(f"{who} ({power.sentence})" for who, power in able)
        + "."
        if able
        else "Personne ne pouvait signer ce jour-là : faites d’abord enregistrer un mandat ou une délégation."
    )
    return (
        f"Le {on:%d/%m/%Y}, {name} ne pouvait pas signer pour {institution} : {why}. {who} "
        "Corrigez le jour ou le signataire."
    )


def power_to_sign(powers: Sequence[Power], *, side: Side, on: date) -> Power | None:
    """Return the power under which a person may sign for ``side`` on that day, None when there is none.

    Own right comes before a delegation.
    """
    valid = [power for power in powers if power.role is SIGNATORIES[side] and power.covers(on)]
    own = [power for power in valid if not power.reference]
    return next(iter(own or valid), None)


def ladder_step(ends_on: date | None, day: date) -> int | None:
    """Return the rung of the expiry ladder reached on ``day``: 180, 90, 30, or 0 once the term is past.

    >>> ladder_step(date(2026, 12, 1), date(2026, 11, 24))
    30
    >>> ladder_step(date(2026, 12, 1), date(2026, 12, 2))
    0
    """
    if ends_on is None:
        return None
    left = (ends_on - day).days
    if left < 0:
        return 0
    reached = [rung for rung in LADDER_DAYS if left <= rung]
    return min(reached) if reached else None


@dataclass(frozen=True, slots=True, kw_only=True)
class FactStatus:
    """One fact of vitality on a day: whether it holds and the French sentence that says why."""

    fact: Fact
    holds: bool
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitality:
    """Signature told apart from force and from practice. Not a score: three answers and their facts."""

    signed: bool
    in_force: bool
    facts: Sequence[FactStatus]

    @property
    def applied(self) -> bool:
        """Whether the convention is in force and every fact holds."""
        return self.in_force and all(status.holds for status in self.facts)

    @property
    def missing(self) -> list[FactStatus]:
        """The facts that do not hold."""
        return [status for status in self.facts if not status.holds]


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """What happened around a convention, as known on a day.

    Attributes:
        vacant_since: since when a side has no référent; None when it has one.
        last_meeting_on: the last meeting held with both sides present.
        contacts_confirmed_on: when the one in post last said that the contact of a side is right; None otherwise.
        last_review_on: when a convention was last read again.
        unconfirmed: why, for the sides that nobody in post confirmed; one that is absent never was.
    """

    vacant_since: dict[Side, date | None]
    last_meeting_on: date | None
    contacts_confirmed_on: dict[Side, date | None]
    last_review_on: date | None
    unconfirmed: Mapping[Side, Unconfirmed] = field(default_factory=dict)


def vitality(*, state: State | None, practice: Practice, day: date) -> Vitality:
    """Return what is signed, in force and applied on ``day``."""
    return Vitality(
        signed=state in {State.SIGNEE, State.EN_VIGUEUR, State.ECHUE, State.DENONCEE},
        in_force=state is State.EN_VIGUEUR,
        facts=(
            _referents(practice),
            _recent(
                Fact.MEETING, practice.last_meeting_on, day - timedelta(days=MEETING_DAYS), "Dernière réunion"
            ),
            _contacts(practice, day),
            _recent(
                Fact.REVIEW, practice.last_review_on, months_before(day, REVIEW_MONTHS), "Dernière revue"
            ),
        ),
    )


def _referents(practice: Practice) -> FactStatus:
    # Without any post there is no day to count from: see ``rules_practice.NO_POST``.
    vacant = [
        f"{side.label} : aucun poste de référent connu"
        if since == date.min
        else f"{side.label} : poste vacant depuis le {since:%d/%m/%Y}"
        for side in Side
        if (since := practice.vacant_since.get(side)) is not None
    ]
    return FactStatus(
        fact=Fact.REFERENTS,
        holds=not vacant,
        sentence=" ; ".join(vacant) or "Les deux référents sont en poste",
    )


def _recent(fact: Fact, last: date | None, since: date, words: str) -> FactStatus:
    if last is None:
        return FactStatus(fact=fact, holds=False, sentence=f"{words} : aucune connue")
    return FactStatus(fact=fact, holds=last >= since, sentence=f"{words} : {last:%d/%m/%Y}")


def _contacts(practice: Practice, day: date) -> FactStatus:
    expected = {quarter_of(day), quarter_before(quarter_of(day))}
    silent = []
    for side in Side:
        last = practice.contacts_confirmed_on.get(side)
        if last is None or quarter_of(last) not in expected:
            why = f"dernière confirmation : {last:%d/%m/%Y}" if last else _unconfirmed(practice, side)
            silent.append(f"{side.label} ({why})")
    sentence = "Silence : " + ", ".join(silent) if silent else "Contacts confirmés des deux côtés"
    return FactStatus(fact=Fact.CONTACTS, holds=not silent, sentence=sentence)


def _unconfirmed(practice: Practice, side: Side) -> str:
    why = practice.unconfirmed.get(side, Unconfirmed.NEVER)
    vacant = practice.vacant_since.get(side)
    if vacant is None or why is Unconfirmed.DISPUTED:
        return why.label
    return "aucun poste" if vacant == date.min else "poste vacant"


def quarter_of(day: date) -> str:
    """Return the quarter of a day.

    >>> quarter_of(date(2026, 11, 24))
    '2026-T4'
    """
    return f"{day.year}-T{(day.month - 1) // 3 + 1}"


def quarter_before(quarter: str) -> str:
    """Return the quarter before.

    >>> quarter_before("2026-T1")
    '2025-T4'
    """
    year, rank = int(quarter[:4]), int(quarter[-1])
    return f"{year - 1}-T4" if rank == 1 else f"{year}-T{rank - 1}"


def months_before(day: date, months: int) -> date:
    """Return the same day number some months earlier, or the last day of that month when it is shorter.

    >>> months_before(date(2026, 6, 30), 4)
    datetime.date(2026, 2, 28)
    """
    rank = day.year * 12 + day.month - 1 - months
    year, month = divmod(rank, 12)
    last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))


def local_day(at: datetime, zone: str) -> date:
    """Return the day of an instant on the clock of a département.

    >>> from datetime import UTC
    >>> local_day(datetime(2026, 3, 1, 22, 30, tzinfo=UTC), "Indian/Reunion")
    datetime.date(2026, 3, 2)
    """
    return at.astimezone(ZoneInfo(zone)).date()


def midnight(day: date, zone: str) -> datetime:
    """Return the first instant of a day on the clock of a département."""
    return datetime.combine(day, time.min, tzinfo=ZoneInfo(zone))


def evening(day: date, zone: str) -> datetime:
    """Return the first instant after a day on the clock of a département.

    >>> evening(date(2026, 3, 1), "Indian/Reunion").isoformat()
    '2026-03-02T00:00:00+04:00'
    """
    return midnight(day + timedelta(days=1), zone)


def overlap(
    first: tuple[date, date | None],
    second: tuple[date, date | None],
) -> bool:
    """Whether two periods meet; each is a first day and the first day after, None without end.

    >>> overlap((date(2026, 1, 1), date(2027, 1, 1)), (date(2027, 1, 1), None))
    False
    """
    for start, stop in (first, second):
        if stop is not None and stop <= start:
            return False
    (start, stop), (other_start, other_stop) = first, second
    return (stop is None or other_start < stop) and (other_stop is None or start < other_stop)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadingVersion:
    """The text of one heading in one act: the convention itself or one of its avenants."""

    number: int
    text: str
    act: str
    in_force_from: date


def consolidated(versions: Sequence[HeadingVersion], *, on: date) -> dict[int, HeadingVersion]:
    """Return, for each heading, the text in force on that day: the latest act that rewrites it."""
    result: dict[int, HeadingVersion] = {}
    for version in sorted(versions, key=lambda item: item.in_force_from):
        if version.in_force_from <= on:
            result[version.number] = version
    return result


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of words that two texts share, or that only one of them has."""

    change: Change
    text: str


def differences(before: str, after: str) -> list[Piece]:
    """Return the words kept, removed and added between two texts, in reading order.

    >>> [(piece.change.value, piece.text) for piece in differences("réunion annuelle", "réunion mensuelle")]
    [('same', 'réunion '), ('removed', 'annuelle'), ('added', 'mensuelle')]
    """
    old, new = re.findall(r"\s+|\S+", before), re.findall(r"\s+|\S+", after)
    pieces: list[Piece] = []
    for tag, i, j, k, m in SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(Piece(Change.SAME, "".join(old[i:j])))
            continue
        if i < j:
            pieces.append(Piece(Change.REMOVED, "".join(old[i:j])))
        if k < m:
            pieces.append(Piece(Change.ADDED, "".join(new[k:m])))
    return pieces
