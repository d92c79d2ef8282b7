"""Reads about persons and posts."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Prefetch, Q, QuerySet

from traitdunion.identity.kinds import REFERENTS, SIDE_OF, SIGNATORIES, Role, Side
from traitdunion.identity.models import Delegation, Mandate, Organisation, Person, Post
from traitdunion.identity.rules import Holding, Vacancy, vacancy


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A post on a day: who holds it, who stands in, or since when nobody does."""

    post: Post
    titulaires: Sequence[Mandate]
    suppleants: Sequence[Mandate]
    vacancy: Vacancy


def seats(posts: Iterable[Post], *, day: date, known_before: datetime | None = None) -> list[Seat]:
    """Return the state of each post on ``day``, in two queries whatever their number.

    Args:
        posts: those wanted.
        day: the day of reading.
        known_before: the mandates recorded from then on are left out; None reads what is known now. The end of a
            mandate carries no date of recording: it is read as known now.
    """
    posts = list(posts)
    stays: dict[int, list[Mandate]] = defaultdict(list)
    held = Mandate.objects.filter(post__in=posts, starts_on__lte=day).select_related("person")
    for mandate in held if known_before is None else held.filter(recorded_at__lt=known_before):
        stays[mandate.post_id].append(mandate)
    return [_seat(post, stays[post.pk], day) for post in posts]


def _seat(post: Post, stays: Sequence[Mandate], day: date) -> Seat:
    running = [stay for stay in stays if stay.ends_on is None or stay.ends_on >= day]
    return Seat(
        post=post,
        titulaires=[stay for stay in running if stay.holding == "titulaire"],
        suppleants=[stay for stay in running if stay.holding == "suppleant"],
        vacancy=vacancy(
            [
                Holding(since=stay.starts_on, until=stay.ends_on)
                for stay in stays
                if stay.holding == "titulaire"
            ],
            opened_on=post.opened_on,
            day=day,
        ),
    )


def referent_posts(*, day: date) -> list[Post]:
    """Return the posts of référent open on ``day``, préfecture and ARS, one query."""
    return list(
        Post.objects.filter(
            role__in=[Role.REFERENT_PREFECTURE.value, Role.REFERENT_ARS.value],
            opened_on__lte=day,
            departement__isnull=False,
        )
        .exclude(closed_on__lt=day)
        .select_related("organisation", "departement")
    )


# The value of the address that keeps the posts of référent of both institutions.
BOTH_REFERENTS = "referents"


def dyad_posts(*, day: date, kept: str = "") -> list[Post]:
    """Return the posts of both institutions open on ``day``, département or région, one query.

    Args:
        day: the day of reading.
        kept: a role, or ``BOTH_REFERENTS``; empty or unknown keeps every post of the two institutions.
    """
    roles = {role.value for role in SIDE_OF}
    if kept == BOTH_REFERENTS:
        roles = {role.value for role in REFERENTS.values()}
    elif kept in roles:
        roles = {kept}
    return list(
        Post.objects.filter(
            Q(departement__isnull=False) | Q(region__isnull=False), role__in=roles, opened_on__lte=day
        )
        .exclude(closed_on__lt=day)
        .select_related("organisation", "departement", "region")
    )


def side_of(post: Post) -> Side | None:
    """Return the institution of the dyad whose post it is, None for the others."""
    return SIDE_OF.get(Role(post.role))


def persons(*, search: str = "", is_active: bool | None = None, day: date) -> QuerySet[Person]:
    """Return the persons by name, each with its mandates of ``day`` in ``running``.

    Args:
        search: part of a name, of an address or of a subject; accents and case do not matter in a name.
        is_active: only those whose access is open, or closed; None takes both.
        day: the day of the mandates.
    """
    running = Mandate.objects.current(day).select_related("post__organisation").order_by("starts_on")
    found = Person.objects.order_by("name", "pk").prefetch_related(
        Prefetch("mandates", queryset=running, to_attr="running")
    )
    if search:
        found = found.filter(
            Q(name__unaccent__icontains=search) | Q(email__icontains=search) | Q(subject__icontains=search)
        )
    return found if is_active is None else found.filter(is_active=is_active)


def organisations(*, search: str = "", kind: str = "", departement: str = "") -> QuerySet[Organisation]:
    """Return the organisations by name, of a kind, and of a département if asked."""
    found = Organisation.objects.select_related("departement", "region").order_by("name", "pk")
    if search:
        found = found.filter(name__unaccent__icontains=search)
    if kind:
        found = found.filter(kind=kind)
    return found.filter(departement=departement) if departement else found


def delegations(*, day: date | None) -> QuerySet[Delegation]:
    """Return the delegations, latest first: those of ``day``, or all of them."""
    found = Delegation.objects.select_related("given_by__organisation", "given_to").order_by(
        "-starts_on", "-pk"
    )
    if day is None:
        return found
    return found.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=day), starts_on__lte=day)


def open_posts(*, day: date) -> QuerySet[Post]:
    """Return the posts that exist on ``day``, by organisation."""
    return (
        Post.objects.filter(opened_on__lte=day)
        .exclude(closed_on__lt=day)
        .select_related("organisation")
        .order_by("organisation__name", "role", "pk")
    )


def signatory_posts(*, day: date) -> QuerySet[Post]:
    """Return the posts of ``day`` whose holder signs without a delegation, hence may give one."""
    return open_posts(day=day).filter(role__in=[role.value for role in SIGNATORIES.values()])
