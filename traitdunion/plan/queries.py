"""Read the ledger « à la date du … »: what was recorded by the end of a day, and dated by that day.

Each function costs a number of queries that does not depend on the number of rows.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    CharField,
    Count,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Value,
)

from traitdunion.audit.kept import Kept
from traitdunion.plan import facts, rules
from traitdunion.plan.kinds import (
    ActionState,
    BlockerCause,
    EventKind,
    EvidenceKind,
    MeasureState,
    OriginKind,
    Owner,
    Periodicity,
    Provenance,
    Unit,
)
from traitdunion.plan.models import (
    Action,
    ActionEvent,
    ActionRevision,
    Axis,
    Blocker,
    Evidence,
    Indicator,
    IndicatorRevision,
    IndicatorValue,
    Measure,
    MeasureRevision,
    Statement,
    Target,
)
from traitdunion.plan.rules import ActionStatus, BlockerFact, EventFact, MeasureStatus, ProofFact, ProofStatus

# Actions with the columns that the functions below add; the type checker cannot see those.
Ledger = QuerySet[Any]

PARIS = ZoneInfo("Europe/Paris")
# What the reference of a document without a date says: no date is lent to it.
UNDATED = "non datée"
CLOSED = (ActionState.REALISEE, ActionState.ABANDONNEE)
# The order of a list: what waits for someone first.
URGENCY = (
    ActionState.EN_RETARD,
    ActionState.BLOQUEE,
    ActionState.A_LANCER,
    ActionState.EN_COURS,
    ActionState.REALISEE,
    ActionState.ABANDONNEE,
)


def end_of(day: date) -> datetime:
    """Return the first instant after ``day`` on the clock of Paris."""
    return datetime.combine(day + timedelta(days=1), time.min, tzinfo=PARIS)


# What a page receives


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A piece of evidence on a day."""

    public_id: UUID
    kind: EvidenceKind
    title: str
    reference: str
    address: str
    dated_on: date
    expires_on: date | None
    withdrawn_on: date | None
    provenance: Provenance
    holds: bool

    @property
    def is_dated(self) -> bool:
        """Whether the document bears a date; the day of one that bears none is that on which it was put here."""
        return UNDATED not in self.reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A published statement on a day, and whether something still proves it."""

    public_id: UUID
    text: str
    figure: str
    published_on: date
    retired_on: date | None
    provenance: Provenance
    proof: ProofStatus
    pieces: Sequence[Piece]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A value of an indicator: the two numbers, and the figure that is read (a percentage for a share)."""

    measured_on: date
    numerator: Decimal
    denominator: Decimal | None
    value: Decimal
    provenance: Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A point of the trajectory."""

    due_on: date
    value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """An indicator on a day, with its last national value and its next national target."""

    public_id: UUID
    code: str
    unit: Unit
    higher_is_better: bool
    name: str
    definition: str
    numerator_label: str
    denominator_label: str
    source: str
    periodicity: Periodicity
    provenance: Provenance
    last: Reading | None
    goal: Goal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """A wording of a measure, when it was recorded and by whom."""

    recorded_at: datetime
    title: str
    author: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A measure on a day. Its state counts every action, whoever reads: a measure has one state."""

    public_id: UUID
    code: str
    title: str
    wording: str
    provenance: Provenance
    pilot: str
    copilots: Sequence[str]
    due_on: date | None
    status: MeasureStatus
    counts: Mapping[ActionState, int]
    sentences: Sequence[Sentence]
    retired: Sequence[Sentence]
    figures: Sequence[Figure]
    section: tuple[str, str]
    wordings: Sequence[Wording]
    synthetic_actions: int

    @property
    def open_actions(self) -> int:
        """How many actions are still expected."""
        return sum(count for state, count in self.counts.items() if state not in CLOSED)

    @property
    def all_actions(self) -> int:
        """How many actions were opened, given up ones included."""
        return sum(self.counts.values())

    @property
    def basis(self) -> str:
        """What the state rests on, in French: the actions counted, and whether they are synthetic."""
        if self.status.state is MeasureState.SANS_ACTION:
            return self.status.reason
        return f"d’après {self.status.reason}{self._synthetic}"

    @property
    def _synthetic(self) -> str:
        if not self.synthetic_actions:
            return ""
        if self.synthetic_actions < self.all_actions:
            return f" (dont {self.synthetic_actions} synthétique{'s' if self.synthetic_actions > 1 else ''})"
        return " (synthétiques)" if self.all_actions > 1 else " (synthétique)"


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionSheet:
    """A section and its measures on a day."""

    code: str
    title: str
    provenance: Provenance
    measures: Sequence[Sheet]


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisSheet:
    """An axis and its sections on a day."""

    number: int
    title: str
    provenance: Provenance
    sections: Sequence[SectionSheet]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionLine:
    """An action on a day, with its state and the reason of it."""

    public_id: UUID
    title: str
    measure_code: str
    measure_id: UUID | None
    departement: str
    departement_name: str
    owner: Owner | None
    origin: OriginKind
    origin_label: str
    opened_on: date
    due_on: date | None
    pilot: str
    provenance: Provenance
    status: ActionStatus


