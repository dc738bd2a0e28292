"""Poseidon and Merkle paths in the circuit: equal to their plain twins, impossible to fake, and what they cost."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkmargin.algebra import BN254, Engine
from zkmargin.algebra.merkle import MerkleTree
from zkmargin.algebra.poseidon import PARTIAL_ROUNDS, poseidon_hash
from zkmargin.circuits import (
    BuildError,
    Circuit,
    CompiledCircuit,
    assert_equal,
    build,
    merkle_root,
    merkle_update,
    poseidon,
)

from .conftest import broken

R = BN254.r


def hashing(arity: int, constants: Sequence[int | None] | None = None) -> CompiledCircuit:
    def circuit(c: Circuit) -> None:
        fixed = constants or [None] * arity
        inputs = [c.private(f"x[{i}]") if value is None else c.constant(value) for i, value in enumerate(fixed)]
        assert_equal(c.public("digest"), poseidon(inputs))

    return build(circuit, name="hashing", strict=True)


@pytest.mark.parametrize("arity", range(1, 17))
def test_the_gadget_is_its_plain_twin(arity: int, best_engine: Engine) -> None:
    circuit = hashing(arity)
    values = [pow(7, 50 + i, R) for i in range(arity)]
    inputs = {f"x[{i}]": value for i, value in enumerate(values)} | {"digest": poseidon_hash(values)}
    circuit.check(circuit.witness(inputs, best_engine), best_engine)
    problem = broken(circuit, inputs | {"digest": (inputs["digest"] + 1) % R})
    assert problem is not None
    assert problem.gadget == ("assert_equal",)


@pytest.mark.parametrize("arity", [1, 2, 5, 16])
def test_a_hash_costs_three_constraints_an_s_box(arity: int) -> None:
    t = arity + 1
    assert hashing(arity).r1cs.n_constraints == 3 * (8 * t + PARTIAL_ROUNDS[t - 2] - 1) + 1


@pytest.mark.parametrize("pattern", list(itertools.product([None, 0, 12345], repeat=2)))
def test_constant_inputs_save_their_first_s_box(pattern: tuple[int | None, ...], best_engine: Engine) -> None:
    values = [99 if value is None else value for value in pattern]

    def circuit(c: Circuit) -> None:
        inputs = [c.private(f"x[{i}]") if value is None else c.constant(value) for i, value in enumerate(pattern)]
        assert_equal(c.public("digest"), poseidon(inputs))

    compiled = build(circuit, name="hashing", strict=True)
    inputs = {f"x[{i}]": 99 for i, value in enumerate(pattern) if value is None} | {"digest": poseidon_hash(values)}
    compiled.check(compiled.witness(inputs, best_engine), best_engine)
    assert broken(compiled, inputs | {"digest": 5}) is not None
    free = pattern.count(None)
    assert compiled.r1cs.n_constraints == (3 * (8 * 3 + PARTIAL_ROUNDS[1] - 3 + free) + 1 if free else 1)


def test_a_hash_of_expressions_and_of_hashes() -> None:
    def circuit(c: Circuit) -> None:
        x, y = c.private("x", bits=8), c.private("y")
        inner = poseidon([x.raw() * y + 3, x])
        assert_equal(c.public("digest"), poseidon([inner, inner - y, c.constant(R - 1)]))

    compiled = build(circuit, name="nested", strict=True)
    inner = poseidon_hash([7 * 11 + 3, 7])
    digest = poseidon_hash([inner, (inner - 11) % R, R - 1])
    assert broken(compiled, {"x": 7, "y": 11, "digest": digest}) is None
    assert broken(compiled, {"x": 8, "y": 11, "digest": digest}) is not None


def test_a_hash_that_nobody_uses_is_reported() -> None:
    with pytest.raises(BuildError, match=r"the result of poseidon\(\) is built and never used"):
        build(lambda c: poseidon([c.private("x")]), name="unused", strict=True)


def test_too_many_inputs_are_refused() -> None:
    with pytest.raises(BuildError, match="takes 1 to 16"):
        build(lambda c: poseidon(c.private_array("x", 17)), name="wide")


def test_no_wire_of_a_hash_can_be_faked() -> None:
    """Every S-box wire, overridden and with everything after it recomputed, breaks its own constraint."""
    circuit = hashing(2)
    inputs = {"x[0]": 3, "x[1]": 4, "digest": poseidon_hash([3, 4])}
    for wire in range(4, circuit.r1cs.n_wires, 7):
        problem = broken(circuit, inputs, {wire: 1})
        assert problem is not None
        assert problem.gadget == ("poseidon",)
        assert problem.index == wire - 4


def tree_circuit(depth: int) -> CompiledCircuit:
    def circuit(c: Circuit) -> None:
        root = merkle_root(
            c.private("leaf"), c.private_array("index", depth, bits=1), c.private_array("siblings", depth)
        )
        assert_equal(c.public("root"), root)

    return build(circuit, name="membership", strict=True)


DEPTH = 3
TREE = tree_circuit(DEPTH)


@given(st.lists(st.integers(0, R - 1), min_size=1, max_size=2**DEPTH), st.data())
@settings(max_examples=10, deadline=None)
def test_every_leaf_of_a_tree_reaches_its_root(leaves: list[int], data: st.DataObject) -> None:
    tree = MerkleTree(DEPTH, leaves)
    index = data.draw(st.integers(0, len(leaves) - 1))
    inputs = {
        "leaf": leaves[index],
        "index": [index >> level & 1 for level in range(DEPTH)],
        "siblings": tree.path(index),
        "root": tree.root,
    }
    assert broken(TREE, inputs) is None
    assert broken(TREE, inputs | {"leaf": (leaves[index] + 1) % R}) is not None
    other = data.draw(st.integers(0, 2**DEPTH - 1))
    moved = inputs | {"index": [other >> level & 1 for level in range(DEPTH)]}
    plain = [leaves[index], *tree.path(index)]
    symmetric = other == index or len(set(plain)) < len(plain)
    assert symmetric or broken(TREE, moved) is not None


def test_an_index_bit_of_two_is_refused() -> None:
    tree = MerkleTree(DEPTH, [5, 6, 7])
    inputs = {"leaf": 6, "index": [1, 0, 0], "siblings": tree.path(1), "root": tree.root}
    honest = bytearray(TREE.witness(inputs))
    wire = TREE.symbols.wire("index[0]")
    honest[32 * wire] = 2
    with pytest.raises(Exception, match="range_check") as caught:
        TREE.check(bytes(honest))
    assert caught.value.gadget == ("range_check",)


def test_a_level_costs_a_hash_and_a_swap() -> None:
    levels = [tree_circuit(depth).r1cs.n_constraints for depth in (1, 2, 3)]
    assert levels[1] - levels[0] == levels[2] - levels[1] == 241 + 1  # and one for the index bit


def test_paths_that_make_no_sense_are_refused() -> None:
    with pytest.raises(BuildError, match="2 index bits and 3 siblings"):
        build(
            lambda c: merkle_root(c.private("l"), c.private_array("i", 2, bits=1), c.private_array("s", 3)),
            name="path",
        )
    with pytest.raises(BuildError, match="not known to be a bit"):
        build(
            lambda c: merkle_root(c.private("l"), c.private_array("i", 2), c.private_array("s", 2)),
            name="path",
        )


def updating(depth: int) -> CompiledCircuit:
    def circuit(c: Circuit) -> None:
        index, siblings = c.private_array("index", depth, bits=1), c.private_array("siblings", depth)
        roots = merkle_update(c.private("old"), c.private("new"), index, siblings)
        for name, root in zip(("old_root", "new_root"), roots, strict=True):
            assert_equal(c.public(name), root)

    return build(circuit, name="updating", strict=True)


UPDATING = updating(DEPTH)


def update_inputs(leaves: list[int], index: int, new: int) -> dict[str, int | list[int]]:
    tree = MerkleTree(DEPTH, leaves)
    siblings, old_root = tree.path(index), tree.root
    tree.update(index, new)
    bits = [index >> level & 1 for level in range(DEPTH)]
    roots = {"old_root": old_root, "new_root": tree.root}
    return {"old": [*leaves, 0][index], "new": new, "index": bits, "siblings": siblings, **roots}


@pytest.mark.parametrize("index", range(6))
def test_an_update_is_that_of_the_tree(index: int) -> None:
    honest = update_inputs([11, 12, 13, 14, 15], index, 77)
    assert broken(UPDATING, honest) is None
    for wrong in ("old", "new", "old_root", "new_root"):
        problem = broken(UPDATING, honest | {wrong: honest[wrong] + 1})
        assert problem is not None
        assert problem.gadget == ("assert_equal",)


def test_an_update_changes_no_other_leaf() -> None:
    """Another leaf, or a sibling, changed along with it gives a new root that the old siblings do not reach."""
    honest = update_inputs([11, 12, 13, 14], 1, 77)
    both = MerkleTree(DEPTH, [11, 77, 13, 99])
    assert broken(UPDATING, honest | {"new_root": both.root}) is not None
    problem = broken(UPDATING, honest | {"new_root": both.root, "siblings": both.path(1)})
    assert problem is not None
    assert "old_root" in problem.expression


def test_no_swap_of_an_update_can_be_faked() -> None:
    honest = update_inputs([11, 12, 13], 2, 77)
    swaps = [w for w in range(UPDATING.r1cs.n_wires) if "merkle_update.product" in UPDATING.symbols.name(w)]
    assert len(swaps) == 2 * DEPTH
    for wire in swaps:
        for lie in (1, R - 1):
            problem = broken(UPDATING, honest, {wire: lie})
            assert problem is not None
            assert problem.gadget == ("merkle_update",)


def test_a_level_of_an_update_costs_two_hashes_and_two_swaps() -> None:
    levels = [updating(depth).r1cs.n_constraints for depth in (1, 2, 3)]
    assert levels[1] - levels[0] == levels[2] - levels[1] == 482 + 1  # and one for the index bit
