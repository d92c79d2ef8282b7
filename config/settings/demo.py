"""The coordination site on loopback with synthetic data and one-click personas."""

from config.settings import environment
from config.settings.site_coordination import *
from config.settings.site_coordination import INSTALLED_APPS, ROOT

DEMO = True
SECRET_KEY = environment.text("TRAITDUNION_SECRET_KEY")
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
CSRF_TRUSTED_ORIGINS = []
INSTALLED_APPS = [*INSTALLED_APPS, "traitdunion.demo"]
AUTHENTICATION_BACKENDS = ["traitdunion.demo.personas.PersonaBackend"]
WHITENOISE_USE_FINDERS = True
DEMO_LETTERS = environment.text("TRAITDUNION_DEMO_MAIL", str(ROOT / ".cache" / "demo" / "mail"))
MAILERS = {
    "default": {
        "BACKEND": "django.core.mail.backends.filebased.EmailBackend",
        "OPTIONS": {"file_path": DEMO_LETTERS},
    }
}
