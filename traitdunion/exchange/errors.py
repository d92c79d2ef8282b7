"""What is said to someone whose table cannot be read or written."""

import re
from typing import Final

from traitdunion.core.errors import Refusal

NBSP: Final = "\N{NO-BREAK SPACE}"


def typeset(sentence: str) -> str:
    """Return a French sentence with its non-breaking spaces.

    >>> typeset("Lu : 12 %").count(NBSP)
    2
    """
    return re.sub(r" (?=[:;!?»%])|(?<=«) ", NBSP, sentence)


class UnreadableTableError(Refusal):
    """The file cannot be read as a table: what happened, what was expected, what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(typeset(message))


class WrongTypeError(UnreadableTableError):
    """The file is something else than a table that we read."""


class ProtectedFileError(UnreadableTableError):
    """The workbook is encrypted."""


class DamagedFileError(UnreadableTableError):
    """The file has the right type and cannot be opened."""


class TooLargeError(UnreadableTableError):
    """The file has too many bytes, rows, columns, cells or characters."""


class EmptyTableError(UnreadableTableError):
    """There is nothing to read."""


class HeaderError(UnreadableTableError):
    """The first line does not name the columns, names one twice, or leaves out one that is expected."""


class RaggedRowError(UnreadableTableError):
    """A row has a value outside the named columns."""


class UndecodableError(UnreadableTableError):
    """The text is in no encoding that we read, or is not text."""


class UnwritableTableError(Refusal):
    """The table does not fit in the format that was asked for."""

    def __init__(self, message: str) -> None:
        super().__init__(typeset(message))


class CellError(Refusal):
    """One cell does not hold what was expected.

    Attributes:
        reference: where a person finds the cell, « B12 » or « ligne 12, colonne « échéance » ».
        column: the header of its column, as written in the file.
        message: a French sentence: what was read, what was expected.
    """

    def __init__(self, reference: str, column: str, message: str) -> None:
        self.reference = typeset(reference)
        self.column = column
        self.message = typeset(message)
        super().__init__(f"{self.reference}{NBSP}: {self.message}")
