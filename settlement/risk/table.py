"""The risk table: policy, agreed market data and volatility forecasts made into the integers that the statement uses.

Rounding happens once per number. Against the trader where one side is the careful one (prices, volatility); to nearest
where the sign of a position decides (Greeks, profit and loss), and there the rules charge half a unit per unit held.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from zkmargin.algebra import ceil_div
from zkmargin.circuits.errors import InputError
from zkmargin.circuits.margin import AssetRisk, InstrumentRisk, RiskTable, UnderlyingRisk
from zkmargin.circuits.margin.risk_table import GAMMA_UNIT_BITS, VALUE_UNIT_BITS, variance_rate_e18
from zkmargin.circuits.margin.rules import shock_e9

from ..errors import PricingError, TableError
from ..market.snapshot import AgreedPrice, MarketSnapshot
from ..risk_document import RiskDocument
from .block_floating_point import GAMMA_UNIT_SCALE, VALUE_UNIT_SCALE, common_unit, in_units
from .exact_numbers import exactly, scaled
from .exact_pricing import ExactValuation, Quoted
from .forecast import Forecast
from .instrument import Instrument
from .policy import AssetPolicy, RiskPolicy
from .scenarios import Revaluation

CONFIDENCE_ONE_E4 = 10**4


def build_risk_table(
    policy: RiskPolicy, snapshot: MarketSnapshot, forecasts: Mapping[str, Forecast], *, latency_ms: int = 0
) -> RiskDocument:
    """The table of the snapshot's time. `forecasts` has one per asset, `latency_ms` is the slowest route's.

    The same inputs give the same bytes on every machine. What cannot be priced is a `RiskError` that names it.
    """
    _require_market(policy, snapshot)
    shape, horizon_ms = policy.shape, max(policy.horizon_ms, latency_ms)
    assets = tuple(_asset_risk(policy, snapshot, asset, forecasts) for asset in policy.assets)
    rows = [
        _underlying_rows(policy, snapshot, index, assets[index].sigma_ppm, horizon_ms)
        for index in range(shape.underlyings)
    ]
    table = RiskTable(
        confidence_e4=policy.confidence_e4,
        assets=assets,
        underlyings=tuple(underlying for underlying, _ in rows),
        instruments=tuple(instrument for _, instruments in rows for instrument in instruments),
        scenario_horizon_ms=horizon_ms if shape.scenarios else 0,
    )
    try:
        table.validate(shape)
    except InputError as problem:
        raise TableError(_named(policy, problem.name.removeprefix("risk table ")), problem.reason) from None
    return RiskDocument(
        shape=shape,
        oracle_time_ms=snapshot.time_ms,
        quote=policy.quote,
        asset_names=tuple(asset.name for asset in policy.assets),
        instrument_names=tuple(instrument.name for instrument in policy.instruments),
        table=table,
    )


def require_fresh(policy: RiskPolicy, snapshot: MarketSnapshot, now_ms: int) -> None:
    """Raise `TableError` where the snapshot is older than the policy allows, or from the future."""
    age_ms = now_ms - snapshot.time_ms
    if age_ms > policy.max_snapshot_age_ms:
        raise TableError("market snapshot", f"is {age_ms} ms old; at most {policy.max_snapshot_age_ms} are allowed")
    if -age_ms > policy.clock_skew_ms:
        raise TableError("market snapshot", f"is {-age_ms} ms in the future: check the clocks")


def quoted(policy: RiskPolicy, snapshot: MarketSnapshot, instrument: Instrument) -> Quoted:
    """The integers an instrument is valued on; no volatility below the underlying's floor is believed."""
    forward_e8 = _price(snapshot, instrument.forward).price_e8
    left_ms = instrument.time_left_ms(snapshot.time_ms, policy.minimum_time_ms)
    if not instrument.kind.is_option or instrument.strike_e8 is None:
        return Quoted(instrument.kind, forward_e8)
    implied = snapshot.volatilities.get(instrument.name)
    if implied is None:
        raise TableError(f"instrument {instrument.name}", "has no agreed volatility in the snapshot")
    sigma_ppm = max(implied.sigma_ppm, policy.asset(instrument.underlying).model.floor_ppm)
    return Quoted(instrument.kind, forward_e8, instrument.strike_e8, left_ms, sigma_ppm)


def implied_ppm(policy: RiskPolicy, snapshot: MarketSnapshot, asset: str) -> int:
    """The implied volatility of the asset's option nearest the money, at the high side of its confidence; 0 without.

    Of two options as near as each other, the larger.
    """
    nearest: tuple[Decimal, int] | None = None
    for instrument in policy.instruments:
        if instrument.underlying != asset or instrument.strike_e8 is None:
            continue
        here = quoted(policy, snapshot, instrument)
        doubt_ppm = ceil_div(
            snapshot.volatilities[instrument.name].confidence_ppm * policy.price_confidence_e4, CONFIDENCE_ONE_E4
        )
        candidate = (_distance(here), -(here.sigma_ppm + doubt_ppm))
        nearest = candidate if nearest is None else min(nearest, candidate)
    return 0 if nearest is None else -nearest[1]


@exactly
def _distance(here: Quoted) -> Decimal:
    """How far the strike is from the forward, as a ratio of at least 1."""
    return Decimal(max(here.forward_e8, here.strike_e8)) / min(here.forward_e8, here.strike_e8)


