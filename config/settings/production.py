"""What a site in production has, whichever it is, and what it refuses to start without."""

from collections.abc import Iterable

from config.settings import environment

SECRET_KEY_LENGTH = 50


def refuse_unsafe(prefix: str, *, secret_key: str, base_url: str) -> None:
    """Refuse a site that debugs, lets personas in, or answers with a weak key or without TLS.

    Args:
        prefix: how the names of the site's own variables begin.
        secret_key: its key.
        base_url: its public address.

    Raises:
        SettingError: one of these.
    """
    if environment.flag("TRAITDUNION_DEBUG"):
        raise environment.SettingError(
            "TRAITDUNION_DEBUG est activé : le site en production ne démarre pas en mode débogage ; retirez ce réglage."
        )
    if len(secret_key) < SECRET_KEY_LENGTH:
        raise environment.SettingError(
            f"{prefix}SECRET_KEY manque ou compte moins de {SECRET_KEY_LENGTH} caractères : "
            "donnez une clé aléatoire plus longue."
        )
    if not base_url.startswith("https://"):
        raise environment.SettingError(
            f"{prefix}BASE_URL vaut « {base_url} » : en production on attend une adresse en https://."
        )
    if environment.flag("TRAITDUNION_DEMO"):
        raise environment.SettingError(
            "TRAITDUNION_DEMO est activé : les personnages de démonstration n'existent pas en production ; "
            "retirez ce réglage."
        )


def require(names: Iterable[str]) -> None:
    """Refuse to start without these variables.

    Raises:
        SettingError: one is empty.
    """
    for name in names:
        if not environment.text(name, ""):
            raise environment.SettingError(
                f"{name} est vide : donnez-lui une valeur (voir docs/environment.md)."
            )


def refuse_others(names: Iterable[str], *, other: str) -> None:
    """Refuse to start beside a credential of the other site: a process that does not have it cannot leak it.

    Args:
        names: variables of the other site.
        other: how the other site is called.

    Raises:
        SettingError: one is set.
    """
    for name in names:
        if environment.text(name, ""):
            raise environment.SettingError(
                f"{name} est un secret d’un autre site, « {other} », et se trouve dans l’environnement de celui-ci : "
                "donnez à chaque site un environnement à lui, puis relancez."
            )


IN_PRODUCTION = True
SESSION_COOKIE_NAME = "__Host-session"
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-csrf"
CSRF_COOKIE_SECURE = True
SECURE_SSL_REDIRECT = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
