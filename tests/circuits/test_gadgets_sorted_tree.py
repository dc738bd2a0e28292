"""Sorted trees in the circuit: members, gaps and insertions as the plain tree has them, and the lies about them."""

from __future__ import annotations

import random

import pytest

from zkmargin.algebra import (
    BN254,
    MerkleTree,
    SortedInsertion,
    SortedLeaf,
    SortedPath,
    SortedTree,
    merkle_root_from_path,
)
from zkmargin.circuits import (
    BuildError,
    Circuit,
    CompiledCircuit,
    InputError,
    UnsatisfiedConstraint,
    assert_equal,
    assert_not_in_sorted_tree,
    build,
    sorted_insert,
    sorted_root_with,
)
from zkmargin.circuits.inputs import InputValues
from zkmargin.circuits.testing import check_liars

from .conftest import broken

R = BN254.r
DEPTH, BITS = 3, 5
HELD = {7: 70, 0: 1, 31: 0, 20: 200}


def holding(held: dict[int, int]) -> SortedTree:
    tree = SortedTree(DEPTH, BITS)
    for key, value in held.items():
        tree.insert(key, value)
    return tree


def membership() -> CompiledCircuit:
    def circuit(c: Circuit) -> None:
        key, value, next_mark = c.private("key", bits=BITS), c.private("value"), c.private("next_mark")
        index, siblings = c.private_array("index", DEPTH, bits=1), c.private_array("siblings", DEPTH)
        assert_equal(c.public("root"), sorted_root_with(key, value, next_mark, index, siblings))

    return build(circuit, name="membership", strict=True)


def absence(bits: int = BITS, depth: int = DEPTH) -> CompiledCircuit:
    def circuit(c: Circuit) -> None:
        root, key = c.public("root"), c.private("key", bits=bits)
        low, next_mark, value = c.private("low_mark"), c.private("next_mark"), c.private("low_value")
        index, siblings = c.private_array("index", depth, bits=1), c.private_array("siblings", depth)
        assert_not_in_sorted_tree(root, key, low, next_mark, value, index, siblings, bits)

    return build(circuit, name="absence", strict=True)


def insertion() -> CompiledCircuit:
    def circuit(c: Circuit) -> None:
        key, value = c.private("key", bits=BITS), c.private("value")
        low, next_mark, low_value = c.private("low_mark"), c.private("next_mark"), c.private("low_value")
        index, siblings = c.private_array("index", DEPTH, bits=1), c.private_array("siblings", DEPTH)
        free, free_siblings = c.private_array("free", DEPTH, bits=1), c.private_array("free_siblings", DEPTH)
        roots = sorted_insert(key, value, low, next_mark, low_value, index, siblings, free, free_siblings, bits=BITS)
        for name, root in zip(("old_root", "new_root"), roots, strict=True):
            assert_equal(c.public(name), root)

    return build(circuit, name="insertion", strict=True)


MEMBERSHIP, ABSENCE, INSERTION = membership(), absence(), insertion()
Assigned = dict[str, int | list[int]]


def place(path: SortedPath) -> Assigned:
    return {"index": bits_of(path.index, len(path.siblings)), "siblings": list(path.siblings)}


def bits_of(index: int, depth: int = DEPTH) -> list[int]:
    return [index >> level & 1 for level in range(depth)]


def member(path: SortedPath, key: int, root: int) -> Assigned:
    return {"key": key, "value": path.leaf.value, "next_mark": path.leaf.next_mark, **place(path), "root": root}


def absent(path: SortedPath, key: int, root: int) -> Assigned:
    leaf = path.leaf
    marks = {"low_mark": leaf.mark, "next_mark": leaf.next_mark, "low_value": leaf.value}
    return {"key": key, **marks, **place(path), "root": root}


def inserted(step: SortedInsertion, key: int, value: int, old: int, new: int) -> Assigned:
    known = absent(step.low, key, 0)
    del known["root"]
    free = {"free": bits_of(step.free_index), "free_siblings": list(step.free_siblings)}
    return {**known, "value": value, **free, "old_root": old, "new_root": new}


