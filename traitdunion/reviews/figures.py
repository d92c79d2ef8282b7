"""Figures as citations: the tokens of a text, and what changed between two sets of figures. Plain Python.

A text never types a figure: it cites one, ``{{chiffre:reunions-tenues}}``, and the value is put in when it is read.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final

from traitdunion.core.errors import Refusal

NO_BREAK: Final = "\N{NO-BREAK SPACE}"
NOT_MEASURED: Final = "pas encore mesuré"
_TOKEN: Final = re.compile(r"\{\{chiffre:([a-z0-9]+(?:-[a-z0-9]+)*)\}\}")
_MARK: Final = re.compile(r"\{\{|\}\}")
_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)?")
_PLURAL: Final = re.compile(r"\b(\w{2,})s\b")
# Numbers that are no figure: a quarter, a year, a date, a numbered measure or article.
_NOT_A_FIGURE: Final = re.compile(
    r"\d{4}-T[1-4]|\d{1,2}/\d{1,2}/\d{4}|\b(?:19|20|21)\d\d\b"
    r"|\b(?:n°|mesure|mesures|article|articles|art\.|[LRD]\.)[\s\N{NO-BREAK SPACE}]*\d[\d-]*",
    re.IGNORECASE,
)


_SCALE: Final = re.compile(r"de 1 à 5 \(intervalle de ([1-5],\d) à ([1-5],\d)\)")
_SEEN_BY: Final = re.compile(r"(?P<what>dimension-.+)-(?P<side>prefecture|ars)")


class TokenError(Refusal):
    """A text cites a figure that does not exist, or is cut in the middle of a citation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A value that a text cites.

    Attributes:
        id: what a token names; small letters, digits and hyphens.
        label: what it counts, in a few words.
        definition: how it is counted, in a sentence that a reader can check.
        source: which page or table says it.
        as_of: the day it describes.
        value: a decimal number, None when there is none.
        denominator: over how many, None when it has no sense.
        unit: what is counted; the document that is signed wants one.
        reason_missing: why there is no value; None exactly when there is one.
    """

    id: str
    label: str
    definition: str
    source: str
    as_of: date
    value: Decimal | None
    unit: str
    denominator: Decimal | None = None
    reason_missing: str | None = None

    def __post_init__(self) -> None:
        """Refuse a figure that has neither a value nor a reason, or both."""
        if (self.value is None) == (self.reason_missing is None):
            raise ValueError("a figure has a value or a reason why it has none, and not both")
        if not is_identifier(self.id):
            raise ValueError(f"not an identifier of a figure: {self.id!r}")

    @property
    def shown(self) -> str:
        """The value as a French text reads it, with its denominator; the reason when there is none."""
        if self.value is None:
            return self.reason_missing or NOT_MEASURED
        said = decimal_text(self.value).replace(".", ",")
        if self.denominator is not None:
            said = f"{said}{NO_BREAK}sur{NO_BREAK}{decimal_text(self.denominator).replace('.', ',')}"
        counted = self.value if self.denominator is None else self.denominator
        return f"{said}{NO_BREAK}{agreed(self.unit, counted)}"

    @property
    def token(self) -> str:
        """What a text writes to cite it."""
        return token(self.id)


def agreed(unit: str, count: Decimal) -> str:
    """Return a unit in the number that French wants: plural from two on.

    >>> agreed("engagements échus", Decimal(1)), agreed("engagements échus", Decimal(2))
    ('engagement échu', 'engagements échus')
    """
    return unit if abs(count) >= 2 else _PLURAL.sub(r"\1", unit)


def is_identifier(text: str) -> bool:
    """Whether ``text`` may name a figure."""
    return _TOKEN.fullmatch(f"{{{{chiffre:{text}}}}}") is not None


def decimal_text(value: Decimal) -> str:
    """Return a number in the one form that is signed: no exponent, no trailing zero, no minus zero.

    >>> decimal_text(Decimal("12.50")), decimal_text(Decimal("1E+2")), decimal_text(Decimal("-0.0"))
    ('12.5', '100', '0')
    """
    said = f"{value:f}"
    if "." in said:
        said = said.rstrip("0").rstrip(".")
    return "0" if said in {"-0", ""} else said


# Tokens


@dataclass(frozen=True, slots=True)
class Text:
    """A run of words."""

    text: str


@dataclass(frozen=True, slots=True)
class Token:
    """A citation of a figure."""

    figure: str


def token(figure: str) -> str:
    """Return what a text writes to cite a figure.

    >>> token("reunions-tenues")
    '{{chiffre:reunions-tenues}}'
    """
    return f"{{{{chiffre:{figure}}}}}"


def parse(text: str) -> list[Text | Token]:
    """Return the words and the citations of ``text``, in reading order.

    Raises:
        TokenError: double braces that make no citation: a citation was cut or mistyped.

    >>> parse("Tenues : {{chiffre:reunions}}.")
    [Text(text='Tenues : '), Token(figure='reunions'), Text(text='.')]
    """
    pieces: list[Text | Token] = []
    at = 0
    for found in _TOKEN.finditer(text):
        _add_words(pieces, text[at : found.start()])
        pieces.append(Token(found[1]))
        at = found.end()
    _add_words(pieces, text[at:])
    return pieces


def _add_words(pieces: list[Text | Token], words: str) -> None:
    mark = _MARK.search(words)
    if mark is not None:
        near = words[max(0, mark.start() - 20) : mark.end() + 30]
        raise TokenError(
            f"Une citation de chiffre est incomplète près de « {near} ». "
            "Écrivez-la {{chiffre:nom}}, avec un nom de la liste des chiffres."
        )
    if words:
        pieces.append(Text(words))


def cited(text: str) -> list[str]:
    """Return the figures that ``text`` cites, each once, in the order of their first citation.

    Raises:
        TokenError: as ``parse``.
    """
    return list(dict.fromkeys(piece.figure for piece in parse(text) if isinstance(piece, Token)))


def check(text: str, known: Collection[str]) -> None:
    """Refuse a text that cites a figure which is not of this bilan.

    Raises:
        TokenError: a citation is cut, or names no figure of ``known``.
    """
    unknown = [name for name in cited(text) if name not in known]
    if unknown:
        raise TokenError(
            f"Aucun chiffre de ce bilan ne s’appelle « {unknown[0]} ». "
            "Choisissez un nom de la liste des chiffres, ou retirez la citation."
        )


def render(text: str, figures: Mapping[str, Figure]) -> str:
    """Return ``text`` with each citation replaced by what its figure says.

    Raises:
        TokenError: as ``check``.
    """
    check(text, figures)
    return "".join(
        piece.text if isinstance(piece, Text) else figures[piece.figure].shown for piece in parse(text)
    )


def typed_numbers(text: str) -> list[str]:
    """Return the numbers that a text types instead of citing: a page warns of them, as they will not follow.

    Years, dates, quarters and numbers of measures or articles are left out.

    >>> typed_numbers("Le 12/03/2026, 4 réunions sur {{chiffre:prevues}} ; mesure 38.")
    ['4']
    """
    words = _NOT_A_FIGURE.sub(" ", _TOKEN.sub(" ", text))
    return _NUMBER.findall(words)


# What changed


def vanished(figure: Figure) -> Figure:
    """Return a figure whose source is no more: it keeps its words and says that it has no value.

    >>> lost = Figure(id="a", label="A", definition="D", source="S", as_of=date(2026, 9, 30), value=None, unit="u",
    ...               reason_missing="x")
    >>> vanished(lost).reason_missing
    'la source a disparu'
    """
    return replace(figure, value=None, denominator=None, reason_missing="la source a disparu")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A figure that does not say the same any more. ``before`` is None when it is new, ``after`` when it vanished."""

    id: str
    label: str
    before: Figure | None
    after: Figure | None

    @property
    def sentence(self) -> str:
        """What changed, in French."""
        if self.before is None:
            return f"{self.label} : nouveau chiffre ({self._said(self.after)})"
        if self.after is None:
            return f"{self.label} : la source a disparu (valait {self._said(self.before)})"
        if self.before.shown == self.after.shown:
            return f"{self.label} : la définition ou la source a changé"
        return f"{self.label} : {self._said(self.before)} devient {self._said(self.after)}"

    @staticmethod
    def _said(figure: Figure | None) -> str:
        return "" if figure is None else figure.shown


