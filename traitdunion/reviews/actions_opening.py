"""Freeze the criteria of a quarter before it, and open its bilans once it is over, already written."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Final

from django.db import transaction

from traitdunion.audit import actions as audit
from traitdunion.audit.actors import Actor
from traitdunion.reviews import criteria, figures, prefill, queries, rules, sources
from traitdunion.reviews.figures import Figure
from traitdunion.reviews.kinds import Level, Voice
from traitdunion.reviews.models import CriteriaVersion, FigureRow, Paragraph, Review, Version
from traitdunion.reviews.rules import Quarter
from traitdunion.reviews.writing import ReviewRefusedError
from traitdunion.territories.models import Departement

DATA: Final = Path(__file__).parent / "data"
EXAMPLES: Final = {
    Level.DEPARTEMENT: DATA / "criteres_exemple.toml",
    Level.NATIONAL: DATA / "criteres_national_exemple.toml",
}


# Criteria


@transaction.atomic
def prepare_criteria(
    quarter: Quarter,
    *,
    text: str,
    level: Level = Level.DEPARTEMENT,
    today: date,
    actor: Actor,
    at: datetime,
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
        level=level.value,
        defaults={**_criteria_columns(read, text), **audit.authorship(actor=actor, at=at)},
    )
    audit.record(
        event="reviews.criteria.prepared",
        subject=str(quarter),
        actor=actor,
        at=at,
        detail={"level": level.value},
    )
    return row


@transaction.atomic
def freeze_criteria(
    quarter: Quarter, *, level: Level = Level.DEPARTEMENT, today: date, actor: Actor, at: datetime
) -> CriteriaVersion:
    """Freeze the criteria of ``quarter`` and return them: those prepared, else the last frozen, else the example.

    Done again, it changes nothing. Done after the quarter has started, the row says so.
    """
    of_level = CriteriaVersion.objects.filter(level=level.value)
    row = of_level.select_for_update().filter(quarter=str(quarter)).first()
    if row is not None and row.frozen_at is not None:
        return row
    if row is None:
        last = of_level.filter(frozen_at__isnull=False, quarter__lt=str(quarter)).first()
        text = last.text if last is not None else EXAMPLES[level].read_text(encoding="utf-8")
        columns = {**_criteria_columns(criteria.read(text), text), **audit.authorship(actor=actor, at=at)}
        # Another worker may freeze them now: the second one waits for the first, then reads its row.
        CriteriaVersion.objects.bulk_create(
            [CriteriaVersion(quarter=str(quarter), level=level.value, **columns)], ignore_conflicts=True
        )
        row = of_level.select_for_update().get(quarter=str(quarter))
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
        detail={"level": level.value, "sha256": row.sha256, "late": row.came_late},
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


@transaction.atomic
def open_national(quarter: Quarter, *, today: date, actor: Actor, at: datetime) -> Review | None:
    """Open the national bilan of ``quarter``, already written, once the quarter is over in every département.

    It opens with those of the départements: its figures are read again until it is offered for signature.

    Returns:
        The bilan when it is new; None when the quarter still runs somewhere, or it was open already.
    """
    zones = Departement.objects.order_by().values_list("time_zone", flat=True).distinct()
    if any(quarter.ends_at(zone) > at for zone in zones):
        return None
    frozen = freeze_criteria(quarter, level=Level.NATIONAL, today=today, actor=actor, at=at)
    fresh = Review(
        level=Level.NATIONAL.value,
        quarter=str(quarter),
        due_on=rules.timetable(quarter, Level.NATIONAL).due_on,
        criteria=frozen,
        **audit.authorship(actor=actor, at=at),
    )
    Review.objects.bulk_create([fresh], ignore_conflicts=True)
    review = Review.objects.select_related("criteria").filter(public_id=fresh.public_id).first()
    if review is None:
        return None
    said = sources.read_again(review, day=today, at=at)
    before = sources.before(review)
    _write_first([(review, said, before)], today=today, actor=actor, at=at)
    audit.record(
        event="reviews.national.opened",
        subject=str(quarter),
        actor=actor,
        at=at,
        detail={"criteria": frozen.sha256},
    )
    return review


def _fill(reviews: Sequence[Review], quarter: Quarter, *, today: date, actor: Actor, at: datetime) -> None:
    """Write the first version of bilans just opened, the same number of queries whatever their number."""
    places = [review.departement for review in reviews if review.departement is not None]
    found = queries.figures_of(quarter, places, day=today)
    before = queries.figures_before(quarter, [place.code for place in places])
    codes = [review.departement_id or "" for review in reviews]
    _write_first(
        [(review, found[code], before.get(code)) for review, code in zip(reviews, codes, strict=True)],
        today=today,
        actor=actor,
        at=at,
    )


def _write_first(
    bilans: Sequence[tuple[Review, Mapping[str, Figure], Mapping[str, Figure] | None]],
    *,
    today: date,
    actor: Actor,
    at: datetime,
) -> None:
    """Write the first version of bilans from their figures and those of the bilan before, when there is one."""
    versions = Version.objects.bulk_create(
        Version(
            review=review,
            step_at=at,
            figures_on=today,
            figures_at=at,
            **audit.authorship(actor=actor, at=at),
        )
        for review, _, _ in bilans
    )
    rows: list[FigureRow] = []
    paragraphs: list[Paragraph] = []
    for version, (review, said, before) in zip(versions, bilans, strict=True):
        changes = None if before is None else figures.compare(before, said)
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
            for section, text in prefill.proposals(said, changes, Level(review.level)).items()
        ]
    FigureRow.objects.bulk_create(rows)
    Paragraph.objects.bulk_create(paragraphs)
