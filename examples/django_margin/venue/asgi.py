"""The way in for an ASGI server, as in `uvicorn venue.asgi:application`."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "venue.settings")
django_application = get_asgi_application()

from django.conf import settings  # noqa: E402  # read once Django knows its settings

from .body_limit import limited  # noqa: E402

application = limited(django_application, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
