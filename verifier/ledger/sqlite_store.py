"""A ledger in an SQLite file: its tables, and the target that it is bound to."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import DamagedDatabase, ForeignDatabase, LedgerError, LedgerMismatch, SchemaTooNew, SchemaTooOld
from ..sqlite_file import FileKind, SqliteFile, statements_of
from .sqlite_rows import SqliteRows
from .store import NOTHING, NOTHING_HERE, Wanted

APPLICATION_ID = 0x5A4B4D4C
"""ASCII "ZKML", in SQLite's header field for the kind of file."""
SCHEMA_VERSION = 2

APPEND_ONLY = ("ledger", "log", "receipts", "risk_tables")
"""The other tables follow from the log, and `verify_log` holds them against it."""

_TABLES = """
CREATE TABLE ledger (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    target BLOB NOT NULL CHECK (length(target) = 32)
);
CREATE TABLE log (
    number INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32)
);
CREATE INDEX log_decisions ON log (number) WHERE kind IN ('accepted', 'refused');
CREATE INDEX log_openings ON log (number) WHERE kind = 'opened';
CREATE TABLE receipts (
    number INTEGER PRIMARY KEY,
    request_digest BLOB NOT NULL CHECK (length(request_digest) = 32),
    settlement_id BLOB NOT NULL UNIQUE CHECK (length(settlement_id) = 32),
    beneficiary BLOB NOT NULL CHECK (length(beneficiary) = 20),
    account BLOB NOT NULL CHECK (length(account) = 32),
    nullifier BLOB NOT NULL UNIQUE CHECK (length(nullifier) = 32),
    sequence BLOB NOT NULL CHECK (length(sequence) = 8),
    credit_e8 BLOB NOT NULL CHECK (length(credit_e8) = 8),
    replaced_e8 BLOB NOT NULL CHECK (length(replaced_e8) = 8),
    expiry_ms INTEGER NOT NULL,
    accepted_at_ms INTEGER NOT NULL
);
CREATE TABLE accounts (
    account BLOB PRIMARY KEY CHECK (length(account) = 32),
    sequence BLOB CHECK (length(sequence) = 8),
    released_through BLOB CHECK (length(released_through) = 8),
    receipt INTEGER NOT NULL,
    margin_e8 BLOB NOT NULL CHECK (length(margin_e8) = 8),
    expiry_ms INTEGER NOT NULL,
    inflow_e8 BLOB NOT NULL CHECK (length(inflow_e8) = 8),
    inflow_at_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX accounts_by_expiry ON accounts (expiry_ms) WHERE margin_e8 > x'0000000000000000';
CREATE TABLE roots (
    chain_id BLOB NOT NULL CHECK (length(chain_id) = 8),
    epoch BLOB NOT NULL CHECK (length(epoch) = 8),
    root BLOB NOT NULL CHECK (length(root) = 32),
    observed_at_ms INTEGER NOT NULL,
    PRIMARY KEY (chain_id, epoch),
    UNIQUE (chain_id, root)
) WITHOUT ROWID;
CREATE TABLE risk_tables (
    oracle_time_ms INTEGER PRIMARY KEY,
    risk_root BLOB NOT NULL CHECK (length(risk_root) = 32),
    attested_at_ms INTEGER NOT NULL
);
CREATE TABLE scopes (
    scope TEXT PRIMARY KEY,
    state TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE outstanding (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    total_e8 BLOB NOT NULL CHECK (length(total_e8) = 16)
);
"""

_KIND = FileKind(
    what="a margin ledger",
    application_id=APPLICATION_ID,
    version=SCHEMA_VERSION,
    statements=statements_of(_TABLES, APPEND_ONLY),
    failed=LedgerError,
    foreign=ForeignDatabase,
    damaged=DamagedDatabase,
    too_new=SchemaTooNew,
    too_old=SchemaTooOld,
    reads_apart=True,
)


class SqliteStore:
    """The file of one target's ledger. Opening creates it if there is none, unless told that there must be one."""

    def __init__(self, path: str | os.PathLike[str], target: int, *, create: bool = True) -> None:
        if not create and not (os.path.exists(path) and os.path.getsize(path)):
            raise LedgerError(os.fspath(path), NOTHING_HERE)
        self._target = target.to_bytes(32, "big")
        self.file = _LedgerFile(path, self._target)

    @property
    def where(self) -> str:
        return self.file.path

    @contextmanager
    def reading(self, wanted: Wanted = NOTHING) -> Iterator[SqliteRows]:
        with self.file.reading() as connection:
            yield SqliteRows(connection, self._target, self.where)

    @contextmanager
    def writing(self, wanted: Wanted = NOTHING) -> Iterator[SqliteRows]:
        with self.file.writing() as connection:
            yield SqliteRows(connection, self._target, self.where)

    def close(self) -> None:
        self.file.close()


class _LedgerFile(SqliteFile):
    def __init__(self, path: str | os.PathLike[str], target: bytes) -> None:
        self._target = target
        super().__init__(path, _KIND)

    def fill(self, connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO ledger (one, target) VALUES (1, ?)", (self._target,))
        connection.execute("INSERT INTO outstanding (one, total_e8) VALUES (1, ?)", (bytes(16),))

    def check(self, connection: sqlite3.Connection) -> None:
        row = connection.execute("SELECT target FROM ledger").fetchone()
        if row is None or row[0] != self._target:
            raise LedgerMismatch(self.path, "belongs to another target: chain, ledger name and circuit must agree")
