"""What a table would change, told line by line and in one sentence. Plain Python."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from traitdunion.core.choices import Kind
from traitdunion.exchange.errors import typeset

Shown = str | None


class ChangeKind(Kind):
    """What happens to a line or to a value."""

    ADDED = "added", "nouvelle ligne"
    CHANGED = "changed", "valeur changée"
    REGRESSED = "regressed", "valeur en recul"
    REMOVED = "removed", "ligne retirée"


@dataclass(frozen=True, slots=True)
class Change:
    """One line added or removed, or one value changed.

    Attributes:
        kind: a value that goes the wrong way is regressed rather than changed.
        subject: what the line is about, as a person names it.
        field: the label of the value, "" for a whole line.
        before: the value as shown, None when there was none.
        after: the value as shown, None when there is none left.
    """

    kind: ChangeKind
    subject: str
    field: str = ""
    before: Shown = None
    after: Shown = None

    def as_json(self) -> dict[str, Shown]:
        """Return the change as JSON values."""
        return {
            "kind": self.kind.value,
            "subject": self.subject,
            "field": self.field,
            "before": self.before,
            "after": self.after,
        }


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that a table would change.

    Attributes:
        changes: in the order of the table.
        hidden: how many changes of each kind are counted and not kept.
    """

    changes: Sequence[Change] = ()
    hidden: Mapping[ChangeKind, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "changes", tuple(self.changes)
        )  # so that two equal differences compare equal

    def __bool__(self) -> bool:
        return bool(self.changes) or any(self.hidden.values())

    def count(self, kind: ChangeKind) -> int:
        """Return how many changes are of ``kind``, hidden ones included."""
        return sum(change.kind is kind for change in self.changes) + self.hidden.get(kind, 0)

    @property
    def counts(self) -> dict[ChangeKind, int]:
        """How many changes of each kind, hidden ones included."""
        return {kind: self.count(kind) for kind in ChangeKind}

    def summary(self) -> str:
        """Return the difference in one sentence.

        A value that goes back also changes: it is counted in both.

        >>> Difference([Change(ChangeKind.CHANGED, "Mesure 38", "valeur", "12", "14")]).summary()
        '1 valeur change'
        """
        regressed = self.count(ChangeKind.REGRESSED)
        changed = self.count(ChangeKind.CHANGED) + regressed
        added, removed = self.count(ChangeKind.ADDED), self.count(ChangeKind.REMOVED)
        told = []
        if changed:
            told.append(_told(changed, "valeur change", "valeurs changent"))
        if regressed:
            told.append(_told(regressed, "recule", "reculent"))
        if added:
            told.append(_told(added, "ligne nouvelle", "lignes nouvelles"))
        if removed:
            told.append(_told(removed, "ligne retirée", "lignes retirées"))
        return ", ".join(told) if told else "aucune valeur ne change"

    def as_json(self, *, limit: int | None = None) -> dict[str, object]:
        """Return the difference as JSON values, with at most ``limit`` changes; the others are counted."""
        kept = self.changes if limit is None else self.changes[:limit]
        rest = self.changes[len(kept) :]
        hidden = {
            kind.value: number
            for kind in ChangeKind
            if (number := self.hidden.get(kind, 0) + sum(change.kind is kind for change in rest))
        }
        return {"changes": [change.as_json() for change in kept], "hidden": hidden}

    @classmethod
    def from_json(cls, stored: Mapping[str, object]) -> "Difference":
        """Return the difference that :meth:`as_json` gave.

        Raises:
            ValueError: it is something else.
        """
        match stored:
            case {"changes": list(changes), "hidden": dict(hidden)}:
                return cls(
                    [_change(change) for change in changes],
                    {ChangeKind(kind): int(number) for kind, number in hidden.items()},
                )
        raise ValueError("a stored difference has « changes » and « hidden »")


def compare(
    subject: str,
    before: Mapping[str, object],
    after: Mapping[str, object],
    *,
    is_worse: Callable[[str, object, object], bool] = lambda _field, _before, _after: False,
) -> Iterable[Change]:
    """Yield the values of ``after`` that differ from ``before``, for one subject that exists already.

    Args:
        subject: as a person names it.
        before: the values by label.
        after: the new values by label; a label that is absent is left as it is.
        is_worse: told the label and both values, whether the value goes the wrong way.
    """
    for label, new in after.items():
        old = before.get(label)
        if old == new:
            continue
        kind = ChangeKind.REGRESSED if is_worse(label, old, new) else ChangeKind.CHANGED
        yield Change(kind, subject, label, shown(old), shown(new))


def shown(value: object) -> Shown:
    """Return a value as a person reads it in French, None when there is none.

    >>> shown(date(2026, 3, 1)), shown(Decimal("1234.50")), shown(True), shown("")
    ('01/03/2026', '1234,5', 'oui', None)
    """
    match value:
        case None | "":
            return None
        case bool():
            return "oui" if value else "non"
        case Kind():
            return value.label
        case datetime():
            return value.strftime("%d/%m/%Y %H:%M")
        case date():
            return value.strftime("%d/%m/%Y")
        case Decimal() | float():
            return _plain(Decimal(str(value)))
        case _:
            return str(value)


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace(".", ",")


def _told(number: int, one: str, many: str) -> str:
    counted = f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    return typeset(f"{counted} {one if number == 1 else many}")


def _change(stored: object) -> Change:
    match stored:
        case {
            "kind": str(kind),
            "subject": str(subject),
            "field": str(label),
            "before": before,
            "after": after,
        }:
            return Change(ChangeKind(kind), subject, label, _text(before), _text(after))
    raise ValueError("a stored change has kind, subject, field, before and after")


def _text(stored: object) -> Shown:
    return None if stored is None else str(stored)
