"""The coordination site in production. It refuses to start half-configured."""

from config.settings import environment
from config.settings.base import *
from config.settings.base import BASE_URL, INSTALLED_APPS, SECRET_KEY

if environment.flag("TRAITDUNION_DEBUG"):
    raise environment.SettingError(
        "TRAITDUNION_DEBUG est activé : le site en production ne démarre pas en mode débogage ; retirez ce réglage."
    )
if len(SECRET_KEY) < 50:
    raise environment.SettingError(
        "TRAITDUNION_SECRET_KEY manque ou compte moins de 50 caractères : donnez une clé aléatoire plus longue."
    )
if not BASE_URL.startswith("https://"):
    raise environment.SettingError(
        f"TRAITDUNION_BASE_URL vaut « {BASE_URL} » : en production on attend une adresse en https://."
    )
for _name in (
    "DATABASE_URL",
    "TRAITDUNION_ALLOWED_HOSTS",
    "TRAITDUNION_OIDC_ISSUER",
    "TRAITDUNION_OIDC_CLIENT_ID",
    "TRAITDUNION_OIDC_CLIENT_SECRET",
    "TRAITDUNION_OIDC_ACR_ALLOWED",
    "TRAITDUNION_SMTP_HOST",
    "TRAITDUNION_MAIL_FROM",
):
    if not environment.text(_name):
        raise environment.SettingError(
            f"{_name} est vide : donnez-lui une valeur (voir docs/environment.md)."
        )
if "traitdunion.demo" in INSTALLED_APPS or environment.flag("TRAITDUNION_DEMO"):
    raise environment.SettingError(
        "TRAITDUNION_DEMO est activé : les personnages de démonstration n'existent pas en production ; "
        "retirez ce réglage."
    )

IN_PRODUCTION = True
SESSION_COOKIE_NAME = "__Host-session"
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-csrf"
CSRF_COOKIE_SECURE = True
SECURE_SSL_REDIRECT = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
NINJA_NUM_PROXIES = 1  # the reverse proxy writes the address of who asks (docs/deploy.md)
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
