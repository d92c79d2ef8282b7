"""What everyone reads of the register: by which text it exists, and what it holds."""

import pytest
from django.core.management import CommandError, call_command

from traitdunion.register import authority, keyring
from traitdunion.register.models import SealedIdentity

pytestmark = [pytest.mark.django_db, pytest.mark.urls("config.urls_register")]


def test_the_page_names_every_version_of_the_decree_and_how_far_it_was_read(client):
    said = client.get("/").content.decode()

    for _, code, address in authority.VERSIONS:
        assert code in said
        assert address in said
    assert "à vérifier" in said


def test_everything_held_is_carried_by_a_wording_read_in_a_text_or_a_source_or_said_to_be_in_none():
    for since, _, _ in authority.VERSIONS:
        for each in (*authority.data_on(since), *authority.purposes_on(since)):
            if each.wording is None:
                assert each.checked.endswith("à vérifier")
            else:
                assert each.wording.status.binding, each.label
        without = [each.label for each in authority.data_on(since) if each.wording is None]
        assert [held.label for held in authority.HELD if held.item == authority.UNREAD] == without


def test_a_person_has_the_fields_of_the_decree_and_no_other():
    sealed = {field.name for field in SealedIdentity._meta.get_fields() if field.name.endswith("_sealed")}

    assert sealed == {"names_sealed", "first_names_sealed", "born_on_sealed"}


def run(capsys, *words):
    call_command("register_keys", *words)
    return capsys.readouterr().out


def test_the_first_keys_are_made_once(settings, keys, capsys):
    keys.unlink()
    assert "À blanc" in run(capsys)
    assert not keys.exists()

    assert "Les premières clés" in run(capsys, "--wet-run")

    assert keyring.read(keys).wrapping
    with pytest.raises(CommandError, match="Il y a déjà des clés"):
        run(capsys, "--wet-run")


def test_the_key_is_replaced_only_when_asked_for(settings, keys, capsys):
    former = keyring.read(keys)
    assert "À blanc" in run(capsys, "--rotate")
    assert keyring.read(keys) == former

    assert "dossiers passés : 0" in run(capsys, "--rotate", "--wet-run")

    assert keyring.read(keys).epoch != former.epoch
    keys.unlink()
    with pytest.raises(CommandError, match="pas encore de clés"):
        run(capsys, "--rotate", "--wet-run")


def test_a_site_without_the_setting_says_which(settings, capsys):
    settings.REGISTER_KEYS = ""

    with pytest.raises(CommandError, match="TRAITDUNION_REGISTER_KEYS est vide"):
        run(capsys)
