"""Who makes the files of a bilan: the app above that knows how names its functions here."""

from typing import Final

from django.utils.module_loading import import_string

from traitdunion.core.errors import Refusal

_sources: Final[dict[str, str]] = {}


class NoPaperError(Refusal):
    """This site does not know how to make the file."""


def register(ending: str, source: str) -> None:
    """Name the function ``(document: bytes) -> bytes`` that makes a file from the canonical bytes of a bilan.

    The same document must give the same bytes on every machine: the hash of the PDF is signed.
    """
    _sources[ending] = source


def make(ending: str, document: bytes) -> bytes:
    """Return the file of a bilan that ends in ``ending``.

    Raises:
        NoPaperError: no app of this site makes it.
    """
    source = _sources.get(ending)
    if source is None:
        raise NoPaperError(
            f"Ce site ne sait pas produire le {ending.upper()} d’un bilan : il ne peut être ni proposé à la signature, "
            "ni envoyé. Prévenez l’administrateur."
        )
    made: bytes = import_string(source)(document)
    return made


def pdf(document: bytes) -> bytes:
    """Return the PDF of a bilan.

    Raises:
        NoPaperError: no app of this site makes it.
    """
    return make("pdf", document)
