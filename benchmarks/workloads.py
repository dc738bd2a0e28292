"""The circuits that are timed, and inputs that satisfy them. `gnark/workloads.go` and `circom/` state the same.

Each has a size. Public inputs come first, and flat lists of both kinds are in the order of declaration, so that a peer
without named inputs can be given the same instance.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from zkmargin.algebra import BN254, get_engine, scalars_from_bytes, scalars_to_bytes
from zkmargin.circuits import Circuit, assert_at_most, assert_equal, merkle_root, poseidon, to_bits

DEPTH = 32
MILLION = 1_000_000
SCALES = ("tiny", "small", "medium", "full")
"""For tests; then about 25,000, 100,000 and a million constraints."""
Values = dict[str, int | list[int]]


@dataclass(frozen=True)
class Instance:
    """One set of inputs, by name."""

    public: Values
    private: Values

    @property
    def named(self) -> Values:
        return self.public | self.private

    def as_json(self) -> dict[str, Any]:
        """Digits rather than numbers, which JSON readers elsewhere would round."""
        named = {name: [str(x) for x in v] if isinstance(v, list) else str(v) for name, v in self.named.items()}
        return {"public": flat(self.public), "private": flat(self.private), "named": named}


@dataclass(frozen=True)
class Workload:
    """A circuit in the sizes of `SCALES`."""

    name: str
    what: str
    circuit: Callable[[Circuit, int], None]
    samples: Callable[[random.Random, int, int], list[Instance]]
    sizes: tuple[int, int, int, int]
    constraints_each: int
    """About how many constraints one unit of size costs: how many instances a run can afford."""
    public: str
    """The public input, which circom declares beside the circuit."""
    hashes: bool = False

    def circom_arguments(self, size: int) -> str:
        """What its template takes: the margin's also the bits of the largest surplus."""
        surplus = (2**64 - 1) ** 2 * MILLION * size
        return f"{size}, {surplus.bit_length()}" if self.name == "margin" else str(size)

    def instances(self, size: int) -> list[Instance]:
        count = max(8, min(128, 400_000 // (size * self.constraints_each)))
        return self.samples(random.Random(f"{self.name} {size}"), size, count)


def flat(values: Values) -> list[str]:
    return [str(x) for v in values.values() for x in (v if isinstance(v, list) else [v])]


def _hash_pairs(pairs: Sequence[tuple[int, int]]) -> list[int]:
    return scalars_from_bytes(get_engine().poseidon(scalars_to_bytes(x for pair in pairs for x in pair), 2))


def poseidon_chain(c: Circuit, size: int) -> None:
    """digest = h(... h(h(start, key), key) ..., key), `size` hashes."""
    digest = c.public("digest")
    node, key = c.private("start"), c.private("key")
    for _ in range(size):
        node = poseidon([node, key])
    assert_equal(node, digest)


def _chain_samples(rng: random.Random, size: int, count: int) -> list[Instance]:
    starts = [(rng.randrange(BN254.r), rng.randrange(BN254.r)) for _ in range(count)]
    nodes = [start for start, _ in starts]
    for _ in range(size):
        nodes = _hash_pairs([(node, key) for node, (_, key) in zip(nodes, starts, strict=True)])
    return [
        Instance({"digest": node}, {"start": start, "key": key})
        for node, (start, key) in zip(nodes, starts, strict=True)
    ]


def ranges(c: Circuit, size: int) -> None:
    """`size` values of 64 bits in ascending order, and their sum."""
    total = c.public("total")
    values = c.private_array("values", size, bits=64)
    for lower, upper in itertools.pairwise(values):
        assert_at_most(lower, upper)
    assert_equal(total, c.field_sum((value, 1) for value in values))


def _ranges_samples(rng: random.Random, size: int, count: int) -> list[Instance]:
    drawn = [sorted(rng.getrandbits(64) for _ in range(size)) for _ in range(count)]
    return [Instance({"total": sum(values)}, {"values": values}) for values in drawn]


def merkle(c: Circuit, size: int) -> None:
    """`size` leaves, each under its root at an index of 32 bits."""
    roots = c.public_array("roots", size)
    leaves = c.private_array("leaves", size)
    indices = c.private_array("indices", size)
    siblings = c.private_array("siblings", size * DEPTH)
    for path, root in enumerate(roots):
        bits = to_bits(indices[path], DEPTH)
        assert_equal(merkle_root(leaves[path], bits, siblings[path * DEPTH : (path + 1) * DEPTH]), root)


def _merkle_samples(rng: random.Random, size: int, count: int) -> list[Instance]:
    found = []
    for _ in range(count):
        leaves = [rng.randrange(BN254.r) for _ in range(size)]
        indices = [rng.getrandbits(DEPTH) for _ in range(size)]
        siblings = [[rng.randrange(BN254.r) for _ in range(DEPTH)] for _ in range(size)]
        nodes = leaves
        for level in range(DEPTH):
            pairs = [(node, path[level]) for node, path in zip(nodes, siblings, strict=True)]
            nodes = _hash_pairs(
                [pair[::-1] if i >> level & 1 else pair for pair, i in zip(pairs, indices, strict=True)]
            )
        private: Values = {"leaves": leaves, "indices": indices, "siblings": [x for path in siblings for x in path]}
        found.append(Instance({"roots": nodes}, private))
    return found


def margin(c: Circuit, size: int) -> None:
    """sum of balance * price * (1e6 - haircut) >= margin * 1e6, over `size` assets, every input in its range."""
    required = c.public("margin", bits=128)
    balances = c.private_array("balances", size, bits=64)
    prices = c.private_array("prices", size, bits=64)
    haircuts = c.private_array("haircuts", size, bits=20)
    for haircut in haircuts:
        assert_at_most(haircut, c.constant(MILLION))
    worth = [b * p * (MILLION - h) for b, p, h in zip(balances, prices, haircuts, strict=True)]
    assert_at_most(required * MILLION, c.weighted_sum((x, 1) for x in worth))


def _margin_samples(rng: random.Random, size: int, count: int) -> list[Instance]:
    found = []
    for _ in range(count):
        balances = [rng.getrandbits(64) for _ in range(size)]
        prices = [rng.getrandbits(48) for _ in range(size)]  # so that the margin they allow fits into 128 bits
        haircuts = [rng.randrange(MILLION + 1) for _ in range(size)]
        worth = sum(b * p * (MILLION - h) for b, p, h in zip(balances, prices, haircuts, strict=True))
        private: Values = {"balances": balances, "prices": prices, "haircuts": haircuts}
        found.append(Instance({"margin": worth // MILLION}, private))
    return found


WORKLOADS = {
    workload.name: workload
    for workload in (
        Workload(
            "poseidon_chain",
            "hashes in a chain",
            poseidon_chain,
            _chain_samples,
            (3, 100, 420, 4170),
            240,
            "digest",
            True,
        ),
        Workload("ranges", "ascending 64-bit values", ranges, _ranges_samples, (4, 200, 800, 8000), 130, "total"),
        Workload("merkle", "Merkle paths of depth 32", merkle, _merkle_samples, (1, 4, 16, 128), 7750, "roots", True),
        Workload("margin", "assets of a toy margin", margin, _margin_samples, (3, 150, 600, 6000), 175, "margin"),
    )
}
