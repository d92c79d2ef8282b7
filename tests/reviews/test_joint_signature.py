"""Offer, sign, outdate, amend: both sides sign one hash, and what is signed never changes."""

import threading
import uuid
from datetime import date

import pytest
from django.db import DatabaseError, connection, connections, transaction

from tests.conventions import facts
from tests.reviews.scene import BY, LATER, LATER_DAY, T3
from traitdunion.audit.models import Entry
from traitdunion.identity.kinds import Role
from traitdunion.reviews import (
    actions,
    actions_signing,
    canonical,
    document,
    keyring,
    queries,
    rules,
    signing,
)
from traitdunion.reviews.kinds import Conclusion, Party, State, Step, Voice
from traitdunion.reviews.models import BilanSignature, FigureRow, Paragraph, Version, VersionPdf
from traitdunion.reviews.signing import SigningError
from traitdunion.reviews.writing import ReviewRefusedError, signature_of

BOTH = (Party.PREFECTURE, Party.ARS)


def meet(on=date(2026, 9, 10)):
    facts.Meeting.objects.create(
        departement_id="67", planned_on=on, subject="Point", held_on=on, prefecture_present=True, ars_present=True,
        outcome_recorded_at=LATER, **facts.authored(),
    )  # fmt: skip


class TestHandOver:
    def test_the_text_goes_to_the_other_side_and_comes_back(self, bilan):
        bilan.read_by(Party.ARS)
        assert rules.awaited(bilan.version.life) == (Party.ARS,)

        bilan.read_by(Party.PREFECTURE)
        assert rules.awaited(bilan.version.life) == (Party.PREFECTURE,)

    def test_what_is_offered_can_be_taken_back_until_someone_signs(self, bilan):
        bilan.offer()
        actions_signing.hand_over(bilan.version, step=Step.ECRITURE, side=Party.ARS, **BY)

        assert rules.state_of(bilan.version.life) is State.OUVERT
        assert bilan.version.document_sha256 == ""
        assert not VersionPdf.objects.exists()

    def test_a_step_that_makes_no_sense_is_refused(self, bilan):
        with pytest.raises(ReviewRefusedError, match="ne peut pas passer"):
            actions_signing.hand_over(bilan.version, step=Step.A_SIGNER, side=Party.ARS, **BY)
        bilan.offer()
        with pytest.raises(ReviewRefusedError, match="ne peut pas être proposé"):
            bilan.offer()


class TestOffer:
    def test_the_document_says_everything_that_is_on_the_page(self, bilan):
        bilan.write("Nous ne partageons pas ce constat.", voice=Voice.ARS, side=Party.ARS)
        actions.depart(
            bilan.version, kept=Conclusion.NON_CONCLUANT, reason="Un poste arrive.", side=Party.ARS, **BY
        )
        bilan.promise("Tenir une réunion")
        version = bilan.offer()

        read = document.read(version.document.encode())
        assert document.sha256(read) == version.document_sha256
        assert read.sections[0].id == "changements"
        [convention] = [section for section in read.sections if section.id == "convention"]
        assert [paragraph.voice.value for paragraph in convention.paragraphs] == ["commune", "ars"]
        assert (read.conclusion.kept.value, read.conclusion.reason) == ("non concluant", "Un poste arrive.")
        assert read.commitments[0].text == "Tenir une réunion"
        assert read.is_example
        assert any("fixés le 01/10/2026" in limit for limit in read.limits)

    def test_the_pdf_is_made_before_and_the_same_bytes_are_made_again(self, bilan):
        version = bilan.offer()
        first = bytes(version.pdf.content)

        actions_signing.hand_over(version, step=Step.ECRITURE, side=Party.ARS, **BY)
        again = bilan.offer()

        assert canonical.sha256(first) == version.pdf_sha256 == again.pdf_sha256
        assert first.startswith(b"%PDF")

    def test_a_criterion_without_its_figure_is_said_and_nothing_is_offered(self, bilan):
        FigureRow.objects.filter(identifier="reunions-tenues").delete()
        Paragraph.objects.filter(section="reunions").delete()

        with pytest.raises(actions_signing.building.criteria.CriteriaError, match="Réunion tenue"):
            bilan.offer()
        assert bilan.version.step == Step.ECRITURE.value


