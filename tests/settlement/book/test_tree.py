"""The tree in versions against the plain Merkle tree, epoch by epoch."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from zkmargin.algebra import Engine, MerkleTree, get_engine
from zkmargin.settlement.book.tree import VersionedTree, empty_nodes, path

DEPTH, ARITY = 3, 8
Nodes = dict[tuple[int, int], bytes]


def from_(versions: list[Nodes]):  # type: ignore[no-untyped-def]
    """The newest version of a node, as the book's table gives it."""

    def load(level: int, place: int) -> bytes:
        return next((nodes[level, place] for nodes in reversed(versions) if (level, place) in nodes), b"")

    return load


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 2**60)), max_size=8), min_size=1, max_size=4))
def test_every_epoch_opens_as_the_plain_tree_of_that_epoch(epochs: list[list[tuple[int, int]]]) -> None:
    engine: Engine = get_engine()
    tree = VersionedTree(DEPTH, ARITY, engine)
    leaves: list[int] = []
    versions: list[Nodes] = []
    history = []
    for changes in epochs:
        digests: dict[int, int] = {}
        for wanted, value in changes:
            index = min(wanted, len(leaves))
            leaves[index : index + 1] = [value]
            digests[index] = value
        tree.update({index: value.to_bytes(32, "little") for index, value in digests.items()}, from_(versions))
        versions.append({(level, place): children for level, place, children in tree.changes()})
        tree.settle()
        history.append((tree.root, list(leaves)))
    empty = empty_nodes(DEPTH, ARITY, engine)
    for number, (root, then) in enumerate(history):
        plain = MerkleTree(DEPTH, then, engine, arity=ARITY)
        assert root == plain.root
        for index in {0, len(then) // 2, max(0, len(then) - 1), 77}:
            siblings = path(from_(versions[: number + 1]), ARITY, empty, index)
            assert siblings == tuple(plain.path(index))


def test_only_what_changed_is_written() -> None:
    engine = get_engine()
    tree = VersionedTree(DEPTH, ARITY, engine)
    tree.update({index: bytes([index + 1]) + bytes(31) for index in range(64)}, from_([]))
    first = {(level, place): children for level, place, children in tree.changes()}
    assert len(first) == 8 + 1 + 1
    tree.settle()
    tree.update({9: bytes([99]) + bytes(31)}, from_([first]))
    assert sorted((level, place) for level, place, _ in tree.changes()) == [(1, 1), (2, 0), (3, 0)]