# Measures


def sheets(day: date) -> list[AxisSheet]:
    """Return the whole plan on ``day``, axis by axis, in six queries; in two while nothing is written."""
    by_section: dict[str, list[Sheet]] = defaultdict(list)
    for sheet in measures(day):
        by_section[sheet.section[0]].append(sheet)
    axes: dict[int, tuple[str, str, list[SectionSheet]]] = {}
    for row in Axis.objects.order_by("number", "sections__code").values_list(
        "number", "title", "provenance", "sections__code", "sections__title", "sections__provenance"
    ):
        number, title, provenance, code, section_title, section_provenance = row
        _, _, sections = axes.setdefault(number, (title, provenance, []))
        if code is not None:
            sections.append(
                SectionSheet(
                    code=code,
                    title=section_title,
                    provenance=Provenance(section_provenance),
                    measures=by_section[code],
                )
            )
    return [
        AxisSheet(number=number, title=title, provenance=Provenance(provenance), sections=sections)
        for number, (title, provenance, sections) in axes.items()
    ]


def measures(day: date) -> Sequence[Sheet]:
    """Return every measure on ``day``, in the order of the plan, in five queries.

    The plan reads the same for everyone: while nothing is written the answer is kept, and costs one query.
    """
    return _kept.get(day, lambda: _measures(day))


_kept: Kept[Sequence[Sheet]] = Kept(16)


def sheet(measure: Measure, day: date) -> Sheet | None:
    """Return one measure on ``day``, None when nothing was recorded yet; costs what ``measures`` costs."""
    return next((each for each in measures(day) if each.public_id == measure.public_id), None)


def _measures(day: date) -> Sequence[Sheet]:
    counts, synthetic = _counts_by_measure(day)
    sentences = _sentences(day)
    figures: dict[int, list[Figure]] = defaultdict(list)
    for measure_id, figure in figures_on(Indicator.objects.all(), day):
        figures[measure_id].append(figure)
    revisions = (
        MeasureRevision.objects.filter(recorded_at__lt=end_of(day))
        .order_by("measure__position", "measure__code", "-recorded_at", "-id")
        .select_related("measure__section", "pilot")
        .annotate(copilot_names=ArraySubquery(_copilots(MeasureRevision.copilots.through, "measurerevision")))
    )
    return tuple(
        _sheet(list(recorded), counts[key], synthetic[key], sentences[key], figures[key])
        for key, recorded in groupby(revisions, key=attrgetter("measure_id"))
    )


def _sheet(
    revisions: Sequence[Any],
    counts: Mapping[ActionState, int],
    synthetic_actions: int,
    sentences: Sequence[Sentence],
    figures: Sequence[Figure],
) -> Sheet:
    """Return a measure from its wordings, latest first, and from what hangs on it."""
    revision = revisions[0]
    measure = revision.measure
    return Sheet(
        public_id=measure.public_id,
        code=measure.code,
        title=revision.title,
        wording=revision.wording,
        provenance=Provenance(revision.provenance),
        pilot=revision.pilot.name if revision.pilot is not None else "",
        copilots=tuple(revision.copilot_names),
        due_on=revision.due_on,
        status=rules.measure_status(counts),
        counts=counts,
        sentences=[each for each in sentences if each.retired_on is None],
        retired=[each for each in sentences if each.retired_on is not None],
        figures=figures,
        section=(measure.section.code, measure.section.title),
        wordings=[
            Wording(recorded_at=each.recorded_at, title=each.title, author=each.author_label)
            for each in revisions
        ],
        synthetic_actions=synthetic_actions,
    )


