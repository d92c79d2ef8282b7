"""Reads over many conventions: where each département stands on a day, and how the counts moved."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce, JSONObject

from traitdunion.audit.kept import Kept
from traitdunion.conventions import rules
from traitdunion.conventions.kinds import Fact, State, Step, Turn
from traitdunion.conventions.models import (
    ContactCheck,
    Convention,
    FormerTerms,
    Meeting,
    Review,
    Signature,
    StepTaken,
)
from traitdunion.conventions.rules import Life, Vitality, local_day
from traitdunion.conventions.rules_practice import (
    History,
    Point,
    Record,
    Seat,
    Standing,
    Tenure,
    last_day_to_answer,
    points,
    silence_days,
    standing,
)
from traitdunion.identity import queries as identity
from traitdunion.identity.kinds import REFERENTS, Holding, Role, Side
from traitdunion.identity.models import Mandate, Post
from traitdunion.identity.rules import Vacancy
from traitdunion.territories.models import Departement

SIDE_OF_REFERENT = {role.value: side for side, role in REFERENTS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A département, as the table shows it."""

    code: str
    name: str
    region_code: str
    region_name: str
    representative: str = "préfet"


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


def situation(
    day: date, *, known_at: datetime | None = None, departements: Collection[str] | None = None
) -> Mapping[str, Situation]:
    """Return where each département stands on ``day``, in three queries whatever the rows.

    Read again while nothing was written, the answer is kept by the process: one query to know that it still holds.

    Args:
        day: the day looked at.
        known_at: what was recorded from then on is left out; None reads everything known now. The end of a mandate
            carries no date of recording: it is read as known now.
        departements: the codes wanted, every one when None.
    """
    wanted = None if departements is None else tuple(departements)
    return _kept.get((day, known_at, wanted), lambda: _situation(day, known_at, wanted))


_kept: Kept[Mapping[str, Situation]] = Kept(64)


def _situation(
    day: date, known_at: datetime | None, departements: Collection[str] | None
) -> Mapping[str, Situation]:
    places, deeds, histories = _histories(departements, until=day, known_at=known_at, last_only=True)
    read = {}
    for code, place in places.items():
        stands = standing(histories[code], day)
        read[code] = Situation(
            place=place,
            standing=stands,
            convention=deeds[stands.record.key] if stands.record else None,
            draft=deeds[stands.draft.key] if stands.draft else None,
        )
    return MappingProxyType(read)


def departement_situation(
    departement: Departement, day: date, *, known_at: datetime | None = None
) -> Situation:
    """Return where ``departement`` stands on ``day``, in three queries; one département is read too fast to be kept."""
    return _situation(day, known_at, (departement.code,))[departement.code]


def turn_sentence(situation: Situation, day: date, *, reader: Role | None) -> str:
    """Return whose turn it is in a département, worded for the role that reads: on the draft first, if there is one."""
    standing = situation.standing
    awaited = standing.draft or standing.record
    read = awaited.situation(day) if awaited else None
    return rules.turn_sentence(
        read.state if read else None,
        situation.turn,
        reader=reader,
        since=situation.turn_since,
        vacant_since=standing.practice.vacant_since,
        representative=situation.place.representative,
    )


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
    """Return the three counts on each of ``days``: the facts are loaded once, in three queries.

    Kept while nothing was written, like ``situation``.
    """
    if not days:
        return []
    wanted = None if departements is None else tuple(departements)

    def read() -> list[Point]:
        _, _, histories = _histories(wanted, until=max(days), known_at=known_at, last_only=False)
        return points(histories.values(), days)

    return _kept_points.get((tuple(days), known_at, wanted), read)


