"""Write the log, in the transaction of the act it tells."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

from traitdunion.audit.actors import Actor
from traitdunion.audit.models import Entry


class Authorship(TypedDict):
    """The columns of ``Authored``."""

    author_label: str
    author_mandate: UUID | None
    recorded_at: datetime


def record(
    *, event: str, subject: str, actor: Actor, at: datetime, detail: Mapping[str, Any] | None = None
) -> None:
    """Append one entry.

    Args:
        event: ``app.object.verb``, for example ``conventions.convention.signed``.
        subject: public identifier of the object.
        actor: who did it.
        at: when, as read by the view, the task or the command.
        detail: a few values that are not personal data.
    """
    Entry.objects.create(
        at=at,
        event=event,
        subject=subject,
        actor_label=actor.label,
        actor_person=actor.person,
        actor_mandate=actor.mandate,
        detail=dict(detail or {}),
    )


def authorship(*, actor: Actor, at: datetime) -> Authorship:
    """Return the columns of an ``Authored`` row written by ``actor`` at ``at``."""
    return {"author_label": actor.label, "author_mandate": actor.mandate, "recorded_at": at}
