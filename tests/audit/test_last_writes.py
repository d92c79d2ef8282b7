"""The mark that says whether something was written since, and the log that refuses to be rewritten."""

import threading

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from traitdunion.audit import actions
from traitdunion.audit.actors import task
from traitdunion.audit.models import Entry
from traitdunion.audit.queries import last_writes


def write(event="essai"):
    actions.record(event=event, subject="x", actor=task("essai"), at=timezone.now())


@pytest.mark.django_db(transaction=True)
def test_the_mark_moves_with_each_act():
    write()
    first = last_writes()
    assert last_writes() == first

    write()

    assert last_writes() != first


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_wrote_has_no_mark():
    write()
    with transaction.atomic():
        write()
        assert last_writes() is None


@pytest.mark.django_db(transaction=True)
def test_an_act_numbered_early_and_committed_late_still_moves_the_mark():
    numbered, may_commit = threading.Event(), threading.Event()

    def slow():
        with transaction.atomic():
            write("lent")
            numbered.set()
            may_commit.wait(10)
        connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    numbered.wait(10)
    write("rapide")
    before = last_writes()
    may_commit.set()
    thread.join()

    assert last_writes() != before


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement", ["UPDATE audit_entry SET event = 'faux'", "DELETE FROM audit_entry", "TRUNCATE audit_entry"]
)
def test_the_log_refuses_to_change(statement):
    write()

    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)

    assert Entry.objects.get().event == "essai"
