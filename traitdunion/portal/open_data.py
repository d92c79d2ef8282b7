"""What the site opens to everyone as data: tables described by a Table Schema, released only when they keep the secret.

A field is written once: the CSV, its schema, the documentation on the page and the description of the API come from it.
"""

import csv
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from io import StringIO
from types import MappingProxyType
from typing import Any, Final, Literal

from django.conf import settings
from django.utils import timezone

from traitdunion.audit.queries import last_writes
from traitdunion.barometer import queries_results
from traitdunion.barometer.access_results import published_waves
from traitdunion.conventions import queries as conventions
from traitdunion.exchange.cells import neutralised
from traitdunion.identity.kinds import Side
from traitdunion.plan.queries import end_of
from traitdunion.portal import secrecy
from traitdunion.portal.secrecy import Counted, SecrecyError
from traitdunion.reviews import queries_public
from traitdunion.reviews.document import Verdict
from traitdunion.territories.models import Region

LICENCE: Final = {
    "name": "etalab-2.0",
    "title": "Licence Ouverte 2.0",
    "path": "https://www.etalab.gouv.fr/licence-ouverte-open-licence",
}
END_OF_LINE: Final = "\r\n"
DIALECT: Final = {
    "delimiter": ",",
    "lineTerminator": END_OF_LINE,
    "quoteChar": '"',
    "doubleQuote": True,
    "header": True,
}

PERIODS: Final = {"s": "seconde", "m": "minute", "h": "heure", "d": "jour"}

