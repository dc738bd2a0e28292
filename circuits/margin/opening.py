"""What the margin statement opens from its public inputs: the risk table, the leaves under their roots, the terms.

Every value gets its range and unit here; `constraints.py` computes with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from zkmargin.verifier.statement import CREDIT_BITS, HORIZON_BITS

from ..builder import Circuit
from ..expression import Expr
from ..gadgets import Lanes, assert_equal, assert_less, merkle_membership, pack, poseidon, poseidon_list, trusted_lanes
from ..interval import Interval
from ..lane_layout import LaneLayout
from ..units import AMOUNT, PRICE, TIME_MS, VALUE, Unit
from . import commitments, packing
from .account import POSITION_BIAS, SEQUENCE_BITS, WORDS_PER_ELEMENT, leaf_tag
from .risk_table import GAMMA_UNIT_BITS, PPM, PRICE_BITS, VALUE_UNIT_BITS, VARIANCE_BITS
from .shape import TREE_ARITY, WORD_BITS, Shape

VENUE_ID_BITS = 64
TABLE_REASON = "bound by risk_root to a table whose ranges RiskTable.validate checks in the open"
SIGN_REASON = "sign_split decomposes it into bits of exactly this range"


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
    """The risk table's numbers, opened from `risk_root`; lanes as `packing.py` lays them out."""

    price_low: list[Expr]
    price_high: list[Expr]
    variance_rates: list[Lanes]
    tiers: list[list[Lanes]]
    """For each asset its thresholds and haircuts."""
    contingency_charge: list[Expr]
    liquidity_charge: list[Expr]
    liquidity_free: list[Lanes]
    value_unit: list[Expr]
    gamma_unit: list[Expr]
    risk: list[list[Lanes]]
    """For each instrument its risk numbers: amounts of units."""
    scenario_horizon: list[Expr]
    """How far ahead the scenarios look, where there are any."""

    def items(self) -> list[Expr]:
        """In the order of `RiskTable.items`."""
        return [
            *(price for both in zip(self.price_low, self.price_high, strict=True) for price in both),
            *(lanes.x for lanes in self.variance_rates),
            *(lanes.x for of_asset in self.tiers for lanes in of_asset),
            *(charge for both in zip(self.contingency_charge, self.liquidity_charge, strict=True) for charge in both),
            *(lanes.x for lanes in self.liquidity_free),
            *(unit for both in zip(self.value_unit, self.gamma_unit, strict=True) for unit in both),
            *(lanes.x for of_instrument in self.risk for lanes in of_instrument),
            *self.scenario_horizon,
        ]


@dataclass(frozen=True)
class LeafSignals:
    """One venue's account leaf."""

    sequence: Expr
    balances: list[Expr]
    debts: list[Expr]
    positions: list[Expr]
    reservation_targets: list[Expr]
    reservations: list[Expr]


def declare_public(c: Circuit, shape: Shape) -> PublicSignals:
    """The public inputs; each is bound by what is opened from it, `context` by `bind`."""
    return PublicSignals(
        target=c.public("target"),
        source_roots=c.public_array("source_root", shape.venues),
        risk_root=c.public("risk_root"),
        account=c.public("account"),
        nullifier=c.public("nullifier"),
        terms=c.public("terms"),
        context=c.public("context"),
    )


def open_table(c: Circuit, shape: Shape, risk_root: Expr) -> TableSignals:
    """Private copies of the public table, equal to it because their hash is `risk_root`."""
    table = declare_table(c, shape)
    tag = commitments.laid_out(commitments.TAG_RISK, shape.table_layout())
    assert_equal(risk_root, poseidon_list(c, tag, table.items()))
    return table


def declare_table(c: Circuit, shape: Shape) -> TableSignals:
    """The table's numbers as inputs, believed to lie in the ranges that `RiskTable.validate` checks."""
    assets, underlyings, instruments = range(shape.assets), range(shape.underlyings), range(shape.instruments)
    price, charge = (1, (1 << PRICE_BITS) - 1), (0, ((1 << PRICE_BITS) - 1) * PPM)
    most = shape.risk_limit
    risk = [(-2 * most, 2 * most), (-most, most)] + [(-2 * most, 2 * most)] * shape.scenarios
    threshold, haircut = (0, (1 << WORD_BITS) - 1), (0, PPM * packing.E9_PER_PPM)

    def trusted(name: str, interval: Interval, unit: Unit) -> Expr:
        return c.private_trusted(f"risk.{name}", interval, because=TABLE_REASON, unit=unit)

    def lanes(name: str, layouts: Sequence[LaneLayout], intervals: Sequence[Interval]) -> list[Lanes]:
        return [
            trusted_lanes(c, f"risk.{name}[{place}]", layout, part, TABLE_REASON)
            for place, (layout, part) in enumerate(zip(layouts, packing.split(layouts, intervals), strict=True))
        ]

    tiers = [threshold] * (shape.tiers - 1) + [haircut] * shape.tiers
    return TableSignals(
        price_low=[trusted(f"price_low_e8[{a}]", price, PRICE(8)) for a in assets],
        price_high=[trusted(f"price_high_e8[{a}]", price, PRICE(8)) for a in assets],
        variance_rates=lanes(
            "variance_rates_e18", packing.variance_layouts(shape), [(0, (1 << VARIANCE_BITS) - 1)] * shape.assets
        ),
        tiers=[lanes(f"tiers[{a}]", packing.tier_layouts(shape), tiers) for a in assets],
        contingency_charge=[trusted(f"contingency_charge_e14[{u}]", charge, PRICE(14)) for u in underlyings],
        liquidity_charge=[trusted(f"liquidity_charge_e14[{u}]", charge, PRICE(14)) for u in underlyings],
        liquidity_free=lanes("liquidity_free_e8", packing.liquidity_layouts(shape), [threshold] * shape.underlyings),
        value_unit=[trusted(f"value_unit_e16[{u}]", (1, (1 << VALUE_UNIT_BITS) - 1), PRICE(16)) for u in underlyings],
        gamma_unit=[trusted(f"gamma_unit_e8[{u}]", (1, (1 << GAMMA_UNIT_BITS) - 1), PRICE(8)) for u in underlyings],
        risk=[lanes(f"instruments[{k}]", packing.risk_layouts(shape), risk) for k in instruments],
        scenario_horizon=[
            trusted("scenario_horizon_ms[0]", (0, (1 << HORIZON_BITS) - 1), TIME_MS(0))
            for _ in range(shape.scenarios > 0)
        ],
    )


