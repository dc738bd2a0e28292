"""Merkle inclusion in a binary Poseidon tree."""

from __future__ import annotations

from collections.abc import Sequence

from ..expression import Expr
from ..scope import gadget
from .arithmetic import require_bit
from .poseidon import poseidon


@gadget
def merkle_root(leaf: Expr, index_bits: Sequence[Expr], siblings: Sequence[Expr]) -> Expr:
    """The root reached from the leaf, its index given by bits from the lowest level up; 241 constraints a level.

    Trusts that the index bits are bits, and refuses what is not known to be. The depth is fixed by the number of
    bits: a leaf cannot pass for an inner node of the same tree.
    """
    c = leaf.circuit
    if len(index_bits) != len(siblings):
        c.refuse(f"{len(index_bits)} index bits and {len(siblings)} siblings; there must be one of each a level")
    node = leaf.raw()
    for bit, sibling in zip(index_bits, siblings, strict=True):
        require_bit(bit)
        # One product swaps the pair: left + right = node + sibling.
        left = c.field_sum(((node, 1), (bit.raw() * c.field_sum(((sibling, 1), (node, -1))), 1)))
        right = c.field_sum(((node, 1), (sibling, 1), (left, -1)))
        node = poseidon([left, right])
    return node
