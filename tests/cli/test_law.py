"""``traitdunion deadlines`` and ``traitdunion law``, as they are typed."""

import json
import subprocess
import sys

import pytest

from traitdunion.cli.lines import BATCH
from traitdunion.cli.main import main

ADMISSION = {"type": "admission", "at": "2026-04-24T16:40:00+02:00"}
FACTS = {"mode": "SPDRE", "departement": "67", "events": [ADMISSION]}
AT = "2026-04-26T00:00:00+02:00"
DRAFT = """
titre = "Projet de décret (exemple)"
[[delai]]
regle = "J2"
depuis = 2026-01-01
nombre = 10
[[conservation]]
depuis = 2026-01-01
annees = 5
[[destinataire]]
nom = "Destinataire d’exemple"
depuis = 2026-01-01
modes = ["SPDRE"]
"""


@pytest.fixture
def facts(tmp_path):
    path = tmp_path / "faits.json"
    path.write_text(json.dumps(FACTS), encoding="utf-8")
    return path


@pytest.fixture
def base(tmp_path):
    lifted = [ADMISSION, {"type": "levee", "at": "2026-06-01T10:00:00+02:00"}]
    lines = [
        {**FACTS, "id": "D-1"},
        {**FACTS, "id": "D-2", "departement": "973"},
        {**FACTS, "id": "D-3", "mode": "SPDT", "events": lifted},
    ]
    path = tmp_path / "base.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return path


@pytest.fixture
def draft(tmp_path):
    path = tmp_path / "projet.toml"
    path.write_text(DRAFT, encoding="utf-8")
    return path


def test_the_deadlines_of_a_measure_are_printed(facts, capsysbinary):
    assert main(["deadlines", str(facts), "--at", AT]) == 0
    found = json.loads(capsysbinary.readouterr().out)["deadlines"]
    [ruling] = [one for one in found if one["rule"] == "J2"]
    assert ruling["late_from"] == "2026-05-06T00:00:00+02:00"
    assert ruling["enforceable"] is True
    assert ruling["citation"] == {
        "text": "CSP",
        "article": "L. 3211-12-1",
        "part": "I, 1°",
        "version": "",
        "status": "V",
    }


def test_facts_come_from_the_standard_input_too():
    done = subprocess.run(
        [sys.executable, "-m", "traitdunion.cli.main", "deadlines", "-", "--at", AT],
        input=json.dumps(FACTS), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout)["deadlines"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "ne sont pas du JSON valable"),
        ("[]", "doivent être un objet JSON"),
        (json.dumps({**FACTS, "mode": "SPDX"}), "« mode » vaut"),
        (json.dumps({**FACTS, "departement": "20"}), "est un code officiel"),
        (json.dumps({**FACTS, "events": []}), "la liste, non vide"),
        (
            json.dumps({**FACTS, "events": [{**ADMISSION, "type": "admision"}]}),
            "vouliez-vous « admission » ?",
        ),
        (
            json.dumps({**FACTS, "events": [{**ADMISSION, "at": "2026-04-24T16:40:00"}]}),
            "pas de décalage horaire",
        ),
        (json.dumps({**FACTS, "events": [ADMISSION, ADMISSION]}), "deux admissions"),
        (
            json.dumps(
                {**FACTS, "events": [ADMISSION, {"type": "levee", "at": "2026-04-23T16:40:00+02:00"}]}
            ),
            "précède l’admission",
        ),
        (json.dumps({**FACTS, "events": [{"type": "levee", "at": AT}]}), "ne portent pas d’admission"),
        (json.dumps({**FACTS, "religion": "x"}), "Le champ « religion » est inconnu"),
        (
            json.dumps({**FACTS, "events": [ADMISSION, {"type": "decision_juge", "at": AT}]}),
            "doit porter « sens »",
        ),
    ],
)
def test_facts_that_do_not_fit_are_one_sentence(content, says, tmp_path, capsysbinary):
    path = tmp_path / "faits.json"
    path.write_text(content, encoding="utf-8")
    assert main(["deadlines", str(path), "--at", AT]) == 2
    captured = capsysbinary.readouterr()
    assert captured.out == b""
    assert says in captured.err.decode()
    assert captured.err.decode().count("\n") == 1


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["{facts}", "--at", "demain"], "n’est pas un instant"),
        (["{facts}", "--rules", "J99"], "n’est pas une règle"),
        (["{facts}", "--brief"], "vont avec --stream"),
        (["absent.json"], "ne peut pas être lu"),
        ([], "Il manque le fichier des faits"),
        (["{facts}", "--stream", "--jobs", "-1"], "1 au moins"),
    ],
)
def test_options_that_do_not_fit_are_one_sentence(options, says, facts, capsys):
    assert main(["deadlines", *(option.format(facts=facts) for option in options)]) == 2
    assert says in capsys.readouterr().err


