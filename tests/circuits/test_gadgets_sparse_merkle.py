"""Sparse trees in the circuit: the plain tree's answers and roots, and every lie about them that we can think of."""

from __future__ import annotations

import itertools
import random

import pytest

from zkmargin.algebra import BN254, SparseMerkleTree, SparsePath, poseidon_hash
from zkmargin.algebra.sparse_merkle import root_above, sparse_leaf
from zkmargin.circuits import (
    BuildError,
    Circuit,
    CompiledCircuit,
    assert_equal,
    assert_not_in_sparse_tree,
    build,
    sparse_insert,
    sparse_root_with,
    sparse_update,
)
from zkmargin.circuits.inputs import InputValues
from zkmargin.circuits.testing import check_liars

from .conftest import broken

R = BN254.r
LEVELS = 4
HELD = {0: 70, 1: 71, 5: 75, 6: 0, 9: 79}
"""0, 1, 5, 9 part late and at different levels: 5 = 0101 and 1 = 0001 at level 2, 9 = 1001 and 1 at level 3."""


def holding(held: dict[int, int], levels: int = LEVELS) -> SparseMerkleTree:
    tree = SparseMerkleTree(levels)
    for key, value in held.items():
        tree.insert(key, value)
    return tree


def membership(levels: int = LEVELS, key_bits: int | None = LEVELS) -> CompiledCircuit:
    def circuit(c: Circuit) -> None:
        key, value, depth = c.private("key", bits=key_bits), c.private("value"), c.private("depth")
        assert_equal(c.public("root"), sparse_root_with(key, value, c.private_array("siblings", levels), depth))

    return build(circuit, name="membership", strict=True)


def absence(levels: int = LEVELS, key_bits: int | None = LEVELS) -> CompiledCircuit:
    def circuit(c: Circuit) -> None:
        root, key, depth = c.public("root"), c.private("key", bits=key_bits), c.private("depth")
        other, value, empty = c.private("other_key"), c.private("other_value"), c.private("empty", bits=1)
        assert_not_in_sparse_tree(root, key, c.private_array("siblings", levels), depth, other, value, empty)

    return build(circuit, name="absence", strict=True)


def update() -> CompiledCircuit:
    def circuit(c: Circuit) -> None:
        key, old, new = c.private("key", bits=LEVELS), c.private("old"), c.private("new")
        roots = sparse_update(key, old, new, c.private_array("siblings", LEVELS), c.private("depth"))
        for name, root in zip(("old_root", "new_root"), roots, strict=True):
            assert_equal(c.public(name), root)

    return build(circuit, name="update", strict=True)


def insertion(levels: int = LEVELS, key_bits: int | None = LEVELS) -> CompiledCircuit:
    def circuit(c: Circuit) -> None:
        key, value = c.private("key", bits=key_bits), c.private("value")
        other, other_value = c.private("other_key", bits=key_bits), c.private("other_value")
        siblings, depth = c.private_array("siblings", levels), c.private("depth")
        roots = sparse_insert(key, value, siblings, depth, other, other_value, c.private("fork"))
        for name, root in zip(("old_root", "new_root"), roots, strict=True):
            assert_equal(c.public(name), root)

    return build(circuit, name="insertion", strict=True)


MEMBERSHIP, ABSENCE, UPDATE, INSERTION = membership(), absence(), update(), insertion()


def member(path: SparsePath, value: int, root: int, levels: int = LEVELS) -> InputValues:
    return {"key": path.key, "value": value, **below(path.siblings, levels), "root": root}


def absent(path: SparsePath, root: int, levels: int = LEVELS) -> dict[str, int | list[int]]:
    other, value = path.end or (0, 0)
    end = {"other_key": other, "other_value": value, "empty": int(path.end is None)}
    return {"key": path.key, **below(path.siblings, levels), **end, "root": root}


def inserted(path: SparsePath, value: int, old: int, new: int, levels: int = LEVELS) -> dict[str, int | list[int]]:
    other, other_value = path.end or (0, 0)
    end = {"other_key": other, "other_value": other_value, "fork": path.fork(levels)}
    return {
        "key": path.key,
        "value": value,
        **below(path.siblings, levels),
        **end,
        "old_root": old,
        "new_root": new,
    }


