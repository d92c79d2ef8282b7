"""The register on loopback with synthetic dossiers and one-click personas."""

from config.settings import environment
from config.settings.site_register import *
from config.settings.site_register import INSTALLED_APPS

DEMO = True
SECRET_KEY = environment.text("TRAITDUNION_REGISTER_SECRET_KEY")
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
CSRF_TRUSTED_ORIGINS = []
INSTALLED_APPS = [*INSTALLED_APPS, "traitdunion.demo"]
AUTHENTICATION_BACKENDS = ["traitdunion.demo.personas.PersonaBackend"]
WHITENOISE_USE_FINDERS = True
MAILERS = {"default": {"BACKEND": "django.core.mail.backends.dummy.EmailBackend"}}
