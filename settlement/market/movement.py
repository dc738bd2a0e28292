"""The breaker between two snapshots: time goes on, and no value moves further than its rule allows.

A value may move by `max_move_ppm_per_minute` times the minutes between the snapshots, and never by more than
`max_move_ppm`. Both are parts of the earlier value. Whoever agrees more often is allowed less each time, so frequent
snapshots do not add up to a faster market.
"""

from __future__ import annotations

from collections.abc import Mapping

from zkmargin.algebra import ceil_div

from ..errors import MovementRefused, SnapshotOutOfOrder
from .config import ONE_PPM, MarketConfig, QuoteRule
from .snapshot import MarketSnapshot

MINUTE_MS = 60_000


def require_calm(before: MarketSnapshot, after: MarketSnapshot, config: MarketConfig) -> None:
    """Raise unless `after` may follow `before`. Names that only one of them has are not compared."""
    elapsed_ms = after.time_ms - before.time_ms
    if elapsed_ms <= 0:
        raise SnapshotOutOfOrder(before.time_ms, after.time_ms)
    _require_close(
        {name: price.price_e8 for name, price in before.prices.items()},
        {name: price.price_e8 for name, price in after.prices.items()},
        config.price_rule,
        elapsed_ms,
    )
    _require_close(
        {name: volatility.sigma_ppm for name, volatility in before.volatilities.items()},
        {name: volatility.sigma_ppm for name, volatility in after.volatilities.items()},
        config.volatility_rule,
        elapsed_ms,
    )


def allowed_move_ppm(rule: QuoteRule, elapsed_ms: int) -> int:
    """The smaller of the absolute cap and the rate times the time, rounded down."""
    return min(rule.max_move_ppm, rule.max_move_ppm_per_minute * elapsed_ms // MINUTE_MS)


def _require_close(before: Mapping[str, int], after: Mapping[str, int], rule: QuoteRule, elapsed_ms: int) -> None:
    allowed_ppm = allowed_move_ppm(rule, elapsed_ms)
    for name in sorted(before.keys() & after.keys()):
        moved = abs(after[name] - before[name])
        if moved * ONE_PPM > allowed_ppm * before[name]:
            raise MovementRefused(name, ceil_div(moved * ONE_PPM, before[name]), allowed_ppm, elapsed_ms)
