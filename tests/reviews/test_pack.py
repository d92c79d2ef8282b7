"""The proof pack: the same bytes each time, and nothing else is read."""

import dataclasses
import io
import shutil
import struct
import subprocess
import zipfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reviews import packs
from traitdunion.reviews import canonical, pack, verification
from traitdunion.reviews.document import Side
from traitdunion.reviews.pack import Contents, PackError


@pytest.fixture(scope="module")
def site():
    return packs.Site()


@pytest.fixture(scope="module")
def raw(site):
    return site.pack(packs.departemental(), stamped=True)


@pytest.fixture(scope="module")
def files(raw):
    return packs.files_of(raw)


def test_what_a_pack_holds(files):
    assert sorted(files) == sorted(
        [
            "LISEZMOI.txt", "bilan.json", "bilan.pdf", "horodatage/ars.tsr", "horodatage/prefecture.tsr", "keys.json",
            "manifest.json", "manifest.sig", "signatures/ars.json", "signatures/ars.sig", "signatures/prefecture.json",
            "signatures/prefecture.sig", *(name for name in files if name.startswith("cles/")),
        ]
    )  # fmt: skip
    assert files["bilan.json"] == canonical.encode(packs.BILAN)


def test_the_same_contents_make_the_same_bytes(site):
    contents, key = site.contents(packs.departemental(), stamped=True)

    assert pack.build(contents, key) == pack.build(contents, key)


def test_the_bytes_of_a_zip_are_known():
    """The same file on every machine and version of Python: names in order, nothing compressed, one date."""
    made = pack.write_zip({"b.txt": "é".encode(), "a/c.txt": b"", "a/b.txt": b"x" * 300})

    assert canonical.sha256(made) == "6e9e085768a852719866aa4171f23cd300b7485d13a74a88db7850bca43f4890"
    assert zipfile.ZipFile(io.BytesIO(made)).namelist() == ["a/b.txt", "a/c.txt", "b.txt"]


def test_what_is_written_is_read_back(files, raw):
    assert pack.read_zip(raw) == files
    assert pack.write_zip(files) == raw


# What is not built


def test_a_bilan_that_nobody_signed_is_not_packed(site):
    contents, key = site.contents(packs.departemental())
    with pytest.raises(PackError, match="une signature au moins"):
        pack.build(Contents(pdf=contents.pdf, text=contents.text, signatures={}), key)


@pytest.mark.parametrize(
    "change",
    [
        lambda contents: {"pdf": contents.pdf + b" "},
        lambda contents: {"text": canonical.encode(packs.departemental(limits=["Autre."]))},
        lambda contents: {"signatures": {Side.ARS: contents.signatures[Side.PREFECTURE]}},
        lambda contents: {"signatures": {Side.SANTE: contents.signatures[Side.ARS]}},
    ],
    ids=["PDF", "text", "side", "level"],
)
def test_a_signature_of_something_else_is_not_packed(site, change):
    contents, key = site.contents(packs.departemental())
    with pytest.raises(PackError, match="n’est pas celle de ce texte et de ce PDF"):
        pack.build(dataclasses.replace(contents, **change(contents)), key)


def test_a_signature_by_the_key_of_another_site_is_not_packed(site):
    contents, _ = site.contents(packs.departemental())
    with pytest.raises(PackError, match="n’est pas celle de ce texte"):
        pack.build(contents, packs.Site().key)


# What is not read


