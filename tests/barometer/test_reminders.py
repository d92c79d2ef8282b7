"""Invitations reach everyone once; reminders reach who has not answered, and nothing kept tells who that was."""

from datetime import timedelta

import pytest
from django.db import connection

from tests.barometer.campaign import NOW, TODAY, WHO, opened
from tests.notices.conftest import mail_server, mailbox, smtp  # noqa: F401  # the real mail server of the outbox
from traitdunion.barometer import actions, actions_notices, actions_roster, answering, keys, letters
from traitdunion.notices import actions as notices
from traitdunion.notices.models import Notice

pytestmark = pytest.mark.django_db


@pytest.fixture
def wave(bas_rhin):
    return opened(bas_rhin, people=3)


def send(at=NOW):
    while notices.send_pending(at=at, limit=50).left:
        pass


def people(wave):
    found = list(wave.entries.order_by("pk"))
    for entry in found:
        entry.wave = wave
    return found


def submit(entry):
    answering.save(entry, answers={"joindre": "4"}, screen=1, remark=None)
    answering.submit(entry, screens=[1], typed_code="")


def test_each_person_receives_one_link_of_their_own(wave, mailbox):  # noqa: F811
    send()
    send()
    links = {message["To"]: message.get_content() for message in mailbox.messages}
    assert len(mailbox.messages) == len(links) == 6
    for entry in people(wave):
        assert f"/barometre/repondre/{keys.token(entry)}/" in links[entry.email]


def test_no_link_lies_in_the_database_after_the_mails_have_left(wave, mailbox):  # noqa: F811
    send()
    tokens = [keys.token(entry) for entry in people(wave)]
    signatures = [token.partition(":")[2] for token in tokens]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT t::text FROM {table} t")
            kept = "\n".join(row for (row,) in cursor.fetchall())
            assert not [signature for signature in signatures if signature in kept], table
    assert letters.LINK in Notice.objects.first().body


def test_the_letter_names_neither_the_person_nor_their_function(wave, mailbox):  # noqa: F811
    send()
    for entry in people(wave):
        text = next(m.get_content() for m in mailbox.messages if m["To"] == entry.email)
        assert entry.name not in text
        assert entry.get_role_display() not in text


def remind(wave, days=7):
    actions_notices.remind(wave, today=TODAY + timedelta(days=days), **WHO)


def test_a_reminder_leaves_only_for_who_has_not_sent(wave, mailbox):  # noqa: F811
    send()
    sent, begun, *silent = people(wave)
    submit(sent)
    answering.save(begun, answers={"joindre": "4"}, screen=1, remark=None)
    mailbox.messages.clear()

    remind(wave)
    send(NOW + timedelta(days=7))

    assert sorted(message["To"] for message in mailbox.messages) == sorted(
        entry.email for entry in (begun, *silent)
    )


def test_the_outbox_keeps_the_same_row_for_who_answered_and_who_did_not(wave, mailbox):  # noqa: F811
    send()
    submit(people(wave)[0])
    remind(wave)
    send(NOW + timedelta(days=7, minutes=3))
    own = {"id", "public_id", "key", "address", "about", "subject"}  # whom it is for, whatever they did
    kept = [
        {name: value for name, value in row.items() if name not in own}
        for row in Notice.objects.filter(maker=letters.REMINDER).values()
    ]
    assert len(kept) == 6
    assert all(row == kept[0] for row in kept)


def test_a_refused_reminder_leaves_no_mark_either(wave, mailbox):  # noqa: F811
    send()
    submit(people(wave)[0])
    remind(wave)
    mailbox.answer = "550 Boîte pleine"
    send(NOW + timedelta(days=7))
    states = (
        Notice.objects.filter(maker=letters.REMINDER).values_list("state", "attempts", "error").distinct()
    )
    assert list(states) == [("sent", 1, "")]


def test_a_server_that_is_down_keeps_every_reminder_for_later(wave, settings):
    submit(people(wave)[0])
    Notice.objects.all().delete()
    remind(wave)
    settings.MAILERS = smtp(9)
    send(NOW + timedelta(days=7))
    assert Notice.objects.filter(state="pending").count() == 6


def test_nobody_is_reminded_once_the_wave_is_over(wave, mailbox):  # noqa: F811
    send()
    mailbox.messages.clear()
    remind(wave)
    actions.close(wave, today=TODAY + timedelta(days=8), **WHO)
    send(NOW + timedelta(days=8))
    assert mailbox.messages == []


def test_an_invitation_that_lost_its_object_is_given_up(wave, mailbox):  # noqa: F811
    entry = people(wave)[0]
    actions_roster.remove(entry, today=TODAY, **WHO)
    send()
    assert entry.email not in [message["To"] for message in mailbox.messages]
    assert "retirée" in Notice.objects.get(address=entry.email).error


def test_the_two_reminders_are_two_letters(wave, mailbox):  # noqa: F811
    send()
    mailbox.messages.clear()
    for days in (7, 17):
        remind(wave, days)
        remind(wave, days)
        send(NOW + timedelta(days=days))
    assert len(mailbox.messages) == 12
    assert len(mailbox.ids()) == 12
