"""Read the plan's table: what each cell should hold, what the table would change, all or nothing."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path

from django.db import connection, transaction
from django.utils import timezone

from traitdunion.audit.actors import Actor
from traitdunion.exchange.cells import Cell, normalised
from traitdunion.exchange.difference import Change, ChangeKind, Difference, compare, shown
from traitdunion.exchange.errors import CellError
from traitdunion.exchange.registry import Column, Outcome, Progress
from traitdunion.exchange.tables import Row, Table
from traitdunion.identity.models import Mandate, Organisation
from traitdunion.plan import access, actions_table, imports_proofs, lines, rules
from traitdunion.plan.import_columns import (
    CODE_LENGTHS,
    COLUMNS,
    EXPECTED,
    KEYED,
    OF_ANOTHER,
    PARENTS,
    Reader,
    article,
)
from traitdunion.plan.import_reading import Reading
from traitdunion.plan.kinds import EventKind, LineKind, OriginKind, Unit
from traitdunion.plan.kinds import Progress as Direction
from traitdunion.plan.lines import Fields, Key, Line
from traitdunion.plan.models import Action, IndicatorValue, Target

# One import at a time: two at once could open the same measure twice.
LOCK = 4_110_038
ROWS_BETWEEN_PROGRESS = 500
# What a new line holds where the table says nothing; elsewhere, an empty text.
EMPTY: Fields = {
    "copilotes": (),
    "échéance": None,
    "dénominateur": None,
    "à la charge de": None,
    "rang": None,
    "origine": OriginKind.MEASURE,
    "référence d’origine": None,
    "expire le": None,
    "preuves": (),
    lines.ENDED: None,
}


class PlanImporter:
    """The table of the plan."""

    kind = "plan"
    label = "Plan d’action"
    columns: Sequence[Column] = COLUMNS

    def __init__(self, documents: Mapping[str, Path] | None = None) -> None:
        """Take the documents brought beside the table, by SHA-256; others must be deposited already."""
        self.documents = documents or {}

    def may_import(self, mandate: Mandate) -> bool:
        """Whether the mandate words the plan."""
        return access.may_edit_plan(mandate)

    def check(self, table: Table, *, at: datetime, progress: Progress) -> Outcome:
        """Return what the table would change; write nothing."""
        reading = _read(table, timezone.localdate(at), self.documents, progress)
        return Outcome(difference=Difference(reading.changes), errors=reading.errors)

    @transaction.atomic
    def apply(self, table: Table, *, actor: Actor, at: datetime, progress: Progress) -> Outcome:
        """Write the table, all or nothing."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        reading = _read(table, timezone.localdate(at), self.documents, progress)
        difference = Difference(reading.changes)
        if not reading.errors and reading.changed:
            actions_table.write_lines(
                reading.changed,
                documents=self.documents,
                summary=difference.summary(),
                actor=actor,
                at=at,
            )
        return Outcome(difference=difference, errors=reading.errors)


def _read(table: Table, today: date, documents: Mapping[str, Path], progress: Progress) -> Reading:
    table.require(["type"])
    before = lines.ledger(
        today,
        actions=Action.objects.all(),
        values=IndicatorValue.objects.all(),
        targets=Target.objects.all(),
    )
    present = {normalised(header) for header in table.headers}
    reading = Reading(
        before=before,
        today=today,
        headers=[header for header in lines.HEADERS[1:] if normalised(header) in present],
        documents=documents,
    )
    reader = Reader()
    total = len(table.rows)
    for done, row in enumerate(table.rows):
        if done % ROWS_BETWEEN_PROGRESS == 0:
            progress(done, total)
        _read_row(row, reader, reading)
    imports_proofs.recognise(reading)
    _check_parents(reading)
    _compare(reading)
    imports_proofs.check(reading)
    _check_organisations(reading)
    progress(total, total)
    return reading


# Cells