def compare(before: Mapping[str, Figure], after: Mapping[str, Figure]) -> list[Change]:
    """Return what changed between two sets of figures, by identifier.

    The day a figure describes is not compared: the same value read later says the same.
    """
    changes = []
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if old is None or new is None or _says(old) != _says(new):
            label = (new or old or after[name]).label
            changes.append(Change(id=name, label=label, before=old, after=new))
    return changes


def _says(figure: Figure) -> tuple[object, ...]:
    return (
        figure.value,
        figure.denominator,
        figure.unit,
        figure.definition,
        figure.source,
        figure.reason_missing,
    )


def touched(texts: Sequence[str], changes: Sequence[Change]) -> list[bool]:
    """Return, for each text, whether it cites a figure that changed: only those are read again.

    Raises:
        TokenError: as ``parse``.
    """
    moved = {change.id for change in changes}
    return [not moved.isdisjoint(cited(text)) for text in texts]


# Estimates of the baromètre, one for each side


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What one side answers on a dimension, from 1 to 5, with its interval."""

    dimension: str
    side: str
    value: Decimal
    low: Decimal
    high: Decimal


def scale_of(low: Decimal, high: Decimal) -> str:
    """Return the unit of an estimate, which says its interval: « 3,2 de 1 à 5 (intervalle de 2,8 à 3,6) ».

    >>> scale_of(Decimal("2.8"), Decimal("3.6"))
    'de 1 à 5 (intervalle de 2,8 à 3,6)'
    """
    first, last = (f"{bound:.1f}".replace(".", ",") for bound in (low, high))
    return f"de 1 à 5 (intervalle de {first} à {last})"


def estimate_in(figure: Figure) -> Estimate | None:
    """Return the estimate that ``figure`` tells, read back from its name and its unit; None for any other figure."""
    named, scale = _SEEN_BY.fullmatch(figure.id), _SCALE.fullmatch(figure.unit)
    if named is None or scale is None or figure.value is None:
        return None
    low, high = (Decimal(bound.replace(",", ".")) for bound in scale.groups())
    return Estimate(dimension=named["what"], side=named["side"], value=figure.value, low=low, high=high)
