"""Recognise the code of a département, or say which valid ones are nearest."""

import difflib
import unicodedata
from collections.abc import Mapping, Sequence

from traitdunion.core.errors import Refusal
from traitdunion.territories.particular_cases import LINKS, NOT_A_DEPARTEMENT


class UnknownDepartementError(Refusal):
    """The code names no département."""

    def __init__(self, message: str, nearest: Sequence[str]) -> None:
        """Keep the nearest valid codes beside the sentence."""
        super().__init__(message)
        self.nearest = tuple(nearest)


def departement_code(typed: str, names: Mapping[str, str]) -> str:
    """Return the official code that ``typed`` names.

    Args:
        typed: what a person wrote; lower case, spaces and a missing leading zero are accepted.
        names: the valid codes and the name of each.

    Raises:
        UnknownDepartementError: no département has that code; the message names the nearest valid ones.

    >>> departement_code(" 2a ", {"2A": "Corse-du-Sud"})
    '2A'
    >>> departement_code("1", {"01": "Ain"})
    '01'
    """
    code = typed.strip().upper().replace(" ", "")
    if code in names:
        return code
    if len(code) == 1 and f"0{code}" in names:
        return f"0{code}"
    reason, nearest = _explain(typed, code, names)
    proposal = " ou ".join(f"{near} ({names[near]})" for near in nearest)
    advice = (
        f" Codes valides les plus proches : {proposal}."
        if nearest
        else " Aucun code de département ne lui ressemble : choisissez-en un dans la liste des départements."
    )
    raise UnknownDepartementError(
        f"« {typed.strip()[:40]} » n’est pas le code d’un des 101 départements{reason}.{advice}", nearest
    )


def _explain(typed: str, code: str, names: Mapping[str, str]) -> tuple[str, list[str]]:
    if code in NOT_A_DEPARTEMENT:
        what, instead = NOT_A_DEPARTEMENT[code]
        return f" ({what})", [near for near in instead if near in names]
    by_name = {_plain(name): key for key, name in names.items()}
    alike = difflib.get_close_matches(_plain(typed), by_name, n=2, cutoff=0.75)
    if alike:
        return "", [by_name[name] for name in alike]
    if code.isdigit() and len(code) == 5:
        # A postcode or a commune: its first characters usually say the département.
        starts = [code[:3], code[:2]]
        if code[:2] == "20":
            starts = ["2A", "2B"]
        found = [start for start in starts if start in names]
        return " (code postal ou de commune ?)", found if code[:2] == "20" else found[:1]
    return "", difflib.get_close_matches(code, names, n=3, cutoff=0.4)


def _plain(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in decomposed if letter.isalnum())


def name_with_link(name: str, link: int) -> str:
    """Return the name after its linking word.

    >>> name_with_link("Bas-Rhin", 2)
    'du Bas-Rhin'
    """
    return f"{LINKS.get(link, 'de ')}{name}"
