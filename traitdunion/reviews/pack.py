"""The proof pack: one zip that holds a signed bilan and all that is needed to check it. Plain Python.

Its bytes are a function of its content: names in one order, no compression, one date, no comment. So a verifier makes
it again from what it reads and wants the same bytes, and no byte of the file is free. Nothing is compressed, because
two versions of a compression library need not write the same bytes, and because what is not compressed cannot swell.

The manifest lists the hash of every file and is signed by the key of the site (``manifest.sig``).
"""

import io
import re
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from traitdunion.core.errors import Refusal
from traitdunion.reviews import canonical, document, records, signing
from traitdunion.reviews.document import Bilan, Side
from traitdunion.reviews.signing import KeyChain, Signature, SigningKey

MANIFEST_FORMAT: Final = "traitdunion-dossier/1"
MOST_BYTES: Final = 60_000_000
MOST_FILES: Final = 200  # a key a year for a century, and what is signed with them
README: Final = "LISEZMOI.txt"
MANIFEST: Final = "manifest.json"
SEAL: Final = "manifest.sig"
PDF: Final = "bilan.pdf"
TEXT: Final = "bilan.json"
KEYS: Final = "keys.json"
_EXPECTED: Final = (README, MANIFEST, SEAL, PDF, TEXT, KEYS)
_SIDES: Final = "|".join(side.value for side in Side)
_ALLOWED: Final = re.compile(
    rf"cles/[0-9a-f]{{16}}\.pem|signatures/({_SIDES})\.(json|sig)|horodatage/({_SIDES})\.tsr"
)
_MANIFEST_COMMAND: Final = (
    """$ grep -o '"name":"[^"]*","sha256":"[0-9a-f]*"' manifest.json"""
    r""" | sed 's/"name":"\(.*\)","sha256":"\(.*\)"/\2  \1/' | sha256sum --check"""
)
_FIRST_DAY: Final = (1980, 1, 1, 0, 0, 0)  # the first a zip can write
_UNIX: Final = 3
_MODE: Final = 0o100644 << 16
_ENCRYPTED: Final = 0x1
_UNREADABLE: Final = (  # what the zip reader of the standard library raises on bytes that were made to mislead it
    zipfile.BadZipFile,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    ValueError,
    EOFError,
    OSError,
    struct.error,
)


