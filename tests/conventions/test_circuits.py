from dataclasses import replace

import pytest
from django.urls import reverse

from tests.conventions.scene import BY, CIRCUIT, act_as
from traitdunion.audit.models import Entry
from traitdunion.conventions import actions_text
from traitdunion.conventions.models import Circuit, Clause

pytestmark = pytest.mark.django_db


def test_a_line_is_added_last_then_rewritten_then_removed(dyad):
    convention = dyad.draft(template=None)
    actions_text.add_circuit(convention, CIRCUIT, **BY)
    circuit = actions_text.add_circuit(convention, replace(CIRCUIT, subject="Réponse"), **BY)
    assert [line.subject for line in convention.circuits.all()] == ["Demande de ressource", "Réponse"]

    actions_text.edit_circuit(circuit, replace(CIRCUIT, subject="Réponse de l’ARS"), **BY)
    circuit.refresh_from_db()
    assert circuit.subject == "Réponse de l’ARS"
    actions_text.remove_circuit(circuit, **BY)

    assert convention.circuits.count() == 1
    removed = Entry.objects.get(event="conventions.convention.circuit_removed")
    assert removed.detail == {"circuit": "Réponse de l’ARS"}


def test_the_matrix_page_says_what_never_passes(client, dyad):
    convention = dyad.draft()
    act_as(client, dyad.referent_prefecture)
    content = client.get(
        reverse("conventions:convention_circuits", args=[convention.public_id])
    ).content.decode()
    assert "Ce qui ne passe jamais" in content
    assert "HOPSYWEB" in content


def test_the_pages_add_edit_and_remove_a_line(client, dyad):
    convention = dyad.draft(template=None)
    act_as(client, dyad.referent_prefecture)
    fields = {
        "subject": "Demande",
        "who_does": "Préfecture",
        "who_is_told": "ARS",
        "form": "Écrit",
        "never_passes": "Diagnostic",
    }
    add = reverse("conventions:circuit_add", args=[convention.public_id])
    assert client.get(add).status_code == 200
    assert client.post(add, fields | {"never_passes": ""}).status_code == 400
    assert client.post(add, fields).status_code == 302
    line = convention.circuits.get()

    edit = reverse("conventions:circuit_edit", args=[convention.public_id, line.public_id])
    assert "Demande" in client.get(edit).content.decode()
    client.post(edit, fields | {"subject": "Demande écrite"})
    remove = reverse("conventions:circuit_remove", args=[convention.public_id, line.public_id])
    assert "« Demande écrite »" in client.get(remove).content.decode().replace("\xa0", " ")
    assert Circuit.objects.count() == 1
    client.post(remove)
    assert not Circuit.objects.exists()


def test_the_pages_add_edit_and_remove_a_clause(client, dyad):
    convention = dyad.draft()
    act_as(client, dyad.referent_ars)
    fields = {"heading_number": "15", "text": "Deux réunions par an", "owner": "both", "due_on": "2026-12-31"}
    add = reverse("conventions:clause_add", args=[convention.public_id])
    assert "15. Suivi" in client.get(add).content.decode()
    client.post(add, fields)
    clause = convention.clauses.get()
    edit = reverse("conventions:clause_edit", args=[convention.public_id, clause.public_id])
    assert client.get(edit).status_code == 200
    assert client.post(edit, fields | {"due_on": "31/31/2026"}).status_code == 400
    client.post(edit, fields | {"text": "Trois réunions par an"})
    clause.refresh_from_db()
    assert clause.text == "Trois réunions par an"
    client.post(reverse("conventions:clause_remove", args=[convention.public_id, clause.public_id]))
    assert not Clause.objects.exists()


def test_a_line_of_another_convention_does_not_exist_here(client, dyad):
    line = dyad.signed().circuits.first()
    other = dyad.draft(title="Suite")
    act_as(client, dyad.referent_ars)
    address = reverse("conventions:circuit_edit", args=[other.public_id, line.public_id])
    assert client.get(address).status_code == 404
