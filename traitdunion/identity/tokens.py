"""Refuse every identity token that is not, to the letter, the one we asked for.

Plain Python over ``joserfc``, which only checks the signature: what is read, which key is tried and what
the claims must say are decided here. Nothing of the token is believed before its signature is.

Source: OpenID Connect Core 1.0, § 3.1.3.7; RFC 7515; RFC 7519; RFC 8725.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NoReturn

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

LARGEST_TOKEN: Final = 16 * 1024
LARGEST_SUBJECT: Final = 255
LEEWAY: Final = timedelta(seconds=30)
OLDEST_TOKEN: Final = timedelta(minutes=10)
LAST_INSTANT: Final = 253_402_300_799  # the end of the year 9999: beyond, no clock can say
KEY_TYPES: Final = {"RS256": "RSA", "ES256": "EC"}
SMALLEST_RSA_BITS: Final = 2048
LARGEST_RSA_BITS: Final = 8192
# A key, or the way to one, that the token brings with itself proves nothing.
KEY_CARRIERS: Final = frozenset({"jwk", "jku", "x5c", "x5u"})
# Members that change what the signature covers or what the payload is.
FORM_CHANGERS: Final = frozenset({"crit", "b64", "zip", "enc", "cty"})
PRIVATE_MEMBERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


class Reason(StrEnum):
    """Why a token is refused: for the log, never for the page."""

    FORM = "form"
    TOO_LARGE = "too_large"
    DUPLICATE_MEMBER = "duplicate_member"
    HEADER = "header"
    TYPE = "type"
    ALGORITHM = "algorithm"
    KEY_EMBEDDED = "key_embedded"
    KEY_UNNAMED = "key_unnamed"
    KEY_UNKNOWN = "key_unknown"
    KEY_UNFIT = "key_unfit"
    SIGNATURE = "signature"
    CLAIM_MISSING = "claim_missing"
    CLAIM_TYPE = "claim_type"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    AUTHORIZED_PARTY = "authorized_party"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    ISSUED_IN_FUTURE = "issued_in_future"
    TOO_OLD = "too_old"
    NONCE = "nonce"
    ACR = "acr"
    AUTH_TIME = "auth_time"
    SUBJECT = "subject"
    ACCESS_TOKEN = "access_token"  # noqa: S105  # the name of a check, not a secret


class TokenRefusedError(Exception):
    """The token is not the one we asked for."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason.value}: {detail}" if detail else reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a provider's tokens must say.

    Attributes:
        issuer: exact ``iss``.
        client_id: the one audience that is ours.
        algorithm: the one accepted algorithm, ``RS256`` or ``ES256``.
        acr_allowed: accepted ``acr`` values; empty accepts any, or none.
        max_age: longest time since the person proved who they are; None does not look.
    """

    issuer: str
    client_id: str
    algorithm: str
    acr_allowed: frozenset[str] = frozenset()
    max_age: timedelta | None = None

    def __post_init__(self) -> None:
        if self.algorithm not in KEY_TYPES:
            raise ValueError(f"algorithm must be one of {', '.join(KEY_TYPES)}, not {self.algorithm!r}")
        if not self.issuer or not self.client_id:
            raise ValueError("issuer and client_id must not be empty")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a verified token says."""

    issuer: str
    subject: str
    members: Mapping[str, object]


def validate(
    token: str,
    *,
    keys: Sequence[Mapping[str, object]],
    policy: Policy,
    nonce: str,
    now: datetime,
    access_token: str | None = None,
) -> Claims:
    """Return the claims of an identity token.

    Args:
        token: compact serialization, as the token endpoint gave it.
        keys: the provider's JWK set, as fetched from its ``jwks_uri``.
        policy: what the token must say.
        nonce: the value sent with the authorization request, never empty.
        now: when the answer was received.
        access_token: the access token given with it; checked when the token carries ``at_hash``.

    Raises:
        TokenRefusedError: the token differs in anything; nothing else is ever raised.
    """
    claims = _verified(token, keys=keys, algorithm=policy.algorithm)
    _require(claims, "iss", "aud", "exp", "iat", "sub", "nonce")
    subject = _check_parties(claims, policy)
    _check_times(claims, now)
    _check_nonce(claims, nonce)
    _check_authentication(claims, policy, now)
    _check_access_token(claims, access_token)
    return Claims(issuer=policy.issuer, subject=subject, members=claims)


def validate_userinfo(
    token: str, *, keys: Sequence[Mapping[str, object]], policy: Policy, subject: str, now: datetime
) -> Claims:
    """Return the claims of a signed userinfo answer about ``subject``.

    It carries no nonce and may carry no time; what it carries is checked as in an identity token.

    Raises:
        TokenRefusedError: the token differs in anything; nothing else is ever raised.
    """
    claims = _verified(token, keys=keys, algorithm=policy.algorithm)
    _require(claims, "iss", "aud", "sub")
    found = _check_parties(claims, policy)
    _check_times(claims, now)
    _check_same_subject(found, subject)
    return Claims(issuer=policy.issuer, subject=found, members=claims)


