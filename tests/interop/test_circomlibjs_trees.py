"""Sparse trees here and in circomlibjs: after every step the same root, the same siblings, and paths that end alike."""

from __future__ import annotations

import json
import random

import pytest

from zkmargin.algebra import BN254, SparseMerkleTree

from .snarkjs import HERE, Tool

pytestmark = [pytest.mark.interop, pytest.mark.xdist_group("interop")]

Step = tuple[str, int, int]


def steps() -> list[Step]:
    """Keys that part at once, late and in the middle; every one of them looked for, changed and taken out again."""
    drawn = random.Random(30)
    crowded = [0, 1, 2, 3, 8, 1 << 40, (1 << 40) + 8, (1 << 200) + 1, BN254.r - 1]
    keys = crowded + [drawn.randrange(BN254.r) for _ in range(8)]
    drawn.shuffle(keys)
    story: list[Step] = [("find", 5, 0)]
    for key in keys:
        story += [("find", key, 0), ("insert", key, drawn.randrange(BN254.r)), ("find", drawn.randrange(BN254.r), 0)]
    story += [("update", key, drawn.choice([0, 1, drawn.randrange(BN254.r)])) for key in keys[::2]]
    drawn.shuffle(keys)
    return story + [("delete", key, 0) for key in keys]


def test_a_tree_s_whole_life_is_the_same(fresh_tool: Tool) -> None:
    story = steps()
    fresh_tool.write("questions.json", [(verb, str(key), str(value)) for verb, key, value in story])
    theirs = json.loads(fresh_tool._run(HERE / "sparse_tree.mjs", (), False))
    tree = SparseMerkleTree()
    for (verb, key, value), answer in zip(story, theirs, strict=True):
        if verb == "insert":
            tree.insert(key, value)
        if verb == "update":
            tree.update(key, value)
        if verb == "delete":
            tree.delete(key)
        path = tree.path(key)
        assert str(tree.root) == answer["root"], (verb, key)
        assert list(map(str, path.siblings)) == answer["siblings"], (verb, key)
        assert (None if path.end is None else list(map(str, path.end))) == answer["end"], (verb, key)
    assert tree.root == 0
