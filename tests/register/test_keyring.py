"""The file of the keys: read only when nobody else may, never printed, replaced in one step. No database."""

from datetime import UTC, datetime, timedelta

import pytest

from traitdunion.register import keyring
from traitdunion.register.keyring import KeysUnreadableError, SiteKeys

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.fixture
def path(tmp_path):
    (folder := tmp_path / "apart").mkdir()
    return folder / "keys.json"


def test_keys_are_read_as_they_were_written(path):
    keys = keyring.new_keys(at=AT)

    keyring.write(path, keys)

    assert keyring.read(path) == keys
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_file_that_others_may_read_is_refused(path):
    keyring.write(path, keyring.new_keys(at=AT))
    path.chmod(0o640)

    with pytest.raises(KeysUnreadableError, match="lisible par d’autres"):
        keyring.read(path)


def test_an_absent_file_says_how_to_make_one(path):
    with pytest.raises(KeysUnreadableError, match="register_keys"):
        keyring.read(path)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"epoch": "a", "wrapping": {}, "index": ""}',
        '{"epoch": "a", "wrapping": {"a": "c2hvcnQ="}, "index": "c2hvcnQ="}',
        '{"epoch": "a", "wrapping": {"a": "*"}, "index": "*"}',
        '{"epoch": "a", "wrapping": [], "index": ""}',
    ],
)
def test_a_file_of_something_else_is_one_refusal(path, content):
    path.touch(0o600)
    path.write_text(content)

    with pytest.raises(KeysUnreadableError, match="forme attendue"):
        keyring.read(path)


def test_a_new_epoch_keeps_the_former_until_it_is_dropped():
    first = keyring.new_keys(at=AT)
    second = first.with_next_epoch(at=AT + timedelta(days=7))

    assert second.of_epoch(first.epoch) == first.current
    assert second.current != first.current
    assert second.index == first.index
    assert list(second.with_current_epoch_only().wrapping) == [second.epoch]


def test_a_destroyed_epoch_is_one_sentence():
    with pytest.raises(KeysUnreadableError, match="n’existe plus"):
        keyring.new_keys(at=AT).of_epoch("passée")


def test_a_key_is_never_printed():
    keys = keyring.new_keys(at=AT)

    assert repr(keys) == f"SiteKeys(epoch={keys.epoch!r})"


def test_keys_that_cannot_be_written_leave_the_former(path):
    keys = keyring.new_keys(at=AT)

    with pytest.raises(KeysUnreadableError, match="rien n’a changé"):
        keyring.write(path.parent / "absent" / "keys.json", keys)


def test_the_content_is_its_own_inverse():
    keys = keyring.new_keys(at=AT).with_next_epoch(at=AT + timedelta(days=7))

    assert SiteKeys.from_text(keys.to_text()) == keys
