"""Closed lists: what is stored, and what is read on the page."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Self


class Kind(StrEnum):
    """A closed list whose members carry their French label.

    >>> class Side(Kind):
    ...     ARS = "ars", "agence régionale de santé"
    >>> Side("ars").label
    'agence régionale de santé'
    """

    label: str

    def __new__(cls, value: str, label: str = "") -> Self:
        """Build the member from its stored value and its French label.

        The label has a default only because looking a member up by its value is typed as this call;
        a test refuses a member without one.
        """
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member


def choices_of(kinds: Iterable[Kind]) -> list[tuple[str, str]]:
    """Return the pairs a Django field expects."""
    return [(kind.value, kind.label) for kind in kinds]
