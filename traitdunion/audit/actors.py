"""Who did it: a person under a mandate, a periodic task, or the holder of a signed link."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """The author of a write.

    Attributes:
        label: what a reader sees, for example « Référent préfecture, préfecture du Bas-Rhin ».
        person: public identifier of the person, None for a task.
        mandate: public identifier of the mandate, None for a task or before one is chosen.
    """

    label: str
    person: UUID | None = None
    mandate: UUID | None = None


def task(name: str) -> Actor:
    """Return the author of what a periodic task or a command does by itself."""
    return Actor(label=f"Tâche automatique : {name}")
