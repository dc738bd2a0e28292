"""The margin statement as constraints: each rule of `rules.py`, in the same order, plus what binds it to public inputs.

The formulas, the bounds and the reasons why nothing can wrap are written out in `docs/statement.md`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..builder import Circuit
from ..expression import Expr
from ..gadgets import (
    absolute,
    assert_at_most,
    assert_equal,
    assert_less,
    bind,
    divide,
    is_equal,
    is_nonnegative,
    is_zero,
    merkle_root,
    poseidon,
    positive_part,
)
from . import commitments, rules
from .account import POSITION_BIAS, SEQUENCE_BITS, WORD_BITS, WORDS_PER_ELEMENT
from .risk_table import CONFIDENCE_BITS, GREEK_BITS, PPM, PRICE_BITS, SIGMA_BITS
from .shape import Shape

VENUE_ID_BITS = 64
CREDIT_BITS = 64
TABLE_REASON = "bound by risk_root to a table whose ranges RiskTable.validate checks in the open"
SIGN_REASON = "is_nonnegative decomposes it into bits of exactly this range"


@dataclass(frozen=True)
class PublicSignals:
    """The public inputs, in the order of the design."""

    target: Expr
    source_roots: list[Expr]
    risk_root: Expr
    account: Expr
    nullifier: Expr
    terms: Expr
    context: Expr


@dataclass(frozen=True)
class TableSignals:
    """The risk table's numbers, opened from `risk_root`."""

    confidence_e4: Expr
    price_low_e8: list[Expr]
    price_high_e8: list[Expr]
    haircut_ppm: list[Expr]
    sigma_ppm: list[Expr]
    spot_e8: list[Expr]
    contingency_ppm: list[Expr]
    dollar_delta_e8: list[Expr]
    dollar_gamma_e8: list[Expr]
    pnl_e8: list[list[Expr]]


@dataclass(frozen=True)
class LeafSignals:
    """One venue's account leaf; `short_e8` is what is short of each position, max(0, -q)."""

    sequence: Expr
    balances_e8: list[Expr]
    debts_e8: list[Expr]
    positions_e8: list[Expr]
    reservation_targets: list[Expr]
    reservations_e8: list[Expr]


def margin_statement(c: Circuit, shape: Shape) -> None:
    """haircut-adjusted collateral >= margin + debts + everything reserved, for an account under the source roots."""
    public = _public_signals(c, shape)
    table = _open_table(c, shape, public.risk_root)
    secret = c.private("secret")
    leaves = _open_leaves(c, shape, secret, public.source_roots)
    sequence = _total([leaf.sequence for leaf in leaves])
    credit, horizon = _open_terms(c, public.terms, sequence)

    # Who: a pseudonym, and a nullifier for this state of the account.
    assert_equal(public.account, poseidon([c.constant(commitments.TAG_ACCOUNT), secret, public.target]))
    assert_equal(public.nullifier, poseidon([c.constant(commitments.TAG_NULLIFIER), secret, public.target, sequence]))
    bind(public.context)

    # rules.net
    balances = [_total(column) for column in zip(*(leaf.balances_e8 for leaf in leaves), strict=True)]
    debts = [_total(column) for column in zip(*(leaf.debts_e8 for leaf in leaves), strict=True)]
    positions = [_total(column) for column in zip(*(leaf.positions_e8 for leaf in leaves), strict=True)]
    reserved = _total([amount for leaf in leaves for amount in leaf.reservations_e8])
    _assert_reserved(leaves, public.target, credit)

    # rules.evaluate
    shocks = [_shock_e9(c, table, asset, horizon) for asset in range(shape.assets)]
    kept = [_kept_ppm(table.haircut_ppm[asset], shocks[asset]) for asset in range(shape.assets)]
    collateral_e22 = _total(
        [balances[a] * (table.price_low_e8[a] * kept[a]) for a in range(shape.assets)],
    )
    debts_e16 = _total([debts[a] * table.price_high_e8[a] for a in range(shape.assets)])
    shorts = [_short(position) for position in positions]
    margins = [_underlying_margin_2e34(c, shape, table, positions, u, shocks[u]) for u in range(shape.underlyings)]
    contingencies_e22 = [
        _total([shorts[k] for k in shape.instruments_of(u)]) * (table.spot_e8[u] * table.contingency_ppm[u])
        for u in range(shape.underlyings)
    ]

    # rules.require_claim
    required = (
        _total(margins)
        + _total(contingencies_e22) * rules.FROM_E22
        + debts_e16 * rules.FROM_E16
        + reserved * rules.FROM_E8
    )
    assert_at_most(required, collateral_e22 * rules.FROM_E22)


def _public_signals(c: Circuit, shape: Shape) -> PublicSignals:
    return PublicSignals(
        target=c.public("target"),
        source_roots=c.public_array("source_root", shape.venues),
        risk_root=c.public("risk_root"),
        account=c.public("account"),
        nullifier=c.public("nullifier"),
        terms=c.public("terms"),
        context=c.public("context"),
    )


