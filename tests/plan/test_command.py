"""``traitdunion plan``, in the process of the tests."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.plan.scene import TODAY
from tests.plan.test_round_trip import PDF, SHA_256, empty
from traitdunion.cli import table_commands
from traitdunion.cli.main import main
from traitdunion.plan.actions import Deposit
from traitdunion.plan.kinds import EvidenceKind
from traitdunion.plan.models import Evidence, EvidenceFile, IndicatorValue

ROW = "type;parent;date;numérateur;dénominateur;provenance\nvaleur;38-SIGNEE;2026-01-31;{};101;ours\n"


@pytest.fixture
def table(tmp_path):
    def write(numerator):
        path = tmp_path / "plan.csv"
        path.write_text(ROW.format(numerator), encoding="utf-8")
        return str(path)

    return write


def test_a_dry_run_says_what_would_change(plan, table, capsys):
    assert main(["plan", "import", table("98")]) == 0

    heard = capsys.readouterr()
    assert heard.out.startswith("1\xa0ligne nouvelle") or heard.out.startswith("1 ligne nouvelle")
    assert "--wet-run" in heard.out
    assert "1 ligne sur 1" in heard.err
    assert not IndicatorValue.objects.exists()


def test_a_wet_run_writes_under_the_name_of_the_command(plan, table, capsys):
    assert main(["plan", "import", table("98"), "--wet-run"]) == 0

    assert "import du plan en ligne de commande" in IndicatorValue.objects.get().author_label
    assert "C’est écrit." in capsys.readouterr().out


def test_a_wrong_cell_stops_everything_with_status_two(plan, table, capsys):
    assert main(["plan", "import", table("beaucoup"), "--wet-run"]) == 2

    heard = capsys.readouterr()
    assert heard.out == ""
    assert "numérateur" in heard.err
    assert not IndicatorValue.objects.exists()


@pytest.mark.parametrize("words", [["import", "absent.csv"], ["export", "--format", "csv", "--au", "hier"]])
def test_what_cannot_be_done_is_one_sentence_with_status_two(plan, words, capsys):
    assert main(["plan", *words]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_future_day_is_refused(plan, capsys):
    tomorrow = timezone.localdate() + timedelta(days=1)

    assert main(["plan", "export", "--format", "csv", "--au", tomorrow.isoformat()]) == 2


@pytest.mark.parametrize("kind", ["xlsx", "ods", "csv", "json"])
def test_the_plan_is_exported_to_a_file(plan, tmp_path, kind):
    path = tmp_path / f"plan.{kind}"

    assert main(["plan", "export", "--format", kind, "--au", TODAY.isoformat(), "--out", str(path)]) == 0
    assert path.stat().st_size > 100
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_json_goes_to_the_standard_output(plan, capfdbinary):
    assert main(["plan", "export", "--format", "json"]) == 0

    rows = json.loads(capfdbinary.readouterr().out)["rows"]
    assert {row["type"] for row in rows} == {"axe", "section", "mesure", "indicateur", "action"}


def test_documents_leave_beside_the_table_and_come_back_by_their_hash(plan, tmp_path, capsys):
    deposit = Deposit(name="Rapport.PDF", content=PDF)
    plan.publish(evidence=[plan.evidence(kind=EvidenceKind.FILE, reference="", deposit=deposit)])
    table, folder = tmp_path / "plan.xlsx", tmp_path / "documents"

    assert main(["plan", "export", "--format", "xlsx", "--out", str(table), "--documents", str(folder)]) == 0
    assert [each.name for each in folder.iterdir()] == [f"{SHA_256}.pdf"]
    empty()
    assert main(["plan", "import", str(table), "--wet-run"]) == 2
    assert "n’est pas déposé sur ce site" in capsys.readouterr().err
    assert not Evidence.objects.exists()
    assert main(["plan", "import", str(table), "--wet-run", "--documents", str(folder)]) == 0
    assert EvidenceFile.objects.get().name == "Rapport.PDF"


def test_a_folder_that_is_not_there_is_one_sentence(plan, table, tmp_path, capsys):
    assert main(["plan", "import", table("98"), "--documents", str(tmp_path / "absent")]) == 2
    assert "ne peut pas être lu" in capsys.readouterr().err


def test_an_import_that_is_interrupted_leaves_nothing_and_says_so(plan, table, monkeypatch, capsys):
    def interrupt(_done, _total):
        raise KeyboardInterrupt

    monkeypatch.setattr(table_commands, "_tell", interrupt)

    assert main(["plan", "import", table("98"), "--wet-run"]) == 130
    assert "rien n’est écrit à moitié" in capsys.readouterr().err
    assert not IndicatorValue.objects.exists()
