import random
from datetime import date, timedelta

import pytest
from django.core.management import call_command
from django.urls import reverse

from tests.conventions import facts
from tests.conventions.scene import BY, TODAY, act_as
from traitdunion.conventions import actions_template as actions
from traitdunion.conventions import queries_drafting
from traitdunion.conventions.actions_template import TemplateRefusedError
from traitdunion.conventions.kinds import State
from traitdunion.conventions.models import HEADINGS, Convention, Template
from traitdunion.conventions.sources import read_template
from traitdunion.identity.kinds import Role

pytestmark = pytest.mark.django_db
CIRCUIT = {
    "subject": "Demande",
    "who_does": "Préfecture",
    "who_is_told": "ARS",
    "form": "Écrit",
    "legal_basis": "à vérifier",
    "never_passes": "Diagnostic",
}


def test_the_shipped_example_is_marked_and_loaded_once(capsys):
    call_command("load_convention_template")
    call_command("load_convention_template")

    template = Template.objects.get()
    assert template.is_example
    assert template.headings.count() == HEADINGS
    assert "pas un texte officiel" in capsys.readouterr().out


def test_the_example_may_enter_a_story_on_its_first_day():
    call_command("load_convention_template", at=BY["at"])

    template = Template.objects.get()
    assert (template.adopted_on, template.recorded_at) == (TODAY, BY["at"])


def test_every_legal_basis_of_the_example_says_how_it_was_read():
    for line in read_template().circuits:
        assert line["legal_basis"].endswith(("(texte lu)", "(à vérifier dans le texte)"))
        assert line["never_passes"]


def test_the_example_never_replaces_a_version_in_use(dyad):
    official = actions.prepare(name="Texte remis", is_example=False, copied_from=None, **BY)
    for number in range(1, HEADINGS + 1):
        actions.write_heading(official, number=number, title="Titre", expectation="", text="", **BY)
    actions.adopt(official, on=date(2026, 1, 1), **BY)
    dyad.template.name = "Autre nom"
    dyad.template.save()

    actions.load_example(read_template(), on=TODAY, **BY)

    assert queries_drafting.current_template(TODAY) == official


def test_adopting_a_version_retires_the_one_in_use(dyad):
    new = actions.prepare(name="Version 2", is_example=True, copied_from=dyad.template, **BY)
    assert queries_drafting.current_template(TODAY) == dyad.template
    assert new.circuits.count() == dyad.template.circuits.count()

    actions.adopt(new, on=TODAY, **BY)

    dyad.template.refresh_from_db()
    assert dyad.template.retired_on == TODAY
    assert queries_drafting.current_template(TODAY) == new
    assert queries_drafting.current_template(date(2026, 1, 1)) == dyad.template


def test_an_adopted_version_never_changes(dyad):
    with pytest.raises(TemplateRefusedError, match="des conventions s’appuient sur elle"):
        actions.write_heading(dyad.template, number=1, title="x", expectation="", text="", **BY)
    with pytest.raises(TemplateRefusedError, match="Préparez une nouvelle version"):
        actions.remove_circuit(dyad.template.circuits.first(), **BY)


def test_a_version_without_every_title_is_not_adopted(dyad):
    empty = actions.prepare(name="Vide", is_example=False, copied_from=None, **BY)
    with pytest.raises(TemplateRefusedError, match="0 rubriques sur 16"):
        actions.adopt(empty, on=TODAY, **BY)


def test_two_versions_do_not_share_a_name(dyad):
    with pytest.raises(TemplateRefusedError, match="choisissez un autre nom"):
        actions.prepare(name=dyad.template.name, is_example=True, copied_from=None, **BY)


def test_the_administrator_prepares_edits_and_adopts_a_version(client, dyad):
    dyad.signed()
    act_as(client, dyad.house.mandate(Role.ADMINISTRATEUR))
    answer = client.post(reverse("conventions:template_prepare"), {"name": "Version 2", "is_example": "on"})
    new = Template.objects.get(name="Version 2")
    detail = reverse("conventions:template_detail", args=[new.public_id])
    assert answer.url == detail
    heading = reverse("conventions:template_heading_write", args=[new.public_id, 2])
    assert client.post(heading, {"title": "", "text": "x"}).status_code == 400
    client.post(heading, {"title": "Textes", "expectation": "", "text": "Citer."})
    assert new.headings.get(number=2).title == "Textes"
    client.post(reverse("conventions:template_circuit_add", args=[new.public_id]), CIRCUIT)
    line = new.circuits.last()
    edit = reverse("conventions:template_circuit_edit", args=[new.public_id, line.public_id])
    client.post(edit, CIRCUIT | {"subject": "Autre demande"})
    line.refresh_from_db()
    assert line.subject == "Autre demande"
    remove = reverse("conventions:template_circuit_remove", args=[new.public_id, line.public_id])
    assert client.get(remove).status_code == 200
    client.post(remove)
    client.post(
        reverse("conventions:template_rename", args=[new.public_id]), {"name": "Modèle", "is_example": "on"}
    )
    adopt = reverse("conventions:template_adopt", args=[new.public_id])
    assert client.post(adopt, {}).status_code == 400
    assert client.post(adopt, {"confirmed": "on"}).url == reverse("conventions:alignment")

    page = client.get(reverse("conventions:alignment"))

    assert [convention.title for convention in page.context["page"]] == ["Convention-cadre"]
    assert "1\xa0sur\xa01" in page.content.decode()
    exported = client.get(reverse("conventions:alignment_export"), {"format": "csv"}).content.decode()
    assert "Modèle (exemple)" in exported


def test_the_database_and_the_rule_tell_the_same_conventions_in_force():
    """Whatever was signed, denounced or ended, each quarter of six years."""
    chance = random.Random(38)
    region = facts.region()
    for rank in range(12):
        facts.random_history(facts.departement(f"{rank:03}", f"Département {rank}", region), rank)
    for made in Convention.objects.exclude(signed_on=None):
        if chance.random() < 0.4:
            made.denounced_on = made.starts_on + timedelta(days=chance.randrange(300))
            made.save(update_fields=["denounced_on"])
    every = list(Convention.objects.with_life())

    for offset in range(0, 2190, 91):
        day = date(2021, 1, 1) + timedelta(days=offset)
        expected = [
            each.pk
            for each in sorted(every, key=lambda one: (one.departement_id, one.pk))
            if each.parent_id is None and (at := each.situation(day)) and at.state is State.EN_VIGUEUR
        ]
        found = queries_drafting.in_force(Convention.objects.all(), day=day)
        assert list(found.values_list("pk", flat=True)) == expected


def test_a_version_in_preparation_is_seen_by_its_keeper_only(client, dyad):
    new = actions.prepare(name="Secrète", is_example=True, copied_from=None, **BY)
    act_as(client, dyad.referent_ars)
    assert client.get(reverse("conventions:template_detail", args=[new.public_id])).status_code == 404
    assert "Secrète" not in client.get(reverse("conventions:template_list")).content.decode()


def test_without_a_model_the_alignment_page_says_what_to_do(client, dyad):
    Template.objects.all().delete()
    act_as(client, dyad.referent_ars)
    assert "Aucun modèle n’est en usage" in client.get(reverse("conventions:alignment")).content.decode()


def test_a_text_older_than_the_model_keeps_the_titles_of_the_model(dyad):
    convention = dyad.draft(template=None)
    old = queries_drafting.template_headings(convention, day=date(2020, 1, 1))
    assert old[6].title == "Circuits d’information"
