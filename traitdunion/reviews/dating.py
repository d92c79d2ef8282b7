"""The time-stamping authority that this site was given: an address, and the certificates by which it is believed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from django.conf import settings

from traitdunion.reviews import timestamp
from traitdunion.reviews.timestamp import TimestampError


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """Whom to ask, and whose signatures to believe."""

    url: str
    roots: Sequence[x509.Certificate]


def is_set() -> bool:
    """Whether signatures are to be dated by an authority."""
    return bool(settings.TSA_URL)


def authority() -> Authority | None:
    """Return the authority of this site, None when it was given none.

    Raises:
        TimestampError: its certificates cannot be read.
    """
    if not is_set():
        return None
    try:
        pem = Path(settings.TSA_CERTIFICATE).read_bytes()
    except OSError as error:
        raise TimestampError(
            "Le fichier des certificats de l’autorité d’horodatage (TRAITDUNION_TSA_CERTIFICATE) ne peut pas être lu."
        ) from error
    return Authority(url=settings.TSA_URL, roots=timestamp.read_roots(pem))
