"""Reads over many conventions: where each département stands on a day, and how the counts moved."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Max, Q, QuerySet

from traitdunion.audit.models import Entry
from traitdunion.conventions.kinds import Fact, State, Step, Turn
from traitdunion.conventions.models import ContactCheck, Convention, Meeting, Review, Signature, StepTaken
from traitdunion.conventions.rules import Life, Vitality
from traitdunion.conventions.rules_practice import (
    Answer,
    Handing,
    History,
    Point,
    Record,
    Seat,
    Standing,
    Tenure,
    point,
    standing,
)
from traitdunion.identity.kinds import REFERENTS, Holding, Side
from traitdunion.identity.models import Post
from traitdunion.territories.models import Departement

SIDE_OF_REFERENT = {role.value: side for side, role in REFERENTS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A département, as the table shows it."""

    code: str
    name: str
    region_code: str
    region_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What the pages show of a convention."""

    public_id: UUID
    title: str
    reference: str
    starts_on: date | None
    ends_on: date | None
    template: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Where a département stands on a day, with what the pages show."""

    place: Place
    standing: Standing
    convention: Deed | None
    draft: Deed | None

    @property
    def state(self) -> State | None:
        """The state of the convention that counts."""
        return self.standing.state

    @property
    def since(self) -> date | None:
        """First day of that state."""
        return self.standing.since

    @property
    def turn(self) -> Turn:
        """Who is expected to act."""
        return self.standing.turn

    @property
    def turn_since(self) -> date | None:
        """Since when, None when nobody is."""
        return self.standing.turn_since

    @property
    def vitality(self) -> Vitality:
        """Signed, in force, applied, and the facts."""
        return self.standing.vitality


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many départements, each count over ``total``."""

    total: int
    signed: int
    in_force: int
    applied: int
    facts: Mapping[Fact, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One line of what happened in a département."""

    on: date
    recorded_at: datetime
    text: str
    author: str
    reason: str = ""
    convention: UUID | None = None


def situation(
    day: date, *, known_at: datetime | None = None, departements: Collection[str] | None = None
) -> dict[str, Situation]:
    """Return where each département stands on ``day``, in eight queries whatever the rows.

    Args:
        day: the day looked at.
        known_at: what was recorded later is left out; None reads everything known now. The end of a mandate
            carries no date of recording: it is read as known now.
        departements: the codes wanted, every one when None.
    """
    places = _places(departements)
    deeds, histories = _histories(places, until=day, known_at=known_at, last_only=True)
    read = {}
    for code, place in places.items():
        stands = standing(histories[code], day)
        read[code] = Situation(
            place=place,
            standing=stands,
            convention=deeds[stands.record.key] if stands.record else None,
            draft=deeds[stands.draft.key] if stands.draft else None,
        )
    return read


def departement_situation(
    departement: Departement, day: date, *, known_at: datetime | None = None
) -> Situation:
    """Return where ``departement`` stands on ``day``, in eight queries."""
    return situation(day, known_at=known_at, departements=[departement.code])[departement.code]


def counts(situations: Iterable[Situation]) -> Counts:
    """Return how many départements have a convention signed, in force, applied, and each fact."""
    situations = list(situations)
    facts = dict.fromkeys(Fact, 0)
    for each in situations:
        for status in each.vitality.facts:
            facts[status.fact] += status.holds
    return Counts(
        total=len(situations),
        signed=sum(each.vitality.signed for each in situations),
        in_force=sum(each.vitality.in_force for each in situations),
        applied=sum(each.vitality.applied for each in situations),
        facts=facts,
    )


def series(
    days: Sequence[date], *, known_at: datetime | None = None, departements: Collection[str] | None = None
) -> list[Point]:
    """Return the three counts on each of ``days``: the facts are loaded once, in eight queries."""
    if not days:
        return []
    places = _places(departements)
    _, histories = _histories(places, until=max(days), known_at=known_at, last_only=False)
    return [point(histories.values(), day) for day in days]


def last_change() -> int:
    """Return a number that grows whenever a convention, a post or a mandate is written."""
    latest = (
        Entry.objects.filter(Q(event__startswith="conventions.") | Q(event__startswith="identity."))
        .order_by("-id")
        .values_list("id", flat=True)
        .first()
    )
    return latest or 0


# Loading


def _places(codes: Collection[str] | None) -> dict[str, Place]:
    rows = Departement.objects.order_by("code").values_list("code", "name", "region_id", "region__name")
    if codes is not None:
        rows = rows.filter(code__in=codes)
    return {
        code: Place(code=code, name=name, region_code=region, region_name=region_name)
        for code, name, region, region_name in rows
    }


def _histories(
    places: Mapping[str, Place], *, until: date, known_at: datetime | None, last_only: bool
) -> tuple[dict[int, Deed], dict[str, History]]:
    """Return what the pages show of each convention, and the dated facts of each département.

    Args:
        places: the départements wanted.
        until: what happened later is left out.
        known_at: what was recorded later is left out, unless None.
        last_only: whether the last meeting, answer and review are enough, which is so to read ``until`` itself.
    """
    codes = list(places)
    deeds, records = _records(codes, until=until, known_at=known_at)
    seats = _seats(codes, until=until, known_at=known_at)
    meetings = _meetings(codes, until=until, known_at=known_at, last_only=last_only)
    answers = _answers(codes, until=until, known_at=known_at, last_only=last_only)
    reviews = _reviews(codes, until=until, known_at=known_at, last_only=last_only)
    histories = {
        code: History(
            records=records[code],
            seats=seats[code],
            meetings=meetings[code],
            answers=answers[code],
            reviews=reviews[code],
        )
        for code in codes
    }
    return deeds, histories


