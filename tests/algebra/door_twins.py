"""The door's hashes and witness machine, held against circomlibjs, the definition of a tree, and plain integers."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from zkmargin.algebra import BN254, DomainError, EncodingError, Engine, LoadedTree, SparseMatrix, poseidon_hash
from zkmargin.algebra.poseidon import poseidon_permutation

from .door_case import Case, Refusal
from .door_fields import ONE, PARTIAL, TOO_LARGE, fixed, little, scalars
from .program_bytes import GOOD, assemble, expected_wires

R = BN254.r
VECTORS = json.loads((Path(__file__).parent / "data" / "poseidon_circomlibjs.json").read_text())["cases"]


def poseidon_cases() -> list[Case]:
    cases = []
    for arity in range(1, 17):
        known = [vector for vector in VECTORS if len(vector["inputs"]) == arity]
        inputs = little([int(value) for vector in known for value in vector["inputs"]])
        outputs = little([int(vector["output"]) for vector in known])
        cases.append(
            Case("poseidon", f"{arity}", lambda e, i=inputs, a=arity: e.poseidon(i, a), fixed(outputs)),
        )
    return [*cases, Case("poseidon", "empty", lambda e: e.poseidon(b"", 3), fixed(b""))]


def list_cases() -> list[Case]:
    """A chain of permutations from a capacity that has the tag and the length."""

    def chained(tag: int, items: Sequence[int]) -> int:
        state = tag + (len(items) << 128)
        for start in range(0, len(items), 16):
            state = poseidon_permutation([state, *items[start : start + 16]])[0]
        return state

    sizes = [(1, 3), (2, 0), (15, 1), (16, 2), (17, 2), (21, 3), (32, 1), (33, 1)]
    return [
        Case(
            "poseidon_lists",
            f"{count} of {width}",
            lambda e, tag=tag, lists=lists, width=width: e.poseidon_lists(
                tag, little([x for items in lists for x in items]), width
            ),
            lambda tag=tag, lists=lists: little([chained(tag, items) for items in lists]),
        )
        for tag, (width, count) in zip((0, 1, 2**128 - 1, 7, 7, 7, 7, 7), sizes, strict=True)
        for lists in [[scalars(width) for _ in range(count)]]
    ]


def full_tree(leaves: Sequence[int], depth: int, arity: int = 2) -> list[list[int]]:
    """Every node of every level, empty ones too."""
    levels = [[*leaves, *[0] * (arity**depth - len(leaves))]]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([poseidon_hash(below[i : i + arity]) for i in range(0, len(below), arity)])
    return levels


def tree_cases() -> list[Case]:
    def expected(leaves: list[int], depth: int, arity: int = 2) -> list[bytes]:
        full = full_tree(leaves, depth, arity)
        return [little(level[: max(1, -(-len(leaves) // arity**k))]) for k, level in enumerate(full)]

    def deep(leaves: list[int], depth: int) -> list[bytes]:
        """Two leaves, and nothing beside their parent all the way up."""
        levels, empty, node = [little(leaves)], 0, poseidon_hash(leaves)
        for _ in range(1, depth):
            levels.append(little([node]))
            empty = poseidon_hash([empty, empty])
            node = poseidon_hash([node, empty])
        return [*levels, little([node])]

    sizes = [(0, 0), (1, 0), (0, 3), (1, 3), (2, 3), (3, 3), (5, 3), (7, 3), (8, 3), (2, 1), (17, 5), (1, 1)]
    wide = [(0, 2, 8), (1, 1, 8), (8, 1, 8), (9, 2, 8), (64, 2, 8), (5, 2, 3), (27, 3, 3), (17, 2, 16), (6, 2, 5)]
    return (
        [
            Case(
                "merkle_levels",
                f"{count} leaves, depth {depth}, arity {arity}",
                lambda e, leaves=leaves, depth=depth, arity=arity: e.merkle_levels(little(leaves), depth, arity),
                lambda leaves=leaves, depth=depth, arity=arity: expected(leaves, depth, arity),
            )
            for count, depth, arity in wide
            for leaves in [scalars(count)]
        ]
        + [
            Case(
                "merkle_levels",
                f"{count} leaves, depth {depth}",
                lambda e, leaves=leaves, depth=depth: e.merkle_levels(little(leaves), depth),
                lambda leaves=leaves, depth=depth: expected(leaves, depth),
            )
            for count, depth in sizes
            for leaves in [scalars(count)]
        ]
        + [
            Case(
                "merkle_levels",
                "two leaves, depth 32",
                lambda e: e.merkle_levels(little([R - 1, 5]), 32),
                lambda: deep([R - 1, 5], 32),
            )
        ]
    )


def held_tree_cases() -> list[Case]:
    def expected(leaves: list[int], depth: int, arity: int) -> tuple[int, bytes, bytes, bytes]:
        full = full_tree(leaves, depth, arity)
        path, place = [], len(leaves) // 2
        for level in full[:-1]:
            family = level[place // arity * arity :][:arity]
            path += [node for at, node in enumerate(family) if at != place % arity]
            place //= arity
        return len(leaves), little(full[-1]), little(path), little(full[1][:1])

    def asked(e: Engine, leaves: list[int], depth: int, arity: int) -> tuple[int, bytes, bytes, bytes]:
        tree = e.merkle_tree(little(leaves), depth, arity)
        return len(tree), tree.root(), tree.path(len(leaves) // 2), tree.nodes(1, 0, 1)

    return [
        Case(
            "merkle_tree",
            f"{count} leaves, depth {depth}, arity {arity}",
            lambda e, leaves=leaves, depth=depth, arity=arity: asked(e, leaves, depth, arity),
            lambda leaves=leaves, depth=depth, arity=arity: expected(leaves, depth, arity),
        )
        for count, depth, arity in ((0, 2, 2), (1, 1, 8), (8, 1, 8), (9, 2, 8), (26, 3, 3), (256, 2, 16), (5, 4, 2))
        for leaves in [scalars(count)]
    ]


def held_tree_refusals() -> list[Refusal]:
    """A tree of three leaves and four places."""
    calls: dict[str, Callable[[LoadedTree], object]] = {
        "no fifth place": lambda t: t.append(ONE * 2),
        "a gap": lambda t: t.update_many([4], ONE),
        "a place before the first": lambda t: t.update_many([-1], ONE),
        "a place far away": lambda t: t.update_many([2**70], ONE),
        "the same leaf twice": lambda t: t.update_many([1, 1], ONE * 2),
        "the path of a fifth place": lambda t: t.path(4),
        "the path of a place before the first": lambda t: t.path(-1),
        "nodes beyond a level": lambda t: t.nodes(0, 2, 2),
        "nodes of no level": lambda t: t.nodes(2, 0, 1),
        "nodes before a level": lambda t: t.nodes(0, -1, 1),
        "no such count of nodes": lambda t: t.nodes(0, 0, 2**70),
    }
    malformed: dict[str, Callable[[LoadedTree], object]] = {
        "more leaves than indices": lambda t: t.update_many([1], ONE * 2),
        "fewer leaves than indices": lambda t: t.update_many([1, 2], ONE),
        "a leaf that is not below r": lambda t: t.update_many([0, 1], TOO_LARGE),
        "a part of a leaf": lambda t: t.append(PARTIAL),
    }
    return [
        Refusal("merkle_tree", label, lambda e, call=call: call(e.merkle_tree(ONE * 3, 1, 4)), error)
        for error, group in ((DomainError, calls), (EncodingError, malformed))
        for label, call in group.items()
    ]


def program_cases() -> list[Case]:
    program = assemble(**GOOD)
    return [
        Case(
            method,
            f"{a % 1000} and {b % 1000}",
            lambda e, call=call, a=a, b=b: call(e, little([a, b])),
            lambda a=a, b=b: little(expected_wires(a, b)),
        )
        for method, call in {
            "run_program": lambda e, inputs: e.run_program(program, inputs),
            "load_program": lambda e, inputs: e.load_program(program).run(inputs),
        }.items()
        for a, b in ((23, 7), (0, 0), (1, 1), (R - 1, R - 1), (R - 1, 0), tuple(scalars(2)))
    ]


def constraint_sides(width: int) -> list[SparseMatrix]:
    """a * 1 = a, and a * 1 = b, for a program whose inputs are a and b."""
    one, a, b = [(0, 1)], [(1, 1)], [(2, 1)]
    return [SparseMatrix.from_rows(rows, width) for rows in ([a, a], [one, one], [a, b])]


def constraint_cases() -> list[Case]:
    program, sides = assemble(**GOOD), constraint_sides(len(expected_wires(0, 0)))
    return [
        Case(
            "load_constraints",
            f"{a % 1000} and {b % 1000}",
            lambda e, a=a, b=b: str(
                e.load_program(program).first_broken(little([a, b]), 1, e.load_constraints(*sides))
            ).encode(),
            lambda a=a, b=b: str([None if a == b else 1]).encode(),
        )
        for a, b in ((23, 7), (0, 0), (R - 1, R - 1), (R - 1, 0))
    ]


CASES = [*constraint_cases(), *poseidon_cases(), *list_cases(), *tree_cases(), *held_tree_cases(), *program_cases()]

REFUSALS = [
    *held_tree_refusals(),
    *(
        Refusal(method, label, lambda e, call=call, bad=bad: call(e, bad), index=index)
        for method, call in {
            "poseidon": lambda e, bad: e.poseidon(bad, 2),
            "poseidon_lists": lambda e, bad: e.poseidon_lists(1, bad, 2),
            "merkle_levels": lambda e, bad: e.merkle_levels(bad, 4),
            "merkle_tree": lambda e, bad: e.merkle_tree(bad, 4, 3),
            "run_program": lambda e, bad: e.run_program(assemble(**GOOD), bad),
            "load_program": lambda e, bad: e.load_program(assemble(**GOOD)).run(bad),
        }.items()
        for label, bad, index in (("r", TOO_LARGE, 1), ("31 bytes", PARTIAL, None))
    ),
    *(Refusal("poseidon", f"arity {arity}", lambda e, a=arity: e.poseidon(b"", a)) for arity in (0, 17, -1)),
    *(Refusal("poseidon", f"{n} scalars by 3", lambda e, n=n: e.poseidon(ONE * n, 3)) for n in (1, 2, 4)),
    *(Refusal("poseidon_lists", f"lists of {n}", lambda e, n=n: e.poseidon_lists(1, b"", n)) for n in (0, -1, 2**32)),
    *(Refusal("poseidon_lists", f"tag {t}", lambda e, t=t: e.poseidon_lists(t, ONE, 1)) for t in (-1, 2**128)),
    *(
        Refusal("poseidon_lists", f"{n} scalars by 3", lambda e, n=n: e.poseidon_lists(1, ONE * n, 3))
        for n in (1, 2, 4)
    ),
    *(
        Refusal(method, f"arity {k}, depth {d}", lambda e, k=k, d=d, m=method: getattr(e, m)(ONE, d, k), DomainError)
        for method in ("merkle_levels", "merkle_tree")
        for k, d in ((1, 2), (0, 2), (17, 2), (-1, 2), (8, 12), (16, 9), (3, 21), (2**70, 1))
    ),
    *(Refusal("merkle_levels", f"depth {d}", lambda e, d=d: e.merkle_levels(ONE, d), DomainError) for d in (-1, 33)),
    *(
        Refusal("merkle_levels", f"{n} leaves, depth {d}", lambda e, n=n, d=d: e.merkle_levels(ONE * n, d), DomainError)
        for n, d in ((2, 0), (3, 1), (17, 4))
    ),
    Refusal(
        "load_constraints",
        "sides of other widths",
        lambda e: e.load_constraints(*constraint_sides(4)[:2], constraint_sides(5)[2]),
    ),
    Refusal("load_program", "empty program", lambda e: e.load_program(b"")),
    Refusal("run_program", "empty program", lambda e: e.run_program(b"", ONE * 2)),
    Refusal("run_program", "too few inputs", lambda e: e.run_program(assemble(**GOOD), ONE)),
]
