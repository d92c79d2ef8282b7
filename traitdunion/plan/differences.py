"""What changed in the ledger between two days, measure by measure."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Case, CharField, Count, F, OuterRef, Q, QuerySet, Subquery, Value, When

from traitdunion.audit.kept import Kept
from traitdunion.identity.models import Mandate
from traitdunion.plan import access, facts, queries, rules
from traitdunion.plan.kinds import ActionState, Unit
from traitdunion.plan.models import (
    Action,
    Evidence,
    Indicator,
    IndicatorRevision,
    IndicatorValue,
    Measure,
    MeasureRevision,
)
from traitdunion.plan.queries import ActionLine, end_of
from traitdunion.plan.rules import MeasureStatus

# A page stays readable: beyond, it says how many there are and where to read them.
SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Greyed:
    """A published sentence and the day from which nothing proved it."""

    text: str
    since: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """An action whose state differs between the two days; ``before`` is None when it was opened since."""

    line: ActionLine
    before: ActionState | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """An indicator whose last value differs; ``went_back`` when the later one is worse."""

    indicator: UUID
    name: str
    departement: str
    unit: Unit
    before: Decimal | None
    after: Decimal
    went_back: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureDifference:
    """What changed on one measure."""

    public_id: UUID
    code: str
    title: str
    title_before: str | None
    status: MeasureStatus
    status_before: MeasureStatus | None
    reworded: bool
    published: Sequence[str]
    retired: Sequence[str]
    greyed: Sequence[Greyed]
    proved_again: Sequence[str]
    added_evidence: Sequence[str]
    ended_evidence: Sequence[str]
    moved: Sequence[Moved]
    moved_total: int
    measured: Sequence[Measured]
    measured_total: int
    went_back_total: int

    @property
    def is_changed(self) -> bool:
        """Whether anything differs."""
        return self.changes > 0

    @property
    def changes(self) -> int:
        """How many things differ."""
        texts = (self.published, self.retired, self.greyed, self.proved_again)
        state = self.status_before is None or self.status.state is not self.status_before.state
        return (
            sum(len(each) for each in (*texts, self.added_evidence, self.ended_evidence))
            + self.moved_total
            + self.measured_total
            + int(state)
            + int(self.reworded)
        )


def seen_by(mandate: Mandate, first: date, second: date) -> Sequence[MeasureDifference]:
    """Return what changed between two days for a reader, in eight queries.

    While nothing is written the answer is kept for every reader of the territory, and costs one query.
    """
    return _kept.get(
        (access.territory_of(mandate), first, second),
        lambda: compare(
            first,
            second,
            actions=access.actions_visible_to(mandate),
            values=access.values_visible_to(mandate),
        ),
    )


_kept: Kept[Sequence[MeasureDifference]] = Kept(32)


def compare(
    first: date, second: date, *, actions: QuerySet[Action], values: QuerySet[IndicatorValue]
) -> list[MeasureDifference]:
    """Return what changed between two days, in eight queries.

    Args:
        first: the earlier day.
        second: the later day.
        actions: those the reader may see.
        values: those the reader may see.
    """
    counts = _counts(actions, first, second)
    moved = _moved(actions, first, second)
    measured = _measured(values, first, second)
    sentences = _sentences(first, second)
    evidence = _evidence(first, second)
    found = []
    for measure, before, after in _wordings(first, second):
        figures = measured[measure.pk]
        told = sentences[measure.pk]
        difference = MeasureDifference(
            public_id=measure.public_id,
            code=measure.code,
            title=after.title,
            title_before=None if before is None else before.title,
            status=rules.measure_status(counts[measure.pk].after),
            status_before=None if before is None else rules.measure_status(counts[measure.pk].before),
            reworded=before is not None and before.pk != after.pk,
            published=told.published,
            retired=told.retired,
            greyed=told.greyed,
            proved_again=told.proved_again,
            added_evidence=evidence[measure.pk][0],
            ended_evidence=evidence[measure.pk][1],
            moved=moved[measure.pk],
            moved_total=counts[measure.pk].moved,
            measured=figures[:SHOWN],
            measured_total=len(figures),
            went_back_total=sum(each.went_back for each in figures),
        )
        if difference.is_changed:
            found.append(difference)
    return found


def _wordings(first: date, second: date) -> list[tuple[Measure, MeasureRevision | None, MeasureRevision]]:
    before: dict[int, MeasureRevision] = {}
    after: dict[int, MeasureRevision] = {}
    revisions = MeasureRevision.objects.filter(recorded_at__lt=end_of(second)).select_related("measure")
    for revision in revisions.order_by("measure__position", "measure__code", "recorded_at", "id"):
        after[revision.measure_id] = revision
        if revision.recorded_at < end_of(first):
            before[revision.measure_id] = revision
    return [(revision.measure, before.get(key), revision) for key, revision in after.items()]


class _Told:
    def __init__(self) -> None:
        self.published: list[str] = []
        self.retired: list[str] = []
        self.greyed: list[Greyed] = []
        self.proved_again: list[str] = []


def _sentences(first: date, second: date) -> Mapping[int, _Told]:
    told: dict[int, _Told] = defaultdict(_Told)
    for statement, proofs in queries.statements_on(second):
        after = queries.sentence(statement, _pieces(proofs, second), second)
        if not (statement.recorded_at < end_of(first) and statement.published_on <= first):
            if after.retired_on is None:
                told[statement.measure_id].published.append(statement.text)
            continue
        before = queries.sentence(statement, _pieces(proofs, first), first)
        if before.retired_on is not None:
            continue
        if after.retired_on is not None:
            told[statement.measure_id].retired.append(statement.text)
        elif after.proof.is_greyed and not before.proof.is_greyed:
            told[statement.measure_id].greyed.append(
                Greyed(text=statement.text, since=after.proof.expired_on)
            )
        elif before.proof.is_greyed and not after.proof.is_greyed:
            told[statement.measure_id].proved_again.append(statement.text)
    return told


def _pieces(proofs: Sequence[queries.Proved], day: date) -> list[queries.Piece]:
    cut = end_of(day)
    return [queries.piece(proof.evidence, day) for proof in proofs if proof.known_from < cut]


def _evidence(first: date, second: date) -> Mapping[int, tuple[list[str], list[str]]]:
    """Return by measure the titles of the pieces that came, and of those that ended, between the two days."""
    found: dict[int, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    pieces = Evidence.objects.filter(
        measure__isnull=False, recorded_at__lt=end_of(second), dated_on__lte=second
    )
    for each in pieces.order_by("dated_on", "id"):
        came, ended = found[each.measure_id or 0]
        was_known = each.recorded_at < end_of(first) and each.dated_on <= first
        held = was_known and queries.piece(each, first).holds
        holds = queries.piece(each, second).holds
        if not was_known:
            came.append(each.title)
        if held and not holds:
            ended.append(each.title)
    return found


class _Counts:
    def __init__(self) -> None:
        self.before: dict[ActionState, int] = defaultdict(int)
        self.after: dict[ActionState, int] = defaultdict(int)
        self.moved = 0


def _on_both_days(actions: QuerySet[Action], first: date, second: date) -> queries.Ledger:
    """Add ``state`` on the second day and ``before`` on the first, empty when the action was not there yet."""
    cut = end_of(first)
    was_there = When(recorded_at__lt=cut, opened_on__lte=first, then=facts.state(day=first, cut=cut))
    later = queries.with_state(queries.known(actions.filter(measure__isnull=False), second), second)
    found: queries.Ledger = later.annotate(
        before=Case(was_there, default=Value(""), output_field=CharField())
    )
    return found


def _counts(actions: QuerySet[Action], first: date, second: date) -> Mapping[int, _Counts]:
    """Return by measure how many actions stood in each state, and how many of the visible ones moved."""
    rows = (
        _on_both_days(Action.objects.all(), first, second)
        .values("measure_id", "before", "state")
        .annotate(count=Count("pk"), seen=Count("pk", filter=Q(pk__in=actions.values("pk"))))
        .order_by()
    )
    found: dict[int, _Counts] = defaultdict(_Counts)
    for row in rows:
        counts = found[row["measure_id"]]
        counts.after[ActionState(row["state"])] += row["count"]
        if row["before"]:
            counts.before[ActionState(row["before"])] += row["count"]
        if row["before"] != row["state"]:
            counts.moved += row["seen"]
    return found


def _moved(actions: QuerySet[Action], first: date, second: date) -> Mapping[int, list[Moved]]:
    """Return by measure the first actions whose state differs."""
    changed = _on_both_days(actions, first, second).exclude(state=F("before"))
    rows = queries.with_facts(queries.by_urgency(changed), second)
    found: dict[int, list[Moved]] = defaultdict(list)
    for row in rows.values("measure_id", "before", *queries.LINE_COLUMNS)[:SHOWN]:
        before = ActionState(row["before"]) if row["before"] else None
        found[row["measure_id"]].append(Moved(line=queries.line(row, second), before=before))
    return found


def _measured(values: QuerySet[IndicatorValue], first: date, second: date) -> Mapping[int, list[Measured]]:
    """Return by measure the territories whose last value differs; a first value has nothing before it."""
    before = _last_values(values, first)
    after = _last_values(values, second)
    changed = {key: numbers for key, numbers in after.items() if numbers != before.get(key)}
    found: dict[int, list[Measured]] = defaultdict(list)
    indicators = _indicators({key for key, _ in changed}, second) if changed else {}
    for (key, departement), numbers in changed.items():
        indicator = indicators[key]
        unit = Unit(indicator.unit)
        former = before.get((key, departement))
        later = rules.reading(unit, *numbers)
        earlier = None if former is None else rules.reading(unit, *former)
        if later == earlier:
            continue
        better_up = indicator.higher_is_better
        found[indicator.measure_id].append(
            Measured(
                indicator=indicator.public_id,
                name=indicator.name or indicator.code,
                departement=departement or "",
                unit=unit,
                before=earlier,
                after=later,
                went_back=earlier is not None and rules.went_back(earlier, later, higher_is_better=better_up),
            )
        )
    for figures in found.values():
        figures.sort(key=lambda each: (not each.went_back, each.name, each.departement))
    return found


def _last_values(
    values: QuerySet[IndicatorValue], day: date
) -> Mapping[tuple[int, str | None], tuple[Decimal, Decimal | None]]:
    """Return the last numerator and denominator of each indicator in each territory (None for the nation)."""
    # Nothing else: thousands of values are sorted to find the last ones, and a name would be read for each.
    rows = (
        values.filter(measured_on__lte=day, recorded_at__lt=end_of(day))
        .order_by("indicator_id", "departement_id", "-measured_on", "-recorded_at", "-id")
        .distinct("indicator_id", "departement_id")
        .values_list("indicator_id", "departement_id", "numerator", "denominator")
    )
    return {
        (indicator, departement): (numerator, denominator)
        for indicator, departement, numerator, denominator in rows
    }


def _indicators(keys: Collection[int], day: date) -> Mapping[int, Any]:
    """Return the indicators by key, each with its ``name`` on ``day``."""
    names = IndicatorRevision.objects.filter(indicator=OuterRef("pk"), recorded_at__lt=end_of(day)).order_by(
        "-recorded_at", "-id"
    )
    found: QuerySet[Any] = Indicator.objects.filter(pk__in=keys).annotate(
        name=Subquery(names.values("name")[:1])
    )
    return {each.pk: each for each in found}
