"""The register in production. It refuses to start half-configured, or beside the secrets of the coordination site."""

from config.settings import production
from config.settings.site_register import *
from config.settings.site_register import BASE_URL, SECRET_KEY

# isort: split
# What production asks for has the last word.
from config.settings.production import *

production.refuse_unsafe("TRAITDUNION_REGISTER_", secret_key=SECRET_KEY, base_url=BASE_URL)
production.require(
    (
        "TRAITDUNION_REGISTER_DATABASE_URL",
        "TRAITDUNION_REGISTER_KEYS",
        "TRAITDUNION_REGISTER_ALLOWED_HOSTS",
        "TRAITDUNION_REGISTER_OIDC_CLIENT_ID",
        "TRAITDUNION_REGISTER_OIDC_CLIENT_SECRET",
        "TRAITDUNION_OIDC_ISSUER",
        "TRAITDUNION_OIDC_ACR_ALLOWED",
    )
)
production.refuse_others(
    (
        "DATABASE_URL",
        "TRAITDUNION_SECRET_KEY",
        "TRAITDUNION_BILAN_KEY",
        "TRAITDUNION_OIDC_CLIENT_SECRET",
    ),
    other="coordination",
)
