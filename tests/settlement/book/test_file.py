"""The book's file: made once, private, recognised, and refused where it is something else."""

from __future__ import annotations

import json
import sqlite3
import stat
from pathlib import Path

import pytest

from zkmargin.circuits.margin import key_commitment
from zkmargin.settlement.book import AccountBook, BookIdentity
from zkmargin.settlement.errors import BookError, BookTooNew, DamagedBook, DocumentError, ForeignBook
from zkmargin.verifier import sqlite_file


@pytest.fixture
def path(tmp_path: Path, identity: BookIdentity) -> Path:
    path = tmp_path / "alpha.book"
    with AccountBook.create(path, identity) as book:
        book.open_account(key_commitment(7))
        book.publish()
    return path


def change(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def test_only_the_owner_can_read_it(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_only_the_owner_can_read_it_behind_a_link(tmp_path: Path, identity: BookIdentity) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "book")
    AccountBook.create(tmp_path / "link", identity).close()
    assert stat.S_IMODE((tmp_path / "book").stat().st_mode) == 0o600


def test_a_book_is_never_started_over_another(path: Path, identity: BookIdentity) -> None:
    with pytest.raises(BookError, match="already"):
        AccountBook.create(path, identity)
    with AccountBook.open(path) as book:
        assert book.account_count() == 1


def test_a_book_is_read_while_somebody_writes(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_file, "BUSY_TIMEOUT_S", 0.01)
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    with AccountBook.open(path) as book:
        assert book.account_count() == 1
        with pytest.raises(BookError, match="locked"):
            book.deposit(0, 0, 1)
        writer.execute("COMMIT")
        book.deposit(0, 0, 1)
    writer.close()


def test_a_book_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    for path in (tmp_path / "none", tmp_path / "empty", tmp_path / "missing" / "book", tmp_path):
        with pytest.raises(BookError):
            AccountBook.open(path)
    assert not (tmp_path / "none").exists()


def test_files_of_something_else(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("not a database at all " * 100)
    change(tmp_path / "other", "CREATE TABLE t (x)")
    for name in ("text", "other"):
        before = (tmp_path / name).read_bytes()
        with pytest.raises(ForeignBook):
            AccountBook.open(tmp_path / name)
        assert (tmp_path / name).read_bytes() == before


def test_a_later_schema(path: Path) -> None:
    change(path, "PRAGMA user_version = 99")
    with pytest.raises(BookTooNew):
        AccountBook.open(path)


@pytest.mark.parametrize(
    "statement",
    ["DROP TRIGGER events_no_update", "DROP TABLE nodes", "CREATE TABLE extra (x)", "DROP INDEX states_by_epoch"],
)
def test_tables_that_are_not_a_book_s(path: Path, statement: str) -> None:
    change(path, statement)
    with pytest.raises(DamagedBook):
        AccountBook.open(path)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET at_ms = 0",
        "DELETE FROM events",
        "UPDATE epochs SET accounts = 9",
        "DELETE FROM epochs",
        "UPDATE book SET identity = ''",
    ],
)
def test_history_cannot_be_rewritten_in_passing(path: Path, statement: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        change(path, statement)


def test_a_schema_that_is_no_text(path: Path) -> None:
    raw = path.read_bytes()
    assert b"CREATE TABLE epochs" in raw
    path.write_bytes(raw.replace(b"CREATE TABLE epochs", b"CREATE TAB\x9e\x9e epochs"))
    with pytest.raises(DamagedBook):
        AccountBook.open(path)


def test_an_identity_that_cannot_be_read(path: Path) -> None:
    trigger = (
        "CREATE TRIGGER book_no_update BEFORE UPDATE ON book BEGIN SELECT RAISE(ABORT, 'book is append-only'); END"
    )
    change(path, "DROP TRIGGER book_no_update", "UPDATE book SET identity = '{}'", trigger)
    with pytest.raises(DamagedBook):
        AccountBook.open(path)


@pytest.mark.parametrize("holdings", ["X'01'", "X'0100FFFF0000000000000000'", "X''"])
def test_an_account_that_cannot_be_read(path: Path, holdings: str) -> None:
    change(path, f"UPDATE states SET holdings = {holdings}, epoch = 2 WHERE epoch = 1")
    with AccountBook.open(path) as book:
        with pytest.raises(DamagedBook):
            book.account(0)
        with pytest.raises(DamagedBook):
            book.root()


def test_an_identity_reads_back_as_written(identity: BookIdentity) -> None:
    assert BookIdentity.from_json(identity.text()) == identity


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("format", "zkmargin.book/2"),
        ("name", ""),
        ("venue_id", -1),
        ("venue_id", 1 << 64),
        ("assets", ["BTC"]),
        ("assets", ["BTC", "BTC", "SOL", "USDC"]),
        ("instruments", [1, 2, 3, 4]),
        ("quote", None),
        ("shape", {"name": "small"}),
        ("more", 1),
    ],
)
def test_an_identity_that_cannot_be_meant(identity: BookIdentity, field: str, value: object) -> None:
    with pytest.raises(DocumentError):
        BookIdentity.from_json(json.dumps(identity.to_json() | {field: value}))
    shape = identity.to_json()["shape"] | {"depth": 10**9}
    with pytest.raises(DocumentError):
        BookIdentity.from_json(json.dumps(identity.to_json() | {"shape": shape}))
