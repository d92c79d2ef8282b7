"""Open data, for everyone: what is opened and how it is counted, the files, their description."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import condition, require_safe

from traitdunion.portal import open_data
from traitdunion.portal.open_data import Row, Table
from traitdunion.portal.secrecy import SecrecyError


def _etag(request: HttpRequest, *_: object, **__: object) -> str | None:
    return open_data.etag(timezone.localdate(), request.get_full_path())


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A table today: its rows, or why they are not opened."""

    table: Table
    rows: Sequence[Row]
    blocked: str


@require_safe
def tables(request: HttpRequest) -> HttpResponse:
    """Say what is opened, column by column, how to fetch it, and under which licence."""
    context = {"tables": _today(), "licence": open_data.LICENCE, "rate": open_data.rate_in_words()}
    return render(request, "portal/open_data.html", context)


def _today() -> list[Opened]:
    return [_opened(table) for table in open_data.TABLES.values()]


def _opened(table: Table) -> Opened:
    try:
        return Opened(table=table, rows=table.rows(timezone.localdate()), blocked="")
    except SecrecyError as error:
        return Opened(table=table, rows=(), blocked=str(error))


@require_safe
@condition(etag_func=_etag)
def table_csv(_request: HttpRequest, name: str) -> HttpResponse:
    """Give a table as CSV; nothing of it when a cell may not be opened."""
    found = _opened(_table(name))
    if found.blocked:
        return HttpResponse(f"{found.blocked}\n", status=503, content_type="text/plain; charset=utf-8")
    made = open_data.csv_of(found.table, found.rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return HttpResponse(made, content_type="text/csv; charset=utf-8; header=present", headers=headers)


@require_safe
@condition(etag_func=_etag)
def table_schema(_request: HttpRequest, name: str) -> HttpResponse:
    """Give the Table Schema of a table."""
    return HttpResponse(open_data.as_json(_table(name).schema), content_type="application/json")


@require_safe
@condition(etag_func=_etag)
def package(request: HttpRequest) -> HttpResponse:
    """Give the Data Package: every file that is opened today, with its schema, its size and its hash."""
    opened = [(each.table, each.rows) for each in _today() if not each.blocked]
    site = request.build_absolute_uri(reverse("portal:open_data"))
    made = open_data.package_of(opened, timezone.localdate(), site=site)
    return HttpResponse(made, content_type="application/json")


def _table(name: str) -> Table:
    if name not in open_data.TABLES:
        raise Http404(f"Aucune table ouverte ne s’appelle « {name[:40]} ».")
    return open_data.TABLES[name]
