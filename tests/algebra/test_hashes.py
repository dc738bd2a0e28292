"""Poseidon and its trees on plain integers: circomlibjs's digests, published roots, and paths that lead to the root."""

from __future__ import annotations

import json
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
    merkle_root_from_path,
    poseidon_hash,
    poseidon_parameters,
)
from zkmargin.algebra.merkle import empty_root

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
