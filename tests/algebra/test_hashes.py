"""Poseidon and its trees on plain integers: circomlibjs's digests, published roots, and paths that lead to the root."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkmargin.algebra import (
    BN254,
    DomainError,
    EncodingError,
    Engine,
    MerkleTree,
    merkle_children_from_path,
    merkle_root_from_path,
    poseidon_hash,
    poseidon_list,
    poseidon_parameters,
    scalars_from_bytes,
    scalars_to_bytes,
)
from zkmargin.algebra.merkle_nodes import PlainNodes, empty_root

R = BN254.r
VECTORS = json.loads((Path(__file__).parent / "data" / "poseidon_circomlibjs.json").read_text())["cases"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{len(v['inputs'])} from {v['inputs'][0][:4]}")
def test_equal_to_circomlibjs(vector: dict[str, Any]) -> None:
    assert poseidon_hash([int(value) for value in vector["inputs"]]) == int(vector["output"])


def test_vectors_cover_every_arity() -> None:
    assert {len(vector["inputs"]) for vector in VECTORS} == set(range(1, 17))


def test_parameters_are_well_formed() -> None:
    for t in range(2, 18):
        parameters = poseidon_parameters(t)
        rounds = parameters.full_rounds + parameters.partial_rounds
        assert len(parameters.round_constants) == t * rounds
        assert all(0 <= constant < R for constant in parameters.round_constants)
        assert [len(row) for row in parameters.mds] == [t] * t
        assert poseidon_parameters(t) is parameters
    first = 0x09C46E9EC68E9BD4FE1FAABA294CBA38A71AA177534CDD1B6C7DC0DBD0ABD7A7  # the first in the tables of circomlib
    assert poseidon_parameters(2).round_constants[0] == first


@pytest.mark.parametrize("inputs", [[], [0] * 17])
def test_arity_is_1_to_16(inputs: list[int]) -> None:
    with pytest.raises(EncodingError, match="1 to 16"):
        poseidon_hash(inputs)


@pytest.mark.parametrize("bad", [R, -1, True, 1.0, "1", None], ids=repr)
def test_inputs_are_canonical(bad: Any) -> None:
    with pytest.raises(EncodingError) as caught:
        poseidon_hash([1, bad])
    assert caught.value.index == 1


def test_a_list_is_its_blocks_from_a_capacity_of_tag_and_length() -> None:
    items = list(range(100, 121))
    first = poseidon_hash(items[:16], initial=5 + (21 << 128))
    assert poseidon_list(5, items) == poseidon_hash(items[16:], initial=first)
    assert poseidon_hash(items[:3], initial=0) == poseidon_hash(items[:3])


def test_lists_of_another_tag_or_length_have_another_digest() -> None:
    lists = [(tag, [0] * length) for tag in (0, 1, 2**128 - 1) for length in (1, 2, 15, 16, 17, 32, 33)]
    digests = {poseidon_list(tag, items) for tag, items in lists}
    assert len(digests | {poseidon_hash([0] * n) for n in range(1, 17)}) == len(lists) + 16


@pytest.mark.parametrize(
    ("tag", "items", "message"),
    [(0, [], "1 to 2"), (-1, [1], "128 bits"), (2**128, [1], "128 bits"), (True, [1], "128 bits"), (1, [R], "modulus")],
)
def test_lists_and_tags_have_bounds(tag: int, items: list[int], message: str) -> None:
    with pytest.raises(EncodingError, match=message):
        poseidon_list(tag, items)


@pytest.mark.parametrize("initial", [R, -1, True])
def test_a_capacity_is_canonical(initial: int) -> None:
    with pytest.raises(EncodingError, match="initial state"):
        poseidon_hash([1], initial=initial)


ZEROS = {
    1: 14744269619966411208579211824598458697587494354926760081771325075741142829156,
    2: 7423237065226347324353380772367382631490014989348495481811164164159255474657,
    3: 11286972368698509976183087595462810875513684078608517520839298933882497716792,
    20: 15019797232609675441998260052101280400536945603062888308240081994073687793470,
}


@pytest.mark.parametrize("depth", ZEROS)
def test_empty_trees_have_their_published_roots(depth: int) -> None:
    assert empty_root(depth) == ZEROS[depth] == MerkleTree(depth, []).root


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 4).flatmap(lambda d: st.tuples(st.just(d), st.lists(st.integers(0, R - 1), max_size=2**d))))
def test_every_path_leads_to_the_root(case: tuple[int, list[int]]) -> None:
    depth, leaves = case
    tree = MerkleTree(depth, leaves)
    assert tree.depth == depth
    for index in range(1 << depth):
        leaf = leaves[index] if index < len(leaves) else 0
        path = tree.path(index)
        assert len(path) == depth
        assert merkle_root_from_path(leaf, index, path) == tree.root
        if depth:
            assert merkle_root_from_path((leaf + 1) % R, index, path) != tree.root


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_paths_and_children_of_any_arity_lead_to_the_root(data: st.DataObject) -> None:
    arity, depth = data.draw(st.sampled_from([(2, 3), (3, 2), (5, 2), (8, 2), (16, 1)]))
    leaves = data.draw(st.lists(st.integers(0, R - 1), max_size=min(arity**depth, 12)))
    tree = MerkleTree(depth, leaves, arity=arity)
    index = data.draw(st.integers(0, arity**depth - 1))
    leaf, path = (leaves[index] if index < len(leaves) else 0), tree.path(index)
    assert len(path) == (arity - 1) * depth
    assert merkle_root_from_path(leaf, index, path, arity) == tree.root
    assert merkle_root_from_path((leaf + 1) % R, index, path, arity) != tree.root
    children = merkle_children_from_path(leaf, index, path, arity)
    nodes = [leaf, *(poseidon_hash(level) for level in children)]
    assert [len(level) for level in children] == [arity] * depth
    assert all(level[index // arity**h % arity] == nodes[h] for h, level in enumerate(children))
    assert nodes[-1] == tree.root


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_updates_of_many_leaves_are_those_of_a_new_tree(best_engine: Engine, data: st.DataObject) -> None:
    arity, depth = data.draw(st.sampled_from([(2, 3), (3, 2), (8, 2), (16, 1), (2, 0)]))
    leaves = data.draw(st.lists(st.integers(0, R - 1), max_size=min(arity**depth, 12)))
    appended = data.draw(st.integers(0, min(arity**depth - len(leaves), 9)))
    replaced = data.draw(st.sets(st.integers(0, len(leaves) - 1))) if leaves else set()
    indices = data.draw(st.permutations([*replaced, *range(len(leaves), len(leaves) + appended)]))
    changes = {index: 1000 + index for index in indices}
    after = leaves + [0] * appended
    for index, leaf in changes.items():
        after[index] = leaf
    expected = MerkleTree(depth, after, arity=arity)
    for engine in (None, best_engine):
        tree = MerkleTree(depth, leaves, engine, arity)
        tree.update_many(changes)
        assert tree.root == expected.root
        assert len(tree) == len(after)
        assert all(tree.path(index) == expected.path(index) for index in range(len(after)))


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_a_held_tree_goes_the_way_of_the_plain_one(best_engine: Engine, data: st.DataObject) -> None:
    """Updates, appends and refusals in any order; every node of every level agrees after each."""
    arity, depth = data.draw(st.sampled_from([(2, 4), (3, 3), (8, 2), (16, 2), (8, 11)]))
    leaves = data.draw(st.lists(st.integers(0, R - 1), max_size=min(arity**depth, 20)))
    held = best_engine.merkle_tree(scalars_to_bytes(leaves), depth, arity)
    plain = PlainNodes(leaves, depth, arity)
    for _ in range(data.draw(st.integers(1, 4))):
        if data.draw(st.booleans()):
            more = data.draw(st.lists(st.integers(0, R - 1), max_size=5))
            indices = list(range(len(plain), len(plain) + len(more)))
            call = partial(held.append, scalars_to_bytes(more))
        else:
            indices = data.draw(st.lists(st.integers(0, len(plain) + 2), max_size=6))
            more = [pow(index + 2, 99, R) for index in range(len(indices))]
            call = partial(held.update_many, indices, scalars_to_bytes(more))
        try:
            plain.update_many(indices, more)
        except DomainError as refused:
            with pytest.raises(DomainError, match=re.escape(str(refused))):
                call()
        else:
            call()
        assert len(held) == len(plain)
        assert scalars_from_bytes(held.root()) == [plain.root]
        for level in range(depth + 1):
            count = max(1, -(-len(plain) // arity**level))
            assert scalars_from_bytes(held.nodes(level, 0, count)) == plain.nodes(level, 0, count)
            with pytest.raises(DomainError, match="has no"):
                held.nodes(level, 1, count)
        place = data.draw(st.integers(0, arity**depth - 1))
        assert scalars_from_bytes(held.path(place)) == plain.path(place)


def test_thousands_of_leaves_change_at_once(best_engine: Engine) -> None:
    leaves = [pow(3, index, R) for index in range(3000)]
    grown = MerkleTree(5, leaves[:700], best_engine, 8)
    grown.update_many({**{index: leaves[index] for index in range(2999, 600, -1)}, 5: 0})
    grown.update(5, leaves[5])
    whole = MerkleTree(5, leaves, best_engine, 8)
    assert grown.root == whole.root
    assert grown.nodes(1, 370, 5) == whole.nodes(1, 370, 5)


def test_one_tree_serves_many_threads(best_engine: Engine) -> None:
    tree = best_engine.merkle_tree(scalars_to_bytes(range(1, 201)), 3, 8)
    changes = [(list(range(k, 200, 4)), [k * 1000 + index for index in range(k, 200, 4)]) for k in range(4)]
    with ThreadPoolExecutor(4) as pool:
        done = [pool.submit(tree.update_many, indices, scalars_to_bytes(leaves)) for indices, leaves in changes * 3]
        for future in done:
            future.result()
    expected = [index % 4 * 1000 + index for index in range(200)]
    assert scalars_from_bytes(tree.root()) == [MerkleTree(3, expected, best_engine, 8).root]


def test_leaves_are_appended_in_order() -> None:
    tree = MerkleTree(1, [], arity=3)
    assert [tree.append(leaf) for leaf in (7, 8, 9)] == [0, 1, 2]
    assert tree.root == poseidon_hash([7, 8, 9])
    with pytest.raises(DomainError, match="neither in the tree nor the next"):
        tree.append(10)


@pytest.mark.parametrize("changes", [{0: 1, 4: 1}, {0: 1, -1: 1}, {0: 1, 3: 1, 5: 1}, {0: 1, 1: R}])
def test_an_update_is_made_whole_or_not_at_all(engine: Engine, changes: dict[int, int]) -> None:
    for door in (None, engine):
        tree = MerkleTree(2, [5, 6, 7], door, 8)
        with pytest.raises((DomainError, EncodingError)):
            tree.update_many(changes)
        assert tree.root == MerkleTree(2, [5, 6, 7], arity=8).root


@pytest.mark.parametrize(("arity", "depth"), [(1, 1), (0, 1), (17, 1), (8, 12), (16, 9), (4, 17), (2, 33)])
def test_arities_and_depths_have_bounds(arity: int, depth: int) -> None:
    with pytest.raises(DomainError):
        MerkleTree(depth, [], arity=arity)


@pytest.mark.parametrize(
    ("index", "siblings", "arity"), [(8, [0] * 7, 8), (-1, [0] * 7, 8), (0, [0] * 6, 8), (0, [0], 17), (0, [0] * 33, 2)]
)
def test_paths_that_no_tree_has_are_refused(index: int, siblings: list[int], arity: int) -> None:
    with pytest.raises((EncodingError, DomainError)):
        merkle_root_from_path(1, index, siblings, arity)


def test_a_deep_tree_stores_only_what_is_there() -> None:
    tree = MerkleTree(32, [5, 6, 7])
    assert merkle_root_from_path(7, 2, tree.path(2)) == tree.root
    assert merkle_root_from_path(0, 2**32 - 1, tree.path(2**32 - 1)) == tree.root
    assert merkle_root_from_path(0, 3, tree.path(3)) == tree.root


def test_an_engine_builds_the_same_tree(engine: Engine) -> None:
    for depth, leaves in ((0, []), (0, [5]), (5, []), (5, list(range(1, 12))), (32, [1, 2, 3])):
        with_engine, plain = MerkleTree(depth, leaves, engine), MerkleTree(depth, leaves)
        assert with_engine.root == plain.root
        for index in (0, (1 << depth) // 2, (1 << depth) - 1):
            assert with_engine.path(index) == plain.path(index)


@pytest.mark.parametrize(("depth", "count"), [(-1, 0), (33, 0), (0, 2), (2, 5)])
def test_sizes_that_do_not_exist_are_refused(engine: Engine, depth: int, count: int) -> None:
    for door in (None, engine):
        with pytest.raises(DomainError):
            MerkleTree(depth, [1] * count, door)


@pytest.mark.parametrize("bad", [R, -1, True, "1"], ids=repr)
@pytest.mark.parametrize("depth", [0, 1])
def test_leaves_are_canonical(engine: Engine, bad: Any, depth: int) -> None:
    for door in (None, engine):
        with pytest.raises(EncodingError):
            MerkleTree(depth, [bad], door)
    with pytest.raises(EncodingError):
        merkle_root_from_path(bad, 0, [0] * depth)


def test_indices_lie_in_the_tree() -> None:
    tree = MerkleTree(2, [1, 2, 3])
    for index in (-1, 4):
        with pytest.raises(DomainError):
            tree.path(index)
        with pytest.raises(EncodingError):
            merkle_root_from_path(1, index, [0, 0])


def test_a_node_is_never_mistaken_for_a_leaf_of_a_shorter_path() -> None:
    tree = MerkleTree(2, [1, 2, 3, 4])
    siblings = tree.path(0)
    assert merkle_root_from_path(poseidon_hash([1, 2]), 0, siblings[1:]) == tree.root, "only the depth tells them apart"
    assert merkle_root_from_path(poseidon_hash([1, 2]), 0, siblings) != tree.root
