"""A provider's keys, a good identity token, and every way we know to spoil it."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey, OctKey, RSAKey

from traitdunion.identity.tokens import Policy

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
CLOCK = int(NOW.timestamp())
ISSUER = "https://fournisseur.example"
CLIENT = "trait-d-union"
NONCE = "n" * 32
ACCESS_TOKEN = "jeton-d-acces"
ACR = "eidas1"


class Absent:
    def __repr__(self):
        return "absent"  # the same in every process, for the names of the tests


ABSENT = Absent()


@dataclass(frozen=True)
class Forged:
    """One spoilt token, and the keys the provider publishes."""

    name: str
    token: Any
    keys: list[dict[str, Any]]
    nonce: str = NONCE
    policy: Policy = field(kw_only=True)


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def compact(value: Any) -> str:
    return b64(json.dumps(value, separators=(",", ":")).encode())


@cache
def private_key(algorithm: str, name: str) -> RSAKey | ECKey:
    return RSAKey.generate_key(2048) if algorithm == "RS256" else ECKey.generate_key("P-256")


@cache
def weak_key() -> Any:
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(65537, 1024)


def public_jwk(algorithm: str, name: str, **members: Any) -> dict[str, Any]:
    jwk = private_key(algorithm, name).as_dict(private=False)
    return {**jwk, "kid": name, "use": "sig", "alg": algorithm, **members}


def policy_for(algorithm: str) -> Policy:
    return Policy(
        issuer=ISSUER,
        client_id=CLIENT,
        algorithm=algorithm,
        acr_allowed=frozenset({ACR, "eidas2"}),
        max_age=timedelta(hours=12),
    )


def good_header(algorithm: str) -> dict[str, Any]:
    return {"alg": algorithm, "kid": "signing", "typ": "JWT"}


def good_claims() -> dict[str, Any]:
    return {
        "iss": ISSUER,
        "aud": CLIENT,
        "sub": "marie-67",
        "exp": CLOCK + 60,
        "iat": CLOCK - 2,
        "nonce": NONCE,
        "acr": ACR,
        "auth_time": CLOCK - 20,
        "at_hash": b64(hashlib.sha256(ACCESS_TOKEN.encode()).digest()[:16]),
    }


def raw_signature(algorithm: str, signing_input: str, *, key: RSAKey | ECKey | None = None) -> str:
    signer = jws.default_registry.algorithms[algorithm]
    return b64(signer.sign(signing_input.encode(), key or private_key(algorithm, "signing")))


def signed(algorithm: str, header: Any, payload: Any, *, key: RSAKey | ECKey | None = None) -> str:
    """Sign any two JSON values, or any two texts taken as they are."""
    parts = [b64(part.encode()) if isinstance(part, str) else compact(part) for part in (header, payload)]
    signing_input = ".".join(parts)
    return f"{signing_input}.{raw_signature(algorithm, signing_input, key=key)}"


def good_token(algorithm: str) -> str:
    return signed(algorithm, good_header(algorithm), good_claims())


def changed(base: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {name: value for name, value in {**base, **members}.items() if value is not ABSENT}


# What is spoilt, kind by kind

OTHER_TYPES: dict[str, Any] = {
    "null": None,
    "true": True,
    "an array": ["x"],
    "an object": {"x": 1},
    "an empty array": [],
    "an empty object": {},
}
CLAIM_VARIANTS: dict[str, dict[str, Any]] = {
    "iss": {
        "absent": ABSENT,
        "with a slash": ISSUER + "/",
        "in capitals": ISSUER.upper(),
        "over http": ISSUER.replace("https", "http"),
        "of a longer host": ISSUER + ".evil.example",
        "with a path": ISSUER + "/realm",
        "of another host": "https://evil.example",
        "with user information": "https://fournisseur.example@evil.example",
        "with a space": " " + ISSUER,
        "with a line feed": ISSUER + "\n",
        "with a look-alike letter": ISSUER.replace("e", "\u0435", 1),
        "empty": "",
        "a number": 1,
        "in an array": [ISSUER],
        "with a NUL": ISSUER + "\0",
        "with its port": ISSUER + ":443",
    },
    "aud": {
        "absent": ABSENT,
        "of another client": "autre-client",
        "longer": CLIENT + "-2",
        "shorter": CLIENT[:-1],
        "in capitals": CLIENT.upper(),
        "with a space": CLIENT + " ",
        "a comma list": CLIENT + ",autre",
        "a space list": CLIENT + " autre",
        "empty": "",
        "a number": 7,
        "an array without us": ["autre"],
        "an array with us twice": [CLIENT, CLIENT],
        "an array with a number": [CLIENT, 7],
        "an array in an array": [[CLIENT]],
        "an array with null": [CLIENT, None],
        "several without azp": [CLIENT, "autre"],
        "the issuer": ISSUER,
    },
    "sub": {
        "absent": ABSENT,
        "empty": "",
        "a number": 12,
        "too long": "x" * 256,
        "with an accent": "h\u00e9l\u00e8ne",
        "with a NUL": "marie\0",
        "with a line feed": "marie\nadmin",
        "with an escape": "marie\x1b[2J",
        "with a bidirectional mark": "marie\u202e",
        "half a surrogate": "\ud800",
    },
    "exp": {
        "absent": ABSENT,
        "an hour ago": CLOCK - 3600,
        "a minute ago": CLOCK - 60,
        "just past the leeway": CLOCK - 30,
        "zero": 0,
        "negative": -1,
        "in milliseconds": (CLOCK + 60) * 1000,
        "text": str(CLOCK + 60),
        "a date": "2026-03-02T10:00:00Z",
        "a fraction": CLOCK + 60.5,
        "immense": 10**400,
        "empty": "",
        "equal to iat": CLOCK - 2,
        "before iat": CLOCK - 3,
    },
    "iat": {
        "absent": ABSENT,
        "in an hour": CLOCK + 3600,
        "in a minute": CLOCK + 60,
        "just past the leeway": CLOCK + 31,
        "an hour ago": CLOCK - 3600,
        "just too old": CLOCK - 601,
        "zero": 0,
        "negative": -1,
        "text": str(CLOCK),
        "a fraction": CLOCK + 0.5,
        "in milliseconds": CLOCK * 1000,
        "immense": 10**400,
    },
    "nbf": {
        "in an hour": CLOCK + 3600,
        "just past the leeway": CLOCK + 31,
        "text": str(CLOCK),
        "negative": -1,
        "a fraction": CLOCK + 0.5,
        "immense": 10**400,
    },
    "nonce": {
        "absent": ABSENT,
        "of another request": "m" * 32,
        "empty": "",
        "shorter": NONCE[:-1],
        "longer": NONCE + "n",
        "in capitals": NONCE.upper(),
        "with a space": NONCE + " ",
        "a number": 5,
        "in an array": [NONCE],
        "with an accent": NONCE[:-1] + "\u00e9",
        "half a surrogate": "\ud800",
    },
    "acr": {
        "absent": ABSENT,
        "too low": "eidas0",
        "a prefix": "eidas",
        "longer": ACR + "0",
        "in capitals": ACR.upper(),
        "two at once": "eidas1 eidas2",
        "empty": "",
        "a number": 1,
        "in an array": [ACR],
        "with a space": ACR + " ",
    },
    "auth_time": {
        "absent": ABSENT,
        "a day ago": CLOCK - 24 * 3600,
        "just too old": CLOCK - 12 * 3600 - 31,
        "in an hour": CLOCK + 3600,
        "just past the leeway": CLOCK + 31,
        "zero": 0,
        "negative": -1,
        "text": str(CLOCK),
        "a fraction": CLOCK - 0.5,
        "in milliseconds": CLOCK * 1000,
        "immense": 10**400,
    },
    "azp": {
        "another client": "autre",
        "empty": "",
        "null": None,
        "an array": [CLIENT],
        "longer": CLIENT + "2",
    },
    "at_hash": {
        "of another access token": b64(hashlib.sha256(b"autre").digest()[:16]),
        "whole": b64(hashlib.sha256(ACCESS_TOKEN.encode()).digest()),
        "empty": "",
        "null": None,
        "a number": 3,
    },
}
TYPED_CLAIMS = ("iss", "aud", "sub", "exp", "iat", "nonce", "acr", "auth_time")


def claim_variants() -> Iterator[tuple[str, dict[str, Any]]]:
    for claim, variants in CLAIM_VARIANTS.items():
        for name, value in variants.items():
            yield f"{claim} {name}", changed(good_claims(), **{claim: value})
    for claim in TYPED_CLAIMS:
        for name, value in OTHER_TYPES.items():
            yield f"{claim} is {name}", changed(good_claims(), **{claim: value})
    several = [CLIENT, "autre"]
    for name, azp in {"the other": "autre", "null": None, "both": several, "empty": ""}.items():
        yield f"several audiences and azp {name}", changed(good_claims(), aud=several, azp=azp)


def header_variants(algorithm: str) -> Iterator[tuple[str, dict[str, Any]]]:
    header = good_header(algorithm)
    mine = public_jwk(algorithm, "evil")
    other = {"RS256": "ES256", "ES256": "RS256"}[algorithm]
    for name in (
        "none",
        "None",
        "NONE",
        "nOnE",
        "",
        "HS256",
        "HS384",
        "HS512",
        "RS384",
        "RS512",
        "PS256",
        "ES384",
        "ES512",
        "ES256K",
        "EdDSA",
        other,
        algorithm.lower(),
        algorithm + " ",
        "RSA-OAEP",
        "dir",
    ):
        yield f"alg says {name!r}", changed(header, alg=name)
    for name, value in {"absent": ABSENT, "null": None, "a number": 256, "in an array": [algorithm]}.items():
        yield f"alg {name}", changed(header, alg=value)
    for name, value in {
        "absent": ABSENT,
        "null": None,
        "empty": "",
        "unknown": "autre",
        "in capitals": "SIGNING",
        "a number": 0,
        "in an array": ["signing"],
        "a path": "../../dev/null",
        "SQL": "x' OR '1'='1",
        "with a NUL": "signing\0",
        "with a space": "signing ",
        "an address": "https://evil.example/jwks",
        "an object": {"kid": "signing"},
    }.items():
        yield f"kid {name}", changed(header, kid=value)
    for member, value in {
        "jwk": mine,
        "jku": "https://evil.example/jwks",
        "x5u": "https://evil.example/chain",
        "x5c": ["MIIB"],
        "crit": ["exp"],
        "b64": False,
        "zip": "DEF",
        "cty": "JWT",
        "enc": "A256GCM",
    }.items():
        yield f"header carries {member}", changed(header, **{member: value})
        yield f"header carries {member} null", changed(header, **{member: None})
    yield "header carries crit empty", changed(header, crit=[])
    yield "header carries crit b64", changed(header, crit=["b64"], b64=True)
    yield "header carries jwk without kid", changed(header, kid=ABSENT, jwk=mine)
    for kind in ("at+jwt", "logout+jwt", "secevent+jwt", "dpop+jwt", "JOSE", "JWE", "", "JWTX", "id_token"):
        yield f"typ says {kind!r}", changed(header, typ=kind)
    for name, value in {"null": None, "a number": 1, "in an array": ["JWT"]}.items():
        yield f"typ {name}", changed(header, typ=value)


def key_variants(algorithm: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    good = public_jwk(algorithm, "signing")
    yield "no key is published", []
    yield "only another key is published", [public_jwk(algorithm, "evil")]
    yield "another key took the name", [public_jwk(algorithm, "evil", kid="signing")]
    yield "two keys share the name", [good, public_jwk(algorithm, "evil", kid="signing")]
    yield "the key is published twice", [good, good]
    yield "the key is for encryption", [changed(good, use="enc")]
    yield "the key is for an unknown use", [changed(good, use="autre")]
    yield "the key is for another algorithm", [changed(good, alg="PS256")]
    yield "the key is for HMAC", [changed(good, alg="HS256")]
    yield "the key only signs", [changed(good, key_ops=["sign"])]
    yield "the key does nothing", [changed(good, key_ops=[])]
    yield "the key operations are a text", [changed(good, key_ops="verify")]
    yield "the key has no name", [changed(good, kid=ABSENT)]
    yield "the key has no type", [changed(good, kty=ABSENT)]
    yield "the key says oct", [changed(good, kty="oct", k="AAAA")]
    yield "the key says the other type", [changed(good, kty="EC" if algorithm == "RS256" else "RSA")]
    yield (
        "the private key is published",
        [{**private_key(algorithm, "signing").as_dict(private=True), "kid": "signing"}],
    )
    if algorithm == "RS256":
        numbers = weak_key().public_key().public_numbers()
        yield "the modulus is missing", [changed(good, n=ABSENT)]
        yield "the modulus is no base64url", [changed(good, n="*" * 400)]
        yield "the modulus is a number", [changed(good, n=123)]
        yield "the modulus is short", [changed(good, n=b64(numbers.n.to_bytes(128, "big")))]
        yield "the modulus is short behind zeros", [changed(good, n=b64(numbers.n.to_bytes(256, "big")))]
        yield "the modulus is immense", [changed(good, n=b64(b"\xff" * 2000))]
        yield "the exponent is missing", [changed(good, e=ABSENT)]
        yield "the exponent is one", [changed(good, e="AQ")]
        yield "the exponent is even", [changed(good, e="Ag")]
    else:
        yield "the curve is another", [changed(good, crv="P-384")]
        yield "the curve is secp256k1", [changed(good, crv="secp256k1")]
        yield "the curve is missing", [changed(good, crv=ABSENT)]
        yield "the point is missing", [changed(good, x=ABSENT)]
        yield "the point is off the curve", [changed(good, x=b64(b"\x01" * 32))]
        yield "the point is at zero", [changed(good, x=b64(b"\0" * 32), y=b64(b"\0" * 32))]


def signature_variants(algorithm: str) -> Iterator[tuple[str, str]]:
    head, payload, signature = good_token(algorithm).split(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    for bit in (0, 1, 7, 8, len(raw) * 4, len(raw) * 8 - 8, len(raw) * 8 - 1):
        spoilt = bytearray(raw)
        spoilt[bit // 8] ^= 0x80 >> (bit % 8)
        yield f"signature with bit {bit} flipped", f"{head}.{payload}.{b64(bytes(spoilt))}"
    for name, value in {
        "absent": b"",
        "of zeros": b"\0" * len(raw),
        "of ones": b"\xff" * len(raw),
        "shorter": raw[:-1],
        "longer": raw + b"\0",
        "doubled": raw * 2,
        "reversed": raw[::-1],
        "of one byte": b"x",
    }.items():
        yield f"signature {name}", f"{head}.{payload}.{b64(value)}"
    yield (
        "signature of another key",
        signed(algorithm, good_header(algorithm), good_claims(), key=private_key(algorithm, "evil")),
    )
    other = signed(algorithm, good_header(algorithm), changed(good_claims(), sub="autre")).split(".")
    yield "signature of another payload", f"{head}.{payload}.{other[2]}"
    yield "payload of another token", f"{head}.{other[1]}.{signature}"
    yield "signature of the payload alone", f"{head}.{payload}.{raw_signature(algorithm, payload)}"
    yield "signature with padding", f"{head}.{payload}.{signature}="
    yield "signature in the other alphabet", f"{head}.{payload}.{base64.b64encode(raw).decode()}"
    yield "signature with a space", f"{head}.{payload}.{signature} "
    if algorithm == "ES256":
        from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

        r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
        yield "signature in DER", f"{head}.{payload}.{b64(encode_dss_signature(r, s))}"
        yield "signature with r and s swapped", f"{head}.{payload}.{b64(raw[32:] + raw[:32])}"


def hmac_variants(algorithm: str) -> Iterator[tuple[str, str]]:
    """Sign with what everyone may read: the public key taken as a secret."""
    key = private_key(algorithm, "signing")
    public = (
        RSAKey.import_key(key.as_dict(private=False))
        if algorithm == "RS256"
        else ECKey.import_key(key.as_dict(private=False))
    )
    secrets = {
        "PEM": public.as_pem(private=False),
        "DER": public.as_der(private=False),
        "JWK": json.dumps(public_jwk(algorithm, "signing")).encode(),
        "nothing": b"",
        "client": CLIENT.encode(),
    }
    for hash_name, digest in {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}.items():
        for name, secret in secrets.items():
            signing_input = (
                f"{compact(changed(good_header(algorithm), alg=hash_name))}.{compact(good_claims())}"
            )
            mac = hmac.new(secret, signing_input.encode(), digest).digest()
            yield f"{hash_name} with the public key as {name}", f"{signing_input}.{b64(mac)}"


def form_variants(algorithm: str) -> Iterator[tuple[str, Any]]:
    token = good_token(algorithm)
    head, payload, signature = token.split(".")
    header, claims = good_header(algorithm), good_claims()
    yield "no text", None
    yield "bytes", token.encode()
    yield "a number", 12
    yield "empty", ""
    yield "one dot", "."
    yield "two dots", ".."
    yield "two parts", f"{head}.{payload}"
    yield "four parts", f"{token}.x"
    yield "five parts, encrypted", f"{head}..{payload}.{signature}.{signature}"
    yield "detached payload", f"{head}..{signature}"
    yield "no header", f".{payload}.{signature}"
    yield "space before", " " + token
    yield "line feed after", token + "\n"
    yield "accent inside", f"{head}.{payload}\u00e9.{signature}"
    yield "padding in the header", f"{head}==.{payload}.{signature}"
    yield "the JSON form", json.dumps({"payload": payload, "protected": head, "signature": signature})
    yield "too large", signed(algorithm, header, changed(claims, blob="x" * 20_000))
    yield "header is an array", signed(algorithm, [header], claims)
    yield "header is a text", signed(algorithm, '"JWT"', claims)
    yield "header is cut", signed(algorithm, json.dumps(header)[:-1], claims)
    yield "payload is an array", signed(algorithm, header, [claims])
    yield "payload is null", signed(algorithm, header, "null")
    yield "payload is a number", signed(algorithm, header, "1")
    yield "payload is cut", signed(algorithm, header, json.dumps(claims)[:-1])
    yield "payload is followed", signed(algorithm, header, json.dumps(claims) + "{}")
    yield "payload has a NaN", signed(algorithm, header, json.dumps(changed(claims, x=float("nan"))))
    yield "payload has an infinity", signed(algorithm, header, json.dumps(changed(claims, exp=float("inf"))))
    yield "payload is a deep array", signed(algorithm, header, "[" * 10_000)
    yield (
        "payload has a huge number",
        signed(algorithm, header, json.dumps(claims)[:-1] + ',"x":' + "9" * 5_000 + "}"),
    )
    yield "payload begins with a byte order mark", signed(algorithm, header, "\ufeff" + json.dumps(claims))
    latin = f"{head}.{b64(json.dumps(changed(claims, x='é'), ensure_ascii=False).encode('latin-1'))}"
    yield "payload in Latin-1", f"{latin}.{raw_signature(algorithm, latin)}"
    wide = f"{head}.{b64(json.dumps(claims).encode('utf-16'))}"
    yield "payload in UTF-16", f"{wide}.{raw_signature(algorithm, wide)}"
    for member in ("iss", "aud", "sub", "exp", "iat", "nonce", "acr", "auth_time"):
        twice = json.dumps(claims)[:-1] + f', "{member}": {json.dumps(claims[member])}}}'
        yield f"{member} twice", signed(algorithm, header, twice)
    escaped = json.dumps(claims)[:-1] + ', "\\u0073ub": "admin"}'
    yield "sub twice, once escaped", signed(algorithm, header, escaped)
    nested = json.dumps(claims)[:-1] + ', "address": {"a": 1, "a": 2}}'
    yield "a nested member twice", signed(algorithm, header, nested)
    for member in ("alg", "kid", "typ"):
        twice = json.dumps(header)[:-1] + f', "{member}": {json.dumps(header[member])}}}'
        yield f"{member} twice in the header", signed(algorithm, twice, claims)
    for name in ("none", "None", "NONE"):
        unsigned = f"{compact({'alg': name})}.{compact(claims)}"
        yield f"alg {name} and no signature", unsigned + "."
        yield f"alg {name} and the old signature", f"{unsigned}.{signature}"


def forged_tokens(algorithm: str) -> Iterator[Forged]:
    """Every spoilt token for a provider that signs with ``algorithm``."""
    policy = policy_for(algorithm)
    keys = [public_jwk(algorithm, "signing")]
    token = good_token(algorithm)

    def forged(name: str, spoilt: Any, **others: Any) -> Forged:
        return Forged(f"{algorithm}: {name}", spoilt, **{"keys": keys, "policy": policy, **others})

    for name, claims in claim_variants():
        yield forged(name, signed(algorithm, good_header(algorithm), claims))
    for name, header in header_variants(algorithm):
        yield forged(name, signed(algorithm, header, good_claims()))
    for name, other_keys in key_variants(algorithm):
        yield forged(name, token, keys=other_keys)
    for variants in (signature_variants, hmac_variants, form_variants):
        for name, spoilt in variants(algorithm):
            yield forged(name, spoilt)
    yield forged("no nonce was kept", token, nonce="")
    no_nonce = signed(algorithm, good_header(algorithm), changed(good_claims(), nonce=""))
    yield forged("no nonce was kept, none in the token", no_nonce, nonce="")
    other = {"RS256": "ES256", "ES256": "RS256"}[algorithm]
    both = [*keys, public_jwk(other, "signing")]
    yield forged("the other algorithm", signed(other, good_header(other), good_claims()), keys=both)
    shared = OctKey.generate_key(256).as_dict(private=True)
    yield forged("a shared secret is published", token, keys=[{**shared, "kid": "signing"}])
