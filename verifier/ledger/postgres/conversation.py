"""Statements over one open connection. SQLAlchemy writes them and keeps the connections, the driver does the talking.

A statement is a round trip to another process, so the ledger's are few and large: all that is wanted comes as the
answer to one, and all changes go with one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import psycopg
from sqlalchemy import ClauseElement, Connection
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import InvalidRequestError

Answer = Sequence[Sequence[Any]]

_DIALECT = PGDialect_psycopg()  # type: ignore[no-untyped-call]  # SQLAlchemy's own, not annotated


class Sql(NamedTuple):
    """A statement as the driver takes it, and those of its parameters that never change."""

    text: bytes
    constants: Mapping[str, Any]


def compiled(statement: ClauseElement) -> Sql:
    made = statement.compile(dialect=_DIALECT)
    constants = {name: value for name, value in made.params.items() if value is not None}
    return Sql(str(made).encode(), constants)


class Conversation:
    """The driver's side of a transaction that SQLAlchemy has begun, and will end."""

    def __init__(self, connection: Connection) -> None:
        driver: psycopg.Connection[Any] | None = connection.connection.driver_connection
        if driver is None:
            raise InvalidRequestError("the pool gave no connection")
        self._driver = driver

    def ask(self, sql: Sql, **keys: object) -> Answer:
        return self._driver.execute(sql.text, {**sql.constants, **keys}).fetchall()

    def tell(self, sql: Sql, **values: object) -> None:
        self._driver.execute(sql.text, {**sql.constants, **values})
