"""Files of a command: whole or not at all, and a reason in French."""

import os
import stat
from pathlib import Path

import pytest

from traitdunion.cli.files import CommandRefusedError, read_in, write_out


def test_a_file_is_written_whole_and_nothing_lies_beside_it(tmp_path):
    out = tmp_path / "result.json"
    out.write_text("avant", encoding="utf-8")
    assert write_out(b"after", out) == 0
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("result.json", b"after")]


def test_a_link_is_followed(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real" / "result.json")
    write_out(b"content", tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "result.json").read_bytes() == b"content"


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_out(b"content", pipe)
        assert os.read(reading, 100) == b"content"
    finally:
        os.close(reading)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("absent/result.json", "n’existe pas"),
        (".", "c’est un dossier"),
        ("file/result.json", "son dossier n’en est pas un"),
        (f"{'n' * 300}.json", "ce nom est trop long"),
    ],
)
def test_what_cannot_be_written_is_told_in_french_and_leaves_nothing(tmp_path, name, said):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(CommandRefusedError, match=said):
        write_out(b"content", tmp_path / name)
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(("name", "said"), [("absent", "n’existe pas"), (".", "c’est un dossier")])
def test_what_cannot_be_read_is_told_in_french(tmp_path, name, said):
    with pytest.raises(CommandRefusedError, match=said):
        read_in(tmp_path / name, most=100)


def test_a_file_without_end_is_not_read_to_its_end(tmp_path):
    (tmp_path / "file").write_bytes(b"0" * 2_000_000)
    assert len(read_in(tmp_path / "file", most=2_000_000)) == 2_000_000
    for name in (tmp_path / "file", Path("/dev/zero")):
        with pytest.raises(CommandRefusedError, match="dépasse 1 Mo"):
            read_in(name, most=1_000_000)
