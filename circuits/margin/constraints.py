"""The margin statement as constraints: the formula sheet, rule by rule in the order of `rules.py`.

The formulas, the bounds and the reasons why nothing can wrap are written out in `docs/statement.md`. How the values are
opened from the public roots stands in `opening.py`. Money is brought to scale e34 and counted twice, so that half a
square and half a unit need no division.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..builder import Circuit
from ..expression import Expr
from ..gadgets import (
    Lanes,
    assert_at_most,
    assert_equal,
    bind,
    is_equal,
    is_zero,
    open_lanes,
    poseidon,
    positive_part,
    side_by_side,
    sign_split,
    total,
)
from ..gadgets.comparison import require_order
from ..units import AMOUNT, RATIO
from . import packing, rules
from .commitments import TAG_ACCOUNT, TAG_NULLIFIER
from .opening import LeafSignals, TableSignals, declare_public, open_leaves, open_table, open_terms
from .shape import Shape

MONEY_SCALE = 34


@dataclass(frozen=True)
class HoldingsSignals:
    """`rules.Holdings` in the circuit."""

    balances: Sequence[Expr]
    debts: Sequence[Expr]
    positions: Sequence[Expr]
    reserved: Expr


def margin_statement(c: Circuit, shape: Shape) -> None:
    """haircut-adjusted collateral >= margin + debts + everything reserved, for an account under the source roots."""
    public = declare_public(c, shape)
    table = open_table(c, shape, public.risk_root)
    secret = c.private("secret")
    leaves = open_leaves(c, shape, secret, public.source_roots)
    sequence = total([leaf.sequence for leaf in leaves])
    credit, horizon = open_terms(c, public.terms, sequence)

    # Who: a pseudonym, and a nullifier for this state of the account.
    assert_equal(public.account, poseidon([c.constant(TAG_ACCOUNT), secret, public.target]))
    assert_equal(public.nullifier, poseidon([c.constant(TAG_NULLIFIER), secret, public.target, sequence]))
    bind(public.context)

    # rules.require_claim
    for reach in table.scenario_horizon:
        assert_at_most(horizon, reach)
    assert_at_most(credit, _reserved_for(public.target, leaves))
    require_margin(c, shape, table, _net(leaves), horizon)


def require_margin(c: Circuit, shape: Shape, table: TableSignals, holdings: HoldingsSignals, horizon: Expr) -> None:
    """`rules.evaluate` and the inequality of `rules.require_claim`, for netted holdings."""
    underlyings = range(shape.underlyings)
    shocks = _shocks(c, shape, table, horizon)
    counted = [_counted(c, shape, table, a, holdings.balances[a], shocks[a]) for a in range(shape.assets)]
    collateral = total([amount * price for amount, price in zip(counted, table.price_low, strict=True)])
    owed = total([debt * price for debt, price in zip(holdings.debts, table.price_high, strict=True)])
    sizes = [_size(position) for position in holdings.positions]
    gross = [total([sizes[k] for k in shape.instruments_of(u)]) for u in underlyings]
    margins_twice = [_margin_twice(c, shape, table, holdings.positions, gross[u], u, shocks[u]) for u in underlyings]
    shorts_twice = [gross[u] - total([holdings.positions[k] for k in shape.instruments_of(u)]) for u in underlyings]
    contingency_twice = total([shorts_twice[u] * table.contingency_charge[u] for u in underlyings])
    liquidity = total(
        [excess * charge for excess, charge in zip(_excesses(shape, table, gross), table.liquidity_charge, strict=True)]
    )

    required_twice = (
        total(margins_twice)
        + contingency_twice.at_scale(MONEY_SCALE)
        + 2 * total([money.at_scale(MONEY_SCALE) for money in (liquidity, owed, holdings.reserved)])
    )
    assert_at_most(required_twice, 2 * collateral.at_scale(MONEY_SCALE))


def _net(leaves: Sequence[LeafSignals]) -> HoldingsSignals:
    """Summed over the venues."""

    def netted(columns: Sequence[Sequence[Expr]]) -> list[Expr]:
        return [total(entries) for entries in zip(*columns, strict=True)]

    return HoldingsSignals(
        balances=netted([leaf.balances for leaf in leaves]),
        debts=netted([leaf.debts for leaf in leaves]),
        positions=netted([leaf.positions for leaf in leaves]),
        reserved=total([amount for leaf in leaves for amount in leaf.reservations]),
    )


def _reserved_for(target: Expr, leaves: Sequence[LeafSignals]) -> Expr:
    """The sum of the reservations whose slot names this target."""
    return total(
        [
            is_equal(slot, target) * amount
            for leaf in leaves
            for slot, amount in zip(leaf.reservation_targets, leaf.reservations, strict=True)
        ]
    )


def _shocks(c: Circuit, shape: Shape, table: TableSignals, horizon: Expr) -> list[Expr]:
    """S = ceil(sqrt(v * T)) for each asset: S^2 >= v * T > (S - 1)^2, with gap = S^2 - v * T.

    The first says gap >= 0, the second gap <= 2 S - 2. Where S = 0 there is no step before it: v * T must be 0.
    """
    shocks = [c.private(f"shock_e9[{a}]", bits=rules.SHOCK_BITS, unit=RATIO(9)) for a in range(shape.assets)]
    steps = [shock.integer() for shock in shocks]
    layouts = packing.variance_layouts(shape)
    for rates, layout, part in zip(table.variance_rates, layouts, packing.split(layouts, steps), strict=True):
        squares = side_by_side([step * step for step in part], layout)
        every = range(len(layout.widths))
        gaps, _ = open_lanes(squares - rates * horizon, nonnegative=every, bits=rules.SHOCK_BITS + 1)
        for step, gap in zip(part, gaps, strict=True):
            assert_at_most(gap, 2 * step - 2 + 2 * is_zero(step))
    return shocks


def _counted(c: Circuit, shape: Shape, table: TableSignals, asset: int, balance: Expr, shock: Expr) -> Expr:
    """The amount that counts: all at the first tier's share, less what each later tier takes off its excess."""
    left = c.constant(rules.ONE_E9) - shock.integer()
    compared = [balance.integer()] * (shape.tiers - 1) + [left] * shape.tiers
    layouts = packing.tier_layouts(shape)
    opened: list[Expr] = []
    for lanes, layout, part in zip(table.tiers[asset], layouts, packing.split(layouts, compared), strict=True):
        opened += _positive_parts(side_by_side(part, layout) - lanes)
    excesses, kept = opened[: shape.tiers - 1], opened[shape.tiers - 1 :]
    off = [excess * (kept[tier] - kept[tier + 1]) for tier, excess in enumerate(excesses)]
    counted = balance.integer() * kept[0]
    return (counted - total(off) if off else counted).counting(AMOUNT(17))


