"""Alembic's entry: the connection comes from `schema.py`, inside whose transaction everything happens."""

from __future__ import annotations

from alembic import context

from zkmargin.verifier.ledger.postgres.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=context.config.attributes["version_table"],
    version_table_schema=context.config.attributes["schema"],
)
context.run_migrations()
