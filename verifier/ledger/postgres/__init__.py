"""A ledger in PostgreSQL, for many services at once; needs the extra `postgres`."""

from .opening import migrate_postgres, open_postgres

__all__ = ["migrate_postgres", "open_postgres"]
