"""Write what a respondent answers. Here alone in the project, a write names nobody and no moment.

Why each line is as it is: ``docs/adr/0012-anonymous-answers.md``. In short:

* nothing on the side of persons is written or locked: no entry, no log, no session;
* a write rewrites every sheet of the side, in random order and under new identifiers, so that the transaction, the
  place and the neighbours of a row say when someone of that side last wrote, never who;
* sheets and remarks of one respondent have unlike keys.
"""

import secrets
import uuid
import zlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import connection, transaction
from django.db.models import QuerySet

from traitdunion.barometer import keys
from traitdunion.barometer import rules_campaign as rules
from traitdunion.barometer.models import Remark, RosterEntry, Sheet, Wave
from traitdunion.core.errors import Refusal

LOCK_CLASS: Final = 0x6261  # « ba » : the advisory locks of the answers
_dice = secrets.SystemRandom()


class AnswerRefusedError(Refusal):
    """The answer cannot be written any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One side of a département in a wave: the smallest group that a row may tell."""

    wave: Wave
    departement: str
    side: str

    @classmethod
    def of(cls, entry: RosterEntry) -> "Cell":
        """Return the side that ``entry`` answers for; its wave must be loaded."""
        return cls(wave=entry.wave, departement=entry.departement_id, side=entry.side)

    @property
    def columns(self) -> Mapping[str, object]:
        """What the rows of the side have in common."""
        return {"wave": self.wave, "departement_id": self.departement, "side": self.side}


# Reading


def sheet_of(entry: RosterEntry) -> Sheet | None:
    """Return the sheet of an invitation while its wave is open; None once sealed."""
    return Sheet.objects.filter(key=keys.sheet_key(entry)).first()


def remarks_of(entry: RosterEntry, screens: Sequence[int]) -> dict[int, str]:
    """Return the words that an invitation wrote, by screen."""
    of_screen = {keys.remark_key(entry, screen): screen for screen in screens}
    found = Remark.objects.filter(key__in=of_screen).values_list("key", "text")
    return {of_screen[key]: text for key, text in found if key is not None}


# Writing


def draw_sheets(entries: Sequence[RosterEntry]) -> None:
    """Write one blank sheet for each invitation, in random order: later the birth of a sheet says nothing."""
    blank = [Sheet(key=keys.sheet_key(entry), **Cell.of(entry).columns) for entry in entries]
    _dice.shuffle(blank)
    Sheet.objects.bulk_create(blank)


@transaction.atomic
def add_sheet(entry: RosterEntry) -> None:
    """Write the blank sheet of someone asked after the opening, among those of the side.

    Its roster entry is written in the same transaction; so is every other sheet of the side.
    """
    cell = Cell.of(entry)
    _take(cell)
    _write([*_sheets(cell), Sheet(key=keys.sheet_key(entry), **cell.columns)], list(_remarks(cell)), cell)


@transaction.atomic
def save(entry: RosterEntry, *, answers: Mapping[str, str], screen: int, remark: str | None) -> None:
    """Write some answers of an invitation over those it gave before.

    Args:
        entry: whose link it is.
        answers: item and value, already known to be ones the questionnaire asks; those of other screens stay.
        screen: number of the screen, to which the remark belongs.
        remark: a few words, empty to withdraw them; None when the open box was not there.

    Raises:
        AnswerRefusedError: the wave is sealed, or the sheet was sent.
    """
    cell = Cell.of(entry)
    _take(cell)
    sheets = list(_sheets(cell))
    sheet = _own(sheets, entry)
    sheet.answers = {**sheet.answers, **answers}
    remarks = list(_remarks(cell))
    if remark is not None:
        key = keys.remark_key(entry, screen)
        remarks = [each for each in remarks if each.key != key]
        if remark:
            remarks.append(Remark(key=key, text=remark, **cell.columns))
    _write(sheets, remarks, cell)


@transaction.atomic
def submit(entry: RosterEntry, *, screens: Sequence[int], typed_code: str) -> str:
    """Send the sheet of an invitation: it cannot be read or changed by its link any more.

    Args:
        entry: whose link it is.
        screens: numbers of the screens of the questionnaire, which may bear remarks.
        typed_code: the code kept from an earlier wave, empty to draw a new one.

    Returns:
        The code to show, this once: only what is computed from it is kept.

    Raises:
        AnswerRefusedError: the wave is sealed, the sheet was sent or is blank, the code was miscopied or already serves
            in this wave.
    """
    signs = rules.read_code(typed_code or keys.new_code())
    if signs is None:
        raise AnswerRefusedError(
            "Ce code a été mal recopié : il compte douze signes, en trois groupes de quatre. "
            "Vérifiez-le, ou effacez-le pour continuer sans code."
        )
    cell = Cell.of(entry)
    pair = keys.pair_hash(signs, cell.departement, cell.side)
    _take(cell)
    sheets = list(_sheets(cell))
    sheet = _own(sheets, entry)
    if not sheet.answers:
        raise AnswerRefusedError("Aucune réponse n’est enregistrée : répondez à une question au moins.")
    if any(
        each.key and each.is_submitted and keys.masked(each.pair_hash, each.key) == pair for each in sheets
    ):
        raise AnswerRefusedError(
            "Ce code a déjà servi dans cette vague. S’il n’est pas le vôtre, effacez-le pour continuer sans code."
        )
    sheet.is_submitted, sheet.pair_hash = True, keys.masked(pair, keys.sheet_key(entry))
    remarks = list(_remarks(cell))
    own = {keys.remark_key(entry, screen) for screen in screens}
    for remark in remarks:
        if remark.key in own:
            remark.release_hash = keys.release_hash(signs, entry.wave.public_id, cell.departement, cell.side)
    _write(sheets, remarks, cell)
    return rules.group_code(signs)


