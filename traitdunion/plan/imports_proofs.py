"""What a table says of facts, blockers, evidence and statements: found again, and held to the rules of the pages."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date

from traitdunion.exchange.cells import normalised
from traitdunion.exchange.errors import CellError
from traitdunion.plan import files, lines, rules
from traitdunion.plan.files import DocumentRefusedError
from traitdunion.plan.import_columns import article
from traitdunion.plan.import_reading import Reading
from traitdunion.plan.kinds import EventKind, EvidenceKind, LineKind, OriginKind
from traitdunion.plan.lines import ENDED, Fields, Key, Line
from traitdunion.plan.models import EvidenceFile

# By what a line without a known code is found again: written here before, or by another file.
WORDS = {
    LineKind.PREUVE: ("parent", "intitulé", "date"),
    LineKind.ENONCE: ("parent", "texte"),
    LineKind.BLOCAGE: ("parent", "cause", "date"),
}
SHORT_HASH = 12


# Found again


def recognise(reading: Reading) -> None:
    """Give the lines whose code is not known the key of the only one that says the same."""
    said: dict[tuple[object, ...], list[Key]] = defaultdict(list)
    unknown = [key for key in reading.after if key.kind in WORDS and key not in reading.before]
    if unknown:
        for key, fields in reading.before.items():
            if key.kind in WORDS and key not in reading.after:
                said[_words(key.kind, fields)].append(key)
    renamed: dict[str, str] = {}
    for key in unknown:
        found = said.get(_words(key.kind, reading.after[key]), [])
        if len(found) == 1 and found[0] not in reading.after:
            renamed[key.code] = found[0].code
            reading.rows[found[0]] = reading.rows.pop(key)
            reading.after[found[0]] = reading.after.pop(key)
    for key, fields in reading.after.items():
        if key.kind is LineKind.ENONCE and "preuves" in fields:
            codes = (str(lines.public_id(LineKind.PREUVE, code)) for code in fields["preuves"])
            named = tuple(renamed.get(code, code) for code in codes)
            former = reading.before.get(key, {}).get("preuves", ())
            # The order in which pieces were bound is kept; it is not a value.
            fields["preuves"] = (
                *(code for code in former if code in named),
                *(code for code in named if code not in former),
            )


def _words(kind: LineKind, fields: Fields) -> tuple[object, ...]:
    told = (fields.get(header) for header in WORDS[kind])
    return (kind, *(normalised(value) if type(value) is str else value for value in told))


# One line


def problems(key: Key, fields: Fields, before: Fields | None, reading: Reading) -> Iterator[CellError]:
    """Yield what the values of a line say against each other or against the calendar."""
    if before is None:
        yield from _begun(key, fields, reading)
        if key.kind is LineKind.PREUVE:
            yield from _piece(key, fields, reading)
    ended = fields.get(ENDED)
    if ended is not None and (before is None or before.get(ENDED) != ended):
        yield from _ended(key, fields, ended, reading)


def _begun(key: Key, fields: Fields, reading: Reading) -> Iterator[CellError]:
    day = key.day if key.kind is LineKind.FAIT else fields.get("date")
    if isinstance(day, date) and day > reading.today:
        yield reading.cell(key, "date").error(
            f"Le {day:%d/%m/%Y} est à venir ; on attend le {reading.today:%d/%m/%Y} au plus tard."
        )


def _piece(key: Key, fields: Fields, reading: Reading) -> Iterator[CellError]:
    expires_on, dated_on = fields["expire le"], fields["date"]
    if expires_on is not None and expires_on < dated_on:
        yield reading.cell(key, "expire le").error(
            f"La preuve expirerait le {expires_on:%d/%m/%Y}, avant sa date, le {dated_on:%d/%m/%Y}. "
            "Corrigez l’une des deux dates."
        )
    if fields["nature"] is EvidenceKind.FILE:
        for header in ("fichier", "empreinte"):
            if not fields[header]:
                yield reading.cell(key, header).error(
                    f"La cellule est vide ; un document déposé attend « {header} »."
                )
        return
    for header in ("fichier", "empreinte"):
        if fields[header]:
            yield reading.cell(key, header).error(
                f"« {header} » ne sert que pour un document déposé ; videz la cellule ou corrigez la nature."
            )
    if not fields["référence"] and not fields["adresse"]:
        yield reading.cell(key, "référence", "adresse").error(
            "Une preuve se retrouve ; sa référence ou son adresse était attendue."
        )


def _ended(key: Key, fields: Fields, ended: date, reading: Reading) -> Iterator[CellError]:
    cell, start = reading.cell(key, ENDED), fields["date"]
    if ended > reading.today:
        yield cell.error(
            f"Le {ended:%d/%m/%Y} est à venir ; on attend le {reading.today:%d/%m/%Y} au plus tard."
        )
    elif ended < start:
        what = "La levée" if key.kind is LineKind.BLOCAGE else "Le retrait"
        yield cell.error(
            f"{what}, le {ended:%d/%m/%Y}, précède {_of(key.kind)}, du {start:%d/%m/%Y} ; "
            "une date égale ou postérieure était attendue."
        )


def _of(kind: LineKind) -> str:
    return {LineKind.BLOCAGE: "le blocage", LineKind.PREUVE: "la preuve"}.get(kind, "la publication")


# What the lines say together


def check(reading: Reading) -> None:
    """Report what the lines that change say against one another."""
    by_kind: dict[LineKind, list[Line]] = defaultdict(list)
    for line in reading.changed:
        by_kind[line.key.kind].append(line)
    reading.errors.extend(_one_code(by_kind[LineKind.ACTION], by_kind[LineKind.MESURE], reading))
    reading.errors.extend(_origins(by_kind[LineKind.ACTION], reading))
    reading.errors.extend(_sequences(by_kind[LineKind.FAIT], reading))
    reading.errors.extend(_links(by_kind[LineKind.ENONCE], reading))
    reading.errors.extend(_documents(by_kind[LineKind.PREUVE], reading))


def _one_code(actions: Iterable[Line], measures: Iterable[Line], reading: Reading) -> Iterator[CellError]:
    """Refuse an action named as a measure: « parent » of a piece would say either."""
    fresh = [line.key for line in (*actions, *measures) if line.before is None]
    known = reading.codes() if fresh else {}
    for key in fresh:
        other = LineKind.MESURE if key.kind is LineKind.ACTION else LineKind.ACTION
        if key.code in known.get(other, ()):
            yield reading.cell(key).error(
                f"« {key.code} » est déjà le code d’{article(other)} ; un autre code était attendu."
            )


def _origins(actions: Iterable[Line], reading: Reading) -> Iterator[CellError]:
    fresh = [line for line in actions if line.before is None]
    if not any(line.after["référence d’origine"] or line.after["origine"] for line in fresh):
        return
    opened = {
        _origin(fields): key
        for key, fields in reading.before.items()
        if key.kind is LineKind.ACTION and fields["référence d’origine"]
    }
    for line in fresh:
        reference, origin = line.after["référence d’origine"], line.after["origine"]
        is_of_plan = origin in {None, OriginKind.MEASURE}
        if reference is None:
            continue
        if is_of_plan:
            yield reading.cell(line.key, "origine").error(
                "Une mesure du plan n’a pas de référence d’origine ; une autre origine, ou une référence vide, "
                "était attendue."
            )
            continue
        first = opened.setdefault(_origin(line.after), line.key)
        if first is not line.key:
            yield reading.cell(line.key, "référence d’origine").error(
                f"L’action {first.code} est déjà ouverte pour cette origine, ce territoire et ce côté ; "
                "une seule action était attendue. Reprenez son code."
            )


def _origin(fields: Fields) -> tuple[object, ...]:
    return tuple(
        fields[header] for header in ("origine", "référence d’origine", "territoire", "à la charge de")
    )


def _sequences(facts: Iterable[Line], reading: Reading) -> Iterator[CellError]:
    """Yield the facts that cannot follow those of the same action."""
    fresh: dict[str, list[Line]] = defaultdict(list)
    for line in facts:
        fresh[line.key.code].append(line)
    if not fresh:
        return
    known: dict[str, list[Key]] = defaultdict(list)
    for key in reading.before:
        if key.kind is LineKind.FAIT and key.code in fresh:
            known[key.code].append(key)
    for code, added in fresh.items():
        past = known[code]
        for line in sorted(added, key=lambda each: each.key.day or date.min):
            error = _refused(line, past, reading)
            if error is not None:
                yield error
                break
            past.append(line.key)


def _refused(line: Line, past: list[Key], reading: Reading) -> CellError | None:
    key, last = line.key, past[-1] if past else None
    fact, day = key.fact, key.day
    opened = reading.fields(LineKind.ACTION, key.code).get("date")
    floor = last.day if last is not None else opened
    if fact is None or day is None or floor is None:
        return None  # its action is wrong, and told so
    if day < floor:
        what = (
            "l’ouverture de l’action"
            if last is None
            else f"le dernier fait noté ({last.fact.label if last.fact else ''})"
        )
        return reading.cell(key, "date").error(
            f"Le {day:%d/%m/%Y} précède {what}, du {floor:%d/%m/%Y} ; une date égale ou postérieure était attendue."
        )
    started = {EventKind.LANCEE, EventKind.ROUVERTE}
    allowed = rules.allowed_events(
        last=last.fact if last is not None else None, is_started=any(each.fact in started for each in past)
    )
    if fact not in allowed:
        state = "à lancer" if last is None or last.fact is None else last.fact.label
        choices = ", ".join(f"« {each.label} »" for each in EventKind if each in allowed)
        return reading.cell(key, "fait").error(
            f"L’action est {state} : « {fact.label} » ne peut pas suivre ; on attend {choices}."
        )
    if fact in {EventKind.ABANDONNEE, EventKind.ROUVERTE} and not line.after["précision"]:
        return reading.cell(key, "précision").error(
            f"La cellule est vide ; une action {fact.label} dit pourquoi : un motif était attendu."
        )
    return None


def _links(statements: Iterable[Line], reading: Reading) -> Iterator[CellError]:
    """Yield the statements bound to a piece that is not known, or that proves another measure."""
    known = None
    for line in statements:
        former = line.before["preuves"] if line.before is not None else ()
        added = [code for code in line.after["preuves"] if code not in former]
        if not added:
            continue
        known = known or reading.codes()[LineKind.PREUVE]
        typed = {
            str(lines.public_id(LineKind.PREUVE, code.strip())): code.strip()
            for code in reading.cell(line.key, "preuves").as_text().split(";")
        }
        for code in added:
            shown = typed.get(code, code)
            if code not in known:
                yield reading.cell(line.key, "preuves").error(
                    f"« {shown} » n’est le code d’une preuve ni dans le plan ni dans ce tableau."
                )
            elif _measure_of(code, reading) != line.after["parent"]:
                yield reading.cell(line.key, "preuves").error(
                    f"« {shown} » prouve une autre mesure ; une preuve de la mesure {line.after['parent']} "
                    "était attendue."
                )


def _measure_of(piece: str, reading: Reading) -> str:
    parent = str(reading.fields(LineKind.PREUVE, piece).get("parent"))
    if reading.fields(LineKind.MESURE, parent):
        return parent
    return str(reading.fields(LineKind.ACTION, parent).get("parent"))


def _documents(pieces: Iterable[Line], reading: Reading) -> Iterator[CellError]:
    """Yield the new documents whose bytes are nowhere: a hash alone proves nothing."""
    fresh = [line for line in pieces if line.before is None and line.after["empreinte"]]
    if not fresh:
        return
    wanted = {line.after["empreinte"] for line in fresh}
    deposited = set(
        EvidenceFile.objects.filter(evidence__sha256__in=wanted).values_list("evidence__sha256", flat=True)
    )
    for line in fresh:
        name, sha256 = line.after["fichier"], line.after["empreinte"]
        path = reading.documents.get(sha256)
        if path is not None:
            try:
                files.media_type(name, path.read_bytes())
            except DocumentRefusedError as refusal:
                yield reading.cell(line.key, "fichier").error(str(refusal))
        elif sha256 not in deposited:
            yield reading.cell(line.key, "empreinte").error(
                f"Le document « {name} » (empreinte {sha256[:SHORT_HASH]}…) n’est pas déposé sur ce site, et une "
                "empreinte seule ne prouve rien. Déposez-le d’abord sur la page de la mesure ou de l’action, ou "
                "importez le tableau en ligne de commande avec l’option --documents."
            )
