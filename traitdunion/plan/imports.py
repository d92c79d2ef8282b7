"""Read the plan's table: what each cell should hold, what the table would change, all or nothing."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches

from django.db import connection, transaction
from django.utils import timezone

from traitdunion.audit.actors import Actor
from traitdunion.core.choices import Kind
from traitdunion.exchange.cells import Cell, normalised
from traitdunion.exchange.difference import Change, ChangeKind, Difference, compare, shown
from traitdunion.exchange.errors import CellError
from traitdunion.exchange.registry import Column, Outcome, Progress
from traitdunion.exchange.tables import Row, Table
from traitdunion.identity.models import Mandate, Organisation
from traitdunion.plan import access, actions_table, lines, rules
from traitdunion.plan.actions_table import Line
from traitdunion.plan.kinds import LineKind, Owner, Periodicity, Provenance, Unit
from traitdunion.plan.kinds import Progress as Direction
from traitdunion.plan.lines import Fields, Key
from traitdunion.plan.models import Action, IndicatorValue, Target
from traitdunion.territories.queries import names_by_code
from traitdunion.territories.rules import UnknownDepartementError, departement_code

# One import at a time: two at once could open the same measure twice.
LOCK = 4_110_038
ROWS_BETWEEN_PROGRESS = 500
LARGEST = Decimal(10) ** 11

COLUMNS = (
    Column("type", True, "axe, section, mesure, indicateur, cible, valeur ou action"),
    Column("code", False, "Numéro ou code de la ligne ; vide pour une cible ou une valeur"),
    Column(
        "parent",
        False,
        "Code de ce dont la ligne dépend : axe d’une section, section d’une mesure, mesure d’un indicateur "
        "ou d’une action, indicateur d’une cible ou d’une valeur",
    ),
    Column("intitulé", False, "Titre de la ligne"),
    Column("texte", False, "Ce que demande la mesure"),
    Column("pilote", False, "Nom de l’organisation, tel que le site l’affiche"),
    Column("copilotes", False, "Noms séparés par « ; »"),
    Column("échéance", False, "Date limite d’une mesure ou d’une action"),
    Column("territoire", False, "Code du département ; vide pour la France entière"),
    Column("à la charge de", False, "préfecture, ARS, ou préfecture et ARS : action d’un département"),
    Column("unité", False, "part, nombre ou jours : indicateur"),
    Column("sens", False, "hausse ou baisse : ce qui est un progrès pour l’indicateur"),
    Column("définition", False, "Définition de l’indicateur"),
    Column("libellé numérateur", False, "Ce que compte l’indicateur"),
    Column("libellé dénominateur", False, "Sur combien"),
    Column("source", False, "D’où viennent les valeurs"),
    Column("périodicité", False, "chaque mois, chaque trimestre, chaque année ou une fois"),
    Column("date", False, "Jour d’une valeur, d’une cible, ou de l’ouverture d’une action"),
    Column("numérateur", False, "Nombre : valeur"),
    Column("dénominateur", False, "Nombre : valeur d’une part"),
    Column("cible", False, "Nombre ; en pour cent si l’indicateur est une part"),
    Column("provenance", False, "officiel, rédaction Trait d’union ou synthétique"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What one column holds on one kind of line."""

    read: Callable[["_Reader", Cell], object]
    required: bool = False
    fixed: bool = False  # set when the line is opened, never changed after


class _Reader:
    """Reads the cells of one table; what repeats from row to row is read once."""

    def __init__(self) -> None:
        self.departements = names_by_code()
        self._choices: dict[tuple[type[Kind], object], Kind] = {}
        self._territories: dict[object, str] = {"": "", None: ""}

    def choice[K: Kind](self, cell: Cell, kinds: type[K]) -> K | None:
        if cell.is_empty:
            return None
        known = self._choices.get((kinds, cell.value))
        if known is None:
            known = self._choices[(kinds, cell.value)] = cell.as_choice(kinds)
        return kinds(known.value)

    def territory(self, cell: Cell) -> str:
        known = self._territories.get(cell.value)
        if known is not None:
            return known
        typed = cell.as_text(max_length=60)
        try:
            code = departement_code(typed, self.departements) if typed else ""
        except UnknownDepartementError as refusal:
            raise cell.error(str(refusal)) from refusal
        self._territories[cell.value] = code
        return code