def _copilots(through: Any, column: str) -> QuerySet[Any, Any]:  # noqa: ANN401  # an automatic model has no name
    """Return the names of the co-pilots of the revision of the outer query."""
    links = through.objects.filter(**{column: OuterRef("pk")})
    return cast("QuerySet[Any, Any]", links.order_by("organisation__name").values("organisation__name"))


def measure_revisions(measure: Measure, day: date) -> QuerySet[MeasureRevision]:
    """Return the wordings recorded by the end of ``day``, latest first."""
    return measure.revisions.filter(recorded_at__lt=end_of(day)).order_by("-recorded_at", "-id")


# Statements and evidence


def _sentences(day: date) -> Mapping[int, list[Sentence]]:
    """Return the statements of each measure on ``day``, in one query."""
    found: dict[int, list[Sentence]] = defaultdict(list)
    for statement, proofs in statements_on(day):
        pieces = [piece(proof.evidence, day) for proof in proofs]
        found[statement.measure_id].append(sentence(statement, pieces, day))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Proved:
    """A piece that proves a statement, and since when both the piece and the link are known."""

    evidence: Evidence
    known_from: datetime


def statements_on(day: date) -> list[tuple[Statement, list[Proved]]]:
    """Return the statements of every measure published by ``day`` with what proves them by then, in one query."""
    cut = end_of(day)
    rows = (
        Statement.objects.filter(recorded_at__lt=cut, published_on__lte=day)
        .order_by("position", "id", "proof__id")
        .annotate(
            linked_at=F("proof__recorded_at"),
            **{f"piece_{name}": F(f"proof__evidence__{name}") for name in PIECE_COLUMNS},
        )
    )
    found: dict[int, tuple[Statement, list[Proved]]] = {}
    # A statement comes once for each piece, and once alone when it has none.
    for row in rows:
        _, proofs = found.setdefault(row.pk, (row, []))
        if row.linked_at is None:
            continue
        evidence = Evidence(**{name: getattr(row, f"piece_{name}") for name in PIECE_COLUMNS})
        known_from = max(row.linked_at, evidence.recorded_at)
        if known_from < cut:
            proofs.append(Proved(evidence=evidence, known_from=known_from))
    return list(found.values())


# What ``piece`` reads.
PIECE_COLUMNS = (
    "public_id",
    "kind",
    "title",
    "reference",
    "address",
    "dated_on",
    "expires_on",
    "withdrawn_on",
    "withdrawn_recorded_at",
    "provenance",
    "recorded_at",
)


def sentence(statement: Statement, pieces: Sequence[Piece], day: date) -> Sentence:
    """Return a statement on ``day`` with the pieces known by then."""
    return Sentence(
        public_id=statement.public_id,
        text=statement.text,
        figure=statement.figure,
        published_on=statement.published_on,
        retired_on=closed_on(statement.retired_on, statement.retired_recorded_at, day),
        provenance=Provenance(statement.provenance),
        proof=rules.proof_status([proof_fact(each) for each in pieces], day=day),
        pieces=tuple(pieces),
    )


def proof_fact(piece: Piece) -> ProofFact:
    """Return the piece as the rule reads it."""
    return ProofFact(dated_on=piece.dated_on, expires_on=piece.expires_on, withdrawn_on=piece.withdrawn_on)


def piece(evidence: Evidence, day: date) -> Piece:
    """Return a piece of evidence as it was known on ``day``."""
    withdrawn_on = closed_on(evidence.withdrawn_on, evidence.withdrawn_recorded_at, day)
    fact = ProofFact(dated_on=evidence.dated_on, expires_on=evidence.expires_on, withdrawn_on=withdrawn_on)
    return Piece(
        public_id=evidence.public_id,
        kind=EvidenceKind(evidence.kind),
        title=evidence.title,
        reference=evidence.reference,
        address=evidence.address,
        dated_on=evidence.dated_on,
        expires_on=evidence.expires_on,
        withdrawn_on=withdrawn_on,
        provenance=Provenance(evidence.provenance),
        holds=fact.holds(day),
    )