def open_leaves(c: Circuit, shape: Shape, secret: Expr, source_roots: Sequence[Expr]) -> list[LeafSignals]:
    """One leaf per venue, each under its venue's root, all under one secret and one group."""
    # A venue on its own is only hashed; several are compared, for which they need a range.
    venue_ids = c.private_array("venue_id", shape.venues, bits=VENUE_ID_BITS if shape.venues > 1 else None)
    for earlier, later in pairwise(venue_ids):
        assert_less(earlier, later)  # the same venue twice would count its collateral twice
    group = poseidon([c.constant(commitments.TAG_GROUP), *venue_ids])
    key = poseidon([c.constant(commitments.TAG_KEY), secret])
    leaves = []
    for venue in range(shape.venues):
        leaf, digest = _leaf(c, shape, f"leaf[{venue}]", key, group)
        levels = [c.private_array(f"path[{venue}].children[{level}]", TREE_ARITY) for level in range(shape.depth)]
        root = merkle_membership(digest, levels)
        epoch = c.private(f"epoch[{venue}]")
        assert_equal(source_roots[venue], poseidon([c.constant(commitments.TAG_ROOT), venue_ids[venue], epoch, root]))
        leaves.append(leaf)
    return leaves


def open_terms(c: Circuit, terms: Expr, sequence: Expr) -> tuple[Expr, Expr]:
    """Credit and horizon, ranged; with the sequence they are packed as `verifier.Terms.pack` does."""
    credit = c.private("credit_e8", bits=CREDIT_BITS, unit=VALUE(8))
    horizon = c.private("horizon_ms", bits=HORIZON_BITS, unit=TIME_MS(0))
    packed = credit.integer() + horizon.integer() * 2**CREDIT_BITS + sequence * 2 ** (CREDIT_BITS + HORIZON_BITS)
    assert_equal(terms, packed)
    return credit, horizon


def _leaf(c: Circuit, shape: Shape, name: str, key: Expr, group: Expr) -> tuple[LeafSignals, Expr]:
    """The leaf's values, each of its 64-bit words ranged, and the leaf's digest."""
    assets, slots = shape.assets, shape.reservation_slots
    salt = c.private(f"{name}.salt")
    leaf = LeafSignals(
        sequence=c.private(f"{name}.sequence", bits=SEQUENCE_BITS),
        balances=c.private_array(f"{name}.balances_e8", assets, bits=WORD_BITS, unit=AMOUNT(8)),
        debts=c.private_array(f"{name}.debts_e8", assets, bits=WORD_BITS, unit=AMOUNT(8)),
        positions=_positions(c, shape, f"{name}.positions_e8"),
        reservation_targets=c.private_array(f"{name}.reservation_target", slots),
        reservations=c.private_array(f"{name}.reservation_e8", slots, bits=WORD_BITS, unit=VALUE(8)),
    )
    words = [
        leaf.sequence,
        *leaf.balances,
        *leaf.debts,
        *(position.integer() + POSITION_BIAS for position in leaf.positions),
        *leaf.reservations,
    ]
    items = [key, group, salt, *leaf.reservation_targets, *_packed(words)]
    return leaf, poseidon_list(c, leaf_tag(shape), items)


def _positions(c: Circuit, shape: Shape, name: str) -> list[Expr]:
    """Signed words. With one venue the statement takes the sign of each position, which is its range check."""
    if shape.venues > 1:
        return c.private_array(name, shape.instruments, signed_bits=WORD_BITS, unit=AMOUNT(8))
    signed = (-POSITION_BIAS, POSITION_BIAS - 1)
    return [
        c.private_trusted(f"{name}[{k}]", signed, because=SIGN_REASON, unit=AMOUNT(8)) for k in range(shape.instruments)
    ]


def _packed(words: Sequence[Expr]) -> list[Expr]:
    """`account.pack_words` in the circuit; the words are ranged, so the packing is one to one."""
    starts = range(0, len(words), WORDS_PER_ELEMENT)
    return [pack(words[start : start + WORDS_PER_ELEMENT], WORD_BITS) for start in starts]
