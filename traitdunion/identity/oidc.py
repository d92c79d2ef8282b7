"""Sign-in by OpenID Connect: the flow of mozilla-django-oidc, our own validator, no account made by itself.

The library keeps the state, the nonce and the PKCE verifier and asks for the tokens. Everything that
decides is here or in ``tokens.py``: see ``docs/adr/0004-oidc-strict-validator.md``.
"""

import ipaddress
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, cast
from urllib.parse import urlencode, urlsplit

import requests
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from traitdunion.identity.models import Person
from traitdunion.identity.tokens import (
    Claims,
    Policy,
    Reason,
    TokenRefusedError,
    read_userinfo,
    validate,
    validate_userinfo,
)

LOGGER = logging.getLogger(__name__)

DISCOVERY_PATH: Final = "/.well-known/openid-configuration"
CONFIGURATION_SECONDS: Final = 60 * 60
KEYS_SECONDS: Final = 60 * 60
# An unknown key name makes us fetch the keys again, but a stranger must not make us do it at will.
KEYS_REFETCH_SECONDS: Final = 30
LARGEST_ANSWER: Final = 256 * 1024
SESSION_ID_TOKEN: Final = "oidc_id_token"  # noqa: S105  # the name of a session entry
SESSION_LOGOUT_STATE: Final = "oidc_logout_state"


class ProviderUnavailableError(Exception):
    """The provider does not answer, or answers something that is not OpenID Connect."""


class SignInRefusedError(Exception):
    """The provider said no, or said something that we do not believe."""


class NotRegisteredError(Exception):
    """The identity is genuine and has no open account here."""

    def __init__(self, *, issuer: str, subject: str, id_token: str, person: Person | None) -> None:
        super().__init__(f"no open account for {subject!r} of {issuer!r}")
        self.issuer = issuer
        self.subject = subject
        self.id_token = id_token
        self.person = person


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """What the provider publishes about itself."""

    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str
    jwks_uri: str
    end_session_endpoint: str | None


def policy() -> Policy:
    """Return what this site asks of the provider's tokens."""
    seconds: int = settings.OIDC_MAX_AGE_SECONDS
    return Policy(
        issuer=settings.OIDC_ISSUER,
        client_id=settings.OIDC_RP_CLIENT_ID,
        algorithm=settings.OIDC_RP_SIGN_ALGO,
        acr_allowed=frozenset(settings.OIDC_ACR_ALLOWED),
        max_age=timedelta(seconds=seconds) if seconds else None,
    )


# What the provider publishes


def configuration() -> Configuration:
    """Return the provider's configuration, fetched at most once an hour.

    Raises:
        ProviderUnavailableError: it cannot be had, or is another provider's.
    """
    issuer: str = settings.OIDC_ISSUER
    name = f"oidc:configuration:{issuer}"
    found: Configuration | None = cache.get(name)
    if found is None:
        found = _read_configuration(_get_object(issuer.rstrip("/") + DISCOVERY_PATH), issuer)
        cache.set(name, found, CONFIGURATION_SECONDS)
    return found


def _read_configuration(published: Mapping[str, object], issuer: str) -> Configuration:
    if published.get("issuer") != issuer:
        raise ProviderUnavailableError(f"discovery speaks for {published.get('issuer')!r}, not {issuer!r}")
    algorithms = published.get("id_token_signing_alg_values_supported")
    if isinstance(algorithms, list) and settings.OIDC_RP_SIGN_ALGO not in algorithms:
        raise ProviderUnavailableError(f"the provider does not sign with {settings.OIDC_RP_SIGN_ALGO}")
    return Configuration(
        authorization_endpoint=_endpoint(published, "authorization_endpoint"),
        token_endpoint=_endpoint(published, "token_endpoint"),
        userinfo_endpoint=_endpoint(published, "userinfo_endpoint"),
        jwks_uri=_endpoint(published, "jwks_uri"),
        end_session_endpoint=(
            _endpoint(published, "end_session_endpoint") if "end_session_endpoint" in published else None
        ),
    )


