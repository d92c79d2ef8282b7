"""The coordination site in production. It refuses to start half-configured, or beside the secrets of the register."""

from config.settings import production
from config.settings.site_coordination import *
from config.settings.site_coordination import BASE_URL, SECRET_KEY

# isort: split
# What production asks for has the last word.
from config.settings.production import *

production.refuse_unsafe("TRAITDUNION_", secret_key=SECRET_KEY, base_url=BASE_URL)
production.require(
    (
        "DATABASE_URL",
        "TRAITDUNION_ALLOWED_HOSTS",
        "TRAITDUNION_OIDC_ISSUER",
        "TRAITDUNION_OIDC_CLIENT_ID",
        "TRAITDUNION_OIDC_CLIENT_SECRET",
        "TRAITDUNION_OIDC_ACR_ALLOWED",
        "TRAITDUNION_SMTP_HOST",
        "TRAITDUNION_MAIL_FROM",
    )
)
production.refuse_others(
    ("TRAITDUNION_REGISTER_DATABASE_URL", "TRAITDUNION_REGISTER_KEYS", "TRAITDUNION_REGISTER_SECRET_KEY"),
    other="registre",
)

NINJA_NUM_PROXIES = 1  # the reverse proxy writes the address of who asks (docs/deploy.md)
