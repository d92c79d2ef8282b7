"""Facts shown beside what people say, and which open a piste by themselves. Apps above bring theirs.

The baromètre does not read the conventions: whoever reads both names a function here (``portal``), like a kind of
table is registered in ``exchange/registry.py``. The people in post are read here.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol

from traitdunion.identity.kinds import REFERENTS, Holding, Side
from traitdunion.identity.models import Post
from traitdunion.identity.rules import Holding as Stay
from traitdunion.identity.rules import Vacancy, vacancy

REFERENT_IN_POST: Final = "referent_in_post"
THE: Final = {Side.PREFECTURE: "de la préfecture", Side.ARS: "de l’ARS"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that is so or is not, on a day, whatever anyone thinks of it.

    Attributes:
        key: short name, for the rules: ``referent_in_post``, or what the app that brings it says.
        side: the institution it is about, None for both.
        label: what is looked at, in French.
        holds: whether it is so; False when nobody measures it yet.
        sentence: the French sentence that says why.
        is_measured: whether the site holds what would tell; when not, the sentence says what is missing.
    """

    key: str
    side: Side | None
    label: str
    holds: bool
    sentence: str
    is_measured: bool = True


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
    """Return whether each side has its référent, and for how many days it has had none, in one query."""
    sides = {role.value: side for side, role in REFERENTS.items()}
    rows = (
        Post.objects.filter(role__in=sides, departement__in=codes, opened_on__lte=day)
        .exclude(closed_on__lt=day)
        .order_by("pk", "mandates__starts_on")
        .values_list(
            "pk", "departement", "role", "opened_on", "mandates__holding", "mandates__starts_on", "mandates__ends_on"
        )
    )  # fmt: skip
    posts: dict[int, tuple[str, Side, date]] = {}
    stays: dict[int, list[Stay]] = defaultdict(list)
    for key, code, role, opened_on, holding, since, until in rows:
        posts[key] = (code or "", sides[role], opened_on)
        if holding == Holding.TITULAIRE.value and since <= day:
            stays[key].append(Stay(since=since, until=until))
    found: dict[str, dict[Side, Fact]] = defaultdict(dict)
    for key, (code, side, opened_on) in posts.items():
        free = vacancy(stays[key], opened_on=opened_on, day=day)
        if side not in found[code] or free.vacant_since is None:
            found[code][side] = _referent(side, free)
    return {
        code: [found[code].get(side) or _no_post(side) for side in Side] for code in codes if code in found
    }


def _referent(side: Side, free: Vacancy) -> Fact:
    year = (
        f" Le poste est resté vacant {_days(free.days_over_a_year)} sur un an."
        if free.days_over_a_year
        else ""
    )
    is_held = free.vacant_since is None
    return Fact(
        key=REFERENT_IN_POST,
        side=side,
        label=f"référent radicalisation {THE[side]}",
        holds=is_held,
        sentence=f"en poste.{year}" if is_held else f"vacant depuis {_days(free.days)}.{year}",
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
