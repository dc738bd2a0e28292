"""Where everything is."""

from __future__ import annotations

from django.urls import path
from margin import views

urlpatterns = [
    path("settlements", views.settle),
    path("settlements/<str:settlement_id>", views.receipt),
    path("accounts/<str:pseudonym>", views.account),
    path("health", views.health),
]
handler404 = views.nothing_here