def _text(longest: int) -> Callable[[_Reader, Cell], str]:
    return lambda _reader, cell: cell.as_text(max_length=longest)


def _choice(kinds: type[Kind]) -> Callable[[_Reader, Cell], Kind | None]:
    return lambda reader, cell: reader.choice(cell, kinds)


def _day(_reader: _Reader, cell: Cell) -> date | None:
    return cell.if_any(Cell.as_date)


def _number(_reader: _Reader, cell: Cell) -> Decimal | None:
    number = cell.if_any(Cell.as_decimal)
    if number is None:
        return None
    if abs(number) >= LARGEST:
        raise cell.error(f"{number:f} a plus de onze chiffres ; un nombre plus petit était attendu.")
    rounded = number.quantize(Decimal("0.001"))
    if rounded != number:
        raise cell.error(f"{number:f} a plus de trois décimales ; trois au plus étaient attendues.")
    return rounded


def _percent(_reader: _Reader, cell: Cell) -> Decimal | None:
    # « 98 % » is 98 here: a target of a share is told in percent.
    number = _number(_reader, cell)
    is_percent = isinstance(cell.value, str) and cell.value.rstrip().endswith("%")
    return number * 100 if number is not None and is_percent else number


def _names(_reader: _Reader, cell: Cell) -> tuple[str, ...]:
    return tuple(sorted(name.strip() for name in cell.as_text().split(";") if name.strip()))


_provenance = Expected(read=_choice(Provenance), required=True)
_parent = Expected(read=_text(30), required=True, fixed=True)
EXPECTED: Mapping[LineKind, Mapping[str, Expected]] = {
    LineKind.AXE: {"intitulé": Expected(read=_text(250), required=True), "provenance": _provenance},
    LineKind.SECTION: {
        "parent": _parent,
        "intitulé": Expected(read=_text(250), required=True),
        "provenance": _provenance,
    },
    LineKind.MESURE: {
        "parent": _parent,
        "intitulé": Expected(read=_text(300), required=True),
        "texte": Expected(read=_text(4000)),
        "pilote": Expected(read=_text(150)),
        "copilotes": Expected(read=_names),
        "échéance": Expected(read=_day),
        "provenance": _provenance,
    },
    LineKind.INDICATEUR: {
        "parent": _parent,
        "intitulé": Expected(read=_text(200), required=True),
        "unité": Expected(read=_choice(Unit), required=True, fixed=True),
        "sens": Expected(read=_choice(Direction), required=True, fixed=True),
        "définition": Expected(read=_text(2000), required=True),
        "libellé numérateur": Expected(read=_text(200), required=True),
        "libellé dénominateur": Expected(read=_text(200)),
        "source": Expected(read=_text(200), required=True),
        "périodicité": Expected(read=_choice(Periodicity), required=True),
        "provenance": _provenance,
    },
    LineKind.CIBLE: {"cible": Expected(read=_percent, required=True)},
    LineKind.VALEUR: {
        "numérateur": Expected(read=_number, required=True),
        "dénominateur": Expected(read=_number),
        "provenance": _provenance,
    },
    LineKind.ACTION: {
        "parent": Expected(read=_text(30), fixed=True),
        "intitulé": Expected(read=_text(300), required=True),
        "pilote": Expected(read=_text(150)),
        "copilotes": Expected(read=_names),
        "échéance": Expected(read=_day),
        "territoire": Expected(read=lambda reader, cell: reader.territory(cell), fixed=True),
        "à la charge de": Expected(read=_choice(Owner), fixed=True),
        "date": Expected(read=_day, required=True, fixed=True),
        "provenance": Expected(read=_choice(Provenance), required=True, fixed=True),
    },
}
# What names the line itself, beside the fields above.
KEYED: Mapping[LineKind, tuple[str, ...]] = {
    kind: ("parent", "territoire", "date") if kind in {LineKind.CIBLE, LineKind.VALEUR} else ("code",)
    for kind in LineKind
}
CODE_LENGTHS = {LineKind.AXE: 3, LineKind.SECTION: 20, LineKind.MESURE: 20, LineKind.INDICATEUR: 30}
PARENTS = {
    LineKind.SECTION: LineKind.AXE,
    LineKind.MESURE: LineKind.SECTION,
    LineKind.INDICATEUR: LineKind.MESURE,
    LineKind.ACTION: LineKind.MESURE,
}