def _positive_parts(lanes: Lanes) -> list[Expr]:
    """max(0, v) of each lane."""
    return [_signed_part(value, sign) for value, sign in zip(*open_lanes(lanes), strict=True)]


def _size(position: Expr) -> Expr:
    """|q|."""
    return sign_split(position)[1]


def _excesses(shape: Shape, table: TableSignals, gross: Sequence[Expr]) -> list[Expr]:
    """For each underlying max(0, sizes - what is free)."""
    layouts = packing.liquidity_layouts(shape)
    return [
        excess.counting(AMOUNT(8))
        for lanes, layout, part in zip(table.liquidity_free, layouts, packing.split(layouts, gross), strict=True)
        for excess in _positive_parts(side_by_side(part, layout) - lanes)
    ]


def _margin_twice(
    c: Circuit,
    shape: Shape,
    table: TableSignals,
    positions: Sequence[Expr],
    gross: Expr,
    underlying: int,
    shock: Expr,
) -> Expr:
    """Twice the larger of the delta-gamma loss and the worst scenario's loss.

    The lanes hold twice D, then the sizes less G, then for each scenario a number less twice its loss, which must not
    be negative. The prover names that number; a larger one costs him.
    """
    rows, layouts = shape.instruments_of(underlying), packing.risk_layouts(shape)
    worst, added = c.constant(0), [c.constant(0), gross.integer()]
    if shape.scenarios:
        worst = c.private(f"worst_half_units[{underlying}]", bits=shape.loss_bits)
        added += [worst - gross.integer()] * shape.scenarios
    values: list[Expr] = []
    signs: list[Expr] = []
    for element, (layout, part) in enumerate(zip(layouts, packing.split(layouts, added), strict=True)):
        sums = _summed([table.risk[k][element] * positions[k] for k in rows])
        losses = [lane for lane in range(len(layout.widths)) if len(values) + lane > 1]
        opened = open_lanes(side_by_side(part, layout) + sums, nonnegative=losses)
        values, signs = values + opened[0], signs + opened[1]
    delta, short = (_signed_part(values[0], 2 * signs[0] - 1), _signed_part(values[1], signs[1]))
    unit, gamma_unit = table.value_unit[underlying], table.gamma_unit[underlying]
    delta_loss_twice = (delta.counting(AMOUNT(8)) + gross) * shock * unit
    gamma_loss_twice = (short.counting(AMOUNT(8)) * gamma_unit) * (shock * shock)
    twice = delta_loss_twice.at_scale(MONEY_SCALE) + gamma_loss_twice
    if not shape.scenarios:
        return twice
    scenario_twice = (worst.counting(AMOUNT(8)) * unit).at_scale(MONEY_SCALE)
    return twice + positive_part(scenario_twice - twice)


def _signed_part(value: Expr, sign: Expr) -> Expr:
    """sign * value, where that is not negative: |v| for the sign -1 or 1, max(0, v) for the bit [v >= 0]."""
    low, high = require_order(value)
    return value.circuit.range_proven(sign * value, (0, max(-low if sign.interval == (-1, 1) else 0, high)))


def _summed(lanes: Sequence[Lanes]) -> Lanes:
    first, *others = lanes
    for other in others:
        first = first + other
    return first
