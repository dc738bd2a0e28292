"""Poseidon trees: the root that a leaf reaches, by its index or among its siblings, and the roots around a change."""

from __future__ import annotations

from collections.abc import Sequence

from zkmargin.algebra.poseidon import MAX_INPUTS

from ..builder import Circuit
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
    require_path(leaf.circuit, index_bits, siblings)
    node = leaf.raw()
    for bit, sibling in zip(index_bits, siblings, strict=True):
        node = poseidon(ordered_pair(node, bit, sibling))
    return node


@gadget
def merkle_update(
    old_leaf: Expr, new_leaf: Expr, index_bits: Sequence[Expr], siblings: Sequence[Expr]
) -> tuple[Expr, Expr]:
    """(old_root, new_root): the roots before and after the leaf at that index changes; 482 constraints a level.

    Trusts the index bits as `merkle_root` does. Says nothing yet: the caller binds the old root to the tree in force,
    and the new one to what replaces it.

    Proof that nothing else changes: both roots come from the same index bits and the same siblings. Where the old root
    is that of a tree of this depth, `old_leaf` is its leaf at this index and the siblings are what stands beside its
    path; otherwise two pairs have one hash. The new root is then that of the same tree with this leaf replaced. The
    index is below 2^depth, as it has no more bits. Each level takes two swaps: the bit times the one node says nothing
    of the bit times the other.
    """
    require_path(old_leaf.circuit, index_bits, siblings)
    old, new = old_leaf.raw(), new_leaf.raw()
    for bit, sibling in zip(index_bits, siblings, strict=True):
        old = poseidon(ordered_pair(old, bit, sibling))
        new = poseidon(ordered_pair(new, bit, sibling))
    return old, new


@gadget
def merkle_membership(leaf: Expr, children: Sequence[Sequence[Expr]]) -> Expr:
    """The root of a tree that holds the leaf somewhere. `children` has, for each level from the leaf up, all of a
    node's children, 2 to 16 of them and as many at each level, the running node among them.

    Costs k - 1 constraints and a hash of k a level, for k children; the position is neither revealed nor bound: where
    one leaf stands at two places, nothing says which one is meant. Without levels the leaf is the root.

    Proof: with children x_1 .. x_k and running node n, the constraints say (n - x_1) ... (n - x_k) = 0 in a field, so n
    is one of them. Then the hash of the children is a node of which n is a child. By induction the result
    is the root of a tree of this depth whose leaves include `leaf`; where the caller binds it to the root of a known
    tree, other children than that tree's would be two inputs of one hash. The depth is the circuit's, so an inner
    node cannot pass for a leaf. Each product but the last is one wire, determined by its factors; the last is asserted
    to be zero and needs none.
    """
    require_levels(leaf.circuit, children)
    node = leaf.raw()
    for level in children:
        _assert_among(node, level)
        node = poseidon(level)
    return node


def _assert_among(node: Expr, choices: Sequence[Expr]) -> None:
    """The node equals one of the choices, two or more; one constraint less than there are choices."""
    c = node.circuit
    first, *others, last = (c.field_sum(((node, 1), (choice, -1))) for choice in choices)
    for other in others:
        first = c.product(first, other)
    c.constrain_product(first, last, c.constant(0).raw())


def require_levels(c: Circuit, children: Sequence[Sequence[Expr]]) -> None:
    """Refuse levels of different or impossible numbers of children."""
    arities = sorted({len(level) for level in children})
    if len(arities) > 1:
        c.refuse(f"levels of {arities[0]} and of {arities[-1]} children; a tree has as many at each level")
    if arities and not 2 <= arities[0] <= MAX_INPUTS:
        c.refuse(f"{arities[0]} children a level; a node has 2 to {MAX_INPUTS}")


def require_path(c: Circuit, index_bits: Sequence[Expr], siblings: Sequence[Expr]) -> None:
    """Refuse a path without one bit and one sibling a level."""
    if len(index_bits) != len(siblings):
        c.refuse(f"{len(index_bits)} index bits and {len(siblings)} siblings; there must be one of each a level")
    for bit in index_bits:
        require_bit(bit)


def ordered_pair(node: Expr, bit: Expr, sibling: Expr) -> list[Expr]:
    """[node, sibling], or [sibling, node] where the bit is 1. One product: left + right = node + sibling."""
    c = node.circuit
    left = c.field_sum(((node, 1), (bit.raw() * c.field_sum(((sibling, 1), (node, -1))), 1)))
    right = c.field_sum(((node, 1), (sibling, 1), (left, -1)))
    return [left, right]