def read_userinfo(text: str, *, policy: Policy, subject: str) -> Claims:
    """Return the claims of a plain JSON userinfo answer about ``subject``.

    Raises:
        TokenRefusedError: it is no JSON object, or speaks of someone else.
    """
    if len(text) > LARGEST_TOKEN:
        raise TokenRefusedError(Reason.TOO_LARGE)
    claims = _object(text)
    _require(claims, "sub")
    found = _subject(claims)
    _check_same_subject(found, subject)
    return Claims(issuer=policy.issuer, subject=found, members=claims)


# Form and signature


def _verified(token: str, *, keys: Sequence[Mapping[str, object]], algorithm: str) -> dict[str, object]:
    header_part, payload_part, _ = _parts(token)
    header = _object(_text(header_part))
    kid = _check_header(header, algorithm)
    key = _key(keys, kid=kid, algorithm=algorithm)
    try:
        jws.deserialize_compact(token, key, algorithms=[algorithm])
    except (JoseError, ValueError, TypeError) as error:
        raise TokenRefusedError(Reason.SIGNATURE, type(error).__name__) from error
    return _object(_text(payload_part))


def _parts(token: str) -> tuple[str, str, str]:
    if not isinstance(token, str) or not token.isascii():
        raise TokenRefusedError(Reason.FORM, "not an ASCII string")
    if len(token) > LARGEST_TOKEN:
        raise TokenRefusedError(Reason.TOO_LARGE)
    parts = token.split(".")
    if len(parts) != 3 or not all(parts):
        raise TokenRefusedError(Reason.FORM, "not three parts")
    return parts[0], parts[1], parts[2]


def _text(part: str) -> str:
    try:
        raw = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
        text = raw.decode("utf-8")
    except (binascii.Error, ValueError) as error:
        raise TokenRefusedError(Reason.FORM, "not base64url of UTF-8") from error
    # One text has one encoding: no padding, no spare bits, no second alphabet.
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != part:
        raise TokenRefusedError(Reason.FORM, "base64url is not canonical")
    return text


