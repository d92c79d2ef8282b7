"""A questionnaire of the baromètre: what is asked of each side, on which scale, in which version. Plain Python.

It is one TOML file (``docs/questionnaire.md``)::

    format = 1
    name, version, is_example
    [scale]       frequencies (five labels, from never to always), not_applicable, dont_know
    [[dimension]] id, title
    [[item]]      id, wording_version, family, dimension, guesses, pulse, prefecture, ars, justification

``read`` and ``write`` are inverse: what is written is read back the same, and a file already in this form is kept
byte for byte, comments left out.
"""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Final, TypeGuard

from traitdunion.core.errors import Refusal

FORMAT: Final = 1
FREQUENCIES: Final = 5
DONT_KNOW: Final = "NSP"
NOT_APPLICABLE: Final = "SO"
SIDES: Final = ("prefecture", "ars")
_OTHER: Final = {"prefecture": "ars", "ars": "prefecture"}
MOST_ITEMS: Final = 60
MOST_CHARACTERS: Final = 100_000
_UNWRITABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_IDENTIFIER: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")


class Family(StrEnum):
    """What a question is about; the three are never mixed in a score."""

    PROXY = "proxy"
    """Each side describes the other: two directed scores, whose difference is an asymmetry."""
    COMMON = "common"
    """Both describe the same thing: their difference is a disagreement."""
    META = "meta"
    """Each guesses what the other answers about it."""

    @property
    def label(self) -> str:
        """The name on the pages."""
        return {
            "proxy": "l’autre institution",
            "common": "ce qui est commun",
            "meta": "ce que l’autre répond",
        }[self.value]


class QuestionnaireError(Refusal):
    """The file is not a questionnaire. The message names the line and the field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """One side of the relation, measured by a few items."""

    id: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One question. A side for which there is no wording is not asked."""

    id: str
    wording_version: int
    family: Family
    dimension: str
    wording: Mapping[str, str]
    # Of a guess: the item whose answers, by the other side, are guessed. Empty elsewhere, and in a guess of a version
    # kept before guesses named their target: nothing is then compared with it.
    guesses: str = ""
    in_pulse: bool = False
    # Why a new wording may still be compared with the one before it; empty: the trend breaks here.
    justification: str = ""

    def is_asked_of(self, side: str) -> bool:
        """Whether ``side`` answers this question."""
        return side in self.wording


@dataclass(frozen=True, slots=True, kw_only=True)
class Questionnaire:
    """What a wave asks."""

    name: str
    version: str
    is_example: bool
    frequencies: Sequence[str]
    not_applicable: str
    dont_know: str
    dimensions: Sequence[Dimension]
    items: Sequence[Item]

    def item(self, name: str) -> Item | None:
        """Return the item of that identifier."""
        return next((each for each in self.items if each.id == name), None)

    def asked_of(self, side: str, *, pulse: bool = False) -> Sequence[Item]:
        """Return the items that ``side`` answers, in order; those of the quarterly pulse only when asked."""
        return [each for each in self.items if each.is_asked_of(side) and (each.in_pulse or not pulse)]

    def title_of(self, dimension: str) -> str:
        """Return the title of a dimension."""
        return next((each.title for each in self.dimensions if each.id == dimension), dimension)

    def scored(self, dimension: str) -> Sequence[Item]:
        """Return the items whose mean is the score of a dimension: the guesses are left out."""
        return [each for each in self.items if each.dimension == dimension and each.family is not Family.META]

    def guess(self, dimension: str, side: str) -> Item | None:
        """Return the item in which ``side`` guesses an answer of the other on a dimension, None when none aims."""
        return next(
            (
                each
                for each in self.items
                if each.dimension == dimension and each.guesses and each.is_asked_of(side)
            ),
            None,
        )

    def aimless(self) -> Sequence[Item]:
        """Return the guesses that name no target, as versions kept before it was asked for may hold."""
        return [each for each in self.items if each.family is Family.META and not each.guesses]


