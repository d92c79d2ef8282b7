from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.conventions import facts
from tests.conventions.scene import act_as
from traitdunion.conventions import queries_drafting
from traitdunion.conventions.kinds import State, Step, Turn
from traitdunion.conventions.models import Convention
from traitdunion.identity.kinds import Role

pytestmark = pytest.mark.django_db
START, END = date(2024, 1, 1), date(2025, 6, 30)
AFTER = END + timedelta(days=1)


def convention(dyad, *, starts=START, ends=END, **values):
    return facts.convention(dyad.departement, signed_on=starts, starts_on=starts, ends_on=ends, **values)


def page(client, name, made, **asked):
    return client.get(reverse(f"conventions:{name}", args=[made.public_id]), asked).content.decode()


def plain(text):
    return text.replace("\xa0", " ").replace("\u202f", " ")


def row(made, day, *, reader=Role.REFERENT_ARS):
    [read] = queries_drafting.rows(Convention.objects.filter(pk=made.pk).with_life(), day=day, reader=reader)
    return read


# The text


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ({"ends": END}, "Convention échue depuis le 01/07/2025 : dernier texte, pour mémoire."),
        (
            {"ends": None, "denounced_on": AFTER},
            "Convention dénoncée depuis le 01/07/2025 : dernier texte, pour mémoire.",
        ),
    ],
)
def test_the_text_is_in_force_until_its_last_day_and_a_memory_the_day_after(client, dyad, ends, said):
    made = convention(dyad, **ends)
    act_as(client, dyad.referent_ars)

    last = plain(page(client, "convention_text", made, au=END.isoformat()))
    then = plain(page(client, "convention_text", made, au=AFTER.isoformat()))

    assert "Texte en vigueur au 30 juin 2025" in last
    assert "pour mémoire" not in last
    assert "Texte en vigueur" not in then
    assert said in then


def test_the_page_of_a_convention_offers_its_text_for_what_it_is_worth(client, dyad):
    over, running = convention(dyad), convention(dyad, starts=AFTER, ends=None)
    coming = facts.convention(dyad.departement, title="Projet")
    facts.step(coming, Step.PROJET, START)
    act_as(client, dyad.referent_ars)

    assert "Lire le dernier texte" in page(client, "convention_detail", over)
    assert "Lire le texte en vigueur" in page(client, "convention_detail", running)
    assert "Lire le texte en vigueur" not in page(client, "convention_detail", coming)


# Whose turn it is


def test_both_prepare_what_follows_while_nothing_does(dyad):
    read = row(convention(dyad), AFTER)
    assert (read.situation.state, read.situation.turn) == (State.ECHUE, Turn.BOTH)
    assert read.sentence.startswith("À vous et à la préfecture de préparer une nouvelle convention")


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (
            AFTER,
            "Remplacée par « Convention de 2025 » à compter du 01/09/2025 : rien n’est attendu ici.",
        ),
        (
            date(2025, 9, 1),
            "Remplacée par « Convention de 2025 » depuis le 01/09/2025 : rien n’est attendu ici.",
        ),
    ],
)
def test_nobody_acts_on_a_convention_that_another_follows(dyad, day, said):
    old = convention(dyad)
    new = facts.convention(
        dyad.departement,
        title="Convention de 2025",
        signed_on=END,
        starts_on=date(2025, 9, 1),
        ends_on=date(2025, 12, 31),
    )
    # A third one, later: the one that took over is the next, not the last.
    facts.convention(
        dyad.departement, title="Suivante", signed_on=date(2026, 1, 1), starts_on=date(2026, 1, 1)
    )
    read = row(old, day)
    assert (read.situation.turn, read.sentence, read.follower) == (Turn.NOBODY, said, new)
    assert row(new, date(2026, 1, 1)).follower.title == "Suivante"


def test_nobody_acts_on_the_old_text_while_the_next_is_written(dyad):
    old = convention(dyad)
    draft = facts.convention(dyad.departement, title="Convention de 2026")
    facts.step(draft, Step.PROJET, AFTER, turn=Turn.ARS)
    read = row(old, AFTER)
    assert read.situation.turn is Turn.NOBODY
    assert read.sentence == "Rien n’est attendu ici : « Convention de 2026 » est en préparation."
    assert row(old, AFTER).follower == draft


def test_nobody_acts_on_an_avenant_that_ended_with_its_convention(dyad):
    old = convention(dyad)
    made = facts.convention(
        dyad.departement, title="Mise à jour", signed_on=START, starts_on=START, parent=old, number=1
    )
    read = row(made, AFTER)
    assert (read.situation.state, read.situation.turn) == (State.ECHUE, Turn.NOBODY)
    assert read.sentence == "L’avenant a pris fin avec sa convention : rien n’est attendu ici."


def test_the_list_the_history_and_the_page_name_what_took_over(client, dyad):
    old = convention(dyad, title="Ancienne")
    new = convention(dyad, starts=AFTER, ends=None, title="Nouvelle")
    act_as(client, dyad.referent_ars)
    addresses = [
        reverse("conventions:convention_list"),
        reverse("conventions:departement_history", args=["67"]),
        reverse("conventions:convention_detail", args=[old.public_id]),
    ]
    yesterday = timezone.localdate() - timedelta(days=1)
    for address in addresses:
        for asked in ({}, {"au": yesterday.isoformat()}):
            read = plain(client.get(address, asked).content.decode())
            assert "Remplacée par « Nouvelle » depuis le 01/07/2025 : rien n’est attendu ici." in read
            assert "préparer une nouvelle convention" not in read
    link = reverse("conventions:convention_detail", args=[new.public_id])
    assert f'href="{link}">Lire « Nouvelle »' in plain(client.get(addresses[2]).content.decode())


# What is empty says what to do next


def test_a_page_without_avenant_nor_meeting_leads_who_may_act_to_the_next_one(client, dyad):
    made = convention(dyad, ends=None)
    amend = reverse("conventions:avenant_start", args=[made.public_id])
    plan = reverse("conventions:meeting_plan", args=["67"])
    act_as(client, dyad.referent_ars)
    page_of_the_dyad = page(client, "convention_detail", made)
    assert f'Aucun avenant. <a href="{amend}">' in page_of_the_dyad
    assert f'<a href="{plan}">Inscrire la prochaine</a>' in page_of_the_dyad

    act_as(client, dyad.house.mandate(Role.DESK_SANTE))
    read = page(client, "convention_detail", made)
    assert "Aucun avenant : la préfecture ou l’ARS peut en préparer un." in read
    assert "Aucune réunion n’est connue : la préfecture ou l’ARS inscrit la prochaine." in read
    assert plan not in read


def test_a_side_without_action_says_who_may_open_one(client, dyad):
    address = reverse("portal:dyad", args=["67"])
    act_as(client, dyad.referent_ars)
    opening = f'Aucune action ouverte. <a href="{reverse("plan:action_open")}">'
    assert client.get(address).content.decode().count(opening) == 2
    act_as(client, dyad.house.mandate(Role.DESK_SANTE))
    read = client.get(address).content.decode()
    assert read.count("Aucune action ouverte : le préfet, le directeur général de l’ARS ou un référent") == 2
    assert opening not in read
