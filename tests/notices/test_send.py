import json
from datetime import timedelta

import pytest
from django.db import connection

from tests.notices.conftest import NOW, smtp
from tests.notices.test_write import write
from traitdunion.notices import actions, rules
from traitdunion.notices.kinds import NoticeState
from traitdunion.notices.models import Notice


def send(at=NOW, limit=50):
    return actions.send_pending(at=at, limit=limit)


def test_a_notice_leaves_as_plain_text_with_a_link_to_choose(reader, mailbox, settings):
    write(reader, subject="Terme dans 30 jours", body="Bonjour,\n\nÉchéance proche : « 1 000 » €.")

    run = send()

    [message] = mailbox.messages
    notice = Notice.objects.get()
    assert (run.sent, notice.state, notice.sent_at) == (1, NoticeState.SENT.value, NOW)
    assert message["Subject"] == "Terme dans 30 jours"
    assert message["To"] == "camille@example.org"
    assert message["Message-ID"] == f"<{notice.public_id}@localhost>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "text/plain"
    text = message.get_content()
    assert "Échéance proche : « 1 000 » €." in text
    assert f"{settings.BASE_URL}/avis/reglages/" in text


def test_a_sent_notice_is_not_sent_again(reader, mailbox):
    write(reader)
    send()
    assert send(NOW + timedelta(days=9)).sent == 0
    assert len(mailbox.messages) == 1


def test_a_refused_notice_is_tried_later_under_the_same_bytes(reader, mailbox):
    write(reader)
    mailbox.answer = "451 Réessayez"
    assert send().postponed == 1
    notice = Notice.objects.get()
    assert notice.state == NoticeState.PENDING.value
    assert "451" in notice.error
    first = actions._message(notice).message().as_bytes()

    mailbox.answer = "250 OK"
    assert send(NOW + timedelta(seconds=30)).sent == 0
    assert send(NOW + timedelta(seconds=90)).sent == 1
    assert actions._message(Notice.objects.get()).message().as_bytes() == first


def test_after_eight_refusals_the_notice_is_given_up(reader, mailbox):
    write(reader)
    mailbox.answer = "550 Non"
    at = NOW
    for _ in range(rules.MOST_TRIES):
        send(at)
        at += timedelta(hours=8)
    notice = Notice.objects.get()
    assert (notice.state, notice.attempts) == (NoticeState.FAILED.value, rules.MOST_TRIES)
    assert send(at + timedelta(days=30)) == actions.Run(sent=0, postponed=0, failed=0, left=False)


def test_a_server_that_is_down_costs_a_try_to_one_notice_only(reader, settings):
    settings.MAILERS = smtp(9)  # nobody listens on « discard »
    write(reader, key="a")
    write(reader, key="b")
    assert send().postponed == 1
    assert sorted(Notice.objects.values_list("attempts", flat=True)) == [0, 1]


def test_one_refusal_does_not_keep_the_others_from_leaving(reader, mailbox):
    wrong = reader
    write(wrong, key="a")
    Notice.objects.update(body="Bonjour\ud800".encode("utf-8", "replace").decode())
    wrong.email = "sans arobase\r\nBcc: intrus@example.org"
    wrong.save()
    other = type(reader).objects.create(issuer="essai", subject="autre", name="Autre", email="b@example.org")
    write(other, key="b")

    run = send()

    assert (run.sent, run.failed) == (1, 1)
    assert [message["To"] for message in mailbox.messages] == ["b@example.org"]


@pytest.mark.parametrize(("email", "is_active"), [("", True), ("camille@example.org", False)])
def test_nobody_to_write_to_is_seen_at_once(reader, mailbox, email, is_active):
    write(reader)
    reader.email, reader.is_active = email, is_active
    reader.save()
    assert send().failed == 1
    assert Notice.objects.get().error
    assert mailbox.messages == []


def test_a_subject_stored_by_another_way_cannot_add_a_header(reader, mailbox):
    write(reader)
    Notice.objects.update(subject="Objet\r\nBcc: intrus@example.org\r\n\r\nCorps")
    send()
    [message] = mailbox.messages
    assert message["Bcc"] is None
    assert message["Subject"] == "Objet Bcc: intrus@example.org Corps"


def test_a_run_stops_at_its_limit_and_says_so(reader, mailbox):
    for rank in range(5):
        write(reader, key=f"essai:{rank}")
    assert send(limit=3) == actions.Run(sent=3, postponed=0, failed=0, left=True)
    assert send(limit=3) == actions.Run(sent=2, postponed=0, failed=0, left=False)


def test_a_row_left_in_hand_by_a_dead_sender_leaves_at_once(reader, mailbox):
    write(reader)
    Notice.objects.update(state=NoticeState.SENDING.value, attempts=1)
    assert send().sent == 1


@pytest.mark.django_db(transaction=True)
def test_a_row_in_the_hand_of_a_live_sender_is_left_alone(reader, mailbox):
    write(reader)
    Notice.objects.update(state=NoticeState.SENDING.value, attempts=1)
    number = Notice.objects.get().pk
    sender = connection.copy()  # another session of the same database
    try:
        with sender.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", [actions.LOCK_CLASS, number])
            assert send().sent == 0
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [actions.LOCK_CLASS, number])
        assert send().sent == 1
    finally:
        sender.close()


def test_eight_interrupted_tries_are_given_up(reader, mailbox):
    write(reader)
    Notice.objects.update(state=NoticeState.SENDING.value, attempts=rules.MOST_TRIES)
    assert send().failed == 1
    assert mailbox.messages == []


def test_an_administrator_puts_a_failed_notice_back(reader, administrator, mailbox):
    write(reader)
    Notice.objects.update(state=NoticeState.FAILED.value, attempts=8, next_try_at=None)
    notice = Notice.objects.get()
    actions.retry(notice, actor=administrator.as_actor(), at=NOW)
    assert send().sent == 1
    with pytest.raises(actions.NoticeRefusedError):
        actions.retry(notice, actor=administrator.as_actor(), at=NOW)


def test_the_log_never_holds_the_text_of_a_notice(reader, administrator, mailbox):
    write(reader, body="Lien secret")
    Notice.objects.update(state=NoticeState.FAILED.value, attempts=8, next_try_at=None)
    actions.retry(Notice.objects.get(), actor=administrator.as_actor(), at=NOW)
    entries = list(actions.audit.Entry.objects.values())
    assert entries
    assert "secret" not in json.dumps(entries, default=str)