def comparable(before: Questionnaire, after: Questionnaire, dimension: str) -> bool:
    """Whether the score of a dimension may be compared between two waves.

    It may when the same items are asked of the same sides in the same wording, or when each change of wording is
    justified in the later questionnaire.
    """

    def asked(of: Questionnaire) -> dict[str, Item]:
        return {each.id: each for each in of.scored(dimension)}

    old, new = asked(before), asked(after)
    if not old or old.keys() != new.keys():
        return False
    return all(_is_same(old[name], new[name]) for name in old)


def _is_same(before: Item, after: Item) -> bool:
    if (before.family, set(before.wording)) != (after.family, set(after.wording)):
        return False
    unchanged = before.wording_version == after.wording_version and dict(before.wording) == dict(
        after.wording
    )
    return unchanged or bool(after.justification)


# Reading


def read(text: str, *, is_kept: bool = False) -> Questionnaire:
    """Return the questionnaire that ``text`` writes in TOML.

    Args:
        text: the file.
        is_kept: it is a version that the site keeps. One kept before guesses named what they guess is still read:
            its guesses are compared with nothing.

    Raises:
        QuestionnaireError: it does not; one sentence names the line and the field.
    """
    if len(text) > MOST_CHARACTERS:
        raise QuestionnaireError(
            f"Le fichier compte {len(text)} caractères : un questionnaire en compte {MOST_CHARACTERS} au plus."
        )
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise QuestionnaireError(
            f"{_where(error, text)} : le fichier n’est pas du TOML ({_fault(error)})."
        ) from error
    except RecursionError as error:
        raise QuestionnaireError(
            "Le fichier imbrique trop de tables : un questionnaire n’en a qu’un niveau."
        ) from error
    except ValueError as error:  # a whole number of thousands of digits
        raise QuestionnaireError(f"{_where(error, text)} : le fichier porte un nombre démesuré.") from error
    return _Reader(text, is_kept=is_kept).questionnaire(content)


def _where(error: ValueError, text: str) -> str:
    found = re.search(r"at line (\d+), column (\d+)", str(error))
    if found is None:
        long = re.search(r"\d{1000}", text.replace("_", "0"))
        return f"Ligne {text.count(chr(10), 0, long.start() if long else None) + 1}"
    return f"Ligne {found[1]}, colonne {found[2]}"


_FAULTS: Final = {
    "Expected '='": "signe « = » attendu après un nom",
    "Unclosed": "crochet, accolade ou guillemet non refermé",
    "Invalid value": "valeur illisible",
    "Cannot overwrite": "nom donné deux fois",
    "Cannot declare": "table déclarée deux fois",
    "Illegal character": "caractère interdit",
    "Unescaped": "barre oblique inverse mal placée",
    "Unterminated": "guillemet non refermé",
    "Invalid statement": "ligne qui n’est ni un nom suivi de « = », ni une table",
}


def _fault(error: tomllib.TOMLDecodeError) -> str:
    return next(
        (said for start, said in _FAULTS.items() if str(error).startswith(start)), "écriture illisible"
    )


