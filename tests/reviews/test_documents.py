"""The files of a bilan and of a whole quarter: the same bytes wherever they are made, made once each."""

import io
import re
import zipfile

import pytest
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from tests.conventions.scene import act_as
from tests.reviews.scene import BY, T3
from tests.reviews.test_pages import site_key, text_of, that_day  # noqa: F401  # fixtures among them
from traitdunion.identity.kinds import Role
from traitdunion.portal import bilan as papers
from traitdunion.reviews import (
    actions_documents,
    canonical,
    document,
    files,
    queries_documents,
    tasks,
    verification,
)
from traitdunion.reviews.kinds import Party
from traitdunion.reviews.models import DocumentFile, DocumentRun, DocumentSet, FigureRow, Paragraph
from traitdunion.reviews.rules import Quarter
from traitdunion.reviews.writing import ReviewRefusedError

PAGE = f"/bilans/documents/{T3}/"


@pytest.fixture
def desk(bilan):
    return act_as(Client(), bilan.dyad.house.mandate(Role.DESK_SANTE))


def made(quarter=T3):
    """Ask for the documents of a quarter and make them all."""
    run = actions_documents.ask(quarter, **BY)
    while actions_documents.make_next(run, **BY):
        pass
    run.refresh_from_db()
    return run


def of_bas_rhin(client, bilan, ending):
    address = {"zip": "preuve"}.get(ending, ending)
    return client.get(f"/bilans/{bilan.review.public_id}/versions/1/{address}/")


class TestOneBilan:
    @pytest.mark.parametrize("ending", ["pdf", "docx", "ods", "json"])
    def test_what_is_read_now_is_sent_and_says_that_it_is_a_draft(self, bilan, desk, ending):
        answer = of_bas_rhin(desk, bilan, ending)

        assert answer.status_code == 200
        assert answer["Content-Type"] == files.KINDS[ending]
        assert answer["Content-Disposition"] == f'attachment; filename="bilan-67-2026-T3-v1-projet.{ending}"'
        assert answer.content == files.content(bilan.version, ending)
        read = document.read(of_bas_rhin(desk, bilan, "json").content)
        if ending in {"docx", "ods"}:
            assert answer.content == {"docx": papers.word, "ods": papers.workbook}[ending](read)

    def test_what_is_signed_is_sent_as_it_was_signed(self, bilan, desk, site_key):  # noqa: F811
        version = bilan.offer()
        pdf = of_bas_rhin(desk, bilan, "pdf")

        assert pdf["Content-Disposition"] == 'attachment; filename="bilan-67-2026-T3-v1.pdf"'
        assert canonical.sha256(pdf.content) == version.pdf_sha256
        assert canonical.sha256(of_bas_rhin(desk, bilan, "json").content) == version.document_sha256
        page = desk.get(f"/bilans/{bilan.review.public_id}/versions/1/").content.decode()
        for ending in ("docx", "ods"):
            assert f"/versions/1/{ending}/" in page

    def test_a_text_that_cannot_be_signed_says_why_instead_of_a_file(self, bilan, desk):
        FigureRow.objects.filter(identifier="reunions-tenues").delete()
        Paragraph.objects.filter(section="reunions").delete()
        answer = of_bas_rhin(desk, bilan, "docx")

        assert answer.status_code == 302
        assert "qui n’est pas un chiffre de ce bilan" in text_of(desk.get(answer["Location"]))

    def test_a_figure_whose_source_vanished_is_said_in_every_file(self, bilan):
        FigureRow.objects.filter(identifier="revues-tenues").update(
            value=None, denominator=None, reason_missing="la source a disparu"
        )
        made = files.every(bilan.version)

        assert made.problem == ""
        assert "la source a disparu" in made.contents["bilan-67-2026-T3-v1-projet.json"].decode()
        with zipfile.ZipFile(io.BytesIO(made.contents["bilan-67-2026-T3-v1-projet.docx"])) as word:
            assert "la source a disparu" in word.read("word/document.xml").decode()


