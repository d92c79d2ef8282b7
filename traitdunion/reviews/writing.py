"""What every write on a bilan begins and ends with: hold the version, check that it may change, tell the log."""

import base64
from datetime import datetime

from traitdunion.audit import actions as audit
from traitdunion.audit.actors import Actor
from traitdunion.core.errors import Refusal
from traitdunion.reviews import rules, signing
from traitdunion.reviews.kinds import Step
from traitdunion.reviews.models import BilanSignature, Paragraph, ReviewMeeting, Version


class ReviewRefusedError(Refusal):
    """The bilan cannot be written as asked."""


def locked(version: Version) -> Version:
    """Return the version, held until the end of the transaction.

    Raises:
        ReviewRefusedError: it is not the last one of its bilan.
    """
    held = (
        Version.objects.select_for_update(of=("self",))
        .select_related("review__departement", "review__criteria", "corrects")
        .get(pk=version.pk)
    )
    if Version.objects.filter(review=held.review_id, number__gt=held.number).exists():
        raise ReviewRefusedError(
            "Une version plus récente de ce bilan existe : ouvrez-la, celle-ci ne change plus."
        )
    return held


def open_for_writing(version: Version) -> Version:
    """Return the version, held, whose text may change.

    Raises:
        ReviewRefusedError: it is offered for signature, signed, or replaced by another.
    """
    held = locked(version)
    if not rules.may_write(held.life):
        if held.step == Step.A_SIGNER.value and not held.life.signed:
            raise ReviewRefusedError(
                "Le bilan est proposé à la signature : reprenez-le en écriture avant de le modifier."
            )
        raise ReviewRefusedError(
            "Une institution a signé ce bilan : il ne se modifie plus. Ouvrez une version rectificative."
        )
    return held


def author(row: Paragraph | ReviewMeeting, *, actor: Actor, at: datetime) -> None:
    """Write on a row who wrote it and when."""
    for name, value in audit.authorship(actor=actor, at=at).items():
        setattr(row, name, value)


def log(version: Version, verb: str, *, actor: Actor, at: datetime, **detail: object) -> None:
    """Tell the log what was done to a version; its subject is the bilan."""
    audit.record(
        event=f"reviews.version.{verb}",
        subject=str(version.review.public_id),
        actor=actor,
        at=at,
        detail={"version": version.number, **detail},
    )


def signature_of(row: BilanSignature) -> signing.Signature:
    """Return a kept signature as the proof pack holds it."""
    return signing.Signature(
        statement=signing.read_statement(row.statement.encode()), signature=base64.b64decode(row.signature)
    )
