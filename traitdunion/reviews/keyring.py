"""The key with which this site signs, read from files that only it may read: never from the database."""

from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from traitdunion.reviews import signing
from traitdunion.reviews.signing import KeyChain, SigningError, SigningKey


def site_key() -> SigningKey:
    """Return the key in use and its chain.

    Raises:
        SigningError: no key is set, or a file cannot be read.
    """
    chain = published_chain()
    if not settings.BILAN_KEY or chain is None:
        raise SigningError(
            "Ce site n’a pas de clé de signature : aucun bilan ne peut être signé. Prévenez l’administrateur."
        )
    return SigningKey(signing.read_private_file(Path(settings.BILAN_KEY)), chain)


def new_key(*, at: datetime) -> tuple[bytes, bytes]:
    """Return a first key drawn now: its private PEM, and the chain of public keys that begins with it."""
    private = Ed25519PrivateKey.generate()
    return signing.pem_of_private(private), SigningKey.start(private, at=at).chain.to_bytes()


def published_chain() -> KeyChain | None:
    """Return the public keys that this site has used, None when it has none.

    Raises:
        SigningError: the file cannot be read.
        MalformedError: it is not a chain of keys.
    """
    if not settings.BILAN_KEYS:
        return None
    try:
        return signing.read_chain(Path(settings.BILAN_KEYS).read_bytes())
    except OSError as error:
        raise SigningError("La chaîne des clés publiques du site ne peut pas être lue.") from error
