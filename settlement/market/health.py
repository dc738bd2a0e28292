"""What a snapshot says of the market's health, in the two numbers that a ledger's circuit breaker watches.

Disagreement is the widest confidence of a price, as a part of the price: how far the sources that count are apart. The
gap is the furthest move of a price since the snapshot before. Both are rounded up.
"""

from __future__ import annotations

from zkmargin.algebra import ceil_div
from zkmargin.verifier import MarketHealth

from ..errors import MarketDataError, SnapshotOutOfOrder
from .config import ONE_PPM
from .snapshot import MarketSnapshot


def market_health(snapshot: MarketSnapshot, before: MarketSnapshot | None = None) -> MarketHealth:
    """Without a snapshot before this one there is no gap. Prices that only one of the two has are not compared."""
    if before is not None and before.market != snapshot.market:
        raise MarketDataError("market", f"is {snapshot.market} and was {before.market}: compare one market with itself")
    if before is not None and before.time_ms >= snapshot.time_ms:
        raise SnapshotOutOfOrder(before.time_ms, snapshot.time_ms)
    apart = (ceil_div(price.confidence_e8 * ONE_PPM, price.price_e8) for price in snapshot.prices.values())
    return MarketHealth(snapshot.time_ms, max(apart, default=0), _gap_ppm(before, snapshot))


def _gap_ppm(before: MarketSnapshot | None, after: MarketSnapshot) -> int:
    if before is None:
        return 0
    both = before.prices.keys() & after.prices.keys()
    prices = [(before.prices[name].price_e8, after.prices[name].price_e8) for name in both]
    return max((ceil_div(abs(now - then) * ONE_PPM, then) for then, now in prices), default=0)
