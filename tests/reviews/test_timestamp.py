"""A time-stamp asked of a real authority over HTTP, on loopback, and checked."""

from datetime import UTC, timedelta

import pytest
from rfc3161_client import TimestampRequestBuilder

from tests.reviews import packs
from tests.reviews.authority import LATER, NOW, Authority, der, integer, serving
from traitdunion.reviews import pack, timestamp, verification
from traitdunion.reviews.timestamp import TimestampError

SIGNATURE = bytes(range(64))


@pytest.fixture(scope="module")
def authority():
    return Authority(LATER)


@pytest.fixture(scope="module")
def stranger():
    return Authority(LATER)


def test_an_authority_dates_a_signature(authority):
    with serving(authority.answer) as (url, came):
        raw = timestamp.ask(SIGNATURE, url=url, roots=[authority.root])

    stamp = timestamp.verify(raw, SIGNATURE, roots=[authority.root])
    assert (stamp.at, stamp.at.tzinfo, stamp.authority) == (LATER, UTC, "CN=Horodatage de test")
    [(kind, body)] = came
    assert kind == "application/timestamp-query"
    assert SIGNATURE not in body  # only its hash leaves


def test_a_request_may_leave_by_another_way(authority):
    asked = []

    def post(url, body):
        asked.append(url)
        return authority.answer(body)

    raw = timestamp.ask(SIGNATURE, url="https://horodatage.invalid", roots=[authority.root], post=post)

    assert asked == ["https://horodatage.invalid"]
    assert timestamp.read(raw, SIGNATURE).at == LATER


def refusing(_):
    return der(0x30, der(0x30, integer(2)))


def of_another_signature(authority):
    return lambda _: authority.stamp(bytes(64))


@pytest.mark.parametrize(
    ("answer", "options", "said"),
    [
        (lambda a: lambda _: b"", {}, "ce n’est pas une réponse d’horodatage"),
        (lambda a: lambda _: b"<html>", {}, "ce n’est pas une réponse d’horodatage"),
        (lambda a: refusing, {}, "l’autorité a refusé (rejection)"),
        (of_another_signature, {}, "il date autre chose que cette signature"),
        (
            lambda a: lambda _: a.stamp(SIGNATURE),
            {},
            "ne mène à aucune des autorités",
        ),  # an answer without our nonce
        (lambda a: lambda body: a.answer(body) + b"\x00", {}, "ce n’est pas une réponse d’horodatage"),
        (lambda a: a.answer, {"kind": "text/html"}, "a répondu autre chose qu’un horodatage"),
        (lambda a: lambda _: bytes(timestamp.MOST_BYTES + 1), {}, "a répondu autre chose qu’un horodatage"),
        (lambda a: a.answer, {"status": 500}, "ne répond pas"),
    ],
)
def test_an_answer_that_is_not_a_time_stamp(authority, answer, options, said):
    with serving(answer(authority), **options) as (url, _), pytest.raises(TimestampError) as refusal:
        timestamp.ask(SIGNATURE, url=url, roots=[authority.root])

    assert said in str(refusal.value)


def test_an_authority_that_is_not_there(authority):
    with serving(authority.answer) as (url, _):
        pass
    with pytest.raises(TimestampError, match="ne répond pas"):
        timestamp.ask(SIGNATURE, url=url, roots=[authority.root])


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x", "horodatage", ""])
def test_an_address_that_is_not_of_the_web(authority, url):
    with pytest.raises(TimestampError, match="commence par « https:// »"):
        timestamp.ask(SIGNATURE, url=url, roots=[authority.root])


def test_another_authority_is_not_believed(authority, stranger):
    raw = stranger.stamp(SIGNATURE)

    assert timestamp.read(raw, SIGNATURE).authority == "CN=Horodatage de test"  # its name is what it says
    with pytest.raises(TimestampError, match="ne mène à aucune"):
        timestamp.verify(raw, SIGNATURE, roots=[authority.root])
    assert timestamp.verify(raw, SIGNATURE, roots=[authority.root, stranger.root]).at == LATER


def test_no_root_no_trust(authority):
    with pytest.raises(TimestampError, match="aucun certificat d’autorité"):
        timestamp.verify(authority.stamp(SIGNATURE), SIGNATURE, roots=[])


def test_every_bit_that_says_something_is_signed(authority):
    """Flip one bit of each byte: what is read back is refused, or says the same moment of the same signature."""
    raw = authority.stamp(SIGNATURE)
    accepted = []
    for place in range(len(raw)):
        flipped = bytearray(raw)
        flipped[place] ^= 1
        try:
            stamp = timestamp.verify(bytes(flipped), SIGNATURE, roots=[authority.root])
        except TimestampError:
            continue
        accepted.append(place)
        assert stamp.at == LATER

    # What is left is signed by nobody in RFC 5652: numbers of version, names of algorithms. A seal binds it.
    assert len(accepted) < len(raw) / 50, accepted


def test_the_certificates_of_a_file(authority, stranger):
    roots = timestamp.read_roots(authority.root_pem + stranger.root_pem)

    assert list(roots) == [authority.root, stranger.root]
    for pem in (b"", b"x", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
        with pytest.raises(TimestampError, match="aucun certificat"):
            timestamp.read_roots(pem)


def test_our_authority_answers_requests_of_the_library(authority):
    request = TimestampRequestBuilder().data(SIGNATURE).build()  # SHA-512, by default

    with pytest.raises(TimestampError, match="il date autre chose"):
        timestamp.read(authority.answer(request.as_bytes()), SIGNATURE)


# In a pack


@pytest.mark.parametrize(
    ("at", "is_true"),
    [
        (NOW - timedelta(hours=1), False),
        (NOW - timedelta(minutes=4), True),  # two clocks are never the same
        (NOW + timedelta(days=400), True),
    ],
)
def test_a_time_stamp_is_not_before_the_signature(at, is_true):
    site = packs.Site()
    site.authority = Authority(at)
    raw = site.pack(packs.departemental(), sides=[packs.Side.ARS], stamped=True)

    report = verification.verify(raw, roots=[site.authority.root])

    assert report.is_true is is_true
    assert ("c’est avant la signature" in "\n".join(report.lines())) is not is_true


def test_without_its_certificate_an_authority_is_only_named():
    site = packs.Site()
    raw = site.pack(packs.departemental(), stamped=True)

    said = "\n".join(verification.verify(raw).lines())
    assert "L’autorité n’est pas vérifiée : donnez son certificat avec --authority" in said
    strange = verification.verify(raw, roots=[Authority(LATER).root])
    assert not strange.is_true
    assert "ne mène à aucune des autorités" in "\n".join(strange.lines())


def test_a_time_stamp_of_nobody_is_not_packed(authority):
    site = packs.Site()
    contents, key = site.contents(packs.departemental(), sides=[packs.Side.ARS])
    false = pack.Contents(
        pdf=contents.pdf, text=contents.text, signatures=contents.signatures,
        stamps={packs.Side.PREFECTURE: authority.stamp(SIGNATURE)},
    )  # fmt: skip
    with pytest.raises(pack.PackError, match="il y en a un de trop"):
        pack.build(false, key)
