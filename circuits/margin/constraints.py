"""The margin statement as constraints: the formula sheet, rule by rule in the order of `rules.py`.

The formulas, the bounds and the reasons why nothing can wrap are written out in `docs/statement.md`. How the values are
opened from the public roots stands in `opening.py`. Money is brought to scale e34 and counted twice, so that half a
square needs no division.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..builder import Circuit
from ..expression import Expr
from ..gadgets import (
    absolute,
    assert_at_most,
    assert_equal,
    assert_less,
    bind,
    is_equal,
    is_nonnegative,
    is_zero,
    poseidon,
    positive_part,
    round_up,
    total,
)
from ..units import RATIO, TIME_MS, VALUE
from . import rules
from .commitments import TAG_ACCOUNT, TAG_NULLIFIER
from .opening import LeafSignals, TableSignals, declare_public, open_leaves, open_table, open_terms
from .shape import Shape

MONEY_SCALE = 34


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

    # rules.net
    balances = _netted([leaf.balances for leaf in leaves])
    debts = _netted([leaf.debts for leaf in leaves])
    positions = _netted([leaf.positions for leaf in leaves])
    reserved = total([amount for leaf in leaves for amount in leaf.reservations])
    assert_at_most(credit, _reserved_for(public.target, leaves))

    # rules.evaluate
    assets, underlyings = range(shape.assets), range(shape.underlyings)
    shocks = [_shock(c, table, a, horizon) for a in assets]
    kept = [_kept(c, table.haircut[a], shocks[a]) for a in assets]
    collateral = total([balances[a] * (table.price_low[a] * kept[a]) for a in assets])
    owed = total([debts[a] * table.price_high[a] for a in assets])
    shorts = [_short(position) for position in positions]
    margins_twice = [_margin_twice(c, shape, table, positions, u, shocks[u]) for u in underlyings]
    contingencies = [
        total([shorts[k] for k in shape.instruments_of(u)]) * (table.spot[u] * table.contingency[u])
        for u in underlyings
    ]

    # rules.require_claim
    required_twice = total(margins_twice) + 2 * total(
        [money.at_scale(MONEY_SCALE) for money in (total(contingencies), owed, reserved)]
    )
    assert_at_most(required_twice, 2 * collateral.at_scale(MONEY_SCALE))


def _netted(columns: Sequence[Sequence[Expr]]) -> list[Expr]:
    """Summed over the venues."""
    return [total(entries) for entries in zip(*columns, strict=True)]


def _reserved_for(target: Expr, leaves: Sequence[LeafSignals]) -> Expr:
    """The sum of the reservations whose slot names this target."""
    return total(
        [
            is_equal(slot, target) * amount
            for leaf in leaves
            for slot, amount in zip(leaf.reservation_targets, leaf.reservations, strict=True)
        ]
    )


def _shock(c: Circuit, table: TableSignals, asset: int, horizon: Expr) -> Expr:
    """S = ceil(z * sigma * sqrt(T / year)): the S with S^2 * year >= z^2 * sigma^2 * T > (S - 1)^2 * year.

    S counts steps of 1e-9. Where S = 0 there is no step before it, and the first inequality says all: z sigma T = 0.
    """
    year = c.fixed(rules.YEAR_MS, TIME_MS(0))
    step = c.fixed("0.000000001", RATIO(9))
    shock = c.private(f"shock_e9[{asset}]", bits=rules.SHOCK_BITS, unit=RATIO(9))
    spread = table.confidence * table.sigma[asset]
    exact = spread * spread * horizon
    square = (shock * shock).at_scale(20) * year
    square_before = square - ((2 * shock - step) * step).at_scale(20) * year
    nothing_before = c.constant(100 * rules.YEAR_MS + 1).counting(TIME_MS(20))
    assert_at_most(exact, square)
    assert_less(square_before - is_zero(shock) * nothing_before, exact)
    return shock


def _kept(c: Circuit, haircut: Expr, shock: Expr) -> Expr:
    """1 - min(1, haircut + S), S rounded up to ppm: the share of an asset's value that counts."""
    return positive_part(c.fixed("1", RATIO(6)) - haircut - round_up(shock, 6))


def _short(position: Expr) -> Expr:
    """max(0, -q)."""
    return (is_nonnegative(position) - 1) * position


def _margin_twice(
    c: Circuit, shape: Shape, table: TableSignals, positions: Sequence[Expr], underlying: int, shock: Expr
) -> Expr:
    """Twice a number at least |D| * S + max(0, -G) * S^2 / 2 and each scenario's loss; the prover names the slack."""
    rows = shape.instruments_of(underlying)
    delta = total([positions[k] * table.dollar_delta[k] for k in rows])
    gamma = total([positions[k] * table.dollar_gamma[k] for k in rows])
    twice = 2 * (absolute(delta) * shock).at_scale(MONEY_SCALE) + positive_part(-gamma) * (shock * shock)
    if not shape.scenarios:
        return twice
    losses_twice = [
        -2 * total([positions[k] * table.pnl[k][scenario] for k in rows]).at_scale(MONEY_SCALE)
        for scenario in range(shape.scenarios)
    ]
    worst = max(loss.interval[1] for loss in losses_twice if loss.interval is not None)
    twice = twice + c.private(f"slack_2e34[{underlying}]", bits=worst.bit_length(), unit=VALUE(MONEY_SCALE))
    for loss in losses_twice:
        assert_at_most(loss, twice)
    return twice
