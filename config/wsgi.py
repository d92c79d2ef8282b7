"""The door a WSGI server opens (gunicorn)."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.coordination")
application = get_wsgi_application()
