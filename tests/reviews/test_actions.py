"""Open a quarter, write together, promise, meet: what is refused, what is never lost, what is never doubled."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from tests.conventions import facts
from tests.reviews.scene import BY, NOW, T3, TODAY, open_all
from traitdunion.audit.actors import task
from traitdunion.audit.models import Entry
from traitdunion.conventions.models import Meeting
from traitdunion.reviews import actions, actions_opening, queries
from traitdunion.reviews.actions import ConflictError, Seat
from traitdunion.reviews.criteria import CriteriaError
from traitdunion.reviews.figures import TokenError, token
from traitdunion.reviews.kinds import Conclusion, Fate, Level, Owner, Party, State, Step, Voice
from traitdunion.reviews.models import Commitment, CriteriaVersion, FormerText, Paragraph, Review, Version
from traitdunion.reviews.outline import TITLES
from traitdunion.reviews.rules import Quarter, state_of
from traitdunion.reviews.writing import ReviewRefusedError
from traitdunion.territories.models import Departement

TEXT = actions_opening.EXAMPLES[Level.DEPARTEMENT].read_text(encoding="utf-8")
OTHER = TEXT.replace("Exemple Trait d’union 1", "Essai 2")


class TestCriteria:
    def test_they_are_frozen_with_the_quarter_and_named_an_example(self, territories):
        row = actions_opening.freeze_criteria(T3.next, today=T3.next.first_day, **BY)

        assert row.is_example
        assert not row.came_late
        assert (
            actions_opening.freeze_criteria(T3.next, today=date(2026, 11, 1), **BY).frozen_on
            == T3.next.first_day
        )

    def test_frozen_after_the_start_they_say_so(self, territories):
        assert actions_opening.freeze_criteria(T3, today=TODAY, **BY).came_late

    def test_those_prepared_replace_the_example_and_carry_over_to_the_next_quarter(self, territories):
        actions_opening.prepare_criteria(T3.next, text=TEXT, today=date(2026, 9, 1), **BY)
        actions_opening.prepare_criteria(T3.next, text=OTHER, today=date(2026, 9, 2), **BY)

        frozen = actions_opening.freeze_criteria(T3.next, today=T3.next.first_day, **BY)
        after = actions_opening.freeze_criteria(T3.next.next, today=T3.next.next.first_day, **BY)

        assert frozen.name == after.name == "Essai 2"

    def test_a_started_quarter_takes_no_criteria(self, territories):
        with pytest.raises(ReviewRefusedError, match="a commencé le 01/07/2026"):
            actions_opening.prepare_criteria(T3, text=TEXT, today=T3.first_day, **BY)

    def test_a_text_that_cannot_be_read_is_refused(self, territories):
        with pytest.raises(CriteriaError):
            actions_opening.prepare_criteria(T3.next, text="nom =", today=date(2026, 9, 1), **BY)
        assert not CriteriaVersion.objects.exists()

    @pytest.mark.parametrize("write", [lambda rows: rows.update(text="nom = 1"), lambda rows: rows.delete()])
    def test_the_database_refuses_to_change_them_once_frozen(self, territories, write):
        actions_opening.freeze_criteria(T3, today=TODAY, **BY)

        with pytest.raises(DatabaseError, match="kept as they were"), transaction.atomic():
            write(CriteriaVersion.objects.all())


class TestOpening:
    def test_every_departement_gets_one_bilan_already_written(self, bilan):
        assert Review.objects.count() == Departement.objects.count() == 2
        assert {each.section for each in bilan.version.paragraphs.all()} == set(TITLES)
        assert state_of(bilan.version.life) is State.OUVERT
        assert bilan.review.due_on == date(2026, 11, 14)

    def test_opened_twice_nothing_is_opened_twice(self, bilan):
        before = Version.objects.count(), Paragraph.objects.count(), Entry.objects.count()

        assert open_all() == 0
        assert (Version.objects.count(), Paragraph.objects.count(), Entry.objects.count()) == before

    def test_a_departement_whose_quarter_is_not_over_waits(self, territories):
        Departement.objects.filter(code="35").update(time_zone="America/Martinique")
        midnight = datetime(
            2026, 9, 30, 22, 30, tzinfo=UTC
        )  # past midnight in Strasbourg, not in Fort-de-France

        assert open_all(at=midnight) == 1
        assert open_all(at=midnight + timedelta(hours=6)) == 1
        assert Review.objects.count() == 2

    def test_a_quarter_that_is_not_over_opens_nothing(self, territories):
        assert open_all(T3.next) == 0
        assert not CriteriaVersion.objects.exists()

    def test_the_database_refuses_a_second_bilan_of_one_quarter(self, bilan):
        with pytest.raises(IntegrityError, match="review_one_a_quarter"), transaction.atomic():
            Review.objects.create(
                level="departement", departement_id="67", quarter=str(T3), due_on=TODAY,
                criteria=bilan.review.criteria, **facts.authored(),
            )  # fmt: skip

    def test_the_number_of_queries_does_not_grow_with_the_departements(self, territories):
        open_all(T3.previous)
        for code in ("01", "02", "03"):
            facts.departement(code, f"D{code}", facts.region())
        with CaptureQueriesContext(
            connection,
        ) as few:
            open_all(T3)
        for rank in range(10, 35):
            facts.departement(str(rank), f"D{rank}", facts.region())
        with CaptureQueriesContext(connection) as many:
            open_all(T3.next, at=datetime(2027, 1, 1, 6, tzinfo=UTC), today=date(2027, 1, 1))

        assert Review.objects.filter(quarter=str(T3.next)).count() == 30
        assert len(many) <= len(few) + 2  # the criteria of the quarter before are read

    def test_the_log_says_who_opened_and_how_many(self, bilan):
        entry = Entry.objects.get(event="reviews.quarter.opened")

        assert entry.detail["opened"] == 2
        assert entry.actor_label == BY["actor"].label


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_open_at_once_open_each_bilan_once(territories):
    opened, errors, gate = [], [], threading.Barrier(2)

    def run():
        gate.wait()
        try:
            opened.append(open_all())
        except Exception as error:  # noqa: BLE001  # told to the test
            errors.append(error)
        finally:
            connections.close_all()

    workers = [threading.Thread(target=run) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert errors == []
    assert sum(opened) == Review.objects.count() == Version.objects.count() == 2
    assert Paragraph.objects.count() == 2 * len(TITLES)


class TestWriting:
    def test_a_figure_is_cited_and_follows(self, bilan):
        paragraph = bilan.write(f"Convention : {token('convention-en-vigueur')}.")

        assert paragraph.revision == 2
        assert not paragraph.is_untouched

    def test_what_was_written_over_is_kept(self, bilan):
        first = bilan.paragraph().text
        bilan.write("Un.")
        bilan.write("Deux.", side=Party.ARS)

        assert list(FormerText.objects.values_list("revision", "text")) == [(2, "Un."), (1, first)]

    def test_two_people_writing_at_once_lose_nothing(self, bilan):
        bilan.write("Ce que la préfecture écrit.", revision=1)

        with pytest.raises(ConflictError, match="Rien n’est perdu") as refused:
            bilan.write("Ce que l’ARS écrit.", revision=1, side=Party.ARS)

        assert refused.value.paragraph.text == "Ce que la préfecture écrit."
        assert refused.value.typed == "Ce que l’ARS écrit."
        bilan.write("Les deux.", revision=2, side=Party.ARS)
        assert bilan.paragraph().text == "Les deux."

    def test_two_people_who_start_the_same_position_do_not_overwrite_each_other(self, bilan):
        bilan.write("Première.", voice=Voice.ARS, side=Party.ARS, revision=0)

        with pytest.raises(ConflictError):
            bilan.write("Seconde.", voice=Voice.ARS, side=Party.ARS, revision=0)

    def test_each_side_writes_its_own_position_only(self, bilan):
        bilan.write("Nous ne partageons pas ce constat.", voice=Voice.ARS, side=Party.ARS)

        with pytest.raises(ReviewRefusedError, match="jamais celle de l’autre"):
            bilan.write("Autre chose.", voice=Voice.ARS, side=Party.PREFECTURE)
        with pytest.raises(ReviewRefusedError, match="jamais celle de l’autre"):
            bilan.write("Autre chose.", voice=Voice.SANTE, side=Party.ARS)
        with pytest.raises(ReviewRefusedError):
            bilan.write("Autre chose.", section="inconnue", revision=0)

    @pytest.mark.parametrize("text", ["{{chiffre:inconnu}}", "{{chiffre:reunions", "a }} b"])
    def test_a_citation_of_nothing_is_refused(self, bilan, text):
        with pytest.raises(TokenError):
            bilan.write(text)
        assert bilan.paragraph().revision == 1

    def test_a_text_too_long_is_refused(self, bilan):
        with pytest.raises(ReviewRefusedError, match="4001 signes"):
            bilan.write("a" * 4001)

    def test_what_is_offered_for_signature_is_not_written(self, bilan):
        bilan.offer()

        with pytest.raises(ReviewRefusedError, match="reprenez-le en écriture"):
            bilan.write("Encore un mot.")


class TestReadingAgain:
    def meet(self, bilan, on=date(2026, 9, 10)):
        facts.Meeting.objects.create(
            departement_id="67", planned_on=on, subject="Point", held_on=on, prefecture_present=True, ars_present=True,
            outcome_recorded_at=NOW, **facts.authored(),
        )  # fmt: skip

    def test_only_what_changed_is_told(self, bilan):
        self.meet(bilan)

        changes = actions.regenerate(bilan.version, today=TODAY, **BY)

        assert [change.sentence.replace("\xa0", " ") for change in changes] == [
            "Réunions tenues : 0 réunion devient 1 réunion"
        ]
        assert actions.regenerate(bilan.version, today=TODAY, **BY) == []

    def test_what_people_wrote_stays_and_its_citation_follows(self, bilan):
        bilan.write(f"Nous avons tenu {token('reunions-tenues')}.", section="reunions")
        self.meet(bilan)
        actions.regenerate(bilan.version, today=TODAY, **BY)

        assert bilan.paragraph("reunions").text == f"Nous avons tenu {token('reunions-tenues')}."
        assert queries.figures_by_name(bilan.version)["reunions-tenues"].value == 1

    def test_a_figure_whose_source_vanished_says_so_where_it_is_cited(self, bilan):
        version = bilan.version
        version.figures.filter(identifier="revues-tenues").update(identifier="perdu", label="Chiffre perdu")
        bilan.write(f"Reste cité : {token('perdu')}.")

        changes = actions.regenerate(version, today=TODAY, **BY)

        assert "Chiffre perdu : la source a disparu (valait 0\xa0revue)" in [
            each.sentence for each in changes
        ]
        assert queries.figures_by_name(bilan.version)["perdu"].shown == "la source a disparu"


class TestConclusion:
    def test_it_is_computed_from_the_frozen_criteria_and_explained(self, bilan):
        judged = queries.judgement(bilan.version, queries.figures_by_name(bilan.version))

        assert judged.conclusion is Conclusion.A_RENFORCER
        assert "barometre-participation" in judged.missing
        assert any(line.startswith("Convention en vigueur : non atteint") for line in judged.explanation)

    def test_departing_from_it_takes_a_written_reason(self, bilan):
        with pytest.raises(ReviewRefusedError, match="écrivez pourquoi"):
            actions.depart(bilan.version, kept=Conclusion.SATISFAISANT, reason=" ", side=Party.ARS, **BY)

        actions.depart(
            bilan.version, kept=Conclusion.NON_CONCLUANT, reason="Le référent arrive.", side=Party.ARS, **BY
        )

        assert bilan.version.kept == Conclusion.NON_CONCLUANT.value
        assert Entry.objects.filter(event="reviews.version.departed").exists()

    def test_keeping_the_computed_one_takes_the_departure_back(self, bilan):
        actions.depart(bilan.version, kept=Conclusion.NON_CONCLUANT, reason="Motif.", side=Party.ARS, **BY)
        actions.depart(bilan.version, kept=Conclusion.A_RENFORCER, reason="Motif.", side=Party.ARS, **BY)

        assert bilan.version.kept == bilan.version.departure_reason == ""


class TestCommitments:
    def test_a_promise_is_kept_for_the_next_bilan(self, bilan):
        promised = bilan.promise(due_on=date(2026, 11, 30))
        open_all(T3.next, today=date(2027, 1, 1), at=datetime(2027, 1, 1, 6, tzinfo=UTC))
        after = Review.objects.get(departement="67", quarter=str(T3.next))

        assert list(queries.commitments_of(after)) == [promised]
        found = queries.figures_by_name(queries.last_version(after))
        assert (found["engagements-en-defaut"].value, found["engagements-en-defaut"].denominator) == (1, 1)

        last = queries.last_version(after)
        actions.settle(last, promised, fate=Fate.TENU, reason="", today=date(2027, 1, 5), **BY)
        actions.regenerate(last, today=date(2027, 1, 5), **BY)

        found = queries.figures_by_name(last)
        assert (found["engagements-tenus"].value, found["engagements-en-defaut"].value) == (1, 0)

    def test_what_was_promised_now_is_not_settled_now(self, bilan):
        with pytest.raises(ReviewRefusedError, match="vient d’être pris"):
            actions.settle(bilan.version, bilan.promise(), fate=Fate.TENU, reason="", today=TODAY, **BY)

    @pytest.mark.parametrize("fate", [Fate.NON_TENU, Fate.ABANDONNE])
    def test_a_failure_says_why(self, bilan, fate):
        promised = bilan.promise()
        Commitment.objects.update(review=self.earlier(bilan))

        with pytest.raises(ReviewRefusedError, match="dit pourquoi"):
            actions.settle(bilan.version, promised, fate=fate, reason="", today=TODAY, **BY)
        actions.settle(bilan.version, promised, fate=fate, reason="Poste vacant.", today=TODAY, **BY)
        promised.refresh_from_db()
        assert (promised.state, promised.settled_on) == (fate.value, TODAY)

    def earlier(self, bilan):
        return Review.objects.create(
            level="departement", departement_id="67", quarter=str(T3.previous), due_on=TODAY,
            criteria=bilan.review.criteria, **facts.authored(),
        )  # fmt: skip

    def test_the_owner_signs_here_and_the_day_is_to_come(self, bilan):
        with pytest.raises(ReviewRefusedError, match="une des deux institutions"):
            bilan.promise(owner=Owner.SANTE)
        with pytest.raises(ReviewRefusedError, match="30/09/2026"):
            bilan.promise(due_on=date(2026, 9, 30))


class TestMeeting:
    seats = (
        Seat(side=Party.PREFECTURE, organisation="Préfecture", post="Référent"),
        Seat(side=Party.ARS, organisation="Délégation", post="Référent ARS"),
    )

    def hold(self, bilan, **changes):
        said = {
            "held_on": TODAY,
            "seats": self.seats,
            "decisions": ["Se revoir."],
            "today": TODAY,
            **BY,
            **changes,
        }
        return actions.hold_meeting(bilan.version, **said)

    def test_it_is_typed_once_and_counts_among_those_of_the_convention(self, bilan):
        self.hold(bilan)
        again = self.hold(bilan, decisions=["Un.", "  ", "Deux."])

        assert [each.text for each in again.decisions.all()] == ["Un.", "Deux."]
        assert again.presences.count() == 2
        held = Meeting.objects.get(departement="67", held_on=TODAY)
        assert held.prefecture_present
        assert held.ars_present

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"held_on": date(2026, 10, 2)}, "à venir"),
            ({"seats": ()}, "Personne n’était présent"),
            ({"decisions": ["a" * 301]}, "300 signes"),
        ],
    )
    def test_what_cannot_be_is_refused(self, bilan, changes, said):
        with pytest.raises(ReviewRefusedError, match=said):
            self.hold(bilan, **changes)


def test_a_version_that_was_replaced_is_not_written_any_more(bilan):
    old = bilan.signed()
    bilan.amend()

    with pytest.raises(ReviewRefusedError, match="plus récente"):
        actions.write_paragraph(
            old, section="convention", voice=Voice.COMMUNE, text="x", revision=1, side=Party.ARS, **BY
        )


def test_steps_of_the_example_are_those_of_the_rules(bilan):
    assert Step(bilan.version.step) is Step.ECRITURE
    assert Quarter.read(bilan.review.quarter) == T3
    assert task("essais").label == BY["actor"].label
