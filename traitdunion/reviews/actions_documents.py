"""Prepare the files of every bilan of a quarter: asked once, made one bilan a transaction, resumed where it stopped."""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from traitdunion.audit import actions as audit
from traitdunion.audit.actors import Actor
from traitdunion.reviews import files, queries
from traitdunion.reviews.models import DocumentFile, DocumentRun, DocumentSet, Review
from traitdunion.reviews.rules import Quarter
from traitdunion.reviews.writing import ReviewRefusedError


@transaction.atomic
def ask(quarter: Quarter, *, actor: Actor, at: datetime) -> DocumentRun:
    """Return the preparation of the files of ``quarter``: the one that runs, else a new one.

    A new one replaces the last: its files can be made again from the bilans.

    Raises:
        ReviewRefusedError: no bilan of the quarter is opened.
    """
    versions = queries.last_versions(Review.objects.filter(quarter=str(quarter)))
    wanted = sorted(
        versions, key=lambda each: (each.review.departement_id is None, each.review.departement_id)
    )
    if not wanted:
        raise ReviewRefusedError(f"Aucun bilan du {quarter.label} n’est ouvert : il n’y a rien à préparer.")
    run = DocumentRun(quarter=str(quarter), **audit.authorship(actor=actor, at=at))
    # Two people may ask at once: the second waits here for the first, then finds its run.
    DocumentRun.objects.bulk_create([run], ignore_conflicts=True)
    kept = DocumentRun.objects.get(quarter=str(quarter), finished_at=None)
    if kept.public_id != run.public_id:
        return kept
    DocumentRun.objects.filter(quarter=str(quarter)).exclude(pk=kept.pk).delete()
    DocumentSet.objects.bulk_create(DocumentSet(run=kept, version=version) for version in wanted)
    audit.record(
        event="reviews.documents.asked",
        subject=str(kept.public_id),
        actor=actor,
        at=at,
        detail={"quarter": str(quarter), "bilans": len(wanted)},
    )
    return kept


@transaction.atomic
def make_next(run: DocumentRun, *, actor: Actor, at: datetime) -> bool:
    """Make the files of one bilan that has none yet; return False when every bilan is made.

    A worker that dies here leaves the bilan as it was: the next one makes it.
    """
    held = _next(run)
    if held is None:
        return False
    made = files.every(held.version)
    DocumentFile.objects.bulk_create(
        DocumentFile(documents=held, name=name, content=content) for name, content in made.contents.items()
    )
    held.made_at = at
    held.problem = made.problem[:500]
    held.save(update_fields=["made_at", "problem"])
    _finish(run, actor=actor, at=at)
    return True


def _next(run: DocumentRun) -> DocumentSet | None:
    """Return a bilan to make, held: one that is free, else the one in other hands, once they have let it go."""
    left = (
        DocumentSet.objects.filter(run=run, made_at=None)
        .select_related("version__review__departement", "version__review__criteria", "version__corrects")
        .order_by("pk")
    )
    free = left.select_for_update(of=("self",), skip_locked=True).first()
    # Waited for, and not left to them: if they die, nobody else would come back to it.
    return free or left.select_for_update(of=("self",)).first()


def _finish(run: DocumentRun, *, actor: Actor, at: datetime) -> None:
    """Say that the run is over once no bilan is left."""
    # Held: of two workers that make the last two bilans at once, the second to come sees both.
    DocumentRun.objects.select_for_update().get(pk=run.pk)
    left = DocumentSet.objects.filter(run=OuterRef("pk"), made_at=None)
    if DocumentRun.objects.filter(pk=run.pk, finished_at=None).exclude(Exists(left)).update(finished_at=at):
        audit.record(event="reviews.documents.made", subject=str(run.public_id), actor=actor, at=at)
