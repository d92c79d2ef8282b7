"""Settings of the worker that the tests start and kill: the database and the mail server of the test."""

import json
import os

from config.settings.test import *  # noqa: F403  # settings are layered by star, as in config/

DATABASES = {"default": json.loads(os.environ.get("WORKER_DATABASE", "{}"))}
MAILERS = {
    "default": {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {"host": "127.0.0.1", "port": int(os.environ.get("WORKER_SMTP_PORT", "25")), "timeout": 5},
    }
}
LOGGING_CONFIG = None
