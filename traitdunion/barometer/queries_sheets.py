"""Reads for the analysis: the sheets of a closed wave by token, and every cut of it that was ever shown."""

from collections.abc import Mapping

from traitdunion.barometer import showing
from traitdunion.barometer.disclosure import Cell, Recorded
from traitdunion.barometer.models import Cut, Sheet, Wave


def sheets_of(wave: Wave) -> showing.Sheets:
    """Return the answers sent in a sealed wave, by side then by token of the sheet, in a fixed order; one query."""
    found: dict[Cell, dict[str, Mapping[str, str]]] = {}
    rows = Sheet.objects.filter(wave=wave, is_submitted=True).order_by("departement", "side", "pk")
    for key, code, side, given in rows.values_list("pk", "departement", "side", "answers"):
        found.setdefault(Cell(code, side), {})[showing.token(key.hex, given)] = given
    return found


def codes_of(wave: Wave) -> Mapping[str, str]:
    """Return what each sheet of a sealed wave keeps of the code of its author, by token; one query."""
    rows = Sheet.objects.filter(wave=wave, is_submitted=True).exclude(pair_hash="").order_by("pk")
    return {
        showing.token(key.hex, given): code
        for key, given, code in rows.values_list("pk", "answers", "pair_hash")
    }


def recorded(wave: Wave) -> list[Recorded]:
    """Return every cut of a wave that was ever shown, oldest first, one query."""
    rows = Cut.objects.filter(wave=wave).order_by("pk").values_list("base", "members", "people")
    return [Recorded(base, Cell(*member.split(":")), frozenset(people)) for base, [member], people in rows]
