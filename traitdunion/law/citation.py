"""Where a statement comes from: text, article, part, version, and how well it was checked."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

COPY_READ: Final = date(2026, 5, 28)
"""Newest version seen in the consolidated copy of the Code de la santé publique that was read."""


class Mark(StrEnum):
    """How far a text was read. Nothing is enforced on the last two: a jurist signs first."""

    READ = "V"
    SECONDARY = "S"
    READING = "lecture à valider"
    UNVERIFIED = "à vérifier"

    @property
    def binding(self) -> bool:
        """Say whether the product may enforce what carries this mark."""
        return self in {Mark.READ, Mark.SECONDARY}


WEAKEST: Final = tuple(Mark)


def weakest(*marks: Mark) -> Mark:
    """Return the least checked of several marks.

    >>> weakest(Mark.READ, Mark.READING).value
    'lecture à valider'
    """
    return max(marks, key=WEAKEST.index)


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """One article of one text, in one version.

    Attributes:
        text: short name, « CSP ».
        article: « L. 3211-12-1 ».
        part: paragraph, « I, 1° »; empty for the whole article.
        version: Légifrance identifier of the version read; empty when the copy did not carry it.
        status: how far it was read.
    """

    text: str
    article: str
    part: str
    version: str
    status: Mark

    def __str__(self) -> str:
        return ", ".join(filter(None, (self.text, f"art. {self.article}", self.part)))
