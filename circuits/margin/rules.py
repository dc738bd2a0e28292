"""The margin rules in exact integers; `constraints.py` has the same rules, in the same order, as constraints.

Amounts, prices and Greeks are e8, ratios ppm, the shock is in 1e-9. No rule divides: all money is brought to one scale,
units of 1 / (2 * 10^34) of the quote currency (names ending in `_2e34`), in which every term is an integer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from zkmargin.algebra import ceil_div, isqrt_ceil

from ..errors import StatementFalse
from .account import Leaf
from .packing import E9_PER_PPM
from .risk_table import AssetRisk, RiskTable
from .shape import Shape

SHOCK_BITS = 31
ONE_E9 = 10**9

# What brings a product of the scale in the name to the common scale 2e34.
FROM_E8 = 2 * 10**26
FROM_E16 = 2 * 10**18
FROM_E22 = 2 * 10**12
FROM_E25 = 2 * 10**9
FROM_HALF_E24 = 10**10
FROM_HALF_E33 = 10
FROM_HALF_E34 = 1


@dataclass(frozen=True)
class Holdings:
    """The leaves of one proof, netted: every field summed over the venues."""

    balances_e8: tuple[int, ...]
    debts_e8: tuple[int, ...]
    positions_e8: tuple[int, ...]
    reserved_e8: int
    reserved_for_target_e8: int
    sequence: int


@dataclass(frozen=True)
class Evaluation:
    """Both sides of the claim, and every number on the way there; one entry an asset or an underlying."""

    shocks_e9: tuple[int, ...]
    kept_e9: tuple[tuple[int, ...], ...]
    """For each asset, what counts of it in each haircut tier."""
    collateral_2e34: int
    delta_gamma_2e34: tuple[int, ...]
    scenario_2e34: tuple[int, ...]
    margins_2e34: tuple[int, ...]
    """The larger of the two before."""
    contingency_2e34: int
    liquidity_2e34: int
    debts_2e34: int
    reserved_2e34: int
    scenarios_reach: bool
    """Do the table's scenarios look as far ahead as the horizon?"""

    @property
    def required_2e34(self) -> int:
        charges = self.contingency_2e34 + self.liquidity_2e34
        return sum(self.margins_2e34) + charges + self.debts_2e34 + self.reserved_2e34

    @property
    def surplus_2e34(self) -> int:
        """Collateral above the requirement; negative when the claim is false."""
        return self.collateral_2e34 - self.required_2e34


def net(leaves: Sequence[Leaf], target: int) -> Holdings:
    """Sum the leaves of all venues."""
    return Holdings(
        balances_e8=_column_sums([leaf.balances_e8 for leaf in leaves]),
        debts_e8=_column_sums([leaf.debts_e8 for leaf in leaves]),
        positions_e8=_column_sums([leaf.positions_e8 for leaf in leaves]),
        reserved_e8=sum(slot.amount_e8 for leaf in leaves for slot in leaf.reservations),
        reserved_for_target_e8=sum(leaf.reserved_for(target) for leaf in leaves),
        sequence=sum(leaf.sequence for leaf in leaves),
    )


def shock_e9(variance_rate_e18: int, horizon_ms: int) -> int:
    """S = ceil(sqrt(v * T)): the least S with S^2 >= v * T, where v is (z * sigma)^2 per millisecond."""
    return isqrt_ceil(variance_rate_e18 * horizon_ms)


def kept_e9(asset: AssetRisk, shock: int) -> tuple[int, ...]:
    """1 - min(1, haircut + S) for each tier: the share of the value in that tier that counts."""
    return tuple(max(0, ONE_E9 - tier.haircut_ppm * E9_PER_PPM - shock) for tier in asset.tiers)


def counted_e17(asset: AssetRisk, kept: Sequence[int], balance_e8: int) -> int:
    """The amount that counts: all of it at the first tier's share, less what each later tier takes off its excess."""
    counted = balance_e8 * kept[0]
    for tier, (share, lower_share) in zip(asset.tiers[1:], pairwise(kept), strict=True):
        counted -= max(0, balance_e8 - tier.above_e8) * (share - lower_share)
    return counted


def delta_gamma_2e34(shape: Shape, table: RiskTable, positions_e8: Sequence[int], underlying: int, shock: int) -> int:
    """|D| * S + max(0, -G) * S^2 / 2 of an underlying's netted positions.

    The table rounds each delta and gamma to the nearest unit, so D and -G are each at most half a unit for every unit
    held, long or short, above what the rounded numbers give. D is charged that half, -G a whole one.
    """
    rows = [(positions_e8[k], table.instruments[k]) for k in shape.instruments_of(underlying)]
    gross = sum(abs(q) for q, _ in rows)
    delta_half_units = abs(2 * sum(q * instrument.delta_units for q, instrument in rows)) + gross
    gamma_units = max(0, gross - sum(q * instrument.gamma_units for q, instrument in rows))
    row = table.underlyings[underlying]
    return (
        delta_half_units * row.value_unit_e16 * shock * FROM_HALF_E33
        + gamma_units * row.gamma_unit_e8 * shock**2 * FROM_HALF_E34
    )


