from datetime import timedelta

import pytest
from django.db import transaction

from tests.notices.conftest import NOW
from traitdunion.notices import actions
from traitdunion.notices.models import Notice


def write(person, key="essai:1", subject="Objet", body="Bonjour", at=NOW):
    return actions.write(key=key, person=person, subject=subject, body=body, at=at)


def test_a_key_written_twice_gives_one_notice(reader):
    assert write(reader) is True
    assert write(reader, subject="Autre", at=NOW + timedelta(days=1)) is False
    assert [notice.subject for notice in Notice.objects.all()] == ["Objet"]


@pytest.mark.django_db(transaction=True)
def test_a_notice_disappears_with_the_act_it_tells(reader):
    with transaction.atomic():
        assert write(reader) is True
        transaction.set_rollback(True)
    assert not Notice.objects.exists()


def test_writing_asks_the_worker_to_run_once(reader, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        write(reader, key="a")
        write(reader, key="b")
    assert [job.task_name for job in jobs()] == [actions.SEND_TASK]


def jobs():
    return list(actions.app.job_manager.list_jobs())


def test_line_breaks_and_control_characters_leave_the_subject_and_the_body(reader):
    write(
        reader,
        subject="Terme\r\nBcc: intrus@example.org\u2028\x00\u202e",
        body="Ligne 1\r\nLigne 2\x00\x1b[31m\u2028\u00a0!",
    )
    notice = Notice.objects.get()
    assert notice.subject == "Terme Bcc: intrus@example.org"
    assert notice.body == "Ligne 1\nLigne 2[31m\u00a0!"


def test_a_long_subject_is_cut_with_an_ellipsis(reader):
    write(reader, subject="x" * 500)
    assert Notice.objects.get().subject == "x" * 199 + "…"