@pytest.mark.slow
def test_a_stream_keeps_its_order_across_processes(tmp_path, capsysbinary):
    path = tmp_path / "mesures.jsonl"
    lines = [
        json.dumps(
            {**FACTS, "events": [{"type": "admission", "at": f"2026-04-{1 + rank % 28:02}T10:00:00+02:00"}]}
        )
        for rank in range(BATCH * 2 + 7)
    ]
    lines[BATCH + 3] = "{"
    path.write_text("\n".join(lines), encoding="utf-8")
    late = "2026-05-01T00:00:00+02:00"
    assert main(["deadlines", str(path), "--stream", "--at", late, "--jobs", "2", "--rules", "E1"]) == 2
    captured = capsysbinary.readouterr()
    found = [json.loads(line) for line in captured.out.splitlines()]
    assert "error" in found.pop(BATCH + 3)
    starts = [one["deadlines"][0]["starts_at"] for one in found]
    told = [json.loads(line)["events"][0]["at"] for line in lines if line != "{"]
    assert starts == told
    assert f"la première est la ligne {BATCH + 4}" in captured.err.decode()


def test_the_vocabulary_names_every_event(capsys):
    assert main(["deadlines", "--vocabulary"]) == 0
    said = capsys.readouterr().out
    for name in (
        "admission",
        "mesure_provisoire",
        "contention_fin",
        "« sens » : mainlevee | mainlevee_differee | maintien",
    ):
        assert name in said


def test_a_text_is_shown_as_it_stood(capsys):
    assert main(["law", "show", "csp-l3211", "--at", "2014-08-31", "--format", "json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert {rule["key"]: rule["delay"] for rule in shown["rules"]}["J2"] == "15 jours"
    assert main(["law", "show", "csp-l3222", "--at", "2021-01-01", "--format", "json"]) == 0
    assert [rule["key"] for rule in json.loads(capsys.readouterr().out)["rules"]] == ["E8"]


def test_a_decree_is_a_difference(capsys):
    assert main(["law", "diff", "d2018", "--from", "2022-04-28", "--to", "2022-04-29", "--json"]) == 0
    changed = {one["item"]: one["change"] for one in json.loads(capsys.readouterr().out)["items"]}
    assert changed["information du préfet (radicalisation)"] == "supprimé"
    assert changed["information des personnes de l’article 2-1"] == "ajouté"
    assert main(["law", "diff", "d2018", "--from", "2022-04-28", "--to", "2022-04-29"]) == 0
    assert "article 2, 4°" in capsys.readouterr().out


def test_a_draft_is_replayed_and_nothing_is_written(base, draft, tmp_path, capsysbinary):
    before = base.read_bytes()
    ids, at = tmp_path / "ids.txt", "2026-07-01T00:00:00+02:00"
    command = ["law", "replay", "--register", str(base), "--with", str(draft), "--at", at]
    assert main([*command, "--json", "--list", str(ids)]) == 0
    found = json.loads(capsysbinary.readouterr().out)
    assert found["dossiers"] == 3
    assert found["deadlines"]["J2"]["moved"] == {"total": 3, "departements": {"67": 2, "973": 1}}
    assert found["deadlines"]["J2"]["sooner"]["total"] == 3
    assert found["deadlines"]["J2"]["newly_late"]["total"] == 0
    assert found["retention"]["gardés plus longtemps"]["total"] == 1
    assert found["reached"]["destinataire : Destinataire d’exemple"] == {
        "total": 2,
        "departements": {"67": 1, "973": 1},
    }
    assert ids.read_text(encoding="utf-8").split() == ["D-1", "D-2", "D-3"]
    assert main(command) == 0
    note = capsysbinary.readouterr().out.decode()
    assert "12 jours" in note
    assert "Projet : 10 jours à partir du 01/01/2026" in note
    assert "Signature" in note
    assert base.read_bytes() == before


def test_a_draft_sees_who_would_become_late(base, draft, capsysbinary):
    at = "2026-05-04T12:00:00+02:00"  # ten days are over, twelve are not
    assert main(["law", "replay", "--register", str(base), "--with", str(draft), "--at", at, "--json"]) == 0
    moved = json.loads(capsysbinary.readouterr().out)["deadlines"]["J2"]
    assert moved["newly_late"]["total"] == 3
    assert moved["no_longer_late"]["total"] == 0


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("titre = ", "pas du TOML valable"),
        ("", "doit porter « titre »"),
        ('titre = "x"', "ne change rien"),
        ('titre = "x"\n[[delais]]\n', "« delais » est inconnu"),
        ('titre = "x"\n[[delai]]\nregle = "J2"\nnombre = 3', "doit porter « depuis »"),
        ('titre = "x"\n[[delai]]\nregle = "J3"\ndepuis = 2027-01-01\nnombre = 3', "J3.saisine, J3.decision"),
        ('titre = "x"\n[[delai]]\nregle = "I1"\ndepuis = 2027-01-01\nnombre = 3', "n’a pas de délai chiffré"),
        ('titre = "x"\n[[delai]]\nregle = "J2"\ndepuis = 2027-01-01\nnombre = 0', "entre 1 et"),
        ('titre = "x"\n[[delai]]\nregle = "J2"\ndepuis = "demain"\nnombre = 3', "n’a pas la forme attendue"),
        ('titre = "x"\n[[donnee]]\nnom = "y"\ndepuis = 2027-01-01\nmodes = ["X"]', "n’est pas un mode"),
    ],
)
def test_a_draft_that_does_not_fit_is_one_sentence(content, says, base, tmp_path, capsys):
    path = tmp_path / "projet.toml"
    path.write_text(content, encoding="utf-8")
    assert main(["law", "replay", "--register", str(base), "--with", str(path)]) == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1