def below(siblings: tuple[int, ...], levels: int) -> dict[str, int | list[int]]:
    return {"siblings": [*siblings, *[0] * (levels - len(siblings))], "depth": len(siblings)}


def gadgets(circuit: CompiledCircuit, inputs: InputValues, lies: dict[int, int] | None = None) -> tuple[str, ...]:
    problem = broken(circuit, inputs, lies)
    return () if problem is None else problem.gadget


@pytest.mark.parametrize("key", range(2**LEVELS))
def test_every_key_is_shown_to_be_there_or_not_to_be(key: int) -> None:
    tree = holding(HELD)
    path = tree.path(key)
    if key in HELD:
        inputs = member(path, HELD[key], tree.root)
        assert gadgets(MEMBERSHIP, inputs) == ()
        assert gadgets(MEMBERSHIP, inputs | {"value": HELD[key] + 1}) == ("assert_equal",)
        assert gadgets(MEMBERSHIP, inputs | {"root": tree.root + 1}) == ("assert_equal",)
        assert gadgets(MEMBERSHIP, inputs | {"depth": len(path.siblings) - 1}) == ("assert_equal",)
        for level in range(len(path.siblings)):
            siblings = list(inputs["siblings"])
            siblings[level] += 1
            assert gadgets(MEMBERSHIP, inputs | {"siblings": siblings}) == ("assert_equal",)
    else:
        inputs = absent(path, tree.root)
        assert gadgets(ABSENCE, inputs) == ()
        assert gadgets(ABSENCE, inputs | {"root": tree.root + 1}) == ("assert_not_in_sparse_tree",)
        assert gadgets(ABSENCE, inputs | {"empty": 1 - inputs["empty"]}) == ("assert_not_in_sparse_tree",)
        assert gadgets(MEMBERSHIP, member(path, 0, tree.root)) == ("assert_equal",)


@pytest.mark.parametrize("held", [{}, {0: 5}, {6: 0}], ids=str)
def test_trees_without_a_pair(held: dict[int, int]) -> None:
    tree = holding(held)
    assert tree.root == (sparse_leaf(*next(iter(held.items()))) if held else 0)
    for key in (0, 1, 6):
        path = tree.path(key)
        assert path.siblings == ()
        if key in held:
            assert gadgets(MEMBERSHIP, member(path, held[key], tree.root)) == ()
        else:
            assert gadgets(ABSENCE, absent(path, tree.root)) == ()


@pytest.mark.parametrize("key", [0, 5])
def test_a_member_cannot_be_shown_absent(key: int) -> None:
    """Not at any depth, with any end, whatever the quotient that stands for the two keys' difference."""
    tree = holding(HELD)
    path = tree.path(key)
    quotient = next(w for w in range(ABSENCE.r1cs.n_wires) if "quotient" in ABSENCE.symbols.name(w))
    ends = [(0, 0, 1), (key, HELD[key], 0), (key, HELD[key], 1), (9, 79, 0), (path.siblings[0], path.siblings[-1], 0)]
    for depth, (other, value, empty) in itertools.product(range(len(path.siblings) + 2), ends):
        claim = absent(path, tree.root) | {"depth": depth, "other_key": other, "other_value": value, "empty": empty}
        assert gadgets(ABSENCE, claim) == ("assert_not_in_sparse_tree",)
    own = absent(path, tree.root) | {"other_key": key, "other_value": HELD[key], "empty": 0}
    for lie in (1, R - 1):
        assert gadgets(ABSENCE, own, {quotient: lie}) == ("assert_not_in_sparse_tree",)


def test_a_leaf_is_no_pair_and_a_pair_is_no_leaf() -> None:
    tree = holding({0: 10, 1: 11})
    left, right = sparse_leaf(0, 10), sparse_leaf(1, 11)
    assert tree.root == poseidon_hash([left, right])
    as_leaf = {"key": 3, **below((), LEVELS), "other_key": left, "other_value": right, "empty": 0, "root": tree.root}
    assert gadgets(ABSENCE, as_leaf) == ("assert_not_in_sparse_tree",)
    alone = holding({2: 12})
    for siblings in ((12,), (2,)):
        as_pair = absent(SparsePath(2, siblings, None), alone.root) | {"other_key": 12, "other_value": 1}
        assert gadgets(ABSENCE, as_pair) == ("assert_not_in_sparse_tree",)
        assert gadgets(ABSENCE, as_pair | {"empty": 0}) == ("assert_not_in_sparse_tree",)


