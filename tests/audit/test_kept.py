"""Answers kept until something is written."""

import pytest
from django.db import transaction

from tests.audit.test_last_writes import write
from traitdunion.audit.kept import Kept


class Reader:
    """Counts how often it is asked."""

    def __init__(self):
        self.times = 0

    def __call__(self):
        self.times += 1
        return [self.times]


@pytest.fixture
def read():
    return Reader()


@pytest.mark.django_db(transaction=True)
def test_an_answer_is_read_once_and_again_after_an_act(read):
    write()
    kept = Kept(2)
    assert kept.get("question", read) is kept.get("question", read)

    write()

    assert kept.get("question", read) == [2]


@pytest.mark.django_db(transaction=True)
def test_two_questions_have_two_answers_and_the_oldest_leaves_first(read):
    write()
    kept = Kept(2)
    first, second = kept.get(1, read), kept.get(2, read)
    assert first != second

    kept.get(3, read)

    assert kept.get(2, read) is second
    assert kept.get(1, read) == [4]


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_wrote_keeps_nothing(read):
    write()
    kept = Kept(2)
    with transaction.atomic():
        write()
        kept.get("question", read)
        assert kept.get("question", read) == [2]


@pytest.mark.django_db
def test_without_any_act_nothing_is_kept(read):
    kept = Kept(2)
    kept.get("question", read)

    assert kept.get("question", read) == [2]