def _open_table(c: Circuit, shape: Shape, risk_root: Expr) -> TableSignals:
    """Private copies of the public table, equal to it because their hash is `risk_root`."""

    def unsigned(name: str, top: int) -> Expr:
        return c.private_trusted(f"risk.{name}", interval=(0, top), because=TABLE_REASON)

    def signed(name: str) -> Expr:
        half = 1 << (GREEK_BITS - 1)
        return c.private_trusted(f"risk.{name}", interval=(-half, half - 1), because=TABLE_REASON)

    price, sigma = (1 << PRICE_BITS) - 1, (1 << SIGMA_BITS) - 1
    assets, underlyings, instruments = range(shape.assets), range(shape.underlyings), range(shape.instruments)
    table = TableSignals(
        confidence_e4=unsigned("confidence_e4", (1 << CONFIDENCE_BITS) - 1),
        price_low_e8=[unsigned(f"assets[{a}].price_low_e8", price) for a in assets],
        price_high_e8=[unsigned(f"assets[{a}].price_high_e8", price) for a in assets],
        haircut_ppm=[unsigned(f"assets[{a}].haircut_ppm", PPM) for a in assets],
        sigma_ppm=[unsigned(f"assets[{a}].sigma_ppm", sigma) for a in assets],
        spot_e8=[unsigned(f"underlyings[{u}].spot_e8", price) for u in underlyings],
        contingency_ppm=[unsigned(f"underlyings[{u}].contingency_ppm", PPM) for u in underlyings],
        dollar_delta_e8=[signed(f"instruments[{k}].dollar_delta_e8") for k in instruments],
        dollar_gamma_e8=[signed(f"instruments[{k}].dollar_gamma_e8") for k in instruments],
        pnl_e8=[[signed(f"instruments[{k}].pnl_e8[{s}]") for s in range(shape.scenarios)] for k in instruments],
    )
    items = [c.constant(shape.table_layout()), table.confidence_e4]
    for a in assets:
        items += [table.price_low_e8[a], table.price_high_e8[a], table.haircut_ppm[a], table.sigma_ppm[a]]
    for u in underlyings:
        items += [table.spot_e8[u], table.contingency_ppm[u]]
    for k in instruments:
        items += [table.dollar_delta_e8[k], table.dollar_gamma_e8[k], *table.pnl_e8[k]]
    assert_equal(risk_root, _hash_list(c, commitments.TAG_RISK, items))
    return table


def _open_leaves(c: Circuit, shape: Shape, secret: Expr, source_roots: Sequence[Expr]) -> list[LeafSignals]:
    """One leaf per venue, each under its venue's root, all under one secret and one group."""
    venue_ids = c.private_array("venue_id", shape.venues, bits=VENUE_ID_BITS)
    for earlier, later in pairwise(venue_ids):
        assert_less(earlier, later)  # the same venue twice would count its collateral twice
    group = poseidon([c.constant(commitments.TAG_GROUP), *venue_ids])
    key = poseidon([c.constant(commitments.TAG_KEY), secret])
    leaves = []
    for venue in range(shape.venues):
        leaf, digest = _leaf(c, shape, f"leaf[{venue}]", key, group)
        root = merkle_root(
            digest,
            c.private_array(f"path[{venue}].index", shape.depth, bits=1),
            c.private_array(f"path[{venue}].sibling", shape.depth),
        )
        epoch = c.private(f"epoch[{venue}]")
        assert_equal(source_roots[venue], poseidon([c.constant(commitments.TAG_ROOT), venue_ids[venue], epoch, root]))
        leaves.append(leaf)
    return leaves


def _leaf(c: Circuit, shape: Shape, name: str, key: Expr, group: Expr) -> tuple[LeafSignals, Expr]:
    """The leaf's values, each of its 64-bit words ranged, and the leaf's digest."""
    salt = c.private(f"{name}.salt")
    leaf = LeafSignals(
        sequence=c.private(f"{name}.sequence", bits=SEQUENCE_BITS),
        balances_e8=c.private_array(f"{name}.balances_e8", shape.assets, bits=WORD_BITS),
        debts_e8=c.private_array(f"{name}.debts_e8", shape.assets, bits=WORD_BITS),
        positions_e8=_positions(c, shape, name),
        reservation_targets=c.private_array(f"{name}.reservation_target", shape.reservation_slots),
        reservations_e8=c.private_array(f"{name}.reservation_e8", shape.reservation_slots, bits=WORD_BITS),
    )
    words = [
        leaf.sequence,
        *leaf.balances_e8,
        *leaf.debts_e8,
        *(position + POSITION_BIAS for position in leaf.positions_e8),
        *leaf.reservations_e8,
    ]
    items = [c.constant(shape.leaf_layout()), key, group, salt, *leaf.reservation_targets, *_pack_words(words)]
    return leaf, _hash_list(c, commitments.TAG_LEAF, items)


