"""The register of psychiatric care without consent, however it is run: its apps and pages, its database, its keys.

Nothing here reads a credential of the coordination site, which reads none of ours: each variable has its own name, so
that the environment of one site given to the other opens nothing (docs/adr/0016).
"""

from urllib.parse import urlsplit

from config.settings import environment
from config.settings.base import *
from config.settings.base import COMMON_APPS
from traitdunion.identity.kinds import REGISTER_ROLES

SITE = {
    "name": "Trait d’union – registre",
    "tagline": "Suivi départemental des soins psychiatriques sans consentement",
    "about": (
        "L’échéancier des soins psychiatriques sans consentement, tenu par l’agence régionale de santé, département "
        "par département. Il ne communique avec aucun fichier de sécurité."
    ),
}
ROOT_URLCONF = "config.urls_register"
ROLES = REGISTER_ROLES
HOME_PAGE = "register:home"
PUBLIC_PAGE = LOGOUT_REDIRECT_URL = "register:about"

SECRET_KEY = environment.text("TRAITDUNION_REGISTER_SECRET_KEY", "")
# The file of the keys that wrap the key of each dossier and blind the search: never in the database, nor its backups.
REGISTER_KEYS = environment.text("TRAITDUNION_REGISTER_KEYS", "")
BASE_URL = environment.text("TRAITDUNION_REGISTER_BASE_URL", "http://127.0.0.1:8001").rstrip("/")
ALLOWED_HOSTS = environment.words("TRAITDUNION_REGISTER_ALLOWED_HOSTS", urlsplit(BASE_URL).hostname or "")
CSRF_TRUSTED_ORIGINS = [BASE_URL]
OIDC_RP_CLIENT_ID = environment.text("TRAITDUNION_REGISTER_OIDC_CLIENT_ID", "")
OIDC_RP_CLIENT_SECRET = environment.text("TRAITDUNION_REGISTER_OIDC_CLIENT_SECRET", "")

DATABASES = {
    "default": environment.database(
        environment.text("TRAITDUNION_REGISTER_DATABASE_URL", "postgresql:///traitdunion_registre")
    )
}

# Of the portal, the frame of the pages alone: its other pages read the coordination site.
INSTALLED_APPS = [*COMMON_APPS, "traitdunion.register", "traitdunion.portal.apps.FrameConfig"]

# On one machine the two sites differ by their port only, which cookies ignore.
SESSION_COOKIE_NAME = "register-session"
CSRF_COOKIE_NAME = "register-csrf"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # a message may say a reference