class TestSigning:
    def test_both_sign_the_same_hash(self, bilan):
        bilan.offer()
        bilan.sign(Party.ARS)
        assert rules.state_of(bilan.version.life) is State.UNE_PARTIE

        version = bilan.sign(Party.PREFECTURE)

        assert rules.state_of(version.life) is State.SIGNE
        assert {row.document_sha256 for row in version.signatures.all()} == {version.document_sha256}
        for row in version.signatures.all():
            kept = signature_of(row)
            public = bilan.key.chain.keys[0].statement.public_key
            assert signing.holds(public, kept.signature, kept.statement.to_bytes())
            assert kept.statement.pdf_sha256 == version.pdf_sha256

    def test_a_text_that_is_no_longer_the_one_shown_is_not_signed(self, bilan):
        shown = bilan.offer().document_sha256
        actions_signing.hand_over(bilan.version, step=Step.ECRITURE, side=Party.ARS, **BY)
        bilan.write("Une autre phrase.")
        bilan.offer()

        with pytest.raises(SigningError, match="a changé depuis que vous l’avez lu"):
            bilan.sign(Party.ARS, sha256=shown)
        assert not BilanSignature.objects.exists()

    def test_nobody_signs_what_is_not_offered_nor_twice(self, bilan):
        with pytest.raises(ReviewRefusedError, match="d’abord le proposer"):
            bilan.sign(Party.ARS, sha256="0" * 64)
        bilan.offer()
        bilan.sign(Party.ARS)
        with pytest.raises(ReviewRefusedError, match="déjà signée"):
            bilan.sign(Party.ARS)

    def test_one_person_does_not_sign_for_both_sides(self, bilan):
        prefet = bilan.dyad.prefet.person
        bilan.dyad.delegate(prefet, starts_on=date(2026, 1, 1), ends_on=None, role=Role.DG_ARS)
        bilan.offer()
        bilan.sign(Party.PREFECTURE)

        with pytest.raises(ReviewRefusedError, match="une même personne ne signe pas"):
            bilan.sign(Party.ARS, mandate=bilan.dyad.prefet)

    def test_the_database_refuses_it_too(self, bilan):
        bilan.offer()
        row = BilanSignature.objects.get(version=bilan.sign(Party.ARS))
        row.pk, row.public_id, row.side = None, uuid.uuid4(), Party.PREFECTURE.value

        with pytest.raises(DatabaseError, match="never_twice_the_same"), transaction.atomic():
            row.save(force_insert=True)

    def test_after_the_end_of_the_mandate_nobody_signs(self, bilan):
        bilan.offer()
        bilan.dyad.prefet.ends_on = date(2026, 10, 19)
        bilan.dyad.prefet.save(update_fields=["ends_on"])

        with pytest.raises(ReviewRefusedError, match="Le 20/10/2026, prefet ne peut pas signer"):
            bilan.sign(Party.PREFECTURE)

    def test_a_delegation_of_that_day_is_enough_and_is_written(self, bilan):
        referent = bilan.dyad.referent_prefecture
        bilan.dyad.delegate(referent.person, starts_on=date(2026, 10, 1), ends_on=date(2026, 10, 20))
        bilan.offer()
        version = bilan.sign(Party.PREFECTURE, mandate=referent)

        [row] = version.signatures.all()
        assert row.delegation is not None
        assert signature_of(row).statement.delegation.text == "Arrêté 2026-12"
        assert "par délégation Arrêté 2026-12 (du 01/10/2026 au 20/10/2026)" in row.quality

    @pytest.mark.parametrize(
        ("starts", "ends"), [(date(2026, 10, 21), None), (date(2026, 10, 1), date(2026, 10, 19))]
    )
    def test_a_delegation_of_another_day_is_not(self, bilan, starts, ends):
        referent = bilan.dyad.referent_prefecture
        bilan.dyad.delegate(referent.person, starts_on=starts, ends_on=ends)
        bilan.offer()

        with pytest.raises(ReviewRefusedError, match="Peuvent signer : prefet"):
            bilan.sign(Party.PREFECTURE, mandate=referent)

    def test_a_site_without_a_key_signs_nothing(self, settings):
        settings.BILAN_KEY = ""

        with pytest.raises(SigningError, match="n’a pas de clé"):
            keyring.site_key()

    def test_the_key_of_the_site_is_read_from_files_of_its_own(self, bilan, settings, tmp_path):
        private, chain = keyring.new_key(at=LATER)
        settings.BILAN_KEY, settings.BILAN_KEYS = str(tmp_path / "cle.pem"), str(tmp_path / "cles.json")
        (tmp_path / "cle.pem").write_bytes(private)
        (tmp_path / "cles.json").write_bytes(chain)
        (tmp_path / "cle.pem").chmod(0o644)
        with pytest.raises(SigningError, match="lue par d’autres"):
            keyring.site_key()

        (tmp_path / "cle.pem").chmod(0o600)
        assert keyring.site_key().chain.to_bytes() == chain


