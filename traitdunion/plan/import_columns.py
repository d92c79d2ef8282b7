"""What each column of the plan's table holds, on each kind of line."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from traitdunion.core.choices import Kind
from traitdunion.exchange.cells import Cell
from traitdunion.exchange.registry import Column
from traitdunion.plan.kinds import (
    BlockerCause,
    EvidenceKind,
    LineKind,
    OriginKind,
    Owner,
    Periodicity,
    Provenance,
    Unit,
)
from traitdunion.plan.kinds import Progress as Direction
from traitdunion.plan.lines import ENDED
from traitdunion.territories.queries import names_by_code
from traitdunion.territories.rules import UnknownDepartementError, departement_code

LARGEST: Final = Decimal(10) ** 11
HIGHEST_RANK: Final = 32_767
SHA_256: Final = re.compile(r"[0-9a-f]{64}")
is_address = URLValidator()

COLUMNS = (
    Column(
        "type",
        True,
        "axe, section, mesure, indicateur, cible, valeur, action, fait, blocage, preuve ou énoncé",
    ),
    Column("code", False, "Numéro ou code de la ligne ; vide pour une cible, une valeur ou un fait"),
    Column(
        "parent",
        False,
        "Code de ce dont la ligne dépend : axe d’une section, section d’une mesure, mesure d’un indicateur, "
        "d’un énoncé ou d’une action, indicateur d’une cible ou d’une valeur, action d’un fait ou d’un blocage, "
        "mesure ou action d’une preuve",
    ),
    Column("intitulé", False, "Titre de la ligne"),
    Column("texte", False, "Ce que demande la mesure ; la phrase de l’énoncé"),
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
    Column(
        "date",
        False,
        "Jour d’une valeur, d’une cible, d’un fait, d’une preuve, de l’ouverture d’une action, de la publication "
        "d’un énoncé, ou depuis lequel un blocage dure",
    ),
    Column("numérateur", False, "Nombre : valeur"),
    Column("dénominateur", False, "Nombre : valeur d’une part"),
    Column("cible", False, "Nombre ; en pour cent si l’indicateur est une part"),
    Column("provenance", False, "officiel, rédaction Trait d’union ou synthétique"),
    Column("rang", False, "Nombre : ordre des mesures, ou des énoncés d’une mesure"),
    Column("origine", False, "Ce qui a demandé l’action ; « mesure du plan » à défaut"),
    Column("libellé d’origine", False, "L’origine de l’action, en clair"),
    Column("référence d’origine", False, "Identifiant, donné par l’export, de ce qui a demandé l’action"),
    Column("fait", False, "lancée, réalisée, rouverte ou abandonnée"),
    Column("cause", False, "Cause d’un blocage, prise dans la liste du site"),
    Column("peut être levé par", False, "Qui peut lever le blocage"),
    Column("précision", False, "Motif d’un fait, ou précision sur un blocage"),
    Column("nature", False, "texte officiel, page publiée ou document déposé : preuve"),
    Column("référence", False, "Référence du texte qui prouve"),
    Column("adresse", False, "Adresse de la page qui prouve, avec https://"),
    Column("expire le", False, "Dernier jour où la preuve vaut ; vide si elle n’expire pas"),
    Column("fichier", False, "Nom du document déposé"),
    Column(
        "empreinte",
        False,
        "SHA-256 du document déposé, 64 signes ; le document lui-même n’est pas dans le tableau",
    ),
    Column("chiffre", False, "Chiffre de l’énoncé"),
    Column("preuves", False, "Codes des preuves de l’énoncé, séparés par « ; »"),
    Column(ENDED, False, "Jour où un blocage est levé, où une preuve ou un énoncé est retiré"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What one column holds on one kind of line."""

    read: Callable[["Reader", Cell], object]
    required: bool = False
    fixed: bool = False  # set when the line is opened, never changed after
    ends: bool = False  # empty until a day, then never changed
    grows: bool = False  # names are added, never taken away

    @property
    def keeps_when_empty(self) -> bool:
        """Whether an empty cell leaves the value as it is."""
        return self.required or self.fixed or self.ends or self.grows


class Reader:
    """Reads the cells of one table; what repeats from row to row is read once."""

    def __init__(self) -> None:
        self.departements = names_by_code()
        self._choices: dict[tuple[type[Kind], object], Kind] = {}
        self._territories: dict[object, str] = {"": "", None: ""}

    def choice[K: Kind](self, cell: Cell, kinds: type[K]) -> K | None:
        """Return the member of a closed list that a cell names, None when it is empty."""
        if cell.is_empty:
            return None
        known = self._choices.get((kinds, cell.value))
        if known is None:
            known = self._choices[(kinds, cell.value)] = cell.as_choice(kinds)
        return kinds(known.value)

    def territory(self, cell: Cell) -> str:
        """Return the code of the département that a cell names, "" for the nation."""
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


def _text(longest: int) -> Callable[[Reader, Cell], str]:
    return lambda _reader, cell: cell.as_text(max_length=longest)


def _choice(kinds: type[Kind]) -> Callable[[Reader, Cell], Kind | None]:
    return lambda reader, cell: reader.choice(cell, kinds)


def _day(_reader: Reader, cell: Cell) -> date | None:
    return cell.if_any(Cell.as_date)


def _number(_reader: Reader, cell: Cell) -> Decimal | None:
    number = cell.if_any(Cell.as_decimal)
    if number is None:
        return None
    if abs(number) >= LARGEST:
        raise cell.error(f"{number:f} a plus de onze chiffres ; un nombre plus petit était attendu.")
    rounded = number.quantize(Decimal("0.001"))
    if rounded != number:
        raise cell.error(f"{number:f} a plus de trois décimales ; trois au plus étaient attendues.")
    return rounded


