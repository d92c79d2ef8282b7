"""Facts shown beside what people say, and which open a piste by themselves. Apps above bring theirs.

The baromètre does not read the conventions: whoever reads both names a function here (``portal``), like a kind of
table is registered in ``exchange/registry.py``. The people in post are read here.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol

from traitdunion.identity import queries as identity
from traitdunion.identity.kinds import REFERENTS, Side
from traitdunion.identity.models import Post

REFERENT_IN_POST: Final = "referent_in_post"
THE: Final = {Side.PREFECTURE: "de la préfecture", Side.ARS: "de l’ARS"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that is so or is not, on a day, whatever anyone thinks of it.

    Attributes:
        key: short name, for the rules: ``referent_in_post``, or what the app that brings it says.
        side: the institution it is about, None for both.
        label: what is looked at, in French.
        holds: whether it is so.
        sentence: the French sentence that says why.
    """

    key: str
    side: Side | None
    label: str
    holds: bool
    sentence: str


class Provider(Protocol):
    """Give the facts of several départements on a day, by code; the number of queries does not grow with them."""

    def __call__(self, codes: Sequence[str], *, day: date) -> Mapping[str, Sequence[Fact]]:
        """Return the facts of each code; one without fact may be absent."""
        ...


_providers: Final[list[Provider]] = []


def register(provider: Provider) -> None:
    """Add facts. Called once, when the app that brings them is ready."""
    if provider not in _providers:
        _providers.append(provider)


def facts(codes: Sequence[str], *, day: date) -> Mapping[str, Sequence[Fact]]:
    """Return the facts of each département on ``day``: the référents first, then what the apps above bring."""
    found: dict[str, list[Fact]] = defaultdict(list)
    for provider in (referents, *_providers):
        for code, brought in provider(codes, day=day).items():
            found[code] += brought
    return {code: found[code] for code in codes}


def referents(codes: Sequence[str], *, day: date) -> Mapping[str, Sequence[Fact]]:
    """Return whether each side has its référent, and for how many days it has had none, in two queries."""
    posts = (
        Post.objects.filter(
            role__in=[role.value for role in REFERENTS.values()], departement__in=codes, opened_on__lte=day
        )
        .exclude(closed_on__lt=day)
        .order_by("pk")
    )
    sides = {role.value: side for side, role in REFERENTS.items()}
    found: dict[str, dict[Side, Fact]] = defaultdict(dict)
    for seat in identity.seats(posts, day=day):
        side, code = sides[seat.post.role], seat.post.departement_id
        if code is not None and (side not in found[code] or seat.vacancy.vacant_since is None):
            found[code][side] = _referent(side, seat)
    return {
        code: [found[code].get(side, _no_post(side)) for side in Side] if code in found else []
        for code in codes
    }


def _referent(side: Side, seat: identity.Seat) -> Fact:
    free = seat.vacancy
    year = (
        f" Le poste est resté vacant {_days(free.days_over_a_year)} sur un an."
        if free.days_over_a_year
        else ""
    )
    sentence = f"en poste.{year}" if free.vacant_since is None else f"vacant depuis {_days(free.days)}.{year}"
    return Fact(
        key=REFERENT_IN_POST,
        side=side,
        label=f"référent radicalisation {THE[side]}",
        holds=free.vacant_since is None,
        sentence=sentence,
    )


def _no_post(side: Side) -> Fact:
    return Fact(
        key=REFERENT_IN_POST,
        side=side,
        label=f"référent radicalisation {THE[side]}",
        holds=False,
        sentence="aucun poste n’est ouvert.",
    )


def _days(number: int) -> str:
    return f"{number} jour{'s' if number > 1 else ''}"