class TestWhatIsSignedNeverChanges:
    def test_no_page_writes_in_it(self, bilan):
        bilan.offer()
        bilan.sign(Party.ARS)

        with pytest.raises(ReviewRefusedError, match="version rectificative"):
            bilan.write("Encore.")
        with pytest.raises(ReviewRefusedError):
            actions_signing.hand_over(bilan.version, step=Step.ECRITURE, side=Party.ARS, **BY)

    @pytest.mark.parametrize(
        "write",
        [
            lambda: Version.objects.exclude(document="").update(document_sha256="0" * 64),
            lambda: Version.objects.update(step="ecriture", document="", document_sha256="", pdf_sha256=""),
            lambda: Paragraph.objects.update(text="autre"),
            lambda: FigureRow.objects.update(label="autre"),
            lambda: FigureRow.objects.all().delete(),
            lambda: VersionPdf.objects.update(content=b"autre"),
            lambda: BilanSignature.objects.update(signatory_name="autre"),
            lambda: BilanSignature.objects.all().delete(),
        ],
    )
    def test_the_database_refuses_to_change_it(self, bilan, write):
        bilan.offer()
        bilan.sign(Party.ARS)

        with pytest.raises(DatabaseError, match=r"does not change|kept as they were"), transaction.atomic():
            write()


class TestOutdated:
    def test_a_source_corrected_afterwards_shows_what_changed(self, bilan):
        bilan.signed()
        assert bilan.watch() == 0
        meet()

        assert bilan.watch() == 1
        version = bilan.version
        assert rules.state_of(version.life) is State.PERIME
        assert [each.replace("\xa0", " ") for each in version.outdated_by] == [
            "Réunions tenues : 0 réunion devient 1 réunion"
        ]
        assert bilan.watch() == 0, "told once"

    def test_what_is_not_signed_is_not_watched(self, bilan):
        bilan.offer()
        meet()

        assert bilan.watch() == 0

    def test_an_outdated_version_is_not_signed_by_the_other_side(self, bilan):
        bilan.offer()
        bilan.sign(Party.ARS)
        meet()
        bilan.watch()

        with pytest.raises(ReviewRefusedError, match="version rectificative"):
            bilan.sign(Party.PREFECTURE)

    def test_a_bilan_of_long_ago_is_left(self, bilan):
        bilan.signed()
        meet()

        assert bilan.watch(quarter=T3.next.next.next.next) == 0


class TestAmendment:
    def test_a_new_version_cites_the_signed_one_and_leaves_it_whole(self, bilan):
        old = bilan.signed()
        meet()
        bilan.watch()
        fresh = bilan.amend()
        assert rules.state_of(fresh.life) is State.OUVERT

        bilan.signed()

        read = document.read(bilan.version.document.encode())
        assert (read.version, read.corrects.version, read.corrects.sha256) == (2, 1, old.document_sha256)
        assert read.reason == "Une réunion avait été oubliée."
        assert queries.figures_by_name(bilan.version)["reunions-tenues"].value == 1
        old.refresh_from_db()
        assert rules.state_of(old.life) is State.PERIME
        assert old.signatures.count() == 2

    def test_before_any_signature_there_is_nothing_to_amend(self, bilan):
        bilan.offer()

        with pytest.raises(ReviewRefusedError, match="Personne n’a signé"):
            bilan.amend()

    def test_it_says_why(self, bilan):
        bilan.signed()

        with pytest.raises(ReviewRefusedError, match="écrivez le motif"):
            bilan.amend(reason="  ")

    def test_two_amendments_at_once_are_one(self, bilan):
        old = bilan.signed()
        bilan.amend()

        with pytest.raises(ReviewRefusedError, match="plus récente"):
            actions_signing.amend(old, reason="Aussi.", side=Party.ARS, today=LATER_DAY, **BY)
        assert Version.objects.filter(review=bilan.review).count() == 2


@pytest.mark.django_db(transaction=True)
def test_both_sides_may_sign_at_the_same_moment(bilan):
    bilan.offer()
    gate, errors = threading.Barrier(2), []

    def run(side):
        gate.wait()
        try:
            bilan.sign(side)
        except Exception as error:  # noqa: BLE001  # told to the test
            errors.append(error)
        finally:
            connections.close_all()

    hands = [threading.Thread(target=run, args=(side,)) for side in BOTH]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()

    assert errors == []
    assert rules.state_of(bilan.version.life) is State.SIGNE


@pytest.mark.django_db(transaction=True)
def test_a_side_that_signs_twice_at_once_signs_once(bilan):
    bilan.offer()
    gate, refused = threading.Barrier(2), []

    def run():
        gate.wait()
        try:
            bilan.sign(Party.ARS)
        except ReviewRefusedError as refusal:
            refused.append(refusal)
        finally:
            connections.close_all()

    hands = [threading.Thread(target=run) for _ in range(2)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()

    assert len(refused) == 1
    assert BilanSignature.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_connection_cut_during_a_signature_leaves_none_and_it_can_be_signed_again(bilan):
    bilan.offer()

    def cut():
        with transaction.atomic():
            bilan.sign(Party.ARS)
            connection.cursor().execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(DatabaseError):
        cut()
    connections.close_all()

    assert not BilanSignature.objects.exists()
    assert not Entry.objects.filter(event="reviews.version.signed").exists()
    bilan.sign(Party.ARS)
    assert rules.state_of(bilan.version.life) is State.UNE_PARTIE