def _known(known_at: datetime | None, field: str = "recorded_at") -> Q:
    return Q() if known_at is None else Q(**{f"{field}__lte": known_at})


def _records(
    codes: Sequence[str], *, until: date, known_at: datetime | None
) -> tuple[dict[int, Deed], dict[str, list[Record]]]:
    handings: dict[int, list[Handing]] = defaultdict(list)
    steps = StepTaken.objects.filter(
        _known(known_at), convention__departement__in=codes, convention__parent=None, happened_on__lte=until
    ).order_by("happened_on", "id")
    for convention, step, on, turn in steps.values_list("convention_id", "step", "happened_on", "turn"):
        handings[convention].append(Handing(step=Step(step), on=on, turn=Turn(turn)))
    signed: dict[int, dict[Side, date]] = defaultdict(dict)
    signatures = Signature.objects.filter(
        _known(known_at), convention__departement__in=codes, convention__parent=None, signed_on__lte=until
    )
    for convention, side, on in signatures.values_list("convention_id", "side", "signed_on"):
        signed[convention][Side(side)] = on
    deeds: dict[int, Deed] = {}
    records: dict[str, list[Record]] = defaultdict(list)
    conventions = Convention.objects.filter(_known(known_at), departement__in=codes, parent=None).order_by("id")
    for key, public_id, code, title, reference, starts_on, ends_on, template, denounced_on, denounced_at in (
        conventions.values_list(
            "id", "public_id", "departement_id", "title", "reference", "starts_on", "ends_on", "template_id",
            "denounced_on", "denounced_recorded_at",
        )
    ):  # fmt: skip
        is_known = known_at is None or (denounced_at is not None and denounced_at <= known_at)
        deeds[key] = Deed(
            public_id=public_id,
            title=title,
            reference=reference,
            starts_on=starts_on,
            ends_on=ends_on,
            template=template,
        )
        life = Life(
            steps=[(handing.step, handing.on) for handing in handings[key]],
            signed_on=signed[key],
            starts_on=starts_on,
            ends_on=ends_on,
            denounced_on=denounced_on if is_known else None,
        )
        records[code].append(Record(key=key, life=life, handings=handings[key]))
    return deeds, records


def _seats(codes: Sequence[str], *, until: date, known_at: datetime | None) -> dict[str, list[Seat]]:
    found: dict[int, tuple[str, Side, date, date | None, list[Tenure]]] = {}
    posts = Post.objects.filter(
        role__in=list(SIDE_OF_REFERENT), departement__in=codes, opened_on__lte=until
    ).order_by("id")
    for post, code, role, opened, closed, person, since, last, holding, recorded in posts.values_list(
        "id", "departement_id", "role", "opened_on", "closed_on", "mandates__person_id", "mandates__starts_on",
        "mandates__ends_on", "mandates__holding", "mandates__recorded_at",
    ):  # fmt: skip
        seat = found.setdefault(post, (code or "", SIDE_OF_REFERENT[role], opened, closed, []))
        if since is None or since > until or (known_at is not None and recorded > known_at):
            continue
        is_titulaire = holding == Holding.TITULAIRE.value
        seat[-1].append(Tenure(person=person, since=since, until=last, is_titulaire=is_titulaire))
    seats: dict[str, list[Seat]] = defaultdict(list)
    for key, (code, side, opened, closed, tenures) in found.items():
        seats[code].append(
            Seat(key=key, side=side, opened_on=opened, closed_on=closed, tenures=tenures)
        )
    return seats


def _meetings(
    codes: Sequence[str], *, until: date, known_at: datetime | None, last_only: bool
) -> dict[str, list[date]]:
    held = Meeting.objects.filter(
        _known(known_at, "outcome_recorded_at"),
        departement__in=codes,
        held_on__lte=until,
        prefecture_present=True,
        ars_present=True,
    )
    return _days(held, "departement_id", "held_on", last_only=last_only)


def _reviews(
    codes: Sequence[str], *, until: date, known_at: datetime | None, last_only: bool
) -> dict[str, list[date]]:
    reviews = Review.objects.filter(
        _known(known_at), convention__departement__in=codes, reviewed_on__lte=until
    )
    return _days(reviews, "convention__departement_id", "reviewed_on", last_only=last_only)


def _days[ModelT: (Meeting, Review)](
    rows: QuerySet[ModelT], code: str, field: str, *, last_only: bool
) -> dict[str, list[date]]:
    days: dict[str, list[date]] = defaultdict(list)
    if last_only:
        pairs = rows.order_by().values_list(code).annotate(last=Max(field))
    else:
        pairs = rows.order_by(field).values_list(code, field)
    for key, day in pairs:
        days[key].append(day)
    return days


def _answers(
    codes: Sequence[str], *, until: date, known_at: datetime | None, last_only: bool
) -> dict[str, list[Answer]]:
    checks = ContactCheck.objects.filter(
        _known(known_at, "confirmed_at"), departement__in=codes, confirmed_on__lte=until, is_right__isnull=False
    ).order_by("confirmed_on", "confirmed_at")
    if last_only:
        checks = checks.order_by("post", "person", "-confirmed_on", "-confirmed_at").distinct("post", "person")
    answers: dict[str, list[Answer]] = defaultdict(list)
    for code, post, person, on, is_right in checks.values_list(
        "departement_id", "post_id", "person_id", "confirmed_on", "is_right"
    ):
        answers[code].append(Answer(post=post, person=person, on=on, is_right=bool(is_right)))
    return answers
