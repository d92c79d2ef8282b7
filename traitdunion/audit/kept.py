"""Answers that a process keeps while nothing is written: reading again costs one query, which asks the log."""

from collections.abc import Callable, Hashable

from traitdunion.audit.queries import last_writes


class Kept[Answer]:
    """The latest answers to one kind of question, given again until an act is written anywhere.

    An answer is shared by every reader of the process: it is never changed by who receives it.

    Args:
        most: how many answers are kept; beyond, the oldest is dropped.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._answers: dict[Hashable, Answer] = {}

    def get(self, question: Hashable, read: Callable[[], Answer]) -> Answer:
        """Return the answer to ``question``, read anew when something was written since it was kept.

        Args:
            question: everything that the answer depends on, beside what the database holds.
            read: gives the answer; nothing is kept inside a transaction that wrote, which alone sees its writes.
        """
        mark = last_writes()
        if mark is None:
            return read()
        key = (mark, question)
        # Threads share this dictionary: each of its steps is whole, and at worst two of them read the same answer.
        found = self._answers.get(key)
        if found is None:
            found = read()
            while len(self._answers) >= self._most:
                self._answers.pop(next(iter(self._answers), None), None)
            self._answers[key] = found
        return found
