"""Reads of the log."""

from django.db import connection

WATCHED = 1000


def last_writes() -> int | None:
    """Return a number that changes with every act written in the log; None when this transaction wrote something.

    The sum of the last identifiers, rather than the greatest: an act whose identifier was taken early and whose
    transaction ends late still changes it. What a transaction wrote and did not commit is nobody else's: no number
    stands for it.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT CASE WHEN txid_current_if_assigned() IS NULL THEN sum(id) END
            FROM (SELECT id FROM audit_entry ORDER BY id DESC LIMIT %s) AS latest
            """,
            [WATCHED],
        )
        row = cursor.fetchone()
    mark = row[0]
    return None if mark is None else int(mark)
