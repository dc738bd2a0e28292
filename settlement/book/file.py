"""The book's SQLite file: its tables, and the identity that it was made with."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from zkmargin.algebra import EncodingError
from zkmargin.verifier.sqlite_file import MEMORY, FileKind, SqliteFile, statements_of

from ..errors import BookError, BookTooNew, DamagedBook, DocumentError, ForeignBook
from .identity import BookIdentity
from .malformed import MalformedRow

APPLICATION_ID = 0x5A4B4D42
"""ASCII "ZKMB", in SQLite's header field for the kind of file."""
SCHEMA_VERSION = 1

_APPEND_ONLY = ("book", "risk_tables", "events", "epochs", "prunings")
_TABLES = """
CREATE TABLE book (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    identity TEXT NOT NULL
);
CREATE TABLE risk_tables (
    number INTEGER PRIMARY KEY,
    document TEXT NOT NULL,
    horizon_ms INTEGER NOT NULL,
    set_at_ms INTEGER NOT NULL
);
CREATE TABLE events (
    number INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    account INTEGER NOT NULL CHECK (account >= 0),
    sequence INTEGER NOT NULL CHECK (sequence >= 0),
    kind TEXT NOT NULL,
    payload BLOB NOT NULL,
    UNIQUE (account, sequence)
);
CREATE UNIQUE INDEX netted_accounts ON events (substr(payload, 1, 32), substr(payload, 65))
    WHERE kind = 'open' AND length(payload) > 72;
CREATE TABLE epochs (
    epoch INTEGER PRIMARY KEY,
    tree_root BLOB NOT NULL CHECK (length(tree_root) = 32),
    accounts INTEGER NOT NULL,
    last_event INTEGER NOT NULL,
    published_at_ms INTEGER NOT NULL
);
CREATE TABLE prunings (
    first_kept INTEGER PRIMARY KEY,
    pruned_at_ms INTEGER NOT NULL
);
CREATE TABLE states (
    account INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    holdings BLOB NOT NULL,
    PRIMARY KEY (account, epoch)
) WITHOUT ROWID;
CREATE INDEX states_by_epoch ON states (epoch);
CREATE TABLE nodes (
    level INTEGER NOT NULL,
    place INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    children BLOB NOT NULL,
    PRIMARY KEY (level, place, epoch)
) WITHOUT ROWID;
"""

_KIND = FileKind(
    what="an account book",
    application_id=APPLICATION_ID,
    version=SCHEMA_VERSION,
    statements=statements_of(_TABLES, _APPEND_ONLY),
    failed=BookError,
    foreign=ForeignBook,
    damaged=DamagedBook,
    too_new=BookTooNew,
    too_old=BookError,
    may_be_in_memory=True,
    check_pages=False,  # a book of a million accounts is opened for one order; `verify` reads all of it
)


class BookFile(SqliteFile):
    """One venue's book. With an identity a new one is made, and there must be none yet; without, there must be one."""

    identity: BookIdentity

    def __init__(self, path: str | os.PathLike[str], new: BookIdentity | None = None) -> None:
        self._new = new
        if new is None and not os.path.exists(path):
            raise BookError(os.fspath(path), "does not exist; 'zkmargin account init' starts one")
        if new is not None and os.fspath(path) != MEMORY:
            _make_private(os.fspath(path))
        super().__init__(path, _KIND)

    def fill(self, connection: sqlite3.Connection) -> None:
        if self._new is None:
            raise BookError(self.path, "is empty: remove it, then 'zkmargin account init' starts a book")
        self.identity, self._new = self._new, None
        connection.execute("INSERT INTO book (one, identity) VALUES (1, ?)", (self.identity.text(),))

    def check(self, connection: sqlite3.Connection) -> None:
        if self._new is not None:
            raise BookError(self.path, "already holds a book; name another file")
        row = connection.execute("SELECT identity FROM book").fetchone()
        try:
            self.identity = BookIdentity.from_json("" if row is None else row[0])
        except (DocumentError, EncodingError, TypeError) as problem:
            raise DamagedBook(self.path, f"has no readable identity ({problem}); restore it from a copy") from None

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            with super()._errors():
                yield
        except MalformedRow as problem:
            raise DamagedBook(self.path, f"has an unreadable row ({problem}); restore it from a copy") from None

    def data_version(self) -> int:
        """A number that changes when another connection has written."""
        return self._pragma("data_version")


def _make_private(path: str) -> None:
    """An empty file that its owner alone may read, where there is none; SQLite gives its logs the same mode.

    Made also where a link points to nothing: SQLite would make it for all to read.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDONLY, 0o600))
    except OSError as problem:
        raise BookError(path, f"cannot be made: {(problem.strerror or 'unknown reason').lower()}") from None
