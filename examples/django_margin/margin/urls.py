"""Where the app's views are, below wherever the project puts them."""

from __future__ import annotations

from django.urls import path

from . import views

urlpatterns = [
    path("settlements", views.settle),
    path("settlements/<str:settlement_id>", views.receipt),
    path("accounts/<str:pseudonym>", views.account),
    path("health", views.health),
]