@dataclass(slots=True)
class _Reading:
    """What reading a table gave so far."""

    before: Mapping[Key, Fields]
    today: date
    headers: Sequence[str]  # those of ours that the table has
    errors: list[CellError] = field(default_factory=list)
    rows: dict[Key, Row] = field(default_factory=dict)
    after: dict[Key, Fields] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    changed: list[Line] = field(default_factory=list)


class PlanImporter:
    """The table of the plan."""

    kind = "plan"
    label = "Plan d’action"
    columns: Sequence[Column] = COLUMNS

    def may_import(self, mandate: Mandate) -> bool:
        """Whether the mandate words the plan."""
        return access.may_edit_plan(mandate)

    def check(self, table: Table, *, at: datetime, progress: Progress) -> Outcome:
        """Return what the table would change; write nothing."""
        reading = _read(table, timezone.localdate(at), progress)
        return Outcome(difference=Difference(reading.changes), errors=reading.errors)

    @transaction.atomic
    def apply(self, table: Table, *, actor: Actor, at: datetime, progress: Progress) -> Outcome:
        """Write the table, all or nothing."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        reading = _read(table, timezone.localdate(at), progress)
        difference = Difference(reading.changes)
        if not reading.errors and reading.changed:
            actions_table.write_lines(reading.changed, summary=difference.summary(), actor=actor, at=at)
        return Outcome(difference=difference, errors=reading.errors)


def _read(table: Table, today: date, progress: Progress) -> _Reading:
    table.require(["type"])
    before = lines.ledger(
        today,
        actions=Action.objects.all(),
        values=IndicatorValue.objects.all(),
        targets=Target.objects.all(),
    )
    reading = _Reading(
        before=before, today=today, headers=[header for header in lines.HEADERS[1:] if header in table]
    )
    reader = _Reader()
    total = len(table.rows)
    for done, row in enumerate(table.rows):
        if done % ROWS_BETWEEN_PROGRESS == 0:
            progress(done, total)
        _read_row(row, reader, reading)
    _check_parents(reading)
    _compare(reading)
    _check_organisations(reading)
    progress(total, total)
    return reading


# Cells


def _read_row(row: Row, reader: _Reader, reading: _Reading) -> None:
    found = len(reading.errors)
    try:
        kind = reader.choice(row["type"], LineKind)
        if kind is None:
            raise row["type"].error(
                "La cellule est vide ; on attend le type de la ligne, par exemple « mesure »."
            )
        key = _key(kind, row, reader)
    except CellError as error:
        reading.errors.append(error)
        return
    fields: Fields = {}
    expected = EXPECTED[kind]
    for header in reading.headers:
        cell = row.get(header)
        if cell is None or (header in KEYED[kind] and header not in expected):
            continue
        rule = expected.get(header)
        if rule is None:
            if not cell.is_empty:
                reading.errors.append(_useless(cell, header, kind))
            continue
        try:
            value = rule.read(reader, cell)
        except CellError as error:
            reading.errors.append(error)
            continue
        # What cannot be emptied is left as it is; a new line that lacks it is refused below.
        if value in (None, "") and (rule.required or rule.fixed):
            continue
        fields[header] = value
    if len(reading.errors) > found:
        return
    if key in reading.rows:
        first = reading.rows[key]
        reading.errors.append(
            _anchor(row, kind).error(
                f"« {key.subject} » figure déjà à la ligne {first.number} ; une seule ligne était attendue. "
                "Supprimez l’une des deux."
            )
        )
        return
    reading.rows[key] = row
    reading.after[key] = fields


def _useless(cell: Cell, header: str, kind: LineKind) -> CellError:
    return cell.error(f"La colonne « {header} » ne sert pas pour {_article(kind)} ; videz la cellule.")


def _article(kind: LineKind) -> str:
    return f"{'un' if kind in {LineKind.AXE, LineKind.INDICATEUR} else 'une'} {kind.label}"


def _anchor(row: Row, kind: LineKind) -> Cell:
    """Return the cell that names the line, to hang an error on."""
    return row.get(KEYED[kind][0]) or row["type"]


def _key(kind: LineKind, row: Row, reader: _Reader) -> Key:
    if kind in {LineKind.CIBLE, LineKind.VALEUR}:
        territory = row.get("territoire")
        return Key(
            kind=kind,
            code=_filled(row, "parent", "le code de l’indicateur", 30),
            territory="" if territory is None else reader.territory(territory),
            day=_required_cell(row, "date", "le jour").as_date(),
        )
    code = _filled(row, "code", "le code de la ligne", CODE_LENGTHS.get(kind, 40))
    if kind is LineKind.AXE and not (code.isascii() and code.isdigit() and int(code) > 0):
        raise row["code"].error(f"« {code} » a été lu ; un axe a un numéro, par exemple 4.")
    return Key(kind=kind, code=code)


def _required_cell(row: Row, header: str, what: str) -> Cell:
    cell = row.get(header)
    if cell is None:
        raise row["type"].error(f"La colonne « {header} » manque au tableau ; cette ligne attend {what}.")
    return cell


def _filled(row: Row, header: str, what: str, longest: int) -> str:
    cell = _required_cell(row, header, what)
    text = cell.as_text(max_length=longest)
    if not text:
        raise cell.error(f"La cellule est vide ; on attend {what}.")
    return text


# What the lines say together


def _check_parents(reading: _Reading) -> None:
    known = defaultdict(set)
    for key in (*reading.before, *reading.after):
        known[key.kind].add(key.code)
    for key, fields in reading.after.items():
        row = reading.rows[key]
        wanted = PARENTS.get(key.kind) or (LineKind.INDICATEUR if key.day is not None else None)
        parent = key.code if key.day is not None else str(fields.get("parent") or "")
        if wanted is None or not parent or parent in known[wanted]:
            continue
        near = get_close_matches(parent, known[wanted], n=2, cutoff=0.5)
        advice = f" Les plus proches : {', '.join(near)}." if near else ""
        reading.errors.append(
            row["parent"].error(
                f"« {parent} » n’est le code d’{_article(wanted)} ni dans le plan ni dans ce tableau.{advice}"
            )
        )


def _compare(reading: _Reading) -> None:
    history = _History(reading)
    for key, after in reading.after.items():
        before = reading.before.get(key)
        row = reading.rows[key]
        if before is None:
            whole = _completed(key, after, row, reading)
            if whole is not None and not _is_refused(key, whole, row, reading):
                reading.changes.append(history.added(key, whole))
                reading.changed.append(Line(key=key, before=None, after=whole))
            continue
        if _is_fixed_changed(key, before, after, row, reading):
            continue
        merged = {**before, **after}
        if merged == before or _is_refused(key, merged, row, reading):
            continue
        reading.changes.extend(_changes(key, before, merged, history))
        reading.changed.append(Line(key=key, before=before, after=merged))


def _completed(key: Key, after: Fields, row: Row, reading: _Reading) -> Fields | None:
    """Return a new line with every field, or report the required values that it lacks."""
    missing = [header for header, rule in EXPECTED[key.kind].items() if rule.required and header not in after]
    for header in missing:
        cell = row.get(header)
        reading.errors.append(
            cell.error(f"La cellule est vide ; {_article(key.kind)} attend « {header} ».")
            if cell is not None
            else _anchor(row, key.kind).error(
                f"« {key.subject} » est une ligne nouvelle ; le tableau n’a pas de colonne « {header} ». Ajoutez-la."
            )
        )
    if missing:
        return None
    empty: Fields = {"copilotes": (), "échéance": None, "dénominateur": None, "à la charge de": None}
    return {header: after.get(header, empty.get(header, "")) for header in EXPECTED[key.kind]}


def _is_fixed_changed(key: Key, before: Fields, after: Fields, row: Row, reading: _Reading) -> bool:
    wrong = [
        header
        for header, rule in EXPECTED[key.kind].items()
        if rule.fixed and header in after and after[header] != before[header]
    ]
    reading.errors.extend(
        row[header].error(
            f"« {shown(after[header]) or 'vide'} » a été lu ; « {header} » ne change plus après l’ouverture et "
            f"vaut « {shown(before[header]) or 'vide'} ». Rétablissez-le, ou ouvrez une autre ligne."
        )
        for header in wrong
    )
    return bool(wrong)


def _is_refused(key: Key, fields: Fields, row: Row, reading: _Reading) -> bool:
    """Report what the values of a line say against each other or against the calendar."""
    errors: list[CellError] = []
    opened = fields.get("date") if key.kind is LineKind.ACTION else None
    day = key.day if key.kind is LineKind.VALEUR else opened
    if isinstance(day, date) and day > reading.today:
        errors.append(
            row["date"].error(
                f"Le {day:%d/%m/%Y} est à venir ; on attend le {reading.today:%d/%m/%Y} au plus tard."
            )
        )
    if key.kind is LineKind.VALEUR:
        unit = _unit(key.code, reading)
        numerator, denominator = fields["numérateur"], fields["dénominateur"]
        if isinstance(numerator, Decimal) and (denominator is None or isinstance(denominator, Decimal)):
            problem = rules.value_problem(unit, numerator, denominator)
            if problem is not None:
                anchor = row.get("numérateur") or row["type"]
                errors.append(anchor.error(f"{problem[:1].upper()}{problem[1:]}."))
    if key.kind is LineKind.ACTION and bool(fields["territoire"]) != (fields["à la charge de"] is not None):
        anchor = row.get("à la charge de") or row["type"]
        errors.append(
            anchor.error(
                "Une action d’un département dit qui la doit : préfecture, ARS, ou les deux."
                if fields["territoire"]
                else "Une action nationale n’est à la charge d’aucun côté ; videz la cellule ou donnez le territoire."
            )
        )
    reading.errors.extend(errors)
    return bool(errors)


def _unit(code: str, reading: _Reading) -> Unit:
    fields = _indicator(code, reading)
    unit = fields.get("unité")
    return unit if isinstance(unit, Unit) else Unit.COUNT


def _indicator(code: str, reading: _Reading) -> Fields:
    key = Key(kind=LineKind.INDICATEUR, code=code)
    return {**reading.before.get(key, {}), **reading.after.get(key, {})}


def _changes(key: Key, before: Fields, after: Fields, history: "_History") -> Iterator[Change]:
    if key.kind is not LineKind.VALEUR:
        yield from compare(key.subject, _as_read(before), _as_read(after))
        return
    former, latter = history.figure(key, before), history.figure(key, after)
    if (before["numérateur"], before["dénominateur"]) != (after["numérateur"], after["dénominateur"]):
        kind = ChangeKind.REGRESSED if history.is_worse(key.code, former, latter) else ChangeKind.CHANGED
        yield Change(kind, key.subject, "valeur", _two_numbers(before), _two_numbers(after))
    yield from compare(key.subject, {"provenance": before["provenance"]}, {"provenance": after["provenance"]})


def _as_read(fields: Fields) -> dict[str, object]:
    return {
        header: lines.BETWEEN_NAMES.join(value) if isinstance(value, tuple) else value
        for header, value in fields.items()
    }


def _two_numbers(fields: Fields) -> str:
    numerator, denominator = shown(fields["numérateur"]), shown(fields["dénominateur"])
    return f"{numerator}" if denominator is None else f"{numerator} sur {denominator}"


class _History:
    """The values of each territory in the order of days, the table's included: what came just before."""

    def __init__(self, reading: _Reading) -> None:
        self._reading = reading
        self._values = {
            key: {**reading.before.get(key, {}), **reading.after.get(key, {})}
            for key in {**reading.before, **reading.after}
            if key.kind is LineKind.VALEUR
        }
        self._days: dict[tuple[str, str], list[date]] = defaultdict(list)
        for key in self._values:
            if key.day is not None:
                self._days[key.code, key.territory].append(key.day)
        for days in self._days.values():
            days.sort()

    def figure(self, key: Key, fields: Fields) -> Decimal | None:
        """Return the figure that is read."""
        numerator, denominator = fields.get("numérateur"), fields.get("dénominateur")
        if not isinstance(numerator, Decimal) or not isinstance(denominator, Decimal | None):
            return None
        if denominator is not None and denominator <= 0:
            return None
        return rules.reading(_unit(key.code, self._reading), numerator, denominator)

    def is_worse(self, code: str, before: Decimal | None, after: Decimal | None) -> bool:
        """Whether ``after`` goes the wrong way."""
        if before is None or after is None:
            return False
        better_up = _indicator(code, self._reading).get("sens") is not Direction.BAISSE
        return rules.went_back(before, after, higher_is_better=better_up)

    def added(self, key: Key, fields: Fields) -> Change:
        """Return the change of a new line: a new value worse than the one before it goes back."""
        if key.kind is LineKind.VALEUR and key.day is not None:
            days = self._days[key.code, key.territory]
            place = bisect_left(days, key.day)
            if place > 0:
                former = Key(kind=key.kind, code=key.code, territory=key.territory, day=days[place - 1])
                held = self._values[former]
                if self.is_worse(key.code, self.figure(former, held), self.figure(key, fields)):
                    before = f"{_two_numbers(held)} au {days[place - 1]:%d/%m/%Y}"
                    return Change(ChangeKind.REGRESSED, key.subject, "valeur", before, _two_numbers(fields))
            return Change(ChangeKind.ADDED, key.subject, after=_two_numbers(fields))
        return Change(
            ChangeKind.ADDED, key.subject, after=shown(fields.get("intitulé") or fields.get("cible"))
        )


