"""What the law expects: one obligation per function, its versions, and the table of all of them.

A file of the law writes each obligation so::

    @obligation("J2", act=…, actor=JUGE, …, versions=current(12, CSP, "L. 3211-12-1", "I, 1°"))
    def judge_rules(measure, rule): …

Every answer a jurist would ask for is a required argument: what starts the clock, what does not, what stops, resets or
extends it, who must act, what follows. A rule that leaves one out does not load.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from traitdunion.law.citation import Citation, Mark, weakest
from traitdunion.law.counting import Counting, Day
from traitdunion.law.facts import DIRECTOR, Mode

if TYPE_CHECKING:
    from traitdunion.law.deadline import Fixed
    from traitdunion.law.measure import Measure

REFORM: Final = date(2011, 8, 1)
"""First day on which a rule is known. Cited by no text that was read: « à vérifier »."""
READ_SINCE: Final = date(2024, 9, 1)
"""Start of the oldest version that was read (loi n° 2023-1059 du 20 novembre 2023)."""

JUDGE: Final = "juge (magistrat du siège du tribunal judiciaire, ex-JLD)"
JUDGE_BEFORE: Final = "juge des libertés et de la détention"
DIRECTEUR: Final = "directeur de l’établissement"
PREFET_ACTS: Final = "préfet (à Paris, préfet de police)"
PSYCHIATRE: Final = "psychiatre"
WHO_DECIDES: Final = "auteur de la mesure"
"""The director for the modes of chapter II, the préfet for the others."""


class NotInForceError(LookupError):
    """No version of the rule applies on that day."""


class Stake(StrEnum):
    """What is lost when an act is late, gravest first: the order of the échéancier."""

    RELEASE = "la mesure tombe"
    OFFENCE = "une infraction est prévue"
    IRREGULAR = "la mesure est irrégulière"
    RIGHT = "un droit s’éteint"
    DUTY = "une obligation n’est pas tenue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A rule as it stands from one day on.

    Attributes:
        since: first day in force.
        number: the delay, in the unit of the rule; None for what the text wants at once.
    """

    since: date
    number: int | None
    citation: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One obligation of the law. Texts are French and shown as they are.

    Attributes:
        key: name no other rule has: « J3.saisine ».
        row: row of the legal file: « J3 ».
        unit: « heures », « jours », « jours francs », « mois », or empty.
        triggers: types of event that start it.
    """

    key: str
    row: str
    act: str
    actor: str
    unit: str
    counting: Counting
    modes: frozenset[Mode]
    triggers: tuple[str, ...]
    starts: str
    not_started_by: str
    stopped_by: str
    reset_by: str
    extended_by: str
    missed: str
    stake: Stake
    versions: tuple[Version, ...]
    apply: Callable[["Measure", "Bound"], None]

    def __post_init__(self) -> None:
        """Refuse versions that are not in order: two would hold on one day."""
        days = [version.since for version in self.versions]
        if not days or days != sorted(set(days)):
            raise ValueError(f"{self.key}: versions must be in order, one a day")


class Bound:
    """A rule ready to run: its versions with their days as numbers, latest first."""

    __slots__ = ("_latest", "_since", "rule", "versions")

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.versions = tuple(Applied(rule, version) for version in reversed(rule.versions))
        self._latest = self.versions[0]
        self._since = self._latest.since

    def on(self, day: Day) -> "Applied":
        """Return the version in force on a day.

        Raises:
            NotInForceError: the day is before the first version.
        """
        if day >= self._since:
            return self._latest
        for version in self.versions:
            if day >= version.since:
                return version
        raise NotInForceError(f"{self.rule.key}: {date.fromordinal(day)}")

    def holds(self, day: Day) -> bool:
        """Say whether a version is in force on a day."""
        return day >= self.versions[-1].since


class Applied:
    """One version of one rule, with what its deadlines all say alike."""

    __slots__ = ("enforceable", "n", "rule", "since", "told", "told_span", "version")

    def __init__(self, rule: Rule, version: Version) -> None:
        self.rule = rule
        self.version = version
        self.since: Day = version.since.toordinal()
        self.n = version.number or 0
        self.enforceable = version.citation.status.binding and rule.counting.status.binding
        self.told: dict[Mode, Fixed] = {}
        counted = f". Délai : {self.span}, {rule.counting.words} ({rule.counting.id})."
        self.told_span = (
            ". Le texte veut l’acte sans délai chiffré." if version.number is None else counted
        ).encode()

    def actor(self, mode: Mode) -> str:
        """Return who must act, in a mode, under this version."""
        name = self.rule.actor
        if name == WHO_DECIDES:
            return DIRECTEUR if mode in DIRECTOR else PREFET_ACTS
        return JUDGE_BEFORE if name == JUDGE and self.version.since < READ_SINCE else name

    @property
    def status(self) -> Mark:
        """Return the least checked of the article and of the way of counting."""
        return weakest(self.version.citation.status, self.rule.counting.status)

    @property
    def span(self) -> str:
        """Tell the delay in French: « 12 jours »."""
        if self.version.number is None:
            return "sans délai chiffré"
        return f"{self.n} {self.rule.unit}"


def current(number: int | None, text: str, article: str, part: str = "") -> tuple[Version, ...]:
    """Return the versions of a rule read as it stands today: what came before is « à vérifier »."""
    return dated({REFORM: (number, Mark.UNVERIFIED), READ_SINCE: (number, Mark.READ)}, text, article, part)


def dated(
    values: Mapping[date, tuple[int | None, Mark]], text: str, article: str, part: str = ""
) -> tuple[Version, ...]:
    """Return versions from their first day, their number and how far each was read."""
    return tuple(
        Version(
            since=since,
            number=number,
            citation=Citation(text=text, article=article, part=part, version="", status=mark),
        )
        for since, (number, mark) in sorted(values.items())
    )


REGISTER: Final[dict[str, Rule]] = {}
"""Every rule of the law by its key, in the order of the files that wrote them."""


def obligation(
    key: str,
    *,
    act: str,
    actor: str,
    unit: str,
    counting: Counting,
    modes: Iterable[Mode],
    triggers: tuple[str, ...],
    starts: str,
    not_started_by: str,
    stopped_by: str,
    reset_by: str,
    extended_by: str,
    missed: str,
    stake: Stake,
    versions: tuple[Version, ...],
) -> Callable[[Callable[["Measure", Bound], None]], Callable[["Measure", Bound], None]]:
    """Enter a function of the law in the table of rules.

    Raises:
        ValueError: the key is taken.
    """

    def enter(apply: Callable[["Measure", Bound], None]) -> Callable[["Measure", Bound], None]:
        if key in REGISTER:
            raise ValueError(f"two rules are named {key}")
        REGISTER[key] = Rule(
            key=key, row=key.split(".")[0], act=act, actor=actor, unit=unit, counting=counting,
            modes=frozenset(modes), triggers=triggers, starts=starts, not_started_by=not_started_by,
            stopped_by=stopped_by, reset_by=reset_by, extended_by=extended_by, missed=missed, stake=stake,
            versions=versions, apply=apply,
        )  # fmt: skip
        return apply

    return enter


MOST_SETS: Final = 20_000
"""Sets of types of event whose rules are remembered."""


@dataclass(frozen=True, slots=True)
class Law:
    """All the rules, found by mode and by the types of event that start them."""

    rules: Mapping[str, Rule]
    _tables: dict[Mode, tuple[Bound, ...]] = field(default_factory=dict)
    _started: dict[tuple[Mode, frozenset[str]], tuple[Bound, ...]] = field(default_factory=dict)

    def table(self, mode: Mode) -> tuple[Bound, ...]:
        """Return the rules of a mode."""
        found = self._tables.get(mode)
        if found is None:
            found = tuple(Bound(rule) for rule in self.rules.values() if mode in rule.modes)
            self._tables[mode] = found
        return found

    def started_by(self, mode: Mode, kinds: Iterable[str]) -> tuple[Bound, ...]:
        """Return the rules of a mode that events of these types start; the answer is remembered."""
        place = mode, frozenset(kinds)
        found = self._started.get(place)
        if found is None:
            if len(self._started) > MOST_SETS:
                self._started.clear()
            found = tuple(one for one in self.table(mode) if not place[1].isdisjoint(one.rule.triggers))
            self._started[place] = found
        return found

    def changed(self, key: str, since: date, number: int, *, source: str) -> "Law":
        """Return the law with one delay changed from a day on, as a draft would.

        Raises:
            KeyError: no rule has this name.
        """
        rule = self.rules[key]
        kept = tuple(version for version in rule.versions if version.since < since)
        basis = next(v for v in reversed(rule.versions) if v.since <= since) if kept else rule.versions[0]
        draft = Version(since=since, number=number, citation=replace(basis.citation, version=source))
        return Law({**self.rules, key: replace(rule, versions=(*kept, draft))})