def _endpoint(published: Mapping[str, object], name: str) -> str:
    url = published.get(name)
    if not isinstance(url, str) or not is_safe_endpoint(url):
        raise ProviderUnavailableError(f"{name} is missing or is not an https address: {url!r}")
    return url


def is_safe_endpoint(url: str) -> bool:
    """Whether tokens may travel to ``url``: over TLS, or without leaving this machine."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        return bool(parts.hostname)
    return parts.scheme == "http" and _is_loopback(parts.hostname or "")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def signing_keys(*, refetch: bool = False) -> Sequence[Mapping[str, object]]:
    """Return the provider's JWK set, fetched at most once an hour, or sooner when ``refetch`` is granted.

    Raises:
        ProviderUnavailableError: it cannot be had.
    """
    issuer: str = settings.OIDC_ISSUER
    name = f"oidc:keys:{issuer}"
    found: Sequence[Mapping[str, object]] | None = cache.get(name)
    if found is None or (refetch and cache.add(f"oidc:refetch:{issuer}", 1, KEYS_REFETCH_SECONDS)):
        published = _get_object(configuration().jwks_uri).get("keys")
        if not isinstance(published, list):
            raise ProviderUnavailableError("the key set has no keys")
        found = [key for key in published if isinstance(key, dict)]
        cache.set(name, found, KEYS_SECONDS)
    return found


def _get_object(url: str) -> Mapping[str, object]:
    if not is_safe_endpoint(url):
        raise ProviderUnavailableError(f"not an https address: {url!r}")
    try:
        value = json.loads(_get(url, accept="application/json")[0])
    except (ValueError, RecursionError) as error:
        raise ProviderUnavailableError(f"{url} did not answer JSON") from error
    if not isinstance(value, dict):
        raise ProviderUnavailableError(f"{url} did not answer a JSON object")
    return value


def _get(url: str, *, accept: str, bearer: str | None = None) -> tuple[str, str]:
    """Return the text and the media type that ``url`` answers; no redirection, no endless answer."""
    headers = {"Accept": accept} | ({"Authorization": f"Bearer {bearer}"} if bearer else {})
    try:
        with requests.get(
            url, headers=headers, timeout=settings.OIDC_TIMEOUT, allow_redirects=False, stream=True
        ) as answer:
            body = answer.raw.read(LARGEST_ANSWER + 1, decode_content=True)
            status, kind = answer.status_code, answer.headers.get("Content-Type", "")
    except (requests.RequestException, OSError) as error:
        raise ProviderUnavailableError(f"{url}: {type(error).__name__}") from error
    if status != requests.codes.ok or len(body) > LARGEST_ANSWER:
        raise ProviderUnavailableError(f"{url} answered {status}, {len(body)} bytes")
    try:
        return body.decode("utf-8"), kind.partition(";")[0].strip().lower()
    except UnicodeDecodeError as error:
        raise ProviderUnavailableError(f"{url} did not answer UTF-8") from error


# Who comes back from it


class CallbackRequest(HttpRequest):
    """The request of a browser that comes back from the provider, and when it came."""

    received_at: datetime


class StrictOIDCBackend(OIDCAuthenticationBackend):
    """Find the person of a genuine identity by issuer and subject."""

    def __init__(self) -> None:
        # Not the library's: it wants the endpoints at each request, before anyone signs in.
        self.OIDC_RP_CLIENT_ID = settings.OIDC_RP_CLIENT_ID
        self.OIDC_RP_CLIENT_SECRET = settings.OIDC_RP_CLIENT_SECRET
        self.UserModel = Person

    @property
    def OIDC_OP_TOKEN_ENDPOINT(self) -> str:  # noqa: N802  # the name the library reads
        """The token endpoint that the provider publishes."""
        return configuration().token_endpoint

    def authenticate(self, request: CallbackRequest, *, nonce: str, code_verifier: str) -> Person | None:
        """Return the person whom the provider vouches for in answer to this request.

        Raises:
            ProviderUnavailableError: the provider fails.
            SignInRefusedError: the code or a token is refused.
            NotRegisteredError: the identity has no open account.
        """
        self.now = request.received_at
        return cast("Person | None", super().authenticate(request, nonce=nonce, code_verifier=code_verifier))

    def get_token(self, payload: dict[str, str]) -> Mapping[str, object]:
        """Exchange the code for tokens."""
        try:
            answer = super().get_token(payload)
        except (requests.RequestException, ValueError) as error:
            refused = getattr(error, "response", None)
            if refused is not None and refused.status_code in {400, 401}:
                raise SignInRefusedError(f"token endpoint: {refused.text[:200]!r}") from error
            raise ProviderUnavailableError(f"token endpoint: {type(error).__name__}") from error
        tokens = (
            [answer.get(name) for name in ("id_token", "access_token")] if isinstance(answer, dict) else []
        )
        if not tokens or not all(isinstance(token, str) for token in tokens):
            raise SignInRefusedError("token endpoint: a token is missing")
        self.access_token = tokens[1]
        return cast("Mapping[str, object]", answer)

    def verify_token(self, token: str, *, nonce: str) -> Claims:
        """Return the claims of the identity token."""
        return self._with_fresh_keys(
            lambda keys: validate(
                token,
                keys=keys,
                policy=policy(),
                nonce=nonce,
                now=self.now,
                access_token=self.access_token,
            )
        )

    def get_userinfo(self, access_token: str, id_token: str, payload: Claims) -> Claims:  # noqa: ARG002  # the library's signature
        """Return what the provider says of the person, signed or plain, if it speaks of the same one."""
        text, kind = _get(
            configuration().userinfo_endpoint, accept="application/jwt, application/json", bearer=access_token
        )
        try:
            if kind != "application/jwt":
                return read_userinfo(text, policy=policy(), subject=payload.subject)
        except TokenRefusedError as refusal:
            raise SignInRefusedError(f"userinfo: {refusal}") from refusal
        return self._with_fresh_keys(
            lambda keys: validate_userinfo(
                text, keys=keys, policy=policy(), subject=payload.subject, now=self.now
            )
        )

    def get_or_create_user(self, access_token: str, id_token: str, payload: Claims) -> Person:
        """Return the person; none is ever created.

        Raises:
            NotRegisteredError: there is no account, or it is closed.
        """
        self.get_userinfo(access_token, id_token, payload)
        person = Person.objects.filter(issuer=payload.issuer, subject=payload.subject).first()
        if person is None or not person.is_active:
            raise NotRegisteredError(
                issuer=payload.issuer, subject=payload.subject, id_token=id_token, person=person
            )
        return person

    def get_user(self, user_id: int) -> Person | None:
        """Return the person of a session, if the account is still open."""
        return Person.objects.filter(pk=user_id, is_active=True).first()

    def _with_fresh_keys(self, check: Callable[[Sequence[Mapping[str, object]]], Claims]) -> Claims:
        """Check with the known keys; fetch them again, once, when the token names one we have never seen."""
        try:
            try:
                return check(signing_keys())
            except TokenRefusedError as refusal:
                if refusal.reason is not Reason.KEY_UNKNOWN:
                    raise
                return check(signing_keys(refetch=True))
        except TokenRefusedError as refusal:
            raise SignInRefusedError(f"token: {refusal}") from refusal


# Signing out


def end_session_url(*, id_token: str, back_to: str, state: str) -> str | None:
    """Return where the browser goes to close the provider's session, None when the provider has no such page.

    Raises:
        ProviderUnavailableError: the provider's configuration cannot be had.
    """
    endpoint = configuration().end_session_endpoint
    if endpoint is None:
        return None
    query = urlencode({"id_token_hint": id_token, "post_logout_redirect_uri": back_to, "state": state})
    return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{query}"