def _percent(_reader: Reader, cell: Cell) -> Decimal | None:
    # « 98 % » is 98 here: a target of a share is told in percent.
    number = _number(_reader, cell)
    is_percent = isinstance(cell.value, str) and cell.value.rstrip().endswith("%")
    return number * 100 if number is not None and is_percent else number


def _rank(_reader: Reader, cell: Cell) -> int | None:
    rank = cell.if_any(Cell.as_integer)
    if rank is not None and not 0 <= rank <= HIGHEST_RANK:
        raise cell.error(f"{rank} a été lu ; un nombre de 0 à {HIGHEST_RANK} était attendu.")
    return rank


def _address(_reader: Reader, cell: Cell) -> str:
    address = cell.as_text(max_length=400)
    try:
        if address:
            is_address(address)
    except ValidationError as refusal:
        raise cell.error(
            f"« {address[:60]} » n’est pas une adresse ; une adresse complète était attendue, par exemple "
            "https://www.legifrance.gouv.fr/."
        ) from refusal
    return address


def _hash(_reader: Reader, cell: Cell) -> str:
    text = cell.as_text(max_length=64).lower()
    if text and not SHA_256.fullmatch(text):
        raise cell.error(
            f"« {text} » a été lu ; une empreinte SHA-256 compte 64 signes, chiffres ou lettres a à f."
        )
    return text


def _identifier(_reader: Reader, cell: Cell) -> UUID | None:
    text = cell.as_text(max_length=50)
    try:
        return UUID(text) if text else None
    except ValueError:
        raise cell.error(
            f"« {text} » a été lu ; l’identifiant que donne l’export était attendu, ou une cellule vide."
        ) from None


def _pieces(_reader: Reader, cell: Cell) -> tuple[str, ...]:
    codes = dict.fromkeys(code.strip() for code in cell.as_text().split(";") if code.strip())
    return tuple(codes)


def _names(_reader: Reader, cell: Cell) -> tuple[str, ...]:
    return tuple(sorted(name.strip() for name in cell.as_text().split(";") if name.strip()))


def _fixed(read: Callable[[Reader, Cell], object], *, required: bool = False) -> Expected:
    return Expected(read=read, required=required, fixed=True)


_ended = Expected(read=_day, ends=True)
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
        "rang": _fixed(_rank),
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
        "provenance": _fixed(_choice(Provenance), required=True),
        "origine": _fixed(_choice(OriginKind)),
        "libellé d’origine": _fixed(_text(250)),
        "référence d’origine": _fixed(_identifier),
    },
    LineKind.FAIT: {"précision": _fixed(_text(300))},
    LineKind.BLOCAGE: {
        "parent": _fixed(_text(40), required=True),
        "cause": _fixed(_choice(BlockerCause), required=True),
        "précision": _fixed(_text(300)),
        "peut être levé par": _fixed(_text(150), required=True),
        "date": _fixed(_day, required=True),
        ENDED: _ended,
    },
    LineKind.PREUVE: {
        "parent": _fixed(_text(40), required=True),
        "intitulé": _fixed(_text(250), required=True),
        "nature": _fixed(_choice(EvidenceKind), required=True),
        "référence": _fixed(_text(200)),
        "adresse": _fixed(_address),
        "date": _fixed(_day, required=True),
        "expire le": _fixed(_day),
        "fichier": _fixed(_text(150)),
        "empreinte": _fixed(_hash),
        "provenance": _fixed(_choice(Provenance), required=True),
        ENDED: _ended,
    },
    LineKind.ENONCE: {
        "parent": _parent,
        "texte": _fixed(_text(500), required=True),
        "chiffre": _fixed(_text(60)),
        "date": _fixed(_day, required=True),
        "rang": _fixed(_rank),
        "preuves": Expected(read=_pieces, grows=True),
        "provenance": _fixed(_choice(Provenance), required=True),
        ENDED: _ended,
    },
}
# What names the line itself, beside the fields above.
KEYED: Mapping[LineKind, tuple[str, ...]] = {
    **dict.fromkeys(LineKind, ("code",)),
    LineKind.CIBLE: ("parent", "territoire", "date"),
    LineKind.VALEUR: ("parent", "territoire", "date"),
    LineKind.FAIT: ("parent", "date", "fait"),
}
CODE_LENGTHS = {LineKind.AXE: 3, LineKind.SECTION: 20, LineKind.MESURE: 20, LineKind.INDICATEUR: 30}
# Of what each kind of line is a part.
PARENTS = {
    LineKind.SECTION: (LineKind.AXE,),
    LineKind.MESURE: (LineKind.SECTION,),
    LineKind.INDICATEUR: (LineKind.MESURE,),
    LineKind.CIBLE: (LineKind.INDICATEUR,),
    LineKind.VALEUR: (LineKind.INDICATEUR,),
    LineKind.ACTION: (LineKind.MESURE,),
    LineKind.FAIT: (LineKind.ACTION,),
    LineKind.BLOCAGE: (LineKind.ACTION,),
    LineKind.PREUVE: (LineKind.MESURE, LineKind.ACTION),
    LineKind.ENONCE: (LineKind.MESURE,),
}
# The object whose code the line carries where others have their own.
OF_ANOTHER = {
    LineKind.CIBLE: LineKind.INDICATEUR,
    LineKind.VALEUR: LineKind.INDICATEUR,
    LineKind.FAIT: LineKind.ACTION,
}


def article(kind: LineKind) -> str:
    """Return the kind with its article."""
    feminine = {
        LineKind.SECTION,
        LineKind.MESURE,
        LineKind.CIBLE,
        LineKind.VALEUR,
        LineKind.ACTION,
        LineKind.PREUVE,
    }
    return f"{'une' if kind in feminine else 'un'} {kind.label}"
