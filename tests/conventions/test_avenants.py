from datetime import date, timedelta

import pytest
from django.urls import reverse

from tests.conventions.scene import BY, CIRCUIT, START, act_as
from traitdunion.conventions import (
    actions,
    actions_signature,
    actions_template,
    actions_text,
    queries_drafting,
)
from traitdunion.conventions.kinds import Coverage, State
from traitdunion.conventions.writing import ConventionRefusedError
from traitdunion.identity.kinds import Side
from traitdunion.plan.models import Action

pytestmark = pytest.mark.django_db
OPENED = date(2026, 2, 1)
SIGNED = date(2026, 2, 20)
END = date(2026, 12, 31)


def avenant(parent, **values):
    wanted = {"side": Side.ARS, "title": "Mineurs", "on": OPENED, **BY, **values}
    return actions.start_avenant(parent, **wanted)


def signed_avenant(dyad, parent, **values):
    made = avenant(parent, **values)
    dyad.ready(made, on=OPENED)
    return made


def write(convention, number, text):
    actions_text.write_heading(convention, number=number, coverage=Coverage.PRESENT, text=text, **BY)


def test_an_avenant_takes_the_next_number_and_the_parties(dyad):
    parent = dyad.signed()
    first = dyad.sign(signed_avenant(dyad, parent), on=SIGNED)
    second = avenant(parent)
    assert (first.number, second.number) == (1, 2)
    assert second.parties.count() == parent.parties.count()
    assert str(second) == "Avenant n° 2 : Mineurs"


def test_an_avenant_changes_the_text_from_its_first_day(dyad):
    parent = dyad.to_sign()
    write(parent, 11, "Mineurs, première rédaction.")
    dyad.sign(parent)
    made = avenant(parent, starts_on=date(2026, 3, 1))
    write(made, 11, "Mineurs, seconde rédaction.")
    dyad.ready(made, on=OPENED)
    assert queries_drafting.consolidated(parent, on=date(2026, 3, 1)).articles[10].version.act == "convention"
    dyad.sign(made, on=SIGNED)

    before = queries_drafting.consolidated(parent, on=date(2026, 2, 28))
    after = queries_drafting.consolidated(parent, on=date(2026, 3, 1), against=date(2026, 2, 28))

    assert before.articles[10].version.text == "Mineurs, première rédaction."
    assert after.articles[10].version.act == "avenant n° 1"
    assert after.changed == 1
    assert {piece.text for piece in after.articles[10].pieces if piece.change.value == "added"} == {"seconde"}
    assert [act.number for act in after.acts] == [0, 1]
    none = queries_drafting.consolidated(parent, on=START)
    assert not none.acts
    assert not any(article.version for article in none.articles)


def test_an_avenant_with_a_matrix_replaces_the_whole_matrix(dyad):
    parent = dyad.signed()
    made = avenant(parent)
    actions_text.take_over_matrix(made, on=OPENED, **BY)
    assert made.circuits.count() == parent.circuits.count()
    with pytest.raises(ConventionRefusedError, match="a déjà sa matrice"):
        actions_text.take_over_matrix(made, on=OPENED, **BY)
    actions_text.add_circuit(made, CIRCUIT, **BY)
    dyad.ready(made, on=OPENED)
    dyad.sign(made, on=SIGNED)

    matrix = queries_drafting.consolidated(parent, on=SIGNED).matrix

    assert matrix.act == "avenant n° 1"
    assert len(matrix.circuits) == parent.circuits.count() + 1


def test_an_avenant_moves_the_term_once_signed_and_not_before(dyad):
    parent = dyad.signed(ends_on=END)
    made = signed_avenant(dyad, parent, new_end=date(2028, 12, 31))
    parent.refresh_from_db()
    assert parent.ends_on == END

    dyad.sign(made, on=SIGNED)

    parent.refresh_from_db()
    assert parent.ends_on == date(2028, 12, 31)
    made.refresh_from_db()
    assert made.situation(date(2028, 12, 31)).state is State.EN_VIGUEUR
    assert made.situation(date(2029, 1, 1)).state is State.ECHUE


def test_the_new_term_may_not_reach_the_next_convention(dyad):
    parent = dyad.signed(ends_on=date(2026, 2, 28))
    made = signed_avenant(dyad, parent, new_end=date(2026, 12, 31))
    dyad.signed(title="Suite", starts_on=date(2026, 3, 1))
    with pytest.raises(ConventionRefusedError, match="« Suite »"):
        dyad.sign(made, on=SIGNED)
    parent.refresh_from_db()
    assert parent.ends_on == date(2026, 2, 28)


