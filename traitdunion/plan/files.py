"""What a deposited document is, told from its bytes and not from its name."""

import hashlib
import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path, PurePath

from traitdunion.core.errors import Refusal

LIMIT_BYTES = 10 * 1024 * 1024
MIMETYPE = "mimetype"
OOXML = "application/vnd.openxmlformats-officedocument"


class DocumentRefusedError(Refusal):
    """The document cannot be deposited."""


def media_type(name: str, content: bytes) -> str:
    """Return the media type of a document, when its bytes are what its name says.

    Raises:
        DocumentRefusedError: empty, too heavy, of a type that is not accepted, or not what its name says.
    """
    shown = PurePath(name.replace("\\", "/")).name
    extension = PurePath(shown).suffix.lower().lstrip(".")
    if not content:
        raise DocumentRefusedError(
            f"Le fichier « {shown} » est vide. Choisissez un document qui a un contenu."
        )
    if len(content) > LIMIT_BYTES:
        raise DocumentRefusedError(
            f"Le fichier « {shown} » pèse {len(content) / 1_048_576:.1f} Mo ; la limite est de 10 Mo. "
            "Réduisez-le ou déposez un extrait."
        )
    if extension not in TYPES:
        raise DocumentRefusedError(
            f"Le fichier « {shown} » n’est pas d’un type accepté. "
            f"On attend : {', '.join(sorted(set(TYPES) - {'jpeg'}))}."
        )
    expected, recognises = TYPES[extension]
    if not recognises(content):
        raise DocumentRefusedError(
            f"Le contenu de « {shown} » n’est pas celui d’un fichier .{extension}. "
            "Enregistrez de nouveau le document dans ce format, puis déposez-le."
        )
    return expected


def in_folder(folder: Path) -> dict[str, Path]:
    """Return the documents that a folder holds by their SHA-256, whatever their names; heavier files are left out.

    Raises:
        OSError: it is no folder, or one of its files cannot be read.
    """
    found = {}
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.stat().st_size <= LIMIT_BYTES:
            found[hashlib.sha256(path.read_bytes()).hexdigest()] = path
    return found


def _starts_with(*signatures: bytes) -> Callable[[bytes], bool]:
    return lambda content: content.startswith(signatures)


def _open_document(kind: str) -> Callable[[bytes], bool]:
    expected = f"application/vnd.oasis.opendocument.{kind}"

    def recognises(content: bytes) -> bool:
        names = _members(content)
        return MIMETYPE in names and names[MIMETYPE] <= 100 and _read(content, MIMETYPE) == expected.encode()

    return recognises


def _office(folder: str) -> Callable[[bytes], bool]:
    def recognises(content: bytes) -> bool:
        names = _members(content)
        has_macro = any(name.lower().endswith("vbaproject.bin") for name in names)
        return (
            "[Content_Types].xml" in names
            and any(name.startswith(folder) for name in names)
            and not has_macro
        )

    return recognises


def _members(content: bytes) -> Mapping[str, int]:
    # Only the directory is read: nothing is unpacked, so a document that swells does no harm.
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {member.filename: member.file_size for member in archive.infolist()}
    except (zipfile.BadZipFile, ValueError):
        return {}


def _read(content: bytes, name: str) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive, archive.open(name) as member:
            return member.read(101).strip()
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError):
        return b""  # damaged, encrypted or compressed in an unknown way: not the document its name says


def _is_text(content: bytes) -> bool:
    if b"\x00" in content:
        return False
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return True


_is_jpeg = _starts_with(b"\xff\xd8\xff")
TYPES: Mapping[str, tuple[str, Callable[[bytes], bool]]] = {
    "pdf": ("application/pdf", _starts_with(b"%PDF-")),
    "odt": ("application/vnd.oasis.opendocument.text", _open_document("text")),
    "ods": ("application/vnd.oasis.opendocument.spreadsheet", _open_document("spreadsheet")),
    "docx": (f"{OOXML}.wordprocessingml.document", _office("word/")),
    "xlsx": (f"{OOXML}.spreadsheetml.sheet", _office("xl/")),
    "png": ("image/png", _starts_with(b"\x89PNG\r\n\x1a\n")),
    "jpg": ("image/jpeg", _is_jpeg),
    "jpeg": ("image/jpeg", _is_jpeg),
    "txt": ("text/plain; charset=utf-8", _is_text),
}
