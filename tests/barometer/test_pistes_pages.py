"""The pages of pistes: who reads, who decides, what is said, and the guide of the meeting."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.barometer.pistes import (  # noqa: F401  # a fixture among them
    BY,
    QUESTION,
    act_as,
    answers_alone,
    both,
    cell,
    content,
    found,
    noon,
    pair,
    result,
    under_embargo,
    wave,
)
from tests.identity.conftest import house, territories  # noqa: F401  # fixtures
from traitdunion.barometer import access_results, queries_pistes
from traitdunion.barometer import actions_pistes as actions
from traitdunion.barometer.access_pistes import pistes_visible_to
from traitdunion.barometer.facts import REFERENT_IN_POST
from traitdunion.barometer.kinds import Standing
from traitdunion.barometer.models import Piste, Proposal, QuestionnaireVersion
from traitdunion.barometer.rules_patterns import REMEDIES
from traitdunion.identity.kinds import Role, Side
from traitdunion.plan import actions as ledger
from traitdunion.plan.kinds import EventKind, OriginKind, Provenance
from traitdunion.plan.models import Action
from traitdunion.portal import barometer_facts, digest, restitution

pytestmark = pytest.mark.django_db
SOON = (timezone.localdate() + timedelta(days=90)).isoformat()
PAIR = (Role.PREFET, Role.REFERENT_PREFECTURE, Role.COORDINATEUR_CPRAF, Role.DG_ARS, Role.REFERENT_ARS)


@pytest.fixture
def dyad(house, answers_alone):  # noqa: F811  # the fixtures above
    return pair(house)


@pytest.fixture
def piste(dyad):
    return dyad.piste()


def at(name, *args):
    return reverse(f"barometer:{name}", args=args)


def page(client, mandate, name, *args, **asked):
    return act_as(client, mandate).get(at(name, *args), asked).content.decode()


# Who reads, when


@pytest.mark.parametrize("role", Role)
def test_under_embargo_only_the_two_institutions_read(dyad, role):
    piste = dyad.piste(under_embargo())
    mandate, day = dyad.mandate(role), date(2026, 3, 2)

    readable = pistes_visible_to(mandate, day=day)

    assert list(readable) == ([piste] if role in PAIR else [])
    assert list(pistes_visible_to(mandate, day=day + timedelta(days=1))) == [piste]


def test_pistes_are_read_as_the_results_they_come_from(dyad):
    """Whoever reads a result of the département reads its pistes, and nobody else."""
    for days in (6, 7, 8):
        of = wave(f"V{days}", closes_on=date(2026, 3, 2) - timedelta(days=days))
        actions.open_from(result(of), **BY)
    wave("annulée", cancelled_at=noon(date(2026, 3, 1)))
    place = dyad.house.bas_rhin

    for role in Role:
        mandate = dyad.mandate(role)
        waves = access_results.waves_of_departement(mandate, place, day=date(2026, 3, 2))
        readable = pistes_visible_to(mandate, day=date(2026, 3, 2))
        assert {each.wave for each in readable} == set(waves), role


def test_a_piste_elsewhere_does_not_exist(dyad, piste, client):
    far = dyad.house.far_posts[Role.REFERENT_PREFECTURE]
    dyad.house.posts[Role.PSYCHIATRE] = far

    assert (
        act_as(client, dyad.mandate(Role.PSYCHIATRE)).get(at("piste_detail", piste.public_id)).status_code
        == 404
    )


# The list


def test_a_list_without_piste_says_when_they_open(dyad, client):
    assert "Les pistes s’ouvrent quand une vague" in page(client, dyad.ars, "piste_list", "67")


def test_the_list_is_filtered_by_its_address(dyad, client):
    first = dyad.keep(dyad.piste())
    second = dyad.piste(wave("V2", closes_on=date(2026, 2, 20)))

    def listed(**asked):
        said = page(client, dyad.ars, "piste_list", "67", **asked)
        return [each for each in (first, second) if str(each.public_id) in said]

    assert listed() == [first, second]
    assert listed(etat="kept") == [first]
    assert listed(vague="V2") == [second]
    assert listed(etat="inconnu", vague="inconnue") == [first, second]
    assert "Aucune piste ne répond" in page(client, dyad.ars, "piste_list", "67", etat="left")


def test_what_waits_for_the_reader_comes_first_under_its_own_heading(dyad, client):
    kept, waiting = dyad.keep(dyad.piste()), dyad.piste(wave("V0", closes_on=date(2025, 6, 20)))
    actions.propose_to_leave(waiting, side=Side.ARS, reason="Un doublon", today=timezone.localdate(), **BY)
    asked, asker = (
        page(client, each, "piste_list", "67") for each in (dyad.mandate(Role.REFERENT_PREFECTURE), dyad.ars)
    )

    first, *_, rest = asked.partition('id="awaited"')[2].partition("</section>")
    assert str(waiting.public_id) in first
    assert str(kept.public_id) not in first
    assert str(kept.public_id) in rest
    assert str(waiting.public_id) not in rest
    assert 'id="awaited"' not in asker
    assert str(waiting.public_id) in asker


def test_a_heading_begins_with_a_capital(dyad, piste):
    piste.dimension = ""
    assert queries_pistes.title_of(piste)[0].isupper()


def test_an_action_that_is_done_is_said_so_once(dyad, piste, client):
    dyad.keep(piste)
    for action in Action.objects.all():
        ledger.note_event(action, kind=EventKind.REALISEE, happened_on=BY["at"].date(), **BY)
    said = page(client, dyad.ars, "piste_detail", piste.public_id)
    assert "Réalisée" in said or "réalisée" in said
    assert "déclarée réalisée" not in said


@pytest.mark.parametrize("name", ["piste_detail", "piste_keep", "piste_leave"])
def test_every_page_of_a_piste_says_the_limits_and_that_it_is_a_pilot(dyad, piste, client, name):
    QuestionnaireVersion.objects.update(is_example=True)
    said = page(client, dyad.ars, name, piste.public_id)
    assert "Exemple, non validé" in said
    assert "Le chiffre national est solide" in said


@pytest.mark.parametrize("wanted", Standing)
def test_the_database_agrees_with_the_rule_on_where_a_piste_stands(dyad, wanted):
    of = wave()
    actions.open_from(result(of, content(pistes=[found(f"rule{rank}") for rank in range(5)])), **BY)
    pistes = list(of.pistes.order_by("rule"))
    dyad.propose(pistes[1])
    dyad.keep(pistes[2])
    dyad.leave(pistes[3])
    dyad.keep(pistes[4])
    dyad.propose(pistes[4], reason="Changer la date")

    chosen = set(queries_pistes.standing_in(of.pistes.all(), wanted))

    lines = [queries_pistes.line(each, None) for each in queries_pistes.in_lists(of.pistes.all())]
    assert chosen == {each.piste for each in lines if each.standing is wanted} != set()


# One piste


def test_a_piste_says_what_was_seen_decided_done_and_found(dyad, piste, client):
    dyad.keep(piste)
    Piste.objects.update(decided_at=noon(date(2026, 2, 2)))
    actions.observe(result(wave("V2", date(2026, 9, 1)), content(cells=both(3.6))), **BY)

    said = page(client, dyad.mandate(Role.DESK_SANTE), "piste_detail", piste.public_id)

    for words in (
        "Joignabilité et délais",
        "Des deux côtés, c’est moins souvent que « parfois »",
        "Un plan d’action commun",
        "Ouvrir une ligne directe",
        "en retard",
        "Effet observé",
        "Une évolution n’est pas une preuve.",
        "Proposition confirmée",
    ):
        assert words in said.replace("\N{NO-BREAK SPACE}", " "), words
    assert "Changer la décision" not in said


def test_only_those_who_may_are_offered_a_decision(dyad, piste, client):
    offered = {
        role: "Proposer une décision" in page(client, dyad.mandate(role), "piste_detail", piste.public_id)
        for role in Role
    }

    deciders = {Role.PREFET, Role.REFERENT_PREFECTURE, Role.DG_ARS, Role.REFERENT_ARS}
    assert offered == {role: role in deciders for role in Role}


def test_under_embargo_no_decision_is_offered(dyad, client):
    piste = dyad.piste(wave("V9", closes_on=timezone.localdate() - timedelta(days=3)))

    said = page(client, dyad.ars, "piste_detail", piste.public_id)

    assert "Sous embargo" in said
    assert "Proposer une décision" not in said


# Deciding in the pages


def terms(dyad, **values):
    return {
        "prefecture_task": "Réunir le bureau",
        "prefecture_owner": str(dyad.prefecture.public_id),
        "ars_task": "Ouvrir une ligne directe",
        "ars_owner": str(dyad.ars.public_id),
        "due_on": SOON,
        "measured_by": QUESTION,
        "reason": "",
        **values,
    }


def test_one_proposes_the_other_confirms_and_two_actions_open(dyad, piste, client):
    sent = act_as(client, dyad.prefecture).post(at("piste_keep", piste.public_id), terms(dyad))
    assert sent.status_code == 302
    proposal = Proposal.objects.get()
    assert "Retirer la proposition" in page(client, dyad.prefecture, "piste_detail", piste.public_id)
    assert "À vous de répondre" in page(client, dyad.ars, "piste_detail", piste.public_id)

    act_as(client, dyad.ars).post(at("proposal_confirm", proposal.public_id))

    assert sorted(Action.objects.values_list("owner", flat=True)) == ["ars", "prefecture"]
    listed = (
        act_as(client, dyad.ars)
        .get(reverse("plan:action_list"), {"origine": "barometer_gap"})
        .content.decode()
    )
    assert "Réunir le bureau" in listed


def test_each_action_leads_back_to_its_piste_and_another_origin_to_nothing(dyad, piste, client):
    dyad.keep(piste)
    other = ledger.open_action(
        text=ledger.ActionText(title="Autre origine"),
        opened_on=date(2026, 3, 1),
        provenance=Provenance.OURS,
        origin=ledger.Origin(kind=OriginKind.LESSON, reference=piste.public_id, label="Retour d’expérience"),
        **BY,
    )

    for action in Action.objects.filter(origin="barometer_gap"):
        shown = (
            act_as(client, dyad.ars)
            .get(reverse("plan:action_detail", args=[action.public_id]))
            .content.decode()
        )
        assert f'href="{at("piste_detail", piste.public_id)}"' in shown
    alone = client.get(reverse("plan:action_detail", args=[other.public_id])).content.decode()
    assert "Retour d’expérience" in alone
    assert at("piste_detail", piste.public_id) not in alone


def test_an_empty_form_names_every_missing_field(dyad, piste, client):
    answer = act_as(client, dyad.ars).post(at("piste_keep", piste.public_id), {})

    assert answer.status_code == 400
    said = answer.content.decode()
    for words in (
        "chaque côté a un responsable",
        "Aucune date",
        "Aucune question n’est choisie",
        "quelques mots",
    ):
        assert words in said


def test_a_refusal_of_the_action_is_written_on_the_form(dyad, piste, client):
    answer = act_as(client, dyad.ars).post(
        at("piste_keep", piste.public_id), terms(dyad, due_on="2026-01-01")
    )

    assert answer.status_code == 400
    assert "n’est pas à venir" in answer.content.decode()


def test_the_form_starts_from_the_usual_remedy_then_from_what_was_agreed(dyad, piste, client):
    assert page(client, dyad.ars, "piste_keep", piste.public_id).count("Un plan d’action commun.") >= 3
    dyad.keep(piste)

    again = page(client, dyad.ars, "piste_keep", piste.public_id)

    assert "Pourquoi la décision change" in again
    assert 'value="Ouvrir une ligne directe"' in again


def test_a_piste_is_left_refused_and_taken_back_in_the_pages(dyad, piste, client):
    act_as(client, dyad.ars).post(at("piste_leave", piste.public_id), {"reason": "Déjà réglé"})
    first = Proposal.objects.get()
    act_as(client, dyad.prefecture).post(at("proposal_decline", first.public_id), {"reason": "Pas chez nous"})
    act_as(client, dyad.ars).post(at("piste_leave", piste.public_id), {"reason": "Vraiment réglé"})
    second = Proposal.objects.exclude(pk=first.pk).get()
    act_as(client, dyad.ars).post(at("proposal_withdraw", second.public_id))

    assert list(Proposal.objects.order_by("pk").values_list("answer", "answer_reason")) == [
        ("declined", "Pas chez nous"),
        ("withdrawn", ""),
    ]
    assert Piste.objects.get().decision == ""


def test_whoever_answers_their_own_proposal_is_told(dyad, piste, client):
    proposal = dyad.propose(piste)

    answer = act_as(client, dyad.prefecture).post(at("proposal_confirm", proposal.public_id), follow=True)

    assert "c’est à l’autre de répondre" in answer.content.decode()


def test_the_weekly_digest_tells_whose_turn_it_is_to_those_who_may_answer(dyad, piste):
    actions.decline(dyad.propose(piste), side=Side.ARS, reason="Trop tôt", **BY)
    proposal = dyad.propose(piste)
    coordinator = dyad.mandate(Role.COORDINATEUR_CPRAF)
    week = digest.read(date(2026, 3, 2))

    def told(mandate):
        found = {each.title: [line.text for line in each.lines] for each in digest.sections(mandate, week)}
        return {title: [text for text in lines if "Joignabilité" in text] for title, lines in found.items()}

    said = "À vous de répondre : la préfecture propose de retenir cette piste."
    assert [line.endswith(said) for line in told(dyad.ars)["À vous de jouer"]] == [True]
    assert len(told(dyad.prefecture)["Vous attendez l’ARS"]) == 1
    assert not any(told(coordinator).values())
    actions.withdraw(proposal, side=Side.PREFECTURE, **BY)
    assert queries_pistes.awaiting_an_answer() == []


# The country


def test_the_country_counts_by_pattern_and_names_no_departement(dyad, client):
    body = content(
        cells=[*both(), *both(code="35"), cell("ars", code="01"), cell("prefecture", code="01", shown=False)],
        pistes=[found(), found("agreement", pattern="disagreement"), found(departement="35")],
    )
    of = wave()
    actions.open_from(result(of, body), **BY)
    dyad.leave(of.pistes.get(rule="agreement"))

    counts = queries_pistes.counts(of)
    rows = {row.label: row for row in counts.rows}

    assert (counts.readable, counts.asked) == (2, 3)
    assert (rows["difficulté que les deux côtés reconnaissent"].departements, counts.opened) == (2, 5)
    assert (rows["fait à vérifier"].opened, rows["fait à vérifier"].departements) == (
        2,
        1,
    )  # two référents elsewhere
    assert list(rows["désaccord"].standings) == [0, 0, 0, 1]
    said = page(client, dyad.ars, "piste_counts")
    assert "Bas-Rhin" not in said.split("<h1>")[1]
    assert "2 sur 3" in said


def test_the_country_waits_for_the_publication(dyad, client):
    dyad.piste(wave("V9", closes_on=timezone.localdate() - timedelta(days=3)))

    assert "Aucune vague n’est encore publiée" in page(client, dyad.ars, "piste_counts")


# The guide


def guide(dyad, body, **values):
    of = wave(**values)
    actions.open_from(result(of, body), **BY)
    return restitution.document_of(dyad.house.bas_rhin, of, dyad.ars, day=date(2026, 3, 2))


def test_the_guide_says_what_both_say_and_what_to_talk_about(dyad):
    said = guide(dyad, content())

    assert said["figures"] == [
        {"label": "Joignabilité et délais", "prefecture": "2,0 (de 1,7 à 2,3)", "ars": "2,0 (de 1,7 à 2,3)"}
    ]
    assert said["said"][0]["label"] == "Une difficulté que les deux côtés reconnaissent"
    assert said["pistes"][0]["reading"].startswith("Des deux côtés")
    assert said["warning"].startswith("Ne nommez personne")
    assert "Où cela se bloque-t-il, et qu’est-ce qui dépend de nous deux ?" in said["questions"]


def test_a_side_with_too_few_answers_leaves_the_guide_without_figures(dyad):
    said = guide(dyad, content(cells=[cell("prefecture", 3.456), cell("ars", shown=False)]))

    assert said["figures"] == []
    assert said["note"].startswith("Les réponses de l’ARS sont trop peu nombreuses")
    assert [each["reading"] for each in said["pistes"]] == [""]
    assert not any(
        sign.isdigit() for each in (*said["said"], *said["pistes"]) for text in each.values() for sign in text
    )


def test_the_guide_is_one_tagged_page_the_same_each_time(dyad, piste, client):
    address = reverse("portal:restitution", args=["67"])

    first, second = act_as(client, dyad.ars).get(address), client.get(address)

    assert first["Content-Type"] == "application/pdf"
    assert first["Content-Disposition"] == 'inline; filename="guide-de-restitution-67-2026-01-31.pdf"'
    assert first.content == second.content
    assert b"pdfuaid" in first.content
    assert client.get(address, {"vague": "inconnue"}).status_code == 404


def test_a_departement_without_result_has_no_guide(dyad, client):
    assert act_as(client, dyad.ars).get(reverse("portal:restitution", args=["67"])).status_code == 404


def test_a_departement_without_convention_or_meeting_opens_two_pistes(house):  # noqa: F811  # the fixture above
    pair(house)

    actions.open_from(result(wave(), content(pistes=[])), **BY)

    assert [(each.rule, each.reading) for each in Piste.objects.order_by("rule")] == [
        ("fact_convention_in_force", "Convention en vigueur : aucune convention."),
        ("fact_meeting", "Dernière réunion : aucune connue."),
    ]


def test_the_facts_that_open_pistes_are_facts_that_someone_brings():
    brought = {REFERENT_IN_POST, barometer_facts.IN_FORCE, *(fact.value for fact in barometer_facts.TOLD)}

    assert set(REMEDIES) <= brought


# Cost


def test_a_list_costs_the_same_for_ten_pistes(dyad, client, django_assert_num_queries):
    of = wave()
    actions.open_from(result(of, content(pistes=[found(f"rule{rank}") for rank in range(10)])), **BY)
    for each in of.pistes.all():
        dyad.propose(each)
    act_as(client, dyad.ars)

    with django_assert_num_queries(9):
        client.get(at("piste_list", "67"))