class _Reader:
    """Read field by field, and find in the text the line of the one that is wrong."""

    def __init__(self, text: str, *, is_kept: bool) -> None:
        self._is_kept = is_kept
        self._lines = text.split("\n")  # the lines of TOML: a text may hold other separators

    def questionnaire(self, content: Mapping[str, Any]) -> Questionnaire:
        known = {"format", "name", "version", "is_example", "scale", "dimension", "item"}
        self._refuse_unknown(content, known, "", None)
        if not _is_number(content.get("format"), FORMAT, FORMAT):
            raise self._error("format", f"vaut {FORMAT} dans cette version", "", None)
        scale = content.get("scale")
        if not isinstance(scale, dict):
            raise self._error("scale", "est une table : ses libellés", "", None)
        self._refuse_unknown(scale, {"frequencies", "not_applicable", "dont_know"}, "scale", None)
        dimensions = [
            self._dimension(each, rank) for rank, each in enumerate(self._tables(content, "dimension"))
        ]
        self._refuse_twice([each.id for each in dimensions], "dimension")
        names = {each.id for each in dimensions}
        items = [self._item(each, rank, names) for rank, each in enumerate(self._tables(content, "item"))]
        self._refuse_twice([each.id for each in items], "item")
        for rank, item in enumerate(items):
            self._refuse_aim(item, rank, items)
        for rank, each in enumerate(dimensions):
            if not any(item.dimension == each.id and item.family is not Family.META for item in items):
                raise self._error("id", f"« {each.id} » n’a aucune question qui la mesure", "dimension", rank)
            families = sorted({item.family for item in items if item.dimension == each.id} - {Family.META})
            if len(families) > 1:
                raise self._error(
                    "id",
                    f"« {each.id} » mêle des questions proxy et common : une dimension, une famille",
                    "dimension",
                    rank,
                )
        return Questionnaire(
            name=self._text(content, "name", 150, "", None),
            version=self._text(content, "version", 40, "", None),
            is_example=self._flag(content, "is_example", "", None),
            frequencies=self._frequencies(scale),
            not_applicable=self._text(scale, "not_applicable", 40, "scale", None),
            dont_know=self._text(scale, "dont_know", 40, "scale", None),
            dimensions=tuple(dimensions),
            items=tuple(items),
        )

    def _frequencies(self, scale: Mapping[str, Any]) -> tuple[str, ...]:
        given = scale.get("frequencies")
        if (
            not isinstance(given, list)
            or len(given) != FREQUENCIES
            or not all(
                isinstance(each, str) and 0 < len(each.strip()) <= 40 and not _UNWRITABLE.search(each)
                for each in given
            )
            or len(set(given)) != FREQUENCIES
        ):
            raise self._error(
                "frequencies", "donne cinq libellés différents, du moins au plus souvent", "scale", None
            )
        return tuple(given)

    def _dimension(self, given: Mapping[str, Any], rank: int) -> Dimension:
        self._refuse_unknown(given, {"id", "title"}, "dimension", rank)
        return Dimension(
            id=self._identifier(given, "dimension", rank),
            title=self._text(given, "title", 120, "dimension", rank),
        )

    def _item(self, given: Mapping[str, Any], rank: int, dimensions: set[str]) -> Item:
        known = {"id", "wording_version", "family", "dimension", "guesses", "pulse", "justification", *SIDES}
        self._refuse_unknown(given, known, "item", rank)
        version = given.get("wording_version")
        if not _is_number(version, 1, 9999):
            raise self._error(
                "wording_version", "est un nombre entier, 1 pour la première formulation", "item", rank
            )
        if given.get("family") not in list(Family):
            raise self._error("family", "vaut proxy, common ou meta", "item", rank)
        if given.get("dimension") not in list(dimensions):
            raise self._error("dimension", "est l’identifiant d’une dimension du fichier", "item", rank)
        wording = {side: self._text(given, side, 300, "item", rank) for side in SIDES if side in given}
        if not wording:
            raise self._error(
                "prefecture", "ou « ars » donne la question : il en faut au moins une", "item", rank
            )
        if given["family"] == Family.COMMON and len(wording) < len(SIDES):
            raise self._error("family", "vaut common : la question est posée aux deux côtés", "item", rank)
        return Item(
            id=self._identifier(given, "item", rank),
            wording_version=version,
            family=Family(given["family"]),
            dimension=given["dimension"],
            wording=wording,
            guesses=self._text(given, "guesses", 40, "item", rank) if "guesses" in given else "",
            in_pulse=self._flag(given, "pulse", "item", rank),
            justification=self._text(given, "justification", 500, "item", rank)
            if "justification" in given
            else "",
        )

    def _refuse_aim(self, item: Item, rank: int, items: Sequence[Item]) -> None:
        """Refuse a guess that does not aim at one question, put to the other side, on the same dimension."""
        if item.family is not Family.META:
            if item.guesses:
                raise self._error(
                    "guesses", "ne se donne que pour une question meta : celle qui devine", "item", rank
                )
            return
        if not item.guesses:
            if self._is_kept:
                return
            raise self._error(
                "guesses", "est l’identifiant de la question dont on devine la réponse", "item", rank
            )
        target = next((each for each in items if each.id == item.guesses), None)
        if target is None:
            raise self._error(
                "guesses", f"« {item.guesses} » n’est pas une question du fichier", "item", rank
            )
        wrong = ""
        if target.family is Family.META:
            wrong = "devine déjà elle-même : on attend une question proxy ou common"
        elif target.dimension != item.dimension:
            wrong = f"est d’une autre dimension que « {item.dimension} »"
        elif not all(target.is_asked_of(_OTHER[side]) for side in item.wording):
            wrong = "n’est pas posée à l’autre côté : personne n’y donne la réponse à deviner"
        elif any(
            each.guesses and each.dimension == item.dimension and set(each.wording) & set(item.wording)
            for each in items[:rank]
        ):
            raise self._error(
                "dimension",
                f"« {item.dimension} » a déjà une question meta du même côté : une seule par dimension",
                "item",
                rank,
            )
        if wrong:
            raise self._error("guesses", f"« {item.guesses} » {wrong}", "item", rank)

    def _tables(self, content: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
        given = content.get(name)
        if not isinstance(given, list) or not given or not all(isinstance(each, dict) for each in given):
            raise self._error(name, f"est une suite de tables [[{name}]], une au moins", "", None)
        if len(given) > MOST_ITEMS:
            raise self._error(name, f"compte {len(given)} tables : {MOST_ITEMS} au plus", "", None)
        return given

    def _identifier(self, given: Mapping[str, Any], table: str, rank: int) -> str:
        value = given.get("id")
        if not isinstance(value, str) or _IDENTIFIER.fullmatch(value) is None:
            raise self._error(
                "id",
                "commence par une lettre, puis lettres sans accent, chiffres ou « _ », 40 au plus",
                table,
                rank,
            )
        return value

    def _text(self, given: Mapping[str, Any], name: str, most: int, table: str, rank: int | None) -> str:
        value = given.get(name)
        if not isinstance(value, str) or not value.strip() or len(value) > most or _UNWRITABLE.search(value):
            raise self._error(name, f"est un texte d’une ligne, de 1 à {most} caractères", table, rank)
        return value

    def _flag(self, given: Mapping[str, Any], name: str, table: str, rank: int | None) -> bool:
        value = given.get(name, False)
        if not isinstance(value, bool):
            raise self._error(name, "vaut true ou false", table, rank)
        return value

    def _refuse_unknown(
        self, given: Mapping[str, Any], known: set[str], table: str, rank: int | None
    ) -> None:
        for name in given:
            if name not in known:
                raise self._error(
                    _short(name), f"est inconnu ici : on attend {', '.join(sorted(known))}", table, rank
                )

    def _refuse_twice(self, names: Sequence[str], table: str) -> None:
        for rank, name in enumerate(names):
            if name in names[:rank]:
                raise self._error(
                    "id", f"« {name} » est déjà pris par une autre table [[{table}]]", table, rank
                )

    def _error(self, name: str, expected: str, table: str, rank: int | None) -> QuestionnaireError:
        place = f"{table}[{rank + 1}].{name}" if rank is not None else ".".join(filter(None, (table, name)))
        message = f"Ligne {self._line(name, table, rank)}, champ « {place} » : {expected}."
        return QuestionnaireError(_UNWRITABLE.sub("�", message))

    def _line(self, name: str, table: str, rank: int | None) -> int:
        """Return the line of a field, that of its table when the field is absent, counted from 1."""
        head, first = f"[[{table}]]" if rank is not None else f"[{table}]", 0
        if table:
            heads = [at for at, line in enumerate(self._lines) if line.split("#")[0].strip() == head]
            wanted = rank or 0
            if wanted >= len(heads):
                return self._first(name)
            first = heads[wanted] + 1
        for at in range(first, len(self._lines)):
            line = self._lines[at].strip()
            if line.startswith("["):
                break
            if re.match(rf"[\"']?{re.escape(name)}[\"']?\s*=", line):
                return at + 1
        return first or self._first(name)

    def _first(self, name: str) -> int:
        return next((at + 1 for at, line in enumerate(self._lines) if name in line), 1)


def _is_number(value: object, least: int, most: int) -> TypeGuard[int]:
    """Whether it is a whole number between two others; ``true`` is none, though Python would have it."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _short(name: str) -> str:
    return name if len(name) <= 40 else f"{name[:39]}…"


# Writing


def write(questionnaire: Questionnaire) -> str:
    """Return the TOML of a questionnaire: the same questionnaire, the same bytes."""
    return "\n".join(_written(questionnaire)) + "\n"


def _written(of: Questionnaire) -> Iterator[str]:
    yield f"format = {FORMAT}"
    yield f"name = {_quoted(of.name)}"
    yield f"version = {_quoted(of.version)}"
    yield f"is_example = {_quoted(of.is_example)}"
    yield "\n[scale]"
    yield f"frequencies = [{', '.join(map(_quoted, of.frequencies))}]"
    yield f"not_applicable = {_quoted(of.not_applicable)}"
    yield f"dont_know = {_quoted(of.dont_know)}"
    for dimension in of.dimensions:
        yield "\n[[dimension]]"
        yield f"id = {_quoted(dimension.id)}"
        yield f"title = {_quoted(dimension.title)}"
    for item in of.items:
        yield "\n[[item]]"
        yield f"id = {_quoted(item.id)}"
        yield f"wording_version = {item.wording_version}"
        yield f"family = {_quoted(item.family.value)}"
        yield f"dimension = {_quoted(item.dimension)}"
        if item.guesses:
            yield f"guesses = {_quoted(item.guesses)}"
        if item.in_pulse:
            yield "pulse = true"
        if item.justification:
            yield f"justification = {_quoted(item.justification)}"
        for side in SIDES:
            if side in item.wording:
                yield f"{side} = {_quoted(item.wording[side])}"


def _quoted(value: object) -> str:
    """Return a JSON string or boolean, which TOML reads the same: printable text only ever comes here."""
    return json.dumps(value, ensure_ascii=False)


def as_json(questionnaire: Questionnaire) -> dict[str, Any]:
    """Return the items as ``traitdunion barometer questionnaire --json`` prints them."""
    return {
        "name": questionnaire.name,
        "version": questionnaire.version,
        "is_example": questionnaire.is_example,
        "values": {
            **{str(rank + 1): label for rank, label in enumerate(questionnaire.frequencies)},
            DONT_KNOW: questionnaire.dont_know,
            NOT_APPLICABLE: questionnaire.not_applicable,
        },
        "dimensions": [{"id": each.id, "title": each.title} for each in questionnaire.dimensions],
        "items": [
            {
                "id": each.id,
                "wording_version": each.wording_version,
                "family": each.family.value,
                "dimension": each.dimension,
                "guesses": each.guesses or None,
                "sides": [side for side in SIDES if each.is_asked_of(side)],
                "pulse": each.in_pulse,
                "wording": dict(each.wording),
            }
            for each in questionnaire.items
        ],
    }


@cache
def example() -> Questionnaire:
    """Return the questionnaire that ships with the product: an example of our own wording, not validated."""
    shipped = files("traitdunion.barometer") / "data" / "questionnaire_exemple.toml"
    return read(shipped.read_text(encoding="utf-8"))
