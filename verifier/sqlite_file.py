"""An SQLite file of one kind: made, recognised, checked, and changed in transactions only.

Write-ahead log with `synchronous=FULL`: what a transaction has committed is on the disk before `commit` returns, and a
process or machine that dies at any moment leaves either all of a transaction or nothing.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from zkmargin.algebra.errors import ZkMarginError

BUSY_TIMEOUT_S = 30.0
"""How long to wait for another process to finish its transaction."""
MEMORY = ":memory:"
_MAX_IDLE_READERS = 4

FileError = Callable[[str, str], ZkMarginError]
"""An error made of the path and the reason."""


@dataclass(frozen=True)
class FileKind:
    """What tells one kind of file from others, the statements that make one, and the errors of those who use it."""

    what: str
    application_id: int
    version: int
    statements: tuple[str, ...]
    failed: FileError
    foreign: FileError
    damaged: FileError
    too_new: FileError
    too_old: FileError
    may_be_in_memory: bool = False
    check_pages: bool = True
    """Whether opening reads the whole file to see that its pages hold together."""
    reads_apart: bool = False
    """Whether readers have connections of their own, so that they and the writer do not wait for each other."""


def statements_of(tables: str, append_only: tuple[str, ...]) -> tuple[str, ...]:
    """Statements split at semicolons, and triggers by which the database itself keeps rows from change and removal."""
    statements = [statement.strip() for statement in tables.split(";") if statement.strip()]
    for table in append_only:
        for verb in ("UPDATE", "DELETE"):
            statements.append(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
    return tuple(statements)


class SqliteFile:
    """One connection that writes, shared by the threads of one process. Opening creates the file if there is none."""

    def __init__(self, path: str | os.PathLike[str], kind: FileKind) -> None:
        self.path = os.fspath(path)
        self._kind = kind
        self._lock = threading.RLock()
        self._process = os.getpid()
        self._readers: list[sqlite3.Connection] = []
        self._readers_lock = threading.Lock()
        self._closed = False
        in_memory = self.path == MEMORY
        if in_memory and not kind.may_be_in_memory:
            raise kind.failed(self.path, "must be a file in a folder that exists")
        if not self.path or not (in_memory or Path(self.path).absolute().parent.is_dir()):
            raise kind.failed(self.path, "must be a file in a folder that exists")
        if not in_memory:
            self._make_private()
        with self._errors():
            self._connection = sqlite3.connect(
                self.path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
        try:
            with self._errors():
                self._recognise()
                self._configure()
                self._create_if_empty()
                self._check()
        except UnicodeDecodeError:  # a schema so damaged that SQLite's message about it is no text
            self.close()
            raise kind.damaged(self.path, "is damaged (its schema is no text); restore it from a copy") from None
        except BaseException:
            self.close()
            raise

    def _make_private(self) -> None:
        """A new file is for its owner alone, and SQLite gives its journals the same mode; an old one keeps its own."""
        if not os.path.exists(self.path):
            try:
                os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
            except OSError as problem:
                raise self._kind.failed(self.path, f"cannot be used: {problem.strerror}") from problem

    def fill(self, connection: sqlite3.Connection) -> None:
        """The first rows of a new file, inside the transaction that makes it."""

    def check(self, connection: sqlite3.Connection) -> None:
        """Raise unless the file, whose schema is whole, is the one asked for."""

    def close(self) -> None:
        with self._lock, self._readers_lock:
            self._closed = True
            for connection in (*self._readers, self._connection):
                connection.close()
            self._readers.clear()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A consistent view: nothing another process writes shows inside."""
        if not self._kind.reads_apart:
            with self._transaction("BEGIN") as connection:
                yield connection
            return
        self._check_process()
        with self._errors():
            reader = self._borrow_reader()
            try:
                reader.execute("BEGIN")
                yield reader
            finally:
                self._give_back(reader)

    def _borrow_reader(self) -> sqlite3.Connection:
        with self._readers_lock:
            if self._closed:
                raise self._kind.failed(self.path, "is closed")
            if self._readers:
                return self._readers.pop()
        reader = sqlite3.connect(self.path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
        reader.execute("PRAGMA query_only = ON")
        return reader

    def _give_back(self, reader: sqlite3.Connection) -> None:
        if reader.in_transaction:
            reader.execute("ROLLBACK")
        with self._readers_lock:
            if not self._closed and len(self._readers) < _MAX_IDLE_READERS:
                self._readers.append(reader)
                return
        reader.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The only writer: what is read inside stays true until the end. An exception undoes everything."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def part(self) -> Iterator[None]:
        """Inside `writing`, a part that an exception undoes alone: who catches it can go on with the rest."""
        with self._errors():
            if not self._connection.in_transaction:
                raise self._kind.failed(self.path, "has lost its transaction to an earlier error: begin again")
            self._connection.execute("SAVEPOINT part")
            try:
                yield
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK TO part")
                    self._connection.execute("RELEASE part")
                raise
            self._connection.execute("RELEASE part")

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        self._check_process()
        with self._lock, self._errors():
            self._connection.execute(begin)
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def _check_process(self) -> None:
        if os.getpid() != self._process:
            reason = "was opened before this process was forked: open it anew in each process"
            raise self._kind.failed(self.path, reason)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """SQLite's errors as those of the kind."""
        try:
            yield
        except sqlite3.Error as problem:
            kind, name = self._kind, getattr(problem, "sqlite_errorname", "")
            if name.startswith("SQLITE_NOTADB"):
                raise kind.foreign(self.path, f"is not {kind.what}") from problem
            if name.startswith("SQLITE_CORRUPT"):
                raise kind.damaged(self.path, f"is damaged ({problem}); restore it from a copy") from problem
            if name.startswith("SQLITE_BUSY"):
                raise kind.failed(self.path, "is locked by another process; try again") from problem
            raise kind.failed(self.path, f"cannot be used: {problem}") from problem

    def _pragma(self, name: str) -> int:
        return int(self._connection.execute(f"PRAGMA {name}").fetchone()[0])

    def _is_empty(self) -> bool:
        (count,) = self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return self._pragma("application_id") == 0 and self._pragma("user_version") == 0 and count == 0

    def _recognise(self) -> None:
        """Refuse a file of something else before touching it."""
        if self._is_empty():
            return
        kind = self._kind
        if self._pragma("application_id") != kind.application_id:
            raise kind.foreign(self.path, "is a database of another program")
        version = self._pragma("user_version")
        if version > kind.version:
            reason = f"has schema {version}, this version knows {kind.version}: upgrade zkmargin"
            raise kind.too_new(self.path, reason)
        if version < kind.version:
            raise kind.too_old(self.path, f"has schema {version} of an earlier version, and {kind.version} is needed")

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

    def _create_if_empty(self) -> None:
        if not self._is_empty():  # asked before the lock: a long transaction elsewhere keeps no reader out
            return
        with self.writing() as connection:
            if not self._is_empty():
                return
            for statement in self._kind.statements:
                connection.execute(statement)
            self.fill(connection)
            connection.execute(f"PRAGMA application_id = {self._kind.application_id}")
            connection.execute(f"PRAGMA user_version = {self._kind.version}")

    def _check(self) -> None:
        """The schema is whole, triggers included, the pages hold together, and the file is the one asked for."""
        kind = self._kind
        with self.reading() as connection:
            if _schema_text(connection) != _expected_schema(kind.statements):
                raise kind.damaged(self.path, f"does not have the tables of {kind.what}; restore it from a copy")
            if kind.check_pages:
                self.check_pages(connection)
            self.check(connection)

    def check_pages(self, connection: sqlite3.Connection) -> None:
        """Raise unless the pages of the file hold together; reads all of it."""
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise self._kind.damaged(self.path, f"is damaged ({verdict}); restore it from a copy")


def _schema_text(connection: sqlite3.Connection) -> set[tuple[str, str]]:
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {(name, sql) for name, sql in rows if not name.startswith("sqlite_")}


def _expected_schema(statements: tuple[str, ...]) -> set[tuple[str, str]]:
    connection = sqlite3.connect(MEMORY, isolation_level=None)
    try:
        for statement in statements:
            connection.execute(statement)
        return _schema_text(connection)
    finally:
        connection.close()
