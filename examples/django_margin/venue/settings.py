"""The project's settings: one app, no database of Django's own, no cookies and so no sessions."""

from __future__ import annotations

import os
import secrets

DEBUG = False
SECRET_KEY = secrets.token_urlsafe(48)
"""Nothing here is signed with it; a project that signs something keeps one key for all its processes."""
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "localhost,127.0.0.1,testserver").split(",")

INSTALLED_APPS = ["margin"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "margin.middleware.ProblemDocuments",
]
ROOT_URLCONF = "venue.urls"
ASGI_APPLICATION = "venue.asgi.application"
WSGI_APPLICATION = "venue.wsgi.application"
DATABASES: dict[str, object] = {}
USE_TZ = True
APPEND_SLASH = False

ZKMARGIN_LEDGER = os.environ.get("ZKMARGIN_LEDGER", "ledger")
"""The ledger's folder, made by `zkmargin ledger init`."""
ZKMARGIN_DATABASE = os.environ.get("ZKMARGIN_DATABASE")
"""A `postgresql://` address, where the ledger is not in the folder's own file."""
DATA_UPLOAD_MAX_MEMORY_SIZE = 1 << 16
"""A settlement request has 2 KiB. Django refuses a longer body by its announced length."""
