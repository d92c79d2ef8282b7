"""Reads over many conventions: where each département stands on a day, and how the counts moved."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Max, Q, QuerySet
from django.db.models.functions import Coalesce

from traitdunion.audit.models import Entry
from traitdunion.conventions.kinds import Fact, State, Step, Turn
from traitdunion.conventions.models import ContactCheck, Convention, Meeting, Review, Signature, StepTaken
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
from traitdunion.identity.kinds import REFERENTS, Holding, Side
from traitdunion.identity.models import Mandate, Post
from traitdunion.identity.rules import Vacancy
from traitdunion.territories.models import Departement

PARIS = ZoneInfo("Europe/Paris")
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
    _, _, histories = _histories(departements, until=max(days), known_at=known_at, last_only=False)
    return points(histories.values(), days)


def last_change() -> int:
    """Return a number that grows whenever a convention, a post or a mandate is written."""
    latest = (
        Entry.objects.filter(Q(event__startswith="conventions.") | Q(event__startswith="identity."))
        .order_by("-id")
        .values_list("id", flat=True)
        .first()
    )
    return latest or 0


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


def contacts(departement: Departement, day: date) -> dict[Side, list[ContactsOfPost]]:
    """Return, side by side, the posts of référent and what their contacts answered, in three queries."""
    posts = (
        Post.objects.filter(role__in=list(SIDE_OF_REFERENT), departement=departement, opened_on__lte=day)
        .exclude(closed_on__lt=day)
        .select_related("organisation", "departement")
        .order_by("id")
    )
    checks: dict[tuple[int, int], list[ContactCheck]] = defaultdict(list)
    for check in ContactCheck.objects.filter(departement=departement).order_by("asked_at", "id"):
        checks[check.post_id, check.person_id].append(check)
    sides: dict[Side, list[ContactsOfPost]] = {side: [] for side in Side}
    for seat in identity.seats(posts, day=day):
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


def timeline(departement: Departement, *, until: date, limit: int = 50) -> list[Happening]:
    """Return what happened in ``departement`` up to ``until``, latest first, in six queries.

    A page that shows what changed since a visit keeps the lines whose ``recorded_at`` is later.
    """
    lines = [
        *_told_by_steps(departement, until),
        *_told_by_signatures(departement, until),
        *_told_by_conventions(departement, until),
        *_told_by_meetings(departement, until),
        *_told_by_reviews(departement, until),
        *_told_by_contacts(departement, until),
    ]
    lines.sort(key=lambda line: (line.on, line.recorded_at), reverse=True)
    return lines[:limit]


def _told_by_steps(departement: Departement, until: date) -> Iterable[Happening]:
    steps = StepTaken.objects.filter(
        convention__departement=departement, happened_on__lte=until
    ).select_related("convention")
    for step in steps:
        yield Happening(
            on=step.happened_on,
            recorded_at=step.recorded_at,
            text=f"{step.convention.title} : {Step(step.step).label}",
            author=step.author_label,
            reason=step.reason,
            convention=step.convention.public_id,
        )


def _told_by_signatures(departement: Departement, until: date) -> Iterable[Happening]:
    signatures = Signature.objects.filter(
        convention__departement=departement, signed_on__lte=until
    ).select_related("convention")
    for signature in signatures:
        side = "la préfecture" if signature.side == Side.PREFECTURE.value else "l’ARS"
        yield Happening(
            on=signature.signed_on,
            recorded_at=signature.recorded_at,
            text=f"{signature.convention.title} : signée par {side} ({signature.quality})",
            author=signature.author_label,
            convention=signature.convention.public_id,
        )


def _told_by_conventions(departement: Departement, until: date) -> Iterable[Happening]:
    """Tell what dates alone bring: the entry into force, the term, the denunciation."""
    for convention in Convention.objects.filter(departement=departement, signed_on__lte=until):
        ends_on, starts_on = convention.ends_on, convention.starts_on
        moments: list[tuple[date | None, str, str]] = [
            (starts_on, "entre en vigueur", ""),
            (ends_on + timedelta(days=1) if ends_on else None, "échue", ""),
            (convention.denounced_on, "dénoncée", convention.denounced_reason),
        ]
        if convention.denounced_on and ends_on and convention.denounced_on <= ends_on:
            moments.pop(1)
        for on, words, reason in moments:
            if on is None or on > until:
                continue
            recorded = convention.denounced_recorded_at if words == "dénoncée" else None
            yield Happening(
                on=on,
                recorded_at=recorded or datetime.combine(on, time.min, tzinfo=PARIS),
                text=f"{convention.title} : {words}",
                author="",
                reason=reason,
                convention=convention.public_id,
            )


def _told_by_meetings(departement: Departement, until: date) -> Iterable[Happening]:
    for meeting in Meeting.objects.filter(departement=departement):
        if meeting.held_on is not None and meeting.held_on <= until:
            on, words = meeting.held_on, f"Réunion tenue : {meeting.subject} ({present(meeting)})"
        elif meeting.cancelled_on is not None and meeting.cancelled_on <= until:
            on, words = meeting.cancelled_on, f"Réunion annulée : {meeting.subject}"
        else:
            continue
        yield Happening(
            on=on,
            recorded_at=meeting.outcome_recorded_at or meeting.recorded_at,
            text=words,
            author=meeting.outcome_by,
        )


def _told_by_reviews(departement: Departement, until: date) -> Iterable[Happening]:
    reviews = Review.objects.filter(
        convention__departement=departement, reviewed_on__lte=until
    ).select_related("convention")
    for review in reviews:
        yield Happening(
            on=review.reviewed_on,
            recorded_at=review.recorded_at,
            text=f"{review.convention.title} : revue faite. {review.conclusion}",
            author=review.author_label,
            convention=review.convention.public_id,
        )


def _told_by_contacts(departement: Departement, until: date) -> Iterable[Happening]:
    checks = ContactCheck.objects.filter(
        departement=departement, confirmed_on__lte=until, confirmed_at__isnull=False
    ).select_related("person", "post__organisation")
    for check in checks:
        said = "coordonnées confirmées" if check.is_right else "coordonnées à corriger"
        if check.confirmed_on is not None and check.confirmed_at is not None:
            yield Happening(
                on=check.confirmed_on,
                recorded_at=check.confirmed_at,
                text=f"{check.post} : {said}",
                author=check.person.name,
            )


def closed_meetings(meetings: QuerySet[Meeting]) -> QuerySet[Meeting]:
    """Return the meetings held or cancelled, the latest first."""
    return (
        meetings.exclude(held_on=None, cancelled_on=None)
        .annotate(closed_on=Coalesce("held_on", "cancelled_on"))
        .order_by("-closed_on", "-pk")
    )


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
        known_at: what was recorded later is left out, unless None.
        last_only: whether the last meeting, answer and review are enough; so it is to read ``until`` itself.
    """

    codes: Collection[str] | None
    until: date
    known_at: datetime | None
    last_only: bool

    def within(self, departement: str) -> Q:
        return Q() if self.codes is None else Q(**{f"{departement}__in": list(self.codes)})

    def known(self, field: str = "recorded_at") -> Q:
        return Q() if self.known_at is None else Q(**{f"{field}__lte": self.known_at})


