"""Letters to an address without account, finished by a maker when they leave."""

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from tests.notices.conftest import NOW, smtp
from tests.notices.test_send import send
from traitdunion.core.errors import Refusal
from traitdunion.notices import actions, registry
from traitdunion.notices.kinds import NoticeState
from traitdunion.notices.models import Notice

ABOUT = uuid.UUID("00000000-0000-4000-8000-000000000001")
SILENT = uuid.UUID("00000000-0000-4000-8000-000000000002")


def finish(about, body, *, at):
    """What an app above registers: a secret computed from the object, never stored."""
    return None if about == SILENT else body.replace("[[lien]]", f"https://exemple.test/{about.hex}")


def refuse(about, body, *, at):
    raise Refusal("Le lien a été fermé avant l’envoi.")


@pytest.fixture(autouse=True)
def makers(monkeypatch):
    monkeypatch.setattr(registry, "_makers", {})
    registry.register_maker("essai", f"{__name__}.finish")
    registry.register_maker("discret", f"{__name__}.finish", is_discreet=True)
    registry.register_maker("refus", f"{__name__}.refuse")


def letter(key="a", maker="essai", about=ABOUT, address="dominique@example.org", body="Bonjour,\n[[lien]]"):
    return actions.Letter(key=key, subject="Objet", body=body, address=address, maker=maker, about=about)


def test_a_letter_leaves_to_an_address_without_account(mailbox, db):
    assert actions.write_all([letter(maker="", about=None, body="Bonjour")], at=NOW) == 1
    assert send().sent == 1
    [message] = mailbox.messages
    assert message["To"] == "dominique@example.org"
    text = message.get_content()
    assert "parmi les personnes interrogées" in text
    assert "/avis/reglages/" not in text


def test_many_letters_are_written_once_each(db, django_assert_max_num_queries):
    batch = [letter(key=f"k{rank % 20}", address=f"a{rank % 20}@example.org") for rank in range(40)]
    with django_assert_max_num_queries(3):
        assert actions.write_all(batch, at=NOW) == 20
    assert actions.write_all(batch, at=NOW) == 0


@pytest.mark.parametrize("wrong", ["nobody", "both", "maker without object", "object without maker"])
def test_the_database_refuses_a_letter_to_nobody_or_to_two(reader, wrong):
    columns = {
        "nobody": {},
        "both": {"person": reader, "address": "a@example.org"},
        "maker without object": {"person": reader, "maker": "essai"},
        "object without maker": {"person": reader, "about": ABOUT},
    }[wrong]
    with pytest.raises(IntegrityError), transaction.atomic():
        Notice.objects.create(key="x", subject="Objet", body="Texte", created_at=NOW, **columns)


def test_the_secret_is_in_the_mail_and_never_in_the_database(mailbox, db):
    actions.write_all([letter()], at=NOW)
    mailbox.answer = "451 Réessayez"
    send()
    mailbox.answer = "250 OK"
    send(NOW + timedelta(hours=1))
    [message] = mailbox.messages
    assert ABOUT.hex in message.get_content()
    assert ABOUT.hex not in Notice.objects.get().body


def test_each_try_gives_the_same_bytes(mailbox, db):
    actions.write_all([letter()], at=NOW)
    send()
    Notice.objects.update(
        state=NoticeState.SENDING.value, sent_at=None
    )  # its sender died before it could tell
    send(NOW + timedelta(days=1))
    first, second = mailbox.messages
    assert first.as_bytes() == second.as_bytes()


@pytest.mark.parametrize(("maker", "said"), [("refus", "fermé avant l’envoi"), ("inconnu", "« inconnu »")])
def test_a_letter_that_cannot_be_finished_is_given_up_with_its_reason(mailbox, db, maker, said):
    actions.write_all([letter(maker=maker)], at=NOW)
    assert send().failed == 1
    assert said in Notice.objects.get().error
    assert mailbox.messages == []


def discreet_rows():
    """What the database keeps of two discreet letters, one of which had nothing to say."""
    left = ("id", "public_id", "key", "address", "about")
    return [
        {name: value for name, value in row.items() if name not in left} for row in Notice.objects.values()
    ]


@pytest.mark.parametrize("answer", ["250 OK", "451 Réessayez", "550 Non"])
def test_a_discreet_letter_leaves_the_same_row_whether_it_left_or_not(mailbox, db, answer):
    actions.write_all(
        [
            letter("a", maker="discret", address="a@example.org"),
            letter("b", maker="discret", about=SILENT, address="b@example.org"),
        ],
        at=NOW,
    )
    mailbox.answer = answer
    assert send(NOW + timedelta(minutes=7)).sent == 2
    assert [message["To"] for message in mailbox.messages] == (
        ["a@example.org"] if answer == "250 OK" else []
    )
    spoken, silent = discreet_rows()
    assert spoken == silent


def test_a_discreet_letter_taken_up_after_a_death_shows_one_try(mailbox, db):
    actions.write_all([letter(maker="discret")], at=NOW)
    Notice.objects.update(state=NoticeState.SENDING.value, attempts=3)
    send()
    assert Notice.objects.get().attempts == 1


def test_a_server_that_is_down_postpones_both_alike(settings, db):
    settings.MAILERS = smtp(9)  # nobody listens on « discard »
    actions.write_all([letter("b", maker="discret", about=SILENT)], at=NOW)
    assert send().postponed == 1
    assert "n’a pas pris le message" in Notice.objects.get().error


def test_an_administrator_reads_the_address_of_what_failed(signed_in, administrator, mailbox):
    actions.write_all([letter(maker="refus")], at=NOW)
    send()
    page = signed_in(administrator).get(reverse("notices:outbox")).content.decode()
    assert "dominique@example.org" in page
