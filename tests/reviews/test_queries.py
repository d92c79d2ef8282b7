"""The figures of a quarter, read where they live, and the text that they open with."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from tests.barometer import pistes as waves
from tests.conventions import facts
from tests.reviews.scene import KEY_FROM, T3
from traitdunion.audit.actors import task
from traitdunion.barometer.models import Participation, Piste
from traitdunion.plan import actions as plan
from traitdunion.plan.kinds import BlockerCause, EventKind, OriginKind, Owner, Provenance
from traitdunion.reviews import figures, prefill, queries
from traitdunion.reviews.figures import Figure
from traitdunion.reviews.outline import TITLES
from traitdunion.territories.models import Departement

DAY = date(2026, 10, 1)
BY = {"actor": task("essais"), "at": KEY_FROM}
pytestmark = pytest.mark.django_db


@pytest.fixture
def place(db):
    return facts.departement()


def read(*places, day=DAY, quarter=T3):
    return queries.figures_of(quarter, places, day=day)


def value(place, name, **asked):
    figure = read(place, **asked)[place.code][name]
    return None if figure.value is None else (figure.value, figure.denominator)


class TestConvention:
    def test_an_empty_departement_has_zeros_and_reasons_never_a_guess(self, place):
        found = read(place)["67"]

        assert {name for name, figure in found.items() if figure.value is None} == {
            "presence-sante", "barometre-participation",
        }  # fmt: skip
        assert found["presence-sante"].shown == "pas encore mesuré"
        assert found["barometre-participation"].shown == "aucune vague du baromètre n’est publiée"
        assert value(place, "convention-en-vigueur") == (0, 1)

    def test_a_living_one_counts(self, place):
        facts.living(place, T3.last_day)

        assert value(place, "convention-en-vigueur") == (1, 1)
        assert value(place, "referents-en-poste") == (2, 2)
        assert value(place, "contacts-confirmes") == (2, 2)
        assert value(place, "reunions-tenues") == (1, None)
        assert value(place, "revues-tenues") == (1, None)

    @pytest.mark.parametrize("day", [date(2026, 6, 30), date(2026, 10, 1)])
    def test_a_meeting_of_another_quarter_does_not_count(self, place, day):
        facts.meeting(place, day)

        assert value(place, "reunions-tenues") == (0, None)

    def test_a_meeting_of_one_side_does_not_count(self, place):
        facts.meeting(place, date(2026, 9, 1), ars=False)

        assert value(place, "reunions-tenues") == (0, None)


class TestBarometer:
    @pytest.fixture
    def wave(self, place):
        made = waves.wave("Point 3", closes_on=date(2026, 9, 1))
        waves.result(made, waves.content())
        for side, submitted in (("prefecture", 4), ("ars", 3)):
            Participation.objects.create(
                wave=made,
                departement=place,
                side=side,
                invited=6,
                submitted=submitted,
                counted_on=made.closes_on,
            )
        return made

    def test_the_side_that_answered_least_counts(self, place, wave):
        assert value(place, "barometre-participation") == (Decimal("50.0"), None)

    def test_a_dimension_is_told_with_its_interval(self, place, wave):
        shown = [figure for name, figure in read(place)["67"].items() if name.startswith("dimension-")]

        assert len(shown) == 2
        assert shown[0].shown.replace("\xa0", " ") == "2 de 1 à 5 (intervalle de 1,7 à 2,3)"

    def test_a_side_with_too_few_answers_is_not_told(self, place, wave):
        found = waves.content(cells=[waves.cell("prefecture", shown=False), waves.cell("ars")])
        wave.results.update(content=found)

        assert [name for name in read(place)["67"] if name.startswith("dimension-")] == [
            name for name in read(place)["67"] if name.endswith("-ars") and name.startswith("dimension-")
        ]
        assert len([name for name in read(place)["67"] if name.startswith("dimension-")]) == 1

    def test_a_wave_under_embargo_is_not_read(self, place, wave):
        assert value(place, "barometre-participation", day=date(2026, 9, 2)) is None

    def test_a_side_that_was_not_asked_gives_no_answer(self, place, wave):
        Participation.objects.filter(side="ars").delete()

        assert read(place)["67"]["barometre-participation"].shown == "une institution n’a pas été interrogée"


class TestLedger:
    def action(self, place, **origin):
        return plan.open_action(
            text=plan.ActionText(title="Action", due_on=date(2026, 8, 1)), opened_on=date(2026, 7, 1),
            provenance=Provenance.SYNTHETIC, departement=place, owner=Owner.BOTH,
            origin=plan.Origin(**{"kind": OriginKind.LESSON, "label": "essais", **origin}),
            actor=BY["actor"], at=facts.noon(date(2026, 7, 1)),
        )  # fmt: skip

    def test_what_is_late_and_blocked_at_the_end_of_the_quarter(self, place):
        action = self.action(place)
        plan.block(
            action, cause=BlockerCause.DECISION, lifter="préfet", since=date(2026, 7, 2), actor=BY["actor"],
            at=facts.noon(date(2026, 7, 2)),
        )  # fmt: skip

        assert value(place, "actions-en-retard") == (1, 1)
        assert value(place, "blocages-ouverts") == (1, None)
        assert value(place, "actions-en-retard", quarter=T3.previous) == (0, 0)

    def test_what_the_ledger_learns_after_the_quarter_moves_nothing(self, place):
        action = self.action(place)
        late = {"actor": BY["actor"], "at": facts.noon(date(2026, 10, 2))}
        before = value(place, "actions-en-retard"), value(place, "blocages-ouverts")

        plan.block(action, cause=BlockerCause.DECISION, lifter="préfet", since=date(2026, 9, 1), **late)
        plan.note_event(action, kind=EventKind.REALISEE, happened_on=date(2026, 9, 30), **late)

        assert (value(place, "actions-en-retard"), value(place, "blocages-ouverts")) == before

    def test_a_piste_is_on_time_once_all_its_actions_are_closed(self, place):
        wave = waves.wave("Point 2", closes_on=date(2026, 5, 1))
        piste = Piste.objects.create(
            wave=wave, departement=place, rule="low", pattern="shared_problem", reading="x", remedy="y",
            decision="kept", decided_at=KEY_FROM, due_on=date(2026, 8, 1), **facts.authored(),
        )  # fmt: skip
        assert value(place, "pistes-en-retard") == (1, 1), "nothing was ever opened for it"
        action = self.action(place, kind=OriginKind.BAROMETER_GAP, reference=piste.public_id)
        assert value(place, "pistes-en-retard") == (1, 1)

        plan.note_event(
            action, kind=EventKind.REALISEE, happened_on=date(2026, 7, 20), actor=BY["actor"],
            at=facts.noon(date(2026, 7, 20)),
        )  # fmt: skip

        assert value(place, "pistes-a-temps") == (1, 1)
        assert value(place, "pistes-en-retard") == (0, 1)


def test_the_number_of_queries_is_the_same_for_one_and_for_many(place):
    facts.living(place, T3.last_day)
    with CaptureQueriesContext(connection) as one:
        read(place)
    for rank in range(10, 40):
        facts.departement(str(rank), f"D{rank}", facts.region())
    with CaptureQueriesContext(connection) as many:
        found = read(*Departement.objects.all())

    assert len(found) == 31
    assert len(many) <= len(one) + 1  # the conventions ask once whether what they kept still holds


def test_every_figure_is_bound_to_a_definition_a_source_and_a_day(place):
    for figure in read(place)["67"].values():
        assert figure.definition.endswith(".")
        assert figure.source
        assert figure.as_of <= T3.last_day
        assert figure.unit


class TestProposedText:
    def test_every_part_is_written_and_cites_only_known_figures(self, place):
        found = read(place)["67"]

        texts = prefill.proposals(found, None)

        assert list(texts) == list(TITLES)
        for text in texts.values():
            figures.check(text, found)
            assert figures.typed_numbers(text) == [], "a proposed text types no figure"

    def test_what_changed_comes_first_with_what_it_was(self, place):
        before = read(place)["67"]
        facts.meeting(place, date(2026, 9, 1))
        after = read(place)["67"]

        texts = prefill.proposals(after, figures.compare(before, after))

        assert next(iter(texts)) == "changements"
        assert figures.render(texts["changements"], after).replace("\xa0", " ") == (
            "Réunions tenues : 1 réunion, contre 0 réunion au bilan précédent."
        )
        assert (
            prefill.proposals(after, [])["changements"] == "Aucun chiffre n’a changé depuis le dernier bilan."
        )

    @given(st.integers(0, 30))
    def test_a_long_list_of_changes_is_cut_and_says_so(self, count):
        new = {
            f"c-{rank}": Figure(
                id=f"c-{rank}", label=f"C {rank}", definition="d", source="s", as_of=DAY, value=Decimal(1), unit="u"
            )
            for rank in range(count)
        }  # fmt: skip

        text = prefill.proposals(new, figures.compare({}, new))["changements"]

        assert text.count("\n") <= prefill.LEAST_SHOWN
        assert ("D’autres chiffres" in text) == (count > prefill.LEAST_SHOWN)