def test_an_avenant_does_not_bring_a_convention_back_to_life(dyad):
    parent = dyad.signed(ends_on=OPENED + timedelta(days=5))
    made = signed_avenant(dyad, parent, new_end=END)
    with pytest.raises(ConventionRefusedError, match="ne la fait pas revivre"):
        dyad.sign(made, on=SIGNED)
    with pytest.raises(ConventionRefusedError, match="ne la fait pas revivre"):
        avenant(parent, on=SIGNED)


def test_an_avenant_waits_for_the_signature_and_for_the_one_before(dyad):
    with pytest.raises(ConventionRefusedError, match="n’est pas signée"):
        avenant(dyad.draft())
    parent = dyad.departement.conventions.get()
    dyad.ready(parent)
    dyad.sign(parent)
    made = avenant(parent)
    with pytest.raises(ConventionRefusedError, match="déjà en préparation"):
        avenant(parent)
    with pytest.raises(ConventionRefusedError, match="pas un autre avenant"):
        avenant(made)


def test_the_dates_of_a_signed_convention_change_by_avenant_only(dyad):
    parent = dyad.signed()
    with pytest.raises(ConventionRefusedError, match="ne change plus que par un avenant"):
        actions_text.revise(parent, title="x", reference="", template=None, starts_on=None, ends_on=END, **BY)


def test_an_avenant_is_not_denounced_and_ends_with_its_convention(dyad):
    parent = dyad.signed()
    made = dyad.sign(signed_avenant(dyad, parent), on=SIGNED)
    with pytest.raises(ConventionRefusedError, match="On dénonce la convention"):
        actions_signature.denounce(made, from_on=date(2026, 4, 1), reason="motif", **BY)
    actions_signature.denounce(parent, from_on=date(2026, 4, 1), reason="motif", **BY)
    made.refresh_from_db()
    made.parent.refresh_from_db()
    assert made.situation(date(2026, 4, 1)).state is State.DENONCEE


def test_the_clauses_of_an_avenant_open_their_own_actions(dyad):
    parent = dyad.to_sign()
    dyad.with_clause(parent)
    dyad.sign(parent)
    made = signed_avenant(dyad, parent)
    clause = dyad.with_clause(made, "Former dix professionnels")
    dyad.sign(made, on=SIGNED)
    assert Action.objects.count() == 2
    assert Action.objects.get(origin_reference=clause.public_id).opened_on == SIGNED


def test_an_avenant_aligns_the_convention_on_a_version_of_the_model(dyad):
    parent = dyad.signed()
    new = actions_template.prepare(name="Version 2", is_example=True, copied_from=dyad.template, **BY)
    actions_template.adopt(new, on=OPENED, **BY)
    dyad.sign(signed_avenant(dyad, parent, template=new), on=SIGNED)
    parent.refresh_from_db()
    assert parent.template == new


def test_the_pages_of_an_avenant(client, dyad):
    parent = dyad.to_sign()
    write(parent, 2, "Textes de 2018.")
    dyad.sign(parent)
    act_as(client, dyad.referent_ars)
    start = reverse("conventions:avenant_start", args=[parent.public_id])
    assert client.get(start).status_code == 200
    answer = client.post(start, {"title": "Mise à jour"})
    made = parent.avenants.get()
    assert answer.url == reverse("conventions:convention_headings", args=[made.public_id])
    assert "Textes de 2018." in client.get(answer.url).content.decode()

    client.post(
        reverse("conventions:heading_write", args=[made.public_id, 2]),
        {"coverage": "present", "text": "Textes de 2018 et de 2025."},
    )
    assert made.headings.count() == 1
    detail = client.get(reverse("conventions:convention_detail", args=[made.public_id])).content.decode()
    assert "L’avenant réécrit 1\xa0rubrique." in detail
    client.post(reverse("conventions:heading_leave", args=[made.public_id, 2]))
    assert not made.headings.exists()
    client.post(reverse("conventions:matrix_take_over", args=[made.public_id]))
    assert made.circuits.exists()


def test_the_text_page_compares_two_days(client, dyad):
    parent = dyad.to_sign()
    write(parent, 11, "Rédaction de janvier.")
    dyad.sign(parent)
    made = avenant(parent)
    write(made, 11, "Rédaction de février.")
    dyad.ready(made, on=OPENED)
    dyad.sign(made, on=SIGNED)
    act_as(client, dyad.referent_ars)
    page = reverse("conventions:convention_text", args=[made.public_id])

    content = client.get(page, {"au": "2026-02-20", "avec": "2026-02-01"}).content.decode()

    assert "1\xa0rubrique différente" in content
    assert "<del>" in content
    assert "février.</ins>" in content
    early = client.get(page, {"au": "2025-01-01"}).content.decode()
    assert "Aucun texte en vigueur à cette date" in early
    assert client.get(page, {"au": "hier"}).status_code == 200
