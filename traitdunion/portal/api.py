"""The read API: the open tables row by row, for everyone, without signing in.

The description (OpenAPI 3.1), the answers and the CSV files come from the same fields (``open_data``).
"""

# ruff: noqa: ARG001  # a view of django-ninja takes the request by that name

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Final, Literal

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import condition
from ninja import NinjaAPI, Query, Schema
from ninja.decorators import decorate_view
from ninja.errors import HttpError, ValidationError
from ninja.throttling import AnonRateThrottle
from pydantic import ConfigDict, create_model
from pydantic import Field as Described

from traitdunion.portal import open_data
from traitdunion.portal.open_data import BAROMETRE, BILANS, CONVENTIONS, Table
from traitdunion.portal.secrecy import SecrecyError

MOST: Final = 500
TYPES: Final[Mapping[str, type]] = {
    "string": str,
    "integer": int,
    "number": float,
    "boolean": bool,
    "date": date,
}


api = NinjaAPI(
    title="Trait d’union : données ouvertes",
    version="1",
    description=(
        "Lecture seule, sans compte. Les mêmes lignes que les fichiers CSV, une page à la fois. "
        "Une réponse porte un ETag : redemandez avec If-None-Match pour ne recevoir que ce qui a changé."
    ),
    urls_namespace="api",
    docs_url=None,
    openapi_url="/openapi.json",
    throttle=[AnonRateThrottle(settings.API_RATE)],  # each process counts its own
)


class Refused(Schema):
    """Why a question is not answered."""

    erreur: str


REFUSALS: Final = {422: Refused, 429: Refused, 503: Refused}


class _Page(Schema):
    model_config = ConfigDict(extra="forbid")


def _row_of(table: Table) -> Any:  # noqa: ANN401  # a class made of the fields of the table
    fields: dict[str, Any] = {}
    for each in table.fields:
        kind: Any = Literal[each.among] if each.among else TYPES[each.kind]
        fields[each.name] = (
            Annotated[kind if each.is_always_there else kind | None, Described(description=each.description)],
            ...,
        )
    return create_model(f"Ligne_{table.name}", __base__=Schema, __doc__=table.description, **fields)


def _page_of(table: Table, row: Any) -> Any:  # noqa: ANN401
    return create_model(
        f"Page_{table.name}",
        __base__=_Page,
        __doc__="Une page de lignes, et combien il y en a en tout.",
        total=(int, Described(description="Lignes qui répondent à la question, toutes pages comprises.")),
        debut=(int, Described(description="Rang de la première ligne de la page, à partir de zéro.")),
        lignes=(list[row], ...),
    )


Convention = _row_of(CONVENTIONS)
Conventions = _page_of(CONVENTIONS, Convention)
Bilan = _row_of(BILANS)
Bilans = _page_of(BILANS, Bilan)
Estimation = _row_of(BAROMETRE)
Estimations = _page_of(BAROMETRE, Estimation)

Scope = Literal["nation", "region"]
Start = Annotated[int, Query(ge=0, le=1_000_000, description="Rang de la première ligne voulue.")]
Many = Annotated[int, Query(ge=1, le=MOST, description="Lignes au plus.")]
Day = Annotated[
    date | None, Query(description="Jour de lecture, aujourd’hui par défaut ; jamais un jour à venir.")
]
FIRST_DAY: Final = date(2018, 1, 1)  # before the plan, nothing was read


def _etag(request: HttpRequest, *_: object, **__: object) -> str | None:
    return open_data.etag(timezone.localdate(), request.get_full_path())


@api.get(
    "/conventions",
    response={200: Conventions, **REFUSALS},
    summary="Conventions par département",
)
@decorate_view(condition(etag_func=_etag))
def conventions(
    request: HttpRequest,
    region: Annotated[str | None, Query(max_length=3, description="Code d’une région.")] = None,
    en_vigueur: Annotated[bool | None, Query(description="Celles qui s’appliquent, ou les autres.")] = None,
    au: Day = None,
    debut: Start = 0,
    nombre: Many = 101,
) -> Mapping[str, Any]:
    """Une ligne par département, dans l’ordre des codes."""
    return _page(CONVENTIONS, _day(au), {"region": region, "en_vigueur": en_vigueur}, debut, nombre)


