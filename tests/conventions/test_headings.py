from datetime import timedelta

import pytest
from django.urls import reverse

from tests.conventions.scene import BY, NOW, act_as
from traitdunion.conventions import actions_text, queries_drafting
from traitdunion.conventions.kinds import Coverage
from traitdunion.conventions.writing import ConventionRefusedError
from traitdunion.identity.kinds import Side

pytestmark = pytest.mark.django_db


def write(convention, number=1, coverage=Coverage.PRESENT, text="Un objet.", **values):
    return actions_text.write_heading(convention, number=number, coverage=coverage, text=text, **BY | values)


def test_the_checklist_counts_what_is_dealt_with(dyad):
    convention = dyad.draft()
    write(convention, 1)
    write(convention, 11, Coverage.NOT_CONCERNED, "")

    lines = queries_drafting.checklist(convention, day=NOW.date())

    assert len(lines) == 16
    assert [line.number for line in lines if line.is_done] == [1, 11]
    assert lines[5].title == "Circuits d’information"


def test_a_heading_said_to_be_dealt_with_is_not_empty(dyad):
    with pytest.raises(
        ConventionRefusedError, match="La rubrique 3 est dite traitée mais son texte est vide"
    ):
        write(dyad.draft(), 3, text="  ")


def test_two_authors_do_not_overwrite_each_other(dyad):
    convention = dyad.draft()
    read_at = write(convention).recorded_at
    write(convention, text="Écrit par l’autre.", at=NOW + timedelta(hours=1))

    with pytest.raises(ConventionRefusedError, match="a été modifiée pendant que vous écriviez"):
        write(convention, text="Écrit sans avoir lu.", read_at=read_at, at=NOW + timedelta(hours=2))

    assert convention.headings.get(number=1).text == "Écrit par l’autre."


def test_the_page_saves_one_heading_and_keeps_what_was_typed_when_refused(client, dyad):
    convention = dyad.draft()
    act_as(client, dyad.referent_ars)
    page = reverse("conventions:convention_headings", args=[convention.public_id])
    assert client.get(page).status_code == 200
    address = reverse("conventions:heading_write", args=[convention.public_id, 2])

    refused = client.post(address, {"coverage": "present", "text": ""})
    assert refused.status_code == 400
    assert "son texte est vide" in refused.content.decode()
    saved = client.post(address, {"coverage": "present", "text": "Instruction de 2018."})

    assert saved.url == f"{page}#rubrique-2"
    assert convention.headings.get(number=2).text == "Instruction de 2018."


def test_the_page_detects_a_concurrent_change(client, dyad):
    convention = dyad.draft()
    act_as(client, dyad.referent_ars)
    form = next(
        form
        for line, form in client.get(
            reverse("conventions:convention_headings", args=[convention.public_id])
        ).context["shown"]
        if line.number == 1
    )
    write(convention, text="Entre-temps.", at=NOW + timedelta(hours=1))
    address = reverse("conventions:heading_write", args=[convention.public_id, 1])
    stale = {"coverage": "present", "text": "Mon texte.", "read_at": form.initial["read_at"]}

    refused = client.post(address, stale)

    assert refused.status_code == 400
    content = refused.content.decode()
    assert "modifiée pendant que vous écriviez" in content
    assert "Mon texte." in content
    assert "Entre-temps." in content


def test_an_unknown_heading_does_not_exist(client, dyad):
    convention = dyad.draft()
    act_as(client, dyad.referent_ars)
    address = reverse("conventions:heading_write", args=[convention.public_id, 17])
    assert client.post(address, {"coverage": "absent"}).status_code == 404


def test_the_headings_of_a_text_signed_by_one_side_are_shown_closed(client, dyad):
    convention = dyad.to_sign()
    dyad.sign(convention, sides=[Side.ARS])
    act_as(client, dyad.referent_ars)
    content = client.get(
        reverse("conventions:convention_headings", args=[convention.public_id])
    ).content.decode()
    assert "Une partie a signé" in content
