"""Build the document that both sides sign from the rows of a version."""

from collections.abc import Mapping

from traitdunion.reviews import criteria, document, parties
from traitdunion.reviews.figures import Figure, decimal_text
from traitdunion.reviews.kinds import Conclusion, Level
from traitdunion.reviews.models import Paragraph, Review, Version
from traitdunion.reviews.outline import titles, voices
from traitdunion.reviews.queries import commitments_of, criteria_of, figures_by_name, judgement
from traitdunion.reviews.queries_national import party_names
from traitdunion.reviews.records import clean
from traitdunion.reviews.rules import SIDES, Quarter

LIMITS = (
    "Ce bilan décrit la coopération de deux institutions. Il ne mesure ni un risque ni une personne.",
    "Les départements ne se classent pas : leurs situations, leurs effectifs et leurs besoins diffèrent.",
)


def bilan_of(version: Version) -> document.Bilan:
    """Return the text of ``version`` as it would be signed now, in six queries, seven for the nation."""
    review = version.review
    quarter = Quarter.read(review.quarter)
    figures = figures_by_name(version)
    judged = judgement(version, figures)
    computed = judged.conclusion
    kept = Conclusion(version.kept) if version.kept else computed
    frozen = criteria_of(review.criteria.text)
    corrected = version.corrects
    return document.Bilan(
        level=document.Level(review.level),
        departement=None
        if review.departement is None
        else document.Departement(code=review.departement.code, name=clean(review.departement.name)),
        quarter=review.quarter,
        period=document.Period(start=quarter.first_day, end=quarter.last_day),
        version=version.number,
        corrects=None
        if corrected is None
        else document.Corrects(version=corrected.number, sha256=corrected.document_sha256),
        reason=clean(version.reason) or None,
        criteria_version=clean(frozen.name),
        is_example=frozen.is_example,
        figures=tuple(_figure(figures[name]) for name in sorted(figures)),
        criteria=tuple(_criterion(found, figures) for found in judged.findings),
        conclusion=document.Conclusion(
            computed=document.Verdict(computed.value),
            explanation=tuple(clean(each) for each in judged.explanation),
            missing=tuple(judged.missing),
            kept=document.Verdict(kept.value),
            reason=clean(version.departure_reason) if kept is not computed else None,
        ),
        sections=_sections(version),
        commitments=tuple(
            document.Commitment(
                id=f"engagement-{commitment.public_id}",
                text=clean(commitment.text),
                owner=document.Owner(commitment.owner),
                due=commitment.due_on,
                state=document.Keeping(commitment.state),
                reason=clean(commitment.state_reason) or None,
                from_quarter=commitment.review.quarter,
            )
            for commitment in commitments_of(review)
        ),
        meeting=_meeting(review),
        limits=(*LIMITS, *_names(review, quarter), *_late(review)),
    )


def _names(review: Review, quarter: Quarter) -> tuple[str, ...]:
    """Return what the institutions of the nation were called on the last day: the text keeps it as it was signed."""
    if review.level != Level.NATIONAL.value:
        return ()
    names = party_names()
    return tuple(clean(parties.limit(side, quarter.last_day, names)) for side in SIDES[Level.NATIONAL])


def _late(review: Review) -> tuple[str, ...]:
    """Return the warning that the criteria came after the start of the quarter, when they did."""
    if not review.criteria.came_late:
        return ()
    return (
        f"Les critères de ce trimestre ont été fixés le {review.criteria.frozen_on:%d/%m/%Y}, après son début.",
    )


def _figure(figure: Figure) -> document.Figure:
    return document.Figure(
        id=figure.id,
        label=clean(figure.label),
        definition=clean(figure.definition),
        source=clean(figure.source),
        as_of=figure.as_of,
        value=None if figure.value is None else decimal_text(figure.value),
        denominator=None if figure.denominator is None else decimal_text(figure.denominator),
        unit=clean(figure.unit),
        reason_missing=figure.reason_missing and clean(figure.reason_missing),
    )


def _criterion(finding: criteria.Finding, figures: Mapping[str, Figure]) -> document.Criterion:
    criterion = finding.criterion
    if criterion.figure not in figures:
        raise criteria.CriteriaError(
            f"Le critère « {criterion.label} » repose sur « {criterion.figure} », qui n’est pas un chiffre de ce "
            "bilan. Prévenez l’administrateur des critères."
        )
    return document.Criterion(
        id=criterion.id,
        label=clean(criterion.label),
        definition=clean(criterion.definition),
        denominator=clean(criterion.denominator),
        threshold=document.Threshold(
            operator=document.Operator(criterion.operator.value), value=decimal_text(criterion.value)
        ),
        figure=criterion.figure,
        result=document.Result(finding.answer.value),
    )


def _sections(version: Version) -> tuple[document.Section, ...]:
    order = [voice.value for voice in voices(version.life.level)]
    written: dict[str, list[Paragraph]] = {}
    for paragraph in version.paragraphs.all():
        if clean(paragraph.text):
            written.setdefault(paragraph.section, []).append(paragraph)
    return tuple(
        document.Section(
            id=section,
            title=title,
            paragraphs=tuple(
                document.Paragraph(
                    id=paragraph.anchor, voice=document.Voice(paragraph.voice), text=clean(paragraph.text)
                )
                for paragraph in sorted(written[section], key=lambda each: order.index(each.voice))
            ),
        )
        for section, title in titles(version.life.level).items()
        if section in written
    )


def _meeting(review: Review) -> document.Meeting | None:
    meeting = getattr(review, "meeting", None)
    if meeting is None:
        return None
    return document.Meeting(
        date=meeting.held_on,
        present=tuple(
            document.Presence(organisation=clean(each.organisation), post=clean(each.post))
            for each in meeting.presences.all()
        ),
        decisions=tuple(clean(each.text) for each in meeting.decisions.all()),
    )
