"""The national bilan: opened on the départements' own, built from them, signed by two desks, outdated with them."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from tests.conventions import facts
from tests.reviews.national import open_national
from tests.reviews.scene import BY, LATER, LATER_DAY, NOW, T3, TODAY
from traitdunion.audit.actors import task
from traitdunion.identity import actions as identity
from traitdunion.identity.kinds import Role
from traitdunion.notices.models import Notice
from traitdunion.reviews import (
    access,
    actions,
    actions_national,
    actions_notices,
    actions_opening,
    actions_signing,
    criteria,
    document,
    queries,
    queries_national,
    rules,
)
from traitdunion.reviews.kinds import Conclusion, Level, Party, State, Voice
from traitdunion.reviews.models import CriteriaVersion, Paragraph, Review
from traitdunion.reviews.outline import NATIONAL_TITLES
from traitdunion.reviews.rules import timetable
from traitdunion.reviews.writing import ReviewRefusedError

pytestmark = pytest.mark.django_db
AFTER = LATER + timedelta(days=1)


def cite(nation, paragraph):
    return actions_national.cite(nation.version, paragraph, side=Party.SANTE, **BY)


def local_paragraph(nation, section="convention", voice=Voice.COMMUNE):
    return nation.local.paragraph(section, voice)


class TestOpening:
    def test_it_opens_with_the_others_and_already_written(self, nation):
        assert nation.review.due_on == timetable(T3, Level.NATIONAL).due_on
        written = {each.section for each in nation.version.paragraphs.all()}
        # What the départements write is read, then cited: nothing is proposed there.
        assert written == set(NATIONAL_TITLES) - {"themes"}
        assert rules.state_of(nation.version.life) is State.OUVERT

    def test_opened_twice_it_is_opened_once(self, nation):
        assert actions_opening.open_national(T3, today=TODAY, actor=task("essais"), at=NOW) is None
        assert Review.objects.filter(level="national").count() == 1

    def test_it_waits_for_the_last_departement_to_end_its_quarter(self, dyad):
        facts.departement("972", "Martinique", facts.region("02", "Martinique"))
        dyad.departement.__class__.objects.filter(code="972").update(time_zone="America/Martinique")
        midnight_in_paris = datetime(2026, 9, 30, 22, tzinfo=timezone.utc)  # noqa: UP017

        assert (
            actions_opening.open_national(T3, today=TODAY, actor=task("essais"), at=midnight_in_paris) is None
        )
        assert actions_opening.open_national(T3, today=TODAY, actor=task("essais"), at=NOW) is not None

    def test_its_criteria_are_its_own_and_an_example(self, nation):
        row = nation.review.criteria

        assert (row.level, row.is_example, row.frozen_on) == ("national", True, TODAY)
        assert CriteriaVersion.objects.filter(quarter=str(T3)).count() == 2

    @pytest.mark.parametrize("level", list(Level))
    def test_every_criterion_of_the_examples_rests_on_a_figure_that_is_read(self, nation, level):
        version = nation.version if level is Level.NATIONAL else nation.local.version
        read = criteria.read(actions_opening.EXAMPLES[level].read_text(encoding="utf-8"))

        assert {item.figure for item in read.items} <= set(queries.figures_by_name(version))


class TestFigures:
    def test_silence_is_never_agreement(self, nation):
        assert nation.figure("bilans-non-signes").shown == "2\xa0sur\xa02\xa0départements"
        assert nation.figure("conclusions-sans-bilan").shown == "2\xa0sur\xa02\xa0départements"
        assert nation.figure("conclusions-satisfaisant").value == 0

    def test_a_signed_bilan_counts_once_the_figures_are_read_again(self, nation):
        nation.local.signed()

        changed = {change.id for change in nation.read_again()}

        assert {"bilans-signes", "conclusions-a-renforcer", "conclusions-sans-bilan"} <= changed
        assert nation.figure("bilans-signes").shown == "1\xa0sur\xa02\xa0départements"
        assert nation.figure("conclusions-a-renforcer").value == 1
        assert nation.figure("part-bilans-signes").value == 50

    def test_one_signature_is_no_conclusion(self, nation):
        nation.local.offer()
        nation.local.sign(Party.ARS)
        nation.read_again()

        assert nation.figure("bilans-une-partie").value == 1
        assert nation.figure("conclusions-sans-bilan").value == 2

    def test_the_conclusion_kept_is_counted_not_the_computed_one(self, nation):
        actions.depart(
            nation.local.version,
            kept=Conclusion.SATISFAISANT,
            reason="Poste pourvu depuis.",
            side=Party.ARS,
            **BY,
        )
        nation.local.signed()
        nation.read_again()

        assert nation.figure("conclusions-satisfaisant").value == 1

    def test_a_criterion_is_met_over_those_that_answer(self, nation):
        # Nobody published a wave: the participation has no answer anywhere, and counts neither way.
        assert nation.figure("critere-barometre-participation").value is None
        found = nation.figure("critere-reunion-tenue")
        assert (found.value, found.denominator) == (0, 2)

    def test_the_practice_is_summed_over_every_departement(self, nation):
        facts.meeting(nation.dyad.departement, T3.last_day)
        nation.read_again()

        assert nation.figure("reunions-tenues").value == 1
        assert nation.figure("departements-reunis").shown == "1\xa0sur\xa02\xa0départements"
        assert nation.figure("referents-en-poste").denominator == 4

    def test_blockers_are_told_by_cause_and_none_is_a_rank(self, nation):
        causes = [
            name for name in queries.figures_by_name(nation.version) if name.startswith("blocages-cause-")
        ]

        assert len(causes) == 7
        assert nation.figure("blocages-ouverts").value == sum(nation.figure(name).value for name in causes)

    def test_the_next_bilan_begins_with_what_changed(self, nation):
        nation.local.signed()
        nation.read_again()
        later = open_national(T3.next, today=date(2027, 1, 1), at=datetime(2027, 1, 1, 6, tzinfo=UTC))

        said = queries.last_version(later).paragraphs.get(section="changements").text

        assert "Bilans signés par les deux parties : {{chiffre:bilans-signes}}, contre 1\xa0sur\xa02" in said

    def test_the_figures_take_the_same_queries_whatever_the_departements(
        self, nation, django_assert_max_num_queries
    ):
        with django_assert_max_num_queries(30):
            queries_national.figures_of_nation(T3, day=LATER_DAY, at=LATER)


class TestCiting:
    def test_a_signed_paragraph_is_cited_with_its_source(self, nation):
        nation.local.write("La convention vit.", voice=Voice.ARS, side=Party.ARS)
        version = nation.local.signed()

        cite(nation, local_paragraph(nation, voice=Voice.ARS))

        said = nation.paragraph("themes").text
        assert "« La convention vit. »\nBas-Rhin (67), position de l’ARS, version 1" in said
        assert version.document_sha256 in said

    def test_figures_are_written_out(self, nation):
        nation.local.signed()

        cite(nation, local_paragraph(nation))

        assert "{{" not in nation.paragraph("themes").text

    def test_two_citations_follow_each_other_and_none_comes_twice(self, nation):
        nation.local.signed()
        cite(nation, local_paragraph(nation))
        cite(nation, local_paragraph(nation, "reunions"))

        with pytest.raises(ReviewRefusedError, match="déjà cité"):
            cite(nation, local_paragraph(nation))
        assert nation.paragraph("themes").revision == 2

    def test_what_nobody_signed_is_not_cited(self, nation):
        with pytest.raises(ReviewRefusedError, match="seul un texte signé se cite"):
            cite(nation, local_paragraph(nation))

    def test_only_the_national_bilan_cites(self, nation):
        nation.local.signed()
        paragraph = local_paragraph(nation)
        nation.local.amend()

        with pytest.raises(ReviewRefusedError, match="Seul le bilan national"):
            actions_national.cite(nation.local.version, paragraph, side=Party.ARS, **BY)

    def test_another_quarter_is_refused(self, nation):
        nation.local.signed()
        Review.objects.filter(pk=nation.local.review.pk).update(quarter=str(T3.previous))

        with pytest.raises(ReviewRefusedError, match="autre trimestre"):
            cite(nation, local_paragraph(nation))


class TestSigning:
    def test_the_two_desks_sign_one_hash(self, nation):
        version = nation.signed()

        rows = list(version.signatures.all())
        assert rules.state_of(version.life) is State.SIGNE
        assert {row.side for row in rows} == {"sante", "interieur"}
        assert {row.document_sha256 for row in rows} == {version.document_sha256}
        bilan = document.read(version.document.encode())
        assert (bilan.level, bilan.departement) == (document.Level.NATIONAL, None)

    def test_the_text_keeps_the_names_that_nobody_gave(self, nation):
        bilan = document.read(nation.offer().document.encode())

        assert "Ministère de l’intérieur (nom à renseigner) au 30/09/2026." in bilan.limits

    def test_the_name_that_the_administrator_gave_is_in_the_text_and_in_the_statement(self, nation):
        actions_national.name_party(
            Party.INTERIEUR, name="Unité des essais", short="UDE", starts_on=date(2026, 1, 1), ends_on=None,
            source="décret des essais", **BY,
        )  # fmt: skip
        version = nation.signed()

        limits = document.read(version.document.encode()).limits
        assert any(
            "Unité des essais (UDE), au 30/09/2026. Source : décret des essais." in each for each in limits
        )
        assert "Unité des essais (UDE), " in version.signatures.get(side="interieur").statement

    def test_a_desk_does_not_sign_for_the_other(self, nation):
        nation.offer()

        with pytest.raises(ReviewRefusedError, match="ne peut pas signer pour le ministère de l’intérieur"):
            nation.sign(Party.INTERIEUR, mandate=nation.desks[Party.SANTE])

    def test_a_prefet_does_not_sign_for_the_nation(self, nation):
        nation.offer()

        with pytest.raises(ReviewRefusedError, match="Peuvent signer : desk_interieur"):
            nation.sign(Party.INTERIEUR, mandate=nation.dyad.prefet)

    def test_a_delegation_of_the_desk_lets_another_sign(self, nation):
        expert = nation.dyad.house.mandate(Role.SG_CIPDR)
        identity.delegate(
            given_by=nation.desks[Party.SANTE].post, given_to=expert.person, reference="décision des essais",
            starts_on=TODAY, ends_on=None, actor=nation.desks[Party.SANTE].as_actor(), at=NOW,
        )  # fmt: skip
        nation.offer()

        nation.sign(Party.SANTE, mandate=expert)

        assert "par délégation décision des essais" in nation.version.signatures.get().quality

    def test_a_mandate_that_ended_signs_no_more(self, nation):
        nation.offer()
        mandate = nation.desks[Party.SANTE]
        mandate.__class__.objects.filter(pk=mandate.pk).update(ends_on=LATER_DAY - timedelta(days=1))
        mandate.refresh_from_db()

        with pytest.raises(ReviewRefusedError, match="ne peut pas signer"):
            nation.sign(Party.SANTE, mandate=mandate)

    def test_who_writes_at_one_level_only_reads_at_the_other(self, nation):
        desk = nation.desks[Party.SANTE]

        assert access.party_of(desk, nation.review) is Party.SANTE
        assert access.party_of(desk, nation.local.review) is None
        assert access.party_of(nation.dyad.prefet, nation.review) is None
        assert nation.review not in access.reviews_visible_to(nation.dyad.prefet)


class TestOutdated:
    def test_a_signature_that_comes_later_changes_nothing(self, nation):
        nation.signed()
        nation.local.offer()
        nation.local.sign(at=AFTER, day=AFTER.date())

        assert nation.watch().outdated_on is None

    def test_what_an_unsigned_departement_writes_later_changes_nothing(self, nation):
        nation.signed()
        facts.meeting(nation.dyad.departement, T3.last_day - timedelta(days=100))
        actions.regenerate(nation.local.version, today=LATER_DAY, actor=task("essais"), at=AFTER)

        assert nation.watch().outdated_on is None

    def test_a_correction_signed_by_both_outdates_it(self, nation):
        nation.local.signed()
        nation.read_again(at=LATER)
        nation.signed()
        facts.meeting(nation.dyad.departement, T3.last_day)
        nation.local.amend()
        nation.local.offer()
        assert nation.watch().outdated_on is None  # a correction that nobody signed yet

        nation.local.sign(at=AFTER, day=AFTER.date())

        version = nation.watch()
        assert rules.state_of(version.life) is State.PERIME
        assert any(said.startswith("Réunions tenues") for said in version.outdated_by)

    def test_its_correction_cites_it(self, nation):
        first = nation.signed()
        fresh = actions_signing.amend(
            first,
            reason="Un bilan manquait.",
            side=Party.SANTE,
            today=LATER_DAY,
            actor=task("essais"),
            at=LATER,
        )

        nation.offer()

        said = document.read(nation.version.document.encode())
        assert fresh.number == 2
        assert said.corrects.sha256 == first.document_sha256


class TestCalendar:
    def tell(self, day):
        Notice.objects.all().delete()
        actions_notices.tell_national_rungs(T3, day, actor=task("essais"), at=NOW)
        return set(Notice.objects.values_list("person__name", flat=True))

    def test_the_desks_are_told_then_the_cipdr(self, nation):
        nation.dyad.house.mandate(Role.SG_CIPDR)
        table = timetable(T3, Level.NATIONAL)

        assert self.tell(table.opens_on) == {"desk_sante", "desk_interieur"}
        assert self.tell(table.escalates_on) == {"desk_sante", "desk_interieur", "sg_cipdr"}
        assert "le secrétariat général du CIPDR est averti" in Notice.objects.first().subject

    def test_who_signed_is_told_no_more(self, nation):
        nation.offer()
        nation.sign(Party.SANTE)

        assert self.tell(timetable(T3, Level.NATIONAL).last_reminder_on) == {"desk_interieur"}

    def test_it_comes_after_the_term_of_the_departements(self):
        nation, local = timetable(T3, Level.NATIONAL), timetable(T3)

        assert nation.first_reminder_on == local.due_on + timedelta(days=1)
        assert nation.due_on == local.due_on + timedelta(days=30)
        assert nation.escalates_on < timetable(T3.next, Level.NATIONAL).due_on
        assert "Le secrétariat général du CIPDR sera averti dans" in nation.clock(
            nation.due_on + timedelta(days=1)
        )


def test_the_paragraphs_of_the_101_hold_no_order_but_that_of_the_codes(nation):
    codes = [each.departement.code for each in queries_national.standings(T3, at=LATER)]

    assert codes == sorted(codes) == ["35", "67"]
    assert Paragraph.objects.filter(version__review__level="national").exists()
