"""Histories out of snapshots: a row each, in any order of files, and no gap in the middle."""

from __future__ import annotations

from dataclasses import replace

import pytest

from zkmargin.settlement.errors import MarketDataError
from zkmargin.settlement.market import AgreedPrice, MarketSnapshot, Provenance, snapshot_history

E8 = 10**8


def chain(*prices: int) -> list[MarketSnapshot]:
    """Snapshots a minute apart, each naming the one before."""
    found: list[MarketSnapshot] = []
    for place, price in enumerate(prices):
        origin = Provenance(previous_digest=found[-1].digest() if found else b"\x07" * 32)
        agreed = {"BTC": AgreedPrice(price * E8, E8, ("a",)), f"S{place}": AgreedPrice(1, 0, ("a",))}
        found.append(MarketSnapshot("spot", "USD", 60_000 * place, agreed, {}, bytes(32), origin))
    return found


def test_each_snapshot_is_a_row_in_order_of_time() -> None:
    made = snapshot_history(reversed(chain(64_000, 64_010, 63_990)))
    assert (made.symbols, made.times_ms) == (("BTC",), (0, 60_000, 120_000))
    assert made.column("BTC") == (64_000 * E8, 64_010 * E8, 63_990 * E8)


def test_none_may_be_left_out_of_the_middle() -> None:
    first, _, last = chain(64_000, 90_000, 64_010)
    with pytest.raises(MarketDataError, match="leave a gap: the one of 120000 ms does not name that of 0 ms"):
        snapshot_history([first, last])
    start = replace(last, provenance=Provenance())
    assert len(snapshot_history([first, start]).times_ms) == 2, "a new start names none"


def test_what_makes_no_history_is_refused() -> None:
    first, second = chain(64_000, 64_010)
    with pytest.raises(MarketDataError, match="are none"):
        snapshot_history([])
    with pytest.raises(MarketDataError, match="are two of 0 ms"):
        snapshot_history([first, first])
    with pytest.raises(MarketDataError, match="two markets"):
        snapshot_history([first, replace(second, market="perp")])
    with pytest.raises(MarketDataError, match="no symbol in common"):
        snapshot_history([first, replace(second, prices={"ETH": AgreedPrice(1, 0, ("a",))})])