def closed_on(closed_on: date | None, recorded_at: datetime | None, day: date) -> date | None:
    """Return the day of an end, when it was reached and recorded by the end of ``day``."""
    if closed_on is None or closed_on > day or recorded_at is None or recorded_at >= end_of(day):
        return None
    return closed_on


def pieces_of(evidence: QuerySet[Evidence], day: date) -> list[Piece]:
    """Return the pieces recorded by the end of ``day``, latest first."""
    known = evidence.filter(recorded_at__lt=end_of(day), dated_on__lte=day).order_by("-dated_on", "-id")
    return [piece(each, day) for each in known]


# Actions


def known(actions: QuerySet[Action], day: date) -> QuerySet[Action]:
    """Return the actions recorded and opened by the end of ``day``."""
    return actions.filter(recorded_at__lt=end_of(day), opened_on__lte=day)


def with_state(actions: QuerySet[Action], day: date) -> Ledger:
    """Add ``state`` and ``due_on`` on ``day`` to actions; the database agrees with ``rules.action_status``.

    Lists filter, count and cut pages on it, which the rule alone could not do without reading every fact.

    Args:
        actions: known by then; the state of an action not yet recorded means nothing.
        day: the day looked at.
    """
    cut = end_of(day)
    return actions.annotate(
        due_on=facts.due_on(day=day, cut=cut),
        state=facts.state(day=day, cut=cut),
    )


def by_urgency(actions: Ledger) -> Ledger:
    """Order actions that carry their state: what waits for someone first, then the nearest deadline."""
    # The state is computed by subqueries: named once here, it is not worked out again for each rank.
    order = Value([state.value for state in URGENCY], output_field=ArrayField(CharField()))
    rank = Func(order, F("state"), function="array_position", output_field=IntegerField())
    return actions.order_by(rank, F("due_on").asc(nulls_last=True), "departement_id", "id")


def sorted_by(actions: Ledger, column: str, *, descending: bool) -> Ledger:
    """Order actions by a column of the list; those without a value come last both ways."""
    value = F(column)
    ordering = value.desc(nulls_last=True) if descending else value.asc(nulls_last=True)
    return actions.order_by(ordering, "id")


def worded_like(actions: Ledger, words: str, day: date) -> Ledger:
    """Keep the actions whose title on ``day`` contains ``words``."""
    title = facts.title(day=day, cut=end_of(day))
    found: Ledger = actions.annotate(searched=title).filter(searched__icontains=words)
    return found


LINE_COLUMNS = (
    "public_id",
    "facts",
    "measure__code",
    "measure__public_id",
    "departement_id",
    "departement__name",
    "owner",
    "origin",
    "origin_label",
    "opened_on",
    "provenance",
)


def lines(actions: Ledger, day: date) -> list[ActionLine]:
    """Return the actions of ``actions`` (which carry their state) as a list shows them, in one query."""
    return [line(row, day) for row in with_facts(actions, day).values(*LINE_COLUMNS)]


def open_lines(actions: Ledger, day: date) -> list[ActionLine]:
    """Return the actions still expected, what waits for someone first, in one query; for a few dozen actions.

    The rule alone gives the state: the database is not asked to work it out as well.
    """
    found = [line(row, day) for row in with_facts(known(actions, day), day).values(*LINE_COLUMNS)]
    found = [each for each in found if each.status.is_open]
    return sorted(found, key=lambda each: (URGENCY.index(each.status.state), each.due_on or date.max))


def with_facts(actions: Ledger, day: date) -> Ledger:
    """Add the wording and the facts that decide the state, as ``line`` reads them."""
    found: Ledger = actions.annotate(facts=facts.told(day=day, cut=end_of(day)))
    return found


