"""Any stream of orders: no account is ever short, what is published opens, and the replay agrees."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from zkmargin.settlement.book import (
    AccountBook,
    BookIdentity,
    Borrow,
    Deposit,
    Event,
    Repay,
    Reserve,
    Trade,
    Withdraw,
)
from zkmargin.settlement.book.coverage import needs_cover, surplus_2e34
from zkmargin.settlement.errors import NotCovered, ReservationRefused
from zkmargin.settlement.risk_document import RiskDocument

E8 = 10**8
HOUR_MS = 3_600_000
ACCOUNTS = 2
WORTH_E8 = (64_000, 3_200, 150, 1)
"""About what one unit of each asset is worth, so that orders are neither all refused nor all taken."""


def in_asset(kind: type[Deposit | Withdraw | Borrow | Repay]) -> st.SearchStrategy[Event]:
    return st.builds(
        lambda asset, value: kind(asset, value // WORTH_E8[asset] + 1), st.integers(0, 3), st.integers(1, 10_000 * E8)
    )


trades = st.builds(
    lambda k, value, fee: Trade(k, value // WORTH_E8[k // 2] or 1, ((3, -fee),) if fee else ()),
    st.integers(0, 3),
    st.integers(-30_000 * E8, 30_000 * E8),
    st.integers(0, 20 * E8),
)
reservations = st.builds(Reserve, st.integers(1, 3), st.integers(1, 5_000 * E8))
events = st.one_of(*(in_asset(kind) for kind in (Deposit, Deposit, Withdraw, Borrow, Repay)), trades, reservations)
RELEASE, PUBLISH = "release", "publish"
steps = st.lists(
    st.tuples(st.integers(0, ACCOUNTS - 1), st.one_of(events, events, st.sampled_from([RELEASE, PUBLISH])))
)


@settings(max_examples=30, deadline=None)
@given(steps)
def test_any_stream_of_orders(
    identity: BookIdentity, risk: RiskDocument, stream: list[tuple[int, Event | str]]
) -> None:
    book = AccountBook.create(":memory:", identity)
    book.set_risk_table(risk)
    for account in range(ACCOUNTS):
        book.open_account(account + 1)
        book.deposit(account, 3, 5_000 * E8)
    published = []
    for account, step in stream:
        before = book.account(account)
        try:
            if step == PUBLISH:
                published.append((book.publish(), [book.account(index) for index in range(ACCOUNTS)]))
            elif step == RELEASE:
                book.release(account, 1, before.sequence)
            elif not isinstance(step, str):
                book.apply(account, step)
        except (NotCovered, ReservationRefused):
            assert book.account(account) == before
            continue
        surplus = surplus_2e34(book.shape, risk, HOUR_MS, book.account(account))
        assert surplus >= 0, "no order leaves an account short"
        if not isinstance(step, str) and not needs_cover(step):
            assert surplus >= surplus_2e34(book.shape, risk, HOUR_MS, before), "what is not judged cannot harm"
    for epoch, leaves in published:
        assert [epoch.opening(index).leaf for index in range(ACCOUNTS)] == leaves
    assert book.verify().root == book.root()
