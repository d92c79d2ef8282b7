"""What the pages that cross several apps show: the two institutions of a département, the homes, the public plan."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection
from django.db.models import Count, Q

from traitdunion.conventions import queries as conventions
from traitdunion.conventions.kinds import Fact, State
from traitdunion.identity.access import departements_visible_to
from traitdunion.identity.kinds import REFERENTS, SIDE_OF, Holding, Role, Side
from traitdunion.identity.models import Mandate, Person, Post
from traitdunion.identity.rules import Holding as Held
from traitdunion.identity.rules import Vacancy, vacancy
from traitdunion.plan import access as plan_access
from traitdunion.plan import queries as plan
from traitdunion.plan.kinds import ActionState, Owner
from traitdunion.plan.queries import ActionLine
from traitdunion.portal.changes import SHOWN, Change, DayOfChanges, Stay, by_day, changes
from traitdunion.reviews import access as reviews
from traitdunion.reviews import queries_turns
from traitdunion.reviews.kinds import State as BilanState
from traitdunion.reviews.rules import Quarter
from traitdunion.territories.models import Departement

SHOWN_ACTIONS = 12
DYAD_ROLES = tuple(SIDE_OF)
LATE = (ActionState.EN_RETARD.value,)
OVER = (ActionState.REALISEE.value, ActionState.ABANDONNEE.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chair:
    """A post of one side and who holds it on a day."""

    role: str
    is_referent: bool
    holder: str
    since: date | None
    stand_in: str
    vacancy: Vacancy


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """One institution of the dyad."""

    side: Side
    name: str
    chairs: Sequence[Chair]
    actions: Sequence[ActionLine]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bilan:
    """A bilan as a page around it tells it: where it stands, whose turn it is, how long is left."""

    text: queries_turns.Text
    place: str
    turn: str
    clock: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dyad:
    """The two institutions of a département face to face, as one mandate reads them.

    Attributes:
        bilans: the last one, and those of the last quarters that still await someone; none on a past day.
        changes: what was recorded since the last visit, of a past day what was known then; the latest first.
        days: the first of them, gathered by day.
        not_shown: how many changes are left out of ``days``.
        previous_visit: when the visit before began, None for the first one and for a past day.
    """

    departement: Departement
    situation: conventions.Situation
    turn: str
    bilans: Sequence[Bilan]
    faces: Sequence[Face]
    shared_actions: Sequence[ActionLine]
    open_actions: int
    changes: Sequence[Change]
    days: Sequence[DayOfChanges]
    not_shown: int
    previous_visit: datetime | None


def dyad(
    departement: Departement,
    *,
    mandate: Mandate,
    day: date,
    bilans: Sequence[queries_turns.Text] = (),
    known_before: datetime | None = None,
    previous_visit: datetime | None = None,
) -> Dyad:
    """Return the page of a département: people, convention, turn, actions, what changed since the last visit.

    Args:
        departement: the one read.
        mandate: who reads.
        day: the day of reading.
        bilans: the versions of its last bilans.
        known_before: what was recorded from then on is left out; None reads what is known now.
        previous_visit: what was recorded until then is no news.
    """
    situation = conventions.departement_situation(departement, day, known_at=known_before)
    posts = _posts(departement, day, known_before)
    chairs = _chairs(posts, day, departement.representative)
    lines = _open_lines(departement, mandate, day)
    names = {Side.PREFECTURE: departement.prefecture_name, Side.ARS: departement.ars.name}
    told = changes(
        departement,
        mandate=mandate,
        until=day,
        stays=[stay for post in posts for stay in post.stays],
        bilans=bilans,
        known_before=known_before,
        since=previous_visit,
    )
    return Dyad(
        departement=departement,
        situation=situation,
        turn=conventions.turn_sentence(situation, day, reader=mandate.role),
        bilans=[
            told_bilan(text, departement, mandate=mandate, day=day)
            for text in queries_turns.standing(bilans)
            if known_before is None
        ],
        faces=[
            Face(
                side=side,
                name=names[side],
                chairs=chairs[side],
                actions=[line for line in lines if line.owner is Owner(side.value)][:SHOWN_ACTIONS],
            )
            for side in Side
        ],
        shared_actions=[line for line in lines if line.owner is Owner.BOTH][:SHOWN_ACTIONS],
        open_actions=len(lines),
        changes=told,
        days=by_day(told[:SHOWN], departement),
        not_shown=max(len(told) - SHOWN, 0),
        previous_visit=previous_visit,
    )


def told_bilan(
    text: queries_turns.Text, departement: Departement | None, *, mandate: Mandate, day: date
) -> Bilan:
    """Return the bilan of a département, or of the nation, as ``mandate`` is told it on ``day``."""
    return Bilan(
        text=text,
        place="Nation" if departement is None else str(departement),
        turn=text.said(reviews.party_at(mandate, departement)),
        clock=text.clock(day),
    )


def _open_lines(departement: Departement, mandate: Mandate, day: date) -> list[ActionLine]:
    visible = plan_access.actions_visible_to(mandate).filter(departement=departement)
    return plan.open_lines(visible, day)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Post:
    role: Role
    opened_on: date
    stays: Sequence[Stay]


def _posts(departement: Departement, day: date, known_before: datetime | None) -> list[_Post]:
    """Return the posts of both sides open on ``day`` with the stays in them, in one query."""
    rows = (
        Post.objects.filter(
            Q(departement=departement) | Q(region=departement.region_id, departement=None),
            role__in=[role.value for role in DYAD_ROLES],
            opened_on__lte=day,
        )
        .exclude(closed_on__lt=day)
        .order_by("id", "mandates__starts_on")
        .values_list(
            "id", "role", "opened_on", "mandates__person__name", "mandates__holding", "mandates__starts_on",
            "mandates__ends_on", "mandates__recorded_at", "mandates__author_label",
        )
    )  # fmt: skip
    posts: dict[int, _Post] = {}
    stays: dict[int, list[Stay]] = defaultdict(list)
    for key, role, opened_on, name, holding, since, until, recorded_at, author in rows:
        posts[key] = _Post(role=Role(role), opened_on=opened_on, stays=stays[key])
        if since is None or since > day or (known_before is not None and recorded_at >= known_before):
            continue
        stays[key].append(
            Stay(
                role=Role(role),
                name=name,
                holding=holding,
                since=since,
                until=until,
                recorded_at=recorded_at,
                author=author,
            )
        )
    return list(posts.values())


def _chairs(posts: Iterable[_Post], day: date, representative: str) -> dict[Side, list[Chair]]:
    """Return who holds the posts of both sides, référents first."""
    chairs: dict[Side, list[Chair]] = {side: [] for side in Side}
    for post in posts:
        chairs[SIDE_OF[post.role]].append(_chair(post, day, representative))
    for side in Side:
        chairs[side].sort(key=lambda chair: not chair.is_referent)
    return chairs


def _chair(post: _Post, day: date, representative: str) -> Chair:
    running = [stay for stay in post.stays if stay.until is None or stay.until >= day]
    holder = next((stay for stay in running if stay.holding == Holding.TITULAIRE.value), None)
    stand_in = next((stay for stay in running if stay.holding == Holding.SUPPLEANT.value), None)
    return Chair(
        role=post.role.called(representative),
        is_referent=post.role in REFERENTS.values(),
        holder=holder.name if holder else "",
        since=holder.since if holder else None,
        stand_in=stand_in.name if stand_in else "",
        vacancy=vacancy(
            [
                Held(since=stay.since, until=stay.until)
                for stay in post.stays
                if stay.holding == Holding.TITULAIRE.value
            ],
            opened_on=post.opened_on,
            day=day,
        ),
    )


def visit(departement: Departement, *, person: Person, at: datetime) -> datetime | None:
    """Note that ``person`` opened the page and return when the visit before ended, None the very first time.

    Pages opened within half an hour belong to one visit: reading again does not empty « ce qui a changé ». A page
    read again during the first visit is compared with its first reading: a first visit is told once.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO conventions_lastvisit AS known (person_id, departement_id, visited_at)
            VALUES (%s, %s, %s)
            ON CONFLICT (person_id, departement_id) DO UPDATE SET
                previous_at = CASE WHEN excluded.visited_at - known.visited_at > interval '30 minutes'
                                   THEN known.visited_at
                                   ELSE coalesce(known.previous_at, known.visited_at) END,
                visited_at = excluded.visited_at
            RETURNING previous_at
            """,
            [person.pk, departement.code, at],
        )
        row = cursor.fetchone()
    previous: datetime | None = row[0]
    return previous


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenActions:
    """How many actions are neither done nor given up, and how many of them are late."""

    late: int
    total: int


NONE_OPEN = OpenActions(late=0, total=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A département in a list: where it stands and what is expected of the reader."""

    situation: conventions.Situation
    turn: str
    actions: OpenActions


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The home of a mandate that reads several départements.

    Attributes:
        counts: the conventions, counted.
        rows: where each département stands.
        facts: what holds of the conventions, counted.
        actions: the national ones and theirs, counted.
        bilans: those that await the institution of the reader, the national one first.
        quarter: the last quarter with a bilan open here, None before the first.
        signed: how many of its bilans both institutions signed, and over how many.
    """

    counts: conventions.Counts
    rows: Sequence[Row]
    facts: Sequence[tuple[str, int]]
    actions: OpenActions
    bilans: Sequence[Bilan]
    quarter: Quarter | None
    signed: tuple[int, int]


def overview(mandate: Mandate, *, day: date, known_before: datetime | None = None) -> Overview:
    """Return where every visible département stands, and how many of its open actions are late in each.

    Args:
        mandate: who reads.
        day: the day of reading.
        known_before: what was recorded from then on is left out; None reads what is known now.
    """
    places = {departement.code: departement for departement in departements_visible_to(mandate)}
    # Those of the whole country are kept from one page to the next.
    codes = None if mandate.is_national else list(places)
    situations = conventions.situation(day, known_at=known_before, departements=codes)
    actions = open_actions(mandate, day=day)
    texts = [
        text
        for text in queries_turns.standing(queries_turns.told(day=day))
        if (text.departement or mandate.is_national) and text.departement in {"", *places}
    ]
    quarter = max((text.quarter for text in texts if text.departement), default=None)
    last = [text for text in texts if text.departement and text.quarter == quarter]
    counts = conventions.counts(situations.values())
    return Overview(
        counts=counts,
        rows=[
            Row(
                situation=each,
                turn=conventions.turn_sentence(each, day, reader=mandate.role),
                actions=actions.get(code, NONE_OPEN),
            )
            for code, each in situations.items()
        ],
        facts=[(fact.label, counts.facts[fact]) for fact in Fact],
        actions=OpenActions(
            late=sum(each.late for each in actions.values()),
            total=sum(each.total for each in actions.values()),
        ),
        bilans=[
            told_bilan(text, places.get(text.departement), mandate=mandate, day=day)
            for text in texts
            if reviews.party_at(mandate, places.get(text.departement)) in text.awaited
        ],
        quarter=quarter,
        signed=(sum(text.state is BilanState.SIGNE for text in last), len(last)),
    )


def open_actions(mandate: Mandate, *, day: date) -> Mapping[str, OpenActions]:
    """Return the open actions and the late ones, by code of département (empty for the nation), in one query."""
    visible = plan.with_state(plan.known(plan_access.actions_visible_to(mandate), day), day)
    counted = (
        visible.exclude(state__in=OVER)
        .values("departement_id")
        .annotate(count=Count("pk"), late=Count("pk", filter=Q(state__in=LATE)))
        .order_by()
    )
    return {row["departement_id"] or "": OpenActions(late=row["late"], total=row["count"]) for row in counted}


def awaited(rows: Sequence[Row], side: Side | None) -> list[Row]:
    """Return the départements in which something is expected of ``side``, of anyone when it is None."""
    waiting = {State.PROJET, State.RELECTURE, State.A_SIGNER, State.ECHUE, State.DENONCEE, None}
    return [
        row
        for row in rows
        if row.situation.state in waiting
        and (side is None or row.situation.state is None or row.situation.turn.value in {side.value, "both"})
    ]
