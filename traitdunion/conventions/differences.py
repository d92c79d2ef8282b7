"""What changed in the conventions of the country between two days: counts and facts, never a ranking."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from traitdunion.conventions.indicators import holds
from traitdunion.conventions.kinds import Fact, State
from traitdunion.conventions.queries import Counts, Place, Situation, counts

# What a convention is called before any exists.
NONE = "aucune convention"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A département that a change concerns, with the state of its convention before and after.

    Attributes:
        place: the département.
        before, after: the two states, in words.
        is_another: whether another convention took the place of the one that counted.
        convention: the one that counts on the second day.
    """

    place: Place
    before: str
    after: str
    is_another: bool
    convention: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of change: its heading and the départements concerned, in the order of the official code."""

    heading: str
    moved: Sequence[Moved]


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """A count on both days, over the same départements."""

    label: str
    before: int
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FactChanged:
    """A fact of vitality: where it came to hold and where it no longer does."""

    label: str
    gained: Sequence[Place]
    lost: Sequence[Place]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What differs between two days, over ``total`` départements."""

    total: int
    counts: Sequence[Count]
    kinds: Sequence[Kind]
    facts: Sequence[FactChanged]

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs."""
        return self.changes == 0

    @property
    def changes(self) -> int:
        """How many things differ."""
        return sum(len(kind.moved) for kind in self.kinds) + sum(
            len(each.gained) + len(each.lost) for each in self.facts
        )


def compare(before: Mapping[str, Situation], after: Mapping[str, Situation]) -> Difference:
    """Return what differs between two readings of the same départements."""
    pairs = [(before[code], after[code]) for code in after if code in before]
    return Difference(
        total=len(pairs),
        counts=_counted(counts(pair[0] for pair in pairs), counts(pair[1] for pair in pairs)),
        kinds=[
            Kind(heading=heading, moved=moved)
            for heading, happened in _KINDS
            if (moved := [_moved(*pair) for pair in pairs if happened(*pair)])
        ],
        facts=[changed for fact in Fact if (changed := _fact(fact, pairs)).gained or changed.lost],
    )


def _counted(before: Counts, after: Counts) -> list[Count]:
    named = (
        ("convention signée", before.signed, after.signed),
        ("convention en vigueur", before.in_force, after.in_force),
        ("convention appliquée", before.applied, after.applied),
        *((fact.label, before.facts[fact], after.facts[fact]) for fact in Fact),
    )
    return [Count(label=label, before=first, after=second) for label, first, second in named]


def _moved(before: Situation, after: Situation) -> Moved:
    return Moved(
        place=after.place,
        before=before.state.label if before.state else NONE,
        after=after.state.label if after.state else NONE,
        is_another=_is_another(before, after),
        convention=after.convention.public_id if after.convention else None,
    )


def _reached(state: State) -> Callable[[Situation, Situation], bool]:
    def happened(before: Situation, after: Situation) -> bool:
        return after.state is state and (before.state is not state or _is_another(before, after))

    return happened


def _is_another(before: Situation, after: Situation) -> bool:
    """Whether the convention that counts was replaced by another one."""
    return (
        before.convention is not None
        and after.convention is not None
        and before.convention.public_id != after.convention.public_id
    )


_WRITING = frozenset({None, State.PROJET, State.RELECTURE, State.A_SIGNER, State.ABANDONNEE})


def _written(before: Situation, after: Situation) -> bool:
    """Whether only the drafting moved: opened, handed over, ready to sign, given up."""
    return before.state is not after.state and after.state in _WRITING


_KINDS: Sequence[tuple[str, Callable[[Situation, Situation], bool]]] = (
    ("Convention signée, pas encore en vigueur", _reached(State.SIGNEE)),
    ("Convention entrée en vigueur", _reached(State.EN_VIGUEUR)),
    ("Convention échue", _reached(State.ECHUE)),
    ("Convention dénoncée", _reached(State.DENONCEE)),
    ("Rédaction qui a avancé ou reculé", _written),
    (
        "Convention devenue appliquée",
        lambda before, after: after.vitality.applied and not before.vitality.applied,
    ),
    (
        "Convention qui n’est plus appliquée",
        lambda before, after: before.vitality.applied and not after.vitality.applied,
    ),
)


def _fact(fact: Fact, pairs: Sequence[tuple[Situation, Situation]]) -> FactChanged:
    gained, lost = [], []
    for before, after in pairs:
        held, still = holds(before, fact), holds(after, fact)
        if still and not held:
            gained.append(after.place)
        elif held and not still:
            lost.append(after.place)
    return FactChanged(label=fact.label, gained=gained, lost=lost)
