"""The margin rules in exact integers; `constraints.py` has the same rules, in the same order, as constraints.

Amounts, prices and Greeks are e8, ratios ppm, the shock is in 1e-9. No rule divides: all money is brought to one scale,
units of 1 / (2 * 10^34) of the quote currency (names ending in `_2e34`), in which every term is an integer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zkmargin.algebra import ceil_div, isqrt_ceil

from ..errors import StatementFalse
from .account import Leaf
from .risk_table import PPM, RiskTable
from .shape import Shape

YEAR_MS = 31_536_000_000
SHOCK_BITS = 37
HORIZON_BITS = 40

# What brings a product of the scale in the name to the common scale 2e34.
FROM_E8 = 2 * 10**26
FROM_E16 = 2 * 10**18
FROM_E22 = 2 * 10**12
FROM_E25 = 2 * 10**9
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
    """Both sides of the claim, and every number on the way there."""

    shocks_e9: tuple[int, ...]
    kept_ppm: tuple[int, ...]
    collateral_2e34: int
    margins_2e34: tuple[int, ...]
    contingency_2e34: int
    debts_2e34: int
    reserved_2e34: int

    @property
    def required_2e34(self) -> int:
        return sum(self.margins_2e34) + self.contingency_2e34 + self.debts_2e34 + self.reserved_2e34

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


def shock_e9(confidence_e4: int, sigma_ppm: int, horizon_ms: int) -> int:
    """S = ceil(z * sigma * sqrt(T / year)) in 1e-9: the least S with S^2 * 100 * Y >= z^2 * sigma^2 * T."""
    return isqrt_ceil(ceil_div((confidence_e4 * sigma_ppm) ** 2 * horizon_ms, 100 * YEAR_MS))


def kept_ppm(haircut_ppm: int, shock_e9: int) -> int:
    """1e6 - h with h = min(1e6, haircut + ceil(S / 1e3)): the share of an asset's value that counts."""
    return max(0, PPM - haircut_ppm - ceil_div(shock_e9, 1000))


def delta_gamma_loss_2e34(dollar_delta_e16: int, dollar_gamma_e16: int, shock_e9: int) -> int:
    """|D| * S + max(0, -G) * S^2 / 2."""
    return abs(dollar_delta_e16) * shock_e9 * FROM_E25 + max(0, -dollar_gamma_e16) * shock_e9**2 * FROM_HALF_E34


def underlying_margin_2e34(
    shape: Shape, table: RiskTable, positions_e8: Sequence[int], underlying: int, shock: int
) -> int:
    """The larger of the delta-gamma loss and the worst scenario's loss; no credit for a gain."""
    rows = [(positions_e8[k], table.instruments[k]) for k in shape.instruments_of(underlying)]
    delta = sum(q * instrument.dollar_delta_e8 for q, instrument in rows)
    gamma = sum(q * instrument.dollar_gamma_e8 for q, instrument in rows)
    losses = [delta_gamma_loss_2e34(delta, gamma, shock)]
    for scenario in range(shape.scenarios):
        pnl_e16 = sum(q * instrument.pnl_e8[scenario] for q, instrument in rows)
        losses.append(-pnl_e16 * FROM_E16)
    return max(losses)


def short_contingency_2e34(shape: Shape, table: RiskTable, positions_e8: Sequence[int], underlying: int) -> int:
    """The underlying's contingency on its gross short notional."""
    row = table.underlyings[underlying]
    gross_short_e8 = sum(max(0, -positions_e8[k]) for k in shape.instruments_of(underlying))
    return gross_short_e8 * row.spot_e8 * row.contingency_ppm * FROM_E22


def evaluate(shape: Shape, table: RiskTable, holdings: Holdings, horizon_ms: int) -> Evaluation:
    """Both sides of the claim for one netted account."""
    shocks = tuple(shock_e9(table.confidence_e4, asset.sigma_ppm, horizon_ms) for asset in table.assets)
    kept = tuple(kept_ppm(asset.haircut_ppm, shock) for asset, shock in zip(table.assets, shocks, strict=True))
    collateral_e22 = sum(
        balance * asset.price_low_e8 * share
        for balance, asset, share in zip(holdings.balances_e8, table.assets, kept, strict=True)
    )
    debts_e16 = sum(debt * asset.price_high_e8 for debt, asset in zip(holdings.debts_e8, table.assets, strict=True))
    underlyings = range(shape.underlyings)
    return Evaluation(
        shocks_e9=shocks,
        kept_ppm=kept,
        collateral_2e34=collateral_e22 * FROM_E22,
        margins_2e34=tuple(
            underlying_margin_2e34(shape, table, holdings.positions_e8, u, shocks[u]) for u in underlyings
        ),
        contingency_2e34=sum(short_contingency_2e34(shape, table, holdings.positions_e8, u) for u in underlyings),
        debts_2e34=debts_e16 * FROM_E16,
        reserved_2e34=holdings.reserved_e8 * FROM_E8,
    )


def require_claim(evaluation: Evaluation, holdings: Holdings, credit_e8: int) -> None:
    """Raise `StatementFalse`, naming the part that falls short, unless the claim holds."""
    if any(shock >= 1 << SHOCK_BITS for shock in evaluation.shocks_e9):
        raise StatementFalse("shock", "a price shock over this horizon is larger than the statement can carry")
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