def zipped(files, *more, compression=zipfile.ZIP_STORED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        for name, content in more:
            archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("../evil.txt", "sortirait du dossier"),
        ("signatures/../../evil", "sortirait du dossier"),
        ("/etc/passwd", "sortirait du dossier"),
        ("C:evil", "sortirait du dossier"),
        ("..\\evil.txt", "sortirait du dossier"),
        ("note.txt", "« note.txt » n’est pas un fichier d’un dossier de preuve"),
        ("signatures/", "n’est pas un fichier d’un dossier"),
        ("signatures/maire.json", "n’est pas un fichier d’un dossier"),
        ("Bilan.pdf", "n’est pas un fichier d’un dossier"),
        ("BILAN.JSON", "n’est pas un fichier d’un dossier"),
        ("bilan.pdf ", "n’est pas un fichier d’un dossier"),
        ("./bilan.pdf", "n’est pas un fichier d’un dossier"),
        ("cles/0123.pem", "n’est pas un fichier d’un dossier"),
        ("cles/0123456789ABCDEF.pem", "n’est pas un fichier d’un dossier"),
        ("bilan.pdf\x00.txt", "\\x00.txt » n’est pas un fichier d’un dossier"),
        ("bilan\u202e.pdf", "\\u202e.pdf » n’est pas un fichier d’un dossier"),
    ],
)
def test_a_name_that_no_pack_has_is_refused(files, name, said):
    written = name.encode()
    made = zipped(files, ("x" * len(written), b"")).replace(
        b"x" * len(written), written
    )  # zipfile would mend it
    if not name.isascii():
        made = flagged(made, 0x800)
    with pytest.raises(PackError) as refusal:
        pack.read_zip(made)

    assert said in str(refusal.value)
    assert "\n" not in str(refusal.value)


def flagged(made, flag):
    """Return a zip whose last entry bears ``flag``, in both of its headers."""
    central = made.rindex(b"PK\x01\x02")
    local = made.rindex(b"PK\x03\x04", 0, central)
    out = bytearray(made)
    for at in (local + 6, central + 8):
        struct.pack_into("<H", out, at, struct.unpack_from("<H", out, at)[0] | flag)
    return bytes(out)


def test_a_file_twice_is_refused(files):
    with pytest.warns(UserWarning, match="Duplicate name"):
        made = zipped(files, ("bilan.pdf", b"%PDF-other"))
    with pytest.raises(PackError, match=r"« bilan\.pdf » est deux fois"):
        pack.read_zip(made)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_bomb_is_refused_before_it_swells(files, method):
    with pytest.raises(PackError, match="est compressé"):
        pack.read_zip(zipped({**files, "bilan.pdf": bytes(5_000_000)}, compression=method))


def test_an_encrypted_file_is_refused(files):
    with pytest.raises(PackError, match="est chiffré"):
        pack.read_zip(flagged(zipped(files), 0x1))


def test_a_size_that_lies_is_refused(files):
    made = bytearray(zipped(files))
    central = made.index(b"PK\x01\x02")
    for size in (0, 10, 2_000_000_000, 0xFFFFFFFF):
        struct.pack_into("<II", made, central + 20, size, size)
        with pytest.raises(PackError):
            pack.read_zip(bytes(made))


def test_a_file_too_big_is_refused():
    with pytest.raises(PackError, match="dépasse 60 Mo"):
        pack.read_zip(bytes(pack.MOST_BYTES + 1))


def test_entries_that_overlap_do_not_swell(files):
    """Many entries of one content: each is small, the sum is not."""
    big = zipped({**files, "bilan.pdf": bytes(2_000_000)})
    central = big.index(b"PK\x01\x02")
    end = big.rindex(b"PK\x05\x06")
    listing = big[central:end]
    forged = bytearray(big[:central] + listing * 12 + big[end:])
    count = 12 * len(files)
    struct.pack_into("<HHII", forged, len(forged) - 14, count, count, len(listing) * 12, central)
    with pytest.raises(PackError, match="est deux fois"):
        pack.read_zip(bytes(forged))


def test_too_many_files_are_refused(files):
    many = {f"cles/{number:016x}.pem": b"" for number in range(pack.MOST_FILES)}
    with pytest.raises(PackError, match="plus de 200 fichiers"):
        pack.read_zip(zipped({**files, **many}))


@pytest.mark.parametrize(
    "name", ["LISEZMOI.txt", "manifest.json", "manifest.sig", "bilan.pdf", "bilan.json", "keys.json"]
)
def test_a_file_that_is_missing_is_named(files, name):
    kept = {each: content for each, content in files.items() if each != name}
    with pytest.raises(PackError, match=f"« {name} » y manque"):
        pack.read_zip(zipped(kept))


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\x05\x06" + bytes(18), b"%PDF-1.7\n", b"x" * 1000])
def test_what_is_not_a_zip_is_refused(content):
    with pytest.raises(PackError):
        pack.read_zip(content)


