"""The PDF of a bilan, made from the document that is signed and from nothing else: the same bytes everywhere."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from traitdunion.notices.letters import french_day
from traitdunion.portal import pdf
from traitdunion.reviews import canonical, document, figures
from traitdunion.reviews.document import Bilan
from traitdunion.reviews.kinds import Operator, Owner, Voice
from traitdunion.reviews.rules import Quarter

EXAMPLE: Final = "Critères d’exemple, sans valeur officielle. "


def render(raw: bytes) -> bytes:
    """Return the PDF of the bilan whose canonical bytes are ``raw``.

    Raises:
        MalformedError: the bytes are not those of a bilan that could be signed.
    """
    return pdf.render("bilan", content(document.read(raw), canonical.sha256(raw)))


def content(bilan: Bilan, sha256: str) -> dict[str, Any]:
    """Return what the template reads: words only, every citation replaced by what its figure says."""
    known = {figure.id: _figure(figure) for figure in bilan.figures}
    quarter = Quarter.read(bilan.quarter)
    place = (
        "national" if bilan.departement is None else f"{bilan.departement.name} ({bilan.departement.code})"
    )
    computed, kept = bilan.conclusion.computed, bilan.conclusion.kept
    lead = [
        f"Période : du {french_day(bilan.period.start)} au {french_day(bilan.period.end)}. Version {bilan.version}."
    ]
    if bilan.corrects is not None:
        lead.append(
            f"Rectifie la version {bilan.corrects.version} (SHA-256 {bilan.corrects.sha256}) : {bilan.reason}"
        )
    note = f"Critères : {bilan.criteria_version}."
    if bilan.conclusion.reason is not None:
        said = figures.render(bilan.conclusion.reason, known)
        note = f"Les critères concluent « {computed} ». Motif de l’écart : {said} {note}"
    return {
        "title": f"Bilan, {place}, {quarter.label}",
        "day": _day(bilan.period.end),
        "banner": f"{EXAMPLE if bilan.is_example else ''}Bilan trimestriel commun",
        "footer": f"SHA-256 du document : {sha256}",
        "lead": lead,
        "conclusion": {
            "said": f"{kept}.".capitalize(),
            "note": note,
            "explanation": list(bilan.conclusion.explanation),
        },
        "sections": [
            {
                "title": section.title,
                "paragraphs": [
                    {
                        "voice": Voice(paragraph.voice.value).label.capitalize(),
                        "lines": figures.render(paragraph.text, known).split("\n"),
                    }
                    for paragraph in section.paragraphs
                ],
            }
            for section in bilan.sections
        ],
        "commitments": [_commitment(each, known) for each in bilan.commitments],
        "meeting": _meeting(bilan, known),
        "criteria": [
            (
                f"{each.label}. {each.definition} Dénominateur : {each.denominator}.",
                f"{Operator(each.threshold.operator.value).label} {each.threshold.value.replace('.', ',')}",
                each.result.value,
            )
            for each in bilan.criteria
        ],
        "figures": [
            (
                f"{figure.label}. {figure.definition}",
                figure.shown,
                f"{figure.source}, {french_day(figure.as_of)}",
            )
            for figure in known.values()
        ],
        "limits": [figures.render(limit, known) for limit in bilan.limits],
    }  # fmt: skip


def _figure(figure: document.Figure) -> figures.Figure:
    return figures.Figure(
        id=figure.id,
        label=figure.label,
        definition=figure.definition,
        source=figure.source,
        as_of=figure.as_of,
        value=None if figure.value is None else Decimal(figure.value),
        denominator=None if figure.denominator is None else Decimal(figure.denominator),
        unit=figure.unit,
        reason_missing=figure.reason_missing,
    )


def _commitment(each: document.Commitment, known: Mapping[str, figures.Figure]) -> tuple[str, str, str, str]:
    fate = (
        each.state.value
        if each.reason is None
        else f"{each.state.value} : {figures.render(each.reason, known)}"
    )
    return figures.render(each.text, known), Owner(each.owner.value).label, french_day(each.due), fate


def _meeting(bilan: Bilan, known: Mapping[str, figures.Figure]) -> dict[str, Any] | None:
    if bilan.meeting is None:
        return None
    return {
        "day": french_day(bilan.meeting.date),
        "present": " ; ".join(f"{each.post}, {each.organisation}" for each in bilan.meeting.present),
        "decisions": [figures.render(each, known) for each in bilan.meeting.decisions],
    }


def _day(day: date) -> dict[str, int]:
    return {"year": day.year, "month": day.month, "day": day.day}