@pytest.mark.parametrize("depth", [LEVELS + 1, R - 1])
def test_a_depth_outside_the_tree_is_refused(depth: int) -> None:
    tree = holding(HELD)
    assert gadgets(MEMBERSHIP, member(tree.path(5), 75, tree.root) | {"depth": depth}) == ("sparse_root_with",)


def test_updates_are_the_trees() -> None:
    tree = holding(HELD)
    for key in HELD:
        path, old_root, old = tree.path(key), tree.root, HELD[key]
        tree.update(key, old + 1)
        roots = {"old_root": old_root, "new_root": tree.root}
        inputs = {"key": key, "old": old, "new": old + 1, **below(path.siblings, LEVELS), **roots}
        assert gadgets(UPDATE, inputs) == ()
        for wrong in ("old", "new", "old_root", "new_root", "key"):
            assert gadgets(UPDATE, inputs | {wrong: (inputs[wrong] + 1) % 16}) == ("assert_equal",)


def test_insertions_and_deletions_are_the_trees() -> None:
    """Every key into, and out of, many trees: at 0, beside a leaf, and far below one."""
    drawn = random.Random(4)
    for _ in range(6):
        tree = SparseMerkleTree(LEVELS)
        for key in drawn.sample(range(2**LEVELS), drawn.randrange(2, 10)):
            old_root = tree.root
            path = tree.insert(key, key + 100)
            inputs = inserted(path, key + 100, old_root, tree.root)
        assert gadgets(INSERTION, inputs) == ()
        new_root = tree.root
        assert tree.delete(key) == path
        assert tree.root == old_root
        assert gadgets(INSERTION, inserted(tree.path(key), key + 100, tree.root, new_root)) == ()


SPLIT = holding({0: 10, 1: 11})
"""Key 9 = 1001 goes to where 1 = 0001 is, and parts from it at level 3 only: two levels of single branches between."""


def split() -> dict[str, int | list[int]]:
    tree = holding({0: 10, 1: 11})
    path = tree.insert(9, 19)
    assert (path.siblings, path.end, path.fork(LEVELS)) == ((sparse_leaf(0, 10),), (1, 11), 3)
    return inserted(path, 19, SPLIT.root, tree.root)


def test_a_fork_lies_where_the_keys_part() -> None:
    """Elsewhere one of the two leaves would stand off its path, and could be shown to be absent."""
    honest = split()
    assert gadgets(INSERTION, honest) == ()
    for fork in (0, 1, 2, 4):
        assert gadgets(INSERTION, honest | {"fork": fork}) == ("sparse_insert",) if fork < 4 else ("assert_equal",)
    for fork in (5, R - 1):
        assert gadgets(INSERTION, honest | {"fork": fork}) == ("sparse_insert",)


def test_nothing_is_smuggled_in_beside_a_single_branch() -> None:
    honest = split()
    for level in (1, 2, 3):
        siblings = list(honest["siblings"])
        siblings[level] = sparse_leaf(3, 13)
        end = root_above(sparse_leaf(9, 19), 9, (*siblings[:3], sparse_leaf(1, 11)))
        assert gadgets(INSERTION, honest | {"siblings": siblings, "new_root": end}) == ("sparse_insert",)


def test_a_fork_above_the_end_is_refused() -> None:
    """The sibling at the fork would be the sum of the old one and the other leaf: anything."""
    tree = holding({0: 10, 1: 11, 3: 13})
    path = tree.path(7)
    assert len(path.siblings) == 2
    for fork, other in itertools.product(range(2), (6, 5, 7)):
        claim = inserted(SparsePath(7, path.siblings, None), 17, tree.root, 0) | {"fork": fork, "other_key": other}
        assert gadgets(INSERTION, claim) == ("sparse_insert",)


