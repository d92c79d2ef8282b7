"""Reads about results: the rows of one département, those of the country, and the wave to compare with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, F, Func, JSONField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, JSONObject

from traitdunion.barometer.models import Participation, Result, RosterEntry, Wave, WordingJustification
from traitdunion.identity.kinds import Side

COUNTRY = ("dimensions", "national", "regional", "reliability", "distribution", "paired")
OF_A_PLACE = ("cells", "gaps", "within", "items", "item_gaps", "guesses")


class _RowsOf(Func):
    """The rows of a list of the result that speak of one département, picked by the database."""

    function = "jsonb_path_query_array"
    output_field = JSONField()

    def __init__(self, name: str, code: str) -> None:
        path = Value(f"$.{name}[*] ? (@.departement == $code)")
        super().__init__(
            F("content"), Func(path, template="%(expressions)s::jsonpath"), Value({"code": code}, JSONField())
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Turnout:
    """How many were asked and answered on one side, and how many of those asked were not in the wave before."""

    side: Side
    invited: int
    submitted: int
    new: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Local:
    """What a result says of one département.

    Attributes:
        wave: the wave.
        dimensions: ``id``, ``label`` and the wording of each, in the order of the questionnaire.
        rows: ``cells``, ``gaps`` and ``within`` of the département.
        turnout: who took part, préfecture then ARS.
        engine: version of the analysis.
        edition: 1, more when the wave was analysed again.
        withdrawn: the sides that an earlier edition showed and that this one leaves out.
        notes: what the questionnaire does not let one compare, in French.
        sha256: of the whole result.
    """

    wave: Wave
    dimensions: Sequence[Mapping[str, Any]]
    rows: Mapping[str, Sequence[Mapping[str, Any]]]
    turnout: Sequence[Turnout]
    engine: str
    edition: int
    withdrawn: Sequence[Side]
    notes: Sequence[str]
    sha256: str


def local(waves: Sequence[Wave], code: str) -> list[Local]:
    """Return what the latest edition of each of ``waves`` says of a département, in their order, one query."""
    rows: QuerySet[Any, Any] = (
        Result.objects.filter(wave__in=waves)
        .order_by("wave", "edition")  # the last one read is the latest
        .values(
            "wave",
            "engine",
            "edition",
            "sha256",
            dimensions=F("content__dimensions"),
            gone=F("content__withdrawn"),
            notes=F("content__notes"),
        )
        .annotate(counted=_counted(code), **{name: _RowsOf(name, code) for name in OF_A_PLACE})
    )
    found = {row["wave"]: row for row in rows}
    return [
        Local(
            wave=wave,
            dimensions=row["dimensions"],
            rows={name: row[name] for name in OF_A_PLACE},
            turnout=[_turnout(side, row["counted"]) for side in Side],
            engine=row["engine"],
            edition=row["edition"],
            notes=row["notes"] or (),
            withdrawn=[side for side in Side if f"{code}:{side.value}" in (row["gone"] or ())],
            sha256=row["sha256"],
        )
        for wave in waves
        if (row := found.get(wave.pk)) is not None
    ]


def _counted(code: str) -> ArraySubquery:
    new = (
        RosterEntry.objects.in_use()
        .filter(wave=OuterRef("wave"), departement=code, side=OuterRef("side"), is_new=True)
        .order_by()
        .values("side")
        .annotate(number=Count("pk"))
        .values("number")
    )
    counted = Participation.objects.filter(wave=OuterRef("wave"), departement=code)
    return ArraySubquery(
        counted.values(
            found=JSONObject(
                side="side", invited="invited", submitted="submitted", new=Coalesce(Subquery(new), Value(0))
            )
        )
    )


def _turnout(side: Side, counted: Sequence[Mapping[str, Any]]) -> Turnout:
    found = next((each for each in counted if each["side"] == side.value), None)
    if found is None:
        return Turnout(side=side, invited=0, submitted=0, new=0)
    return Turnout(side=side, invited=found["invited"], submitted=found["submitted"], new=found["new"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """What a result says of the country: the lists of ``COUNTRY``, without any département."""

    wave: Wave
    content: Mapping[str, Any]
    engine: str
    sha256: str
    edition: int


def country(wave: Wave) -> Country | None:
    """Return what the latest edition of a wave says of the country, one query; None before it is computed."""
    rows: QuerySet[Any, Any] = (
        Result.objects.filter(wave=wave)
        .order_by("-edition")
        .values("engine", "sha256", "edition", **{name: F(f"content__{name}") for name in COUNTRY})
    )
    row = rows.first()
    if row is None:
        return None
    return Country(
        wave=wave,
        content={name: row[name] or [] for name in COUNTRY},
        engine=row["engine"],
        sha256=row["sha256"],
        edition=row["edition"],
    )


def countries(waves: Sequence[Wave]) -> list[Country]:
    """Return what the latest edition of each of ``waves`` says of the country, in their order, one query."""
    rows: QuerySet[Any, Any] = (
        Result.objects.filter(wave__in=waves)
        .order_by("wave", "edition")  # the last one read is the latest
        .values("wave", "engine", "sha256", "edition", **{name: F(f"content__{name}") for name in COUNTRY})
    )
    found = {row["wave"]: row for row in rows}
    return [
        Country(
            wave=wave,
            content={name: row[name] or [] for name in COUNTRY},
            engine=row["engine"],
            sha256=row["sha256"],
            edition=row["edition"],
        )
        for wave in waves
        if (row := found.get(wave.pk)) is not None
    ]


def sealed_without_result() -> QuerySet[Wave]:
    """Return the waves whose answers are sealed and of which nothing was computed yet, oldest first."""
    return Wave.objects.filter(sealed_at__isnull=False, cancelled_at=None, results=None).order_by(
        "closes_on", "pk"
    )


def wave_before(wave: Wave) -> Wave | None:
    """Return the latest analysed wave of the same form that ended before, None when there is none."""
    older = Wave.objects.filter(
        format=wave.format, cancelled_at=None, results__isnull=False, closes_on__lt=wave.closes_on
    )
    return older.order_by("-closes_on", "-pk").first()


def same_format_until(wave: Wave) -> QuerySet[Wave]:
    """Return ``wave`` and the sealed waves of the same format before it, oldest first: what a trend reads."""
    return Wave.objects.filter(
        format=wave.format, sealed_at__isnull=False, cancelled_at=None, closes_on__lte=wave.closes_on
    ).order_by("closes_on", "pk")


# Who took part


def turnouts(wave: Wave) -> Mapping[str, Mapping[str, tuple[int, int]]]:
    """Return the answers and the invitations of each side of each département, one query."""
    found: dict[str, dict[str, tuple[int, int]]] = {}
    rows = Participation.objects.filter(wave=wave).values_list("departement", "side", "submitted", "invited")
    for code, side, submitted, invited in rows:
        found.setdefault(code, {})[side] = (submitted, invited)
    return found


def justified() -> set[tuple[str, str, str]]:
    """Return the changes of wording that do not break a comparison, one query."""
    return set(WordingJustification.objects.values_list("item", "before", "after"))
