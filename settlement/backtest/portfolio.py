"""The portfolios that are backtested: legs by slot and size, at one venue or several, and what secures them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .listing import NEAR_CALL, NEAR_PUT, PERPETUAL, SLOTS, WEEK_CALL
from .table_series import TableSeries

Ints = npt.NDArray[np.int64]
STABLE = -1
"""The last asset of every table: the quote currency's stablecoin."""


@dataclass(frozen=True)
class Leg:
    """`notional` quote units' worth of an instrument at the path's first price, negative when short; constant after."""

    asset: int
    slot: int
    notional: int


@dataclass(frozen=True)
class Portfolio:
    """Legs by venue. Assets are places among the path's symbols and wrap around where it has fewer."""

    name: str
    title: str
    venues: tuple[tuple[Leg, ...], ...]
    collateral: tuple[tuple[int, int], ...] = ((STABLE, 100),)
    """(asset, share in per cent) of what secures it."""
    delta_hedged: bool = False
    """The first venue holds perpetuals against the delta of everything, adjusted at every table."""


def positions_e8(portfolio: Portfolio, series: TableSeries, first_prices_e8: Ints) -> Ints:
    """Positions by venue, row, underlying and instrument."""
    count = len(series.symbols)
    positions = np.zeros((len(portfolio.venues), len(series.rows), count, len(SLOTS)), dtype=np.int64)
    for venue, legs in enumerate(portfolio.venues):
        for leg in legs:
            asset = leg.asset % count
            positions[venue, :, asset, leg.slot] += leg.notional * 10**16 // int(first_prices_e8[asset])
    if portfolio.delta_hedged:
        # In floats: of a cheap coin so many units are held that the product leaves 64 bits.
        units = (positions.sum(axis=0) * series.delta_units.astype(np.float64)).sum(axis=2)
        dollars = units * (series.value_unit_e16 / 1e16)
        delta = dollars / (series.spot_e8 / 1e8)
        positions[0, :, :, PERPETUAL] -= np.rint(delta).astype(np.int64)
    return positions


BTC, ETH, SOL = range(3)
MILLION = 1_000_000

PORTFOLIOS = (
    Portfolio("long-perp", "long perpetual", ((Leg(BTC, PERPETUAL, MILLION),),)),
    Portfolio("short-perp", "short perpetual", ((Leg(BTC, PERPETUAL, -MILLION),),)),
    Portfolio(
        "short-strangle",
        "short strangle near the money",
        ((Leg(BTC, NEAR_CALL, -MILLION), Leg(BTC, NEAR_PUT, -MILLION)),),
    ),
    Portfolio(
        "covered-call",
        "long perpetual, short week call",
        ((Leg(ETH, PERPETUAL, MILLION), Leg(ETH, WEEK_CALL, -MILLION)),),
    ),
    Portfolio(
        "hedged-short-gamma",
        "short strangle, delta-hedged",
        ((Leg(ETH, NEAR_CALL, -MILLION), Leg(ETH, NEAR_PUT, -MILLION)),),
        delta_hedged=True,
    ),
    Portfolio(
        "long-gamma",
        "long strangle, delta-hedged",
        ((Leg(ETH, NEAR_CALL, MILLION), Leg(ETH, NEAR_PUT, MILLION)),),
        delta_hedged=True,
    ),
    Portfolio(
        "call-spread",
        "short near call, long week call",
        ((Leg(SOL, NEAR_CALL, -MILLION), Leg(SOL, WEEK_CALL, MILLION)),),
    ),
    Portfolio(
        "coin-collateral",
        "short perpetuals secured by coins",
        ((Leg(ETH, PERPETUAL, -MILLION), Leg(SOL, PERPETUAL, -MILLION // 2)),),
        collateral=((BTC, 60), (ETH, 40)),
    ),
    Portfolio(
        "wrong-way",
        "long perpetual secured by the same coin",
        ((Leg(BTC, PERPETUAL, MILLION),),),
        collateral=((BTC, 100),),
    ),
    Portfolio(
        "basis-across-venues",
        "long perpetual at one venue, short at another",
        ((Leg(BTC, PERPETUAL, MILLION),), (Leg(BTC, PERPETUAL, -MILLION * 9 // 10),)),
    ),
    Portfolio(
        "options-across-venues",
        "short strangle, hedge and week calls at three venues",
        (
            (Leg(ETH, PERPETUAL, 0),),
            (Leg(ETH, NEAR_CALL, -MILLION), Leg(ETH, NEAR_PUT, -MILLION)),
            (Leg(ETH, WEEK_CALL, MILLION), Leg(BTC, PERPETUAL, MILLION // 2)),
        ),
        delta_hedged=True,
    ),
    Portfolio(
        "mixed",
        "perpetuals and options on three coins at two venues",
        (
            (Leg(BTC, PERPETUAL, MILLION), Leg(ETH, NEAR_CALL, -MILLION // 2), Leg(SOL, PERPETUAL, -MILLION // 2)),
            (Leg(BTC, WEEK_CALL, -MILLION), Leg(ETH, PERPETUAL, MILLION // 2), Leg(SOL, NEAR_CALL, MILLION // 4)),
        ),
        collateral=((STABLE, 50), (BTC, 50)),
    ),
)
"""What is run unless others are given."""