@api.get(
    "/conventions/{departement}",
    response={200: Convention, 404: Refused, **REFUSALS},
    summary="Convention d’un département",
)
@decorate_view(condition(etag_func=_etag))
def convention(request: HttpRequest, departement: str, au: Day = None) -> Mapping[str, Any]:
    """La ligne d’un département, par son code."""
    found = [row for row in CONVENTIONS.rows(_day(au)) if row["departement"] == departement]
    if not found:
        raise HttpError(
            404, f"Aucun département n’a le code « {departement[:10]} ». Attendu : « 01 », « 2A » ou « 974 »."
        )
    return found[0]


@api.get("/bilans", response={200: Bilans, **REFUSALS}, summary="Bilans signés des deux parties")
@decorate_view(condition(etag_func=_etag))
def bilans(
    request: HttpRequest,
    territoire: Annotated[
        str | None, Query(max_length=3, description="Code d’un département, « FR » pour le bilan national.")
    ] = None,
    trimestre: Annotated[
        str | None, Query(max_length=7, description="Année et trimestre, « 2026-T3 ».")
    ] = None,
    au: Day = None,
    debut: Start = 0,
    nombre: Many = 100,
) -> Mapping[str, Any]:
    """Une ligne par version signée des deux institutions ; ce qu’une seule a signé n’y est pas."""
    return _page(BILANS, _day(au), {"territoire": territoire, "trimestre": trimestre}, debut, nombre)


@api.get("/barometre", response={200: Estimations, **REFUSALS}, summary="Baromètre croisé")
@decorate_view(condition(etag_func=_etag))
def barometre(
    request: HttpRequest,
    vague: Annotated[str | None, Query(max_length=200, description="Nom d’une vague.")] = None,
    perimetre: Annotated[Scope | None, Query(description="Nation ou région.")] = None,
    cote: Annotated[str | None, Query(max_length=20, description="« prefecture » ou « ars ».")] = None,
    dimension: Annotated[str | None, Query(max_length=60, description="Identifiant d’une dimension.")] = None,
    debut: Start = 0,
    nombre: Many = 100,
) -> Mapping[str, Any]:
    """Les estimations des vagues publiées : nation et régions, jamais un département."""
    wanted = {"vague": vague, "perimetre": perimetre, "cote": cote, "dimension": dimension}
    return _page(BAROMETRE, timezone.localdate(), wanted, debut, nombre)


def _page(table: Table, day: date, wanted: Mapping[str, object], start: int, many: int) -> Mapping[str, Any]:
    rows: Sequence[open_data.Row] = [
        row
        for row in table.rows(day)
        if all(value is None or row[name] == value for name, value in wanted.items())
    ]
    return {"total": len(rows), "debut": start, "lignes": rows[start : start + many]}


def _day(asked: date | None) -> date:
    today = timezone.localdate()
    if asked is None:
        return today
    if not FIRST_DAY <= asked <= today:
        raise HttpError(
            422, f"Le jour de lecture doit être entre le {FIRST_DAY:%d/%m/%Y} et le {today:%d/%m/%Y}."
        )
    return asked


# Refusals, in one shape


@api.exception_handler(SecrecyError)
def _secret(request: HttpRequest, error: SecrecyError) -> HttpResponse:
    return api.create_response(request, {"erreur": str(error)}, status=503)


@api.exception_handler(ValidationError)
def _unreadable(request: HttpRequest, error: ValidationError) -> HttpResponse:
    names = ", ".join(f"« {fault['loc'][-1]} »" for fault in error.errors)
    return api.create_response(
        request,
        {"erreur": f"Un paramètre n’est pas lisible : {names}. Voyez /api/v1/openapi.json."},
        status=422,
    )


@api.exception_handler(HttpError)
def _refused(request: HttpRequest, error: HttpError) -> HttpResponse:
    return api.create_response(request, {"erreur": str(error)}, status=error.status_code)
