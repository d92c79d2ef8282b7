"""Refuse in writing to sign: an act that is kept and shown. The other side may sign; silence is never agreement."""

from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.conventions.scene import act_as
from tests.reviews.scene import BY, LATER, LATER_DAY
from traitdunion.audit.models import Entry
from traitdunion.reviews import actions_signing, rules
from traitdunion.reviews.kinds import Party, State, Step
from traitdunion.reviews.models import DeclinedSignature
from traitdunion.reviews.writing import ReviewRefusedError

REASON = "Le délai annoncé n’est pas le nôtre."


class TestRefusing:
    def test_the_other_side_still_signs_and_nobody_is_awaited_any_more(self, bilan):
        bilan.offer()
        row = bilan.decline(Party.PREFECTURE)
        assert rules.state_of(bilan.version.life) is State.A_SIGNER
        assert rules.awaited(bilan.version.life) == (Party.ARS,)

        version = bilan.sign(Party.ARS)

        assert rules.state_of(version.life) is State.UNE_PARTIE
        assert rules.awaited(version.life) == ()
        assert row.reason == REASON
        assert row.document_sha256 == version.document_sha256
        entry = Entry.objects.get(event="reviews.version.declined")
        assert entry.subject == str(bilan.review.public_id)

    def test_a_refusal_after_the_signature_of_the_other_side_is_an_answer_too(self, bilan):
        bilan.offer()
        bilan.sign(Party.ARS)
        bilan.decline(Party.PREFECTURE)

        assert rules.state_of(bilan.version.life) is State.UNE_PARTIE
        assert rules.awaited(bilan.version.life) == ()

    def test_who_refused_may_sign_later_and_the_refusal_stays_readable(self, bilan):
        bilan.offer()
        bilan.decline(Party.PREFECTURE)

        version = bilan.sign(Party.ARS, Party.PREFECTURE)

        assert rules.state_of(version.life) is State.SIGNE
        [(side, row, stands)] = version.refusals
        assert (side, row.reason, stands) == (Party.PREFECTURE, REASON, False)

    def test_a_text_taken_up_again_is_asked_again(self, bilan):
        bilan.offer()
        bilan.decline(Party.PREFECTURE)
        actions_signing.hand_over(bilan.version, step=Step.ECRITURE, side=Party.ARS, **BY)
        bilan.write("Le délai est celui de la préfecture.")

        bilan.offer()

        assert rules.awaited(bilan.version.life) == (Party.PREFECTURE, Party.ARS)
        assert [stands for _, _, stands in bilan.version.refusals] == [False]

    def test_the_same_text_offered_again_is_still_refused(self, bilan):
        bilan.offer()
        bilan.decline(Party.PREFECTURE)
        actions_signing.hand_over(bilan.version, step=Step.ECRITURE, side=Party.ARS, **BY)

        bilan.offer()

        assert rules.awaited(bilan.version.life) == (Party.ARS,)


class TestWhatIsNotRefused:
    def test_a_refusal_says_why(self, bilan):
        bilan.offer()
        with pytest.raises(ReviewRefusedError, match="dit pourquoi"):
            bilan.decline(Party.ARS, "  ")
        assert not DeclinedSignature.objects.exists()

    def test_one_refuses_only_what_is_offered_and_once(self, bilan):
        with pytest.raises(ReviewRefusedError, match="d’abord le proposer"):
            bilan.decline(Party.ARS, sha256="0" * 64)
        bilan.offer()
        bilan.decline(Party.ARS)
        with pytest.raises(ReviewRefusedError, match="déjà refusé"):
            bilan.decline(Party.ARS)

    def test_one_does_not_refuse_what_one_signed(self, bilan):
        bilan.offer()
        bilan.sign(Party.ARS)
        with pytest.raises(ReviewRefusedError, match="déjà signée"):
            bilan.decline(Party.ARS)

    def test_one_refuses_the_text_that_one_read(self, bilan):
        shown = bilan.offer().document_sha256
        actions_signing.hand_over(bilan.version, step=Step.ECRITURE, side=Party.ARS, **BY)
        bilan.write("Une autre phrase.")
        bilan.offer()

        with pytest.raises(ReviewRefusedError, match="a changé depuis"):
            bilan.decline(Party.ARS, sha256=shown)

    def test_who_could_not_sign_does_not_refuse(self, bilan):
        bilan.offer()
        with pytest.raises(ReviewRefusedError, match="ne peut pas signer"):
            bilan.decline(Party.ARS, mandate=bilan.dyad.referent_ars)

    def test_the_database_keeps_it_and_takes_none_of_another_text(self, bilan):
        bilan.offer()
        row = bilan.decline(Party.ARS)
        rows = DeclinedSignature.objects.filter(pk=row.pk)
        for change in (lambda: rows.update(reason="Autre."), rows.delete):
            with pytest.raises(DatabaseError, match="are kept"), transaction.atomic():
                change()
        row.pk, row.public_id, row.document_sha256 = None, "6c1f4a3e-8c6f-4d64-a5b3-0d3c9f1b2a10", "0" * 64
        with pytest.raises(DatabaseError, match="not that of the text offered"), transaction.atomic():
            row.save(force_insert=True)


class TestPages:
    @pytest.fixture(autouse=True)
    def that_day(self, monkeypatch):
        self.at = LATER
        monkeypatch.setattr(timezone, "now", lambda: self.at)

    def read(self, bilan, mandate, name="reviews:review_detail"):
        return act_as(Client(), mandate).get(reverse(name, args=[bilan.review.public_id])).content.decode()

    def send(self, bilan, mandate, reason):
        url = reverse("reviews:decline", args=[bilan.review.public_id])
        return act_as(Client(), mandate).post(
            url, {"reason": reason, "sha256": bilan.version.document_sha256}
        )

    def test_the_signatory_refuses_from_the_page_and_everyone_reads_why(self, bilan):
        bilan.offer()
        url = reverse("reviews:decline", args=[bilan.review.public_id])
        assert url in self.read(bilan, bilan.dyad.dg)
        assert url in self.read(bilan, bilan.dyad.dg, "reviews:sign")

        assert self.send(bilan, bilan.dyad.dg, REASON).status_code == 302

        shown = self.read(bilan, bilan.dyad.prefet)
        assert "refus de signer" in shown
        assert REASON in shown
        assert "L’ARS a refusé de signer" in shown
        assert url not in self.read(bilan, bilan.dyad.dg)

    def test_a_refusal_without_reason_is_said_on_the_form(self, bilan):
        bilan.offer()
        assert self.send(bilan, bilan.dyad.dg, "").status_code == 400
        assert not DeclinedSignature.objects.exists()

    def test_the_published_page_shows_why_one_side_did_not_sign(self, nation, client):
        version = nation.offer()
        desk = nation.desks[Party.INTERIEUR]
        actions_signing.decline(
            version,
            side=Party.INTERIEUR,
            mandate=desk,
            reason=REASON,
            sha256=version.document_sha256,
            day=LATER_DAY,
            at=LATER,
        )
        nation.sign(Party.SANTE)
        self.at = datetime(2026, 12, 20, 9, tzinfo=UTC)  # the term is past: it is public

        public = client.get(reverse("reviews:public_detail", args=[nation.review.quarter])).content.decode()

        assert "Signé par une seule partie" in public
        assert REASON in public
        assert "Ce silence" not in public