def _check_organisations(reading: _Reading) -> None:
    """Report the pilots that are not known by their name, on the lines that change only."""
    named = [line for line in reading.changed if line.organisations]
    if not named:
        return
    known: dict[str, list[str]] = defaultdict(list)
    for name in Organisation.objects.filter(closed_on=None).values_list("name", flat=True):
        known[normalised(name)].append(name)
    for line in named:
        row = reading.rows[line.key]
        for header in ("pilote", "copilotes"):
            told = line.names(header)
            was = line.names(header, of=line.before)
            for name in told:
                if name in was:
                    continue
                problem = _organisation_problem(name, known)
                if problem is not None:
                    reading.errors.append((row.get(header) or row["type"]).error(problem))


def _organisation_problem(name: str, known: Mapping[str, Sequence[str]]) -> str | None:
    found = known.get(normalised(name), ())
    if len(found) == 1:
        return None
    if found:
        return (
            f"« {name} » désigne {len(found)} organisations ; un nom qui n’en désigne qu’une était attendu."
        )
    near = get_close_matches(normalised(name), known, n=2, cutoff=0.6)
    advice = f" Les plus proches : {_joined(known[each][0] for each in near)}." if near else ""
    return f"« {name} » n’est le nom d’aucune organisation ouverte.{advice}"


def _joined(names: Iterable[str]) -> str:
    return ", ".join(f"« {name} »" for name in names)
