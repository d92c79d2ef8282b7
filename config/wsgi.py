"""The door a WSGI server opens (gunicorn)."""

import gc
import os
import sys

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.coordination")
application = get_wsgi_application()

if settings.IN_PRODUCTION:
    # Imported here: models exist only once the line above has run.
    from traitdunion.core.errors import Refusal
    from traitdunion.portal.startup import refuse_unsafe_start

    try:
        refuse_unsafe_start()
    except Refusal as refusal:
        sys.exit(str(refusal))

# What was loaded once for all requests is not looked through again at each collection: with --preload, it also stays
# shared between the processes.
gc.collect()
gc.freeze()
gc.set_threshold(10_000, 20, 50)