def gadgets(circuit: CompiledCircuit, inputs: InputValues) -> tuple[str, ...]:
    problem = broken(circuit, inputs)
    return () if problem is None else problem.gadget


IN_ORDER = ("assert_not_in_sorted_tree", "assert_bits", "to_bits")
TO_ROOT = ("assert_not_in_sorted_tree",)


@pytest.mark.parametrize("key", [0, 1, 6, 7, 8, 19, 20, 21, 30, 31])
def test_every_key_is_shown_to_be_there_or_not_to_be(key: int) -> None:
    tree = holding(HELD)
    path = tree.path(key)
    assert path.value(key, tree.root) == HELD.get(key)
    if key in HELD:
        inputs = member(path, key, tree.root)
        assert gadgets(MEMBERSHIP, inputs) == ()
        assert gadgets(ABSENCE, absent(path, key, tree.root)) == IN_ORDER
        for wrong in ("key", "value", "next_mark", "root"):
            assert gadgets(MEMBERSHIP, inputs | {wrong: (inputs[wrong] + 1) % 32}) == ("assert_equal",)
    else:
        inputs = absent(path, key, tree.root)
        assert gadgets(ABSENCE, inputs) == ()
        assert gadgets(ABSENCE, inputs | {"root": tree.root + 1}) == TO_ROOT
        assert gadgets(ABSENCE, inputs | {"low_value": path.leaf.value + 1}) == TO_ROOT
        assert gadgets(MEMBERSHIP, member(path, key, tree.root)) == ("assert_equal",)


@pytest.mark.parametrize("key", [0, 31])
def test_an_empty_tree_holds_nothing(key: int) -> None:
    tree = holding({})
    assert tree.path(key).leaf == SortedLeaf(0, 33, 0)
    assert gadgets(ABSENCE, absent(tree.path(key), key, tree.root)) == ()


@pytest.mark.parametrize("key", HELD)
def test_a_member_lies_in_no_gap(key: int) -> None:
    """With any leaf of the tree, and with marks made up to leave a gap."""
    tree = holding(HELD)
    for other in (0, *HELD):
        assert gadgets(ABSENCE, absent(tree.path(other), key, tree.root)) == IN_ORDER
    start = SortedPath(SortedLeaf(0, 1, 0), 0, tuple(tree.path(0).siblings))
    made_up = absent(start, key, tree.root) | {"low_mark": key, "next_mark": key + 2}
    assert gadgets(ABSENCE, made_up) == TO_ROOT


def test_the_ends_of_the_list_are_no_keys() -> None:
    tree = holding({7: 70})
    start = absent(tree.path(0), 0, tree.root)
    assert (start["low_mark"], start["next_mark"]) == (0, 8)
    assert gadgets(ABSENCE, start) == ()
    for beyond in (R - 1, 32):
        for circuit, inputs in ((ABSENCE, start), (MEMBERSHIP, member(tree.path(0), 0, tree.root))):
            with pytest.raises(InputError):
                circuit.witness(inputs | {"key": beyond})
            forged, at = bytearray(circuit.witness(inputs)), 32 * circuit.symbols.wire("key")
            forged[at : at + 32] = beyond.to_bytes(32, "little")
            with pytest.raises(UnsatisfiedConstraint) as caught:
                circuit.check(bytes(forged))
            assert caught.value.gadget == ("range_check",)


def test_marks_do_not_wrap_around() -> None:
    """A leaf from r - 1 to 40 would leave every key in its gap, were differences not bounded from both sides."""
    wide = SortedLeaf(R - 1, 40, 0)
    siblings = tuple(MerkleTree(DEPTH, [0]).path(0))
    root = merkle_root_from_path(wide.hash, 0, siblings)
    claim = absent(SortedPath(wide, 0, siblings), 31, root)
    assert gadgets(ABSENCE, claim) == IN_ORDER
    assert gadgets(ABSENCE, claim | {"low_mark": 20, "next_mark": 1}) == IN_ORDER


