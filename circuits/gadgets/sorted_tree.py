"""Sorted trees inside the circuit: a key's leaf shows what it holds, the gap after a leaf that a key holds nothing.

`zkmargin.algebra.sorted_tree` is the plain twin. Key k has the mark k + 1, a leaf is H(mark, next mark, value), the
list starts at mark 0 and ends at 2^bits + 1.

**What is proven, and for which roots.** All of this holds for roots of trees whose non-zero leaves are one list: marks
ascending from 0 to 2^bits + 1, each leaf naming the next one's mark. The tree of the leaf (0, 2^bits + 1, 0) alone is
one, and `sorted_insert` turns one into another. There every mark a leaf names lies in [0, 2^bits + 1], which is why the
gadgets need no range of their own for what they open; and a key between a leaf's mark and the next is in no leaf.
"""

from __future__ import annotations

from collections.abc import Sequence

from zkmargin.algebra.sorted_tree import MAX_BITS

from ..expression import Expr
from ..scope import gadget
from .bits import assert_bits
from .merkle import merkle_root, merkle_update
from .poseidon import poseidon


@gadget
def sorted_root_with(
    key: Expr, value: Expr, next_mark: Expr, index_bits: Sequence[Expr], siblings: Sequence[Expr]
) -> Expr:
    """The root of the sorted tree in which `key` holds `value`; 241 constraints a level and 261 for the leaf.

    Membership is this root equal to the one in force. Trusts the interval of the key, which may not reach below 0: the
    key -1 would have the mark at which the list starts. Index bits as for `merkle_root`.
    """
    return merkle_root(poseidon([_mark(key), next_mark, value]), index_bits, siblings)


@gadget(requires="the key holds nothing")
def assert_not_in_sorted_tree(
    root: Expr,
    key: Expr,
    low_mark: Expr,
    next_mark: Expr,
    low_value: Expr,
    index_bits: Sequence[Expr],
    siblings: Sequence[Expr],
    bits: int,
) -> None:
    """The key holds nothing in the sorted tree of that root: it lies in the gap after the leaf (low_mark, next_mark,
    low_value).

    Costs 241 constraints a level, 261 for the leaf, 2 (bits + 1) for the order, 1 more. Trusts the interval of the key,
    which must lie in [0, 2^bits).

    Proof: the leaf is one of the tree's, so its marks lie in [0, 2^bits + 1]. key - low_mark and next_mark - key - 2,
    integers of less than 253 bits, are congruent to numbers in [0, 2^bits), and as 2^253 + 2 < r equal to them. So
    low_mark < key + 1 < next_mark, and the list goes from the one to the other without a leaf between.
    """
    c = root.circuit
    _assert_between(low_mark, key, next_mark, bits)
    c.constrain_equal(merkle_root(poseidon([low_mark, next_mark, low_value]), index_bits, siblings), root)


@gadget
def sorted_insert(
    key: Expr,
    value: Expr,
    low_mark: Expr,
    next_mark: Expr,
    low_value: Expr,
    index_bits: Sequence[Expr],
    siblings: Sequence[Expr],
    free_bits: Sequence[Expr],
    free_siblings: Sequence[Expr],
    bits: int,
) -> tuple[Expr, Expr]:
    """(old_root, new_root): the roots before and after a key that held nothing is given a value.

    Two updates: the leaf before the key now leads to it, and the key's own leaf replaces a 0 at a free index, whose
    siblings are those after the first update. Costs 964 constraints a level, 261 for each of three leaves, 2 (bits + 1)
    for the order, 1 more. Trusts the key as `assert_not_in_sorted_tree` does, and so needs
    no proof of its absence beside it: a key that is there has no gap to go into.

    Proof: the first update, by itself, leaves a tree in which `low_mark` leads to the key's mark; the second one starts
    at that very root, and finds 0 at its index, so it takes no other leaf's. Then low_mark -> key's mark -> next_mark,
    and all else as it was: one ascending list, as the key's mark lies strictly between the two.
    """
    c = key.circuit
    _assert_between(low_mark, key, next_mark, bits)
    mark = _mark(key)
    old_low, new_low = poseidon([low_mark, next_mark, low_value]), poseidon([low_mark, mark, low_value])
    old_root, linked = merkle_update(old_low, new_low, index_bits, siblings)
    leaf = poseidon([mark, next_mark, value])
    before, new_root = merkle_update(c.constant(0), leaf, free_bits, free_siblings)
    c.constrain_equal(linked, before)
    return old_root, new_root


def _assert_between(low_mark: Expr, key: Expr, next_mark: Expr, bits: int) -> None:
    """low_mark < key + 1 < next_mark for a key of that many bits and marks in [0, 2^bits + 1]."""
    c = key.circuit
    if not 1 <= bits <= MAX_BITS:
        c.refuse(f"keys have 1 to {MAX_BITS} bits, not {bits}")
    _mark(key)
    if key.interval is not None and key.interval[1] >= 1 << bits:
        c.refuse(f"{key} is not known to fit into the {bits} bits of a key: it may be {key.interval[1]}")
    assert_bits(c.field_sum(((key, 1), (low_mark, -1))), bits)
    assert_bits(c.field_sum(((next_mark, 1), (key, -1), (c.constant(2), -1))), bits)


def _mark(key: Expr) -> Expr:
    """key + 1, which is no sentinel's mark."""
    c = key.circuit
    if key.interval is None or key.interval[0] < 0:
        c.refuse(f"the key {key} is not known to be 0 or more: declare it with bits=..., or range-check it")
    return c.field_sum(((key, 1), (c.constant(1), 1)))
