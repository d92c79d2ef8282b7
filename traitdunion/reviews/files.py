"""The files of a bilan: the same bytes on its pages, in the worker and at the command line."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from traitdunion.core.errors import Refusal
from traitdunion.reviews import building, document, keyring, pack, papers
from traitdunion.reviews.document import Side
from traitdunion.reviews.models import SignatureStamp, Version
from traitdunion.reviews.writing import signature_of

KINDS: Final[Mapping[str, str]] = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "json": "application/json",
    "zip": "application/zip",
}
"""The ending of each file, in reading order, and its media type; ``zip`` is the proof pack."""
PROOF: Final = "zip"


def name(version: Version, ending: str) -> str:
    """Return the name of a file; that of a text still being written says that it is a draft."""
    review = version.review
    draft = "" if version.document else "-projet"
    return f"bilan-{review.departement_id or 'national'}-{review.quarter}-v{version.number}{draft}.{ending}"


def text(version: Version) -> bytes:
    """Return the canonical bytes that are offered or signed; while it is written, those it would have now.

    Raises:
        MalformedError, CriteriaError: the text cannot be signed as it is.
    """
    return version.document.encode() or document.to_bytes(building.bilan_of(version))


def content(version: Version, ending: str, *, raw: bytes | None = None) -> bytes:
    """Return one file of ``version``.

    Args:
        version: with its bilan; its signatures and their time-stamps are read for the proof pack.
        ending: one of ``KINDS``.
        raw: its text, when the caller has it already.

    Raises:
        MalformedError, CriteriaError: as ``text``.
        PackError, SigningError: nobody signed, or this site has no key.
        NoPaperError: this site does not make that kind.
    """
    if ending == PROOF:
        return _proof(version)
    if ending == "pdf" and version.document:
        return bytes(version.pdf.content)  # the bytes whose hash is signed
    raw = text(version) if raw is None else raw
    return raw if ending == "json" else papers.make(ending, raw)


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """The files of a version by name, and a French sentence on what could not be made, empty when all could."""

    contents: Mapping[str, bytes]
    problem: str


def every(version: Version) -> Files:
    """Return all the files of ``version``: the proof pack too once someone signed."""
    contents: dict[str, bytes] = {}
    try:
        raw = text(version)
        for ending in KINDS:
            if ending != PROOF or version.signatures.exists():
                contents[name(version, ending)] = content(version, ending, raw=raw)
    except Refusal as refusal:
        return Files(contents=contents, problem=str(refusal))
    return Files(contents=contents, problem="")


def _proof(version: Version) -> bytes:
    signatures = {Side(row.side): row for row in version.signatures.all()}
    stamps = dict(
        SignatureStamp.objects.filter(signature__version=version).values_list("signature__side", "token")
    )
    contents = pack.Contents(
        pdf=bytes(version.pdf.content) if signatures else b"",
        text=version.document.encode() or text(version),
        signatures={side: signature_of(row) for side, row in signatures.items()},
        stamps={Side(side): bytes(token) for side, token in stamps.items()},
    )
    return pack.build(contents, keyring.site_key())
