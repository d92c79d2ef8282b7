"""Pistes are opened once, decided by both institutions, carried by two actions, and looked at again."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from tests.barometer.pistes import (  # noqa: F401  # a fixture among them
    BY,
    DUE,
    NOW,
    QUESTION,
    TODAY,
    answers_alone,
    both,
    cell,
    content,
    found,
    gap,
    noon,
    pair,
    result,
    under_embargo,
    wave,
)
from tests.identity.conftest import house, territories  # noqa: F401  # fixtures
from traitdunion.audit.models import Entry
from traitdunion.barometer import actions_pistes as actions
from traitdunion.barometer import queries_pistes as queries
from traitdunion.barometer import rules_patterns as patterns
from traitdunion.barometer.facts import Fact
from traitdunion.barometer.kinds import Decision, Outcome, Standing
from traitdunion.barometer.models import Piste, Proposal
from traitdunion.identity import actions as identity
from traitdunion.identity.kinds import Role, Side
from traitdunion.identity.models import Mandate
from traitdunion.plan import actions as ledger
from traitdunion.plan.kinds import ActionState, EventKind
from traitdunion.plan.models import Action

pytestmark = pytest.mark.django_db
P, A = Side.PREFECTURE, Side.ARS


@pytest.fixture
def dyad(house, answers_alone):  # noqa: F811  # the fixtures above
    return pair(house)


@pytest.fixture
def piste(dyad):
    return dyad.piste()


# Opening


def test_a_result_opens_its_pistes_once(dyad):
    first = result(wave(), content(pistes=[found(), found("agreement")]))

    assert actions.open_from(first, **BY) == 2
    assert actions.open_from(first, **BY) == 0
    assert Piste.objects.count() == 2


def test_another_edition_keeps_the_words_of_the_first(dyad, piste):
    again = result(piste.wave, content(pistes=[found(reading="Autres mots."), found("agreement")]), edition=2)

    assert actions.open_from(again, **BY) == 1
    assert Piste.objects.get(rule="low").reading == piste.reading


def test_an_opening_is_logged_once_with_its_counts(dyad):
    actions.open_from(result(wave()), **BY)

    [entry] = Entry.objects.filter(event="barometer.pistes.opened")
    assert entry.detail == {"opened": 1, "found": 1}


def test_a_vacant_referent_opens_a_piste_of_its_side(dyad):
    identity.end(dyad.ars, last_day=date(2026, 1, 31), **BY)

    actions.open_from(result(wave(), content(pistes=[])), **BY)

    [opened] = Piste.objects.all()
    assert (opened.rule, opened.side, opened.dimension, opened.pattern) == (
        "fact_referent_in_post", "ars", "", "facts",
    )  # fmt: skip
    assert "vacant depuis" in opened.reading


def fact(key="meeting", *, holds=False):
    return Fact(
        key=key, side=None, label="réunion commune", holds=holds, sentence="aucune depuis deux trimestres."
    )


def test_good_answers_beside_a_fact_that_fails_are_read_as_politeness():
    [polite] = patterns.pistes_of_facts("67", [fact()], both(4.2))
    [plain] = patterns.pistes_of_facts("67", [fact()], both(2.0))

    assert (polite.pattern, plain.pattern) == ("politeness", "facts")
    assert polite.reading.startswith("Les deux côtés répondent bien, et pourtant")


def test_a_fact_that_holds_or_is_no_trigger_opens_nothing():
    assert patterns.pistes_of_facts("67", [fact(holds=True), fact("contacts")], both()) == []


# Deciding


def test_nothing_is_decided_before_the_other_institution_confirms(dyad, piste):
    dyad.propose(piste)

    piste.refresh_from_db()
    assert piste.decision == ""
    assert not Action.objects.exists()
    assert queries.line(queries.in_lists(Piste.objects.all()).get(), A).standing is Standing.PROPOSED


@pytest.mark.parametrize(
    ("reader", "begins"),
    [(A, "À vous de répondre"), (P, "Vous avez proposé"), (None, "À l’ARS de répondre")],
)
def test_each_reader_is_told_whose_turn_it_is(dyad, piste, reader, begins):
    dyad.propose(piste)

    assert queries.line(queries.in_lists(Piste.objects.all()).get(), reader).turn.startswith(begins)


def test_a_kept_piste_opens_one_action_a_side(dyad, piste):
    dyad.keep(piste)

    lines = queries.actions_of(piste, dyad.prefecture, day=TODAY)
    assert [(each.owner.value, each.title, each.due_on, each.status.state) for each in lines] == [
        ("prefecture", "Réunir le bureau", DUE, ActionState.A_LANCER),
        ("ars", "Ouvrir une ligne directe", DUE, ActionState.A_LANCER),
    ]
    assert {each.origin_label for each in lines} == {"Baromètre, vague « V1 »"}
    assert {each.pilot for each in lines} == {"Préfecture du Bas-Rhin", "Délégation du Bas-Rhin"}
    assert (piste.decision, piste.due_on, piste.measured_by) == ("kept", DUE, QUESTION)


def test_every_step_leaves_one_entry_on_the_piste(dyad, piste):
    proposal = dyad.propose(piste)
    actions.decline(proposal, side=A, reason="La date est trop proche", **BY)
    dyad.keep(piste)

    said = Entry.objects.filter(event__startswith="barometer.piste.").order_by("pk")
    assert [entry.event.rsplit(".", 1)[1] for entry in said] == [
        "proposed",
        "declined",
        "proposed",
        "confirmed",
    ]
    assert {entry.subject for entry in said} == {str(piste.public_id)}


def test_an_institution_cannot_answer_itself(dyad, piste):
    proposal = dyad.propose(piste)

    with pytest.raises(actions.PisteRefusedError, match="c’est à l’autre de répondre"):
        actions.confirm(proposal, side=P, today=TODAY, **BY)
    with pytest.raises(actions.PisteRefusedError, match="c’est à l’autre de répondre"):
        actions.decline(proposal, side=P, reason="Non", **BY)
    with pytest.raises(actions.PisteRefusedError, match="confirmer ou la refuser"):
        actions.withdraw(proposal, side=A, **BY)


def test_a_proposal_is_taken_back_before_the_answer_and_not_after(dyad, piste):
    actions.withdraw(dyad.propose(piste), side=P, **BY)
    kept = dyad.propose(piste)
    actions.confirm(kept, side=A, today=TODAY, **BY)

    for again in (
        lambda: actions.withdraw(kept, side=P, **BY),
        lambda: actions.decline(kept, side=A, reason="Trop tard", **BY),
        lambda: actions.confirm(kept, side=A, today=TODAY, **BY),
    ):
        with pytest.raises(actions.PisteRefusedError, match="déjà été confirmée"):
            again()


def test_one_proposal_waits_at_a_time(dyad, piste):
    waiting = dyad.propose(piste)

    with pytest.raises(actions.PisteRefusedError, match="déjà proposée"):
        dyad.propose(piste, A)
    with pytest.raises(actions.PisteRefusedError, match="déjà proposée"):
        actions.propose_to_leave(piste, side=A, reason="Motif", today=TODAY, **BY)
    with pytest.raises(IntegrityError), transaction.atomic():
        Proposal.objects.create(
            piste=piste, side="ars", decision="left", reason="Motif", author_label="essai", recorded_at=NOW
        )
    assert list(piste.proposals.all()) == [waiting]


def test_a_refusal_and_a_leaving_say_why(dyad, piste):
    with pytest.raises(actions.PisteRefusedError, match="dit pourquoi"):
        actions.propose_to_leave(piste, side=A, reason="  ", today=TODAY, **BY)
    proposal = dyad.propose(piste)
    with pytest.raises(actions.PisteRefusedError, match="dit pourquoi"):
        actions.decline(proposal, side=A, reason=" ", **BY)


def test_after_a_refusal_either_may_propose_again(dyad, piste):
    actions.decline(dyad.propose(piste), side=A, reason="Plutôt en septembre", **BY)

    actions.confirm(dyad.propose(piste, A), side=P, today=TODAY, **BY)

    piste.refresh_from_db()
    assert piste.decision == Decision.KEPT.value
    assert [(each.text, each.reason) for each in queries.history(queries.proposals_of(piste))][-1] == (
        "Proposition de retenir la piste", "",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"due_on": TODAY}, "n’est pas à venir"),
        ({"measured_by": "inconnue"}, "ne mesure pas"),
        ({"measured_by": "suivre_convention"}, "ne mesure pas"),  # asked, but about something else
    ],
)
def test_terms_that_make_no_sense_are_refused(dyad, piste, values, refusal):
    with pytest.raises(actions.PisteRefusedError, match=refusal):
        dyad.propose(piste, **values)


def test_an_owner_is_in_post_on_their_own_side_of_the_departement(dyad, piste):
    with pytest.raises(actions.PisteRefusedError, match="côté ARS"):
        dyad.propose(piste, owners={P: dyad.prefecture, A: dyad.prefecture})
    with pytest.raises(actions.PisteRefusedError, match="n’est pas en poste"):
        dyad.propose(piste, owners={P: dyad.mandate(Role.DESK_SANTE), A: dyad.ars})


def test_an_owner_who_left_since_cannot_be_confirmed(dyad, piste):
    proposal = dyad.propose(piste)
    identity.end(dyad.ars, last_day=date(2026, 2, 28), **BY)

    with pytest.raises(actions.PisteRefusedError, match="n’est pas en poste"):
        actions.confirm(proposal, side=A, today=TODAY, **BY)
    assert not Action.objects.exists()


def test_a_date_that_passed_since_cannot_be_confirmed(dyad, piste):
    proposal = dyad.propose(piste)

    with pytest.raises(actions.PisteRefusedError, match="est passée"):
        actions.confirm(proposal, side=A, today=DUE, **BY)


def test_nothing_is_decided_under_embargo(dyad):
    piste = dyad.piste(under_embargo())

    with pytest.raises(actions.PisteRefusedError, match="sous embargo jusqu’au 03/03/2026"):
        dyad.propose(piste)
    assert dyad.propose(piste, today=TODAY + timedelta(days=1)).pk


# Changing


def test_a_decision_changes_with_a_reason_and_the_actions_follow(dyad, piste):
    dyad.keep(piste)
    with pytest.raises(actions.PisteRefusedError, match="dites pourquoi elle change"):
        dyad.propose(piste)

    dyad.keep(piste, reason="Le bureau est réorganisé", due_on=DUE + timedelta(days=90))

    assert [each.due_on for each in queries.actions_of(piste, dyad.ars, day=TODAY)] == [
        DUE + timedelta(days=90)
    ] * 2
    assert Action.objects.count() == 2


def test_a_piste_left_after_all_gives_up_what_was_not_done(dyad, piste):
    dyad.keep(piste)
    done = Action.objects.get(owner="ars")
    ledger.note_event(done, kind=EventKind.REALISEE, happened_on=TODAY, **BY)

    dyad.leave(piste)

    assert [each.status.state for each in queries.actions_of(piste, dyad.ars, day=TODAY)] == [
        ActionState.ABANDONNEE,
        ActionState.REALISEE,
    ]
    with pytest.raises(actions.PisteRefusedError, match="déjà écartée"):
        actions.propose_to_leave(piste, side=A, reason="Encore", today=TODAY, **BY)


def test_a_piste_kept_again_opens_its_actions_again(dyad, piste):
    dyad.keep(piste)
    dyad.leave(piste)

    dyad.keep(piste, reason="Le besoin est revenu")

    assert [each.status.state for each in queries.actions_of(piste, dyad.ars, day=TODAY)] == [
        ActionState.EN_COURS
    ] * 2


# Looking again


def later(dyad, piste, body, *, days=200, edition=1, **values):
    known = Piste.objects.get(pk=piste.pk)
    known.decided_at = noon(TODAY - timedelta(days=10))
    known.save(update_fields=["decided_at"])
    after = wave("V2", closes_on=TODAY + timedelta(days=days), **values)
    return result(after, body, edition)


def test_a_later_wave_says_what_changed_of_a_kept_piste(dyad, piste):
    dyad.keep(piste)
    seen = later(dyad, piste, content(cells=both(3.6), pistes=[]))

    assert actions.observe(seen, **BY) == 1

    [effect] = queries.effects_of(piste)
    assert effect.outcome == Outcome.SEEN.value
    assert effect.sentence.startswith("Depuis la vague « V1 », ce que répond la préfecture va de 2,0 à 3,6")
    assert Entry.objects.get(event="barometer.pistes.observed").detail == {"seen": 1}


@pytest.mark.parametrize(("country", "is_told"), [(3.0, True), (2.0, False)])
def test_an_effect_says_that_the_country_rose_too(dyad, country, is_told):
    def national(estimate):
        return [cell("ars", estimate, half=0.1), cell("prefecture", 2.0, half=0.1)]

    piste = dyad.keep(dyad.piste(body=content(national=national(2.0))))

    actions.observe(later(dyad, piste, content(cells=both(3.6), national=national(country))), **BY)

    [effect] = queries.effects_of(piste)
    assert effect.outcome == Outcome.SEEN.value
    assert ("Le pays entier a évolué dans le même sens" in effect.sentence) is is_told


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (content(cells=[cell("prefecture", 3.6), cell("ars", shown=False)]), "trop peu de personnes"),
        (content(cells=both(3.0, half=1.0)), "trop large"),
        (content(cells=[]), "ne montre pas"),
        (
            content(cells=both(3.6), version=2),
            "la question « joindre » a changé de formulation",
        ),
    ],
)
def test_what_cannot_be_compared_concludes_nothing(dyad, piste, body, says):
    dyad.keep(piste)

    actions.observe(later(dyad, piste, body), **BY)

    [effect] = queries.effects_of(piste)
    assert effect.outcome == Outcome.UNDECIDED.value
    assert says in effect.sentence


SISTER = "repondre_a_temps"


@pytest.mark.parametrize(
    ("named", "sister", "outcome"), [(3.6, 2.0, Outcome.SEEN), (2.0, 4.5, Outcome.NOT_SEEN)]
)
def test_the_question_that_the_piste_names_is_judged_whatever_becomes_of_its_sister(
    dyad, named, sister, outcome
):
    def told(named, sister):
        return [
            {**each, "item": item}
            for item, estimate in ((QUESTION, named), (SISTER, sister))
            for each in both(estimate, half=0.1)
        ]

    piste = dyad.keep(dyad.piste(body=content(items=told(2.0, 2.0))))
    middle = both((named + sister) / 2, half=0.1)

    actions.observe(later(dyad, piste, content(cells=middle, items=told(named, sister))), **BY)

    [effect] = queries.effects_of(piste)
    assert effect.outcome == outcome.value


def test_a_misunderstanding_is_measured_by_the_question_that_was_guessed(dyad):
    wrong = [gap("accuracy_prefecture", 1.6)]
    of = found("misunderstanding", pattern="unaware", side="prefecture")
    piste = dyad.piste(body=content(gaps=wrong, pistes=[of]))

    assert [each.id for each in queries.questions_for(piste)] == [QUESTION]
    with pytest.raises(actions.PisteRefusedError, match="ne mesure pas ce dont parle la piste"):
        dyad.propose(piste, measured_by=SISTER)

    dyad.keep(piste)
    actions.observe(later(dyad, piste, content(gaps=[gap("accuracy_prefecture", 0.1)], pistes=[])), **BY)
    [effect] = queries.effects_of(piste)
    assert effect.outcome == Outcome.SEEN.value
    assert "l’erreur de la préfecture sur la réponse de l’ARS va de 1,6 à 0,1" in effect.sentence


def test_an_error_about_another_question_is_not_compared(dyad):
    of = found("misunderstanding", pattern="unaware", side="prefecture")
    piste = dyad.keep(dyad.piste(body=content(gaps=[gap("accuracy_prefecture", 1.6)], pistes=[of])))

    body = content(gaps=[gap("accuracy_prefecture", 0.1, item=SISTER)], pistes=[])
    actions.observe(later(dyad, piste, body), **BY)

    [effect] = queries.effects_of(piste)
    assert effect.outcome == Outcome.UNDECIDED.value


def test_people_of_one_side_who_disagreed_are_judged_in_a_meeting(dyad):
    piste = dyad.keep(dyad.piste(body=content(pistes=[found("spread", pattern="internal", side="ars")])))

    actions.observe(later(dyad, piste, content(cells=both(3.6), pistes=[])), **BY)

    [effect] = queries.effects_of(piste)
    assert effect.outcome == Outcome.UNDECIDED.value
    assert effect.sentence.startswith("Cette piste se juge en réunion")


@pytest.mark.parametrize(
    ("is_in_post", "outcome", "says"),
    [
        (True, Outcome.SEEN, "le fait a changé (référent radicalisation de l’ARS : en poste)."),
        (False, Outcome.NOT_SEEN, "le fait n’a pas changé (référent radicalisation de l’ARS : vacant depuis"),
    ],
)
def test_a_piste_on_a_fact_is_judged_by_the_fact(dyad, is_in_post, outcome, says):
    vacant = found("fact_referent_in_post", pattern="facts", dimension="", side="ars")
    first = wave()
    actions.open_from(result(first, content(pistes=[vacant])), **BY)
    piste = dyad.keep(first.pistes.get())
    if not is_in_post:
        Mandate.objects.filter(pk=dyad.ars.pk).update(ends_on=TODAY - timedelta(days=40))

    actions.observe(later(dyad, piste, content(cells=both(3.6), pistes=[])), **BY)

    [effect] = queries.effects_of(piste)
    assert effect.outcome == outcome.value
    assert says in effect.sentence
    assert effect.sentence.endswith("À part, la question suivie : effet observé.")


def test_a_wave_of_the_other_form_or_without_the_dimension_is_not_looked_at(dyad, piste):
    dyad.keep(piste)
    pulse = later(dyad, piste, content(cells=both(3.6)), format="pulse")
    other = {**content(cells=both(3.6)), "dimensions": []}

    assert actions.observe(pulse, **BY) == 0
    assert actions.observe(result(wave("V3", TODAY + timedelta(days=300)), other), **BY) == 0


@pytest.mark.parametrize("decided", [None, "left", "late"])
def test_only_what_was_kept_before_the_wave_opened_is_looked_at(dyad, piste, decided):
    if decided == "left":
        dyad.leave(piste)
    if decided == "late":
        dyad.keep(piste)  # on 2 March; the wave below opened on 20 February
    after = wave("V2", closes_on=TODAY + timedelta(days=-10 if decided == "late" else 200))

    assert actions.observe(result(after, content(cells=both(3.6))), **BY) == 0


def test_another_edition_corrects_the_effect(dyad, piste):
    dyad.keep(piste)
    first = later(dyad, piste, content(cells=both(3.6)))
    actions.observe(first, **BY)

    actions.observe(result(first.wave, content(cells=both(2.0, half=0.1)), edition=2), **BY)

    [effect] = queries.effects_of(piste)
    assert effect.outcome == Outcome.NOT_SEEN.value


def test_looking_again_costs_the_same_for_many_pistes(dyad, django_assert_max_num_queries):
    body = content(pistes=[found(rule) for rule in ("low", "agreement", "asymmetry", "spread")])
    first = wave()
    actions.open_from(result(first, body), **BY)
    for each in first.pistes.all():
        dyad.keep(each)
    first.pistes.update(decided_at=noon(TODAY - timedelta(days=10)))
    after = result(wave("V2", TODAY + timedelta(days=200)), content(cells=both(3.6)))

    with django_assert_max_num_queries(3):  # kept pistes, justifications, the earlier result
        assert len(list(queries.effects_in(after, day=TODAY))) == 4
