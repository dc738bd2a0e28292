"""The ledger's SQLite file: made, recognised, bound to its ledger, and changed in transactions only.

Write-ahead log with `synchronous=FULL`: what a transaction has committed is on the disk before `commit` returns, and a
process or machine that dies at any moment leaves either all of a transaction or nothing.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import DamagedDatabase, ForeignDatabase, LedgerError, LedgerMismatch, SchemaTooNew

APPLICATION_ID = 0x5A4B4D4C
"""ASCII "ZKML", in SQLite's header field for the kind of file."""
SCHEMA_VERSION = 1
BUSY_TIMEOUT_S = 30.0
"""How long to wait for another process to finish its transaction."""

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


def _schema() -> list[str]:
    """Every statement that makes a ledger. Rows are never changed or removed: the database itself sees to it."""
    statements = [statement.strip() for statement in _TABLES.split(";") if statement.strip()]
    for table in _APPEND_ONLY:
        for verb in ("UPDATE", "DELETE"):
            statements.append(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
    return statements


class Database:
    """One connection, shared by the threads of one process. Opening creates the file if there is none."""

    def __init__(self, path: str | os.PathLike[str], target: int) -> None:
        self.path = os.fspath(path)
        self._lock = threading.RLock()
        self._process = os.getpid()
        if self.path in ("", ":memory:") or not Path(self.path).absolute().parent.is_dir():
            raise LedgerError(self.path, "must be a file in a folder that exists")
        with self._errors():
            self._connection = sqlite3.connect(
                self.path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
        try:
            with self._errors():
                self._recognise()
                self._configure()
                self._create_if_empty(target)
                self._check(target)
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A consistent view: nothing another process writes shows inside."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The only writer: what is read inside stays true until the end. An exception undoes everything."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        if os.getpid() != self._process:
            raise LedgerError(self.path, "was opened before this process was forked: open it anew in each process")
        with self._lock, self._errors():
            self._connection.execute(begin)
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """SQLite's errors as this room's own."""
        try:
            yield
        except sqlite3.Error as problem:
            name = getattr(problem, "sqlite_errorname", "")
            if name.startswith("SQLITE_NOTADB"):
                raise ForeignDatabase(self.path, "is not a margin ledger") from problem
            if name.startswith("SQLITE_CORRUPT"):
                raise DamagedDatabase(self.path, f"is damaged ({problem}); restore it from a copy") from problem
            if name.startswith("SQLITE_BUSY"):
                raise LedgerError(self.path, "is locked by another process; try again") from problem
            raise LedgerError(self.path, f"cannot be used: {problem}") from problem

    def _pragma(self, name: str) -> int:
        return int(self._connection.execute(f"PRAGMA {name}").fetchone()[0])

    def _is_empty(self) -> bool:
        (count,) = self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return self._pragma("application_id") == 0 and self._pragma("user_version") == 0 and count == 0

    def _recognise(self) -> None:
        """Refuse a file of something else before touching it."""
        if self._is_empty():
            return
        if self._pragma("application_id") != APPLICATION_ID:
            raise ForeignDatabase(self.path, "is a database of another program")
        version = self._pragma("user_version")
        if version > SCHEMA_VERSION:
            raise SchemaTooNew(
                self.path, f"has schema {version}, this version knows {SCHEMA_VERSION}: upgrade zkmargin"
            )

    def _configure(self) -> None:
        """Set the journal mode. SQLite does not wait for its lock here when others open the file, so we do."""
        give_up = time.monotonic() + BUSY_TIMEOUT_S
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
                break
            except sqlite3.OperationalError as problem:
                if "locked" not in str(problem) or time.monotonic() > give_up:
                    raise
                time.sleep(0.01)
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("PRAGMA foreign_keys = ON")

    def _create_if_empty(self, target: int) -> None:
        with self.writing() as connection:
            if not self._is_empty():
                return
            for statement in _schema():
                connection.execute(statement)
            connection.execute("INSERT INTO ledger (one, target) VALUES (1, ?)", (target.to_bytes(32, "big"),))
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _check(self, target: int) -> None:
        """The schema is whole, triggers included, the pages hold together, and the ledger is the one asked for."""
        with self.reading() as connection:
            if _schema_text(connection) != _expected_schema():
                raise DamagedDatabase(self.path, "does not have the tables of a margin ledger; restore it from a copy")
            (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                raise DamagedDatabase(self.path, f"is damaged ({verdict}); restore it from a copy")
            row = connection.execute("SELECT target FROM ledger").fetchone()
            if row is None or row[0] != target.to_bytes(32, "big"):
                raise LedgerMismatch(self.path, "belongs to another target: chain, ledger name and circuit must agree")


def _schema_text(connection: sqlite3.Connection) -> set[tuple[str, str]]:
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {(name, sql) for name, sql in rows if not name.startswith("sqlite_")}


def _expected_schema() -> set[tuple[str, str]]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        for statement in _schema():
            connection.execute(statement)
        return _schema_text(connection)
    finally:
        connection.close()
