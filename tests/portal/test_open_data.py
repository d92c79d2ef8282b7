"""What everyone downloads: rows as their schema says, the secret kept, the same bytes, an API of the same rows."""

import csv
import hashlib
import json
from datetime import date, timedelta
from io import StringIO

import pytest
import schemathesis
from django.conf import settings
from django.core import signals
from django.core.cache import cache
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from traitdunion.audit import actions as audit
from traitdunion.audit.actors import task
from traitdunion.portal import open_data
from traitdunion.portal.api import api
from traitdunion.portal.open_data import BAROMETRE, BILANS, CONVENTIONS, TABLES
from traitdunion.portal.secrecy import SecrecyError

pytestmark = pytest.mark.django_db
READ = {
    "string": str,
    "integer": int,
    "number": float,
    "boolean": {"true": True, "false": False}.__getitem__,
    "date": date.fromisoformat,
}


@pytest.fixture(autouse=True)
def _nobody_asked_yet():
    cache.clear()


@pytest.fixture
def today():
    return timezone.localdate()


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_a_file_is_what_its_schema_says(stage, today, table):
    reader = csv.DictReader(StringIO(open_data.csv_of(table, table.rows(today)).decode()))
    assert reader.fieldnames == [field["name"] for field in table.schema["fields"]]
    found = list(reader)
    assert found or table is BILANS  # nobody signed a bilan here: tests/reviews/test_queries_public.py
    for field in table.schema["fields"]:
        given = {row[field["name"]] for row in found}
        assert "" not in given or not field["constraints"]["required"]
        for value in given - {""}:
            READ[field["type"]](value)  # raises when the value is not of the announced type
        assert (given - {""}) <= set(field["constraints"].get("enum", given))
    keys = [tuple(row[name] for name in table.schema["primaryKey"]) for row in found]
    assert len(set(keys)) == len(keys)


def test_no_departement_and_no_order_of_merit_in_the_barometre(stage, today):
    rows = BAROMETRE.rows(today)
    assert {row["perimetre"] for row in rows} == {"nation", "region"}
    assert not {"67", "01", "75"} & {row["territoire"] for row in rows if row["perimetre"] == "nation"}
    shown = [row["estimation"] for row in rows if row["montre"]]
    assert shown
    assert shown != sorted(shown)
    assert shown != sorted(shown, reverse=True)


def test_conventions_follow_the_codes(stage, today):
    codes = [row["departement"] for row in CONVENTIONS.rows(today)]
    assert codes == sorted(codes)
    assert len(codes) == 101


def test_a_table_that_tells_too_much_is_not_released(stage, today, monkeypatch, client):
    [first, *rest] = BAROMETRE.read(today)
    leaking = [{**first, "montre": True, "repondants": 2, "departements": 4}, *rest]
    object.__setattr__(BAROMETRE, "read", lambda _: leaking)
    try:
        audit.record(event="essais.open", subject="x", actor=task("essais"), at=timezone.now(), detail={})
        with pytest.raises(SecrecyError, match="ligne 2, colonne « repondants »"):
            BAROMETRE.rows(today)
        answer = client.get(reverse("portal:open_data_csv", args=["barometre"]))
        assert answer.status_code == 503
        assert "ligne 2, colonne « repondants »" in answer.content.decode()
        asked = client.get(reverse("api:barometre"))
        assert (asked.status_code, "repondants" in asked.json()["erreur"]) == (503, True)
        page = client.get(reverse("portal:open_data")).content.decode()
        assert "n’est pas publiée" in page
        package = client.get(reverse("portal:open_data_package")).json()
        assert [resource["name"] for resource in package["resources"]] == ["bilans", "conventions"]
    finally:
        object.__setattr__(BAROMETRE, "read", open_data._barometre)


def test_the_package_describes_the_files_it_names(stage, client):
    package = client.get(reverse("portal:open_data_package")).json()
    assert package["licenses"][0]["name"] == "etalab-2.0"
    for resource in package["resources"]:
        made = client.get(reverse("portal:open_data_csv", args=[resource["name"]])).content
        assert (len(made), f"sha256:{hashlib.sha256(made).hexdigest()}") == (
            resource["bytes"],
            resource["hash"],
        )
        schema = client.get(reverse("portal:open_data_schema", args=[resource["name"]])).json()
        assert schema == resource["schema"]


