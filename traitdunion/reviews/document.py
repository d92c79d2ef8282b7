"""The text of a bilan: what both sides sign. Plain Python.

``Bilan`` is written as canonical JSON (``canonical``); the SHA-256 of these bytes is the hash that both sides sign.
``read`` and ``to_bytes`` are inverse, and both refuse the same faults: what could not be read back cannot be signed.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

from traitdunion.reviews import canonical, records
from traitdunion.reviews.canonical import MalformedError, place
from traitdunion.reviews.records import LINES

FORMAT: Final = "traitdunion-bilan/1"
TOKEN: Final = re.compile(r"\{\{chiffre:([A-Za-z0-9][A-Za-z0-9_.:-]{0,99})\}\}")
"""A figure cited in a text, by its identifier."""
_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}")
_QUARTER: Final = re.compile(r"(\d{4})-T([1-4])", re.ASCII)
_DECIMAL: Final = re.compile(r"-?(0|[1-9]\d{0,17})(\.\d{1,9})?", re.ASCII)
_DEPARTEMENT: Final = re.compile(r"\d{2,3}|2[AB]", re.ASCII)
_HASH: Final = re.compile(r"[0-9a-f]{64}")


class Level(StrEnum):
    """Who the bilan is between."""

    DEPARTEMENT = "departement"
    NATIONAL = "national"


class Side(StrEnum):
    """One of the two who sign."""

    PREFECTURE = "prefecture"
    ARS = "ars"
    SANTE = "sante"
    INTERIEUR = "interieur"

    @property
    def label(self) -> str:
        """The name on the pages."""
        return {
            "prefecture": "préfecture",
            "ars": "agence régionale de santé",
            "sante": "ministère chargé de la santé",
            "interieur": "ministère de l’intérieur",
        }[self.value]


SIDES: Final[Mapping[Level, tuple[Side, Side]]] = {
    Level.DEPARTEMENT: (Side.PREFECTURE, Side.ARS),
    Level.NATIONAL: (Side.SANTE, Side.INTERIEUR),
}
"""The two sides of each level, in the order of the pages."""


class Voice(StrEnum):
    """Who speaks in a paragraph: both, or one side where they differ."""

    COMMUNE = "commune"
    PREFECTURE = "prefecture"
    ARS = "ars"
    SANTE = "sante"
    INTERIEUR = "interieur"


class Owner(StrEnum):
    """Who keeps a commitment."""

    COMMUN = "commun"
    PREFECTURE = "prefecture"
    ARS = "ars"
    SANTE = "sante"
    INTERIEUR = "interieur"


class Operator(StrEnum):
    """How a figure is compared with its threshold."""

    AT_LEAST = ">="
    AT_MOST = "<="
    EQUAL = "="


class Result(StrEnum):
    """What a criterion finds."""

    MET = "atteint"
    NOT_MET = "non atteint"
    NO_ANSWER = "sans réponse"


class Verdict(StrEnum):
    """What a bilan concludes. Not to conclude is a valid outcome."""

    SATISFACTORY = "satisfaisant"
    TO_STRENGTHEN = "à renforcer"
    INCONCLUSIVE = "non concluant"


class Keeping(StrEnum):
    """What became of a commitment."""

    TO_KEEP = "à tenir"
    KEPT = "tenu"
    NOT_KEPT = "non tenu"
    ABANDONED = "abandonné"


@dataclass(frozen=True, slots=True, kw_only=True)
class Departement:
    """The département, at that level."""

    code: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The first and the last day of the quarter."""

    start: date
    end: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrects:
    """The earlier version that this one corrects, by the hash that was signed."""

    version: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure with its source. ``value`` or ``reason_missing``, never both: decimal strings, « 12.5 »."""

    id: str
    label: str
    definition: str = field(metadata=LINES)
    source: str
    as_of: date
    value: str | None
    denominator: str | None
    unit: str
    reason_missing: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """What a figure must be."""

    operator: Operator
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """A criterion written before the quarter, and what it finds. ``figure`` is the identifier of a figure."""

    id: str
    label: str
    definition: str = field(metadata=LINES)
    denominator: str
    threshold: Threshold
    figure: str
    result: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """What the criteria give, what is kept, and why when it is not the same. ``missing``: criteria without answer."""

    computed: Verdict
    explanation: tuple[str, ...] = field(metadata=LINES)
    missing: tuple[str, ...]
    kept: Verdict
    reason: str | None = field(metadata=LINES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """What one voice says."""

    id: str
    voice: Voice
    text: str = field(metadata=LINES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the text."""

    id: str
    title: str
    paragraphs: tuple[Paragraph, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment:
    """What a side promised, by when."""

    id: str
    text: str = field(metadata=LINES)
    owner: Owner
    due: date
    state: Keeping
    reason: str | None = field(metadata=LINES)
    from_quarter: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """Who was there, by office and never by name."""

    organisation: str
    post: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """The meeting of the bilan."""

    date: date
    present: tuple[Presence, ...]
    decisions: tuple[str, ...] = field(metadata=LINES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bilan:
    """The whole text. Figures are sorted by identifier; every other order is that of the page."""

    format: str = FORMAT
    level: Level
    departement: Departement | None
    quarter: str
    period: Period
    version: int
    corrects: Corrects | None
    reason: str | None = field(metadata=LINES)
    criteria_version: str
    is_example: bool
    figures: tuple[Figure, ...]
    criteria: tuple[Criterion, ...]
    conclusion: Conclusion
    sections: tuple[Section, ...]
    commitments: tuple[Commitment, ...]
    meeting: Meeting | None
    limits: tuple[str, ...] = field(metadata=LINES)

    @property
    def sides(self) -> tuple[Side, Side]:
        """The two who sign."""
        return SIDES[self.level]

    @property
    def title(self) -> str:
        """The name of the bilan in a sentence."""
        who = (
            f"départemental, {self.departement.name} ({self.departement.code})"
            if self.departement
            else "national"
        )
        return f"bilan {who}, {self.quarter}, version {self.version}"


def to_bytes(bilan: Bilan) -> bytes:
    """Return the canonical bytes of ``bilan``: what is hashed, and the file ``bilan.json`` of the pack.

    Raises:
        MalformedError: it could not be read back as it is.
    """
    plain = records.write(bilan)
    _checked(records.read(Bilan, plain))
    return canonical.encode(plain)


def sha256(bilan: Bilan) -> str:
    """Return the hash that both sides sign.

    Raises:
        MalformedError: as ``to_bytes``.
    """
    return canonical.sha256(to_bytes(bilan))


def read(raw: bytes) -> Bilan:
    """Return the bilan that ``raw`` holds, in canonical form and without any fault.

    Raises:
        MalformedError: the bytes are not canonical, or the text is not one that could have been signed.
    """
    return _checked(records.read(Bilan, canonical.decode_canonical(raw)))


def result_of(figure: Figure, threshold: Threshold) -> Result:
    """Return what a criterion finds: the figure compared exactly with its threshold.

    >>> seen = Figure(id="f", label="F", definition="D", source="S", as_of=date(2026, 9, 30), value="0.80",
    ...               denominator=None, unit="part", reason_missing=None)
    >>> result_of(seen, Threshold(operator=Operator.EQUAL, value="0.8")).value
    'atteint'
    """
    if figure.value is None:
        return Result.NO_ANSWER
    found, wanted = Decimal(figure.value), Decimal(threshold.value)
    met = {
        Operator.AT_LEAST: found >= wanted,
        Operator.AT_MOST: found <= wanted,
        Operator.EQUAL: found == wanted,
    }[threshold.operator]
    return Result.MET if met else Result.NOT_MET


def verdict_of(results: Sequence[Result]) -> Verdict:
    """Return what the criteria conclude: one not met is enough to strengthen, one missing not to conclude.

    >>> verdict_of([Result.MET, Result.NO_ANSWER]).value
    'non concluant'
    """
    if Result.NOT_MET in results:
        return Verdict.TO_STRENGTHEN
    return Verdict.SATISFACTORY if results and Result.NO_ANSWER not in results else Verdict.INCONCLUSIVE


def period_of(quarter: str) -> Period:
    """Return the days of a quarter written « 2026-T3 ».

    Raises:
        MalformedError: it is not one.

    >>> period_of("2026-T4")
    Period(start=datetime.date(2026, 10, 1), end=datetime.date(2026, 12, 31))
    """
    found = _QUARTER.fullmatch(quarter)
    if not found or found[1] in {"0000", "9999"}:
        raise MalformedError(
            f"« {quarter[:40]} » n’est pas un trimestre : on attend par exemple « 2026-T3 »."
        )
    year, rank = int(found[1]), int(found[2])
    after = date(year + rank // 4, rank % 4 * 3 + 1, 1)
    return Period(start=date(year, rank * 3 - 2, 1), end=after - timedelta(days=1))


# What a type does not say


def _checked(bilan: Bilan) -> Bilan:
    if bilan.format != FORMAT:
        raise MalformedError(f"« format » vaut « {bilan.format[:40]} » : on attend « {FORMAT} ».")
    _check_head(bilan)
    figures = _check_figures(bilan.figures)
    _check_criteria(bilan, figures)
    _check_conclusion(bilan)
    _check_sections(bilan)
    _check_commitments(bilan)
    for path, text in _texts(bilan):
        _check_tokens(text, path, figures)
    return bilan


def _check_head(bilan: Bilan) -> None:
    if (bilan.departement is None) == (bilan.level is Level.DEPARTEMENT):
        raise MalformedError(
            "« departement » : un bilan départemental en a un, un bilan national n’en a pas."
        )
    if bilan.departement and not _DEPARTEMENT.fullmatch(bilan.departement.code):
        raise MalformedError("« departement.code » : on attend un code comme « 67 », « 2A » ou « 974 ».")
    if bilan.period != period_of(bilan.quarter):
        raise MalformedError("« period » : ces jours ne sont pas le premier et le dernier du trimestre.")
    if bilan.version < 1:
        raise MalformedError("« version » : on attend 1 ou plus.")
    if (bilan.corrects is None) != (bilan.version == 1):
        raise MalformedError(
            "« corrects » : une version 1 ne corrige rien, une version suivante dit laquelle elle corrige."
        )
    if (bilan.corrects is None) != (bilan.reason is None):
        raise MalformedError(
            "« reason » : une correction dit pourquoi, une première version n’a rien à dire."
        )
    if bilan.corrects and not 1 <= bilan.corrects.version < bilan.version:
        raise MalformedError("« corrects.version » : on attend une version antérieure.")
    if bilan.corrects and not _HASH.fullmatch(bilan.corrects.sha256):
        raise MalformedError("« corrects.sha256 » : on attend 64 chiffres hexadécimaux, en minuscules.")


def _check_figures(figures: tuple[Figure, ...]) -> Mapping[str, Figure]:
    _check_identifiers((figure.id, f"figures[{number}].id") for number, figure in enumerate(figures))
    if [figure.id for figure in figures] != sorted(figure.id for figure in figures):
        raise MalformedError("« figures » : les chiffres ne sont pas dans l’ordre de leurs identifiants.")
    for number, figure in enumerate(figures):
        path = f"figures[{number}]"
        if (figure.value is None) == (figure.reason_missing is None):
            raise MalformedError(
                f"{place(path)} : on attend une valeur, ou la raison de son absence, et une seule des deux."
            )
        _check_decimal(figure.value, f"{path}.value")
        _check_decimal(figure.denominator, f"{path}.denominator")
    return {figure.id: figure for figure in figures}


def _check_criteria(bilan: Bilan, figures: Mapping[str, Figure]) -> None:
    _check_identifiers((each.id, f"criteria[{number}].id") for number, each in enumerate(bilan.criteria))
    for number, criterion in enumerate(bilan.criteria):
        path = f"criteria[{number}]"
        _check_decimal(criterion.threshold.value, f"{path}.threshold.value")
        figure = figures.get(criterion.figure)
        if figure is None:
            raise MalformedError(
                f"{place(f'{path}.figure')} vaut « {criterion.figure} », qui n’est pas un chiffre du bilan."
            )
        expected = result_of(figure, criterion.threshold)
        if criterion.result is not expected:
            raise MalformedError(
                f"{place(f'{path}.result')} vaut « {criterion.result} » : chiffre et seuil donnent « {expected} »."
            )


def _check_conclusion(bilan: Bilan) -> None:
    conclusion = bilan.conclusion
    expected = verdict_of([criterion.result for criterion in bilan.criteria])
    if conclusion.computed is not expected:
        raise MalformedError(
            f"« conclusion.computed » vaut « {conclusion.computed} » : les critères donnent « {expected} »."
        )
    missing = tuple(each.id for each in bilan.criteria if each.result is Result.NO_ANSWER)
    if conclusion.missing != missing:
        raise MalformedError("« conclusion.missing » : on attend les critères sans réponse, dans leur ordre.")
    if (conclusion.kept is conclusion.computed) != (conclusion.reason is None):
        raise MalformedError(
            "« conclusion.reason » : on attend une raison si la conclusion retenue s’écarte du calcul, et sinon aucune."
        )


def _check_sections(bilan: Bilan) -> None:
    _check_identifiers((each.id, f"sections[{number}].id") for number, each in enumerate(bilan.sections))
    placed = [
        (paragraph, f"sections[{number}].paragraphs[{rank}]")
        for number, section in enumerate(bilan.sections)
        for rank, paragraph in enumerate(section.paragraphs)
    ]
    _check_identifiers((paragraph.id, f"{path}.id") for paragraph, path in placed)
    for paragraph, path in placed:
        if paragraph.voice not in {Voice.COMMUNE, *bilan.sides}:
            raise MalformedError(
                f"{place(f'{path}.voice')} vaut « {paragraph.voice} », qui ne signe pas ici."
            )


def _check_commitments(bilan: Bilan) -> None:
    _check_identifiers((each.id, f"commitments[{rank}].id") for rank, each in enumerate(bilan.commitments))
    for rank, commitment in enumerate(bilan.commitments):
        path = f"commitments[{rank}]"
        if commitment.owner not in {Owner.COMMUN, *bilan.sides}:
            raise MalformedError(
                f"{place(f'{path}.owner')} vaut « {commitment.owner} », qui ne signe pas ici."
            )
        if commitment.state is Keeping.ABANDONED and commitment.reason is None:
            raise MalformedError(f"{place(f'{path}.reason')} : un abandon dit pourquoi.")
        if period_of(commitment.from_quarter).start > bilan.period.start:
            raise MalformedError(f"{place(f'{path}.from_quarter')} : ce trimestre est après celui du bilan.")


def _check_identifiers(placed: Iterable[tuple[str, str]]) -> None:
    seen: set[str] = set()
    for identifier, path in placed:
        if not _IDENTIFIER.fullmatch(identifier):
            raise MalformedError(
                f"{place(path)} : un identifiant tient en lettres sans accent, chiffres, « _ . : - »."
            )
        if identifier in seen:
            raise MalformedError(f"{place(path)} : « {identifier} » est déjà pris.")
        seen.add(identifier)


def _check_decimal(text: str | None, path: str) -> None:
    if text is None:
        return
    if not _DECIMAL.fullmatch(text) or (text.startswith("-") and not Decimal(text)):
        raise MalformedError(
            f"{place(path)} vaut « {text[:40]} » : on attend un nombre comme « 12 » ou « 0.85 »."
        )


def _texts(bilan: Bilan) -> Iterator[tuple[str, str]]:
    """Give every text that may cite a figure, with its place."""
    for number, section in enumerate(bilan.sections):
        yield f"sections[{number}].title", section.title
        for rank, paragraph in enumerate(section.paragraphs):
            yield f"sections[{number}].paragraphs[{rank}].text", paragraph.text
    for rank, each in enumerate(bilan.conclusion.explanation):
        yield f"conclusion.explanation[{rank}]", each
    yield "conclusion.reason", bilan.conclusion.reason or ""
    yield "reason", bilan.reason or ""
    for rank, commitment in enumerate(bilan.commitments):
        yield f"commitments[{rank}].text", commitment.text
        yield f"commitments[{rank}].reason", commitment.reason or ""
    for rank, each in enumerate(bilan.meeting.decisions if bilan.meeting else ()):
        yield f"meeting.decisions[{rank}]", each
    for rank, each in enumerate(bilan.limits):
        yield f"limits[{rank}]", each


def _check_tokens(text: str, path: str, figures: Mapping[str, Figure]) -> None:
    for found in TOKEN.finditer(text):
        if found[1] not in figures:
            raise MalformedError(f"{place(path)} cite « {found[1]} », qui n’est pas un chiffre du bilan.")
    rest = TOKEN.sub("", text)
    if "{{" in rest or "}}" in rest:
        raise MalformedError(
            f"{place(path)} : une citation de chiffre s’écrit « {{{{chiffre:identifiant}}}} »."
        )
