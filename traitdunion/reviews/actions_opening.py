"""Freeze the criteria of a quarter before it, and open its bilans once it is over, already written."""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Final

from django.db import transaction

from traitdunion.audit import actions as audit
from traitdunion.audit.actors import Actor
from traitdunion.reviews import criteria, figures, prefill, queries, rules
from traitdunion.reviews.kinds import Level, Voice
from traitdunion.reviews.models import CriteriaVersion, FigureRow, Paragraph, Review, Version
from traitdunion.reviews.rules import Quarter
from traitdunion.reviews.writing import ReviewRefusedError
from traitdunion.territories.models import Departement

EXAMPLE: Final = Path(__file__).parent / "data" / "criteres_exemple.toml"


# Criteria


@transaction.atomic
def prepare_criteria(
    quarter: Quarter, *, text: str, today: date, actor: Actor, at: datetime
) -> CriteriaVersion:
    """Write the criteria of a quarter that has not started; written again before it starts, they are replaced.

    Raises:
        ReviewRefusedError: the quarter has started: the criteria come before it.
        CriteriaError: the text cannot be read.
    """
    if today >= quarter.first_day:
        raise ReviewRefusedError(
            f"Le {quarter.label} a commencé le {quarter.first_day:%d/%m/%Y} : ses critères ne changent plus. "
            "Préparez ceux d’un trimestre à venir."
        )
    read = criteria.read(text)
    row, _ = CriteriaVersion.objects.update_or_create(
        quarter=str(quarter),
        defaults={**_criteria_columns(read, text), **audit.authorship(actor=actor, at=at)},
    )
    audit.record(event="reviews.criteria.prepared", subject=str(quarter), actor=actor, at=at)
    return row


@transaction.atomic
def freeze_criteria(quarter: Quarter, *, today: date, actor: Actor, at: datetime) -> CriteriaVersion:
    """Freeze the criteria of ``quarter`` and return them: those prepared, else the last frozen, else the example.

    Done again, it changes nothing. Done after the quarter has started, the row says so.
    """
    row = CriteriaVersion.objects.select_for_update().filter(quarter=str(quarter)).first()
    if row is not None and row.frozen_at is not None:
        return row
    if row is None:
        last = CriteriaVersion.objects.filter(frozen_at__isnull=False, quarter__lt=str(quarter)).first()
        text = last.text if last is not None else EXAMPLE.read_text(encoding="utf-8")
        columns = {**_criteria_columns(criteria.read(text), text), **audit.authorship(actor=actor, at=at)}
        # Another worker may freeze them now: the second one waits for the first, then reads its row.
        CriteriaVersion.objects.bulk_create(
            [CriteriaVersion(quarter=str(quarter), **columns)], ignore_conflicts=True
        )
        row = CriteriaVersion.objects.select_for_update().get(quarter=str(quarter))
        if row.frozen_at is not None:
            return row
    row.frozen_at = at
    row.frozen_on = today
    row.save(update_fields=["frozen_at", "frozen_on"])
    audit.record(
        event="reviews.criteria.frozen",
        subject=str(quarter),
        actor=actor,
        at=at,
        detail={"sha256": row.sha256, "late": row.came_late},
    )
    return row


def _criteria_columns(read: criteria.Criteria, text: str) -> dict[str, object]:
    return {
        "name": read.name,
        "is_example": read.is_example,
        "text": text,
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
    }


# Opening


@transaction.atomic
def open_quarter(quarter: Quarter, *, today: date, actor: Actor, at: datetime) -> int:
    """Open the bilans of ``quarter`` where it is over at ``at``, already written, and return how many are new.

    Opened twice, or by two workers at once, nothing is opened twice.
    """
    opened = set(
        Review.objects.filter(quarter=str(quarter), level=Level.DEPARTEMENT.value).values_list(
            "departement_id", flat=True
        )
    )
    wanted = [
        departement
        for departement in Departement.objects.order_by("code")
        if departement.code not in opened and quarter.ends_at(departement.time_zone) <= at
    ]
    if not wanted:
        return 0
    frozen = freeze_criteria(quarter, today=today, actor=actor, at=at)
    fresh = [
        Review(
            level=Level.DEPARTEMENT.value,
            departement=departement,
            quarter=str(quarter),
            due_on=rules.timetable(quarter).due_on,
            criteria=frozen,
            **audit.authorship(actor=actor, at=at),
        )
        for departement in wanted
    ]
    Review.objects.bulk_create(fresh, ignore_conflicts=True)
    created = list(
        Review.objects.filter(public_id__in=[review.public_id for review in fresh])
        .select_related("departement", "criteria")
        .order_by("departement")
    )
    _fill(created, quarter, today=today, actor=actor, at=at)
    audit.record(
        event="reviews.quarter.opened",
        subject=str(quarter),
        actor=actor,
        at=at,
        detail={"opened": len(created), "criteria": frozen.sha256},
    )
    return len(created)


def _fill(reviews: Sequence[Review], quarter: Quarter, *, today: date, actor: Actor, at: datetime) -> None:
    """Write the first version of bilans just opened, the same number of queries whatever their number."""
    places = [review.departement for review in reviews if review.departement is not None]
    found = queries.figures_of(quarter, places, day=today)
    before = queries.figures_before(quarter, [place.code for place in places])
    versions = Version.objects.bulk_create(
        Version(review=review, step_at=at, figures_on=today, **audit.authorship(actor=actor, at=at))
        for review in reviews
    )
    rows: list[FigureRow] = []
    paragraphs: list[Paragraph] = []
    for version in versions:
        code = version.review.departement_id or ""
        said = found[code]
        changes = figures.compare(before[code], said) if code in before else None
        rows += [FigureRow.of(version, figure) for figure in said.values()]
        paragraphs += [
            Paragraph(
                version=version,
                section=section,
                voice=Voice.COMMUNE.value,
                text=text,
                generated=text,
                **audit.authorship(actor=actor, at=at),
            )
            for section, text in prefill.proposals(said, changes).items()
        ]
    FigureRow.objects.bulk_create(rows)
    Paragraph.objects.bulk_create(paragraphs)
