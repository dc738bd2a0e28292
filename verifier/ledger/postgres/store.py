"""A ledger in a schema of a PostgreSQL database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..store import NOTHING, Wanted
from .conversation import Conversation
from .rows import PostgresRows
from .server import Server


class PostgresStore:
    """The store of one target's ledger; see `store.Store`. Opening makes it in an empty schema."""

    def __init__(self, url: str, target: int, *, create: bool = True) -> None:
        self._server = Server(url)
        try:
            self._server.prepare(target.to_bytes(32, "big"), create=create)
        except BaseException:
            self._server.close()
            raise

    @property
    def where(self) -> str:
        return self._server.address.shown

    @contextmanager
    def reading(self, wanted: Wanted = NOTHING) -> Iterator[PostgresRows]:
        server = self._server
        with server.snapshot() if wanted == NOTHING else server.moment() as connection:
            yield PostgresRows(self.where, Conversation(connection), wanted, writes=False)

    @contextmanager
    def writing(self, wanted: Wanted = NOTHING) -> Iterator[PostgresRows]:
        with self._server.transaction() as connection:
            yield PostgresRows(self.where, Conversation(connection), wanted, writes=True)

    def close(self) -> None:
        self._server.close()
