"""A worker killed in the middle of a campaign: every link arrives, each under one name."""

import signal

import pytest
from django.utils import timezone

from tests.barometer.campaign import WHO, ask, prepared
from tests.notices.conftest import mail_server  # noqa: F401  # the real mail server of the outbox
from tests.notices.test_worker import empty_queue, surroundings, wait_until, worker  # noqa: F401  # fixtures among them
from traitdunion.barometer import actions, keys, queries
from traitdunion.identity.kinds import Side
from traitdunion.notices import actions as notices
from traitdunion.notices.models import Notice

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def test_a_campaign_survives_the_death_of_the_worker(bas_rhin, surroundings, mail_server):  # noqa: F811
    today = timezone.localdate()
    wave = prepared(today=today)
    for side in Side:
        ask(wave, bas_rhin, side, 6, today=today)
    mail_server.pause = 0.05
    actions.open_wave(wave, today=today, **WHO)
    with worker(surroundings) as first:
        wait_until(lambda: len(mail_server.messages) >= 4)
        first.send_signal(signal.SIGKILL)
        first.wait()
    dispatch = queries.dispatch_of(wave)
    assert dispatch.written == 12
    assert not dispatch.is_over

    mail_server.pause = 0
    notices._wake_the_worker()
    with worker(surroundings):
        wait_until(lambda: queries.dispatch_of(wave).is_over)

    names = {
        notices.message_id(public_id) for public_id in Notice.objects.values_list("public_id", flat=True)
    }
    assert set(mail_server.ids()) == names
    links = {message["To"]: message.get_content() for message in mail_server.messages}
    assert len(links) == 12
    for entry in wave.entries.all():
        assert keys.token(entry) in links[entry.email]