def _read_row(row: Row, reader: Reader, reading: Reading) -> None:
    found = len(reading.errors)
    try:
        kind = reader.choice(row["type"], LineKind)
        if kind is None:
            raise row["type"].error(
                "La cellule est vide ; on attend le type de la ligne, par exemple « mesure »."
            )
        key = _key(kind, row, reader, reading)
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
        if value in (None, "", ()) and rule.keeps_when_empty:
            continue
        fields[header] = value
    if len(reading.errors) > found:
        return
    if key in reading.rows:
        first = reading.rows[key]
        reading.errors.append(
            _anchor(row, kind).error(
                f"« {lines.subject(key, fields)} » figure déjà à la ligne {first.number} ; "
                "une seule ligne était attendue. Supprimez l’une des deux."
            )
        )
        return
    reading.rows[key] = row
    reading.after[key] = fields


def _useless(cell: Cell, header: str, kind: LineKind) -> CellError:
    return cell.error(f"La colonne « {header} » ne sert pas pour {article(kind)} ; videz la cellule.")


def _anchor(row: Row, kind: LineKind) -> Cell:
    """Return the cell that names the line, to hang an error on."""
    return row.get(KEYED[kind][0]) or row["type"]


def _key(kind: LineKind, row: Row, reader: Reader, reading: Reading) -> Key:
    if kind in {LineKind.CIBLE, LineKind.VALEUR}:
        territory = row.get("territoire")
        return Key(
            kind=kind,
            code=_filled(row, "parent", "le code de l’indicateur", 30),
            territory="" if territory is None else reader.territory(territory),
            day=_required_cell(row, "date", "le jour").as_date(),
        )
    if kind is LineKind.FAIT:
        return _fact_key(row, reader, reading)
    code = _filled(row, "code", "le code de la ligne", CODE_LENGTHS.get(kind, 40))
    if kind is LineKind.AXE and not (code.isascii() and code.isdigit() and int(code) > 0):
        raise row["code"].error(f"« {code} » a été lu ; un axe a un numéro, par exemple 4.")
    if kind in imports_proofs.WORDS:
        return Key(kind=kind, code=str(lines.public_id(kind, code)))
    return Key(kind=kind, code=code)


def _fact_key(row: Row, reader: Reader, reading: Reading) -> Key:
    code = _filled(row, "parent", "le code de l’action", 40)
    cell = _required_cell(row, "fait", "ce qui s’est passé")
    fact = reader.choice(cell, EventKind)
    if fact is None:
        raise cell.error("La cellule est vide ; on attend ce qui s’est passé, par exemple « lancée ».")
    key = Key(kind=LineKind.FAIT, code=code, day=_required_cell(row, "date", "le jour").as_date(), fact=fact)
    reading.facts[key] += 1
    return replace(key, rank=reading.facts[key])


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


def _check_parents(reading: Reading) -> None:
    known = reading.codes()
    for key, fields in reading.after.items():
        wanted = PARENTS.get(key.kind, ())
        parent = key.code if key.kind in OF_ANOTHER else str(fields.get("parent") or "")
        if not wanted or not parent or any(parent in known[kind] for kind in wanted):
            continue
        near = get_close_matches(parent, set().union(*(known[kind] for kind in wanted)), n=2, cutoff=0.5)
        advice = f" Les plus proches : {', '.join(near)}." if near else ""
        kinds = " ou ".join(f"d’{article(kind)}" for kind in wanted)
        reading.errors.append(
            reading.cell(key, "parent").error(
                f"« {parent} » n’est le code {kinds} ni dans le plan ni dans ce tableau.{advice}"
            )
        )


def _compare(reading: Reading) -> None:
    history = _History(reading)
    for key, after in reading.after.items():
        before = reading.before.get(key)
        row = reading.rows[key]
        if before is None:
            whole = _completed(key, after, row, reading)
            if whole is not None and not _is_refused(key, whole, None, row, reading):
                reading.changes.append(history.added(key, whole))
                reading.changed.append(Line(key=key, before=None, after=whole))
            continue
        told = {header: _kept(before[header], value) for header, value in after.items()}
        if _is_fixed_changed(key, before, told, row, reading):
            continue
        merged = {**before, **told}
        if merged == before or _is_refused(key, merged, before, row, reading):
            continue
        reading.changes.extend(_changes(key, before, merged, history))
        reading.changed.append(Line(key=key, before=before, after=merged))


def _kept(before: object, after: object) -> object:
    """Return what is known when the table says the same: the spaces around a text do not count."""
    is_same = isinstance(before, str) and type(before) is type(after) and before.strip() == after
    return before if is_same else after


