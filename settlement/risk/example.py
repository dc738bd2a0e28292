"""An example policy and market for each named shape, with numbers of a plausible size.

The figures are made up. They are for first steps, tests and demonstrations, not for anybody's money.
"""

from __future__ import annotations

from dataclasses import dataclass

from zkmargin.algebra.keccak import keccak256
from zkmargin.circuits.margin import SHAPES, HaircutTier, Shape

from ..errors import TableError
from ..market.history import PriceHistory
from ..market.snapshot import AgreedPrice, AgreedVolatility, MarketSnapshot
from .exact_numbers import PPM
from .forecast import AssetModel, ForecastModel
from .garch import Garch
from .instrument import Instrument, Kind
from .latency import LatencyRule
from .policy import AssetPolicy, RiskPolicy, UnderlyingPolicy
from .regime import Multipliers, Regime, RegimeRule
from .scenarios import default_scenarios
from .settlement_times import Entry

E8 = 10**8
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
MARKET, QUOTE = "example", "USD"
EXAMPLE_TIME_MS = 1_800_000_000_000
SOURCES = ("alpha", "beta", "gamma")


@dataclass(frozen=True)
class _Asset:
    """One asset of the example: price, doubt, haircuts below and above a holding, floor and usual volatility."""

    name: str
    price_e8: int
    haircuts_ppm: tuple[int, int]
    step: int
    sigma_floor_ppm: int
    implied_ppm: int = 0
    """0: it has no history and no options, its floor is its volatility."""


ASSETS = (
    _Asset("BTC", 64_000 * E8, (50_000, 100_000), 20, 300_000, 550_000),
    _Asset("ETH", 3_200 * E8, (70_000, 140_000), 300, 350_000, 680_000),
    _Asset("SOL", 150 * E8, (150_000, 300_000), 5_000, 500_000, 950_000),
    _Asset("AVAX", 36 * E8, (200_000, 400_000), 10_000, 550_000, 1_000_000),
    _Asset("USDC", E8, (10_000, 20_000), 5_000_000, 5_000),
    _Asset("USDT", 99_950_000, (15_000, 30_000), 5_000_000, 8_000),
    _Asset("DAI", 99_980_000, (20_000, 50_000), 1_000_000, 8_000),
    _Asset("PAXG", 2_400 * E8, (40_000, 80_000), 500, 180_000),
)
SHAPE_ASSETS = {
    "small": ("BTC", "ETH", "SOL", "USDC"),
    "standard": tuple(asset.name for asset in ASSETS),
    "portfolio": tuple(asset.name for asset in ASSETS),
}
EXAMPLE_GARCH = Garch(HOUR_MS, 850_000_000_000, 60_000, 910_000)
"""A long-run volatility of about 50 % a year."""


def example_policy(shape_name: str = "small", time_ms: int = EXAMPLE_TIME_MS) -> RiskPolicy:
    """A policy for a named shape whose options expire a week or a month after `time_ms`."""
    if shape_name not in SHAPE_ASSETS:
        raise TableError("shape", f"has no example; there are {', '.join(SHAPE_ASSETS)}")
    shape = SHAPES[shape_name]
    assets = example_assets(shape_name)
    underlyings = assets[: shape.underlyings]
    return RiskPolicy(
        shape=shape,
        market=MARKET,
        quote=QUOTE,
        confidence_e4=40_000,
        price_confidence_e4=20_000,
        horizon_ms=HOUR_MS,
        minimum_time_ms=30 * MINUTE_MS,
        max_snapshot_age_ms=5 * MINUTE_MS,
        clock_skew_ms=2_000,
        assets=tuple(_asset_policy(asset) for asset in assets),
        underlyings=tuple(UnderlyingPolicy(row.name, 10_000, 5 * row.step * E8, 5_000) for row in underlyings),
        instruments=tuple(one for row in underlyings for one in _instruments(row, shape, time_ms)),
        scenarios=default_scenarios(shape.scenarios),
        forecast=example_forecast_model(),
        latency=LatencyRule(990_000, 950_000, 30_000, HOUR_MS),
    )


def example_assets(shape_name: str) -> tuple[_Asset, ...]:
    """The assets of a shape's example, underlyings first."""
    return tuple(asset for asset in ASSETS if asset.name in SHAPE_ASSETS[shape_name])


def example_forecast_model() -> ForecastModel:
    """For an hourly history of at least ten days."""
    return ForecastModel(
        window=2_000,
        minimum_returns=240,
        warmup=72,
        decay_ppm=970_000,
        max_age_ms=2 * HOUR_MS,
        regime=RegimeRule(
            short_decay_ppm=900_000,
            long_decay_ppm=995_000,
            calm_enter_ppm=600_000,
            calm_leave_ppm=750_000,
            turbulent_leave_ppm=1_300_000,
            turbulent_enter_ppm=1_700_000,
            jump_ppm=6 * PPM,
            hold=24,
            multipliers={
                Regime.CALM: Multipliers(1_000_000, 1_000_000),
                Regime.NORMAL: Multipliers(1_100_000, 1_000_000),
                Regime.TURBULENT: Multipliers(1_500_000, 2_000_000),
            },
        ),
    )