class TestTheQuarter:
    def test_every_bilan_has_its_files_and_the_signed_one_its_proof(self, bilan, desk, site_key, settings):  # noqa: F811
        from traitdunion.reviews import keyring  # the key of the site is set by the fixture

        bilan.key = keyring.site_key()
        bilan.offer()
        bilan.sign(Party.ARS)
        run = made()

        assert run.finished_at == BY["at"]
        answer = desk.get(f"{PAGE}zip/")
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            contents = {name: archive.read(name) for name in archive.namelist()}
        signed = {f"bilan-67-2026-T3-v1.{ending}" for ending in files.KINDS}
        draft = {f"bilan-35-2026-T3-v1-projet.{ending}" for ending in ("pdf", "docx", "ods", "json")}
        assert set(contents) == signed | draft | {"LISEZMOI.txt"}
        for ending in files.KINDS:
            assert contents[f"bilan-67-2026-T3-v1.{ending}"] == of_bas_rhin(desk, bilan, ending).content
        assert verification.verify(contents["bilan-67-2026-T3-v1.zip"]).is_true
        assert "9 fichiers" in contents["LISEZMOI.txt"].decode()

    def test_made_again_the_zip_is_the_same_and_replaces_the_first(self, bilan):
        first, again = (queries_documents.archive(made()) for _ in range(2))

        assert first == again
        assert DocumentRun.objects.count() == 1

    def test_without_its_key_the_site_says_which_proof_is_missing(self, bilan, desk, settings):
        settings.BILAN_KEY = ""
        bilan.offer()
        bilan.sign(Party.ARS)
        run = made()

        assert DocumentFile.objects.filter(documents__run=run).count() == 8
        [(which, why)] = queries_documents.problems(run)
        assert "Bas-Rhin" in which
        assert "n’a pas de clé" in why
        assert "n’a pas de clé" in text_of(desk.get(PAGE))
        assert why.encode() in queries_documents.archive(run)

    def test_a_bilan_that_cannot_be_made_does_not_stop_the_others(self, bilan):
        FigureRow.objects.filter(version__review=bilan.review, identifier="reunions-tenues").delete()
        Paragraph.objects.filter(version__review=bilan.review, section="reunions").delete()
        run = made()

        assert run.finished_at is not None
        assert [which for which, _ in queries_documents.problems(run)] == [
            "Bilan Bas-Rhin, 3e trimestre 2026"
        ]
        assert DocumentFile.objects.count() == 4

    def test_a_quarter_without_bilan_is_refused(self, bilan):
        with pytest.raises(ReviewRefusedError, match="Aucun bilan du"):
            actions_documents.ask(Quarter(2025, 1), **BY)

    def test_asked_twice_it_is_one_and_stopped_it_goes_on(self, bilan):
        run = actions_documents.ask(T3, **BY)
        assert actions_documents.make_next(run, **BY)
        kept = set(DocumentFile.objects.values_list("pk", flat=True))

        again = actions_documents.ask(T3, **BY)
        tasks.make_all(again.pk)

        assert again == run
        assert kept < set(DocumentFile.objects.values_list("pk", flat=True))
        assert DocumentSet.objects.count() == 2
        run.refresh_from_db()
        assert run.finished_at is not None


class TestThePage:
    def test_a_desk_asks_looks_and_takes(self, bilan, desk):
        assert "Rien n’a encore été préparé" in text_of(desk.get(PAGE))
        assert PAGE in desk.get("/bilans/", {"trimestre": str(T3)}).content.decode()
        assert desk.get(f"{PAGE}zip/").status_code == 302

        desk.post(f"{PAGE}preparer/")
        desk.post(f"{PAGE}preparer/")
        assert ProcrastinateJob.objects.filter(task_name="reviews.make_documents").count() == tasks.SHARES
        part = desk.get(PAGE, headers={"HX-Request": "true"}).content.decode()
        assert "<h1>" not in part
        assert 'hx-trigger="every 1s"' in part
        assert "0 sur 2" in re.sub(r"\s+", " ", part.replace("&nbsp;", " ").replace("\xa0", " "))

        tasks.make_all(DocumentRun.objects.get().pk)
        assert "Documents prêts" in text_of(desk.get(PAGE))
        assert "hx-trigger" not in desk.get(PAGE).content.decode()
        assert desk.get(f"{PAGE}zip/")["Content-Disposition"] == 'attachment; filename="bilans-2026-T3.zip"'

    def test_nobody_asks_for_a_quarter_that_is_not_opened(self, bilan, desk):
        answer = desk.post("/bilans/documents/2025-T1/preparer/", follow=True)

        assert "Aucun bilan du" in text_of(answer)
        assert desk.get("/bilans/documents/2025-T9/").status_code == 404

    def test_it_costs_the_same_for_ten_bilans(self, bilan, desk, django_assert_max_num_queries):
        made()
        with django_assert_max_num_queries(12):
            desk.get(PAGE)
