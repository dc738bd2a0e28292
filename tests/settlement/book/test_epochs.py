"""Published epochs: roots of their own, openings from any that is kept, and what is forgotten."""

from __future__ import annotations

from pathlib import Path

import pytest

from zkmargin.circuits.margin import key_commitment
from zkmargin.settlement.book import AccountBook, BookIdentity
from zkmargin.settlement.errors import UnknownAccount, UnknownEpoch, VenueError
from zkmargin.settlement.risk_document import RiskDocument

E8 = 10**8
BTC, USDC = 0, 3


def test_epochs_have_roots_of_their_own(book: AccountBook) -> None:
    first, second = book.publish(), book.publish()
    assert first.source_root != second.source_root
    assert first.tree_root == second.tree_root
    assert (first.epoch, second.epoch) == (1, 2)


def test_an_account_opens_as_it_was_in_any_epoch(book: AccountBook) -> None:
    seen = []
    for deposits in range(4):
        if deposits != 2:
            book.deposit(0, BTC, 1)
            book.open_account(key_commitment(100 + deposits))
        seen.append((book.publish(), book.account(0), book.account_count()))
    for epoch, leaf, accounts in seen:
        for index in range(accounts):
            epoch.opening(index).require_member(book.shape)
        opening = book.opening(0, epoch.epoch)
        assert opening.leaf == leaf
        assert opening.source_root == epoch.source_root == book.published(epoch.epoch).source_root
        with pytest.raises(UnknownAccount):
            epoch.opening(accounts)
    assert book.opening(0) == book.opening(0, 4)


def test_the_root_can_be_asked_for_before_it_is_published(book: AccountBook) -> None:
    book.publish()
    book.deposit(0, BTC, 1)
    first = book.root()
    book.deposit(0, BTC, 1)
    assert first != book.root() == book.publish().tree_root


def test_epochs_that_are_not_there(book: AccountBook) -> None:
    with pytest.raises(UnknownEpoch, match="no epoch has been published") as refused:
        book.published()
    assert refused.value.epoch is None
    with pytest.raises(UnknownEpoch, match="epoch 0 has not been published"):
        book.published(0)
    with pytest.raises(UnknownEpoch):
        book.opening(0)
    book.publish()
    for epoch in (2, 1 << 63, -1 << 70):
        with pytest.raises(UnknownEpoch):
            book.opening(0, epoch)


def test_pruned_epochs_keep_their_roots_and_later_ones_open_as_before(book: AccountBook) -> None:
    for n in range(3):
        book.open_account(key_commitment(n + 1))
    for turn in range(6):
        book.deposit(turn % 4, BTC, 1)
        book.publish()
    before = {(index, epoch): book.opening(index, epoch) for index in range(4) for epoch in range(4, 7)}
    assert book.prune(keep=3) == 4
    assert book.prune(keep=5) == 4, "what is forgotten does not come back"
    assert before == {key: book.opening(*key) for key in before}
    for epoch in (1, 3):
        with pytest.raises(UnknownEpoch, match="no longer kept"):
            book.opening(0, epoch)
    with pytest.raises(VenueError):
        book.prune(keep=0)


def test_pruning_removes_what_no_kept_epoch_needs(tmp_path: Path, identity: BookIdentity) -> None:
    counts = []
    for name, keep in (("one", 1), ("all", 100)):
        with AccountBook.create(tmp_path / name, identity) as book:
            book.open_account(key_commitment(1))
            for _ in range(5):
                book.deposit(0, BTC, 1)
                book.publish()
            book.prune(keep)
            with book._reading() as rows:
                counts.append((rows.state_count(), rows.node_count()))
    depth = identity.shape.depth
    assert counts == [(1, depth), (5, 5 * depth)]


def test_a_book_goes_on_where_it_was_closed(tmp_path: Path, identity: BookIdentity, risk: RiskDocument) -> None:
    path = tmp_path / "alpha.book"
    with AccountBook.create(path, identity) as book:
        book.set_risk_table(risk)
        book.open_account(key_commitment(1))
        book.deposit(0, USDC, E8)
        first = book.publish()
        book.deposit(0, USDC, E8)
        root = book.root()
    with AccountBook.open(path) as book:
        assert book.identity == identity
        assert book.risk_table() == risk
        assert book.published().source_root == first.source_root
        assert book.root() == root
        book.withdraw(0, USDC, E8 // 2)
        book.publish().opening(0).require_member(book.shape)


def test_two_processes_see_each_other_s_orders(tmp_path: Path, identity: BookIdentity) -> None:
    """Two connections here; SQLite treats them as two processes."""
    with AccountBook.create(tmp_path / "b", identity) as one, AccountBook.open(tmp_path / "b") as two:
        one.open_account(key_commitment(1))
        assert one.root() == two.root()
        two.deposit(0, BTC, 1)
        one.deposit(0, BTC, 1)
        assert one.root() == two.root()
        published = two.publish()
        assert one.root() == published.tree_root
        one.open_account(key_commitment(2))
        assert one.publish().tree_root == two.root()


def test_threads_share_one_book(tmp_path: Path, identity: BookIdentity) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def work(number: int) -> None:
        index = book.open_account(number + 1)
        with book.batch():
            for _ in range(5):
                book.deposit(index, BTC, 1)
        book.deposit(index, BTC, 1)
        if number % 3 == 0:
            book.publish()

    with AccountBook.create(tmp_path / "b", identity) as book, ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(12)))
        assert {book.account(index).balances_e8[BTC] for index in range(12)} == {6}
        summary = book.verify()
        assert (summary.accounts, summary.events, summary.epochs) == (12, 12 * 7, 4)
        assert summary.root == book.root()
