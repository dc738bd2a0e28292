"""Sparse Merkle trees inside the circuit: what a key holds, that it holds nothing, and how one key changes the root.

`zkmargin.algebra.sparse_merkle` is the plain twin and says what a tree is. A path of n levels is given by n siblings,
from the root down and filled up with anything, best zeros, and by its `depth`: the number of levels above the node at
which it ends. That node is 0, or H(key, value, 1); pairs are hashed by another permutation, H(left, right), so a leaf
that is also a pair is a collision between the two, and as hard to find as any.

**What is proven, and for which roots.** All of this holds for roots of trees in which every leaf lies on the path of
its key and 0 stands for nothing: the empty tree is one, and `sparse_update` and `sparse_insert` turn one into another.
In such a tree the node at any depth of a key's path determines what the key holds below it, so a path that leads to
the root, by collision resistance, tells the truth at whatever depth it ends. The path of a key is that of its canonical
bits (`low_bits`): a second form of them would be a second path.

Keys that agree in all n low bits have one path, and the tree can hold one of them only: an n of 2 log2(keys) + 40
leaves chance out of it for keys that are hashes, and for keys known to be below 2^n it never happens.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..expression import Expr
from ..scope import gadget
from .arithmetic import require_bit
from .low_bits import low_bits
from .merkle import ordered_pair
from .poseidon import poseidon


@gadget
def sparse_root_with(key: Expr, value: Expr, siblings: Sequence[Expr], depth: Expr) -> Expr:
    """The root of the tree in which `key` holds `value`; 243 constraints a level, 258 for the leaf, 256 for the key's
    bits, 2 more.

    Membership is this root equal to the one in force.
    """
    bits = low_bits(key, len(siblings))
    return _climb(_leaf(key, value), bits, siblings, _levels_above(depth, len(siblings)))


@gadget
def sparse_update(
    key: Expr, old_value: Expr, new_value: Expr, siblings: Sequence[Expr], depth: Expr
) -> tuple[Expr, Expr]:
    """(old_root, new_root): the roots before and after the key's value changes; 485 constraints a level, 258 for each
    leaf, 256 for the key's bits, 2 more.

    Both roots come from the same bits, siblings and depth: where the old one is a tree's, the new one is that of the
    same tree with this leaf replaced, as for `merkle_update`.
    """
    n = len(siblings)
    bits, above = low_bits(key, n), _levels_above(depth, n)
    old, new = _leaf(key, old_value), _leaf(key, new_value)
    return _climb(old, bits, siblings, above), _climb(new, bits, siblings, above)


@gadget(requires="the key holds nothing")
def assert_not_in_sparse_tree(
    root: Expr, key: Expr, siblings: Sequence[Expr], depth: Expr, other_key: Expr, other_value: Expr, empty: Expr
) -> None:
    """The key holds nothing in the tree of that root: its path ends at 0 (`empty` is 1), or at the leaf of another key.

    243 constraints a level, 258 for the other leaf, 256 for the key's bits, 5 more. `empty` must be known to be a bit;
    where it is 1, the other key and value say nothing, and 0 will do.

    Proof: with difference * q = 1 - empty, for some q, an other leaf (empty = 0) has another key. The path ends at
    (1 - empty) times its hash, and leads to the root. Were the key in the tree as well, the node that its path has at
    this depth would be its leaf, or a pair with it below: neither is 0 or the leaf of another key.
    """
    c = root.circuit
    require_bit(empty)
    occupied = c.field_sum(((c.constant(1), 1), (empty, -1)))
    difference = c.field_sum(((other_key, 1), (key, -1)))
    c.constrain_product(difference, c.hint_quotient(occupied, difference), occupied)
    end = c.product_unused(occupied, _leaf(other_key, other_value))
    bits, above = low_bits(key, len(siblings)), _levels_above(depth, len(siblings))
    c.constrain_equal(_climb(end, bits, siblings, above), root)


@gadget
def sparse_insert(
    key: Expr,
    value: Expr,
    siblings: Sequence[Expr],
    depth: Expr,
    other_key: Expr,
    other_value: Expr,
    fork: Expr,
) -> tuple[Expr, Expr]:
    """(old_root, new_root): the roots before and after a key that held nothing is given a value.

    492 constraints a level, 258 for each of two leaves, 256 for the bits of each key, 4 more. The same roots the other
    way round are the deletion of the key.

    The path, with its siblings and depth, is that of the key in the old tree. Where it ends at 0, `fork` is n, the
    number of levels, and the other key and value say nothing. Where it ends at the leaf of another key, `fork` is the
    first level, 0 at the root, at which the bits of the two keys differ, and the siblings from `depth` on are 0: in the
    new tree the two leaves hang there as a pair, below single branches.

    Proof. If there is no fork, the old path ends at 0 and the new one at the same depth in the key's leaf. If there is
    one, at level f, then it lies at or below the old end (fork_i * above_i = 0, so depth <= f). The bits of the keys
    agree above f and differ there: with T = 1 from the root to f, T * (difference of the bits)^2 is 1 at f and 0
    elsewhere; so the keys are two. The siblings from depth to f are 0 (`branch` names these levels), and the new path
    takes the other leaf as its sibling at f, where the old one ended in it. Everything above the old end is shared. So
    the old root is that of a tree without the key, the new one that of the tree with it, and every leaf lies on the
    path of its key.

    Read backwards, removing the key puts 0, or the other leaf, where the old path ends: the tree without the key comes
    out. It need not be collapsed, as a prover may leave a single leaf below branches of its own, which changes no
    answer but gives another root than the plain twin's. Who relies on roots being equal compares them.
    """
    c, n = key.circuit, len(siblings)
    bits, other_bits = low_bits(key, n), low_bits(other_key, n)
    above, forks = _levels_above(depth, n), _level(fork, n)
    other, leaf = _leaf(other_key, other_value), _leaf(key, value)
    new_above, new_siblings, taken = [], [], []
    for level in range(n):
        c.constrain_product(forks[level], above[level], c.constant(0))
        to_fork = c.field_sum((at, 1) for at in forks[level:])
        difference = c.field_sum(((bits[level], 1), (other_bits[level], -1)))
        c.constrain_product(c.product_unused(to_fork, difference), difference, forks[level].raw())
        branch = c.product_unused(to_fork, c.field_sum(((c.constant(1), 1), (above[level], -1))))
        c.constrain_product(branch, siblings[level].raw(), c.constant(0))
        taken.append(c.product_unused(forks[level].raw(), other))
        new_above.append(c.field_sum(((above[level], 1), (branch, 1))))
        new_siblings.append(c.field_sum(((siblings[level], 1), (taken[level], 1))))
    end = c.field_sum((part, 1) for part in taken)
    return _climb(end, bits, siblings, above), _climb(leaf, bits, new_siblings, new_above)


def _leaf(key: Expr, value: Expr) -> Expr:
    return poseidon([key, value, key.circuit.constant(1)])


def _climb(end: Expr, bits: Sequence[Expr], siblings: Sequence[Expr], above: Sequence[Expr]) -> Expr:
    """The root above a path's last node; `above` is 1 from the root to that node, then 0. 242 constraints a level.

    At a level where `above` is 0 the node is `end` again, whatever lies below; the first of them decides.
    """
    c, node = end.circuit, end
    for bit, sibling, inner in reversed(list(zip(bits, siblings, above, strict=True))):
        pair = poseidon(ordered_pair(node, bit, sibling))
        chosen = c.product_unused(inner.raw(), c.field_sum(((pair, 1), (end, -1))))
        node = c.field_sum(((end, 1), (chosen, 1)))
    return node


def _levels_above(depth: Expr, n: int) -> list[Expr]:
    """[i < depth] for each level i, where depth is proven to lie in 0 .. n; n + 2 constraints."""
    c = depth.circuit
    ends = _level(depth, n)
    return [c.field_sum([(c.constant(1), 1), *((at, -1) for at in ends[: level + 1])]) for level in range(n)]


def _level(level: Expr, n: int) -> list[Expr]:
    """[i = level] for i < n, where level is proven to lie in 0 .. n; n + 2 constraints.

    Proof: n bits with a sum of 0 or 1, and sum i * bit_i + n * (1 - sum bit_i) = level.
    """
    c = level.circuit
    found = c.hint_one_hot(level, n)
    none = c.field_sum([(c.constant(1), 1), *((at, -1) for at in found)])
    for bit in (*found, none):
        c.constrain_product(bit, c.field_sum(((bit, 1), (c.constant(1), -1))), c.constant(0))
    c.constrain_equal(c.field_sum([(none, n), *((at, place) for place, at in enumerate(found))]), level)
    return [c.range_proven(bit, (0, 1)) for bit in found]