def worst_half_units(shape: Shape, table: RiskTable, positions_e8: Sequence[int], underlying: int) -> int:
    """Twice the worst scenario's loss, at least 0, in units; half a unit for every unit held covers the rounding."""
    rows = shape.instruments_of(underlying)
    gross = sum(abs(positions_e8[k]) for k in rows)
    gains = (
        sum(positions_e8[k] * table.instruments[k].pnl_units[scenario] for k in rows)
        for scenario in range(shape.scenarios)
    )
    return max(0, *(gross - 2 * gain for gain in gains), 0)


def scenario_2e34(shape: Shape, table: RiskTable, positions_e8: Sequence[int], underlying: int) -> int:
    """The worst scenario's loss, at least 0."""
    worst = worst_half_units(shape, table, positions_e8, underlying)
    return worst * table.underlyings[underlying].value_unit_e16 * FROM_HALF_E24


def short_contingency_2e34(shape: Shape, table: RiskTable, positions_e8: Sequence[int], underlying: int) -> int:
    """The underlying's contingency on its gross short notional."""
    gross_short_e8 = sum(max(0, -positions_e8[k]) for k in shape.instruments_of(underlying))
    return gross_short_e8 * table.underlyings[underlying].contingency_charge_e14 * FROM_E22


def liquidity_2e34(shape: Shape, table: RiskTable, positions_e8: Sequence[int], underlying: int) -> int:
    """The add-on for what the sizes of the underlying's positions exceed the free quantity by."""
    row = table.underlyings[underlying]
    gross_e8 = sum(abs(positions_e8[k]) for k in shape.instruments_of(underlying))
    return max(0, gross_e8 - row.liquidity_free_e8) * row.liquidity_charge_e14 * FROM_E22


def evaluate(shape: Shape, table: RiskTable, holdings: Holdings, horizon_ms: int) -> Evaluation:
    """Both sides of the claim for one netted account."""
    shocks = tuple(shock_e9(rate, horizon_ms) for rate in table.variance_rates_e18())
    kept = tuple(kept_e9(asset, shock) for asset, shock in zip(table.assets, shocks, strict=True))
    collateral_e25 = sum(
        asset.price_low_e8 * counted_e17(asset, shares, balance)
        for asset, shares, balance in zip(table.assets, kept, holdings.balances_e8, strict=True)
    )
    debts_e16 = sum(debt * asset.price_high_e8 for debt, asset in zip(holdings.debts_e8, table.assets, strict=True))
    positions, underlyings = holdings.positions_e8, range(shape.underlyings)
    delta_gamma = tuple(delta_gamma_2e34(shape, table, positions, u, shocks[u]) for u in underlyings)
    scenario = tuple(scenario_2e34(shape, table, positions, u) for u in underlyings)
    return Evaluation(
        shocks_e9=shocks,
        kept_e9=kept,
        collateral_2e34=collateral_e25 * FROM_E25,
        delta_gamma_2e34=delta_gamma,
        scenario_2e34=scenario,
        margins_2e34=tuple(map(max, delta_gamma, scenario)),
        contingency_2e34=sum(short_contingency_2e34(shape, table, positions, u) for u in underlyings),
        liquidity_2e34=sum(liquidity_2e34(shape, table, positions, u) for u in underlyings),
        debts_2e34=debts_e16 * FROM_E16,
        reserved_2e34=holdings.reserved_e8 * FROM_E8,
        scenarios_reach=not shape.scenarios or horizon_ms <= table.scenario_horizon_ms,
    )


def require_claim(evaluation: Evaluation, holdings: Holdings, credit_e8: int) -> None:
    """Raise `StatementFalse`, naming the part that falls short, unless the claim holds."""
    if any(shock >= 1 << SHOCK_BITS for shock in evaluation.shocks_e9):
        raise StatementFalse("shock", "a price shock over this horizon is larger than the statement can carry")
    if not evaluation.scenarios_reach:
        raise StatementFalse(
            "horizon",
            "the risk table's scenarios do not look that far ahead: ask for a shorter expiry, or a longer table",
        )
    if holdings.reserved_for_target_e8 < credit_e8:
        raise StatementFalse(
            "reservation",
            "less is reserved for this target than the credit asked for",
            short_by_e8=credit_e8 - holdings.reserved_for_target_e8,
        )
    if evaluation.surplus_2e34 < 0:
        raise StatementFalse(
            "collateral",
            "haircut-adjusted collateral is below margin, debts and reservations",
            short_by_e8=ceil_div(-evaluation.surplus_2e34, FROM_E8),
        )


def _column_sums(rows: Sequence[Sequence[int]]) -> tuple[int, ...]:
    return tuple(sum(column) for column in zip(*rows, strict=True))
