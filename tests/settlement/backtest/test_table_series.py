"""The float tables against the risk engine's decimals: the same integers, but for ties that fall the other way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from zkmargin.circuits.margin import RiskTable, Shape
from zkmargin.settlement.backtest.listing import SLOTS
from zkmargin.settlement.backtest.option_market import OptionMarket
from zkmargin.settlement.backtest.table_series import TableSeries, build_tables
from zkmargin.settlement.backtest.table_settings import TableSettings
from zkmargin.settlement.errors import StudyError
from zkmargin.settlement.market.snapshot import AgreedPrice, AgreedVolatility, MarketSnapshot
from zkmargin.settlement.risk.example import example_forecast_model, example_policy
from zkmargin.settlement.risk.forecast import AssetModel, Forecast
from zkmargin.settlement.risk.instrument import Instrument
from zkmargin.settlement.risk.policy import AssetPolicy, RiskPolicy, UnderlyingPolicy
from zkmargin.settlement.risk.scenarios import default_scenarios
from zkmargin.settlement.risk.table import build_risk_table

SHAPE = Shape("backtested", 1, 4, 3, len(SLOTS), 16, 2, 6, 2)
SETTINGS = TableSettings(shape=SHAPE, scenarios=default_scenarios(16))
PLACES = (0, 3, 9)


@pytest.fixture(scope="module")
def wide(market: OptionMarket) -> TableSeries:
    return build_tables(market, SETTINGS, np.arange(600, 1400, 80))


def instruments(series: TableSeries, market: OptionMarket, place: int) -> tuple[Instrument, ...]:
    found = []
    for asset, symbol in enumerate(series.symbols):
        for slot, listed in zip(SLOTS, series.listed[asset], strict=True):
            terms = {}
            if slot.kind.is_option:
                terms = {
                    "strike_e8": int(listed.strikes_e8[place]),
                    "expiry_ms": int(listed.expiries_ms[place]),
                }
            found.append(Instrument(f"{symbol}-{slot.name}", symbol, slot.kind, symbol, **terms))
    return tuple(found)


def snapshot(series: TableSeries, market: OptionMarket, place: int, listed: tuple[Instrument, ...]) -> MarketSnapshot:
    row = int(series.rows[place])
    time_ms = int(market.path.times_ms[row])
    volatilities = {}
    for instrument in listed:
        if instrument.strike_e8 is None or instrument.expiry_ms is None:
            continue
        asset = series.symbols.index(instrument.underlying)
        left_ms = np.array([instrument.expiry_ms - time_ms])
        sigma = market.implied_volatility(asset, np.array([row]), np.array([instrument.strike_e8]), left_ms)
        volatilities[instrument.name] = AgreedVolatility(round(float(sigma[0]) * 1e6), 0, ("a",))
    names = (*series.symbols, SETTINGS.stable_symbol)
    mids, highs = series.price_e8[place].tolist(), series.price_high_e8[place].tolist()
    prices = {name: AgreedPrice(mid, high - mid, ("a",)) for name, mid, high in zip(names, mids, highs, strict=True)}
    return MarketSnapshot("test", "USD", time_ms, prices, volatilities, bytes(32))


def published(series: TableSeries, market: OptionMarket, place: int) -> RiskTable:
    """The table that the risk engine makes of the same market."""
    usual, listed = example_policy("small"), instruments(series, market, place)
    names = (*series.symbols, SETTINGS.stable_symbol)
    model = AssetModel(floor_ppm=1, from_history=False)
    policy = RiskPolicy(
        shape=SHAPE,
        market="test",
        quote="USD",
        confidence_e4=SETTINGS.confidence_e4,
        price_confidence_e4=10_000,
        horizon_ms=SETTINGS.horizon_ms,
        minimum_time_ms=SETTINGS.minimum_time_ms,
        max_snapshot_age_ms=0,
        clock_skew_ms=0,
        assets=tuple(AssetPolicy(name, SETTINGS.tiers(), model) for name in names),
        underlyings=tuple(
            UnderlyingPolicy(name, SETTINGS.contingency_ppm, SETTINGS.liquidity_free_e8, SETTINGS.liquidity_ppm)
            for name in series.symbols
        ),
        instruments=listed,
        scenarios=SETTINGS.scenarios,
        forecast=example_forecast_model(),
        latency=usual.latency,
    )
    forecasts = {name: Forecast.fixed(int(series.sigma_ppm[place, k])) for k, name in enumerate(names)}
    return build_risk_table(policy, snapshot(series, market, place, listed), forecasts).table


@pytest.mark.parametrize("place", PLACES)
def test_the_tables_are_those_that_the_risk_engine_publishes(
    wide: TableSeries, market: OptionMarket, place: int
) -> None:
    mine, theirs = wide.table(place), published(wide, market, place)
    mine.validate(SHAPE)
    assert mine.assets == theirs.assets
    for own, row in zip(mine.underlyings, theirs.underlyings, strict=True):
        assert own.spot_e8 == row.spot_e8
        assert own.contingency_charge_e14 == row.contingency_charge_e14
        assert own.value_unit_e16 == pytest.approx(row.value_unit_e16, rel=1e-9)
        assert own.gamma_unit_e8 == pytest.approx(row.gamma_unit_e8, rel=1e-9)
    different = 0
    for own, row in zip(mine.instruments, theirs.instruments, strict=True):
        units = zip((own.delta_units, own.gamma_units, *own.pnl_units),
                    (row.delta_units, row.gamma_units, *row.pnl_units), strict=True)  # fmt: skip
        steps = [abs(a - b) for a, b in units]
        assert max(steps) <= 1
        different += sum(steps)
    assert different <= 2


def test_units_beyond_64_bits_are_refused(market: OptionMarket) -> None:
    dear = replace(market.path, prices_e8=market.path.prices_e8 * 10**5)
    with pytest.raises(StudyError, match="table has numbers beyond 64 bits"):
        build_tables(OptionMarket(dear), TableSettings(), np.array([600, 700]))


def test_a_path_must_fit_the_shape(market: OptionMarket) -> None:
    narrow = Shape("narrow", 1, 4, 2, len(SLOTS), 16, 2, 6, 2)
    with pytest.raises(StudyError, match="underlyings"):
        build_tables(market, TableSettings(shape=narrow), np.array([600]))
