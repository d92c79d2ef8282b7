"""The table of conventions that comes in and goes out: one row for one convention. Plain Python."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from traitdunion.conventions.kinds import Step
from traitdunion.conventions.rules import first_day_after
from traitdunion.core.errors import Refusal
from traitdunion.exchange.registry import Column
from traitdunion.exchange.tables import Cell, CellError, Row
from traitdunion.exchange.writers import Written
from traitdunion.identity.kinds import Side

DEPARTEMENT: Final = "département"
TITLE: Final = "intitulé"
REFERENCE: Final = "référence"
STEP: Final = "étape"
TEMPLATE: Final = "modèle"
STARTS_ON: Final = "entrée en vigueur"
ENDS_ON: Final = "fin"
DENOUNCED_ON: Final = "dénoncée le"
DENOUNCED_REASON: Final = "motif dénonciation"
UNKNOWN_NAME: Final = "non précisé"
UNKNOWN_QUALITY: Final = "non précisée"
# Where each side stands in the names of the columns.
SAID: Final = {Side.PREFECTURE: "préfecture", Side.ARS: "ars"}


# What a table may declare: a text given up is no convention, and leaves the table.
STEPS: Final = (Step.PROJET, Step.RELECTURE, Step.A_SIGNER)
SIGNED_ON: Final = {side: f"signée {said} le" for side, said in SAID.items()}


def signed_column(side: Side) -> str:
    """Return the column of the day a side signed."""
    return SIGNED_ON[side]


def name_column(side: Side) -> str:
    """Return the column of who signed for a side."""
    return f"signataire {SAID[side]}"


def quality_column(side: Side) -> str:
    """Return the column of the quality of who signed."""
    return f"qualité {SAID[side]}"


COLUMNS: Final[Sequence[Column]] = (
    Column(DEPARTEMENT, True, "Code officiel : 01, 2A, 67, 974…"),
    Column(TITLE, True, "Intitulé de la convention, 250 signes au plus."),
    Column(REFERENCE, False, "Référence propre au département : elle sert à retrouver la convention."),
    Column(STEP, False, "Tant qu’elle n’est pas signée des deux côtés : projet, relecture ou à signer."),
    Column(TEMPLATE, False, "Nom de la version du modèle national que le texte suit."),
    *(
        column
        for side in Side
        for column in (
            Column(signed_column(side), False, "Jour de la signature de ce côté, jamais à venir."),
            Column(
                name_column(side),
                False,
                "Nom du signataire ; connu du site, son pouvoir est vérifié à cette date.",
            ),
            Column(quality_column(side), False, "Qualité du signataire, ou référence de sa délégation."),
        )
    ),
    Column(STARTS_ON, False, "Premier jour ; à défaut, le jour de la dernière signature."),
    Column(ENDS_ON, False, "Dernier jour, inclus ; vide s’il n’y a pas de terme."),
    Column(DENOUNCED_ON, False, "Premier jour où elle ne s’applique plus, par dénonciation."),
    Column(DENOUNCED_REASON, False, "Pourquoi elle est dénoncée, 300 signes au plus."),
)
HEADERS: Final = tuple(column.name for column in COLUMNS)


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature as the table says it."""

    on: date
    name: str = UNKNOWN_NAME
    quality: str = UNKNOWN_QUALITY


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one row says of a convention.

    ``signed_on`` is the day of the last of the two signatures, None while one is missing.
    """

    code: str
    title: str
    reference: str = ""
    step: Step | None = None
    template: str = ""
    signed: Mapping[Side, Signed] = field(default_factory=dict)
    starts_on: date | None = None
    ends_on: date | None = None
    denounced_on: date | None = None
    denounced_reason: str = ""
    signed_on: date | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        if len(self.signed) == len(Side):
            object.__setattr__(self, "signed_on", max(each.on for each in self.signed.values()))

    @property
    def period(self) -> tuple[date, date | None] | None:
        """First day in force and first day after; None when not signed, or when no day is left."""
        if self.signed_on is None or self.starts_on is None:
            return None
        stop = first_day_after(ends_on=self.ends_on, denounced_on=self.denounced_on)
        return None if stop is not None and stop <= self.starts_on else (self.starts_on, stop)

    def values(self) -> dict[str, Written]:
        """Return every value under its column."""
        values: dict[str, Written] = {
            DEPARTEMENT: self.code,
            TITLE: self.title,
            REFERENCE: self.reference,
            STEP: self.step,
            TEMPLATE: self.template,
        }
        for side in Side:
            signed = self.signed.get(side)
            values[signed_column(side)] = signed.on if signed else None
            values[name_column(side)] = signed.name if signed else ""
            values[quality_column(side)] = signed.quality if signed else ""
        return values | {
            STARTS_ON: self.starts_on,
            ENDS_ON: self.ends_on,
            DENOUNCED_ON: self.denounced_on,
            DENOUNCED_REASON: self.denounced_reason,
        }

    @property
    def subject(self) -> str:
        """How a person names the convention in a difference."""
        return f"{self.code}, {self.reference or self.title}"

    @property
    def identity(self) -> tuple[str, ...]:
        """What makes it one convention among those of its département."""
        if self.reference:
            return self.code, "référence", self.reference.casefold()
        if self.starts_on is not None:
            return self.code, "entrée en vigueur", self.starts_on.isoformat()
        return self.code, "intitulé", self.title.casefold()


def is_worse(column: str, before: object, after: object) -> bool:
    """Whether a value goes the wrong way: shorter life, later signature, a step back, something lost."""
    if after in {None, ""}:
        return column != ENDS_ON and before not in {None, ""}
    if column == ENDS_ON:
        return before is None or (isinstance(before, date) and isinstance(after, date) and after < before)
    if column == STARTS_ON or column in SIGNED_ON.values():
        return isinstance(before, date) and isinstance(after, date) and after > before
    if column == DENOUNCED_ON:
        return before is None or (isinstance(before, date) and isinstance(after, date) and after < before)
    if column == STEP:
        return before in list(Step) and list(Step).index(Step(str(after))) < list(Step).index(
            Step(str(before))
        )
    return False


# Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """What is needed to read a row.

    Attributes:
        code_of: gives the official code of what was typed, or refuses it with the nearest valid ones.
        templates: names of the versions of the national model.
        today: gives the day it is in a département.
        present: the columns that the table has.
    """

    code_of: Callable[[str], str]
    templates: Sequence[str]
    today: Callable[[str], date]
    present: frozenset[str]

    def code(self, row: Row) -> str:
        """Return the code of the département of a row.

        Raises:
            CellError: it names none.
        """
        cell = row[DEPARTEMENT]
        if cell.is_empty:
            raise cell.error("La cellule est vide ; le code d’un département était attendu, par exemple 67.")
        try:
            return self.code_of(cell.as_text())
        except CellError:
            raise
        except Refusal as refusal:
            raise cell.error(str(refusal)) from refusal

    def read(self, row: Row, code: str, known: Line | None) -> tuple[Line | None, list[CellError]]:
        """Return the line that a row says, or what is wrong in its cells.

        Args:
            row: the row.
            code: its département.
            known: what is known of the convention; what a missing column does not say is taken from it.
        """
        errors: list[CellError] = []

        def take[T](column: str, read: Callable[[Cell], T], otherwise: T) -> T:
            if column not in self.present:
                return otherwise
            cell = row[column]
            if cell.is_empty:
                return otherwise
            try:
                return read(cell)
            except CellError as error:
                errors.append(error)
                return otherwise

        def kept[T](column: str, value: T, empty: T) -> T:
            """Return the value known when the table has no such column."""
            return value if column not in self.present else empty

        base = known or Line(code=code, title="")
        title = take(TITLE, _text(250), "")
        if not title and not any(error.column == row[TITLE].column for error in errors):
            errors.append(
                row[TITLE].error("La cellule est vide ; l’intitulé de la convention était attendu.")
            )
        line = Line(
            code=code,
            title=title,
            reference=take(REFERENCE, _text(100), kept(REFERENCE, base.reference, "")),
            step=take(STEP, lambda cell: cell.as_choice(STEPS), None),
            template=take(TEMPLATE, self._template, kept(TEMPLATE, base.template, "")),
            signed=self._signed(row, code, base, take, errors),
            starts_on=take(STARTS_ON, Cell.as_date, kept(STARTS_ON, base.starts_on, None)),
            ends_on=take(ENDS_ON, Cell.as_date, kept(ENDS_ON, base.ends_on, None)),
            denounced_on=take(DENOUNCED_ON, Cell.as_date, kept(DENOUNCED_ON, base.denounced_on, None)),
            denounced_reason=take(
                DENOUNCED_REASON, _text(300), kept(DENOUNCED_REASON, base.denounced_reason, "")
            ),
        )
        if errors:
            return None, errors
        line = _completed(line, base)
        errors += _wrong_dates(row, line) + _wrong_steps(row, line) + _lost(row, line, known)
        return (None if errors else line), errors

    def _template(self, cell: Cell) -> str:
        name = cell.as_text()
        if name in self.templates:
            return name
        shown = ", ".join(f"« {each} »" for each in self.templates[:5]) or "aucune pour l’instant"
        raise cell.error(
            f"« {name[:60]} » n’est pas une version du modèle national ; versions connues : {shown}."
        )

    def _signed(
        self,
        row: Row,
        code: str,
        base: Line,
        take: Callable[..., object],
        errors: list[CellError],
    ) -> dict[Side, Signed]:
        found: dict[Side, Signed] = {}
        for side in Side:
            before = base.signed.get(side)
            if signed_column(side) not in self.present:
                if before:
                    found[side] = before
                continue
            on = take(signed_column(side), Cell.as_date, None)
            name = take(name_column(side), _text(120), "")
            quality = take(quality_column(side), _text(150), "")
            if isinstance(on, date):
                today = self.today(code)
                if on > today:
                    errors.append(
                        row[signed_column(side)].error(
                            f"La signature est datée du {on:%d/%m/%Y}, un jour à venir ; "
                            f"une date jusqu’au {today:%d/%m/%Y} était attendue."
                        )
                    )
                found[side] = _named(on, str(name), str(quality), before, row, side)
            elif (name or quality) and row[signed_column(side)].is_empty:
                errors.append(
                    row[signed_column(side)].error(
                        "La cellule est vide alors qu’un signataire est nommé ; "
                        "le jour de sa signature était attendu."
                    )
                )
        return found


def _named(on: date, name: str, quality: str, before: Signed | None, row: Row, side: Side) -> Signed:
    """Return a signature whose missing columns are taken from what is known."""
    if before is not None:
        name = name or (before.name if name_column(side) not in row else "")
        quality = quality or (before.quality if quality_column(side) not in row else "")
    return Signed(on, name or UNKNOWN_NAME, quality or UNKNOWN_QUALITY)


def _text(max_length: int) -> Callable[[Cell], str]:
    return lambda cell: " ".join(cell.as_text(max_length=max_length).split())


def _completed(line: Line, base: Line) -> Line:
    """Return the line with what the rules say when the table does not."""
    if line.signed_on is not None:
        return replace(line, starts_on=line.starts_on or line.signed_on)
    if line.step is not None:
        return line
    if line.signed:
        return replace(line, step=Step.A_SIGNER)
    return replace(line, step=base.step or Step.PROJET)


def _wrong_dates(row: Row, line: Line) -> list[CellError]:
    errors = []
    ends_on, signed_on = line.ends_on, line.signed_on
    if ends_on is not None and line.starts_on is not None and ends_on < line.starts_on:
        errors.append(
            _cell(row, ENDS_ON).error(
                f"La convention finirait le {ends_on:%d/%m/%Y}, avant de commencer, le "
                f"{line.starts_on:%d/%m/%Y} ; une date plus tardive était attendue."
            )
        )
    elif ends_on is not None and signed_on is not None and ends_on < signed_on:
        errors.append(
            _cell(row, ENDS_ON).error(
                f"Le dernier jour, le {ends_on:%d/%m/%Y}, précède la dernière signature, le "
                f"{signed_on:%d/%m/%Y} ; une date plus tardive était attendue."
            )
        )
    return errors + _wrong_denunciation(row, line)


def _wrong_denunciation(row: Row, line: Line) -> list[CellError]:
    denounced_on = line.denounced_on
    if denounced_on is None:
        if not line.denounced_reason:
            return []
        return [
            _cell(row, DENOUNCED_ON).error(
                "La cellule est vide alors qu’un motif est écrit ; un jour était attendu."
            )
        ]
    cell = _cell(row, DENOUNCED_ON)
    if line.signed_on is None:
        return [
            cell.error(
                "Une convention qui n’est pas signée des deux côtés ne se dénonce pas ; videz la cellule."
            )
        ]
    if denounced_on <= line.signed_on:
        return [
            cell.error(
                f"La dénonciation, le {denounced_on:%d/%m/%Y}, précède la dernière signature, le "
                f"{line.signed_on:%d/%m/%Y} ; une date plus tardive était attendue."
            )
        ]
    if line.ends_on is not None and denounced_on > line.ends_on:
        return [
            cell.error(
                f"La convention avait déjà pris fin le {line.ends_on:%d/%m/%Y} ; une dénonciation antérieure, "
                "ou une cellule vide, était attendue."
            )
        ]
    if not line.denounced_reason:
        return [
            _cell(row, DENOUNCED_REASON, DENOUNCED_ON).error(
                "Le motif manque ; la raison de la dénonciation était attendue : l’autre partie la lira."
            )
        ]
    return []


def _wrong_steps(row: Row, line: Line) -> list[CellError]:
    if line.step is None:
        return []
    if line.signed_on is not None:
        return [
            _cell(row, STEP).error(
                "La convention est signée des deux côtés : elle n’est plus en rédaction ; "
                "une cellule vide était attendue."
            )
        ]
    if line.signed and line.step is not Step.A_SIGNER:
        return [
            _cell(row, STEP).error(
                f"« {line.step.label} » a été lu alors qu’un côté a signé ; « à signer » était attendu."
            )
        ]
    return []


def _lost(row: Row, line: Line, known: Line | None) -> list[CellError]:
    """Refuse that an empty cell erases what both sides did."""
    if known is None:
        return []
    errors = [
        row[signed_column(side)].error(
            f"La cellule est vide alors qu’une signature du {known.signed[side].on:%d/%m/%Y} est connue ; "
            "une case vide ne l’efface pas. Reprenez cette date, ou corrigez-la."
        )
        for side in Side
        if side in known.signed and side not in line.signed
    ]
    if known.denounced_on is not None and line.denounced_on is None:
        errors.append(
            _cell(row, DENOUNCED_ON).error(
                f"La cellule est vide alors qu’une dénonciation au {known.denounced_on:%d/%m/%Y} est connue ; "
                "une case vide ne l’efface pas. Reprenez cette date, ou corrigez-la."
            )
        )
    return errors


def _cell(row: Row, *columns: str) -> Cell:
    """Return the first of these cells that the table has, else that of the title."""
    for column in columns:
        cell = row.get(column)
        if cell is not None:
            return cell
    return row[TITLE]
