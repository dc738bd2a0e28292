"""The risk table: every number is the formula's, rounded the way that is promised, or it is refused by name."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkmargin.circuits.margin import STANDARD, HaircutTier
from zkmargin.circuits.margin.rules import delta_gamma_2e34, scenario_2e34, shock_e9
from zkmargin.settlement.errors import PricingError, RiskError, TableError
from zkmargin.settlement.market.snapshot import AgreedPrice, AgreedVolatility, MarketSnapshot
from zkmargin.settlement.risk import pricing
from zkmargin.settlement.risk.example import DAY_MS, EXAMPLE_TIME_MS, HOUR_MS, example_policy, example_snapshot
from zkmargin.settlement.risk.forecast import AssetModel, Forecast
from zkmargin.settlement.risk.greeks import instrument_greeks
from zkmargin.settlement.risk.instrument import Instrument, Kind
from zkmargin.settlement.risk.policy import RiskPolicy
from zkmargin.settlement.risk.scenarios import Revaluation
from zkmargin.settlement.risk.table import build_risk_table, dollar_greeks, implied_ppm, quoted, require_fresh
from zkmargin.settlement.risk_document import RiskDocument

E8, E16 = 10**8, 10**16
POLICY, SNAPSHOT = example_policy("standard"), example_snapshot("standard")
FORECASTS = {asset.name: Forecast.fixed(600_000) for asset in POLICY.assets}
CALL = "BTC-CALL-7D"


def build(policy: RiskPolicy = POLICY, snapshot: MarketSnapshot = SNAPSHOT, **keywords: Any) -> RiskDocument:
    return build_risk_table(policy, snapshot, FORECASTS, **keywords)


def with_price(symbol: str, price_e8: int, confidence_e8: int, snapshot: MarketSnapshot = SNAPSHOT) -> MarketSnapshot:
    changed = AgreedPrice(price_e8, confidence_e8, ("alpha",))
    return replace(snapshot, prices={**snapshot.prices, symbol: changed})


def with_instrument(instrument: Instrument, place: int = 1) -> RiskPolicy:
    rows = list(POLICY.instruments)
    rows[place] = instrument
    return replace(POLICY, instruments=tuple(rows))


DOCUMENT = build()
TABLE = DOCUMENT.table


def test_prices_are_rounded_away_from_the_trader() -> None:
    asset = build(snapshot=with_price("BTC", 1_000_001, 333)).table.assets[0]
    # Twice the confidence off; 1.5 times 333 is 499.5.
    assert (asset.price_low_e8, asset.price_high_e8) == (1_000_001 - 666, 1_000_001 + 666)
    odd = replace(POLICY, price_confidence_e4=15_000)
    asset = build(odd, with_price("BTC", 1_000_001, 333)).table.assets[0]
    assert (asset.price_low_e8, asset.price_high_e8) == (1_000_001 - 500, 1_000_001 + 500)


def test_volatility_is_the_largest_of_forecast_implied_and_floor() -> None:
    by_name = dict(zip(DOCUMENT.asset_names, (row.sigma_ppm for row in TABLE.assets), strict=True))
    # BTC's implied 58 % and four points of doubt beat the forecast of 60 %; gold has its forecast.
    assert (by_name["BTC"], by_name["PAXG"]) == (620_000, 600_000)
    calm = build_risk_table(POLICY, SNAPSHOT, {name: Forecast.fixed(1) for name in FORECASTS})
    assert calm.table.assets[7].sigma_ppm == 180_000


def test_the_implied_volatility_is_that_of_the_option_nearest_the_money() -> None:
    # The put at 95 % of the price is nearer than the calls at 110 % and 120 %: 58 % and twice two points.
    assert implied_ppm(POLICY, SNAPSHOT, "BTC") == 620_000
    assert implied_ppm(POLICY, SNAPSHOT, "PAXG") == 0
    # At 69,000 the call at 70,000 is.
    assert implied_ppm(POLICY, with_price("BTC", 69_000 * E8, 0), "BTC") == 590_000
    same = replace(POLICY.instruments[1], name="BTC-PUT-SAME", kind=Kind.PUT)
    volatilities = {**SNAPSHOT.volatilities, "BTC-PUT-SAME": AgreedVolatility(990_000, 0, ("alpha",))}
    nearer = with_price("BTC", 69_000 * E8, 0, replace(SNAPSHOT, volatilities=volatilities))
    assert implied_ppm(with_instrument(same, 2), nearer, "BTC") == 990_000


@pytest.mark.parametrize("index", range(STANDARD.instruments))
def test_greeks_and_profits_are_within_half_a_unit_of_the_floats(index: int) -> None:
    instrument, row = POLICY.instruments[index], TABLE.instruments[index]
    underlying = TABLE.underlyings[STANDARD.underlying_of(index)]
    here = quoted(POLICY, SNAPSHOT, instrument)
    spot, strike = here.forward_e8 / E8, here.strike_e8 / E8 or 1.0
    value = pricing.value(here.kind, spot, strike, here.time_left_ms / 31_536_000_000, here.sigma_ppm / 1e6)
    value_unit, gamma_unit = underlying.value_unit_e16 / E16, underlying.gamma_unit_e8 / E8
    assert abs(row.delta_units * value_unit - value.delta * spot) <= 0.5000001 * value_unit
    assert abs(row.gamma_units * gamma_unit - value.gamma * spot**2) <= 0.5000001 * gamma_unit
    assert len(row.pnl_units) == 16
    # The largest rise of the range with more volatility and no time gone.
    shock = 4 * TABLE.assets[STANDARD.underlying_of(index)].sigma_ppm / 1e6 * (HOUR_MS / 31_536_000_000) ** 0.5
    best = next(i for i, s in enumerate(POLICY.scenarios) if s.move_ppm == 10**6 and s.volatility_ppm > 0)
    there = pricing.price(
        here.kind, spot * (1 + shock), strike, here.time_left_ms / 31_536_000_000, here.sigma_ppm * 1.25 / 1e6
    )
    assert abs(row.pnl_units[best] * value_unit - (there - value.price)) <= 0.51 * value_unit


def test_the_units_use_the_room_there_is() -> None:
    for u in range(STANDARD.underlyings):
        rows = [TABLE.instruments[k] for k in STANDARD.instruments_of(u)]
        values = [abs(n) for row in rows for n in (row.delta_units, *row.pnl_units)]
        assert max(values) == STANDARD.risk_limit
        assert max(abs(row.gamma_units) for row in rows) == STANDARD.risk_limit


def test_a_slow_route_widens_the_range() -> None:
    slow = build(latency_ms=4 * HOUR_MS).table
    scenario = next(i for i, s in enumerate(POLICY.scenarios) if s.move_ppm == -(10**6))
    usual, wide = (
        Fraction(t.instruments[0].pnl_units[scenario] * t.underlyings[0].value_unit_e16, E16) for t in (TABLE, slow)
    )
    assert float(wide / usual) == pytest.approx(2, rel=1e-3)
    assert build(latency_ms=HOUR_MS // 2) == DOCUMENT


def test_a_future_is_valued_on_its_own_price() -> None:
    future = Instrument("BTC-FUT", "BTC", Kind.FUTURE, "BTC-FUT", expiry_ms=EXAMPLE_TIME_MS + DAY_MS)
    document = build(with_instrument(future), with_price("BTC-FUT", 65_000 * E8, E8))
    row, unit = document.table.instruments[1], document.table.underlyings[0].value_unit_e16
    assert abs(Decimal(row.delta_units * unit) / E16 - 65_000) < Decimal(unit) / E16
    assert document.table.underlyings[0].spot_e8 == 64_000 * E8


def test_spare_tiers_repeat_the_last() -> None:
    one = replace(POLICY.assets[0], tiers=(HaircutTier(0, 70_000),))
    document = build(replace(POLICY, assets=(one, *POLICY.assets[1:])))
    assert document.table.assets[0].tiers == (HaircutTier(0, 70_000),) * 2


def test_no_volatility_below_the_floor_is_believed() -> None:
    flat = {**SNAPSHOT.volatilities, CALL: AgreedVolatility(1, 0, ("alpha",))}
    assert quoted(POLICY, replace(SNAPSHOT, volatilities=flat), POLICY.instruments[1]).sigma_ppm == 300_000


def test_gamma_is_bounded_near_expiry_by_the_minimum_time() -> None:
    dying = Instrument(CALL, "BTC", Kind.CALL, "BTC", 64_000 * E8, EXAMPLE_TIME_MS + 1)
    here = quoted(with_instrument(dying), SNAPSHOT, dying)
    assert here.time_left_ms == POLICY.minimum_time_ms
    build(with_instrument(dying))


def test_a_gamma_beyond_the_table_names_its_instrument() -> None:
    dying = Instrument(CALL, "BTC", Kind.CALL, "BTC", 64_000 * E8, EXAMPLE_TIME_MS + 1)
    asset = replace(POLICY.assets[0], model=AssetModel(1, False))
    reckless = replace(with_instrument(dying), minimum_time_ms=1, assets=(asset, *POLICY.assets[1:]))
    flat = {**SNAPSHOT.volatilities, CALL: AgreedVolatility(1, 0, ("alpha",))}
    with pytest.raises(TableError, match="gamma") as refused:
        build(reckless, replace(SNAPSHOT, volatilities=flat))
    assert refused.value.name == f"instrument {CALL}"


def test_a_price_beyond_the_table_names_its_instrument() -> None:
    dear = Instrument("BTC-FUT", "BTC", Kind.FUTURE, "BTC-FUT", expiry_ms=EXAMPLE_TIME_MS + DAY_MS)
    with pytest.raises(TableError, match="moves by more") as refused:
        build(with_instrument(dear), with_price("BTC-FUT", (1 << 64) - 1, 0))
    assert refused.value.name == "instrument BTC-FUT"


def test_a_strike_beyond_any_market_names_its_instrument() -> None:
    absurd = with_instrument(replace(POLICY.instruments[1], strike_e8=10**60))
    for make in (build, lambda policy: instrument_greeks(policy, SNAPSHOT)):
        with pytest.raises(PricingError) as refused:
            make(absurd)
        assert refused.value.name == f"instrument {CALL}: strike"


def test_greeks_in_text() -> None:
    rows = instrument_greeks(POLICY, SNAPSHOT)
    assert list(rows) == [instrument.name for instrument in POLICY.instruments]
    value = pricing.value(Kind.CALL, 64_000.0, 70_000.0, 7 / 365, 0.55)
    assert float(rows[CALL]["price"]) == pytest.approx(float(value.price), abs=1e-8)
    assert float(rows[CALL]["gamma"]) == pytest.approx(float(value.gamma), abs=1e-12)
    assert float(rows[CALL]["theta"]) == pytest.approx(float(value.theta), abs=1e-4)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"market": "other"}, "market"),
        ({"quote": "EUR"}, "quote currency"),
        ({"prices": {"BTC": SNAPSHOT.prices["BTC"]}}, "symbol ETH"),
        ({"volatilities": {}}, f"instrument {CALL}"),
        ({"time_ms": EXAMPLE_TIME_MS + 7 * DAY_MS}, CALL),
    ],
)
def test_a_snapshot_that_does_not_fit_names_what_is_missing(change: dict[str, Any], name: str) -> None:
    with pytest.raises(RiskError) as refused:
        build(snapshot=replace(SNAPSHOT, **change))
    assert refused.value.name == name


def test_an_expired_option_is_refused() -> None:
    with pytest.raises(PricingError, match="has expired"):
        build(snapshot=replace(SNAPSHOT, time_ms=EXAMPLE_TIME_MS + 7 * DAY_MS))


def test_a_price_lost_in_its_own_doubt_is_refused() -> None:
    with pytest.raises(TableError, match="not known better"):
        build(snapshot=with_price("BTC", 100, 50))
    build(snapshot=with_price("PAXG", 101, 50))


def test_an_asset_without_forecast_is_refused() -> None:
    with pytest.raises(TableError, match="no volatility forecast") as refused:
        build_risk_table(POLICY, SNAPSHOT, {"BTC": Forecast.fixed(1)})
    assert refused.value.name == "asset ETH"


def test_a_volatility_beyond_the_table_names_the_asset() -> None:
    with pytest.raises(TableError) as refused:
        build_risk_table(POLICY, SNAPSHOT, FORECASTS | {"SOL": Forecast.fixed(1 << 27)})
    assert refused.value.name == "asset SOL sigma_ppm"


def test_freshness() -> None:
    for now_ms in (EXAMPLE_TIME_MS - 2_000, EXAMPLE_TIME_MS, EXAMPLE_TIME_MS + 300_000):
        require_fresh(POLICY, SNAPSHOT, now_ms)
    for now_ms, reason in ((EXAMPLE_TIME_MS - 2_001, "future"), (EXAMPLE_TIME_MS + 300_001, "old")):
        with pytest.raises(TableError, match=reason):
            require_fresh(POLICY, SNAPSHOT, now_ms)


POSITIONS = st.lists(st.integers(-(10**12), 10**12), min_size=4, max_size=4)


@settings(max_examples=40, deadline=None)
@given(POSITIONS)
def test_the_rules_charge_at_least_the_true_loss_and_little_more(positions: list[int]) -> None:
    """For any netted positions in BTC: full revaluation and delta-gamma in exact numbers, against the integer rules."""
    shape, held = STANDARD, (*positions, *(0,) * 12)
    shock = shock_e9(TABLE.variance_rates_e18()[0], HOUR_MS)
    revaluation = Revaluation(shock, HOUR_MS, POLICY.minimum_time_ms, POLICY.scenarios)
    quotes = [quoted(POLICY, SNAPSHOT, POLICY.instruments[k]) for k in range(4)]
    profits = [[Fraction(p) for p in revaluation.profits(quote)] for quote in quotes]
    worst = max(0, *(-sum(q * row[s] for q, row in zip(positions, profits, strict=True)) for s in range(16)))
    slack = Fraction(TABLE.underlyings[0].value_unit_e16, E16) * sum(map(abs, positions))
    charged = Fraction(scenario_2e34(shape, TABLE, held, 0), 2 * 10**26)
    assert worst <= charged <= worst + slack
    greeks = [dollar_greeks(quote.value(), quote.forward_e8) for quote in quotes]
    delta, gamma = (sum(q * Fraction(g[i]) for q, g in zip(positions, greeks, strict=True)) for i in (0, 1))
    share = Fraction(shock, 10**9)
    assert abs(delta) * share + max(0, -gamma) * share**2 / 2 <= Fraction(
        delta_gamma_2e34(shape, TABLE, held, 0, shock), 2 * 10**26
    )


def test_the_table_reads_back_as_a_document() -> None:
    assert RiskDocument.from_json(json.dumps(DOCUMENT.to_json())) == DOCUMENT
