"""Membership in a k-ary tree and hashes of lists in the circuit: equal to their plain twins, and impossible to fake."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkmargin.algebra import BN254, MerkleTree, merkle_children_from_path, poseidon_hash, poseidon_list
from zkmargin.circuits import BuildError, Circuit, CompiledCircuit, assert_equal, build, merkle_membership, poseidon
from zkmargin.circuits import poseidon_list as list_gadget

from .conftest import broken, require_every_wire_determined

R = BN254.r
LEAVES = [11, 22, 33, 44, 55, 66, 77, 88, 99]


def membership(depth: int, arity: int) -> CompiledCircuit:
    def circuit(c: Circuit) -> None:
        children = [c.private_array(f"children[{level}]", arity) for level in range(depth)]
        assert_equal(c.public("root"), merkle_membership(c.private("leaf"), children))

    return build(circuit, name="membership", strict=True)


def shown(tree: MerkleTree, leaf: int, index: int) -> dict[str, Any]:
    children = merkle_children_from_path(leaf, index, tree.path(index), tree.arity)
    named = {f"children[{level}]": nodes for level, nodes in enumerate(children)}
    return named | {"leaf": leaf, "root": tree.root}


CIRCUITS = {(arity, depth): membership(depth, arity) for arity, depth in ((2, 4), (3, 3), (8, 2), (16, 1))}


@given(st.sampled_from(list(CIRCUITS)), st.data())
@settings(max_examples=20, deadline=None)
def test_every_leaf_is_a_member_and_no_other_value_is(shape: tuple[int, int], data: st.DataObject) -> None:
    arity, depth = shape
    index = data.draw(st.integers(0, len(LEAVES) - 1))
    honest = shown(MerkleTree(depth, LEAVES, arity=arity), LEAVES[index], index)
    assert broken(CIRCUITS[shape], honest) is None
    stranger = data.draw(st.integers(0, R - 1).filter(lambda x: x not in LEAVES and x != 0))
    problem = broken(CIRCUITS[shape], honest | {"leaf": stranger})
    assert problem is not None
    assert problem.gadget == ("merkle_membership",)


@pytest.mark.parametrize("shape", CIRCUITS)
def test_children_that_the_tree_does_not_have_miss_the_root(shape: tuple[int, int]) -> None:
    """The stranger stands among the children it brings along; the hash gives it away, at every level."""
    arity, depth = shape
    honest = shown(MerkleTree(depth, LEAVES, arity=arity), 22, 1)
    for level in range(depth):
        children, place = list(honest[f"children[{level}]"]), 1 // arity**level
        children[place - 1] += 1
        problem = broken(CIRCUITS[shape], honest | {f"children[{level}]": children})
        assert problem is not None
        assert problem.gadget == (("merkle_membership",) if level + 1 < depth else ("assert_equal",))


def test_an_inner_node_is_no_leaf() -> None:
    tree = MerkleTree(2, LEAVES, arity=8)
    top = merkle_children_from_path(11, 0, tree.path(0), 8)[1]
    lie = {"leaf": top[0], "root": tree.root, "children[0]": top, "children[1]": [tree.root, *[0] * 7]}
    problem = broken(CIRCUITS[8, 2], lie)
    assert problem is not None
    assert problem.gadget == ("assert_equal",)


@pytest.mark.parametrize("shape", [(2, 1), (3, 1)])
def test_no_wire_of_it_can_be_faked(shape: tuple[int, int]) -> None:
    arity, depth = shape
    leaves = LEAVES[:arity]
    for index, leaf in enumerate(leaves):
        honest = shown(MerkleTree(depth, leaves, arity=arity), leaf, index)
        require_every_wire_determined(membership(depth, arity), honest)


@pytest.mark.parametrize("shape", CIRCUITS)
def test_no_product_of_differences_can_be_faked(shape: tuple[int, int]) -> None:
    circuit, (arity, depth) = CIRCUITS[shape], shape
    honest = shown(MerkleTree(depth, LEAVES, arity=arity), 99, 8)
    products = [w for w in range(circuit.r1cs.n_wires) if "merkle_membership.product" in circuit.symbols.name(w)]
    assert len(products) == depth * (arity - 2)
    for wire in products:
        assert broken(circuit, honest, {wire: 5}) is not None
        stranger = broken(circuit, honest | {"leaf": 12345}, {wire: 0})
        assert stranger is not None
        assert stranger.gadget == ("merkle_membership",)


def test_a_level_costs_a_hash_and_a_product_for_each_child_but_one() -> None:
    for arity, hash_cost in ((2, 240), (3, 261), (8, 402), (16, 609)):
        costs = [membership(depth, arity).r1cs.n_constraints for depth in (1, 2, 3)]
        assert costs[1] - costs[0] == costs[2] - costs[1] == hash_cost + arity - 1


def test_without_levels_the_leaf_is_the_root() -> None:
    circuit = membership(0, 8)
    assert broken(circuit, {"leaf": 7, "root": 7}) is None
    assert broken(circuit, {"leaf": 7, "root": 8}) is not None


def test_constants_may_be_members() -> None:
    def circuit(c: Circuit) -> None:
        assert_equal(
            c.public("root"), merkle_membership(c.constant(5), [[c.constant(4), c.constant(5), c.private("x")]])
        )

    compiled = build(circuit, name="constants")
    assert broken(compiled, {"x": 9, "root": poseidon_hash([4, 5, 9])}) is None


@pytest.mark.parametrize(
    ("widths", "message"),
    [((8, 7), "levels of 7 and of 8"), ((1,), "1 children a level"), ((17,), "17 children a level")],
)
def test_levels_that_no_tree_has_are_refused(widths: tuple[int, ...], message: str) -> None:
    def circuit(c: Circuit) -> None:
        merkle_membership(c.private("leaf"), [c.private_array(f"x{i}", n) for i, n in enumerate(widths)])

    with pytest.raises(BuildError, match=message):
        build(circuit, name="levels")


def listing(tag: int, length: int) -> CompiledCircuit:
    def circuit(c: Circuit) -> None:
        assert_equal(c.public("digest"), list_gadget(c, tag, c.private_array("x", length)))

    return build(circuit, name="listing", strict=True)


@pytest.mark.parametrize("length", [1, 15, 16, 17, 21, 33])
def test_the_hash_of_a_list_is_its_plain_twin(length: int) -> None:
    items = [pow(3, 300 + i, R) for i in range(length)]
    circuit, inputs = listing(9, length), {"x": items, "digest": poseidon_list(9, items)}
    assert broken(circuit, inputs) is None
    for other in (poseidon_list(8, items), poseidon_list(9, [*items, 0]), poseidon_hash(items[:16])):
        problem = broken(circuit, inputs | {"digest": other})
        assert problem is not None
        assert problem.gadget == ("assert_equal",)
    assert broken(circuit, inputs | {"x": [*items[:-1], items[-1] + 1]}) is not None


def test_no_wire_of_a_list_can_be_faked() -> None:
    items = list(range(1, 18))
    require_every_wire_determined(listing(3, 17), {"x": items, "digest": poseidon_list(3, items)})


@pytest.mark.parametrize(("fixed", "cost"), [(None, 243), (0, 240), (5, 240)])
def test_a_capacity_is_an_expression_or_a_constant(fixed: int | None, cost: int) -> None:
    def circuit(c: Circuit) -> None:
        initial = c.private("initial") if fixed is None else c.constant(fixed)
        assert_equal(c.public("digest"), poseidon(c.private_array("x", 2), initial=initial))

    compiled = build(circuit, name="capacity", strict=True)
    initial = 77 if fixed is None else fixed
    inputs = {"x": [1, 2], "digest": poseidon_hash([1, 2], initial=initial)} | (
        {"initial": 77} if fixed is None else {}
    )
    assert broken(compiled, inputs) is None
    assert broken(compiled, inputs | {"digest": poseidon_hash([1, 2], initial=initial + 1)}) is not None
    assert compiled.r1cs.n_constraints == cost + 1


def test_a_list_of_constants_costs_nothing() -> None:
    def circuit(c: Circuit) -> None:
        assert_equal(c.public("digest"), list_gadget(c, 4, [c.constant(x) for x in range(20)]))

    compiled = build(circuit, name="constant")
    assert compiled.r1cs.n_constraints == 1
    assert broken(compiled, {"digest": poseidon_list(4, range(20))}) is None


@pytest.mark.parametrize(
    ("tag", "length", "message"), [(1, 0, "empty list"), (-1, 1, "128 bits"), (1 << 128, 1, "128")]
)
def test_lists_that_have_no_hash_are_refused(tag: int, length: int, message: str) -> None:
    with pytest.raises(BuildError, match=message):
        build(lambda c: list_gadget(c, tag, c.private_array("x", length)), name="list")
