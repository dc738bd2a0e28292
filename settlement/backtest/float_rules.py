"""The margin rules in float64 over many rows at once: the twin of `circuits.margin.rules`, for long runs.

Everything that the statement rounds (shock, Greeks, scenario results) is rounded in the table already, so that the twin
differs from the exact integers by float64's own error alone. Money is in quote units.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .table_series import TableSeries

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
E8, PPM, E16 = 1e8, 1e6, 1e16


@dataclass(frozen=True)
class MarginSeries:
    """The parts of the requirement, one entry per row; the losses one column per underlying."""

    delta_gamma: Floats
    scenario: Floats
    contingency: Floats
    liquidity: Floats
    rounding: Floats
    """How much of the larger losses is charged because the table's numbers are rounded to units."""

    @property
    def larger(self) -> Floats:
        """For each underlying the larger of the two losses, without charges."""
        total: Floats = np.maximum(self.delta_gamma, self.scenario).sum(axis=1)
        return total

    @property
    def required(self) -> Floats:
        """What the statement asks for positions alone."""
        total: Floats = self.larger + self.contingency + self.liquidity
        return total


def margins(series: TableSeries, positions_e8: Ints) -> MarginSeries:
    """The margin of `positions_e8` (row, underlying, instrument), netted already."""
    held = positions_e8 / E8
    none = np.zeros(held.shape[:2])
    rule, spot = series.settings, series.spot_e8 / E8
    gross = np.abs(held).sum(axis=2)
    short = np.maximum(0.0, -held).sum(axis=2)
    delta_gamma, scenario = _delta_gamma(series, held, gross), _scenario(series, held, gross)
    uncharged = np.maximum(_delta_gamma(series, held, none), _scenario(series, held, none))
    excess = np.maximum(0.0, gross - rule.liquidity_free_e8 / E8)
    return MarginSeries(
        delta_gamma=delta_gamma,
        scenario=scenario,
        contingency=(short * spot).sum(axis=1) * (rule.contingency_ppm / PPM),
        liquidity=(excess * spot).sum(axis=1) * (rule.liquidity_ppm / PPM),
        rounding=(np.maximum(delta_gamma, scenario) - uncharged).sum(axis=1),
    )


def _delta_gamma(series: TableSeries, held: Floats, gross: Floats) -> Floats:
    """|D| * S + max(0, -G) * S^2 / 2, with half a unit of delta and a whole one of gamma for every unit held."""
    shock = series.shocks[:, :-1]
    delta = np.abs((held * series.delta_units).sum(axis=2)) + gross / 2
    gamma = np.maximum(0.0, gross - (held * series.gamma_units).sum(axis=2))
    first = delta * (series.value_unit_e16 / E16) * shock
    loss: Floats = first + gamma * (series.gamma_unit_e8 / E8) * shock**2 / 2
    return loss


def _scenario(series: TableSeries, held: Floats, gross: Floats) -> Floats:
    """The worst scenario's loss, at least 0, with half a unit for every unit held."""
    if series.pnl_units.shape[-1] == 0:
        return np.zeros_like(gross)
    gains = np.einsum("nuk,nuks->nus", held, series.pnl_units.astype(np.float64))
    worst = np.maximum(0.0, gross / 2 - gains.min(axis=2))
    loss: Floats = worst * (series.value_unit_e16 / E16)
    return loss


def kept_shares(series: TableSeries) -> Floats:
    """1 - min(1, haircut + S), by row, asset and tier."""
    haircuts = np.array([tier.haircut_ppm / PPM for tier in series.settings.tiers()])
    shares: Floats = np.maximum(0.0, 1 - haircuts - series.shocks[:, :, None])
    return shares


def collateral(series: TableSeries, balances_e8: Ints) -> Floats:
    """What balances (row, asset) count for: each part of a holding at its tier's share of the low price."""
    held, kept = balances_e8 / E8, kept_shares(series)
    counted = held * kept[:, :, 0]
    for place, tier in enumerate(series.settings.tiers()[1:], start=1):
        counted = counted - np.maximum(0.0, held - tier.above_e8 / E8) * (kept[:, :, place - 1] - kept[:, :, place])
    total: Floats = (counted * series.price_low_e8 / E8).sum(axis=1)
    return total


def balance_for(series: TableSeries, asset: int, wanted: Floats) -> Floats:
    """The least amount of one asset that counts for `wanted` quote units; infinite where none does."""
    kept = kept_shares(series)[:, asset]
    target = wanted / (series.price_low_e8[:, asset] / E8)
    tiers = series.settings.tiers()
    amount, counted = np.zeros_like(target), np.zeros_like(target)
    for place, tier in enumerate(tiers):
        last = place + 1 == len(tiers)
        width = np.inf if last else (tiers[place + 1].above_e8 - tier.above_e8) / E8
        with np.errstate(divide="ignore", invalid="ignore"):
            step = np.where(target > counted, np.minimum(width, (target - counted) / kept[:, place]), 0.0)
            counted = counted + np.where(step > 0, step * kept[:, place], 0.0)
        amount = amount + step
    return amount
