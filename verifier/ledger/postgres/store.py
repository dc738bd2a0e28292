"""A ledger in a schema of a PostgreSQL database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import Connection
from sqlalchemy.exc import InvalidRequestError

from ..store import NOTHING, Wanted
from .conversation import Conversation
from .rows import PostgresRows
from .server import Server


class PostgresStore:
    """The store of one target's ledger; see `store.Store`. Opening makes it in an empty schema."""

    def __init__(self, url: str, target: int) -> None:
        self._server = Server(url)
        try:
            self._server.prepare(target.to_bytes(32, "big"))
        except BaseException:
            self._server.close()
            raise

    @property
    def where(self) -> str:
        return self._server.address.shown

    @contextmanager
    def reading(self, wanted: Wanted = NOTHING) -> Iterator[PostgresRows]:
        with self._server.snapshot() as connection:
            yield PostgresRows(self.where, _conversation(connection, holds_lock=False), wanted, writes=False)

    @contextmanager
    def writing(self, wanted: Wanted = NOTHING) -> Iterator[PostgresRows]:
        with self._server.transaction() as connection:
            conversation = _conversation(connection, holds_lock=True)
            yield PostgresRows(self.where, conversation, wanted, writes=True)
            conversation.commit()

    def close(self) -> None:
        self._server.close()


def _conversation(connection: Connection, *, holds_lock: bool) -> Conversation:
    driver: psycopg.Connection[Any] | None = connection.connection.driver_connection
    if driver is None:
        raise InvalidRequestError("the pool gave no connection")
    return Conversation(driver, holds_lock=holds_lock)
