"""Where a statement comes from: text, article, address, and how well it was checked."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Mark(StrEnum):
    """How far the text was read."""

    READ = "V"
    SECONDARY = "S"
    UNVERIFIED = "à vérifier"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One official text as this product cites it.

    Attributes:
        title: the French title, with its date.
        published_on: day of publication, None when it was not checked.
        in_force_on: first day in force, None when it was not checked.
        address: where it can be read.
        mark: how far it was read.
    """

    title: str
    published_on: date | None
    in_force_on: date | None
    address: str
    mark: Mark
