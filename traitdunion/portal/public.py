"""The public page of the plan: what is published, what proves it, and nothing about persons."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.urls import reverse

from traitdunion.conventions import queries as conventions
from traitdunion.conventions.kinds import Fact
from traitdunion.plan import queries as plan
from traitdunion.plan.kinds import EvidenceKind, ProofState
from traitdunion.plan.models import Evidence, Proof

LIMITS = (
    "Les énoncés « officiels » reprennent la page publique d’avancement du plan ; leur rédaction est la nôtre.",
    "Une preuve expirée n’efface pas l’énoncé : il est grisé, avec la date depuis laquelle rien ne le prouve.",
    "Une convention signée n’est pas une relation qui fonctionne : signée, en vigueur et appliquée se comptent à part.",
    "Les textes qui n’ont pas été vérifiés ne sont pas repris.",
)


# What the frame of the demonstration's pages says, for a document that leaves the site.
DEMONSTRATION = "Démonstration : données synthétiques, aucun fait réel."


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicSection:
    """A section that has at least one measure."""

    code: str
    title: str
    measures: Sequence[plan.Sheet]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicPage:
    """The plan as it is published on a day.

    Attributes:
        day: the day of reading.
        sections: the sections that have at least one measure.
        counts: the conventions of the 101 départements, None before any exists.
    """

    day: date
    sections: Sequence[PublicSection]
    counts: conventions.Counts | None

    @property
    def figures(self) -> list["Shown"]:
        """The counts with their denominators."""
        if self.counts is None or not self.counts.total:
            return []
        return [
            Shown(definition=each, count=each.count(self.counts), total=self.counts.total) for each in FIGURES
        ]


def page(*, day: date, today: date) -> PublicPage:
    """Return what is published on ``day``, as it was known that evening."""
    by_section: dict[tuple[str, str], list[plan.Sheet]] = defaultdict(list)
    for sheet in plan.measures(day):
        by_section[sheet.section].append(sheet)
    sections = [
        PublicSection(code=code, title=title, measures=measures)
        for (code, title), measures in sorted(by_section.items())
    ]
    return PublicPage(day=day, sections=sections, counts=conventions.counts(_situations(day, today).values()))


def _situations(day: date, today: date) -> Mapping[str, conventions.Situation]:
    return conventions.situation(day, known_at=plan.end_of(day) if day < today else None)


# The figures of the conventions, and what each rests on


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """How a figure is computed.

    Attributes:
        key: its name in the address.
        label: its name on the page.
        meaning: what is counted, in one sentence.
        count: the numerator among the counts of the country.
        holds: whether a département is counted.
        is_listed: whether the page names the départements counted. A convention signed or in force is a public act;
            whether it is applied rests on posts and persons, and is told as counts only.
    """

    key: str
    label: str
    meaning: str
    count: Callable[[conventions.Counts], int]
    holds: Callable[[conventions.Situation], bool]
    is_listed: bool


FIGURES = (
    Definition(
        key="signee",
        label="Convention signée",
        meaning=(
            "Départements dont une convention a été signée par la préfecture et par l’ARS, qu’elle soit encore en "
            "vigueur ou non."
        ),
        count=lambda counts: counts.signed,
        holds=lambda situation: situation.vitality.signed,
        is_listed=True,
    ),
    Definition(
        key="en-vigueur",
        label="Convention en vigueur",
        meaning=(
            "Départements dont la convention signée des deux côtés s’applique ce jour-là : son premier jour est venu, "
            "son dernier jour n’est pas passé, personne ne l’a dénoncée."
        ),
        count=lambda counts: counts.in_force,
        holds=lambda situation: situation.vitality.in_force,
        is_listed=True,
    ),
    Definition(
        key="appliquee",
        label="Convention appliquée",
        meaning="Départements dont la convention est en vigueur et où les quatre faits ci-dessous tiennent ensemble.",
        count=lambda counts: counts.applied,
        holds=lambda situation: situation.vitality.applied,
        is_listed=False,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A figure on the public page: never without its denominator."""

    definition: Definition
    count: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A département that a figure counts, in the order of the official code; no person, no rank."""

    name: str
    code: str
    starts_on: date | None
    ends_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicFigure:
    """A figure, how it is computed, and what it counts."""

    day: date
    shown: Shown
    facts: Sequence[tuple[str, int]]
    listed: Sequence[Counted]


def figure(key: str, *, day: date, today: date) -> PublicFigure | None:
    """Return what the figure ``key`` rests on, as it was known on the evening of ``day``; None for another key."""
    definition = next((each for each in FIGURES if each.key == key), None)
    if definition is None:
        return None
    situations = _situations(day, today)
    counts = conventions.counts(situations.values())
    counted = [each for each in situations.values() if definition.is_listed and definition.holds(each)]
    return PublicFigure(
        day=day,
        shown=Shown(definition=definition, count=definition.count(counts), total=counts.total),
        facts=() if definition.is_listed else [(fact.label, counts.facts[fact]) for fact in Fact],
        listed=[
            Counted(
                name=each.place.name,
                code=each.place.code,
                starts_on=each.convention.starts_on if each.convention else None,
                ends_on=each.convention.ends_on if each.convention else None,
            )
            for each in counted
        ],
    )


def document(page: PublicPage, site: str, *, is_demo: bool) -> Mapping[str, Any]:
    """Return the page as the data of the PDF.

    Args:
        page: what is published.
        site: address of the site, with its final slash.
        is_demo: whether the site is the demonstration: every page of the document then says so.
    """
    return {
        "title": "Plan national de prévention de la radicalisation, section 4.1.1 : avancement",
        "day": {"year": page.day.year, "month": page.day.month, "day": page.day.day},
        "banner": f"Trait d’union – à la date du {page.day:%d/%m/%Y}",
        "warning": DEMONSTRATION if is_demo else "",
        "footer": f"{site}?au={page.day.isoformat()}",
        "lead": (
            "Chaque énoncé publié est lié à ce qui le prouve. Quand plus rien ne le prouve, il reste affiché et le dit."
        ),
        "sections": [
            {
                "title": f"{section.code} {section.title}",
                "measures": [_measure(sheet, site, page.day) for sheet in section.measures],
            }
            for section in page.sections
        ],
        "figures": [
            {
                "label": each.definition.label,
                "count": each.count,
                "total": each.total,
                "address": _address(site, "portal:public_figure", each.definition.key, page.day),
            }
            for each in page.figures
        ],
        "limits": LIMITS,
    }


def _measure(sheet: plan.Sheet, site: str, day: date) -> Mapping[str, Any]:
    return {
        "title": f"Mesure {sheet.code} : {sheet.title}",
        "provenance": (
            f"Intitulé et texte : {sheet.provenance.label}. État : {sheet.status.state.label}, {sheet.basis}."
        ),
        "wording": sheet.wording,
        "statements": [_statement(sentence, site, day) for sentence in sheet.sentences],
    }


def _statement(sentence: plan.Sentence, site: str, day: date) -> Mapping[str, Any]:
    status = f"{sentence.provenance.label}, {sentence.proof.state.label}"
    if sentence.proof.state is ProofState.EXPIRED and sentence.proof.expired_on is not None:
        status += f" depuis le {sentence.proof.expired_on:%d/%m/%Y}"
    return {
        "figure": sentence.figure,
        "text": sentence.text,
        "status": status,
        "proofs": [_piece(piece, site, day) for piece in sentence.pieces],
    }


def _piece(piece: plan.Piece, site: str, day: date) -> Mapping[str, Any]:
    return {
        "title": piece.title,
        "reference": piece.reference,
        "address": piece.address or _address(site, "portal:public_evidence", piece.public_id, day),
        "validity": validity(piece),
    }


def _address(site: str, name: str, argument: str | UUID, day: date) -> str:
    """Return a whole address that reads the page on ``day``: a document is read long after it was made."""
    return f"{site.rstrip('/')}{reverse(name, args=[argument])}?au={day.isoformat()}"


def validity(piece: plan.Piece) -> str:
    """Return since when and until when the piece proves, in words."""
    words = f"{'datée du' if piece.is_dated else 'non datée, versée ici le'} {piece.dated_on:%d/%m/%Y}"
    if piece.withdrawn_on is not None:
        return f"{words}, retirée le {piece.withdrawn_on:%d/%m/%Y}"
    if piece.expires_on is not None:
        return f"{words}, vaut jusqu’au {piece.expires_on:%d/%m/%Y}"
    return words


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicPiece:
    """A piece of evidence bound to a published statement."""

    piece: plan.Piece
    sha256: str
    is_file: bool
    statements: Sequence[str]


def evidence(public_id: UUID, *, day: date) -> PublicPiece | None:
    """Return a piece that proves at least one statement published on ``day``; None for any other piece.

    As it was known that evening: a statement retired since is there, a proof added since is not.
    """
    cut = plan.end_of(day)
    found = Evidence.objects.filter(public_id=public_id, recorded_at__lt=cut).first()
    if found is None:
        return None
    proofs = Proof.objects.filter(
        evidence=found, recorded_at__lt=cut, statement__recorded_at__lt=cut, statement__published_on__lte=day
    ).select_related("statement")
    said = [plan.sentence(proof.statement, (), day) for proof in proofs.order_by("statement__position", "pk")]
    texts = [each.text for each in said if each.retired_on is None]
    if not texts:
        return None
    return PublicPiece(
        piece=plan.piece(found, day),
        sha256=found.sha256,
        is_file=found.kind == EvidenceKind.FILE.value,
        statements=texts,
    )