@transaction.atomic
def release(remark: Remark, *, is_released: bool) -> None:
    """Let a remark be read, or hide it again, as its author asks with the code. No moment is kept."""
    Remark.objects.filter(pk=remark.pk).update(is_released=is_released)


def seal(wave: Wave) -> None:
    """Rewrite the sheets that were sent, without key and in random order; drop the others. In the closing transaction.

    Afterwards the server itself cannot tell whose they were. Codes pair them with earlier waves only on the sides where
    the same people were asked: elsewhere, the sheet that pairs with none would be that of whoever came or left.
    """
    take_wave(wave)
    sent = list(Sheet.objects.filter(wave=wave, is_submitted=True))
    for sheet in sent:
        sheet.pair_hash = keys.masked(sheet.pair_hash, sheet.key) if sheet.key else ""
    telling = _telling_pairs(wave, sent)
    for sheet in sent:
        sheet.pair_hash = "" if sheet.pair_hash in telling else sheet.pair_hash
    written = list(Remark.objects.filter(wave=wave).exclude(release_hash=""))
    Sheet.objects.filter(wave=wave).delete()
    Remark.objects.filter(wave=wave).delete()
    for row in [*sent, *written]:
        row.key = None
    _insert(sent, Sheet.objects.bulk_create)
    _insert(written, Remark.objects.bulk_create)


def _telling_pairs(wave: Wave, sheets: Sequence[Sheet]) -> set[str]:
    """Return the hashes of codes met before, on sides where someone came or left since."""
    before = Sheet.objects.filter(key=None, pair_hash__in=[sheet.pair_hash for sheet in sheets])
    met = list(before.order_by().values_list("wave", "departement", "side", "pair_hash"))
    asked: dict[tuple[int, str, str], set[str]] = defaultdict(set)
    rows = RosterEntry.objects.filter(wave__in={wave.pk, *(each[0] for each in met)})
    for number, code, side, email in rows.order_by().values_list("wave", "departement", "side", "email"):
        asked[number, code, side].add(email.casefold())
    return {
        pair for number, code, side, pair in met if asked[number, code, side] != asked[wave.pk, code, side]
    }


def erase(wave: Wave) -> None:
    """Drop every answer of a wave that is given up, in its transaction."""
    take_wave(wave)
    Sheet.objects.filter(wave=wave).delete()
    Remark.objects.filter(wave=wave).delete()


def _own(sheets: Sequence[Sheet], entry: RosterEntry) -> Sheet:
    key = keys.sheet_key(entry)
    sheet = next((each for each in sheets if each.key == key), None)
    if sheet is None:
        raise AnswerRefusedError("La vague est close : on ne peut plus répondre.")
    if sheet.is_submitted:
        raise AnswerRefusedError("Vos réponses sont déjà envoyées : elles ne changent plus.")
    return sheet


def _sheets(cell: Cell) -> QuerySet[Sheet]:
    return Sheet.objects.filter(**cell.columns, key__isnull=False)


def _remarks(cell: Cell) -> QuerySet[Remark]:
    return Remark.objects.filter(**cell.columns, key__isnull=False)


def _write(sheets: list[Sheet], remarks: list[Remark], cell: Cell) -> None:
    """Write every row of the side anew: same transaction, new identifiers, random order."""
    _sheets(cell).delete()
    _remarks(cell).delete()
    _insert(sheets, Sheet.objects.bulk_create)
    _insert(remarks, Remark.objects.bulk_create)


def _insert[Row: (Sheet, Remark)](rows: list[Row], create: Callable[[list[Row]], object]) -> None:
    _dice.shuffle(rows)
    for row in rows:
        row.pk = uuid.uuid4()
    create(rows)


def _take(cell: Cell) -> None:
    """Write alone on this side, and not while the wave is sealed. A lock on no row: it leaves no trace on one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", [LOCK_CLASS, _number(cell.wave.pk)])
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, %s)",
            [LOCK_CLASS + 1, _number(cell.wave.pk, cell.departement, cell.side)],
        )


def take_wave(wave: Wave) -> None:
    """Wait for the writes in progress, and let no other begin until the end of this transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK_CLASS, _number(wave.pk)])


def _number(*parts: object) -> int:
    return zlib.crc32(repr(parts).encode()) - 2**31
