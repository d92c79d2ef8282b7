"""A convention « à la date du … »: what a page shows of a past evening is what it showed that evening."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.urls import reverse

from tests.conventions import facts
from tests.conventions.scene import CIRCUIT, act_as
from tests.conventions.test_access import stranger
from tests.conventions.test_drafting_pages import text_of
from tests.identity.conftest import ACTOR
from traitdunion.conventions import (
    actions,
    actions_practice,
    actions_signature,
    actions_text,
    imports,
    queries,
    queries_as_of,
    queries_drafting,
)
from traitdunion.conventions.kinds import Coverage, State, Step, Turn
from traitdunion.conventions.models import TERMS, ContactCheck, Convention, FormerTerms
from traitdunion.conventions.rules import evening
from traitdunion.exchange.tables import read_table
from traitdunion.identity.kinds import Side
from traitdunion.identity.models import Mandate
from traitdunion.plan.kinds import Owner, Provenance
from traitdunion.territories.models import Departement

pytestmark = pytest.mark.django_db
FIRST = date(2026, 1, 5)
END = date(2026, 12, 31)


def on(day):
    return FIRST + timedelta(days=day)


def by(day):
    """The author and the moment of an act recorded on the afternoon of a day of the story."""
    return {"actor": ACTOR, "at": datetime.combine(on(day), time(14), tzinfo=UTC)}


def start(dyad, day=0, **values):
    wanted = {
        "departement": dyad.departement, "side": Side.PREFECTURE, "title": "Convention-cadre", "on": on(day),
        "template": dyad.template, "ends_on": END, "provenance": Provenance.SYNTHETIC, **by(day),
    }  # fmt: skip
    return actions.start(**(wanted | values))


def step(convention, to, day, side=Side.PREFECTURE):
    actions.take_step(convention, step=to, side=side, on=on(day), reason="avancer", **by(day))


def sign(dyad, convention, side, day):
    who = {Side.PREFECTURE: dyad.prefet.person, Side.ARS: dyad.dg.person}[side]
    actions_signature.sign(convention, side=side, signatory=who, signed_on=on(day), **by(day))


def story(dyad):
    """Yield the days of a story of every kind of act, each once its acts are recorded."""
    convention = start(dyad)
    yield 0
    actions_text.revise(
        convention, title="Convention-cadre relue", reference="BR-1", template=None, starts_on=None, ends_on=END,
        **by(2),
    )  # fmt: skip
    meeting = actions_practice.plan_meeting(dyad.departement, planned_on=on(9), subject="Comité", **by(2))
    yield 2
    step(convention, Step.RELECTURE, 4)
    step(convention, Step.A_SIGNER, 4, side=Side.ARS)
    yield 4
    sign(dyad, convention, Side.ARS, 6)
    yield 6
    actions_signature.withdraw_signature(convention, side=Side.ARS, on=on(7), reason="Erreur", **by(7))
    yield 7
    sign(dyad, convention, Side.ARS, 8)
    yield 8
    sign(dyad, convention, Side.PREFECTURE, 9)
    yield 9
    actions_practice.hold_meeting(
        meeting, held_on=on(9), prefecture_present=True, ars_present=False, today=on(12), **by(12)
    )
    yield 12
    avenant = actions.start_avenant(convention, side=Side.ARS, title="Perdu", on=on(14), **by(14))
    actions.abandon(avenant, on=on(15), reason="Inutile", **by(15))
    yield 15
    avenant = actions.start_avenant(
        convention, side=Side.ARS, title="Prolongation", on=on(20), new_end=date(2028, 12, 31),
        template=dyad.template, **by(20),
    )  # fmt: skip
    step(avenant, Step.RELECTURE, 20, side=Side.ARS)
    step(avenant, Step.A_SIGNER, 20)
    sign(dyad, avenant, Side.ARS, 21)
    yield 21
    sign(dyad, avenant, Side.PREFECTURE, 22)
    yield 22
    # Recorded late: the evening of the 24th day does not know it.
    actions_practice.review(convention, reviewed_on=on(24), conclusion="Vu", today=on(30), **by(30))
    yield 30
    actions_signature.denounce(convention, from_on=on(40), reason="Refonte", **by(33))
    yield 33
    yield 40


def shown(acts, day, moment=None):
    """What the page tells of a convention and its avenants on a day."""
    [whole, *avenants] = acts
    told = []
    for act in acts:
        notes = [
            (each.side, each.signed_on, queries_drafting.signature_note(each))
            for each in act.signatures.all()
        ]
        told.append(
            (
                str(act),
                {name: getattr(act, name) for name in TERMS if not name.startswith("denounced")},
                act.denounced_on,
                act.signed_on,
                act.situation(day),
                sorted(notes),
            )
        )
    return (
        told,
        queries_drafting.history(whole, avenants, day=day),
        queries_as_of.surroundings(whole, day=day, by=moment),
    )


def test_each_evening_reads_as_it_was_read_that_evening(dyad):
    every = Convention.objects.order_by("pk")
    read = {day: shown(list(every.with_life()), on(day)) for day in story(dyad)}

    assert len(read) == 14
    for day, expected in read.items():
        acts, moment = queries_as_of.as_known(every, day=on(day))
        assert shown(acts, on(day), moment) == expected, day


def read_of_the_country(day, moment=None):
    """Where the département stands, its conventions and the counts, without the ends of mandates."""
    read = queries.departement_situation(Departement.objects.get(code="67"), on(day), known_at=moment)
    return (read.state, read.since, read.turn, read.turn_since, read.convention, read.draft, read.vitality)


def test_the_country_of_each_evening_reads_as_it_was_read_that_evening(dyad):
    Mandate.objects.update(recorded_at=by(-9)["at"])
    read = {day: read_of_the_country(day) for day in story(dyad)}

    for day, expected in read.items():
        assert read_of_the_country(day, evening(on(day), "Europe/Paris")) == expected, day


def test_the_states_of_the_story(dyad):
    for _ in story(dyad):
        pass
    found = {}
    for day in (0, 4, 6, 7, 8, 9, 21, 33, 39, 40):
        [whole, *_], _ = queries_as_of.as_known(Convention.objects.order_by("pk"), day=on(day))
        where = whole.situation(on(day))
        found[day] = where.state, where.turn
    assert found == {
        0: (State.PROJET, Turn.PREFECTURE),
        4: (State.A_SIGNER, Turn.BOTH),
        6: (State.A_SIGNER, Turn.PREFECTURE),
        7: (State.A_SIGNER, Turn.BOTH),
        8: (State.A_SIGNER, Turn.PREFECTURE),
        9: (State.EN_VIGUEUR, Turn.NOBODY),
        21: (State.EN_VIGUEUR, Turn.NOBODY),
        33: (State.EN_VIGUEUR, Turn.NOBODY),
        39: (State.EN_VIGUEUR, Turn.NOBODY),
        40: (State.DENONCEE, Turn.BOTH),
    }


def test_before_its_first_evening_a_convention_is_not_known(dyad):
    start(dyad)
    assert queries_as_of.as_known(Convention.objects.all(), day=on(-1))[0] == []
    assert queries_as_of.as_known(Convention.objects.none(), day=on(0)) == ([], None)


def test_the_evening_ends_on_the_clock_of_the_departement(dyad):
    Departement.objects.filter(pk=dyad.departement.pk).update(time_zone="America/Guadeloupe")
    dyad.departement.refresh_from_db()
    night = datetime(2026, 1, 6, 2, tzinfo=UTC)  # 22 h on the 5th in Guadeloupe
    start(dyad, at=night)

    [known], moment = queries_as_of.as_known(Convention.objects.all(), day=FIRST)

    assert known.situation(FIRST).state is State.PROJET
    assert moment == datetime(2026, 1, 6, 4, tzinfo=UTC)


def test_a_denunciation_corrected_by_a_table_reads_as_it_was_declared(dyad):
    made = facts.convention(
        dyad.departement, signed_on=on(0), starts_on=on(0), reference="BR-1", at=by(0)["at"],
        denounced_on=on(50), denounced_reason="Refonte", denounced_recorded_at=by(1)["at"],
    )  # fmt: skip
    columns = "département;intitulé;référence;dénoncée le;motif dénonciation"
    table = read_table(
        f"{columns}\n67;Convention-cadre;BR-1;{on(60):%d/%m/%Y};Refonte\n".encode(), file_name="x.csv"
    )

    done = imports.ConventionImporter().apply(table, progress=lambda _done, _total: None, **by(5))

    assert not done.errors
    read = {day: queries_as_of.as_known(Convention.objects.all(), day=on(day))[0][0] for day in (0, 4, 5)}
    assert [each.denounced_on for each in read.values()] == [None, on(50), on(60)]
    assert FormerTerms.objects.filter(convention=made).count() == 1


# The page


def page(client, convention, day=None):
    address = reverse("conventions:convention_detail", args=[convention.public_id])
    return client.get(address, {"au": on(day).isoformat()} if day is not None else {})


@pytest.fixture
def told(dyad):
    """A convention with its text, signed on the 9th day and amended on the 22nd."""
    for _ in story(dyad):
        pass
    return Convention.objects.get(parent=None)


def test_the_past_is_read_without_any_button(client, dyad, told):
    act_as(client, dyad.prefet)
    for day in (0, 6, 9, 30):
        answer = text_of(page(client, told, day))
        assert "Page lue" in answer
        for writing in ("step", "sign", "revise", "headings", "circuits", "clauses", "denounce", "abandon"):
            assert reverse(f"conventions:convention_{writing}", args=[told.public_id]) not in answer
        for writing in ("signature_withdraw", "avenant_start", "review_record"):
            assert reverse(f"conventions:{writing}", args=[told.public_id]) not in answer


def test_a_past_evening_shows_its_own_state_dates_meetings_and_links(client, dyad, told):
    act_as(client, dyad.referent_ars)

    sixth, tenth, late = (text_of(page(client, told, day)) for day in (6, 10, 30))

    assert f"La préfecture doit signer depuis le {on(6):%d/%m/%Y}." in sixth
    assert "le jour de la dernière signature" in sixth
    assert "ne peuvent pas être relus" in sixth
    assert "31 décembre 2026" in tenth
    assert "31 décembre 2028" not in tenth
    assert "Comité" in tenth
    assert "sans suite enregistrée" in tenth
    assert "Aucune revue n’est enregistrée." in tenth
    assert "ne peuvent pas être relus" not in tenth
    assert "31 décembre 2028" in late
    assert "tenue, préfecture seule" in late
    assert " : Vu" in late
    avenant = Convention.objects.exclude(parent=None).get(abandoned_on=None)
    assert f"{reverse('conventions:convention_detail', args=[avenant.public_id])}?au={on(30)}" in late
    assert f"{reverse('conventions:convention_text', args=[told.public_id])}?au={on(30)}" in late


def test_the_page_of_an_avenant_follows_the_evening_of_its_convention(client, dyad, told):
    act_as(client, dyad.referent_ars)
    avenant = Convention.objects.exclude(parent=None).get(abandoned_on=None)
    assert "À vous de faire signer le directeur général de l’ARS et à la préfecture de signer" in text_of(
        page(client, avenant, 20)
    )
    assert "Rien n’est attendu" in text_of(page(client, avenant, 22))
    assert "dénoncée" in text_of(page(client, avenant, 40))
    assert f"{reverse('conventions:convention_detail', args=[told.public_id])}?au=" in text_of(
        page(client, avenant, 20)
    )


def test_a_day_before_everything_or_no_day_says_so(client, dyad):
    convention = start(dyad)
    act_as(client, dyad.prefet)
    address = reverse("conventions:convention_detail", args=[convention.public_id])

    assert "n’était pas encore dans l’outil" in text_of(client.get(address, {"au": on(-3).isoformat()}))
    wrong = text_of(client.get(address, {"au": "hier"}))
    assert "« hier » n’est pas une date" in wrong
    assert "Page lue" not in wrong


def test_the_past_of_another_departement_does_not_exist(client, dyad):
    convention = start(dyad)
    act_as(client, stranger(dyad))
    assert {page(client, convention, day).status_code for day in (-3, 0, None)} == {404}


def test_a_past_evening_costs_at_most_twelve_queries(client, dyad, django_assert_max_num_queries):
    convention = start(dyad)
    actions_text.add_circuit(convention, CIRCUIT, **by(1))
    for number in range(1, 9):
        actions_text.write_heading(
            convention, number=number, coverage=Coverage.PRESENT, text="Texte", **by(1)
        )
        actions_text.add_clause(
            convention, heading_number=number, text="Se réunir", owner=Owner.BOTH, due_on=None, **by(1)
        )
    step(convention, Step.RELECTURE, 2)
    step(convention, Step.A_SIGNER, 2, side=Side.ARS)
    sign(dyad, convention, Side.ARS, 3)
    sign(dyad, convention, Side.PREFECTURE, 3)
    for day in range(4, 10):
        meeting = actions_practice.plan_meeting(
            dyad.departement, planned_on=on(day), subject="Comité", **by(day)
        )
        actions_practice.cancel_meeting(meeting, cancelled_on=on(day), **by(day))
    actions_signature.denounce(convention, from_on=on(40), reason="Refonte", **by(20))
    act_as(client, dyad.referent_ars)

    with django_assert_max_num_queries(12):
        answer = text_of(page(client, convention, 10))

    assert "Se réunir" in answer
    assert "annulée" in answer


# The lists


def listed(client, name, day, **query):
    args = ["67"] if name in {"departement_history", "meeting_list", "contact_list"} else []
    return text_of(
        client.get(reverse(f"conventions:{name}", args=args), {"au": on(day).isoformat(), **query})
    )


def test_the_lists_of_conventions_show_the_evening_and_keep_it_in_their_links(client, dyad, told):
    act_as(client, dyad.referent_ars)
    detail = reverse("conventions:convention_detail", args=[told.public_id])

    for name in ("convention_list", "departement_history"):
        before, sixth, ninth, last = (listed(client, name, day) for day in (-1, 6, 9, 40))
        assert "Aucune convention n’était connue à cette date." in before, name
        assert "La préfecture doit signer" in sixth, name
        assert "rien ne s’y écrit" in sixth, name
        assert f"{detail}?au={on(6)}" in sixth, name
        assert "en vigueur" in ninth, name
        assert "dénoncée" in last, name
        assert reverse("conventions:convention_start", args=["67"]) not in sixth, name


def test_a_past_list_is_searched_by_the_words_then_written(client, dyad, told):
    act_as(client, dyad.referent_ars)
    detail = reverse("conventions:convention_detail", args=[told.public_id])

    assert detail in listed(client, "convention_list", 0, q="convention-cadre")
    assert detail not in listed(client, "convention_list", 0, q="relue")
    assert detail in listed(client, "convention_list", 2, q="relue")
    assert detail in listed(client, "convention_list", 2, etat="projet")
    assert detail not in listed(client, "convention_list", 2, etat="en_vigueur")


def test_a_past_list_is_exported_as_it_is_read(client, dyad, told):
    act_as(client, dyad.referent_ars)
    address = reverse("conventions:convention_list_export")

    rows = (
        client.get(address, {"format": "csv", "au": on(2).isoformat()})
        .content.decode("utf-8-sig")
        .splitlines()
    )

    assert len(rows) == 2
    assert "Convention-cadre relue" in rows[1]
    assert "projet" in rows[1]


def test_alignment_of_a_past_evening_follows_the_model_then_followed(client, dyad, told):
    act_as(client, dyad.referent_ars)

    assert "Aucune convention en vigueur." in listed(client, "alignment", 6)
    # The correction of the second day took the model away; the avenant signed on the 22nd gave it back.
    assert f"{told.public_id}" in listed(client, "alignment", 21)
    assert "Toutes les conventions en vigueur suivent le modèle." in listed(client, "alignment", 22)


def test_the_meetings_of_a_past_evening_are_those_then_known(client, dyad, told):
    act_as(client, dyad.referent_ars)

    assert "Comité" not in listed(client, "meeting_list", 1)
    tenth, late = listed(client, "meeting_list", 10), listed(client, "meeting_list", 12)
    assert "suite à enregistrer" in tenth
    assert "Aucune réunion n’a encore été close." in tenth
    assert "Tenue, préfecture seule" in late
    assert reverse("conventions:meeting_plan", args=["67"]) not in tenth


def test_the_contacts_of_a_past_evening_are_those_then_known(client, dyad):
    check = facts.check(dyad.referent_ars, on(20), asked_on=on(3))
    ContactCheck.objects.filter(pk=check.pk).update(
        confirmed_at=datetime.combine(on(25), time(14), tzinfo=UTC)
    )
    Mandate.objects.update(recorded_at=by(-9)["at"])
    Mandate.objects.filter(pk=dyad.referent_prefecture.pk).update(recorded_at=by(30)["at"])
    act_as(client, dyad.referent_ars)

    tenth, late = listed(client, "contact_list", 22), listed(client, "contact_list", 40)

    assert "sans réponse" in tenth
    assert "sans réponse" not in late
    assert dyad.referent_prefecture.person.name not in tenth
    assert dyad.referent_prefecture.person.name in late
    assert "mailto:" not in tenth


def test_past_lists_cost_the_same_whatever_the_rows(client, dyad, told, django_assert_max_num_queries):
    act_as(client, facts.national_mandate())
    for code in ("2A", "976"):
        place = facts.departement(code, f"Lieu {code}", facts.region(code, f"Région {code}"))
        Departement.objects.filter(pk=code).update(
            time_zone="Indian/Mayotte" if code == "976" else "Europe/Paris"
        )
        for rank in range(6):
            made = facts.convention(place, title=f"Projet {rank}", at=by(1)["at"])
            facts.step(made, Step.PROJET, on(1), at=by(1)["at"])
            facts.meeting(place, on(rank), at=by(rank)["at"])
    for name in ("convention_list", "departement_history", "alignment", "meeting_list", "contact_list"):
        with django_assert_max_num_queries(12):
            listed(client, name, 10)


def test_an_evening_ends_on_the_clock_of_each_departement(dyad):
    for code, zone in (("971", "America/Guadeloupe"), ("974", "Indian/Reunion")):
        place = facts.departement(code, f"Lieu {code}", facts.region(code, f"Région {code}"))
        Departement.objects.filter(pk=code).update(time_zone=zone)
        # 22 h on the 5th in Guadeloupe is 6 h on the 6th in La Réunion.
        night = datetime(2026, 1, 6, 2, tzinfo=UTC)
        facts.step(facts.convention(place, at=night), Step.PROJET, FIRST, at=night)

    known, _ = queries_as_of.as_known(Convention.objects.order_by("departement"), day=FIRST)
    next_evening, _ = queries_as_of.as_known(Convention.objects.order_by("departement"), day=on(1))

    assert [each.departement_id for each in known] == ["971"]
    assert len(known[0].steps.all()) == 1
    assert [len(each.steps.all()) for each in next_evening] == [1, 1]
