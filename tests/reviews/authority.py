"""A time-stamping authority of our own, RFC 3161 written out in DER: a root, a certificate, an HTTP server.

Nothing of the library under test makes these answers, so that one does not vouch for the other.
"""

import contextlib
import hashlib
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SEQUENCE, SET, INTEGER, OCTETS, OID, TIME = 0x30, 0x31, 0x02, 0x04, 0x06, 0x18
SHA256 = "2.16.840.1.101.3.4.2.1"
SIGNED_DATA = "1.2.840.113549.1.7.2"
TST_INFO = "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE, MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"
ECDSA_SHA256 = "1.2.840.10045.4.3.2"
POLICY = "1.2.3.4.1"


def der(tag, *parts):
    body = b"".join(parts)
    size = len(body)
    if size < 0x80:
        return bytes([tag, size]) + body
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(length)]) + length + body


def integer(value):
    return der(INTEGER, value.to_bytes(value.bit_length() // 8 + 1))


def oid(dotted):
    first, second, *rest = map(int, dotted.split("."))
    out = bytearray([first * 40 + second])
    for each in rest:
        piece = [each & 0x7F]
        while each := each >> 7:
            piece.insert(0, each & 0x7F | 0x80)
        out += bytes(piece)
    return der(OID, bytes(out))


def elements(raw):
    """Cut the content of a DER value in its elements, each with its tag: enough to read a request."""
    found = []
    while raw:
        size, head = raw[1], 2
        if size & 0x80:
            head += size & 0x7F
            size = int.from_bytes(raw[2:head])
        found.append((raw[0], raw[head : head + size]))
        raw = raw[head + size :]
    return found


class Authority:
    """Signs what it is asked, at a moment it is told."""

    def __init__(self, now):
        self.now = now
        root_key = ec.generate_private_key(ec.SECP256R1())
        self.root = self._certificate("Racine de test", root_key, "Racine de test", root_key, is_root=True)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._certificate("Horodatage de test", self._key, "Racine de test", root_key)

    @property
    def root_pem(self):
        return self.root.public_bytes(Encoding.PEM)

    def _certificate(self, name, key, issuer, issuer_key, *, is_root=False):
        def named(common):
            return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])

        builder = (
            x509.CertificateBuilder()
            .subject_name(named(name)).issuer_name(named(issuer))
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC)).not_valid_after(datetime(2050, 1, 1, tzinfo=UTC))
            .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        )  # fmt: skip
        if not is_root:
            usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
            builder = builder.add_extension(usage, critical=True)
        return builder.sign(issuer_key, hashes.SHA256())

    def answer(self, request):
        """Return the time-stamp of what a request (DER) asks."""
        [(_, body)] = elements(request)
        parts = elements(body)
        imprint = der(SEQUENCE, parts[1][1])
        nonce = next((content for tag, content in parts[2:] if tag == INTEGER), None)
        info = der(
            SEQUENCE, integer(1), oid(POLICY), imprint, integer(7),
            der(TIME, self.now.astimezone(UTC).strftime("%Y%m%d%H%M%SZ").encode()),
            b"" if nonce is None else der(INTEGER, nonce),
        )  # fmt: skip
        return der(SEQUENCE, der(SEQUENCE, integer(0)), self._signed(info))

    def stamp(self, message):
        """Return the time-stamp of ``message``, asked without a nonce."""
        algorithm = der(SEQUENCE, oid(SHA256), der(0x05))
        imprint = der(SEQUENCE, algorithm, der(OCTETS, hashlib.sha256(message).digest()))
        return self.answer(der(SEQUENCE, integer(1), imprint))

    def _signed(self, info):
        certificate = self.certificate.public_bytes(Encoding.DER)
        algorithm = der(SEQUENCE, oid(SHA256))

        def attribute(name, value):
            return der(SEQUENCE, oid(name), der(SET, value))

        attributes = b"".join(
            sorted(
                [
                    attribute(CONTENT_TYPE, oid(TST_INFO)),
                    attribute(MESSAGE_DIGEST, der(OCTETS, hashlib.sha256(info).digest())),
                    attribute(
                        SIGNING_CERTIFICATE_V2,
                        der(SEQUENCE, der(SEQUENCE, der(SEQUENCE, der(OCTETS, hashlib.sha256(certificate).digest())))),
                    ),
                ]
            )
        )  # fmt: skip
        signature = self._key.sign(der(SET, attributes), ec.ECDSA(hashes.SHA256()))
        signer = der(
            SEQUENCE, integer(1),
            der(SEQUENCE, self.certificate.issuer.public_bytes(), integer(self.certificate.serial_number)),
            algorithm, der(0xA0, attributes), der(SEQUENCE, oid(ECDSA_SHA256)), der(OCTETS, signature),
        )  # fmt: skip
        data = der(
            SEQUENCE, integer(3), der(SET, algorithm),
            der(SEQUENCE, oid(TST_INFO), der(0xA0, der(OCTETS, info))),
            der(0xA0, certificate), der(SET, signer),
        )  # fmt: skip
        return der(SEQUENCE, oid(SIGNED_DATA), der(0xA0, data))


@contextlib.contextmanager
def serving(answer, *, kind="application/timestamp-reply", status=200):
    """Serve on loopback; give the address, and the requests that came."""
    came = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            came.append((self.headers["Content-Type"], body))
            content = answer(body)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            """Keep the output of the tests clean."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/tsa", came
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


NOW = datetime(2026, 10, 12, 9, 30, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