def example_snapshot(shape_name: str = "small", time_ms: int = EXAMPLE_TIME_MS) -> MarketSnapshot:
    """What three sources might agree on: every price within 0.05 %, every volatility within two points."""
    policy, by_name = example_policy(shape_name, time_ms), {asset.name: asset for asset in ASSETS}
    return MarketSnapshot(
        market=MARKET,
        quote=QUOTE,
        time_ms=time_ms,
        prices={
            asset.name: AgreedPrice(by_name[asset.name].price_e8, by_name[asset.name].price_e8 // 2_000, SOURCES)
            for asset in policy.assets
        },
        volatilities={
            row.name: AgreedVolatility(by_name[row.underlying].implied_ppm + _smile_ppm(row), 20_000, SOURCES)
            for row in policy.instruments
            if row.kind.is_option
        },
        reports_digest=bytes(32),
    )


def example_history(shape_name: str = "small", time_ms: int = EXAMPLE_TIME_MS, rows: int = 400) -> PriceHistory:
    """Hourly prices that end at the example's, drawn from a hash so that they are the same everywhere."""
    assets = tuple(asset for asset in example_assets(shape_name) if asset.implied_ppm)
    row, backwards = tuple(asset.price_e8 for asset in assets), []
    for index in range(rows):
        backwards.append(row)
        row = tuple(_one_hour_before(asset, price, index) for asset, price in zip(assets, row, strict=True))
    times = tuple(time_ms - HOUR_MS * index for index in reversed(range(rows)))
    return PriceHistory(tuple(asset.name for asset in assets), times, tuple(reversed(backwards)))


def example_settlements(time_ms: int = EXAMPLE_TIME_MS, count: int = 500) -> tuple[Entry, ...]:
    """Settlements from chain 1001 that took one to two minutes, the last of them still under way."""
    starts = [time_ms - MINUTE_MS * (count - index) for index in range(count)]
    took_ms = [MINUTE_MS + _drawn(f"settlement {index}", MINUTE_MS) for index in range(count)]
    done: list[Entry] = [(1001, start, start + took) for start, took in zip(starts, took_ms, strict=True)]
    return (*done[:-1], (1001, starts[-1], None))


def _one_hour_before(asset: _Asset, price_e8: int, index: int) -> int:
    """A move drawn evenly, with the deviation that the asset's usual volatility has in an hour."""
    widest_ppm = asset.implied_ppm * 185 // 10_000
    move_ppm = _drawn(f"{asset.name} {index}", 2 * widest_ppm + 1) - widest_ppm
    return max(1, price_e8 * PPM // (PPM + move_ppm))


def _drawn(label: str, below: int) -> int:
    return int.from_bytes(keccak256(label.encode())[:16], "big") % below


def _asset_policy(asset: _Asset) -> AssetPolicy:
    tiers = (HaircutTier(0, asset.haircuts_ppm[0]), HaircutTier(asset.step * E8, asset.haircuts_ppm[1]))
    garch = EXAMPLE_GARCH if asset.name in ("BTC", "ETH") else None
    return AssetPolicy(asset.name, tiers, AssetModel(asset.sigma_floor_ppm, bool(asset.implied_ppm), garch))


def _instruments(row: _Asset, shape: Shape, time_ms: int) -> tuple[Instrument, ...]:
    """A perpetual and a call for `small`; a put a week out and a call a month out besides for the others."""
    call, put, far = (_strike_e8(row, percent) for percent in (110, 95, 120))
    week, month = time_ms + 7 * DAY_MS, time_ms + 30 * DAY_MS
    return (
        Instrument(f"{row.name}-PERP", row.name, Kind.PERPETUAL, row.name),
        Instrument(f"{row.name}-CALL-7D", row.name, Kind.CALL, row.name, call, week),
        Instrument(f"{row.name}-PUT-7D", row.name, Kind.PUT, row.name, put, week),
        Instrument(f"{row.name}-CALL-30D", row.name, Kind.CALL, row.name, far, month),
    )[: shape.instruments_per_underlying]


def _strike_e8(row: _Asset, percent: int) -> int:
    """A round strike at about this share of the price."""
    strike = row.price_e8 * percent // 100
    digits = str(strike)
    return int(digits[:2].ljust(len(digits), "0"))


def _smile_ppm(row: Instrument) -> int:
    """Puts below the money are dearer."""
    return 30_000 if row.kind is Kind.PUT else 0
