"""Frozen dataclasses from JSON and back, with nothing let through: what is signed is exactly what is read.

A key is the name of its field (``from_`` is written « from »). A field declares nothing but its type, and
``metadata=LINES`` where its text may run over several lines.
"""

# ruff: noqa: ANN401  # a record has fields of any type

import base64
import binascii
import dataclasses
import re
import types
import typing
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, Final

from traitdunion.reviews.canonical import MalformedError, place

LINES: Final = {"lines": True}
MOST_CHARACTERS: Final = 20_000
MOST_SHOWN: Final = 1_000
_KNOWN: Final[dict[type, Mapping[str, tuple[str, Any, bool]]]] = {}  # reading the types is the slow part
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", re.ASCII)
# What the eye does not see, or what makes it see another order than that of the bytes: controls, soft hyphen,
# marks of direction, characters of no width, ends of line of other worlds, characters that are none.
_UNSEEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufdd0-\ufdef\ufeff\ufff0-\ufffb\ufffe\uffff]"
)


def clean(text: str) -> str:
    r"""Return ``text`` as a document may hold it: NFC, one sign for an end of line, nothing unseen, no blank ends.

    >>> clean("  Pre\u0301fet\u200b du Rhône \r\n ")
    'Préfet du Rhône'
    """
    lines = re.split(r"\r\n|[\r\n\u2028\u2029]", unicodedata.normalize("NFC", text.replace("\t", " ")))
    return "\n".join(_UNSEEN.sub("", line) for line in lines).strip()


def shown(text: str) -> str:
    r"""Return words that come from elsewhere as one line of a report may show them: nothing unseen, not too long.

    >>> ascii(shown("fin\x1b[2J\nligne"))
    "'fin\\ufffd[2J ligne'"
    """
    one_line = _UNSEEN.sub("\ufffd", text.replace("\n", " "))
    return one_line if len(one_line) <= MOST_SHOWN else f"{one_line[:MOST_SHOWN]}…"


def read[T](kind: type[T], value: object, path: str = "") -> T:
    """Return the ``kind`` that ``value``, read from JSON, writes.

    Raises:
        MalformedError: a key is missing or unknown, a value is not of its type, a text or a date is not one.
    """
    if not isinstance(value, dict):
        raise MalformedError(f"{place(path)} : on attend un objet, et c’est {_named(value)}.")
    fields = _fields(kind)
    for key in value:
        if key not in fields:
            raise MalformedError(f"{place(_below(path, key))} : cette clé n’est pas attendue ici.")
    for key in fields:
        if key not in value:
            raise MalformedError(f"{place(_below(path, key))} : cette clé manque.")
    return kind(
        **{
            name: _value(hint, value[key], _below(path, key), lines=lines)
            for key, (name, hint, lines) in fields.items()
        }
    )


def write(record: Any) -> dict[str, Any]:
    """Return ``record`` as plain JSON, ready for ``canonical.encode``."""
    return {key: _plain(getattr(record, name)) for key, (name, _, _) in _fields(type(record)).items()}


def instant(moment: datetime) -> str:
    """Return a moment as it is written: in UTC, to the second.

    >>> instant(datetime(2026, 10, 5, 8, 30, 12, 900, tzinfo=UTC))
    '2026-10-05T08:30:12Z'
    """
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _fields(kind: type) -> Mapping[str, tuple[str, Any, bool]]:
    if kind not in _KNOWN:
        hints = typing.get_type_hints(kind)
        _KNOWN[kind] = {
            field.name.rstrip("_"): (field.name, hints[field.name], bool(field.metadata.get("lines")))
            for field in dataclasses.fields(kind)
        }
    return _KNOWN[kind]


def _below(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)


def _value(hint: Any, value: object, path: str, *, lines: bool) -> Any:
    if isinstance(hint, types.UnionType):
        if value is None:
            return None
        [hint] = [each for each in typing.get_args(hint) if each is not types.NoneType]
    if typing.get_origin(hint) is tuple:
        if not isinstance(value, list):
            raise MalformedError(f"{place(path)} : on attend une liste, et c’est {_named(value)}.")
        inside = typing.get_args(hint)[0]
        return tuple(
            _value(inside, each, f"{path}[{number}]", lines=lines) for number, each in enumerate(value)
        )
    if hint is str:
        return _text(value, path, lines=lines)
    if dataclasses.is_dataclass(hint):
        return read(typing.cast("type[Any]", hint), value, path)
    if hint is bool or hint is int:
        if type(value) is not hint:  # True is an int for isinstance
            wanted = "vrai ou faux" if hint is bool else "un entier"
            raise MalformedError(f"{place(path)} : on attend {wanted}, et c’est {_named(value)}.")
        return value
    return _coded(hint, _text(value, path, lines=False), path)


def _coded(hint: Any, text: str, path: str) -> Any:
    if issubclass(hint, StrEnum):
        if text not in {member.value for member in hint}:
            expected = ", ".join(f"« {member.value} »" for member in hint)
            raise MalformedError(f"{place(path)} vaut « {text[:60]} » : on attend l’un de {expected}.")
        return hint(text)
    if hint is bytes:
        return _binary(text, path)
    pattern, wanted = (_MOMENT, "AAAA-MM-JJTHH:MM:SSZ") if hint is datetime else (_DAY, "AAAA-MM-JJ")
    try:
        if pattern.fullmatch(text):
            return datetime.fromisoformat(text) if hint is datetime else date.fromisoformat(text)
    except ValueError:
        pass
    raise MalformedError(f"{place(path)} vaut « {text[:40]} » : on attend une date qui existe, {wanted}.")


def _binary(text: str, path: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if not raw or base64.b64encode(raw).decode() != text:  # two writings of the same bytes would be two texts
        raise MalformedError(f"{place(path)} : on attend des octets en base64.")
    return raw


def _text(value: object, path: str, *, lines: bool) -> str:
    if not isinstance(value, str):
        raise MalformedError(f"{place(path)} : on attend un texte, et c’est {_named(value)}.")
    check_text(value, path, lines=lines)
    return value


def check_text(text: str, path: str, *, lines: bool) -> None:
    """Refuse a text that is empty, too long, not in NFC, or that holds what the eye does not see.

    Raises:
        MalformedError: it is one of these.
    """
    if not text or text != text.strip():
        raise MalformedError(f"{place(path)} : le texte est vide, ou commence ou finit par un espace.")
    if len(text) > MOST_CHARACTERS:
        raise MalformedError(f"{place(path)} : le texte dépasse {MOST_CHARACTERS} caractères.")
    if not unicodedata.is_normalized("NFC", text):
        raise MalformedError(f"{place(path)} : le texte n’est pas en forme composée (NFC).")
    found = _UNSEEN.search(text.replace("\n", "") if lines else text)
    if found:
        raise MalformedError(
            f"{place(path)} : le texte contient un caractère qui ne se voit pas (U+{ord(found[0]):04X})."
        )


def _plain(value: Any) -> Any:
    match value:
        case None | bool() | int():
            return value
        case StrEnum():
            return value.value
        case str():
            return value
        case bytes():
            return base64.b64encode(value).decode()
        case datetime():
            return instant(value)
        case date():
            return value.isoformat()
        case tuple() | list():
            return [_plain(each) for each in value]
        case _:
            return write(value)


def _named(value: object) -> str:
    match value:
        case None:
            return "rien (null)"
        case bool():
            return "vrai ou faux"
        case int():
            return "un nombre"
        case str():
            return f"le texte « {value[:40]} »"
        case list() | tuple():
            return "une liste"
        case _:
            return "un objet"