def _histories(
    codes: Collection[str] | None, *, until: date, known_at: datetime | None, last_only: bool
) -> tuple[dict[str, Place], dict[int, Deed], dict[str, History]]:
    """Return the départements, what the pages show of each convention, and the dated facts."""
    scope = _Scope(codes=codes, until=until, known_at=known_at, last_only=last_only)
    places = _places(scope)
    deeds, records = _records(scope)
    seats, meetings, reviews = _seats(scope), _meetings(scope), _reviews(scope)
    histories = {
        code: History(
            records=records[code],
            seats=seats[code],
            meetings=meetings[code],
            reviews=reviews[code],
        )
        for code in places
    }
    return places, deeds, histories


def _places(scope: _Scope) -> dict[str, Place]:
    rows = Departement.objects.filter(scope.within("code")).order_by("code")
    return {
        code: Place(code=code, name=name, region_code=region, region_name=region_name)
        for code, name, region, region_name in rows.values_list("code", "name", "region_id", "region__name")
    }


def _records(scope: _Scope) -> tuple[dict[int, Deed], dict[str, list[Record]]]:
    taken, handed = _steps(scope)
    signed: dict[int, dict[Side, date]] = defaultdict(dict)
    signatures = Signature.objects.filter(
        scope.known(),
        scope.within("convention__departement"),
        convention__parent=None,
        signed_on__lte=scope.until,
    )
    for convention, side, on in signatures.values_list("convention_id", "side", "signed_on"):
        signed[convention][Side(side)] = on
    deeds: dict[int, Deed] = {}
    records: dict[str, list[Record]] = defaultdict(list)
    conventions = Convention.objects.filter(scope.known(), scope.within("departement"), parent=None)
    for key, public_id, code, title, reference, starts_on, ends_on, template, denounced_on, denounced_at in (
        conventions.order_by("id").values_list(
            "id", "public_id", "departement_id", "title", "reference", "starts_on", "ends_on", "template_id",
            "denounced_on", "denounced_recorded_at",
        )
    ):  # fmt: skip
        deeds[key] = Deed(
            public_id=public_id,
            title=title,
            reference=reference,
            starts_on=starts_on,
            ends_on=ends_on,
            template=template,
        )
        is_known = scope.known_at is None or (denounced_at is not None and denounced_at <= scope.known_at)
        life = Life(
            steps=taken[key],
            signed_on=signed[key],
            starts_on=starts_on,
            ends_on=ends_on,
            denounced_on=denounced_on if is_known else None,
        )
        records[code].append(Record(key=key, life=life, handed=handed[key]))
    return deeds, records


