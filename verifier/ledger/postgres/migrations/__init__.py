"""Alembic's side of the ledger's schema: how one version becomes the next."""
