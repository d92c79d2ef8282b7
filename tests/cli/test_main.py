"""The command line: what it lists, how it refuses, how little it loads."""

import argparse
import importlib
import subprocess
import sys
import types

import pytest

from traitdunion.cli import main as command
from traitdunion.cli.errors import LauncherError


@pytest.fixture
def temporary_command(monkeypatch):
    def register(run):
        module = types.ModuleType("temporary_command")
        module.configure = lambda parser: parser.add_argument("--nombre", type=int)
        module.run = run
        monkeypatch.setitem(sys.modules, "temporary_command", module)
        monkeypatch.setitem(command.COMMANDS, "essai", ("temporary_command", "sert aux tests"))

    return register


def test_every_command_is_in_the_help(capsys):
    with pytest.raises(SystemExit) as end:
        command.main(["--help"])

    assert end.value.code == 0
    printed = capsys.readouterr().out
    assert [
        name
        for name, (_, about) in command.COMMANDS.items()
        if f"{name} " not in printed or about not in printed
    ] == []


@pytest.mark.parametrize("name", command.COMMANDS)
def test_every_command_explains_its_options(capsys, name):
    if name == "manage":
        pytest.skip("Django répond lui-même à --help")
    module = importlib.import_module(command.COMMANDS[name][0])
    assert callable(module.configure)

    with pytest.raises(SystemExit) as end:
        command.main([name, "--help"])

    assert end.value.code == 0
    assert f"Usage : traitdunion {name}" in capsys.readouterr().out


def test_the_help_loads_no_command():
    look = "import sys; import traitdunion.cli.main; print(sorted({'django', 'psycopg'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "il manque COMMANDE"),
        (["demi"], "COMMANDE vaut 'demi' : on attend l’un de"),
        (["essai", "--nombre", "dix"], "--nombre vaut 'dix'"),
        (["essai", "--nombre"], "--nombre attend une valeur"),
        (["essai", "--nombres=3"], "« --nombres=3 » n’est pas une option"),
    ],
)
def test_a_wrong_line_is_one_french_sentence(temporary_command, capsys, words, sentence):
    temporary_command(lambda options: 0)

    with pytest.raises(SystemExit) as end:
        command.main(words)

    printed = capsys.readouterr()
    assert (end.value.code, printed.out, printed.err.count("\n")) == (2, "", 1)
    assert sentence in printed.err


def test_a_refusal_is_its_sentence_and_status_two(temporary_command, capsys):
    def refuse(options):
        raise LauncherError("Le disque est plein.")

    temporary_command(refuse)

    assert command.main(["essai"]) == 2
    assert capsys.readouterr() == ("", "Le disque est plein.\n")


def test_a_fault_of_the_program_is_not_hidden(temporary_command):
    def fail(options):
        raise ZeroDivisionError

    temporary_command(fail)

    with pytest.raises(ZeroDivisionError):
        command.main(["essai"])


def test_django_reads_its_own_options(capsys):
    parser = argparse.ArgumentParser()
    manage = importlib.import_module("traitdunion.cli.manage")
    manage.configure(parser)

    assert parser.parse_args(["migrate", "--plan", "-v", "2"]).words == ["migrate", "--plan", "-v", "2"]