def line(row: Mapping[str, Any], day: date) -> ActionLine:
    """Return one row of ``LINE_COLUMNS`` with the state and its reason."""
    # The last start and the last event are all the rule looks at; in that order, so that the last one wins.
    told = row["facts"]
    events = [fact for fact in (told["last_start"], told["last_event"]) if fact is not None]
    blocker = told["blocker"]
    wording = told["wording"] or {}
    due_on = date.fromisoformat(wording["due_on"]) if wording.get("due_on") else None
    status = rules.action_status(
        opened_on=row["opened_on"],
        due_on=due_on,
        events=[
            EventFact(kind=EventKind(fact["kind"]), on=date.fromisoformat(fact["on"])) for fact in events
        ],
        blockers=[]
        if blocker is None
        else [
            BlockerFact(
                cause=BlockerCause(blocker["cause"]),
                lifter=blocker["lifter"],
                since=date.fromisoformat(blocker["since"]),
                lifted_on=None,
            )
        ],
        day=day,
    )
    return ActionLine(
        public_id=row["public_id"],
        title=wording.get("title") or "",
        measure_code=row["measure__code"] or "",
        measure_id=row["measure__public_id"],
        departement=row["departement_id"] or "",
        departement_name=row["departement__name"] or "",
        owner=Owner(row["owner"]) if row["owner"] else None,
        origin=OriginKind(row["origin"]),
        origin_label=row["origin_label"],
        opened_on=row["opened_on"],
        due_on=due_on,
        pilot=wording.get("pilot") or "",
        provenance=Provenance(row["provenance"]),
        status=status,
    )


def _counts_by_measure(day: date) -> tuple[dict[int, dict[ActionState, int]], dict[int, int]]:
    """Return how many actions of each measure stand in each state on ``day``, and how many are made up; one query."""
    counts: dict[int, dict[ActionState, int]] = defaultdict(dict)
    synthetic: dict[int, int] = defaultdict(int)
    made_up = Q(provenance=Provenance.SYNTHETIC.value)
    rows = (
        with_state(known(Action.objects.filter(measure__isnull=False), day), day)
        .values("measure_id", "state")
        .annotate(count=Count("pk"), synthetic=Count("pk", filter=made_up))
        .order_by()
    )
    for row in rows:
        counts[row["measure_id"]][ActionState(row["state"])] = row["count"]
        synthetic[row["measure_id"]] += row["synthetic"]
    return counts, synthetic


def action_line(action: Action, day: date) -> ActionLine | None:
    """Return one action on ``day`` in one query, None when it was not recorded yet."""
    chosen = known(Action.objects.filter(pk=action.pk), day)
    return next(iter(lines(with_state(chosen, day), day)), None)


def action_revisions(action: Action, day: date) -> QuerySet[Any]:
    """Return the wordings recorded by the end of ``day``, latest first, with ``copilot_names``."""
    return (
        action.revisions.filter(recorded_at__lt=end_of(day))
        .select_related("pilot")
        .annotate(copilot_names=ArraySubquery(_copilots(ActionRevision.copilots.through, "actionrevision")))
        .order_by("-recorded_at", "-id")
    )


