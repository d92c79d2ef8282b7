"""JSON that has one form of bytes only, so that a hash of it means one text. Plain Python.

The form is that of RFC 8785, by the library ``rfc8785``, within narrower bounds: no fraction (a figure is a decimal
string, which no two languages round differently), no repeated key, no text that is not Unicode.
"""

import hashlib
import json
from typing import Any, Final, cast

import rfc8785

from traitdunion.core.errors import Refusal

MOST_BYTES: Final = 8_000_000
MOST_DEPTH: Final = 20
MOST_INTEGER: Final = 2**53 - 1
"""The largest integer that every JSON reader keeps exact (RFC 8785, appendix D)."""


class MalformedError(Refusal):
    """The bytes do not say what they should. The message is French and names the place in the JSON."""


def sha256(raw: bytes) -> str:
    """Return the SHA-256 of ``raw``, in 64 hexadecimal digits."""
    return hashlib.sha256(raw).hexdigest()


def encode(value: object) -> bytes:
    """Return the one form of ``value``: the bytes that are hashed and signed.

    Raises:
        MalformedError: it holds a fraction, or something that is not JSON.
    """
    _check(value, "", 0)
    return rfc8785.dumps(cast("Any", value))


def decode(raw: bytes) -> object:
    """Return the value written in ``raw``, in any form of JSON.

    Raises:
        MalformedError: it is not JSON in UTF-8, or holds what ``encode`` refuses, or a key twice.
    """
    if len(raw) > MOST_BYTES:
        raise MalformedError(f"Ce JSON dépasse {MOST_BYTES // 1_000_000} Mo, le plus qui soit lu.")
    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=_Pairs)
    except UnicodeDecodeError as error:
        raise MalformedError(f"Ce JSON n’est pas en UTF-8 (octet {error.start + 1}).") from error
    except json.JSONDecodeError as error:
        raise MalformedError(
            f"Ce n’est pas du JSON : ligne {error.lineno}, colonne {error.colno}, on attend une autre suite."
        ) from error
    except (RecursionError, ValueError) as error:  # too deep, or a number of thousands of digits
        raise MalformedError("Ce JSON est trop profond, ou un de ses nombres trop long.") from error
    _check(value, "", 0)
    return value


def decode_canonical(raw: bytes) -> object:
    """Return the value written in ``raw``, which must be its one form.

    Raises:
        MalformedError: as ``decode``, or the same value has other canonical bytes.
    """
    value = decode(raw)
    if rfc8785.dumps(cast("Any", value)) != raw:
        raise MalformedError(
            "Ce JSON n’est pas dans sa forme canonique (RFC 8785) : un espace, un ordre ou une écriture y diffère."
        )
    return value


def place(path: str) -> str:
    """Return ``path`` as a message names it."""
    return f"« {path} »" if path else "la racine"


class _Pairs(dict[str, Any]):
    """An object as it was read, which remembers that it gave a key twice: ``dict`` would keep the last."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        seen: set[str] = set()
        self.repeated = next((key for key, _ in pairs if key in seen or seen.add(key)), None)  # type: ignore[func-returns-value]


def _check(value: object, path: str, depth: int) -> None:
    if depth > MOST_DEPTH:
        raise MalformedError(f"{place(path)} : ce JSON est trop profond ({MOST_DEPTH} niveaux au plus).")
    match value:
        case None | bool():
            return
        case int():
            if abs(value) > MOST_INTEGER:
                raise MalformedError(f"{place(path)} : ce nombre est trop grand pour être exact partout.")
        case float():
            raise MalformedError(
                f"{place(path)} : {value} est un nombre à virgule. On attend un entier, ou un texte comme « 12.5 »."
            )
        case str():
            _check_unicode(value, path)
        case list() | tuple():
            for number, item in enumerate(value):
                _check(item, f"{path}[{number}]", depth + 1)
        case dict():
            _check_object(value, path, depth)
        case _:
            raise MalformedError(f"{place(path)} : {type(value).__name__} n’a pas de forme en JSON.")


def _check_object(value: dict[object, object], path: str, depth: int) -> None:
    if isinstance(value, _Pairs) and value.repeated is not None:
        raise MalformedError(f"{place(path)} : la clé « {value.repeated} » est donnée deux fois.")
    for key, item in value.items():
        if not isinstance(key, str):
            raise MalformedError(f"{place(path)} : une clé n’est pas un texte.")
        _check_unicode(key, path)
        _check(item, f"{path}.{key}" if path else key, depth + 1)


def _check_unicode(text: str, path: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise MalformedError(f"{place(path)} : un caractère n’est pas de l’Unicode complet.") from error
