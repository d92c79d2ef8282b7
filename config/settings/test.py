"""Settings of the test suite: every app in one database, so that one run tests them all.

The addresses are those of the coordination site; a test of the register asks for its own with
``@pytest.mark.urls("config.urls_register")``. That the two sites are separate is tested on the real processes.
"""

import os

os.environ.setdefault("TRAITDUNION_SECRET_KEY", "test " * 12)

from config.settings.site_coordination import *
from config.settings.site_coordination import INSTALLED_APPS
from config.settings.site_register import REGISTER_KEYS as REGISTER_KEYS  # the variables of both sites

DEMO = True
INSTALLED_APPS = [*INSTALLED_APPS, "traitdunion.register", "traitdunion.demo"]
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