def _steps(
    scope: _Scope,
) -> tuple[dict[int, list[tuple[Step, date]]], dict[int, list[tuple[Turn, date]]]]:
    """Return the declared steps of each convention, and the side to which each handed the pen."""
    taken: dict[int, list[tuple[Step, date]]] = defaultdict(list)
    handed: dict[int, list[tuple[Turn, date]]] = defaultdict(list)
    steps = StepTaken.objects.filter(
        scope.known(),
        scope.within("convention__departement"),
        convention__parent=None,
        happened_on__lte=scope.until,
    )
    if scope.known_at is None and scope.last_only:
        # Once both sides have signed, the dates alone give the state.
        steps = steps.filter(Q(convention__signed_on=None) | Q(convention__signed_on__gt=scope.until))
    for convention, step, on, turn in steps.order_by("happened_on", "id").values_list(
        "convention_id", "step", "happened_on", "turn"
    ):
        taken[convention].append((Step(step), on))
        handed[convention].append((Turn(turn), on))
    return taken, handed


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
        if scope.known_at is not None and recorded > scope.known_at:
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


def _meetings(scope: _Scope) -> dict[str, list[date]]:
    held = Meeting.objects.filter(
        scope.known("outcome_recorded_at"),
        scope.within("departement"),
        held_on__lte=scope.until,
        prefecture_present=True,
        ars_present=True,
    )
    return _days(held, "departement_id", "held_on", last_only=scope.last_only)


def _reviews(scope: _Scope) -> dict[str, list[date]]:
    reviews = Review.objects.filter(
        scope.known(), scope.within("convention__departement"), reviewed_on__lte=scope.until
    )
    return _days(reviews, "convention__departement_id", "reviewed_on", last_only=scope.last_only)


def _days[ModelT: (Meeting, Review)](
    rows: QuerySet[ModelT], code: str, field: str, *, last_only: bool
) -> dict[str, list[date]]:
    days: dict[str, list[date]] = defaultdict(list)
    pairs: Iterable[tuple[str, date]]
    if last_only:
        pairs = rows.order_by().values(code).annotate(last=Max(field)).values_list(code, "last")
    else:
        pairs = rows.order_by(field).values_list(code, field)
    for key, day in pairs:
        days[key].append(day)
    return days