Value = str | int | float | bool | date | None
Row = Mapping[str, Value]
Kind = Literal["string", "integer", "number", "boolean", "date"]
LABELS: Final[Mapping[Kind, str]] = {
    "string": "texte",
    "integer": "nombre entier",
    "number": "nombre",
    "boolean": "vrai ou faux (true, false)",
    "date": "jour (AAAA-MM-JJ)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A column: its name in the file, and what it says."""

    name: str
    kind: Kind
    title: str
    description: str
    is_always_there: bool = True
    among: tuple[str, ...] = ()

    @property
    def kind_label(self) -> str:
        """The kind in French."""
        return LABELS[self.kind]

    @property
    def schema(self) -> dict[str, Any]:
        """The column as Table Schema describes it."""
        constraints: dict[str, Any] = {"required": self.is_always_there}
        if self.among:
            constraints["enum"] = list(self.among)
        return {
            "name": self.name,
            "type": self.kind,
            "title": self.title,
            "description": self.description,
            "constraints": constraints,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table that is opened.

    Attributes:
        name: of the file, without its ending.
        title: in a few words.
        description: what it holds and what it does not.
        fields: the columns, in order.
        key: columns that tell two rows apart.
        read: the rows of a day; the day they are read on.
        counted: how it counts people, None when it counts none.
    """

    name: str
    title: str
    description: str
    fields: Sequence[Field]
    key: tuple[str, ...]
    read: Callable[[date], Sequence[Row]]
    counted: Counted | None = None
    limits: Sequence[str] = field(default=())

    @property
    def schema(self) -> dict[str, Any]:
        """The Table Schema of the file."""
        return {
            "fields": [each.schema for each in self.fields],
            "primaryKey": list(self.key),
            "missingValues": [""],
        }

    def rows(self, day: date) -> Sequence[Row]:
        """Return the rows as they are on ``day``, once they are known to keep the secret.

        Raises:
            SecrecyError: a cell may not be opened.
        """
        rows = tuple(MappingProxyType(dict(row)) for row in self.read(day))
        if self.counted is not None and (cells := secrecy.faults(rows, self.counted)):
            raise SecrecyError(self.name, cells)
        return rows


def etag(day: date, question: str) -> str | None:
    """Return what names the answer to ``question`` while nothing is written; None inside a transaction that wrote."""
    mark = last_writes()
    if mark is None:
        return None
    shape = json.dumps([table.schema for table in TABLES.values()], sort_keys=True)
    named = hashlib.sha256("\n".join((str(mark), day.isoformat(), question, shape)).encode()).hexdigest()
    return f'"{named[:32]}"'


# The files


def csv_of(table: Table, rows: Iterable[Row]) -> bytes:
    """Return the rows of ``table`` as CSV (UTF-8, commas), the same bytes for the same rows."""
    written = StringIO(newline="")
    writer = csv.writer(written, lineterminator=END_OF_LINE)
    names = [each.name for each in table.fields]
    writer.writerow(names)
    writer.writerows([_text(row[name]) for name in names] for row in rows)
    return written.getvalue().encode()


def _text(value: Value) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return neutralised(value)
        case date():
            return value.isoformat()
        case _:
            return repr(value)


def package_of(tables: Iterable[tuple[Table, Sequence[Row]]], day: date, *, site: str) -> bytes:
    """Return the Data Package that describes the files: schema, licence, size and hash of each.

    Args:
        tables: those that are opened, with their rows.
        day: the day of the data.
        site: address of the site, with its final slash.
    """
    resources = []
    for table, rows in tables:
        made = csv_of(table, rows)
        resources.append(
            {
                "name": table.name,
                "path": f"{table.name}.csv",
                "title": table.title,
                "description": " ".join((table.description, *table.limits)),
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "bytes": len(made),
                "hash": f"sha256:{hashlib.sha256(made).hexdigest()}",
                "dialect": DIALECT,
                "schema": table.schema,
            }
        )
    package = {
        "profile": "tabular-data-package",
        "name": "trait-d-union",
        "title": "Trait d’union : données ouvertes",
        "homepage": site,
        "created": f"{day.isoformat()}T00:00:00Z",
        "licenses": [LICENCE],
        "resources": resources,
    }
    return as_json(package)


def as_json(value: Mapping[str, Any]) -> bytes:
    """Return a description as a file that people read too."""
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()


def rate_in_words() -> str:
    """Return how often one address may ask the API."""
    many, _, period = settings.API_RATE.partition("/")
    return f"{many} questions par {PERIODS[period]} et par adresse, au plus."


# Conventions


def _conventions(day: date) -> list[Row]:
    return [
        {
            "departement": code,
            "nom": each.place.name,
            "region": each.place.region_code,
            "signee": each.vitality.signed,
            "en_vigueur": each.vitality.in_force,
            "premier_jour": each.convention.starts_on if each.convention else None,
            "dernier_jour": each.convention.ends_on if each.convention else None,
            "etat_au": day,
        }
        for code, each in sorted(conventions.situation(day).items())
    ]


CONVENTIONS: Final = Table(
    name="conventions",
    title="Conventions entre préfecture et ARS, par département",
    description="Pour chaque département, si une convention est signée, si elle est en vigueur, et ses jours.",
    limits=(
        "Une convention signée n’est pas une relation qui fonctionne.",
        "La table ne classe pas les départements : elle suit l’ordre de leurs codes.",
    ),
    fields=(
        Field(
            name="departement",
            kind="string",
            title="Département",
            description="Code officiel géographique du département, « 2A » et « 2B » pour la Corse.",
        ),
        Field(name="nom", kind="string", title="Nom", description="Nom du département."),
        Field(
            name="region",
            kind="string",
            title="Région",
            description="Code officiel géographique de la région.",
        ),
        Field(
            name="signee",
            kind="boolean",
            title="Signée",
            description="Vrai si une convention est signée des deux parties au jour de lecture.",
        ),
        Field(
            name="en_vigueur",
            kind="boolean",
            title="En vigueur",
            description="Vrai si cette convention s’applique au jour de lecture.",
        ),
        Field(
            name="premier_jour",
            kind="date",
            title="Premier jour",
            description="Premier jour d’application.",
            is_always_there=False,
        ),
        Field(
            name="dernier_jour",
            kind="date",
            title="Dernier jour",
            description="Dernier jour d’application, inclus ; vide si la convention n’a pas de terme.",
            is_always_there=False,
        ),
        Field(name="etat_au", kind="date", title="État au", description="Jour de lecture."),
    ),
    key=("departement",),
    read=_conventions,
)


# Baromètre


ESTIMATES: Final = ("estimation", "borne_basse", "borne_haute")
SCOPES: Final = ("nation", "region")
NATION: Final = "FR"


def _barometre(day: date) -> list[Row]:
    regions = dict(Region.objects.values_list("code", "name"))
    rows: list[Row] = []
    for found in queries_results.countries(published_waves(day=day)):
        about: Row = {
            "vague": found.wave.name,
            "publiee_le": found.wave.published_on,
            "questionnaire_exemple": found.wave.questionnaire.is_example,
        }
        for scope, name in (("nation", "national"), ("region", "regional")):
            rows += [_estimate(about, scope, row, regions) for row in found.content[name]]
    return secrecy.without_remainders(rows, COUNTED)


def _estimate(about: Row, scope: str, row: Mapping[str, Any], regions: Mapping[str, str]) -> Row:
    shown = bool(row["shown"])
    code = row.get("region")
    return {
        **about,
        "perimetre": scope,
        "territoire": code or NATION,
        "nom": regions.get(code, code) if code else "France",
        "cote": row["side"],
        "dimension": row["dimension"],
        "departements": row["departements"] if shown else None,
        "repondants": row["n"] if shown else None,
        "estimation": row["estimate"] if shown else None,
        "borne_basse": row["low"] if shown else None,
        "borne_haute": row["high"] if shown else None,
        "montre": shown,
    }


COUNTED: Final = Counted(
    column="repondants",
    units="departements",
    estimates=ESTIMATES,
    shown="montre",
    total=lambda row: row["perimetre"] == "nation",
    group=lambda row: (row["vague"], row["cote"], row["dimension"]),
)
BAROMETRE: Final = Table(
    name="barometre",
    title="Baromètre croisé : estimations nationales et régionales",
    description=(
        "Pour chaque vague publiée, chaque côté et chaque dimension, l’estimation de 1 (jamais) à 5 (toujours) et son "
        "intervalle à 95 %, pour la nation et par région. Aucun département n’y figure."
    ),
    limits=(
        "Ce sont des perceptions, pas des performances.",
        "Le chiffre national est solide, le régional est indicatif.",
        "Une région que l’on ne peut pas montrer garde sa ligne, sans chiffre.",
    ),
    fields=(
        Field(name="vague", kind="string", title="Vague", description="Nom de la vague."),
        Field(
            name="publiee_le",
            kind="date",
            title="Publiée le",
            description="Premier jour de publication nationale.",
        ),
        Field(
            name="questionnaire_exemple",
            kind="boolean",
            title="Questionnaire d’exemple",
            description="Vrai si le questionnaire posé est l’exemple du site, qui n’est pas validé.",
        ),
        Field(
            name="perimetre",
            kind="string",
            title="Périmètre",
            description="Nation ou région.",
            among=SCOPES,
        ),
        Field(
            name="territoire",
            kind="string",
            title="Territoire",
            description="« FR », ou le code officiel géographique de la région.",
        ),
        Field(name="nom", kind="string", title="Nom", description="Nom du territoire."),
        Field(
            name="cote",
            kind="string",
            title="Côté",
            description="L’institution qui répond.",
            among=tuple(side.value for side in Side),
        ),
        Field(name="dimension", kind="string", title="Dimension", description="Identifiant de la dimension."),
        Field(
            name="departements",
            kind="integer",
            title="Départements",
            description="Combien de départements comptent dans ce chiffre.",
            is_always_there=False,
        ),
        Field(
            name="repondants",
            kind="integer",
            title="Répondants",
            description="Combien de personnes comptent dans ce chiffre : jamais moins de trois.",
            is_always_there=False,
        ),
        Field(
            name="estimation",
            kind="number",
            title="Estimation",
            description="De 1 (jamais) à 5 (toujours).",
            is_always_there=False,
        ),
        Field(
            name="borne_basse",
            kind="number",
            title="Borne basse",
            description="De l’intervalle à 95 %.",
            is_always_there=False,
        ),
        Field(
            name="borne_haute",
            kind="number",
            title="Borne haute",
            description="De l’intervalle à 95 %.",
            is_always_there=False,
        ),
        Field(
            name="montre",
            kind="boolean",
            title="Montré",
            description="Faux si trop peu de départements ou de personnes répondent : la ligne est alors sans chiffre.",
        ),
    ),
    key=("vague", "territoire", "cote", "dimension"),
    read=_barometre,
    counted=COUNTED,
)

# Bilans


def _bilans(day: date) -> list[Row]:
    return [
        {
            "territoire": each.departement or NATION,
            "nom": each.name or "France",
            "trimestre": each.quarter,
            "version": each.number,
            "rectifie": each.corrects,
            "criteres_exemple": each.is_example,
            "conclusion_calculee": each.computed,
            "conclusion_retenue": each.kept,
            "motif_ecart": each.reason or None,
            "signe_par_les_deux_le": timezone.localdate(max(each.signed_at.values())),
            "empreinte": each.sha256,
            "perime_le": each.outdated_on if each.outdated_on and each.outdated_on <= day else None,
        }
        for each in queries_public.signed(until=end_of(day))
    ]


VERDICTS: Final = tuple(verdict.value for verdict in Verdict)
BILANS: Final = Table(
    name="bilans",
    title="Bilans trimestriels signés des deux parties",
    description=(
        "Une ligne par version signée des deux institutions : sa conclusion, et l’empreinte du texte signé. "
        "Un bilan qui n’est pas signé des deux n’y figure pas : le silence n’est pas un accord."
    ),
    limits=(
        "Une conclusion décrit une coopération entre institutions ; elle ne mesure ni un risque ni une personne.",
        "La table ne classe pas les départements : elle suit les trimestres, puis l’ordre de leurs codes.",
        "« Non concluant » est une conclusion : il manque une réponse.",
    ),
    fields=(
        Field(
            name="territoire",
            kind="string",
            title="Territoire",
            description="Code officiel géographique du département, « FR » pour le bilan national.",
        ),
        Field(name="nom", kind="string", title="Nom", description="Nom du territoire."),
        Field(
            name="trimestre", kind="string", title="Trimestre", description="Année et trimestre, « 2026-T3 »."
        ),
        Field(
            name="version",
            kind="integer",
            title="Version",
            description="Une rectification est une nouvelle version.",
        ),
        Field(
            name="rectifie",
            kind="integer",
            title="Rectifie",
            description="La version que celle-ci rectifie ; vide pour une première version.",
            is_always_there=False,
        ),
        Field(
            name="criteres_exemple",
            kind="boolean",
            title="Critères d’exemple",
            description="Vrai si les critères sont l’exemple du site, sans valeur officielle.",
        ),
        Field(
            name="conclusion_calculee",
            kind="string",
            title="Conclusion calculée",
            description="Ce que donnent les critères, fixés avant le trimestre.",
            among=VERDICTS,
        ),
        Field(
            name="conclusion_retenue",
            kind="string",
            title="Conclusion retenue",
            description="Ce que les deux parties concluent.",
            among=VERDICTS,
        ),
        Field(
            name="motif_ecart",
            kind="string",
            title="Motif de l’écart",
            description="Pourquoi la conclusion retenue s’écarte du calcul ; vide si elle ne s’en écarte pas.",
            is_always_there=False,
        ),
        Field(
            name="signe_par_les_deux_le",
            kind="date",
            title="Signé des deux le",
            description="Jour de la seconde signature, à l’heure de Paris.",
        ),
        Field(
            name="empreinte",
            kind="string",
            title="Empreinte",
            description="SHA-256 du texte signé, celle que porte le dossier de preuve.",
        ),
        Field(
            name="perime_le",
            kind="date",
            title="Périmé le",
            description="Jour depuis lequel une source dit autre chose qu’à la signature.",
            is_always_there=False,
        ),
    ),
    key=("territoire", "trimestre", "version"),
    read=_bilans,
)

TABLES: Final[Mapping[str, Table]] = MappingProxyType(
    {table.name: table for table in (BILANS, CONVENTIONS, BAROMETRE)}
)
