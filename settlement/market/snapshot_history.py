"""A price history made of agreed snapshots, so that volatility forecasts rest on signed reports too.

Each snapshot names the one before it, so none can be left out of the middle to make a market look calmer, or wilder,
than it was. A snapshot that names none is a new start, after the breaker or a pause.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from ..errors import MarketDataError
from .history import PriceHistory, PricePoint
from .snapshot import NO_DIGEST, MarketSnapshot


def snapshot_history(snapshots: Iterable[MarketSnapshot]) -> PriceHistory:
    """One row per snapshot, in order of time, with the symbols that all of them have."""
    ordered = sorted(snapshots, key=lambda snapshot: snapshot.time_ms)
    if not ordered:
        raise MarketDataError("snapshots", "are none: give one at least")
    for before, after in pairwise(ordered):
        _require_follows(before, after)
    symbols = sorted(set.intersection(*(set(snapshot.prices) for snapshot in ordered)))
    if not symbols:
        raise MarketDataError("snapshots", "have no symbol in common")
    return PriceHistory.from_points(
        PricePoint(snapshot.time_ms, symbol, snapshot.prices[symbol].price_e8)
        for snapshot in ordered
        for symbol in symbols
    )


def _require_follows(before: MarketSnapshot, after: MarketSnapshot) -> None:
    if (before.market, before.quote) != (after.market, after.quote):
        raise MarketDataError("snapshots", f"are of two markets, {before.market} and {after.market}")
    if before.time_ms == after.time_ms:
        raise MarketDataError("snapshots", f"are two of {after.time_ms} ms")
    if after.provenance.previous_digest not in (before.digest(), NO_DIGEST):
        raise MarketDataError(
            "snapshots",
            f"leave a gap: the one of {after.time_ms} ms does not name that of {before.time_ms} ms as the one before",
        )