def _completed(key: Key, after: Fields, row: Row, reading: Reading) -> Fields | None:
    """Return a new line with every field, or report the required values that it lacks."""
    missing = [header for header, rule in EXPECTED[key.kind].items() if rule.required and header not in after]
    for header in missing:
        cell = row.get(header)
        reading.errors.append(
            cell.error(f"La cellule est vide ; {article(key.kind)} attend « {header} ».")
            if cell is not None
            else _anchor(row, key.kind).error(
                f"« {lines.subject(key, after)} » est une ligne nouvelle ; le tableau n’a pas de colonne "
                f"« {header} ». Ajoutez-la."
            )
        )
    if missing:
        return None
    return {header: after.get(header, EMPTY.get(header, "")) for header in EXPECTED[key.kind]}


def _is_fixed_changed(key: Key, before: Fields, after: Fields, row: Row, reading: Reading) -> bool:
    found = len(reading.errors)
    for header, rule in EXPECTED[key.kind].items():
        if header not in after or after[header] == before[header]:
            continue
        was = shown(before[header]) or "vide"
        if rule.fixed:
            reading.errors.append(
                row[header].error(
                    f"« {shown(after[header]) or 'vide'} » a été lu ; « {header} » ne change plus après "
                    f"l’ouverture et vaut « {was} ». Rétablissez-le, ou ouvrez une autre ligne."
                )
            )
        elif rule.ends and before[header] is not None:
            reading.errors.append(
                row[header].error(
                    f"« {shown(after[header])} » a été lu ; ce jour est déjà noté, « {was} », et ne change plus. "
                    "Rétablissez-le."
                )
            )
        elif rule.grows and not set(before[header]) <= set(after[header]):
            lost = [code for code in before[header] if code not in after[header]]
            reading.errors.append(
                row[header].error(
                    f"{_joined(lost)} n’est plus dans la liste ; ce qui a prouvé un énoncé lui reste lié. "
                    "Reprenez son code, ou retirez la preuve."
                )
            )
    return len(reading.errors) > found


def _is_refused(key: Key, fields: Fields, before: Fields | None, row: Row, reading: Reading) -> bool:
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
    if key.kind is LineKind.FAIT or key.kind in imports_proofs.WORDS:
        errors.extend(imports_proofs.problems(key, fields, before, reading))
    reading.errors.extend(errors)
    return bool(errors)


def _unit(code: str, reading: Reading) -> Unit:
    fields = _indicator(code, reading)
    unit = fields.get("unité")
    return unit if isinstance(unit, Unit) else Unit.COUNT


def _indicator(code: str, reading: Reading) -> Fields:
    return reading.fields(LineKind.INDICATEUR, code)


def _changes(key: Key, before: Fields, after: Fields, history: "_History") -> Iterator[Change]:
    if key.kind is not LineKind.VALEUR:
        subject = lines.subject(key, after)
        yield from compare(subject, _as_read(before), _as_read(after), is_worse=_is_withdrawn(key.kind))
        return
    former, latter = history.figure(key, before), history.figure(key, after)
    if (before["numérateur"], before["dénominateur"]) != (after["numérateur"], after["dénominateur"]):
        kind = ChangeKind.REGRESSED if history.is_worse(key.code, former, latter) else ChangeKind.CHANGED
        yield Change(kind, key.subject, "valeur", _two_numbers(before), _two_numbers(after))
    yield from compare(key.subject, {"provenance": before["provenance"]}, {"provenance": after["provenance"]})


def _is_withdrawn(kind: LineKind) -> Callable[[str, object, object], bool]:
    """Return what says whether a value goes the wrong way: a piece or a statement that is withdrawn does."""
    withdrawn = {LineKind.PREUVE, LineKind.ENONCE}
    return lambda header, _before, _after: kind in withdrawn and header == lines.ENDED


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

    def __init__(self, reading: Reading) -> None:
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
        words = (
            fields.get(header)
            for header in ("intitulé", "cible", "chiffre", "précision", "peut être levé par")
        )
        return Change(
            ChangeKind.ADDED,
            lines.subject(key, fields),
            after=shown(next((each for each in words if each), None)),
        )


def _check_organisations(reading: Reading) -> None:
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
