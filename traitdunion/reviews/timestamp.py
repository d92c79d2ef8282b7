"""A date that a third party certifies: RFC 3161, by ``rfc3161-client``. Plain Python.

The authority is shown the SHA-256 of a signature, and answers that it existed at such a moment. The address and the
certificates of the authority are configuration; nothing here chooses one, and without one nothing is asked.
"""

import hashlib
import http.client
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    PKIStatus,
    TimeStampRequest,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from traitdunion.core.errors import Refusal

MOST_BYTES: Final = 100_000
SECONDS: Final = 15
QUERY: Final = "application/timestamp-query"
REPLY: Final = "application/timestamp-reply"
_SHA256: Final = x509.ObjectIdentifier("2.16.840.1.101.3.4.2.1")

type Poster = Callable[[str, bytes], bytes]
"""Sends a request to an address, and returns the answer."""


class TimestampError(Refusal):
    """No time-stamp, or a false one. The message is French and says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A time-stamp that says what it should. ``authority`` is trusted only where roots were given."""

    at: datetime
    authority: str


def ask(
    signature: bytes, *, url: str, roots: Sequence[x509.Certificate], post: Poster | None = None
) -> bytes:
    """Return the time-stamp of ``signature`` that the authority at ``url`` gives, verified against ``roots``.

    Args:
        signature: the bytes of the signature; only their hash leaves.
        url: http or https address of the authority.
        roots: certificates of the authority that are trusted.
        post: what sends the request; by default, a request of the standard library.

    Raises:
        TimestampError: the authority does not answer, refuses, or answers something false.
    """
    request = TimestampRequestBuilder().data(signature).hash_algorithm(HashAlgorithm.SHA256).build()
    answer = (post or _post)(url, request.as_bytes())
    verify(answer, signature, roots=roots, request=request)
    return answer


def verify(
    raw: bytes,
    signature: bytes,
    *,
    roots: Sequence[x509.Certificate],
    request: TimeStampRequest | None = None,
) -> Stamp:
    """Return what the time-stamp ``raw`` says of ``signature``, its signature leading to one of ``roots``.

    Raises:
        TimestampError: it is of something else, it is false, or its authority is not one of these.
    """
    if not roots:
        raise TimestampError("aucun certificat d’autorité n’a été donné")
    with _readable():
        response = _about(signature, raw)
        builder = VerifierBuilder.from_request(request) if request else VerifierBuilder()
        for root in roots:
            builder = builder.add_root_certificate(root)
        try:
            builder.build().verify_message(response, signature)
        except VerificationError as error:
            raise TimestampError("sa signature ne mène à aucune des autorités données") from error
        return _stamp(response)


def read(raw: bytes, signature: bytes) -> Stamp:
    """Return what the time-stamp ``raw`` says of ``signature``, without trusting its authority.

    Raises:
        TimestampError: it is not one, or it is of something else.
    """
    with _readable():
        return _stamp(_about(signature, raw))


def read_roots(pem: bytes) -> Sequence[x509.Certificate]:
    """Return the certificates of a PEM file, one at least.

    Raises:
        TimestampError: there is none.
    """
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise TimestampError("Ce fichier ne contient aucun certificat d’autorité en PEM.") from error


@contextmanager
def _readable() -> Iterator[None]:
    """Turn what the readers of DER say of bytes that are none into a refusal: they read each part when it is asked."""
    try:
        yield
    except ValueError as error:
        raise TimestampError("ce n’est pas une réponse d’horodatage (RFC 3161)") from error


def _about(signature: bytes, raw: bytes) -> TimeStampResponse:
    response = decode_timestamp_response(raw)
    status = PKIStatus(response.status)
    if status is not PKIStatus.GRANTED:
        said = " ; ".join(response.status_string)[:200]
        raise TimestampError(f"l’autorité a refusé ({status.name.lower()}){f' : {said}' if said else ''}")
    imprint = response.tst_info.message_imprint
    if imprint.hash_algorithm != _SHA256 or imprint.message != hashlib.sha256(signature).digest():
        raise TimestampError("il date autre chose que cette signature")
    return response


def _stamp(response: TimeStampResponse) -> Stamp:
    return Stamp(
        at=response.tst_info.gen_time.astimezone(UTC),
        authority=_name(response.signed_data.certificates, response),
    )


def _name(certificates: Iterable[bytes], response: TimeStampResponse) -> str:
    [signer] = response.signed_data.signer_infos
    for each in certificates:
        certificate = x509.load_der_x509_certificate(each)
        if (certificate.issuer, certificate.serial_number) == (signer.issuer, signer.serial_number):
            return certificate.subject.rfc4514_string()
    return "autorité sans certificat joint"


def _post(url: str, body: bytes) -> bytes:
    if not url.startswith(("https://", "http://")):
        raise TimestampError("L’adresse de l’autorité d’horodatage commence par « https:// » ou « http:// ».")
    request = urllib.request.Request(url, data=body, headers={"Content-Type": QUERY, "Accept": REPLY})  # noqa: S310  # checked above
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310  # checked above
            kind = answer.headers.get_content_type()
            content: bytes = answer.read(MOST_BYTES + 1)
    except urllib.error.HTTPError as error:
        error.close()  # it holds the connection
        raise TimestampError(f"L’autorité d’horodatage ne répond pas ({error}).") from error
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        raise TimestampError(f"L’autorité d’horodatage ne répond pas ({error}).") from error
    if kind != REPLY or len(content) > MOST_BYTES:
        raise TimestampError("L’autorité d’horodatage a répondu autre chose qu’un horodatage.")
    return content
