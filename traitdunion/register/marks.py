"""Blind marks: what the database may compare of an identity without being able to read it.

A mark is an HMAC under a key that the database does not hold. A first name alone or a date alone has none: a few of
them are so frequent that their marks would be recognised by counting.
"""

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from traitdunion.register.kinds import MarkKind
from traitdunion.register.sounds import sounds

_LENGTH: Final = 16  # bytes: two names out of a billion share a mark by chance once in 10^20
_LIGATURES: Final = str.maketrans({"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ß": "ss", "ø": "o", "Ø": "O"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What article 2-1 of the decree compares: names, first names, date of birth.

    Attributes:
        names: every name the person bears, separated by spaces.
        first_names: in their order.
        born_on: date of birth.
    """

    names: str
    first_names: str
    born_on: date


@dataclass(frozen=True, slots=True)
class Mark:
    """One blind mark, of ``_LENGTH`` bytes."""

    kind: MarkKind
    value: bytes


def words(text: str) -> list[str]:
    """Return the words of a name in capitals, without accents, hyphens or apostrophes.

    >>> words("Le Bœuf-d’Été")
    ['LE', 'BOEUF', 'D', 'ETE']
    """
    flat = unicodedata.normalize("NFKD", text.translate(_LIGATURES))
    letters = "".join(sign for sign in flat if not unicodedata.combining(sign))
    return re.findall(r"[^\W\d_]+", letters.upper())


class Marker:
    """Makes the marks of one département: the same name has another mark next door.

    Args:
        key: of the index, 32 bytes.
        departement: its code.
    """

    def __init__(self, key: bytes, departement: str) -> None:
        self._key = key
        self._departement = departement

    def of(self, identity: Identity) -> frozenset[Mark]:
        """Return every mark of an identity, to be stored with its dossier."""
        return frozenset(self._all(identity))

    def likely(self, identity: Identity) -> frozenset[Mark]:
        """Return the marks of which one in common makes two identities worth comparing by a person."""
        kinds = {MarkKind.IDENTITY, MarkKind.SOUND_BORN, MarkKind.SOUND_FIRST}
        return frozenset(mark for mark in self._all(identity) if mark.kind in kinds)

    def name(self, word: str) -> Mark:
        """Return the mark by which a dossier that bears ``word`` in its names is found."""
        return self._mark(MarkKind.NAME, word)

    def heard(self, word: str) -> frozenset[Mark]:
        """Return the marks of which one is that of a name heard like ``word``."""
        return frozenset(self._mark(MarkKind.SOUND, code) for code in sounds(word))

    def _all(self, identity: Identity) -> Iterator[Mark]:
        names, first = words(identity.names), words(identity.first_names)[:1]
        born = identity.born_on.isoformat()
        yield self._mark(MarkKind.IDENTITY, " ".join(names), *first, born)
        for word in _spellings(names):
            yield self._mark(MarkKind.NAME, word)
            for code in sounds(word):
                yield self._mark(MarkKind.SOUND, code)
                yield self._mark(MarkKind.SOUND_BORN, code, born)
                for given in first:
                    for heard in sounds(given):
                        yield self._mark(MarkKind.SOUND_FIRST, code, heard)

    def _mark(self, kind: MarkKind, *parts: str) -> Mark:
        # A newline is in no part: two lists of parts never make the same message.
        message = "\n".join((self._departement, kind.value, *parts)).encode()
        return Mark(kind, hmac.digest(self._key, message, hashlib.sha256)[:_LENGTH])


def _spellings(names: Sequence[str]) -> list[str]:
    """Return each word, and all of them as one: « LE GALL » is also looked for as « LEGALL »."""
    return [*names, "".join(names)] if len(names) > 1 else list(names)
