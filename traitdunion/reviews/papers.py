"""Who makes the PDF that both sides sign: the app above that knows how names its function here."""

from typing import Final

from django.utils.module_loading import import_string

from traitdunion.core.errors import Refusal

_sources: Final[dict[str, str]] = {}


class NoPaperError(Refusal):
    """This site does not know how to make the PDF."""


def register(source: str) -> None:
    """Name the function ``(document: bytes) -> bytes`` that makes the PDF from the canonical bytes of a bilan.

    The same document must give the same bytes on every machine: their hash is signed.
    """
    _sources["bilan"] = source


def pdf(document: bytes) -> bytes:
    """Return the PDF of a bilan.

    Raises:
        NoPaperError: no app of this site makes it.
    """
    source = _sources.get("bilan")
    if source is None:
        raise NoPaperError(
            "Ce site ne sait pas produire le PDF du bilan : il ne peut pas être proposé à la signature. "
            "Prévenez l’administrateur."
        )
    made: bytes = import_string(source)(document)
    return made
