"""The public page of the plan: what is published, what proves it, and nothing about persons."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.urls import reverse

from traitdunion.conventions import queries as conventions
from traitdunion.plan import queries as plan
from traitdunion.plan.kinds import EvidenceKind, ProofState
from traitdunion.plan.models import Evidence

LIMITS = (
    "Les énoncés « officiels » reprennent la page publique d’avancement du plan ; leur rédaction est la nôtre.",
    "Une preuve expirée n’efface pas l’énoncé : il est grisé, avec la date depuis laquelle rien ne le prouve.",
    "Une convention signée n’est pas une relation qui fonctionne : signée, en vigueur et appliquée se comptent à part.",
    "Les textes qui n’ont pas été vérifiés ne sont pas repris.",
)


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
    def figures(self) -> list[tuple[str, int, int]]:
        """The counts with their denominators."""
        if self.counts is None or not self.counts.total:
            return []
        total = self.counts.total
        return [
            ("Convention signée", self.counts.signed, total),
            ("Convention en vigueur", self.counts.in_force, total),
            ("Convention appliquée", self.counts.applied, total),
        ]


def page(*, day: date) -> PublicPage:
    """Return what is published on ``day``."""
    by_section: dict[tuple[str, str], list[plan.Sheet]] = defaultdict(list)
    for sheet in plan.measures(day):
        by_section[sheet.section].append(sheet)
    sections = [
        PublicSection(code=code, title=title, measures=measures)
        for (code, title), measures in sorted(by_section.items())
    ]
    return PublicPage(
        day=day, sections=sections, counts=conventions.counts(conventions.situation(day).values())
    )


def document(page: PublicPage, site: str) -> Mapping[str, Any]:
    """Return the page as the data of the PDF.

    Args:
        page: what is published.
        site: address of the site, with its final slash.
    """
    return {
        "title": "Plan national de prévention de la radicalisation, section 4.1.1 : avancement",
        "day": {"year": page.day.year, "month": page.day.month, "day": page.day.day},
        "banner": f"Trait d’union – à la date du {page.day:%d/%m/%Y}",
        "footer": f"{site}?au={page.day.isoformat()}",
        "lead": (
            "Chaque énoncé publié est lié à ce qui le prouve. Quand plus rien ne le prouve, il reste affiché et le dit."
        ),
        "sections": [
            {
                "title": f"{section.code} {section.title}",
                "measures": [_measure(sheet, site) for sheet in section.measures],
            }
            for section in page.sections
        ],
        "figures": [{"label": label, "count": count, "total": total} for label, count, total in page.figures],
        "limits": LIMITS,
    }


def _measure(sheet: plan.Sheet, site: str) -> Mapping[str, Any]:
    return {
        "title": f"Mesure {sheet.code} : {sheet.title}",
        "provenance": f"Intitulé et texte : {sheet.provenance.label}. État : {sheet.status.state.label}.",
        "wording": sheet.wording,
        "statements": [_statement(sentence, site) for sentence in sheet.sentences],
    }


def _statement(sentence: plan.Sentence, site: str) -> Mapping[str, Any]:
    status = f"{sentence.provenance.label}, {sentence.proof.state.label}"
    if sentence.proof.state is ProofState.EXPIRED and sentence.proof.expired_on is not None:
        status += f" depuis le {sentence.proof.expired_on:%d/%m/%Y}"
    return {
        "figure": sentence.figure,
        "text": sentence.text,
        "status": status,
        "proofs": [_piece(piece, site) for piece in sentence.pieces],
    }


def _piece(piece: plan.Piece, site: str) -> Mapping[str, Any]:
    address = piece.address or site.rstrip("/") + reverse("portal:public_evidence", args=[piece.public_id])
    return {
        "title": piece.title,
        "reference": piece.reference,
        "address": address,
        "validity": validity(piece),
    }


def validity(piece: plan.Piece) -> str:
    """Return since when and until when the piece proves, in words."""
    words = f"datée du {piece.dated_on:%d/%m/%Y}"
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
    """Return a piece that proves at least one statement published on ``day``; None for any other piece."""
    found = Evidence.objects.filter(public_id=public_id, recorded_at__lt=plan.end_of(day)).first()
    if found is None:
        return None
    statements = found.statements.filter(published_on__lte=day).exclude(retired_on__lte=day)
    texts = list(statements.values_list("text", flat=True))
    if not texts:
        return None
    return PublicPiece(
        piece=plan.piece(found, day),
        sha256=found.sha256,
        is_file=found.kind == EvidenceKind.FILE.value,
        statements=texts,
    )
