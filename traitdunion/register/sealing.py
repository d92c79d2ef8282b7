"""Seal a field under the key of its dossier, and wrap that key under the key of the site.

AES-256-GCM, a nonce drawn for each sealing. What is sealed is bound to its place: the same bytes put in another site,
table, dossier, field or version do not open. To destroy the wrapped key of a dossier is to erase the person.
"""

import os
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from traitdunion.core.errors import Refusal

SITE: Final = "register"
KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_BLOCK: Final = 32  # the length of a name would say something of it
_COUNT_BYTES: Final = 2


class SealBrokenError(Refusal):
    """What was read does not open: it was moved, altered, or its key is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a sealed value lives.

    Attributes:
        departement: code of the département that holds the dossier.
        dossier: public identifier of the dossier.
        table: name of the table.
        field: name of the column.
        version: which of the successive values: a value never returns to the place of another version of itself.
    """

    departement: str
    dossier: UUID
    table: str
    field: str
    version: str

    def bound(self) -> bytes:
        """Return the bytes to which a sealed value is bound, each part preceded by its length."""
        parts = (SITE, self.table, self.departement, str(self.dossier), self.field, self.version)
        return b"".join(len(part.encode()).to_bytes(2) + part.encode() for part in parts)


def new_key() -> bytes:
    """Return the key of a new dossier, drawn at random."""
    return os.urandom(KEY_BYTES)


def seal(text: str, *, key: bytes, place: Place) -> bytes:
    """Return ``text`` sealed for ``place``: nonce, then ciphertext and tag. Its length is told by blocks only.

    Raises:
        ValueError: the text is longer than 65 535 bytes.
    """
    content = text.encode()
    if len(content) >= 1 << 8 * _COUNT_BYTES:
        raise ValueError("a sealed field holds at most 65,535 bytes")
    counted = len(content).to_bytes(_COUNT_BYTES) + content
    return _encrypt(counted + bytes(-len(counted) % _BLOCK), key=key, bound=place.bound())


def unseal(sealed: bytes, *, key: bytes, place: Place) -> str:
    """Return the text that was sealed for ``place``.

    Raises:
        SealBrokenError: these bytes were not sealed for this place under this key.
    """
    counted = _decrypt(sealed, key=key, bound=place.bound())
    length = int.from_bytes(counted[:_COUNT_BYTES])
    return counted[_COUNT_BYTES : _COUNT_BYTES + length].decode()


def wrap(key: bytes, *, under: bytes, departement: str, dossier: UUID) -> bytes:
    """Return the key of a dossier encrypted under a key of the site."""
    return _encrypt(key, key=under, bound=_key_place(departement, dossier))


def unwrap(wrapped: bytes, *, under: bytes, departement: str, dossier: UUID) -> bytes:
    """Return the key of a dossier.

    Raises:
        SealBrokenError: it was not wrapped for this dossier under this key.
    """
    return _decrypt(wrapped, key=under, bound=_key_place(departement, dossier))


def _key_place(departement: str, dossier: UUID) -> bytes:
    return Place(
        departement=departement, dossier=dossier, table="dossier_key", field="wrapped", version=""
    ).bound()


def _encrypt(content: bytes, *, key: bytes, bound: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, content, bound)


def _decrypt(sealed: bytes, *, key: bytes, bound: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound)
    except (InvalidTag, ValueError) as error:
        raise SealBrokenError(
            "Un champ chiffré ne s’ouvre pas : il a été déplacé ou modifié, ou sa clé a été détruite. "
            "Prévenez l’exploitant du registre."
        ) from error
