"""What an SQLite ledger says of itself, read without configuration or key and without a change to the file.

For whoever finds such a file. Nothing of it is checked against its log, which is what `MarginLedger.verify_log` does.
"""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from ..errors import DamagedDatabase, ForeignDatabase, SchemaTooNew, SchemaTooOld
from .records import Head
from .sqlite_rows import SqliteRows
from .sqlite_store import APPLICATION_ID, SCHEMA_VERSION

MAGIC = b"SQLite format 3\0"
APPLICATION_ID_AT = 68
"""Where SQLite's header has the application's id, four bytes, big-endian."""
DIGEST_BYTES = 32


@dataclass(frozen=True, slots=True)
class Glance:
    """A file's target, the end of its log, and what its tables add up to."""

    schema: int
    target: int
    head: Head
    receipts: int
    accounts: int
    outstanding_e8: int


def is_ledger_file(beginning: bytes) -> bool:
    """Whether a file that begins so is an SQLite database that calls itself a margin ledger."""
    application_id = beginning[APPLICATION_ID_AT : APPLICATION_ID_AT + 4]
    return beginning.startswith(MAGIC) and application_id == APPLICATION_ID.to_bytes(4, "big")


def glance(path: str | os.PathLike[str]) -> Glance:
    """Look into a ledger's file, which others may be writing to."""
    where = os.fspath(path)
    try:
        connection = sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
        try:
            # A file of unknown origin: none of its own functions runs, and nothing is written.
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA query_only = ON")
            connection.execute("BEGIN")
            return _look(where, connection)
        finally:
            connection.close()
    except (sqlite3.Error, OverflowError, TypeError, UnicodeDecodeError) as problem:
        raise DamagedDatabase(where, f"cannot be read ({type(problem).__name__}); restore it from a copy") from problem


def _look(where: str, connection: sqlite3.Connection) -> Glance:
    if _number(connection, "PRAGMA application_id") != APPLICATION_ID:
        raise ForeignDatabase(where, "is a database of another program")
    schema = _number(connection, "PRAGMA user_version")
    if schema > SCHEMA_VERSION:
        raise SchemaTooNew(where, f"has schema {schema}, this version knows {SCHEMA_VERSION}: upgrade zkmargin")
    if schema < SCHEMA_VERSION:
        raise SchemaTooOld(where, f"has schema {schema}, this version reads {SCHEMA_VERSION}")
    (target,) = connection.execute("SELECT target FROM ledger").fetchone() or (b"",)
    if type(target) is not bytes or len(target) != DIGEST_BYTES:
        raise DamagedDatabase(where, "names no target")
    rows = SqliteRows(connection, target, where)
    return Glance(
        schema=schema,
        target=int.from_bytes(target, "big"),
        head=rows.head(),
        receipts=rows.last_receipt(),
        accounts=_number(connection, "SELECT count(*) FROM accounts"),
        outstanding_e8=rows.outstanding_e8(),
    )


def _number(connection: sqlite3.Connection, query: str) -> int:
    return int(connection.execute(query).fetchone()[0])
