"""Verifying replays the events: an honest book passes whatever happened to it, a changed one is caught."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from zkmargin.algebra import ZkMarginError
from zkmargin.circuits.margin import key_commitment
from zkmargin.settlement.book import AccountBook, BookIdentity, NewAccount
from zkmargin.settlement.book.file import _KIND
from zkmargin.settlement.errors import DamagedBook, OrderMalformed
from zkmargin.settlement.risk_document import RiskDocument

E8 = 10**8
BTC, USDC = 0, 3


def lived_in(path: Path, identity: BookIdentity, risk: RiskDocument) -> AccountBook:
    """A book with several epochs, one of them empty, and changes since the last."""
    book = AccountBook.create(path, identity)
    book.set_risk_table(risk)
    book.publish()
    for key in range(1, 12):
        index = book.open_account(key_commitment(key))
        book.deposit(index, USDC, 1_000 * E8)
    book.publish()
    book.reserve(3, 5, 10 * E8)
    book.trade(4, 0, E8 // 100, [(USDC, -E8)])
    book.publish()
    book.publish()
    book.release(3, 5, at_sequence=2)
    book.borrow(3, BTC, 1000)
    book.publish()
    book.deposit(9, BTC, 1)
    return book


@pytest.fixture
def path(tmp_path: Path, identity: BookIdentity, risk: RiskDocument) -> Path:
    lived_in(tmp_path / "alpha.book", identity, risk).close()
    return tmp_path / "alpha.book"


def change(path: Path, *statements: str) -> None:
    """As somebody with the file and no scruples: without triggers, which are put back afterwards."""
    connection = sqlite3.connect(path, isolation_level=None)
    triggers = [statement for statement in _KIND.statements if statement.startswith("CREATE TRIGGER")]
    for trigger in triggers:
        connection.execute(f"DROP TRIGGER {trigger.split()[2]}")
    for statement in (*statements, *triggers):
        connection.execute(statement)
    connection.close()


@pytest.mark.parametrize("keep", [1, 2, 3, 4, 100])
def test_an_honest_book_passes_pruned_or_not(path: Path, keep: int) -> None:
    with AccountBook.open(path) as book:
        first = book.prune(keep)
        summary = book.verify()
        assert (summary.accounts, summary.epochs, summary.first_kept_epoch) == (11, 5, first)
        assert summary.root == book.root()
        assert summary.events == 22 + 5


def test_progress_ends_at_the_last_event(path: Path) -> None:
    seen: list[tuple[int, int]] = []
    with AccountBook.open(path) as book:
        book.verify(lambda done, total: seen.append((done, total)))
    assert seen[-1] == (27, 27)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE states SET sequence = sequence + 1 WHERE account = 2",
        "UPDATE states SET sequence = 'one' WHERE account = 2",
        "UPDATE states SET holdings = 'text' WHERE account = 2",
        "UPDATE nodes SET children = 'text' WHERE epoch = 3",
        "UPDATE nodes SET children = zeroblob(31) WHERE epoch = 3",
        "UPDATE epochs SET accounts = 'ten' WHERE epoch = 3",
        "UPDATE events SET payload = 'text' WHERE number = 27",
        "UPDATE events SET account = 'nobody' WHERE number = 27",
        "UPDATE states SET holdings = (SELECT holdings FROM states WHERE account = 4 AND epoch = 3) WHERE account = 2",
        "DELETE FROM states WHERE account = 3 AND epoch = 3",
        "INSERT INTO states SELECT account, 4, sequence, holdings FROM states WHERE account = 2",
        "UPDATE nodes SET children = zeroblob(32) WHERE level = 1 AND place = 0 AND epoch = 2",
        "DELETE FROM nodes WHERE level = 2 AND epoch = 3",
        "INSERT INTO nodes SELECT level, place, 4, children FROM nodes WHERE level = 1 AND place = 0 AND epoch = 3",
        "UPDATE epochs SET tree_root = (SELECT tree_root FROM epochs WHERE epoch = 2) WHERE epoch = 3",
        "UPDATE epochs SET accounts = 10 WHERE epoch = 3",
        "UPDATE epochs SET last_event = 1000 WHERE epoch = 5",
        "DELETE FROM epochs WHERE epoch = 1",
        "DELETE FROM events WHERE number = 27",
        "DELETE FROM events WHERE number = 4",
        "UPDATE events SET kind = 'withdraw' WHERE number = 27",
        "UPDATE events SET kind = 'steal' WHERE number = 27",
        "UPDATE events SET payload = (SELECT payload FROM events WHERE number = 27) WHERE number = 4",
        "UPDATE events SET sequence = 7 WHERE number = 27",
        "UPDATE events SET account = 99 WHERE number = 27",
        "UPDATE events SET payload = zeroblob(5) WHERE number = 4",
        "UPDATE events SET payload = zeroblob(72) WHERE number = 1",
    ],
)
def test_a_changed_book_is_caught(path: Path, statement: str) -> None:
    change(path, statement)
    with AccountBook.open(path) as book, pytest.raises(DamagedBook):
        book.verify()


@pytest.mark.parametrize("value", ["'one'", "-1", "1 << 48", "1.5", "X'00'"])
def test_a_state_of_another_type_is_not_taken_for_one(path: Path, value: str) -> None:
    change(path, f"UPDATE states SET sequence = {value} WHERE account = 9")
    with AccountBook.open(path) as book:
        for question in (lambda: book.account(9), book.root, lambda: book.deposit(9, BTC, 1)):
            with pytest.raises(DamagedBook):
                question()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE risk_tables SET horizon_ms = 'x'",
        "UPDATE risk_tables SET horizon_ms = -1",
        "UPDATE risk_tables SET document = X'00'",
        "UPDATE risk_tables SET document = '[]'",
        "UPDATE epochs SET epoch = 9223372036854775807 WHERE epoch = 5",
        "UPDATE states SET account = X'00' WHERE epoch = 5",
        "UPDATE events SET account = 9e999 WHERE number = 1",
        "UPDATE nodes SET children = zeroblob(320) WHERE level = 1",
    ],
)
def test_a_row_that_nobody_wrote_is_a_damaged_book(path: Path, statement: str) -> None:
    change(path, statement)
    errors = []
    with AccountBook.open(path) as book:
        for order in (
            lambda: book.withdraw(9, USDC, 1),
            lambda: book.open_account(1),
            lambda: book.opening(3),
            lambda: book.prune(1),
        ):
            try:
                order()
            except ZkMarginError as problem:
                errors.append(type(problem))
    assert DamagedBook in errors


def test_a_damaged_page_is_caught(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    for start in range(4096, len(raw), 4096):
        raw[start : start + 8] = b"\xff" * 8
    path.write_bytes(raw)
    with pytest.raises(DamagedBook):
        AccountBook.open(path).verify()


def test_an_import_is_what_single_orders_would_have_made(identity: BookIdentity) -> None:
    accounts = [NewAccount(key, tuple((asset, key + asset) for asset in range(key % 5))) for key in range(1, 30)]
    draws = iter(range(1000, 2000))
    bulk = AccountBook.create(":memory:", identity, random_below=lambda _: next(draws))
    bulk.publish()
    assert bulk.import_accounts(accounts) == range(29)
    draws = iter(range(1000, 2000))
    single = AccountBook.create(":memory:", identity, random_below=lambda _: next(draws))
    single.publish()
    for account in accounts:
        index = single.open_account(account.key_commitment)
        for asset, amount_e8 in account.deposits_e8:
            single.deposit(index, asset, amount_e8)
    assert [row.event for row in bulk.events()] == [row.event for row in single.events()]
    assert bulk.account(7) == single.account(7)
    assert bulk.root() == single.root()
    assert bulk.verify() == single.verify()


@pytest.mark.parametrize(
    "bad", [NewAccount(-1, ()), NewAccount(1, ((4, 1),)), NewAccount(1, ((1, 1), (1, 1))), NewAccount(1, ((0, 2**64),))]
)
def test_an_import_is_all_or_nothing(book: AccountBook, bad: NewAccount) -> None:
    with pytest.raises(OrderMalformed):
        book.import_accounts([NewAccount(5, ((0, 1),)), bad])
    assert book.account_count() == 1
    book.verify()
