"""Sparse and sorted trees on plain integers, held against dictionaries; and Merkle trees that change."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkmargin.algebra import (
    BN254,
    DomainError,
    EncodingError,
    MerkleTree,
    SortedTree,
    SparseMerkleTree,
    SparsePath,
    TreeError,
    merkle_update_from_path,
)

R = BN254.r
KEYS = st.one_of(st.integers(0, 15), st.integers(0, R - 1))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(KEYS, st.integers(0, R - 1), st.booleans()), max_size=12), KEYS)
def test_a_sparse_tree_is_a_dictionary(steps: list[tuple[int, int, bool]], asked: int) -> None:
    held: dict[int, int] = {}
    tree = SparseMerkleTree()
    for key, value, remove in steps:
        before = tree.root
        if key not in held:
            assert tree.insert(key, value).value(before) is None
            held[key] = value
        elif remove:
            path = tree.delete(key)
            del held[key]
            assert path.value(tree.root) is None
        else:
            assert tree.update(key, value).value(before) == held[key]
            held[key] = value
    for key in {asked, *(key for key, _, _ in steps)}:
        assert tree.path(key).value(tree.root) == held.get(key)
    again = SparseMerkleTree()
    for key in sorted(held):
        again.insert(key, held[key])
    assert again.root == tree.root, "whatever the order, the same tree"


def test_a_sparse_path_speaks_for_its_root_only() -> None:
    tree = SparseMerkleTree()
    for key in (1, 2, 5):
        tree.insert(key, key)
    path = tree.path(5)
    for changed in (
        SparsePath(6, path.siblings, path.end),
        SparsePath(5, path.siblings[:-1], path.end),
        SparsePath(5, path.siblings, (5, 6)),
        SparsePath(5, path.siblings, None),
    ):
        with pytest.raises(TreeError, match="does not lead to the root") as caught:
            changed.value(tree.root)
        assert caught.value.key == changed.key
    for malformed in (SparsePath(R, path.siblings, path.end), SparsePath(5, (R,), path.end), SparsePath(5, (), (5, R))):
        with pytest.raises(EncodingError):
            malformed.value(tree.root)
    with pytest.raises(DomainError):
        SparsePath(5, (0,) * 254, None).value(tree.root)


def test_what_a_sparse_tree_cannot_do_is_refused() -> None:
    tree = SparseMerkleTree(3)
    tree.insert(1, 10)
    root = tree.root
    for refused in (
        lambda: tree.insert(1, 11),
        lambda: tree.insert(9, 11),
        lambda: tree.update(9, 11),
        lambda: tree.update(2, 11),
        lambda: tree.delete(9),
    ):
        with pytest.raises(TreeError):
            refused()
    for key, value in ((R, 1), (-1, 1), (True, 1), (2, R)):
        with pytest.raises(EncodingError):
            tree.insert(key, value)
    assert tree.root == root
    for levels in (0, 254):
        with pytest.raises(DomainError):
            SparseMerkleTree(levels)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 31), unique=True, max_size=7), st.integers(0, 31))
def test_a_sorted_tree_is_a_dictionary(keys: list[int], asked: int) -> None:
    tree = SortedTree(3, 5)
    for key in keys:
        step = tree.insert(key, key + 50)
        assert step.low.leaf.mark < key + 1 < step.low.leaf.next_mark
    for key in {asked, 0, 31, *keys}:
        assert tree.path(key).value(key, tree.root) == (key + 50 if key in keys else None)
    marks = {leaf.mark: leaf.next_mark for leaf in tree._leaves}
    walked = [0]
    while walked[-1] in marks:
        walked.append(marks[walked[-1]])
    assert walked == [0, *sorted(key + 1 for key in keys), 33]


def test_what_a_sorted_tree_cannot_do_is_refused() -> None:
    tree = SortedTree(1, 5)
    tree.insert(8, 1)
    for key in (8, 9, -1, 32):
        with pytest.raises(TreeError):
            tree.insert(key, 1)
    path = tree.path(8)
    for key, root in ((8, tree.root + 1), (7, tree.root), (-1, tree.root)):
        with pytest.raises(TreeError):
            path.value(key, root)
    start = tree.path(3)
    assert start.leaf.mark == 0
    with pytest.raises(TreeError, match="says nothing of key -1"):
        start.value(-1, tree.root)
    for bits in (0, 253):
        with pytest.raises(DomainError):
            SortedTree(3, bits)
    with pytest.raises(EncodingError):
        SortedTree(3, 5).insert(3, R)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, R - 1), min_size=1, max_size=8), st.integers(0, 8), st.integers(0, R - 1))
def test_a_changed_merkle_tree_is_the_tree_of_the_changed_leaves(leaves: list[int], index: int, leaf: int) -> None:
    tree, old = MerkleTree(3, leaves), MerkleTree(3, leaves).root
    if index > min(len(leaves), 7):
        with pytest.raises(DomainError):
            tree.update(index, leaf)
        return
    siblings = tree.path(index)
    tree.update(index, leaf)
    changed = [*leaves[:index], leaf, *leaves[index + 1 :]]
    assert tree.root == MerkleTree(3, changed).root
    assert [tree.path(i) for i in range(8)] == [MerkleTree(3, changed).path(i) for i in range(8)]
    before = leaves[index] if index < len(leaves) else 0
    assert merkle_update_from_path(before, leaf, index, siblings) == (old, tree.root)


def test_a_refused_change_changes_nothing() -> None:
    tree = MerkleTree(2, [1, 2])
    root = tree.root
    for index, leaf in ((3, 1), (-1, 1), (0, R), (2, -1)):
        with pytest.raises((DomainError, EncodingError)):
            tree.update(index, leaf)
    assert tree.root == root
    assert MerkleTree(32, []).path(5)[0] == 0
