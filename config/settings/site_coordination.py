"""The coordination site, however it is run: its apps and pages, its database, its keys."""

from urllib.parse import urlsplit

from config.settings import environment
from config.settings.base import *
from config.settings.base import COMMON_APPS, LOGGING, MIDDLEWARE
from traitdunion.identity.kinds import COORDINATION_ROLES

SITE = {
    "name": "Trait d’union",
    "tagline": "Préfectures et ARS, ensemble pour « Prévenir pour protéger »",
    "about": (
        "L’outil de travail commun des préfectures et des agences régionales de santé. Il suit des conventions et des "
        "actions entre institutions ; il ne contient aucune donnée sur les personnes suivies."
    ),
}
ROOT_URLCONF = "config.urls"
ROLES = COORDINATION_ROLES
HOME_PAGE = "portal:home"
PUBLIC_PAGE = LOGOUT_REDIRECT_URL = "portal:public_plan"

SECRET_KEY = environment.text("TRAITDUNION_SECRET_KEY", "")
# The key with which the site signs bilans, and the chain of its public keys: files that only it may read.
BILAN_KEY = environment.text("TRAITDUNION_BILAN_KEY", "")
BILAN_KEYS = environment.text("TRAITDUNION_BILAN_KEYS", "")
# The authority that dates the signatures (RFC 3161), and the certificates by which its answers are believed.
TSA_URL = environment.text("TRAITDUNION_TSA_URL", "")
TSA_CERTIFICATE = environment.text("TRAITDUNION_TSA_CERTIFICATE", "")
if TSA_URL and not TSA_CERTIFICATE:
    raise environment.SettingError(
        "TRAITDUNION_TSA_CERTIFICATE est vide : donnez le fichier des certificats de l’autorité de TRAITDUNION_TSA_URL."
    )
BASE_URL = environment.text("TRAITDUNION_BASE_URL", "http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS = environment.words("TRAITDUNION_ALLOWED_HOSTS", urlsplit(BASE_URL).hostname or "")
CSRF_TRUSTED_ORIGINS = [BASE_URL]
OIDC_RP_CLIENT_ID = environment.text("TRAITDUNION_OIDC_CLIENT_ID", "")
OIDC_RP_CLIENT_SECRET = environment.text("TRAITDUNION_OIDC_CLIENT_SECRET", "")

DATABASES = {"default": environment.database(environment.text("DATABASE_URL", "postgresql:///traitdunion"))}

INSTALLED_APPS = [
    *COMMON_APPS,
    "procrastinate.contrib.django",
    "traitdunion.exchange",
    "traitdunion.notices",
    "traitdunion.plan",
    "traitdunion.conventions",
    "traitdunion.barometer",
    "traitdunion.reviews",
    "traitdunion.portal",
]
_SESSIONS = MIDDLEWARE.index("django.contrib.sessions.middleware.SessionMiddleware")
MIDDLEWARE = [
    *MIDDLEWARE[:_SESSIONS],
    "traitdunion.barometer.middleware.AnsweringMiddleware",  # above the sessions: those pages see none
    *MIDDLEWARE[_SESSIONS:],
]

API_RATE = environment.text("TRAITDUNION_API_RATE", "120/m")
NINJA_NUM_PROXIES = 0  # the address of a question is that of the connection, whatever the header says

# A worker that starts runs the last tick it missed, even a quarterly one (docs/adr/0006).
PROCRASTINATE_PERIODIC_DEFAULTS = {"max_delay": 100 * 24 * 60 * 60}

LOGGING = {
    **LOGGING,
    "filters": {"links": {"()": "traitdunion.barometer.middleware.HideLinks"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["links"]}},
}
