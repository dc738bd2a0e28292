"""The ledger's SQLite file: its tables, and the target that it is bound to."""

from __future__ import annotations

import os
import sqlite3

from ..errors import DamagedDatabase, ForeignDatabase, LedgerError, LedgerMismatch, SchemaTooNew
from ..sqlite_file import FileKind, SqliteFile, statements_of

APPLICATION_ID = 0x5A4B4D4C
"""ASCII "ZKML", in SQLite's header field for the kind of file."""
SCHEMA_VERSION = 1

_APPEND_ONLY = ("ledger", "roots", "risk_tables", "receipts", "releases", "breaker_events", "decisions")

_TABLES = """
CREATE TABLE ledger (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    target BLOB NOT NULL CHECK (length(target) = 32)
);
CREATE TABLE roots (
    chain_id BLOB NOT NULL CHECK (length(chain_id) = 8),
    epoch BLOB NOT NULL CHECK (length(epoch) = 8),
    root BLOB NOT NULL CHECK (length(root) = 32),
    observed_at_ms INTEGER NOT NULL,
    PRIMARY KEY (chain_id, epoch),
    UNIQUE (chain_id, root)
);
CREATE TABLE risk_tables (
    oracle_time_ms INTEGER PRIMARY KEY,
    risk_root BLOB NOT NULL CHECK (length(risk_root) = 32),
    attested_at_ms INTEGER NOT NULL
);
CREATE TABLE receipts (
    number INTEGER PRIMARY KEY,
    request_digest BLOB NOT NULL UNIQUE CHECK (length(request_digest) = 32),
    settlement_id BLOB NOT NULL UNIQUE CHECK (length(settlement_id) = 32),
    beneficiary BLOB NOT NULL CHECK (length(beneficiary) = 20),
    account BLOB NOT NULL CHECK (length(account) = 32),
    nullifier BLOB NOT NULL UNIQUE CHECK (length(nullifier) = 32),
    sequence BLOB NOT NULL CHECK (length(sequence) = 8),
    credit_e8 BLOB NOT NULL CHECK (length(credit_e8) = 8),
    replaced_e8 BLOB NOT NULL CHECK (length(replaced_e8) = 8),
    expiry_ms INTEGER NOT NULL,
    accepted_at_ms INTEGER NOT NULL,
    UNIQUE (account, sequence)
);
CREATE INDEX receipts_by_time ON receipts (accepted_at_ms);
CREATE TABLE releases (
    account BLOB NOT NULL CHECK (length(account) = 32),
    through_sequence BLOB NOT NULL CHECK (length(through_sequence) = 8),
    released_at_ms INTEGER NOT NULL,
    PRIMARY KEY (account, through_sequence)
);
CREATE TABLE breaker_events (
    number INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    is_open INTEGER NOT NULL CHECK (is_open IN (0, 1)),
    reason TEXT NOT NULL,
    last_receipt INTEGER NOT NULL
);
CREATE TABLE decisions (
    number INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    request_digest BLOB NOT NULL,
    settlement_id BLOB NOT NULL,
    outcome TEXT NOT NULL,
    detail TEXT NOT NULL
);
"""

_KIND = FileKind(
    what="a margin ledger",
    application_id=APPLICATION_ID,
    version=SCHEMA_VERSION,
    statements=statements_of(_TABLES, _APPEND_ONLY),
    failed=LedgerError,
    foreign=ForeignDatabase,
    damaged=DamagedDatabase,
    too_new=SchemaTooNew,
)


class Database(SqliteFile):
    """The ledger of one target. Opening creates the file if there is none."""

    def __init__(self, path: str | os.PathLike[str], target: int) -> None:
        self._target = target.to_bytes(32, "big")
        super().__init__(path, _KIND)

    def fill(self, connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO ledger (one, target) VALUES (1, ?)", (self._target,))

    def check(self, connection: sqlite3.Connection) -> None:
        row = connection.execute("SELECT target FROM ledger").fetchone()
        if row is None or row[0] != self._target:
            raise LedgerMismatch(self.path, "belongs to another target: chain, ledger name and circuit must agree")