def _positions(c: Circuit, shape: Shape, name: str) -> list[Expr]:
    """Signed words. With one venue `_short` decomposes each position itself, which is its range check."""
    if shape.venues > 1:
        return c.private_array(f"{name}.positions_e8", shape.instruments, signed_bits=WORD_BITS)
    return [
        c.private_trusted(
            f"{name}.positions_e8[{k}]", interval=(-POSITION_BIAS, POSITION_BIAS - 1), because=SIGN_REASON
        )
        for k in range(shape.instruments)
    ]


def _open_terms(c: Circuit, terms: Expr, sequence: Expr) -> tuple[Expr, Expr]:
    """Credit and horizon, ranged; with the sequence they are packed as `verifier.Terms.pack` does."""
    credit = c.private("credit_e8", bits=CREDIT_BITS)
    horizon = c.private("horizon_ms", bits=rules.HORIZON_BITS)
    assert_equal(terms, credit + horizon * 2**CREDIT_BITS + sequence * 2 ** (CREDIT_BITS + rules.HORIZON_BITS))
    return credit, horizon


def _assert_reserved(leaves: Sequence[LeafSignals], target: Expr, credit: Expr) -> None:
    """What is reserved for this target covers the credit."""
    for_target = _total(
        [
            is_equal(slot_target, target) * amount
            for leaf in leaves
            for slot_target, amount in zip(leaf.reservation_targets, leaf.reservations_e8, strict=True)
        ]
    )
    assert_at_most(credit, for_target)


def _shock_e9(c: Circuit, table: TableSignals, asset: int, horizon: Expr) -> Expr:
    """The S with S^2 * 100 Y >= z^2 sigma^2 T > (S - 1)^2 * 100 Y; for T or sigma = 0 it is 0.

    With gap = S^2 * 100 Y - z^2 sigma^2 T the second inequality reads gap <= (2 S - 1) * 100 Y - 1. For S = 0 the bound
    becomes 0, so that z^2 sigma^2 T must be 0 too.
    """
    unit = 100 * rules.YEAR_MS
    shock = c.private(f"shock_e9[{asset}]", bits=rules.SHOCK_BITS)
    spread = table.confidence_e4 * table.sigma_ppm[asset]
    gap = shock * shock * unit - spread * spread * horizon
    assert_at_most(c.constant(0), gap)
    assert_at_most(gap, shock * (2 * unit) - unit - 1 + is_zero(shock) * (unit + 1))
    return shock


def _kept_ppm(haircut_ppm: Expr, shock: Expr) -> Expr:
    """1e6 - min(1e6, haircut + ceil(S / 1e3))."""
    rounded_up, _ = divide(shock + 999, 1000)
    return positive_part(PPM - haircut_ppm - rounded_up)


def _short(position: Expr) -> Expr:
    """max(0, -q)."""
    return (is_nonnegative(position) - 1) * position


def _underlying_margin_2e34(
    c: Circuit, shape: Shape, table: TableSignals, positions: Sequence[Expr], underlying: int, shock: Expr
) -> Expr:
    """A number at least the delta-gamma loss and each scenario's loss: the former plus a slack the prover names."""
    rows = shape.instruments_of(underlying)
    delta = _total([positions[k] * table.dollar_delta_e8[k] for k in rows])
    gamma = _total([positions[k] * table.dollar_gamma_e8[k] for k in rows])
    margin = absolute(delta) * shock * rules.FROM_E25 + positive_part(-gamma) * (shock * shock) * rules.FROM_HALF_E34
    if not shape.scenarios:
        return margin
    losses = [
        _total([positions[k] * table.pnl_e8[k][scenario] for k in rows]) * -rules.FROM_E16
        for scenario in range(shape.scenarios)
    ]
    worst = max(loss.interval[1] for loss in losses if loss.interval is not None)
    margin = margin + c.private(f"slack_2e34[{underlying}]", bits=worst.bit_length())
    for loss in losses:
        assert_at_most(loss, margin)
    return margin


def _hash_list(c: Circuit, base: int, items: Sequence[Expr]) -> Expr:
    """`commitments.hash_list` in the circuit."""
    state = c.constant(commitments.list_tag(base, len(items)))
    for start in range(0, len(items), commitments.BLOCK - 1):
        state = poseidon([state, *items[start : start + commitments.BLOCK - 1]])
    return state


def _pack_words(words: Sequence[Expr]) -> list[Expr]:
    """`account.pack_words` in the circuit; the words are ranged, so the packing is one to one."""
    return [
        _total([word * 2 ** (WORD_BITS * place) for place, word in enumerate(words[start : start + WORDS_PER_ELEMENT])])
        for start in range(0, len(words), WORDS_PER_ELEMENT)
    ]


def _total(terms: Sequence[Expr]) -> Expr:
    first, *rest = terms
    for term in rest:
        first = first + term
    return first
