"""Where everything is."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [path("", include("margin.urls"))]
handler404 = "margin.views.nothing_here"