def test_insertions_are_the_trees() -> None:
    drawn = random.Random(3)
    for _ in range(4):
        tree = SortedTree(DEPTH, BITS)
        for key in drawn.sample(range(2**BITS), drawn.randrange(1, 8)):
            old_root = tree.root
            step = tree.insert(key, key + 100)
            inputs = inserted(step, key, key + 100, old_root, tree.root)
        assert gadgets(INSERTION, inputs) == ()
        for wrong in ("value", "new_root", "old_root"):
            assert gadgets(INSERTION, inputs | {wrong: (inputs[wrong] + 1) % R}) == ("assert_equal",)


@pytest.mark.parametrize("key", [0, 20])
def test_a_key_that_is_there_cannot_be_inserted_again(key: int) -> None:
    tree = holding(HELD)
    index = len(HELD) + 1
    for other in (0, 7, 20, 31):
        step = SortedInsertion(tree.path(other), index, tuple(tree._tree.path(index)))
        claim = inserted(step, key, 5, tree.root, 0)
        assert gadgets(INSERTION, claim) == ("sorted_insert", "assert_bits", "to_bits")


def test_a_new_leaf_replaces_no_other() -> None:
    """Not another key's, and not the one that was just linked to it."""
    tree = holding(HELD)
    old_root = tree.root
    step = tree.insert(25, 5)
    honest = inserted(step, 25, 5, old_root, tree.root)
    assert gadgets(INSERTION, honest) == ()
    for taken in range(len(HELD) + 1):
        siblings = tree._tree.path(taken)
        claim = honest | {"free": bits_of(taken), "free_siblings": siblings}
        assert gadgets(INSERTION, claim) == ("sorted_insert",)


def test_the_second_update_starts_where_the_first_one_ends() -> None:
    """Else a prover could start from a tree of its own: here one without any of the keys."""
    tree, empty = holding(HELD), SortedTree(DEPTH, BITS)
    step = tree.insert(25, 5)
    other = empty.insert(25, 5)
    claim = inserted(step, 25, 5, holding(HELD).root, empty.root)
    swapped = claim | {"free": bits_of(other.free_index), "free_siblings": list(other.free_siblings)}
    assert gadgets(INSERTION, swapped) == ("sorted_insert",)


def test_no_hint_can_be_faked() -> None:
    tree = holding(HELD)
    assert check_liars(MEMBERSHIP, member(tree.path(7), 7, tree.root)) > 0
    assert check_liars(ABSENCE, absent(tree.path(9), 9, tree.root)) > 0
    old_root = tree.root
    step = tree.insert(25, 5)
    assert check_liars(INSERTION, inserted(step, 25, 5, old_root, tree.root)) > 0


def test_keys_of_252_bits() -> None:
    circuit, tree = absence(252, 2), SortedTree(2, 252)
    for key in (2**252 - 1, 0, 5):
        inputs = absent(tree.path(key), key, tree.root)
        assert gadgets(circuit, inputs) == ()
        tree.insert(key, 1)
        assert gadgets(circuit, absent(tree.path(key), key, tree.root)) == IN_ORDER


def test_what_is_not_known_to_be_a_key_is_refused() -> None:
    def asked(width: int, **declared: int) -> None:
        def circuit(c: Circuit) -> None:
            values = [c.private(name) for name in ("low", "next", "value")]
            index, siblings = c.private_array("index", 2, bits=1), c.private_array("siblings", 2)
            key = c.private("key", **declared)
            assert_not_in_sorted_tree(c.public("root"), key, *values, index, siblings, width)

        build(circuit, name="asked")

    asked(8, bits=8)
    for bits, declared, reason in (
        (8, {}, "not known to be 0 or more"),
        (8, {"signed_bits": 8}, "not known to be 0 or more"),
        (8, {"bits": 9}, "not known to fit into the 8 bits"),
        (253, {"bits": 8}, "keys have 1 to 252 bits"),
        (0, {"bits": 8}, "keys have 1 to 252 bits"),
    ):
        with pytest.raises(BuildError, match=reason):
            asked(bits, **declared)
    with pytest.raises(BuildError, match="not known to be 0 or more"):
        build(
            lambda c: sorted_root_with(
                c.private("key"),
                c.private("v"),
                c.private("n"),
                c.private_array("i", 2, bits=1),
                c.private_array("s", 2),
            ),
            name="asked",
        )
