"""The date that an authority gives to each signature: asked by the worker, kept once, put in the proof pack."""

import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError, connections, transaction
from django.test import Client

from tests.conventions.scene import act_as
from tests.reviews import authority as local
from tests.reviews.scene import LATER
from tests.reviews.test_pages import site_key, text_of, that_day  # noqa: F401  # fixtures among them
from traitdunion.audit.models import Entry
from traitdunion.identity.kinds import Role
from traitdunion.reviews import actions_stamps, dating, files, keyring, tasks, verification
from traitdunion.reviews.kinds import Party
from traitdunion.reviews.models import BilanSignature, SignatureStamp
from traitdunion.reviews.timestamp import TimestampError

WHO = {"actor": tasks.STAMPING, "at": LATER}


@pytest.fixture
def authority():
    return local.Authority(LATER + timedelta(seconds=2))


@pytest.fixture
def address(authority, settings, tmp_path):
    """The authority, at work, and known to the site: the requests that it received."""
    (tmp_path / "autorite.pem").write_bytes(authority.root_pem)
    settings.TSA_CERTIFICATE = str(tmp_path / "autorite.pem")
    with local.serving(lambda request: authority.answer(request)) as (url, came):
        settings.TSA_URL = url
        yield came


@pytest.fixture
def signed(bilan, site_key):  # noqa: F811
    bilan.key = keyring.site_key()
    bilan.offer()
    bilan.sign(Party.ARS)
    return bilan


@pytest.fixture
def page(bilan):
    """What a desk reads on the page of the version."""
    desk = act_as(Client(), bilan.dyad.house.mandate(Role.DESK_SANTE))
    return lambda: text_of(desk.get(f"/bilans/{bilan.review.public_id}/versions/1/"))


def test_the_worker_asks_it_once_and_the_page_and_the_pack_tell_it(signed, address, authority, page):
    assert "Horodatage en attente." in page()

    tasks.stamp_all()
    tasks.stamp_all()

    row = SignatureStamp.objects.get()
    assert row.stamped_at == authority.now
    assert len(address) == 1
    assert Entry.objects.filter(event="reviews.signature.stamped").count() == 1
    assert "Horodatage reçu le 20 octobre 2026 à 11 h 00, CN=Horodatage de test." in page()
    proof = files.content(signed.version, files.PROOF)
    report = verification.verify(proof, roots=[authority.root])
    assert report.is_true
    assert any("Horodatage" in line and "Horodatage de test" in line for line in report.lines())


def test_without_an_authority_nothing_is_asked_nor_awaited(signed, settings, page):
    settings.TSA_URL = ""
    tasks.stamp_all()

    assert not SignatureStamp.objects.exists()
    assert dating.authority() is None
    assert "Horodatage" not in page()


def test_an_authority_that_does_not_answer_is_asked_again_later(signed, address, authority, caplog):
    authority.answer = lambda request: b"rien"
    tasks.stamp_all()
    assert not SignatureStamp.objects.exists()
    assert "has no time-stamp yet" in caplog.text

    del authority.answer
    tasks.stamp_all()
    assert SignatureStamp.objects.count() == 1


def test_an_authority_that_keeps_failing_is_left_in_peace_until_the_next_tick(
    signed, address, authority, monkeypatch
):
    signed.sign(Party.PREFECTURE)
    authority.answer = lambda request: b"rien"
    monkeypatch.setattr(tasks, "FAILURES_BORNE", 1)
    tasks.stamp_all()

    assert BilanSignature.objects.count() == 2
    assert len(address) == 1


def test_a_date_before_the_signature_is_not_kept(signed, address, authority):
    authority.now = LATER - timedelta(hours=1)
    [row] = BilanSignature.objects.all()

    with pytest.raises(TimestampError, match="vérifiez les horloges"):
        actions_stamps.stamp(row, authority=dating.authority(), **WHO)
    assert not SignatureStamp.objects.exists()


def test_an_authority_that_is_not_ours_is_not_believed(signed, address, settings, tmp_path):
    (tmp_path / "autre.pem").write_bytes(local.Authority(LATER).root_pem)
    settings.TSA_CERTIFICATE = str(tmp_path / "autre.pem")
    tasks.stamp_all()

    assert not SignatureStamp.objects.exists()


def test_certificates_that_cannot_be_read_are_said_to_the_log(signed, address, settings, tmp_path, caplog):
    settings.TSA_CERTIFICATE = str(tmp_path / "absent.pem")
    tasks.stamp_all()

    assert "TRAITDUNION_TSA_CERTIFICATE" in caplog.text
    assert address == []


def test_the_database_never_lets_a_time_stamp_go(signed, address):
    tasks.stamp_all()

    for write in (
        lambda: SignatureStamp.objects.update(token=b"autre"),
        lambda: SignatureStamp.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError, match="kept as they were"), transaction.atomic():
            write()


def test_signing_on_the_page_asks_for_it(bilan, site_key, address):  # noqa: F811
    from procrastinate.contrib.django.models import ProcrastinateJob  # the app is ready once Django is

    version = bilan.offer()
    prefet = act_as(Client(), bilan.dyad.prefet)
    answer = prefet.post(
        f"/bilans/{bilan.review.public_id}/signer/", {"has_read": "on", "sha256": version.document_sha256}
    )

    assert answer.status_code == 302
    assert ProcrastinateJob.objects.filter(task_name="reviews.stamp_signatures").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_ask_at_once_keep_one_date(signed, address):
    [row] = BilanSignature.objects.all()
    gate, kept = threading.Barrier(2), []

    def run():
        gate.wait()
        try:
            kept.append(actions_stamps.stamp(row, authority=dating.authority(), **WHO))
        finally:
            connections.close_all()

    hands = [threading.Thread(target=run) for _ in range(2)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()

    assert sorted(kept) == [False, True]
    assert SignatureStamp.objects.count() == 1
