"""By which text the register exists on a day, for which purposes, and which data that text carries.

What the decree says, version by version, is in ``law.d2018``; what this site does with it is here. A datum that no
source read mentions has no column, and ``docs/registre.md`` lists those that wait for the text itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from traitdunion.core.choices import Kind
from traitdunion.core.errors import Refusal
from traitdunion.law import d2018
from traitdunion.law.citation import Mark
from traitdunion.law.provision import Wording

CHECKED: Final = {
    Mark.READ: "lu dans le texte",
    Mark.SECONDARY: "lu dans une source secondaire, à vérifier",
    Mark.READING: "lecture du projet, à valider",
    Mark.UNVERIFIED: "à vérifier",
}
# The decree under each of its numbers, and where it can be read.
VERSIONS: Final = (
    (d2018.V1, "D2018-383/V1", "https://www.legifrance.gouv.fr/loda/id/JORFTEXT000036936873"),
    (d2018.V2, "D2018-383/V2", "https://www.legifrance.gouv.fr/jorf/id/JORFTEXT000038442383"),
    (d2018.V3, "D2018-383/V3", "https://www.legifrance.gouv.fr/eli/decret/2022/4/27/SSAZ2208550D/jo/texte"),
)


class NoAuthorityError(Refusal):
    """No text authorises the register on that day."""


class Purpose(Kind):
    """What this site is used for; each is an item of article 1 of the decree (``law.d2018``)."""

    CERTIFICATES = "certificats", "échéancier des certificats et des arrêtés"
    JUDGE = "juge", "échéancier de la saisine du juge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A datum that the register holds, and the item of the decree that carries it.

    Attributes:
        label: the datum.
        item: its item in ``law.d2018``.
        is_sealed: whether it is encrypted in the database.
    """

    label: str
    item: str
    is_sealed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A datum or a purpose of this site, with the wording that carries it on a day, None when none does."""

    label: str
    wording: Wording | None
    is_sealed: bool = False

    @property
    def checked(self) -> str:
        """How far the wording was read, in words."""
        return "aucun article lu : à vérifier" if self.wording is None else CHECKED[self.wording.status]


# Facts that the delays of the code rest on, and of which no article of the decree was read (docs/registre.md).
UNREAD: Final = ""
HELD: Final = (
    Held(label="Noms", item="identité du patient", is_sealed=True),
    Held(label="Prénoms", item="identité du patient", is_sealed=True),
    Held(label="Date de naissance", item="identité du patient", is_sealed=True),
    Held(label="Médecin auteur d’un certificat ou d’un avis", item="médecins", is_sealed=True),
    Held(
        label="Mode, début et fin de la mesure, décisions et arrêtés",
        item="situation administrative et juridique",
        is_sealed=False,
    ),
    Held(
        label="Date des certificats et des avis",
        item="échéancier des certificats et des arrêtés",
        is_sealed=False,
    ),
    Held(
        label="Saisine, décisions du juge et appels",
        item="échéancier de la saisine du juge",
        is_sealed=False,
    ),
    Held(
        label="Établissement d’accueil, sorties, isolement, contention, informations données",
        item=UNREAD,
        is_sealed=False,
    ),
)


def version_on(day: date) -> str:
    """Return how the log names the version of the decree in force on ``day``.

    Raises:
        NoAuthorityError: the day is earlier than the first.

    >>> version_on(date(2022, 4, 28))
    'D2018-383/V2'
    >>> version_on(date(2022, 4, 29))
    'D2018-383/V3'
    """
    past = [code for since, code, _ in VERSIONS if since <= day]
    if not past:
        raise NoAuthorityError(
            f"Aucun texte n’autorise le registre au {day:%d/%m/%Y} : le premier, le décret n° 2018-383, "
            f"s’applique à compter du {d2018.V1:%d/%m/%Y}."
        )
    return past[-1]


def purposes_on(day: date) -> Sequence[Carried]:
    """Return the purposes that this site serves, with their wording on ``day``."""
    return [Carried(label=purpose.label, wording=_wording(purpose.label, day)) for purpose in Purpose]


def data_on(day: date) -> Sequence[Carried]:
    """Return the data that this site holds, with their wording on ``day``."""
    return [
        Carried(label=held.label, wording=_wording(held.item, day), is_sealed=held.is_sealed) for held in HELD
    ]


def _wording(item: str, day: date) -> Wording | None:
    return next((each for each in d2018.WORDINGS if each.item == item and each.holds(day)), None)