_kept_points: Kept[list[Point]] = Kept(64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A person in a post of référent, and what was answered about the contact.

    Attributes:
        confirmed_on: last day on which the person said it is right.
        disputed_on: day of the last answer when it says the contact is wrong.
        silent_days: days since the question of the quarter, None when it was answered or not asked.
    """

    mandate: Mandate
    confirmed_on: date | None
    disputed_on: date | None
    silent_days: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactsOfPost:
    """A post of référent, its vacancy, and its contacts, the titulaire first."""

    post: Post
    vacancy: Vacancy
    contacts: Sequence[Contact]


def contacts(
    departement: Departement, day: date, *, known_before: datetime | None = None
) -> dict[Side, list[ContactsOfPost]]:
    """Return, side by side, the posts of référent and what their contacts answered, in three queries.

    Args:
        departement: the one read.
        day: the day of reading.
        known_before: what was recorded from then on is left out; None reads what is known now.
    """
    posts = (
        Post.objects.filter(role__in=list(SIDE_OF_REFERENT), departement=departement, opened_on__lte=day)
        .exclude(closed_on__lt=day)
        .select_related("organisation", "departement")
        .order_by("id")
    )
    checks: dict[tuple[int, int], list[ContactCheck]] = defaultdict(list)
    asked = ContactCheck.objects.filter(departement=departement).order_by("asked_at", "id")
    for check in asked if known_before is None else asked.filter(asked_at__lt=known_before):
        if known_before is not None and check.confirmed_at and check.confirmed_at >= known_before:
            check.confirmed_at = check.confirmed_on = check.is_right = None
        checks[check.post_id, check.person_id].append(check)
    sides: dict[Side, list[ContactsOfPost]] = {side: [] for side in Side}
    for seat in identity.seats(posts, day=day, known_before=known_before):
        in_post = [*seat.titulaires, *seat.suppleants]
        sides[SIDE_OF_REFERENT[seat.post.role]].append(
            ContactsOfPost(
                post=seat.post,
                vacancy=seat.vacancy,
                contacts=[
                    _contact(mandate, checks[mandate.post_id, mandate.person_id], departement, day)
                    for mandate in in_post
                ],
            )
        )
    return sides


def _contact(
    mandate: Mandate, checks: Sequence[ContactCheck], departement: Departement, day: date
) -> Contact:
    answered = [check for check in checks if check.confirmed_on is not None and check.confirmed_on <= day]
    asked = [check for check in checks if local_day(check.asked_at, departement.time_zone) <= day]
    latest = max(answered, key=lambda check: check.confirmed_on or date.min, default=None)
    last_asked = asked[-1] if asked else None
    silent = (
        silence_days(
            asked_on=local_day(last_asked.asked_at, departement.time_zone),
            answered_on=last_asked.confirmed_on,
            day=day,
        )
        if last_asked
        else None
    )
    return Contact(
        mandate=mandate,
        confirmed_on=max((c.confirmed_on for c in answered if c.is_right and c.confirmed_on), default=None),
        disputed_on=latest.confirmed_on if latest and not latest.is_right else None,
        silent_days=silent,
    )


def why_closed(check: ContactCheck, day: date) -> str:
    """Return why a confirmation can no longer be given on ``day``, empty while it can."""
    last_day = last_day_to_answer(check.quarter)
    if day > last_day:
        return (
            f"Ce lien valait pour le trimestre {check.quarter} et jusqu’au {last_day:%d/%m/%Y}. "
            "Utilisez le lien du dernier message reçu."
        )
    if not Mandate.objects.current(day).filter(post=check.post_id, person=check.person_id).exists():
        return (
            "La personne que ce lien concerne n’occupe plus ce poste : il n’y a plus rien à confirmer. "
            "Si c’est une erreur, écrivez à l’administrateur du site."
        )
    return ""


def closed_meetings(
    meetings: QuerySet[Meeting], *, known_before: datetime | None = None
) -> QuerySet[Meeting]:
    """Return the meetings held or cancelled, the latest first; as known then, unless ``known_before`` is None."""
    return (
        meetings.exclude(_open(known_before))
        .annotate(closed_on=Coalesce("held_on", "cancelled_on"))
        .order_by("-closed_on", "-pk")
    )


def open_meetings(meetings: QuerySet[Meeting], *, known_before: datetime | None = None) -> QuerySet[Meeting]:
    """Return the meetings to come or to close, the soonest first; as known then, unless ``known_before`` is None."""
    return meetings.filter(_open(known_before)).order_by("planned_on", "pk")


def _open(known_before: datetime | None) -> Q:
    without_outcome = Q(held_on=None, cancelled_on=None)
    if known_before is None:
        return without_outcome
    return without_outcome | Q(outcome_recorded_at__isnull=False, outcome_recorded_at__gte=known_before)


def outcome(meeting: Meeting) -> tuple[date | None, str]:
    """Return when a meeting was closed and how."""
    if meeting.held_on is not None:
        return meeting.held_on, f"tenue, {present(meeting)}"
    return meeting.cancelled_on, "annulée"


def present(meeting: Meeting) -> str:
    """Return who came to a meeting held."""
    if meeting.prefecture_present and meeting.ars_present:
        return "préfecture et ARS présentes"
    return "préfecture seule" if meeting.prefecture_present else "ARS seule"


# Loading


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scope:
    """Which facts are loaded.

    Attributes:
        codes: the départements wanted, every one when None.
        until: what happened later is left out.
        known_at: what was recorded from then on is left out, unless None.
        last_only: whether the last meeting, answer and review are enough; so it is to read ``until`` itself.
    """

    codes: Collection[str] | None
    until: date
    known_at: datetime | None
    last_only: bool

    def within(self, departement: str) -> Q:
        return Q() if self.codes is None else Q(**{f"{departement}__in": list(self.codes)})

    def signatures(self) -> QuerySet[Signature]:
        """Return the signatures that stand, or stood at that instant: one taken back since is there."""
        if self.known_at is None:
            return Signature.objects.all()
        standing = Q(withdrawn_recorded_at=None) | Q(withdrawn_recorded_at__gte=self.known_at)
        return Signature.every.filter(standing, recorded_at__lt=self.known_at)

    def known(self, field: str = "recorded_at") -> Q:
        return Q() if self.known_at is None else Q(**{f"{field}__lt": self.known_at})


def _histories(
    codes: Collection[str] | None, *, until: date, known_at: datetime | None, last_only: bool
) -> tuple[dict[str, Place], dict[int, Deed], dict[str, History]]:
    """Return the départements, what the pages show of each convention, and the dated facts."""
    scope = _Scope(codes=codes, until=until, known_at=known_at, last_only=last_only)
    seats = _seats(scope)
    places: dict[str, Place] = {}
    deeds: dict[int, Deed] = {}
    histories: dict[str, History] = {}
    for row in _country(scope):
        places[row.code] = Place(
            code=row.code,
            name=row.name,
            region_code=row.region_id,
            region_name=row.region.name,
            representative=row.representative,
        )
        written = [fact | _former_terms(fact) for fact in row.written]
        for fact in written:
            deeds[fact["key"]] = _deed(fact)
        histories[row.code] = History(
            records=[_record(fact, known_at) for fact in written],
            seats=seats[row.code],
            meetings=row.met,
            reviews=row.reread,
        )
    return places, deeds, histories


def _country(scope: _Scope) -> QuerySet[Any, Any]:
    """Return the départements with their conventions, meetings and reviews, in one query."""
    steps = StepTaken.objects.filter(
        scope.known(), convention=OuterRef("pk"), happened_on__lte=scope.until
    ).order_by("happened_on", "id")
    if scope.known_at is None and scope.last_only:
        # Once both sides have signed, the dates alone give the state.
        steps = steps.filter(Q(convention__signed_on=None) | Q(convention__signed_on__gt=scope.until))
    signatures = (
        scope.signatures().filter(convention=OuterRef("pk"), signed_on__lte=scope.until).order_by("id")
    )
    written = Convention.objects.filter(scope.known(), departement=OuterRef("pk"), parent=None).order_by("id")
    held = Meeting.objects.filter(
        scope.known("outcome_recorded_at"),
        departement=OuterRef("pk"),
        held_on__lte=scope.until,
        prefecture_present=True,
        ars_present=True,
    ).values_list("held_on", flat=True)
    reviews = Review.objects.filter(
        scope.known(), convention__departement=OuterRef("pk"), reviewed_on__lte=scope.until
    ).values_list("reviewed_on", flat=True)
    fact = JSONObject(
        **({} if scope.known_at is None else {"former": _replaced_since(scope.known_at)}),
        key="id",
        public_id="public_id",
        title="title",
        reference="reference",
        starts_on="starts_on",
        ends_on="ends_on",
        template="template_id",
        denounced_on="denounced_on",
        denounced_at="denounced_recorded_at",
        steps=ArraySubquery(steps.values(fact=JSONObject(step="step", on="happened_on", turn="turn"))),
        signatures=ArraySubquery(signatures.values(fact=JSONObject(side="side", on="signed_on"))),
    )
    only = slice(1) if scope.last_only else slice(None)
    return (
        Departement.objects.filter(scope.within("code"))
        .order_by("code")
        .select_related("region")
        .annotate(
            written=ArraySubquery(written.values(fact=fact)),
            met=ArraySubquery(_sorted(held, "held_on", scope)[only]),
            reread=ArraySubquery(_sorted(reviews, "reviewed_on", scope)[only]),
        )
    )


def _replaced_since(known_at: datetime) -> ArraySubquery:
    """Return what a convention said of itself until an act replaced it: none, or the terms of that instant."""
    former = FormerTerms.objects.filter(convention=OuterRef("pk"), recorded_at__gte=known_at)
    terms = JSONObject(
        title="title",
        reference="reference",
        starts_on="starts_on",
        ends_on="ends_on",
        template="template_id",
        denounced_on="denounced_on",
        denounced_at="denounced_recorded_at",
    )
    return ArraySubquery(former.order_by("recorded_at", "pk").values(terms=terms)[:1])


def _sorted(days: QuerySet[Any, Any], field: str, scope: _Scope) -> QuerySet[Any, Any]:
    """Order the days, oldest first; latest first when only the last one is wanted."""
    return days.order_by(f"-{field}" if scope.last_only else field)


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _former_terms(fact: Mapping[str, Any]) -> Mapping[str, Any]:
    return next(iter(fact.get("former") or ()), {})


def _deed(fact: Mapping[str, Any]) -> Deed:
    return Deed(
        public_id=UUID(fact["public_id"]),
        title=fact["title"],
        reference=fact["reference"],
        starts_on=_day(fact["starts_on"]),
        ends_on=_day(fact["ends_on"]),
        template=fact["template"],
    )


def _record(fact: Mapping[str, Any], known_at: datetime | None) -> Record:
    recorded = fact["denounced_at"]
    is_known = known_at is None or (recorded is not None and datetime.fromisoformat(recorded) < known_at)
    return Record(
        key=fact["key"],
        life=Life(
            steps=[(Step(step["step"]), date.fromisoformat(step["on"])) for step in fact["steps"]],
            signed_on={Side(one["side"]): date.fromisoformat(one["on"]) for one in fact["signatures"]},
            starts_on=_day(fact["starts_on"]),
            ends_on=_day(fact["ends_on"]),
            denounced_on=_day(fact["denounced_on"]) if is_known else None,
        ),
        handed=[(Turn(step["turn"]), date.fromisoformat(step["on"])) for step in fact["steps"]],
    )


def _seats(scope: _Scope) -> dict[str, list[Seat]]:
    answers = _answers(scope)
    found: dict[int, tuple[str, Seat, list[Tenure]]] = {}
    posts = Post.objects.filter(
        scope.within("departement"),
        role__in=list(SIDE_OF_REFERENT),
        departement__isnull=False,
        opened_on__lte=scope.until,
    )
    for post, code, role, opened, closed, person, since, last, holding, recorded in posts.order_by(
        "id"
    ).values_list(
        "id", "departement_id", "role", "opened_on", "closed_on", "mandates__person_id",
        "mandates__starts_on", "mandates__ends_on", "mandates__holding", "mandates__recorded_at",
    ):  # fmt: skip
        if post not in found:
            tenures: list[Tenure] = []
            seat = Seat(side=SIDE_OF_REFERENT[role], opened_on=opened, closed_on=closed, tenures=tenures)
            found[post] = (code or "", seat, tenures)
        if since is None or since > scope.until:
            continue
        if scope.known_at is not None and recorded >= scope.known_at:
            continue
        found[post][2].append(
            Tenure(
                since=since,
                until=last,
                is_titulaire=holding == Holding.TITULAIRE.value,
                answers=answers.get((post, person), ()),
            )
        )
    seats: dict[str, list[Seat]] = defaultdict(list)
    for code, seat, _ in found.values():
        seats[code].append(seat)
    return seats


def _answers(scope: _Scope) -> dict[tuple[int, int], list[tuple[date, bool]]]:
    """Return what each person said of the contact in each post, oldest first."""
    checks = ContactCheck.objects.filter(
        scope.known("confirmed_at"),
        scope.within("departement"),
        confirmed_on__lte=scope.until,
        is_right__isnull=False,
    )
    if scope.last_only:
        checks = checks.order_by("post", "person", "-confirmed_on", "-confirmed_at").distinct(
            "post", "person"
        )
    else:
        checks = checks.order_by("confirmed_on", "confirmed_at")
    answers: dict[tuple[int, int], list[tuple[date, bool]]] = defaultdict(list)
    for post, person, on, is_right in checks.values_list("post_id", "person_id", "confirmed_on", "is_right"):
        if on is not None:
            answers[post, person].append((on, bool(is_right)))
    return answers
