"""What the pages that cross several apps show: the two institutions of a département, the homes, the public plan."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection
from django.db.models import Count, Q

from traitdunion.conventions import queries as conventions
from traitdunion.conventions.kinds import Fact, State
from traitdunion.conventions.queries_timeline import Happening, timeline
from traitdunion.conventions.rules import turn_sentence
from traitdunion.identity.access import departements_visible_to
from traitdunion.identity.kinds import REFERENTS, SIDE_OF, Holding, Role, Side
from traitdunion.identity.models import Mandate, Person, Post
from traitdunion.identity.rules import Holding as Stay
from traitdunion.identity.rules import Vacancy, vacancy
from traitdunion.plan import access as plan_access
from traitdunion.plan import queries as plan
from traitdunion.plan.kinds import ActionState, Owner
from traitdunion.plan.queries import ActionLine
from traitdunion.territories.models import Departement

SHOWN_ACTIONS = 12
SHOWN_CHANGES = 8
DYAD_ROLES = tuple(SIDE_OF)
LATE = (ActionState.EN_RETARD.value,)


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
class Dyad:
    """The two institutions of a département face to face, as one mandate reads them."""

    departement: Departement
    situation: conventions.Situation
    turn: str
    faces: Sequence[Face]
    shared_actions: Sequence[ActionLine]
    open_actions: int
    changes: Sequence[Happening]
    previous_visit: datetime | None


def dyad(departement: Departement, *, mandate: Mandate, day: date, previous_visit: datetime | None) -> Dyad:
    """Return the page of a département: people, convention, turn, actions, what changed since the last visit."""
    situation = conventions.departement_situation(departement, day)
    chairs = _chairs(departement, day)
    lines = _open_lines(departement, mandate, day)
    names = {Side.PREFECTURE: departement.prefecture_name, Side.ARS: departement.ars.name}
    happened = timeline(departement, until=day, limit=200)
    changes = [line for line in happened if previous_visit is None or line.recorded_at > previous_visit]
    return Dyad(
        departement=departement,
        situation=situation,
        turn=_turn(situation, mandate.side),
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
        changes=changes[:SHOWN_CHANGES],
        previous_visit=previous_visit,
    )


def _turn(situation: conventions.Situation, reader: Side | None) -> str:
    if situation.state is None:
        return "Aucune convention : à l’une des deux parties d’ouvrir un projet."
    return turn_sentence(situation.state, situation.turn, reader=reader)


def _open_lines(departement: Departement, mandate: Mandate, day: date) -> list[ActionLine]:
    visible = plan_access.actions_visible_to(mandate).filter(departement=departement)
    return plan.open_lines(visible, day)


def _chairs(departement: Departement, day: date) -> dict[Side, list[Chair]]:
    """Return the posts of both sides, référents first, in one query."""
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
            "mandates__ends_on",
        )
    )  # fmt: skip
    posts: dict[int, tuple[Role, date]] = {}
    stays: dict[int, list[tuple[str, str, date, date | None]]] = defaultdict(list)
    for key, role, opened_on, name, holding, since, until in rows:
        posts[key] = (Role(role), opened_on)
        if since is not None and since <= day:
            stays[key].append((name, holding, since, until))
    chairs: dict[Side, list[Chair]] = {side: [] for side in Side}
    for key, (role, opened_on) in posts.items():
        chairs[SIDE_OF[role]].append(_chair(role, opened_on, stays[key], day))
    for side in Side:
        chairs[side].sort(key=lambda chair: not chair.is_referent)
    return chairs


def _chair(
    role: Role, opened_on: date, stays: Sequence[tuple[str, str, date, date | None]], day: date
) -> Chair:
    running = [stay for stay in stays if stay[3] is None or stay[3] >= day]
    holder = next((stay for stay in running if stay[1] == Holding.TITULAIRE.value), None)
    stand_in = next((stay for stay in running if stay[1] == Holding.SUPPLEANT.value), None)
    return Chair(
        role=role.label,
        is_referent=role in REFERENTS.values(),
        holder=holder[0] if holder else "",
        since=holder[2] if holder else None,
        stand_in=stand_in[0] if stand_in else "",
        vacancy=vacancy(
            [Stay(since=stay[2], until=stay[3]) for stay in stays if stay[1] == Holding.TITULAIRE.value],
            opened_on=opened_on,
            day=day,
        ),
    )


def visit(departement: Departement, *, person: Person, at: datetime) -> datetime | None:
    """Note that ``person`` opened the page and return when the visit before began, None for the first.

    Pages opened within half an hour belong to one visit: reading again does not empty « ce qui a changé ».
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO conventions_lastvisit AS known (person_id, departement_id, visited_at)
            VALUES (%s, %s, %s)
            ON CONFLICT (person_id, departement_id) DO UPDATE SET
                previous_at = CASE WHEN excluded.visited_at - known.visited_at > interval '30 minutes'
                                   THEN known.visited_at ELSE known.previous_at END,
                visited_at = excluded.visited_at
            RETURNING previous_at
            """,
            [person.pk, departement.code, at],
        )
        row = cursor.fetchone()
    previous: datetime | None = row[0]
    return previous


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A département in a list: where it stands and what is expected of the reader."""

    situation: conventions.Situation
    turn: str
    late: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The home of a mandate that reads several départements."""

    counts: conventions.Counts
    rows: Sequence[Row]
    facts: Sequence[tuple[str, int]]


def overview(mandate: Mandate, *, day: date) -> Overview:
    """Return where every visible département stands, and how many actions are late in each."""
    codes = (
        None if mandate.is_national else list(departements_visible_to(mandate).values_list("code", flat=True))
    )
    situations = conventions.situation(day, departements=codes)
    late = late_actions(mandate, day=day)
    counts = conventions.counts(situations.values())
    return Overview(
        counts=counts,
        rows=[
            Row(situation=each, turn=_turn(each, mandate.side), late=late.get(code, 0))
            for code, each in situations.items()
        ],
        facts=[(fact.label, counts.facts[fact]) for fact in Fact],
    )


def late_actions(mandate: Mandate, *, day: date) -> Mapping[str, int]:
    """Return how many actions are late, by code of département (empty for the nation)."""
    visible = plan.with_state(plan.known(plan_access.actions_visible_to(mandate), day), day)
    counted = (
        visible.filter(Q(state__in=LATE)).values("departement_id").annotate(count=Count("pk")).order_by()
    )
    return {row["departement_id"] or "": row["count"] for row in counted}


def awaited(rows: Sequence[Row], side: Side | None) -> list[Row]:
    """Return the départements in which something is expected of ``side``, of anyone when it is None."""
    waiting = {State.PROJET, State.RELECTURE, State.A_SIGNER, State.ECHUE, State.DENONCEE, None}
    return [
        row
        for row in rows
        if row.situation.state in waiting
        and (side is None or row.situation.state is None or row.situation.turn.value in {side.value, "both"})
    ]