def _object(text: str) -> dict[str, object]:
    try:
        value = json.loads(text, object_pairs_hook=_unique_members, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise TokenRefusedError(Reason.FORM, "not JSON") from error
    if not isinstance(value, dict):
        raise TokenRefusedError(Reason.FORM, "not a JSON object")
    return value


def _unique_members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise TokenRefusedError(Reason.DUPLICATE_MEMBER)
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise TokenRefusedError(Reason.FORM, f"{name} is not JSON")


def _check_header(header: Mapping[str, object], algorithm: str) -> str:
    if not KEY_CARRIERS.isdisjoint(header):
        raise TokenRefusedError(Reason.KEY_EMBEDDED)
    if not FORM_CHANGERS.isdisjoint(header):
        raise TokenRefusedError(Reason.HEADER)
    if header.get("alg") != algorithm:
        raise TokenRefusedError(Reason.ALGORITHM)
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.upper() not in {"JWT", "APPLICATION/JWT"}:
        raise TokenRefusedError(Reason.TYPE)
    kid = header.get("kid")
    if not isinstance(kid, str) or not kid:
        raise TokenRefusedError(Reason.KEY_UNNAMED)
    return kid


# Keys


def _key(keys: Sequence[Mapping[str, object]], *, kid: str, algorithm: str) -> RSAKey | ECKey:
    named = [key for key in keys if key.get("kid") == kid]
    if not named:
        raise TokenRefusedError(Reason.KEY_UNKNOWN)
    # RFC 7517, § 4.5: two keys of one set may share a name when their types differ.
    fit = [key for key in named if key.get("kty") == KEY_TYPES[algorithm]]
    if len(fit) != 1:
        raise TokenRefusedError(Reason.KEY_UNFIT, f"{len(fit)} keys of that type")
    [key] = fit
    if key.get("use", "sig") != "sig" or key.get("alg", algorithm) != algorithm:
        raise TokenRefusedError(Reason.KEY_UNFIT, "made for another use")
    operations = key.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        raise TokenRefusedError(Reason.KEY_UNFIT, "does not verify")
    if not PRIVATE_MEMBERS.isdisjoint(key):
        raise TokenRefusedError(Reason.KEY_UNFIT, "its private part is public")
    return _rsa_key(key) if algorithm == "RS256" else _ec_key(key)


def _rsa_key(key: Mapping[str, object]) -> RSAKey:
    # Measured before it is built: the library only warns about a short modulus.
    bits = len(_text_bytes(key.get("n"))) * 8
    if not SMALLEST_RSA_BITS <= bits <= LARGEST_RSA_BITS:
        raise TokenRefusedError(Reason.KEY_UNFIT, f"{bits} bits")
    try:
        return RSAKey.import_key({"kty": "RSA", "n": str(key["n"]), "e": str(key["e"])})
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise TokenRefusedError(Reason.KEY_UNFIT, type(error).__name__) from error


def _ec_key(key: Mapping[str, object]) -> ECKey:
    if key.get("crv") != "P-256":
        raise TokenRefusedError(Reason.KEY_UNFIT, "not P-256")
    try:
        return ECKey.import_key({"kty": "EC", "crv": "P-256", "x": str(key["x"]), "y": str(key["y"])})
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise TokenRefusedError(Reason.KEY_UNFIT, type(error).__name__) from error


def _text_bytes(value: object) -> bytes:
    if not isinstance(value, str) or not value.isascii():
        raise TokenRefusedError(Reason.KEY_UNFIT, "not base64url")
    try:
        raw = base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise TokenRefusedError(Reason.KEY_UNFIT, "not base64url") from error
    return raw.lstrip(b"\0")


# Claims


def _require(claims: Mapping[str, object], *names: str) -> None:
    for name in names:
        if claims.get(name) is None:
            raise TokenRefusedError(Reason.CLAIM_MISSING, name)


def _check_parties(claims: Mapping[str, object], policy: Policy) -> str:
    if claims["iss"] != policy.issuer:
        raise TokenRefusedError(Reason.ISSUER)
    audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if not all(isinstance(audience, str) for audience in audiences):
        raise TokenRefusedError(Reason.CLAIM_TYPE, "aud")
    if audiences.count(policy.client_id) != 1:
        raise TokenRefusedError(Reason.AUDIENCE)
    # Several audiences: only azp says for whom the token was made. One: azp may confirm it.
    if (len(audiences) > 1 or "azp" in claims) and claims.get("azp") != policy.client_id:
        raise TokenRefusedError(Reason.AUTHORIZED_PARTY)
    return _subject(claims)


def _subject(claims: Mapping[str, object]) -> str:
    subject = claims["sub"]
    if not isinstance(subject, str):
        raise TokenRefusedError(Reason.CLAIM_TYPE, "sub")
    if not 0 < len(subject) <= LARGEST_SUBJECT or not subject.isascii() or not subject.isprintable():
        raise TokenRefusedError(Reason.SUBJECT)
    return subject


def _check_same_subject(found: str, expected: str) -> None:
    if not hmac.compare_digest(found.encode(), expected.encode(errors="replace")):
        raise TokenRefusedError(Reason.SUBJECT, "userinfo speaks of someone else")


def _instant(claims: Mapping[str, object], name: str) -> int | None:
    """Return the instant ``name`` in seconds since 1970, None when the token does not carry it."""
    if name not in claims:
        return None
    value = claims[name]
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LAST_INSTANT:
        raise TokenRefusedError(Reason.CLAIM_TYPE, name)
    return value


def _check_times(claims: Mapping[str, object], now: datetime) -> None:
    clock = now.timestamp()
    leeway = LEEWAY.total_seconds()
    expires, issued = _instant(claims, "exp"), _instant(claims, "iat")
    starts = _instant(claims, "nbf")
    if expires is not None and clock >= expires + leeway:
        raise TokenRefusedError(Reason.EXPIRED)
    if issued is not None and issued > clock + leeway:
        raise TokenRefusedError(Reason.ISSUED_IN_FUTURE)
    if issued is not None and clock - issued > OLDEST_TOKEN.total_seconds():
        raise TokenRefusedError(Reason.TOO_OLD)
    if starts is not None and starts > clock + leeway:
        raise TokenRefusedError(Reason.NOT_YET_VALID)
    if expires is not None and issued is not None and expires <= issued:
        raise TokenRefusedError(Reason.EXPIRED, "ends before it starts")


def _check_nonce(claims: Mapping[str, object], nonce: str) -> None:
    found = claims["nonce"]
    if not isinstance(found, str):
        raise TokenRefusedError(Reason.CLAIM_TYPE, "nonce")
    if not nonce or not hmac.compare_digest(found.encode(errors="replace"), nonce.encode()):
        raise TokenRefusedError(Reason.NONCE)


def _check_authentication(claims: Mapping[str, object], policy: Policy, now: datetime) -> None:
    acr = claims.get("acr")
    if policy.acr_allowed and (not isinstance(acr, str) or acr not in policy.acr_allowed):
        raise TokenRefusedError(Reason.ACR)
    if policy.max_age is None:
        return
    proved = _instant(claims, "auth_time")
    if proved is None:
        raise TokenRefusedError(Reason.CLAIM_MISSING, "auth_time")
    age = now.timestamp() - proved
    if not -LEEWAY.total_seconds() <= age <= (policy.max_age + LEEWAY).total_seconds():
        raise TokenRefusedError(Reason.AUTH_TIME)


def _check_access_token(claims: Mapping[str, object], access_token: str | None) -> None:
    """Check ``at_hash``, the left half of the access token's SHA-256 (OpenID Connect Core, § 3.1.3.6)."""
    if "at_hash" not in claims or access_token is None:
        return
    half = hashlib.sha256(access_token.encode(errors="replace")).digest()[:16]
    expected = base64.urlsafe_b64encode(half).rstrip(b"=").decode()
    if claims["at_hash"] != expected:
        raise TokenRefusedError(Reason.ACCESS_TOKEN)
