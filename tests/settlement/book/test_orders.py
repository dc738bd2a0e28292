"""The book keeps what the statement relies on: nothing reserved leaves, every change moves the sequence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkmargin.circuits.margin import Reservation, key_commitment
from zkmargin.settlement.book import AccountBook, BookIdentity, Deposit, Event, NewAccount, Release, Withdraw
from zkmargin.settlement.book.coverage import surplus_2e34
from zkmargin.settlement.errors import (
    AlreadyNetted,
    NotCovered,
    OrderMalformed,
    ReservationRefused,
    RiskTableRefused,
    UnknownAccount,
    VenueError,
)
from zkmargin.settlement.risk.engine import RiskInputs, run_engine
from zkmargin.settlement.risk.example import example_history, example_policy, example_snapshot
from zkmargin.settlement.risk_document import RiskDocument

E8 = 10**8
BTC, USDC = 0, 3
BTC_PERP = 0
HOUR_MS = 3_600_000


def test_every_change_moves_the_sequence(book: AccountBook) -> None:
    seen = [book.account(0).sequence]
    for order in (
        lambda: book.reserve(0, 5, E8),
        lambda: book.trade(0, BTC_PERP, E8 // 100),
        lambda: book.release(0, 5, at_sequence=3),
        lambda: book.withdraw(0, USDC, E8),
        lambda: book.borrow(0, BTC, E8 // 100),
        lambda: book.repay(0, BTC, E8 // 100),
    ):
        order()
        seen.append(book.account(0).sequence)
    assert seen == list(range(1, 8))


def test_what_is_reserved_cannot_be_withdrawn(book: AccountBook) -> None:
    book.reserve(0, 5, 9_000 * E8)
    with pytest.raises(NotCovered) as refused:
        book.withdraw(0, USDC, 2_000 * E8)
    assert (refused.value.index, refused.value.part) == (0, "margin")
    with pytest.raises(ReservationRefused, match="at sequence 2"):
        book.release(0, 5, at_sequence=1)
    assert book.release(0, 5, at_sequence=2) == 9_000 * E8
    book.withdraw(0, USDC, 2_000 * E8)


@pytest.mark.parametrize(
    "order",
    [
        lambda book: book.reserve(0, 5, 10_001 * E8),
        lambda book: book.trade(0, BTC_PERP, 1_000 * E8),
        lambda book: book.borrow(0, BTC, 10 * E8),
        lambda book: book.trade(0, BTC_PERP, E8 // 100, [(USDC, -9_999 * E8)]),
    ],
    ids=["reservation", "trade", "loan", "cash"],
)
def test_what_margin_does_not_cover_is_refused(book: AccountBook, order) -> None:  # type: ignore[no-untyped-def]
    before = book.account(0)
    with pytest.raises(NotCovered) as refused:
        order(book)
    assert refused.value.part == "margin"
    assert book.account(0) == before
    assert len(book.events(0)) == 2


def test_more_than_there_is_can_be_neither_withdrawn_nor_repaid(book: AccountBook) -> None:
    with pytest.raises(NotCovered) as refused:
        book.withdraw(0, BTC, 1)
    assert refused.value.part == "balance"
    with pytest.raises(NotCovered) as refused:
        book.repay(0, USDC, 1)
    assert refused.value.part == "debt"


def test_a_refusal_tells_no_amounts(book: AccountBook) -> None:
    for order in (
        lambda: book.withdraw(0, USDC, 1_234_567_891_234),
        lambda: book.withdraw(0, BTC, 1_234_567_891_234),
        lambda: book.deposit(0, USDC, -1_234_567_891_234),
    ):
        with pytest.raises(VenueError) as refused:
            order()
        assert "123" not in str(refused.value)
        assert "10000" not in str(refused.value)


def test_a_trade_settles_cash_and_fees(book: AccountBook) -> None:
    book.trade(0, BTC_PERP, E8 // 100, [(USDC, -5 * E8), (USDC, -1), (BTC, 3)])
    leaf = book.account(0)
    assert leaf.positions_e8[BTC_PERP] == E8 // 100
    assert (leaf.balances_e8[BTC], leaf.balances_e8[USDC]) == (3, 9_995 * E8 - 1)


def test_a_loan_moves_debt_and_balance_together(book: AccountBook) -> None:
    book.borrow(0, BTC, E8 // 100)
    assert (book.account(0).balances_e8[BTC], book.account(0).debts_e8[BTC]) == (E8 // 100, E8 // 100)
    book.repay(0, BTC, E8 // 200)
    assert (book.account(0).balances_e8[BTC], book.account(0).debts_e8[BTC]) == (E8 // 200, E8 // 200)


def test_an_account_left_short_may_unwind_and_do_nothing_else(book: AccountBook, risk: RiskDocument) -> None:
    book.trade(0, BTC_PERP, E8 // 2)
    assets = tuple(
        replace(asset, price_low_e8=asset.price_low_e8 // 20, price_high_e8=asset.price_high_e8 // 20)
        if name == "USDC"
        else asset
        for name, asset in zip(risk.asset_names, risk.table.assets, strict=True)
    )
    book.set_risk_table(replace(risk, table=replace(risk.table, assets=assets)))
    worse = book.risk_table()
    assert worse is not None
    assert surplus_2e34(book.shape, worse, HOUR_MS, book.account(0)) < 0
    for order in (
        lambda: book.trade(0, BTC_PERP, 1),
        lambda: book.withdraw(0, USDC, 1),
        lambda: book.reserve(0, 5, 1),
    ):
        with pytest.raises(NotCovered):
            order()
    book.trade(0, BTC_PERP, -E8 // 100)
    book.deposit(0, USDC, 1)


def test_reservations_for_one_target_add_up_in_one_slot(book: AccountBook) -> None:
    book.reserve(0, 5, E8)
    book.reserve(0, 5, 2 * E8)
    assert book.account(0).reservations == (Reservation(5, 3 * E8), Reservation(0, 0))


def test_slots_run_out_and_come_back(book: AccountBook) -> None:
    book.reserve(0, 5, E8)
    book.reserve(0, 6, E8)
    with pytest.raises(ReservationRefused):
        book.reserve(0, 7, E8)
    book.release(0, 5, at_sequence=3)
    book.reserve(0, 7, E8)
    with pytest.raises(ReservationRefused):
        book.release(0, 5, at_sequence=5)


@pytest.mark.parametrize("target", [0, -1, 2**254, True])
def test_a_target_is_a_field_element_above_zero(book: AccountBook, target: int) -> None:
    with pytest.raises(OrderMalformed) as refused:
        book.reserve(0, target, E8)
    assert refused.value.field == "target"


@pytest.mark.parametrize("amount", [0, -1, 2**64, 1.5, True])
def test_amounts_are_whole_and_above_zero(book: AccountBook, amount: int) -> None:
    for order in (book.deposit, book.withdraw, book.borrow, book.repay, book.reserve):
        with pytest.raises(OrderMalformed):
            order(0, 1, amount)


def test_nothing_overflows(book: AccountBook) -> None:
    for order in (
        lambda: book.deposit(0, USDC, 2**64 - 1),
        lambda: book.trade(0, BTC_PERP, 2**63),
        lambda: book.trade(0, BTC_PERP, 0),
        lambda: book.trade(0, BTC_PERP, 1, [(USDC, 2**63)]),
        lambda: book.trade(0, BTC_PERP, 1, [(USDC, 1)] * 9),
    ):
        with pytest.raises(OrderMalformed):
            order()


@pytest.mark.parametrize("item", [-1, 4, True])
def test_unknown_assets_and_instruments_are_refused(book: AccountBook, item: int) -> None:
    for order in (book.deposit, book.withdraw, book.borrow, book.repay, book.trade):
        with pytest.raises(OrderMalformed):
            order(0, item, E8)


@pytest.mark.parametrize("index", [1, -1, 2**63, 2**70, "0", True])
def test_unknown_accounts_are_refused(book: AccountBook, index: int) -> None:
    with pytest.raises(UnknownAccount):
        book.account(index)
    with pytest.raises(UnknownAccount):
        book.deposit(index, 0, 1)


def test_an_account_can_be_netted_with_other_venues(book: AccountBook) -> None:
    alone, netted = book.open_account(key_commitment(8)), book.open_account(key_commitment(8), [7, 1001, 2000])
    assert book.account(alone).group != book.account(netted).group
    assert book.account(alone).salt != book.account(netted).salt
    for ids in ([7, 8], [1001, 7], [1001, 1001], [], [-1, 1001]):
        with pytest.raises(VenueError):
            book.open_account(key_commitment(8), ids)
    for key in (-1, 2**255, True, "7"):
        with pytest.raises(OrderMalformed, match="key commitment"):
            book.open_account(key)  # type: ignore[arg-type]


def test_a_key_is_netted_with_the_same_venues_once(book: AccountBook) -> None:
    """Two accounts here, each netted with one account there, would show what that one holds twice."""
    first = book.open_account(key_commitment(8), [7, 1001])
    with pytest.raises(AlreadyNetted) as refused:
        book.open_account(key_commitment(8), [7, 1001])
    assert refused.value.index == first
    assert book.account_count() == first + 1
    for key, ids in ((9, [7, 1001]), (8, [8, 1001]), (8, [7, 8, 1001]), (8, None), (8, None)):
        book.open_account(key_commitment(key), ids)


def test_a_netted_account_is_released_where_the_target_lets_go_of_it_for_good(book: AccountBook) -> None:
    """Its proofs name the sum over the venues: a newer state elsewhere lifts an old root of this one above any sum."""
    netted = book.open_account(key_commitment(8), [7, 1001])
    book.deposit(netted, USDC, 10 * E8)
    book.reserve(netted, 5, E8)
    for let_go_of in (book.account(netted).sequence, 2 * book.account(netted).sequence, 2**63):
        with pytest.raises(ReservationRefused, match="netted"):
            book.release(netted, 5, at_sequence=let_go_of)
    assert book.release(netted, 5, at_sequence=2**64 - 1) == E8
    with pytest.raises(ReservationRefused, match="at sequence"):
        book.release(0, 5, at_sequence=2**64 - 1)


def test_without_a_risk_table_nothing_leaves(identity: BookIdentity) -> None:
    book = AccountBook.create(":memory:", identity)
    book.open_account(key_commitment(7))
    book.deposit(0, USDC, E8)
    with pytest.raises(RiskTableRefused):
        book.withdraw(0, USDC, 1)


def test_a_risk_table_in_other_terms_or_of_the_past_is_refused(book: AccountBook, risk: RiskDocument) -> None:
    for other in (
        replace(risk, quote="EUR"),
        replace(risk, asset_names=("ETH", "BTC", "SOL", "USDC")),
        replace(risk, instrument_names=risk.instrument_names[::-1]),
        replace(risk, oracle_time_ms=risk.oracle_time_ms - 1),
    ):
        with pytest.raises(RiskTableRefused):
            book.set_risk_table(other)
    for horizon_ms in (0, -1, 1 << 40):
        with pytest.raises(RiskTableRefused):
            book.set_risk_table(risk, horizon_ms)


def test_a_book_looks_no_further_ahead_than_the_scenarios() -> None:
    inputs = RiskInputs(example_policy("standard"), example_snapshot("standard"), example_history("standard"))
    document = run_engine(inputs).document
    reach = document.table.scenario_horizon_ms
    with AccountBook.create(":memory:", BookIdentity.of_risk_table("Alpha", 1001, document)) as book:
        book.set_risk_table(document, reach)
        with pytest.raises(RiskTableRefused, match="scenarios look"):
            book.set_risk_table(document, reach + 1)


def test_a_batch_is_all_or_nothing(book: AccountBook) -> None:
    with book.batch():
        book.deposit(0, BTC, 1)
        with pytest.raises(VenueError):
            book.withdraw(0, BTC, 2)
        with pytest.raises(VenueError, match="batch"):
            book.publish()
    assert book.account(0).balances_e8[BTC] == 1


def test_a_batch_that_fails_undoes_itself(book: AccountBook) -> None:
    def move() -> None:
        with book.batch():
            book.deposit(0, BTC, 1)
            book.withdraw(0, BTC, 5)

    with pytest.raises(NotCovered):
        move()
    assert book.account(0).sequence == 1
    assert book.root() == book.publish().tree_root


def test_no_order_releases_behind_the_target_s_back(book: AccountBook) -> None:
    book.reserve(0, 5, E8)
    with pytest.raises(ReservationRefused, match="release"):
        book.apply(0, Release(5, E8))
    assert book.account(0).reserved_for(5) == E8


def test_an_import_that_fails_in_a_batch_is_undone_alone(book: AccountBook) -> None:
    with book.batch():
        book.deposit(0, BTC, 1)
        with pytest.raises(OrderMalformed):
            book.import_accounts([NewAccount(5, ((BTC, 1),)), NewAccount(-1, ())])
        book.deposit(0, BTC, 1)
    assert (book.account_count(), book.account(0).balances_e8[BTC]) == (1, 2)
    assert book.verify().root == book.root()


def test_a_batch_in_a_batch_is_refused(book: AccountBook) -> None:
    with book.batch(), pytest.raises(VenueError, match="batch"), book.batch():
        book.deposit(0, BTC, 1)
    assert book.account(0).sequence == 1


def test_a_risk_table_that_a_batch_undid_is_not_in_force(
    tmp_path: Path, identity: BookIdentity, risk: RiskDocument
) -> None:
    first, undone, second = (replace(risk, oracle_time_ms=risk.oracle_time_ms + step) for step in range(3))

    def set_and_undo(book: AccountBook) -> None:
        with book.batch():
            book.set_risk_table(undone)
            assert book.risk_table() == undone
            raise InterruptedError

    path = tmp_path / "alpha.book"
    with AccountBook.create(path, identity) as here, AccountBook.open(path) as there:
        here.set_risk_table(first)
        with pytest.raises(InterruptedError):
            set_and_undo(here)
        there.set_risk_table(second)
        assert here.risk_table() == second


def test_events_beyond_what_a_database_can_count(book: AccountBook) -> None:
    assert book.events(after=1 << 64) == book.events(account=1 << 64) == []
    assert book.events(limit=1 << 64) == book.events()


amounts = st.integers(1, 20_000 * E8)
assets = st.integers(0, 3)
orders = st.one_of(st.builds(Deposit, assets, amounts), st.builds(Withdraw, assets, amounts))


@settings(max_examples=25, deadline=None)
@given(st.lists(orders, max_size=12))
def test_balances_are_the_sum_of_what_was_taken(
    identity: BookIdentity, risk: RiskDocument, events: list[Event]
) -> None:
    book = AccountBook.create(":memory:", identity)
    book.set_risk_table(risk)
    book.open_account(key_commitment(7))
    expected = [0] * 4
    taken = 0
    for event in events:
        assert isinstance(event, Deposit | Withdraw)
        try:
            book.apply(0, event)
        except NotCovered:
            continue
        taken += 1
        expected[event.asset] += event.amount_e8 if isinstance(event, Deposit) else -event.amount_e8
    leaf = book.account(0)
    assert leaf.balances_e8 == tuple(expected)
    assert leaf.sequence == taken
    assert [row.event for row in book.events(0)[1:]] == [row.event for row in book.events(0, after=1)]
