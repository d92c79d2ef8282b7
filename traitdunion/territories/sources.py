"""Read the official geographic code from the package fetched at set-up."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from traitdunion.core.errors import Refusal

EXPECTED_DEPARTEMENTS = 101


class GeographicCodeError(Refusal):
    """The geographic code is absent, unreadable or not the one expected."""


@dataclass(frozen=True, slots=True)
class GeographicCode:
    """The régions and départements of one edition.

    Attributes:
        edition: name and version of the package read.
        regions: rows of ``regions.json`` kept (métropole and overseas régions).
        departements: rows of ``departements.json`` kept, 101 of them.
    """

    edition: str
    regions: Sequence[Mapping[str, Any]]
    departements: Sequence[Mapping[str, Any]]


def read_geographic_code(folder: Path) -> GeographicCode:
    """Return the régions and the 101 départements found in ``folder``.

    Raises:
        GeographicCodeError: a file is missing or unreadable, or the count is not 101.
    """
    try:
        departements = json.loads((folder / "departements.json").read_text(encoding="utf-8"))
        regions = json.loads((folder / "regions.json").read_text(encoding="utf-8"))
        edition = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise GeographicCodeError(
            f"Le code officiel géographique est introuvable ou illisible dans {folder} : "
            "lancez « traitdunion assets » pour le récupérer."
        ) from error
    kept = [row for row in departements if row["zone"] in {"metro", "drom"}]
    if len(kept) != EXPECTED_DEPARTEMENTS:
        raise GeographicCodeError(
            f"Le code officiel géographique lu dans {folder} compte {len(kept)} départements : on en attend "
            f"{EXPECTED_DEPARTEMENTS}. Vérifiez l’édition avant de la charger."
        )
    return GeographicCode(
        edition=f"{edition['name']} {edition['version']}",
        regions=[row for row in regions if row["zone"] in {"metro", "drom"}],
        departements=kept,
    )
