"""A real mail server on loopback, and someone to write to."""

import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from aiosmtpd.controller import Controller

from tests.conventions import facts
from traitdunion.identity.kinds import OrganisationKind, Role, Side
from traitdunion.identity.models import Post

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
TODAY = date(2026, 3, 2)


@dataclass
class Mailbox:
    """What the server accepted, in order; ``answer`` is what it says to the next messages."""

    messages: list[EmailMessage] = field(default_factory=list)
    answer: str = "250 OK"
    pause: float = 0
    port: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802  # the name that aiosmtpd calls
        if self.answer.startswith("250"):
            with self.lock:
                self.messages.append(message_from_bytes(envelope.content, policy=default))
        if self.pause:
            time.sleep(self.pause)
        return self.answer

    def ids(self):
        with self.lock:
            return Counter(message["Message-ID"] for message in self.messages)


@pytest.fixture
def mail_server():
    mailbox = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        mailbox.port = free.getsockname()[1]
    controller = Controller(mailbox, hostname="127.0.0.1", port=mailbox.port)
    controller.start()
    yield mailbox
    controller.stop()


@pytest.fixture
def mailbox(mail_server, settings):
    """The server that this process sends to."""
    settings.MAILERS = smtp(mail_server.port)
    return mail_server


def smtp(port):
    return {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {"host": "127.0.0.1", "port": port, "timeout": 5},
        }
    }


@pytest.fixture
def reader(db):
    return facts.person("Camille Essai", email="camille@example.org")


@pytest.fixture
def bas_rhin(db):
    return facts.departement()


@pytest.fixture
def referent(bas_rhin, reader):
    """The mandate of the référent of the préfecture, held by the reader."""
    return facts.mandate(facts.post(Side.PREFECTURE, bas_rhin), reader)


@pytest.fixture
def administrator(db):
    desk = facts.organisation(OrganisationKind.DESK)
    held = Post.objects.create(organisation=desk, role=Role.ADMINISTRATEUR.value, opened_on=date(2000, 1, 1))
    return facts.mandate(held, facts.person("Admin Essai", email="admin@example.org"))


@pytest.fixture
def signed_in(client):
    """Sign a mandate in."""

    def sign_in(mandate):
        client.force_login(mandate.person, backend="traitdunion.demo.personas.PersonaBackend")
        session = client.session
        session["mandate"] = str(mandate.public_id)
        session.save()
        return client

    return sign_in
