"""What the margin statement opens from its public inputs: the risk table, the leaves under their roots, the terms.

Every value gets its range and unit here; `constraints.py` computes with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..builder import Circuit
from ..expression import Expr
from ..gadgets import assert_equal, assert_less, merkle_root, pack, poseidon
from ..interval import Interval
from ..units import AMOUNT, PRICE, RATIO, TIME_MS, VALUE, Unit
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
    """The risk table's numbers, opened from `risk_root`. Greeks and scenario results are value per unit: prices."""

    confidence: Expr
    price_low: list[Expr]
    price_high: list[Expr]
    haircut: list[Expr]
    sigma: list[Expr]
    spot: list[Expr]
    contingency: list[Expr]
    dollar_delta: list[Expr]
    dollar_gamma: list[Expr]
    pnl: list[list[Expr]]


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

    def trusted(name: str, interval: Interval, unit: Unit) -> Expr:
        return c.private_trusted(f"risk.{name}", interval, because=TABLE_REASON, unit=unit)

    half = 1 << (GREEK_BITS - 1)
    price, sigma, ppm, signed = (0, (1 << PRICE_BITS) - 1), (0, (1 << SIGMA_BITS) - 1), (0, PPM), (-half, half - 1)
    assets, underlyings, instruments = range(shape.assets), range(shape.underlyings), range(shape.instruments)
    table = TableSignals(
        confidence=trusted("confidence_e4", (0, (1 << CONFIDENCE_BITS) - 1), RATIO(4)),
        price_low=[trusted(f"assets[{a}].price_low_e8", price, PRICE(8)) for a in assets],
        price_high=[trusted(f"assets[{a}].price_high_e8", price, PRICE(8)) for a in assets],
        haircut=[trusted(f"assets[{a}].haircut_ppm", ppm, RATIO(6)) for a in assets],
        sigma=[trusted(f"assets[{a}].sigma_ppm", sigma, RATIO(6)) for a in assets],
        spot=[trusted(f"underlyings[{u}].spot_e8", price, PRICE(8)) for u in underlyings],
        contingency=[trusted(f"underlyings[{u}].contingency_ppm", ppm, RATIO(6)) for u in underlyings],
        dollar_delta=[trusted(f"instruments[{k}].dollar_delta_e8", signed, PRICE(8)) for k in instruments],
        dollar_gamma=[trusted(f"instruments[{k}].dollar_gamma_e8", signed, PRICE(8)) for k in instruments],
        pnl=[
            [trusted(f"instruments[{k}].pnl_e8[{s}]", signed, PRICE(8)) for s in range(shape.scenarios)]
            for k in instruments
        ],
    )
    items = [c.constant(shape.table_layout()), table.confidence]
    for a in assets:
        items += [table.price_low[a], table.price_high[a], table.haircut[a], table.sigma[a]]
    for u in underlyings:
        items += [table.spot[u], table.contingency[u]]
    for k in instruments:
        items += [table.dollar_delta[k], table.dollar_gamma[k], *table.pnl[k]]
    assert_equal(risk_root, _hash_list(c, commitments.TAG_RISK, items))
    return table


def open_leaves(c: Circuit, shape: Shape, secret: Expr, source_roots: Sequence[Expr]) -> list[LeafSignals]:
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


def open_terms(c: Circuit, terms: Expr, sequence: Expr) -> tuple[Expr, Expr]:
    """Credit and horizon, ranged; with the sequence they are packed as `verifier.Terms.pack` does."""
    credit = c.private("credit_e8", bits=CREDIT_BITS, unit=VALUE(8))
    horizon = c.private("horizon_ms", bits=rules.HORIZON_BITS, unit=TIME_MS(0))
    packed = credit.integer() + horizon.integer() * 2**CREDIT_BITS + sequence * 2 ** (CREDIT_BITS + rules.HORIZON_BITS)
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
    items = [c.constant(shape.leaf_layout()), key, group, salt, *leaf.reservation_targets, *_packed(words)]
    return leaf, _hash_list(c, commitments.TAG_LEAF, items)


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


def _hash_list(c: Circuit, base: int, items: Sequence[Expr]) -> Expr:
    """`commitments.hash_list` in the circuit."""
    state = c.constant(commitments.list_tag(base, len(items)))
    for start in range(0, len(items), commitments.BLOCK - 1):
        state = poseidon([state, *items[start : start + commitments.BLOCK - 1]])
    return state