def _asset_risk(
    policy: RiskPolicy, snapshot: MarketSnapshot, asset: AssetPolicy, forecasts: Mapping[str, Forecast]
) -> AssetRisk:
    price = _price(snapshot, asset.name)
    doubt_e8 = ceil_div(price.confidence_e8 * policy.price_confidence_e4, CONFIDENCE_ONE_E4)
    if doubt_e8 >= price.price_e8:
        raise TableError(f"asset {asset.name}", "has a price that is not known better than its own size")
    if asset.name not in forecasts:
        raise TableError(f"asset {asset.name}", "has no volatility forecast")
    return AssetRisk(
        price_low_e8=price.price_e8 - doubt_e8,
        price_high_e8=price.price_e8 + doubt_e8,
        sigma_ppm=max(
            asset.model.floor_ppm, forecasts[asset.name].sigma_ppm, implied_ppm(policy, snapshot, asset.name)
        ),
        tiers=asset.filled(policy.shape.tiers),
    )


@dataclass(frozen=True)
class _Valued:
    """One instrument's numbers before they are rounded."""

    name: str
    dollar_delta: Decimal
    dollar_gamma: Decimal
    profits: tuple[Decimal, ...]


def _underlying_rows(
    policy: RiskPolicy, snapshot: MarketSnapshot, index: int, sigma_ppm: int, horizon_ms: int
) -> tuple[UnderlyingRisk, tuple[InstrumentRisk, ...]]:
    """An underlying and its instruments in the units that they share."""
    shape, row = policy.shape, policy.underlyings[index]
    revaluation = Revaluation(
        range_e9=shock_e9(variance_rate_e18(policy.confidence_e4, sigma_ppm), horizon_ms),
        horizon_ms=horizon_ms,
        minimum_time_ms=policy.minimum_time_ms,
        scenarios=policy.scenarios,
    )
    valued = [_valued(policy, snapshot, policy.instruments[k], revaluation) for k in shape.instruments_of(index)]
    values = [value for one in valued for value in (one.dollar_delta, *one.profits)]
    value_unit = common_unit(values, shape.risk_limit, VALUE_UNIT_SCALE)
    gamma_unit = common_unit([one.dollar_gamma for one in valued], shape.risk_limit, GAMMA_UNIT_SCALE)
    _require_room(valued, value_unit, gamma_unit)
    return (
        UnderlyingRisk(
            spot_e8=_price(snapshot, row.asset).price_e8,
            contingency_ppm=row.contingency_ppm,
            liquidity_free_e8=row.liquidity_free_e8,
            liquidity_ppm=row.liquidity_ppm,
            value_unit_e16=value_unit,
            gamma_unit_e8=gamma_unit,
        ),
        tuple(_instrument_risk(one, value_unit, gamma_unit) for one in valued),
    )


def _valued(policy: RiskPolicy, snapshot: MarketSnapshot, instrument: Instrument, revaluation: Revaluation) -> _Valued:
    here = quoted(policy, snapshot, instrument)
    try:
        now, profits = here.value(), revaluation.profits(here)
    except PricingError as problem:
        raise PricingError(f"instrument {instrument.name}: {problem.name}", problem.reason) from None
    return _Valued(instrument.name, *dollar_greeks(now, here.forward_e8), profits)


@exactly
def dollar_greeks(value: ExactValuation, forward_e8: int) -> tuple[Decimal, Decimal]:
    """delta * F and gamma * F^2: what a relative move of the price makes, to first and second order."""
    forward = scaled(forward_e8, 8)
    return value.delta * forward, value.gamma * forward * forward


def _instrument_risk(one: _Valued, value_unit_e16: int, gamma_unit_e8: int) -> InstrumentRisk:
    return InstrumentRisk(
        delta_units=in_units(one.dollar_delta, value_unit_e16, VALUE_UNIT_SCALE),
        gamma_units=in_units(one.dollar_gamma, gamma_unit_e8, GAMMA_UNIT_SCALE),
        pnl_units=tuple(in_units(profit, value_unit_e16, VALUE_UNIT_SCALE) for profit in one.profits),
    )


def _require_room(valued: Sequence[_Valued], value_unit_e16: int, gamma_unit_e8: int) -> None:
    """Name the instrument whose numbers are too large for the table, which a gamma close to expiry soon is."""
    if gamma_unit_e8 >= 1 << GAMMA_UNIT_BITS:
        culprit = max(valued, key=lambda one: abs(one.dollar_gamma))
        raise TableError(
            f"instrument {culprit.name}", "has a gamma beyond the table: raise minimum_time_ms or the sigma floor"
        )
    if value_unit_e16 >= 1 << VALUE_UNIT_BITS:
        culprit = max(valued, key=lambda one: max(map(abs, (one.dollar_delta, *one.profits))))
        raise TableError(f"instrument {culprit.name}", "moves by more than the table can hold: use smaller units")


def _require_market(policy: RiskPolicy, snapshot: MarketSnapshot) -> None:
    for name, found, wanted in (
        ("market", snapshot.market, policy.market),
        ("quote currency", snapshot.quote, policy.quote),
    ):
        if found != wanted:
            raise TableError(name, f"of the snapshot is {found}; the policy is for {wanted}")


def _price(snapshot: MarketSnapshot, symbol: str) -> AgreedPrice:
    if symbol not in snapshot.prices:
        raise TableError(f"symbol {symbol}", "has no agreed price in the snapshot")
    return snapshot.prices[symbol]


def _named(policy: RiskPolicy, place: str) -> str:
    """`assets[0].sigma_ppm` as `asset BTC sigma_ppm`."""

    def by_name(found: re.Match[str]) -> str:
        rows = policy.instruments if found[1] == "instrument" else policy.assets
        return f"{found[1]} {rows[int(found[2])].name} "

    return re.sub(r"^(asset|underlying|instrument)s\[(\d+)\]\.", by_name, place)