def test_a_table_that_is_not_opened_does_not_exist(client):
    assert client.get(reverse("portal:open_data_csv", args=["personnes"])).status_code == 404


# API


def test_pages_of_the_api_make_the_whole(stage, client):
    address = reverse("api:barometre")
    whole = client.get(address, {"nombre": 500}).json()
    lines = []
    while len(lines) < whole["total"]:
        page = client.get(address, {"debut": len(lines), "nombre": 37}).json()
        assert page["debut"] == len(lines)
        assert page["total"] == whole["total"]
        lines += page["lignes"]
    assert lines[:500] == whole["lignes"]


def test_filters_of_the_api(stage, client):
    ars = client.get(reverse("api:barometre"), {"cote": "ars", "perimetre": "nation"}).json()
    assert ars["total"] > 0
    assert {(line["cote"], line["perimetre"]) for line in ars["lignes"]} == {("ars", "nation")}
    east = client.get(reverse("api:conventions"), {"region": "44"}).json()["lignes"]
    assert [line["departement"] for line in east] == [
        "08",
        "10",
        "51",
        "52",
        "54",
        "55",
        "57",
        "67",
        "68",
        "88",
    ]
    assert client.get(reverse("api:convention", args=["08"])).json() == east[0]
    signed = client.get(reverse("api:bilans")).json()["lignes"]
    national = client.get(reverse("api:bilans"), {"territoire": "FR"}).json()
    assert national["total"] > 0
    assert national["lignes"] == [line for line in signed if line["territoire"] == "FR"]


@pytest.mark.parametrize(
    ("path", "asked", "status", "said"),
    [
        ("conventions/00", {}, 404, "Aucun département n’a le code « 00 »"),
        ("conventions", {"au": "hier"}, 422, "« au »"),
        ("conventions", {"au": "2999-01-01"}, 422, "doit être entre le 01/01/2018"),
        ("conventions", {"nombre": "501"}, 422, "« nombre »"),
        ("barometre", {"perimetre": "commune"}, 422, "« perimetre »"),
    ],
)
def test_a_question_that_cannot_be_answered_says_why(stage, client, path, asked, status, said):
    answer = client.get(f"/api/v1/{path}", asked)
    assert answer.status_code == status
    assert said in answer.json()["erreur"]


def test_what_has_not_changed_is_not_sent_again(stage, client):
    for address in (reverse("api:conventions"), reverse("portal:open_data_csv", args=["conventions"])):
        with transaction.atomic():
            first = client.get(address)
            # Inside a transaction that wrote, as here, nothing names the state of the site.
            assert not first.has_header("ETag")


def test_one_address_asks_so_many_times_a_minute(client):
    many, _, _ = settings.API_RATE.partition("/")
    address = reverse("api:bilans")  # the one that costs least: every address of the API counts for the same
    statuses = [client.get(address).status_code for _ in range(int(many) + 1)]
    assert statuses == [200] * int(many) + [429]
    assert client.get(reverse("api:conventions")).status_code == 429
    refused = client.get(address, headers={"X-Forwarded-For": "203.0.113.9"})
    assert refused.status_code == 429  # the header of who asks changes nothing
    assert client.get(address, REMOTE_ADDR="192.0.2.4").status_code == 200


def test_reading_the_past(stage, client, today):
    before = (today - timedelta(days=30)).isoformat()
    lines = client.get(reverse("api:conventions"), {"au": before}).json()["lignes"]
    assert {line["etat_au"] for line in lines} == {before}


schema = schemathesis.openapi.from_dict(json.loads(json.dumps(api.get_openapi_schema())))
schema.app = get_wsgi_application()


@pytest.fixture
def one_connection():
    """Let a request of WSGI keep the connection of the test, where the synthetic country is."""
    signals.request_started.disconnect(close_old_connections)
    signals.request_finished.disconnect(close_old_connections)
    yield
    signals.request_started.connect(close_old_connections)
    signals.request_finished.connect(close_old_connections)


@schema.parametrize()
@hypothesis_settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_api_keeps_its_description(stage, one_connection, case):
    """Whatever is asked, the answer is one that the description announces, in its shape."""
    cache.clear()
    case.call_and_validate(excluded_checks=[positive_data_acceptance])  # no schema says « not a day to come »
