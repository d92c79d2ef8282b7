"""Settings of the test suite: the coordination site with the demo's personas, on a database of its own."""

import os

os.environ.setdefault("TRAITDUNION_SECRET_KEY", "test " * 12)

from config.settings.base import *
from config.settings.base import INSTALLED_APPS

DEMO = True
INSTALLED_APPS = [*INSTALLED_APPS, "traitdunion.demo"]
AUTHENTICATION_BACKENDS = [
    "traitdunion.demo.personas.PersonaBackend",
    "traitdunion.identity.oidc.StrictOIDCBackend",
]
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
STATIC_ROOT = None  # nothing is collected: the finders serve the files
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True  # else each test client walks every static file: a quarter of a second each
DEMO_LETTERS = ""  # no letter is put in a file
MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
