"""``traitdunion conventions``, in the process of the tests."""

import pytest

from tests.conventions import facts
from traitdunion.cli.main import main
from traitdunion.conventions.models import Convention
from traitdunion.identity.kinds import OrganisationKind

pytestmark = pytest.mark.django_db
TABLE = (
    "département;intitulé;référence;signée préfecture le;signée ars le;fin\n"
    "67;Convention-cadre;BR-1;01/03/2024;08/03/2024;{}\n"
)


@pytest.fixture
def table(tmp_path):
    east = facts.region()
    facts.organisation(OrganisationKind.ARS, in_region=east)
    facts.organisation(OrganisationKind.PREFECTURE, facts.departement("67", "Bas-Rhin", east))

    def write(end="31/03/2027"):
        path = tmp_path / "conventions.csv"
        path.write_text(TABLE.format(end), encoding="utf-8")
        return str(path)

    return write


def test_a_dry_run_says_what_would_change_and_writes_nothing(table, capsys):
    assert main(["conventions", "import", table()]) == 0

    heard = capsys.readouterr()
    assert "ligne nouvelle" in heard.out
    assert "2 déclarées sans vérification (2 sans nom de signataire)" in heard.out
    assert "--wet-run" in heard.out
    assert not Convention.objects.exists()


def test_a_wet_run_writes_and_says_so(table, capsys):
    assert main(["conventions", "import", table(), "--wet-run"]) == 0

    assert "en ligne de commande" in Convention.objects.get().author_label
    assert "C’est écrit." in capsys.readouterr().out


def test_a_wrong_cell_is_told_and_the_status_is_2(table, capsys):
    assert main(["conventions", "import", table("01/01/2024"), "--wet-run"]) == 2

    heard = capsys.readouterr()
    assert "avant de commencer" in heard.err or "précède" in heard.err
    assert "rien n’a été changé" in heard.err
    assert not Convention.objects.exists()


@pytest.mark.parametrize("kind", ["xlsx", "ods", "csv"])
def test_what_the_command_writes_it_reads_back_unchanged(table, tmp_path, capsys, kind):
    main(["conventions", "import", table(), "--wet-run"])
    out = tmp_path / f"export.{kind}"

    assert main(["conventions", "export", "--format", kind, "--out", str(out)]) == 0
    capsys.readouterr()
    assert main(["conventions", "import", str(out)]) == 0

    assert "Aucune valeur ne change" in capsys.readouterr().out
