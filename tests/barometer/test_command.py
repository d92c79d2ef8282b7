"""``traitdunion barometer`` as a statistician runs it: a process, files in and out."""

import json
import os
import subprocess
import sys

import pytest

from traitdunion.barometer.questionnaire import example, write
from traitdunion.cli.main import main

HEAD = "wave,departement,side,respondent,item,value\n"
SIDES = "T1,67,prefecture,a,joindre,4\nT1,67,ars,b,joindre,3\n"


def run(*words, **options):
    return subprocess.run(
        [sys.executable, "-m", "traitdunion.cli.main", "barometer", *map(str, words)],
        capture_output=True, text=True, check=False, **options,
    )  # fmt: skip


def test_answers_become_a_result(tmp_path):
    (tmp_path / "answers.csv").write_text(HEAD + SIDES, encoding="utf-8")
    out = tmp_path / "result.json"

    done = run("analyse", tmp_path / "answers.csv", "--out", out, "--min-answers", "1")

    assert (done.returncode, done.stderr) == (0, "")
    content = json.loads(out.read_text(encoding="utf-8"))
    assert [wave["wave"] for wave in content["waves"]] == ["T1"]
    assert content["is_example"] is True
    assert content["waves"][0]["cells"][0]["n"] == 1


@pytest.mark.parametrize(
    ("answers", "questionnaire", "said"),
    [
        (HEAD + SIDES + "T1,67,ars,c,joindre,6\n", None, "Ligne 4 : la réponse vaut « 6 »"),
        ("", None, "Ligne 1 : le fichier est vide"),
        (None, None, "ne peut pas être lu"),
        (HEAD + SIDES, "format = 3\n", "Ligne 1, champ « format »"),
    ],
)
def test_a_fault_is_one_sentence_status_2_and_nothing_written(tmp_path, answers, questionnaire, said):
    words = ["analyse", tmp_path / "answers.csv", "--out", tmp_path / "result.json"]
    if answers is not None:
        (tmp_path / "answers.csv").write_text(answers, encoding="utf-8")
    if questionnaire is not None:
        (tmp_path / "q.toml").write_text(questionnaire, encoding="utf-8")
        words += ["--questionnaire", tmp_path / "q.toml"]

    done = run(*words)

    assert (done.returncode, done.stderr.count("\n"), done.stdout) == (2, 1, "")
    assert said in done.stderr
    assert not (tmp_path / "result.json").exists()


def test_the_shipped_questionnaire_is_printed_whole():
    printed = json.loads(run("questionnaire", "--json").stdout)
    assert {key for item in printed["items"] for key in item} >= {"id", "family", "dimension", "sides"}
    assert len(printed["items"]) == len(example().items)
    assert run("questionnaire", "--toml").stdout == write(example())


def test_a_reader_who_leaves_is_no_fault():
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as closed:
        done = subprocess.run(
            [sys.executable, "-m", "traitdunion.cli.main", "barometer", "questionnaire"],
            stdout=closed, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (141, "")


def test_planning_prints_a_line_for_each_number_of_respondents():
    printed = json.loads(run("simulate", "--respondents", "1", "4", "--json").stdout)
    assert [row["respondents"] for row in printed] == [1, 4]
    assert printed[0]["alone"] is None
    assert printed[1]["nation"] < printed[1]["region"] < printed[1]["departement"] < printed[1]["alone"]


@pytest.mark.parametrize(
    "words",
    [
        ["--respondents", "3", "0"],
        ["--respondents", "1000000000"],
        ["--icc", "1"],
        ["--icc", "nan"],
        ["--sd", "inf"],
    ],
)
def test_what_cannot_be_planned_is_refused(capsys, words):
    assert main(["barometer", "simulate", *words]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert said.err.startswith("On attend de 1 à 200 répondants")


def test_neither_django_nor_a_database_is_needed():
    look = (
        "import traitdunion.cli.barometer, traitdunion.barometer.analysis, sys;"
        "print('django' in sys.modules, 'psycopg' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"
