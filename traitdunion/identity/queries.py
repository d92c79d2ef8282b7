"""Reads about persons and posts."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from traitdunion.identity.kinds import Role
from traitdunion.identity.models import Mandate, Post
from traitdunion.identity.rules import Holding, Vacancy, vacancy


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A post on a day: who holds it, who stands in, or since when nobody does."""

    post: Post
    titulaires: Sequence[Mandate]
    suppleants: Sequence[Mandate]
    vacancy: Vacancy


def seats(posts: Iterable[Post], *, day: date) -> list[Seat]:
    """Return the state of each post on ``day``, in two queries whatever their number."""
    posts = list(posts)
    stays: dict[int, list[Mandate]] = defaultdict(list)
    for mandate in Mandate.objects.filter(post__in=posts, starts_on__lte=day).select_related("person"):
        stays[mandate.post_id].append(mandate)
    return [_seat(post, stays[post.pk], day) for post in posts]


def _seat(post: Post, stays: Sequence[Mandate], day: date) -> Seat:
    running = [stay for stay in stays if stay.ends_on is None or stay.ends_on >= day]
    return Seat(
        post=post,
        titulaires=[stay for stay in running if stay.holding == "titulaire"],
        suppleants=[stay for stay in running if stay.holding == "suppleant"],
        vacancy=vacancy(
            [Holding(since=stay.starts_on, until=stay.ends_on) for stay in stays if stay.holding == "titulaire"],
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
