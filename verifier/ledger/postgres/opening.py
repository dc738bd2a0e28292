"""The door to a ledger in PostgreSQL; nothing of the extra is imported before its presence was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zkmargin.algebra.extras import require

if TYPE_CHECKING:
    from .store import PostgresStore

EXTRA = "postgres"


def open_postgres(url: str, target: int, *, create: bool = True) -> PostgresStore:
    """The store of the ledger of this target at a URL, made if its schema is empty and it may be. Needs the extra."""
    _require_packages()
    from .store import PostgresStore

    return PostgresStore(url, target, create=create)


def migrate_postgres(url: str, grant_to: str | None = None) -> list[str]:
    """Bring a ledger's schema up to this version, and let a role use it; the versions it went through."""
    _require_packages()
    from .server import Server

    server = Server(url)
    try:
        return server.migrate(grant_to)
    finally:
        server.close()


def _require_packages() -> None:
    for package in ("sqlalchemy", "psycopg", "alembic"):
        require(package, EXTRA)
