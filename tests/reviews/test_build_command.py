"""``traitdunion review build``: the bytes of the site, all of them or none, and one sentence when it cannot."""

import os

import pytest
from django.test import Client

from tests.conventions.scene import act_as
from tests.reviews.test_pages import site_key, that_day  # noqa: F401  # fixtures among them
from traitdunion.cli.main import main
from traitdunion.identity.kinds import Role
from traitdunion.reviews import files, keyring
from traitdunion.reviews.kinds import Party
from traitdunion.reviews.models import FigureRow, Paragraph


def build(out, *words):
    return main(["review", "build", "--out", str(out), *(words or ("--quarter", "2026-T3"))])


def refused(out, capsys, *words):
    """Return the one sentence of a refusal that left nothing behind."""
    before = set(out.parent.iterdir())
    assert build(out, *words) == 2
    told = capsys.readouterr()
    assert set(out.parent.iterdir()) == before
    assert told.out == ""
    return told.err.splitlines()[-1]


def test_the_command_writes_the_bytes_of_the_site(bilan, site_key, tmp_path, capsys):  # noqa: F811
    bilan.key = keyring.site_key()
    bilan.offer()
    bilan.sign(Party.ARS)
    desk = act_as(Client(), bilan.dyad.house.mandate(Role.DESK_SANTE))

    assert build(tmp_path / "bilans") == 0

    told = capsys.readouterr()
    assert "9 fichiers du 3e trimestre 2026" in told.out.replace("\xa0", " ")
    assert told.err.splitlines() == ["1 bilans sur 2", "2 bilans sur 2"]
    written = {path.name: path.read_bytes() for path in (tmp_path / "bilans").iterdir()}
    assert len(written) == 9
    for ending, address in zip(files.KINDS, ("pdf", "docx", "ods", "json", "preuve"), strict=True):
        answer = desk.get(f"/bilans/{bilan.review.public_id}/versions/1/{address}/")
        assert answer.content == written[f"bilan-67-2026-T3-v1.{ending}"]


def test_one_departement_alone(bilan, tmp_path):
    assert build(tmp_path / "un", "--quarter", "2026-T3", "--departement", "67") == 0

    assert sorted(path.name for path in (tmp_path / "un").iterdir()) == [
        f"bilan-67-2026-T3-v1-projet.{ending}" for ending in ("docx", "json", "ods", "pdf")
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--quarter", "2026-T9"), "--quarter"),
        (("--quarter", "2025-T1"), "Aucun bilan du"),
        (("--quarter", "2026-T3", "--departement", "68"), "Les plus proches : 67 (Bas-Rhin)"),
        (("--quarter", "2026-T3", "--departement", "bas rhin"), "Les plus proches : 67 (Bas-Rhin)"),
        (("--quarter", "2025-T1", "--departement", "67"), "dans le département 67"),
    ],
)
def test_what_does_not_exist_is_one_sentence(bilan, tmp_path, capsys, words, said):
    assert said in refused(tmp_path / "bilans", capsys, *words)


def test_a_folder_that_holds_something_is_left_as_it_is(bilan, tmp_path, capsys):
    kept = tmp_path / "plein" / "note.txt"
    kept.parent.mkdir()
    kept.write_text("à garder")

    assert "n’est pas un dossier vide" in refused(tmp_path / "plein", capsys)
    assert "n’est pas un dossier vide" in refused(kept, capsys)
    assert [path.name for path in kept.parent.iterdir()] == ["note.txt"]


def test_an_empty_folder_is_filled(bilan, tmp_path):
    (tmp_path / "vide").mkdir()

    assert build(tmp_path / "vide") == 0
    assert len(list((tmp_path / "vide").iterdir())) == 8


def test_a_folder_that_cannot_be_written_is_one_sentence(bilan, tmp_path, capsys):
    (tmp_path / "fichier").write_text("")

    assert build(tmp_path / "fichier" / "bilans") == 2
    assert "son dossier n’en est pas un" in capsys.readouterr().err
    if os.geteuid():  # root writes everywhere
        (tmp_path / "fermé").mkdir(mode=0o500)
        assert build(tmp_path / "fermé" / "bilans") == 2
        assert "vous n’en avez pas le droit" in capsys.readouterr().err


def test_a_bilan_that_cannot_be_made_leaves_nothing(bilan, tmp_path, capsys):
    FigureRow.objects.filter(version__review=bilan.review, identifier="reunions-tenues").delete()
    Paragraph.objects.filter(version__review=bilan.review, section="reunions").delete()

    said = refused(tmp_path / "bilans", capsys)

    assert "Bas-Rhin" in said
    assert said.endswith("Rien n’est écrit.")


def test_a_signed_bilan_without_the_key_of_the_site_is_said(bilan, tmp_path, capsys, settings):
    settings.BILAN_KEY = ""
    bilan.offer()
    bilan.sign(Party.ARS)

    assert "n’a pas de clé" in refused(tmp_path / "bilans", capsys)