@pytest.mark.parametrize("key", [0, 5])
def test_a_key_that_is_there_cannot_be_inserted_again(key: int) -> None:
    tree = holding(HELD)
    path = tree.path(key)
    ends = [(0, 0, LEVELS), (key, HELD[key], 2), (key, HELD[key], 3), (9, 79, 3), (key ^ 8, HELD[key], 3)]
    for depth in range(len(path.siblings), LEVELS + 1):
        for other, value, fork in ends:
            claim = {"key": key, "value": 1, **below(path.siblings, LEVELS), "other_key": other, "other_value": value}
            roots = {"depth": depth, "fork": fork, "old_root": tree.root, "new_root": 0}
            problem = gadgets(INSERTION, claim | roots)
            assert problem, (depth, other, fork)
            # The old root is compared first: where all else holds, it is the old root that does not.
            if problem == ("assert_equal",):
                assert "old_root" in broken(INSERTION, claim | roots).expression


def test_no_hint_can_be_faked() -> None:
    tree = holding(HELD)
    assert check_liars(MEMBERSHIP, member(tree.path(5), 75, tree.root)) > 0
    assert check_liars(ABSENCE, absent(tree.path(4), tree.root)) > 0
    assert check_liars(ABSENCE, absent(tree.path(13), tree.root)) > 0
    assert check_liars(INSERTION, split()) > 0
    into = tree.insert(13, 0)
    assert check_liars(INSERTION, inserted(into, 0, holding(HELD).root, tree.root)) > 0


def test_a_level_is_one_or_none() -> None:
    """A share a of one level and 1 - a of the next would mix a leaf with a hash into any root: a member made up."""
    root = holding(HELD).root
    end = sparse_leaf(4, 999)
    share = (root - end) * pow(poseidon_hash([end, 0]) - end, -1, R) % R
    claim = {"key": 4, "value": 999, "siblings": [0] * LEVELS, "depth": share, "root": root}
    first = next(w for w in range(MEMBERSHIP.r1cs.n_wires) if ".is[0]" in MEMBERSHIP.symbols.name(w))
    assert gadgets(MEMBERSHIP, claim, {first: (1 - share) % R, first + 1: share}) == ("sparse_root_with",)


def test_a_path_follows_the_canonical_bits_of_its_key() -> None:
    """A raw key of many bits: shown under key + r, it would take another path."""
    levels, key = 2, 1
    circuit, tree = membership(levels, None), holding({2: 12, key: 15}, levels)
    inputs = member(tree.path(key), 15, tree.root, levels)
    assert gadgets(circuit, inputs) == ()
    top = next(w for w in range(circuit.r1cs.n_wires) if "low_bits.bit" in circuit.symbols.name(w))
    weight = ((R - 1 >> levels) - 2 ** (253 - levels) + 1) << levels
    rest = key + R - weight
    lies = {top: 1} | {top + 1 + place: rest >> place & 1 for place in range(253)}
    assert rest + weight == key + R
    assert gadgets(circuit, inputs, lies) == ("sparse_root_with", "low_bits")


def test_random_keys_in_a_deeper_tree() -> None:
    drawn, levels = random.Random(7), 20
    tree = SparseMerkleTree(levels)
    for _ in range(30):
        tree.insert(drawn.randrange(R), drawn.randrange(R))
    key, value = drawn.randrange(R), drawn.randrange(R)
    nothing, old_root = tree.path(key), tree.root
    assert gadgets(absence(levels, None), absent(nothing, old_root, levels)) == ()
    path = tree.insert(key, value)
    assert gadgets(insertion(levels, None), inserted(path, value, old_root, tree.root, levels)) == ()
    assert gadgets(membership(levels, None), member(tree.path(key), value, tree.root, levels)) == ()


def test_emptiness_is_a_bit() -> None:
    with pytest.raises(BuildError, match="not known to be a bit"):
        build(
            lambda c: assert_not_in_sparse_tree(
                c.public("root"),
                c.private("key"),
                c.private_array("s", 3),
                c.private("depth"),
                c.private("other"),
                c.private("value"),
                c.private("empty"),
            ),
            name="empty",
        )