def action_events(action: Action, day: date) -> QuerySet[ActionEvent]:
    """Return what happened by the end of ``day``, latest first."""
    return action.events.filter(recorded_at__lt=end_of(day), happened_on__lte=day).order_by(
        "-happened_on", "-id"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """What stops or stopped an action, as it was known on a day."""

    public_id: UUID
    cause: BlockerCause
    description: str
    lifter: str
    since: date
    author: str
    lifted_on: date | None
    lifted_by: str


def obstacles(action: Action, day: date) -> list[Obstacle]:
    """Return the obstacles known by the end of ``day``, those that stand first."""
    known = action.blockers.filter(recorded_at__lt=end_of(day), since__lte=day).order_by("-since", "-id")
    found = [_obstacle(blocker, day) for blocker in known]
    return sorted(found, key=lambda each: each.lifted_on is not None)


def _obstacle(blocker: Blocker, day: date) -> Obstacle:
    lifted_on = closed_on(blocker.lifted_on, blocker.lifted_recorded_at, day)
    return Obstacle(
        public_id=blocker.public_id,
        cause=BlockerCause(blocker.cause),
        description=blocker.description,
        lifter=blocker.lifter,
        since=blocker.since,
        author=blocker.author_label,
        lifted_on=lifted_on,
        lifted_by=blocker.lifted_by if lifted_on is not None else "",
    )


# Indicators


def figures_on(indicators: QuerySet[Indicator], day: date) -> Iterable[tuple[int, Figure]]:
    """Return the indicators on ``day`` beside the key of their measure, by code, in one query."""
    cut = end_of(day)
    revisions = (
        IndicatorRevision.objects.filter(recorded_at__lt=cut, indicator__in=indicators)
        .order_by("indicator__code", "-recorded_at", "-id")
        .distinct("indicator__code")
        .select_related("indicator")
        .annotate(
            last=facts.last_value("indicator", day=day, cut=cut),
            goal=facts.next_goal("indicator", day=day, cut=cut),
        )
    )
    return [
        (revision.indicator.measure_id, _figure(revision, revision.last, revision.goal))
        for revision in revisions
    ]


def _figure(
    revision: IndicatorRevision, last: Mapping[str, Any] | None, goal: Mapping[str, Any] | None
) -> Figure:
    indicator = revision.indicator
    unit = Unit(indicator.unit)
    return Figure(
        public_id=indicator.public_id,
        code=indicator.code,
        unit=unit,
        higher_is_better=indicator.higher_is_better,
        name=revision.name,
        definition=revision.definition,
        numerator_label=revision.numerator_label,
        denominator_label=revision.denominator_label,
        source=revision.source,
        periodicity=Periodicity(revision.periodicity),
        provenance=Provenance(revision.provenance),
        last=None
        if last is None
        else _reading(
            unit,
            date.fromisoformat(last["measured_on"]),
            Decimal(last["numerator"]),
            None if last["denominator"] is None else Decimal(last["denominator"]),
            last["provenance"],
        ),
        goal=None
        if goal is None
        else Goal(due_on=date.fromisoformat(goal["due_on"]), value=Decimal(goal["value"])),
    )


def _reading(
    unit: Unit, measured_on: date, numerator: Decimal, denominator: Decimal | None, provenance: str
) -> Reading:
    return Reading(
        measured_on=measured_on,
        numerator=numerator,
        denominator=denominator,
        value=rules.reading(unit, numerator, denominator),
        provenance=Provenance(provenance),
    )


def reading_of(value: IndicatorValue, unit: Unit) -> Reading:
    """Return a stored value with the figure that is read."""
    return _reading(unit, value.measured_on, value.numerator, value.denominator, value.provenance)


def figure(indicator: Indicator, day: date) -> Figure | None:
    """Return one indicator on ``day`` in one query, None when it was not defined yet."""
    found = next(iter(figures_on(Indicator.objects.filter(pk=indicator.pk), day)), None)
    return None if found is None else found[1]


def last_by_territory(
    values: QuerySet[IndicatorValue], indicator: Indicator, day: date
) -> list[tuple[str, str, Reading]]:
    """Return the last value of each territory on ``day``: code and name (empty for the nation), by code."""
    rows = (
        values.filter(indicator=indicator, measured_on__lte=day, recorded_at__lt=end_of(day))
        .order_by("departement_id", "-measured_on", "-recorded_at", "-id")
        .distinct("departement_id")
        .values_list("departement_id", "departement__name", *READING_COLUMNS)
    )
    unit = Unit(indicator.unit)
    found = [(code or "", name or "", _reading(unit, *numbers)) for code, name, *numbers in rows]
    return sorted(found, key=lambda row: row[0])


# What ``_reading`` reads, in its order.
READING_COLUMNS = ("measured_on", "numerator", "denominator", "provenance")


def series(
    values: QuerySet[IndicatorValue], indicator: Indicator, departement: str, day: date
) -> list[Reading]:
    """Return the values of one territory (empty for the nation) known on ``day``, oldest first."""
    rows = (
        values.filter(
            indicator=indicator,
            departement=departement or None,
            measured_on__lte=day,
            recorded_at__lt=end_of(day),
        )
        .order_by("measured_on", "-recorded_at", "-id")
        .distinct("measured_on")
        .values_list(*READING_COLUMNS)
    )
    unit = Unit(indicator.unit)
    return [_reading(unit, *numbers) for numbers in rows]


def trajectory(targets: QuerySet[Target], indicator: Indicator, departement: str, day: date) -> list[Goal]:
    """Return the targets of one territory (empty for the nation) known on ``day``, nearest first."""
    rows = (
        targets.filter(indicator=indicator, departement=departement or None, recorded_at__lt=end_of(day))
        .order_by("due_on", "-recorded_at", "-id")
        .distinct("due_on")
        .values_list("due_on", "value")
    )
    return [Goal(due_on=due_on, value=value) for due_on, value in rows]
