"""Risk tables through time: the integers of one table per row, as arrays, and any one of them as a `RiskTable`.

Greeks and scenario results are computed in float64 and rounded as the risk engine rounds them; a published table is
computed in decimals, and the two differ by a unit in the last place now and then.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from zkmargin.circuits.margin import AssetRisk, HaircutTier, InstrumentRisk, RiskTable, UnderlyingRisk

from ..errors import StudyError
from .forecast import forecast_sigma
from .listing import SLOTS, Contracts, contracts
from .model import YEAR_MS
from .option_market import OptionMarket
from .path import MarketPath
from .quoted_series import QuotedSeries, rounded
from .table_settings import TableSettings

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
E8, PPM, E9 = 10**8, 10**6, 10**9
LARGEST_UNIT = 1 << 62
EMPTY_UNDERLYING_E8 = 1
"""Spot price of a place of the shape that the path has no asset for."""


@dataclass(frozen=True)
class TableSeries:
    """One table per entry of `rows`. Axes: row, then asset or underlying, then instrument, then scenario.

    The assets are the path's symbols, each of which is an underlying too, and the stablecoin last.
    """

    settings: TableSettings
    symbols: tuple[str, ...]
    rows: Ints
    price_e8: Ints
    sigma_ppm: Ints
    listed: tuple[tuple[Contracts, ...], ...]
    value_unit_e16: Ints
    gamma_unit_e8: Ints
    delta_units: Ints
    gamma_units: Ints
    pnl_units: Ints

    @property
    def spot_e8(self) -> Ints:
        """The prices of the underlyings: all but the stablecoin's."""
        return self.price_e8[:, :-1]

    @property
    def price_low_e8(self) -> Ints:
        return self.price_e8 - self._confidence_e8

    @property
    def price_high_e8(self) -> Ints:
        return self.price_e8 + self._confidence_e8

    @property
    def _confidence_e8(self) -> Ints:
        width: Ints = -(-self.price_e8 // PPM) * self.settings.price_confidence_ppm
        return width

    @property
    def shocks(self) -> Floats:
        """z * sigma * sqrt(T) of each asset, rounded up to 1e-9 as in the statement."""
        return shocks(self.settings.confidence_e4, self.sigma_ppm, self.settings.horizon_ms)

    def table(self, place: int) -> RiskTable:
        """The table of one row as the statement takes it; places the path does not fill are worth almost nothing."""
        settings, shape = self.settings, self.settings.shape
        tiers = settings.tiers()
        assets = [self._asset(place, asset, tiers) for asset in range(len(self.symbols) + 1)]
        assets += [assets[-1]] * (shape.assets - len(assets))
        given = range(min(len(self.symbols), shape.underlyings))
        absent = range(len(given), shape.underlyings)
        nothing = InstrumentRisk(0, 0, (0,) * shape.scenarios)
        return RiskTable(
            confidence_e4=settings.confidence_e4,
            assets=tuple(assets),
            underlyings=(
                *(self._underlying(place, u) for u in given),
                *(self._charges(EMPTY_UNDERLYING_E8, 1, 1) for _ in absent),
            ),
            instruments=(
                *(self._instrument(place, u, k) for u in given for k in range(len(SLOTS))),
                *(nothing for _ in absent for _ in SLOTS),
            ),
            scenario_horizon_ms=settings.horizon_ms if shape.scenarios else 0,
        )

    def _asset(self, place: int, asset: int, tiers: tuple[HaircutTier, ...]) -> AssetRisk:
        low, high = self.price_low_e8[place, asset], self.price_high_e8[place, asset]
        return AssetRisk(int(low), int(high), int(self.sigma_ppm[place, asset]), tiers)

    def _underlying(self, place: int, underlying: int) -> UnderlyingRisk:
        at = (place, underlying)
        return self._charges(int(self.spot_e8[at]), int(self.value_unit_e16[at]), int(self.gamma_unit_e8[at]))

    def _charges(self, spot_e8: int, value_unit_e16: int, gamma_unit_e8: int) -> UnderlyingRisk:
        rule = self.settings
        return UnderlyingRisk(
            spot_e8=spot_e8,
            contingency_ppm=rule.contingency_ppm,
            liquidity_free_e8=rule.liquidity_free_e8,
            liquidity_ppm=rule.liquidity_ppm,
            value_unit_e16=value_unit_e16,
            gamma_unit_e8=gamma_unit_e8,
        )

    def _instrument(self, place: int, underlying: int, instrument: int) -> InstrumentRisk:
        at = (place, underlying, instrument)
        return InstrumentRisk(int(self.delta_units[at]), int(self.gamma_units[at]), tuple(self.pnl_units[at].tolist()))


def shocks(confidence_e4: int, sigma_ppm: Ints, horizon_ms: int) -> Floats:
    """The shock over a horizon, in steps of 1e-9."""
    rate = np.ceil((float(confidence_e4) * sigma_ppm) ** 2 / (100 * YEAR_MS))
    rounded: Floats = np.ceil(np.sqrt(rate * horizon_ms)) / E9
    return rounded


def prices_with_stable_e8(path: MarketPath, rows: Ints) -> Ints:
    """The path's prices at some rows, and a stablecoin that is always worth one."""
    return np.hstack([path.prices_e8[rows], np.full((len(rows), 1), E8, dtype=np.int64)])


def build_tables(market: OptionMarket, settings: TableSettings, rows: Ints) -> TableSeries:
    """The tables in force at these rows of the path, each from what is known by then."""
    path = market.path
    if len(path.symbols) >= settings.shape.assets or len(path.symbols) > settings.shape.underlyings:
        raise StudyError("path", f"has more symbols than shape {settings.shape.name!r} has underlyings")
    price_e8, times_ms = prices_with_stable_e8(path, rows), path.times_ms[rows]
    listed = tuple(tuple(contracts(slot, times_ms, spot) for slot in SLOTS) for spot in price_e8.T[:-1])
    sigma_ppm = _sigma_ppm(market, settings, rows, listed)
    ranges = shocks(settings.confidence_e4, sigma_ppm, settings.reach_ms)
    parts = [
        [QuotedSeries.read(market, settings, asset, rows, contract) for contract in row]
        for asset, row in enumerate(listed)
    ]
    profits = np.stack(
        [np.stack([quoted.profits(ranges[:, u]) for quoted in row], axis=1) for u, row in enumerate(parts)], axis=1
    )
    deltas = _stacked([[quoted.dollar_delta() for quoted in row] for row in parts])
    gammas = _stacked([[quoted.dollar_gamma() for quoted in row] for row in parts])
    limit = settings.shape.risk_limit
    value_unit = _common_units(np.concatenate([deltas[..., None], profits], axis=-1), 1e16, limit)
    gamma_unit = _common_units(gammas[..., None], 1e8, limit)
    return TableSeries(
        settings=settings,
        symbols=path.symbols,
        rows=rows,
        price_e8=price_e8,
        sigma_ppm=sigma_ppm,
        listed=listed,
        value_unit_e16=value_unit,
        gamma_unit_e8=gamma_unit,
        delta_units=_in_units(deltas * 1e16 / value_unit[:, :, None], limit),
        gamma_units=_in_units(gammas * 1e8 / gamma_unit[:, :, None], limit),
        pnl_units=_in_units(profits * 1e16 / value_unit[:, :, None, None], limit),
    )


def _sigma_ppm(
    market: OptionMarket, settings: TableSettings, rows: Ints, listed: tuple[tuple[Contracts, ...], ...]
) -> Ints:
    """The larger of the forecast and what the nearest options imply, rounded up; last the stablecoin's."""
    sigma = forecast_sigma(market.path, settings.forecast)[rows]
    for asset, row in enumerate(listed):
        for slot, contract in zip(SLOTS, row, strict=True):
            if slot.kind.is_option and slot.distance_ppm == 0:
                left_ms = contract.left_ms(market.path.times_ms[rows])
                implied = market.implied_volatility(asset, rows, contract.strikes_e8, left_ms)
                sigma[:, asset] = np.maximum(sigma[:, asset], implied)
    stable = np.full((len(rows), 1), settings.stable_sigma_ppm, dtype=np.int64)
    return np.hstack([np.ceil(sigma * PPM).astype(np.int64), stable])


def _common_units(values: Floats, scale: float, limit: int) -> Ints:
    """For each row and underlying the smallest unit (one over the scale) in which every number fits the limit."""
    largest = np.abs(values).max(axis=(2, 3)) * scale
    below = np.floor(2 * largest / (2 * limit + 1))
    if not (below < LARGEST_UNIT).all():
        raise StudyError("table", "has numbers beyond 64 bits: look for a wrong price, or lower the confidence")
    units: Ints = below.astype(np.int64) + 1
    return units


def _in_units(values: Floats, limit: int) -> Ints:
    """Rounded; the largest number is so near the limit and a half that float64 may round it to the other side."""
    return np.clip(rounded(values), -limit, limit)


def _stacked(columns: list[list[Floats]]) -> Floats:
    """(underlying, instrument) lists of rows as one array (row, underlying, instrument)."""
    return np.stack([np.stack(row, axis=1) for row in columns], axis=1)
