"""``traitdunion review`` as an auditor runs it: a file in, French out, nothing else on the machine."""

import os
import subprocess
import sys
import zipfile

import pytest

from tests.reviews import packs
from traitdunion.cli.main import main
from traitdunion.reviews import signing
from traitdunion.reviews.document import Side


@pytest.fixture(scope="module")
def site():
    return packs.Site()


@pytest.fixture(scope="module")
def folder(site, tmp_path_factory):
    made = tmp_path_factory.mktemp("dossiers")
    (made / "bilan.zip").write_bytes(site.pack(packs.departemental(), stamped=True))
    (made / "une-partie.zip").write_bytes(site.pack(packs.departemental(), sides=[Side.ARS]))
    (made / "faux.zip").write_bytes((made / "bilan.zip").read_bytes() + b"\n")
    (made / "cles.json").write_bytes(site.key.chain.to_bytes())
    (made / "autres.json").write_bytes(packs.Site().key.chain.to_bytes())
    (made / "autorite.pem").write_bytes(site.authority.root_pem)
    with zipfile.ZipFile(made / "autre.zip", "w") as archive:
        archive.writestr("photo.jpg", b"x")
    return made


def verified(capsys, folder, name, *options):
    status = main(["review", "verify", str(folder / name), *options])
    said = capsys.readouterr()
    return status, said.out, said.err


def test_a_true_pack(capsys, folder, site):
    status, out, err = verified(capsys, folder, "bilan.zip", "--key", site.fingerprint)

    assert (status, err) == (0, "")
    assert "La clé dont vous avez donné l’empreinte est l’une d’elles." in out
    assert out.endswith("signé par les deux parties : préfecture et agence régionale de santé.\n")
    assert "FAUX" not in out


def test_a_pack_of_one_side_is_true_and_says_so(capsys, folder):
    status, out, _ = verified(capsys, folder, "une-partie.zip")

    assert status == 0
    assert "signé par une seule partie : agence régionale de santé" in out
    assert "Préfecture : n’a pas signé." in out


def test_a_false_pack(capsys, folder):
    status, out, err = verified(capsys, folder, "faux.zip")

    assert (status, err) == (1, "")
    assert "[  FAUX  ]" in out
    assert out.endswith("Ce dossier ne prouve rien : au moins une vérification est fausse.\n")


def test_the_keys_that_the_site_publishes(capsys, folder):
    assert verified(capsys, folder, "bilan.zip", "--keys", str(folder / "cles.json"))[0] == 0
    status, out, _ = verified(capsys, folder, "bilan.zip", "--keys", str(folder / "autres.json"))
    assert status == 1
    assert "Ces clés ne sont pas celles que le site publie" in out


def test_a_fingerprint_may_be_spaced_as_it_is_printed(capsys, folder, site):
    spaced = ":".join(site.fingerprint.upper()[at : at + 4] for at in range(0, 64, 4))

    assert verified(capsys, folder, "bilan.zip", "--key", spaced)[0] == 0
    assert verified(capsys, folder, "bilan.zip", "--key", "0" * 64)[0] == 1


def test_the_certificate_of_the_authority(capsys, folder):
    status, out, _ = verified(capsys, folder, "bilan.zip", "--authority", str(folder / "autorite.pem"))

    assert (status, out.count("autorité vérifiée")) == (0, 2)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["absent.zip"], "ne peut pas être lu"),
        (["."], "c’est un dossier"),
        (["autre.zip"], "n’est pas un fichier d’un dossier de preuve"),
        (["cles.json"], "n’est pas un zip lisible"),
        (["bilan.zip", "--key", "abc"], "on attend les 64 chiffres hexadécimaux"),
        (["bilan.zip", "--keys", "bilan.zip"], "n’est pas celui des clés d’un site"),
        (["bilan.zip", "--keys", "absent.json"], "ne peut pas être lu"),
        (["bilan.zip", "--authority", "cles.json"], "aucun certificat d’autorité"),
    ],
)
def test_what_is_not_a_pack_is_one_sentence_and_status_2(capsys, folder, monkeypatch, words, said):
    monkeypatch.chdir(folder)

    assert main(["review", "verify", *words]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert said in err


@pytest.mark.parametrize("words", [[], ["verify"], ["verify", "a", "--key", "x", "--keys", "y"], ["sign"]])
def test_a_command_that_says_too_little_or_too_much(capsys, words):
    with pytest.raises(SystemExit) as left:
        main(["review", *words])

    assert left.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


WATCHED = """
import sys
from traitdunion.cli.main import main
opened = []
sys.addaudithook(lambda event, args: opened.append(event) if event.startswith("socket.") else None)
status = main(sys.argv[1:])
assert not opened, opened
assert "config" not in sys.modules
files = {name.partition(".")[0]: getattr(module, "__file__", None) or "" for name, module in sys.modules.items()}
needed = {name for name, file in files.items() if "site-packages" in file and not name.startswith("_")}
assert needed <= {"cryptography", "rfc8785", "rfc3161_client", "cffi"}, needed  # as docs/bilan.md says
sys.exit(status)
"""


def test_it_needs_neither_the_site_nor_its_database_nor_the_network(folder, tmp_path):
    clean = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DATABASE_URL", "DJANGO_SETTINGS_MODULE"}
    }
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, "review", "verify", str(folder / "bilan.zip")],
        env=clean, cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (0, "")
    assert "signé par les deux parties" in done.stdout


# Keys


def test_a_site_makes_its_keys(capsys, tmp_path):
    one, two, keys = (str(tmp_path / name) for name in ("une.pem", "deux.pem", "cles.json"))

    assert main(["review", "key", "--private", one, "--keys", keys]) == 0
    first = signing.read_chain((tmp_path / "cles.json").read_bytes())
    assert capsys.readouterr().out.splitlines()[-1] == first.keys[0].fingerprint
    private = signing.read_private_file(tmp_path / "une.pem")  # which others cannot read
    assert signing.SigningKey(private, first).key_id == first.keys[0].statement.key_id

    assert main(["review", "key", "--private", two, "--keys", keys, "--after", two]) == 2
    assert "ne peut pas être lue" in capsys.readouterr().err
    assert main(["review", "key", "--private", one, "--keys", keys]) == 2
    assert "existe : pour une clé de plus" in capsys.readouterr().err
    assert signing.read_chain((tmp_path / "cles.json").read_bytes()) == first


def test_a_key_never_replaces_another(capsys, tmp_path):
    (tmp_path / "une.pem").write_bytes(b"precieux")
    words = ["review", "key", "--private", str(tmp_path / "une.pem"), "--keys", str(tmp_path / "cles.json")]

    assert main(words) == 2
    assert "une clé n’en remplace jamais une autre" in capsys.readouterr().err
    assert (tmp_path / "une.pem").read_bytes() == b"precieux"
    assert not (tmp_path / "cles.json").exists()


def test_a_key_follows_the_one_in_service(capsys, tmp_path):
    old = signing.SigningKey.start(packs.new_key(), at=packs.KEY_DAY)
    private, keys = tmp_path / "une.pem", tmp_path / "cles.json"
    private.touch(0o600)
    private.write_bytes(signing.pem_of_private(old._private))
    keys.write_bytes(old.chain.to_bytes())

    words = ["--private", str(tmp_path / "deux.pem"), "--keys", str(keys), "--after", str(private)]
    assert main(["review", "key", *words]) == 0
    chain = signing.read_chain(keys.read_bytes())
    assert chain.begins_with(old.chain)
    assert len(chain.keys) == 2
    assert signing.SigningKey(signing.read_private_file(tmp_path / "deux.pem"), chain)