def test_a_cut_file_is_refused(raw):
    for size in range(0, len(raw), 97):
        with pytest.raises(PackError):
            pack.read_zip(raw[:size])


def test_a_damaged_file_is_refused(raw):
    at = raw.index(b"%PDF")
    with pytest.raises(PackError, match="abîmé"):
        pack.read_zip(raw[:at] + b"&" + raw[at + 1 :])


# No byte is free


def refused(raw):
    try:
        return not verification.verify(raw).is_true
    except PackError:
        return True


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_bit_flipped_anywhere_is_refused(raw, data):
    """Headers of the zip, dates, attributes, names, contents, sums: none is free."""
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    flipped = bytearray(raw)
    flipped[bit // 8] ^= 1 << bit % 8

    assert refused(bytes(flipped))


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_a_bit_flipped_in_a_file_is_refused_even_if_the_zip_is_made_again(site, files, data):
    """The sums of the zip and the manifest are made again: only the signatures hold."""
    name = data.draw(st.sampled_from(sorted(files)))
    bit = data.draw(st.integers(0, len(files[name]) * 8 - 1))
    flipped = bytearray(files[name])
    flipped[bit // 8] ^= 1 << bit % 8
    made = {**files, name: bytes(flipped)}

    assert refused(pack.write_zip(made))
    if name not in {pack.MANIFEST, pack.SEAL}:
        assert refused(pack.write_zip(packs.with_manifest(made, site.key.key_id)))


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_bytes_put_in_or_taken_out_are_refused(raw, data):
    at = data.draw(st.integers(0, len(raw)))
    more = data.draw(st.binary(min_size=1, max_size=8))
    taken = data.draw(st.integers(1, 8))

    assert refused(raw[:at] + more + raw[at:])
    if at < len(raw):
        assert refused(raw[:at] + raw[at + taken :])


# By hand


@pytest.mark.skipif(
    not (shutil.which("openssl") and shutil.which("sha256sum")), reason="openssl et sha256sum"
)
def test_the_commands_of_the_note_work_as_they_are(site, tmp_path):
    """Every command that LISEZMOI.txt gives is run, on a true pack then on one with a word changed."""
    made = site.pack(packs.departemental(), stamped=True, rotated=True)
    folder = tmp_path / "dossier"
    zipfile.ZipFile(io.BytesIO(made)).extractall(folder)
    (folder / "AUTORITE.pem").write_bytes(site.authority.root_pem)
    note = (folder / "LISEZMOI.txt").read_text(encoding="utf-8")
    commands = [line.removeprefix("$ ") for line in note.splitlines() if line.startswith("$ ")]
    assert len(commands) == 2 * 3 + 2 + 1 + 2

    def statuses():
        return [
            subprocess.run(["/bin/sh", "-c", command], cwd=folder, capture_output=True, text=True, check=False)
            for command in commands
        ]  # fmt: skip

    done = statuses()
    assert [each.returncode for each in done] == [0] * len(commands), [each.stderr for each in done]
    fingerprint = verification.verify(made).checks[0].sentence.split(" : ")[-1].rstrip(".")
    assert done[8].stdout.split()[0] == fingerprint

    (folder / "bilan.json").write_bytes(
        (folder / "bilan.json").read_bytes().replace("délai".encode(), "délais".encode())
    )
    (folder / "signatures/ars.sig").write_bytes(bytes(64))
    assert [number for number, each in enumerate(statuses()) if each.returncode] == [0, 3, 5, 7, 10]


def test_a_pack_is_read_by_other_tools(raw):
    """A zip like any other: sums right, nothing that a reader would have to guess."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        assert archive.testzip() is None
        assert all(zlib.crc32(archive.read(each)) == each.CRC for each in archive.infolist())
        assert {each.date_time for each in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
