"""The way in for a WSGI server: `venue.wsgi:application`."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "venue.settings")
application = get_wsgi_application()