class PackError(Refusal):
    """The file is not a proof pack. The message is one French sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a pack is made of. ``signatures`` holds one side or both; ``stamps`` the time-stamps there are."""

    pdf: bytes
    text: bytes
    signatures: Mapping[Side, Signature]
    stamps: Mapping[Side, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileHash:
    """A file of the pack and its SHA-256."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The files of a pack, but the manifest and its signature, and the key that signs the list."""

    format: str = MANIFEST_FORMAT
    key_id: str
    files: tuple[FileHash, ...]


def build(contents: Contents, key: SigningKey) -> bytes:
    """Return the pack of a signed bilan, sealed with the key of the site: the same bytes each time.

    Raises:
        PackError: nobody signed, or a signature is of another text, PDF, side or key.
        MalformedError: the text is not a bilan.
    """
    bilan = document.read(contents.text)
    if not contents.signatures:
        raise PackError("Un dossier de preuve attend une signature au moins : ce bilan n’en a aucune.")
    hashes = (canonical.sha256(contents.text), canonical.sha256(contents.pdf))
    for side, each in contents.signatures.items():
        statement = each.statement
        record = key.chain.find(statement.key_id)
        if (
            (statement.document_sha256, statement.pdf_sha256) != hashes
            or side is not statement.side
            or side not in bilan.sides
            or record is None
            or not signing.holds(record.statement.public_key, each.signature, statement.to_bytes())
        ):
            raise PackError(f"La signature « {side.label} » n’est pas celle de ce texte et de ce PDF.")
    if not set(contents.stamps) <= set(contents.signatures):
        raise PackError("Un horodatage date une signature : il y en a un de trop.")
    files = described(contents, bilan, key.chain, sealed_by=key.key_id)
    manifest = manifest_of(files, key.key_id)
    return write_zip({**files, MANIFEST: manifest, SEAL: key.seal(manifest)})


def described(contents: Contents, bilan: Bilan, chain: KeyChain, *, sealed_by: str) -> dict[str, bytes]:
    """Return every file of a pack but the manifest and its signature."""
    key_ids = {each.statement.key_id for each in contents.signatures.values()} | {sealed_by}
    chain = chain.up_to(key_ids)
    files = {
        README: read_me(contents, bilan, sealed_by=sealed_by).encode(),
        PDF: contents.pdf,
        TEXT: contents.text,
        KEYS: chain.to_bytes(),
    }
    for record in chain.keys:
        files[f"cles/{record.statement.key_id}.pem"] = signing.pem_of(record.statement.public_key)
    for side in bilan.sides:
        if side in contents.signatures:
            files[f"signatures/{side}.json"] = contents.signatures[side].statement.to_bytes()
            files[f"signatures/{side}.sig"] = contents.signatures[side].signature
        if side in contents.stamps:
            files[f"horodatage/{side}.tsr"] = contents.stamps[side]
    return files


def manifest_of(files: Mapping[str, bytes], key_id: str) -> bytes:
    """Return the manifest of ``files``, to be signed by the key ``key_id``."""
    hashes = tuple(FileHash(name=name, sha256=canonical.sha256(files[name])) for name in sorted(files))
    return canonical.encode(records.write(Manifest(key_id=key_id, files=hashes)))


# The zip


def write_zip(files: Mapping[str, bytes]) -> bytes:
    """Return the one zip of ``files``."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, date_time=_FIRST_DAY)
            entry.create_system = _UNIX
            entry.external_attr = _MODE
            archive.writestr(entry, files[name])
    return out.getvalue()


def read_zip(raw: bytes) -> dict[str, bytes]:
    """Return the files of a pack, by name. What they hold is not looked at.

    Raises:
        PackError: it is not a zip, it holds what no pack holds, or lacks what every pack has.
    """
    if len(raw) > MOST_BYTES:
        raise PackError(
            f"Ce fichier dépasse {MOST_BYTES // 1_000_000} Mo : ce n’est pas un dossier de preuve."
        )
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            entries = archive.infolist()
            _check_entries(entries)
            files = {entry.filename: archive.read(entry) for entry in entries}
            damaged = next(
                (entry for entry in entries if len(files[entry.filename]) != entry.file_size), None
            )
    except _UNREADABLE as error:
        raise PackError("Ce fichier n’est pas un zip lisible, ou il est abîmé.") from error
    if damaged is not None:
        raise PackError(f"Dans ce zip, « {damaged.filename} » est coupé.")
    return files


def _check_entries(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MOST_FILES:
        raise PackError(f"Ce zip contient plus de {MOST_FILES} fichiers : ce n’est pas un dossier de preuve.")
    seen: set[str] = set()
    for entry in entries:
        # orig_filename: what is written, before zipfile cuts it at a null character
        name = entry.orig_filename
        shown = name[:80].encode("unicode_escape").decode() if not name.isprintable() else name[:80]
        if entry.flag_bits & _ENCRYPTED:
            raise PackError(f"Dans ce zip, « {shown} » est chiffré : un dossier de preuve ne l’est jamais.")
        if name.startswith("/") or "\\" in name or ":" in name or ".." in name.split("/"):
            raise PackError(f"Dans ce zip, « {shown} » sortirait du dossier : rien n’en est lu.")
        if name not in _EXPECTED and not _ALLOWED.fullmatch(name):
            raise PackError(f"Dans ce zip, « {shown} » n’est pas un fichier d’un dossier de preuve.")
        if name in seen:
            raise PackError(f"Dans ce zip, « {shown} » est deux fois.")
        if entry.compress_type != zipfile.ZIP_STORED or entry.compress_size != entry.file_size:
            raise PackError(f"Dans ce zip, « {shown} » est compressé : un dossier de preuve ne l’est pas.")
        seen.add(name)
    if sum(entry.file_size for entry in entries) > MOST_BYTES:
        raise PackError(f"Ce zip déplierait plus de {MOST_BYTES // 1_000_000} Mo : rien n’en est lu.")
    missing = next((name for name in _EXPECTED if name not in seen), None)
    if missing is not None:
        raise PackError(f"Ce zip n’est pas un dossier de preuve : « {missing} » y manque.")


# What a reader without the command does by hand


def read_me(contents: Contents, bilan: Bilan, *, sealed_by: str) -> str:
    """Return the French note of a pack. A line that begins with « $ » is a command, and works as it is."""
    signed = [side for side in bilan.sides if side in contents.signatures]
    missing = [side for side in bilan.sides if side not in contents.signatures]
    lines = [
        f"Dossier de preuve : {bilan.title}",
        "",
        *_said_first(bilan, missing),
        "bilan.pdf          le bilan, à lire",
        "bilan.json         le même texte, ses chiffres et ses critères, dans la forme qui est signée (RFC 8785)",
        "signatures/        pour chaque côté, ce qui est signé (.json) et sa signature (.sig, Ed25519)",
        "keys.json, cles/   les clés publiques du site, chacune signée par la précédente",
        "horodatage/        quand il y en a, la date donnée par une autorité d’horodatage (RFC 3161)",
        "manifest.json      l’empreinte de chaque fichier, signée par le site (manifest.sig)",
        "",
        "Vérifier avec la commande, sans réseau :",
        "",
        "    traitdunion review verify DOSSIER.zip --key EMPREINTE",
        "",
        "EMPREINTE est celle d’une clé, lue ailleurs que dans ce dossier : sur le site, ou dans un courrier signé.",
        "Sans elle, la commande dit seulement que le dossier s’accorde avec lui-même.",
        "",
        "Vérifier à la main, avec sha256sum et openssl (3.0 ou plus), depuis le dossier déplié.",
        "",
    ]
    step = 0
    for side in signed:
        step += 1
        statement = contents.signatures[side].statement
        who = f"{statement.signatory.name}, {statement.signatory.post}"
        lines += [
            f"{step}. Le texte et le PDF sont ceux que « {side.label} » a signés ({who}).",
            "   Chaque commande répond « OK » ou « Réussi », puis « Signature Verified Successfully ».",
            "",
            _sum_command("document_sha256", side, TEXT),
            _sum_command("pdf_sha256", side, PDF),
            _signature_command(statement.key_id, f"signatures/{side}.json", f"signatures/{side}.sig"),
            "",
        ]
    lines += [
        f"{step + 1}. Le manifeste est celui que le site a signé, et les fichiers sont ceux du manifeste.",
        "",
        _signature_command(sealed_by, MANIFEST, SEAL),
        _MANIFEST_COMMAND,
        "",
        f"{step + 2}. L’empreinte de la clé est celle que le site publie : comparez-les, chiffre à chiffre.",
        "",
        f"$ openssl pkey -pubin -in cles/{sealed_by}.pem -outform DER | tail -c 32 | sha256sum",
        "",
    ]
    for number, side in enumerate((side for side in bilan.sides if side in contents.stamps), start=step + 3):
        lines += [
            f"{number}. La signature « {side.label} » existait à la date donnée par l’autorité. AUTORITE.pem est le",
            "   certificat de l’autorité, à demander à elle ou au site.",
            "",
            f"$ openssl ts -verify -in horodatage/{side}.tsr -data signatures/{side}.sig -CAfile AUTORITE.pem",
            "",
        ]
    lines += [
        "À la main, il reste à lire : que les dates du mandat et de la délégation contiennent celle de la signature,",
        "que les deux signataires ne sont pas la même personne, et que les clés se suivent. La commande le fait aussi.",
        "",
        "Ce dossier prouve que le site a enregistré ces signatures sur ce texte. Ce n’est pas une signature",
        "électronique qualifiée : le site signe, avec sa clé, que ces personnes ont signé sous leur mandat.",
        "",
    ]
    return "\n".join(lines)


def _said_first(bilan: Bilan, missing: list[Side]) -> list[str]:
    said = []
    if bilan.is_example:
        said += [
            "EXEMPLE : les critères de ce bilan sont un exemple de Trait d’union, sans valeur officielle.",
            "",
        ]
    if missing:
        said += [f"Signé par une seule partie : il manque « {missing[0].label} ».", ""]
    if bilan.corrects:
        said += [f"Cette version corrige la version {bilan.corrects.version}.", ""]
    return said


def _sum_command(key: str, side: Side, name: str) -> str:
    return (
        f"""$ echo "$(grep -o '"{key}":"[0-9a-f]*"' signatures/{side}.json | cut -d '"' -f 4)  {name}" """
        "| sha256sum --check"
    )


def _signature_command(key_id: str, signed: str, signature: str) -> str:
    return (
        f"$ openssl pkeyutl -verify -pubin -inkey cles/{key_id}.pem -rawin -in {signed} -sigfile {signature}"
    )
