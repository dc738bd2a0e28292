"""Small circuits written out by hand, with their witnesses: the prover's tests need no compiler."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from zkmargin.algebra import BN254, Engine, SparseMatrix, scalars_to_bytes
from zkmargin.circuits.r1cs import R1CS
from zkmargin.prover import (
    PowersOfTau,
    ProvingKey,
    contribute,
    contribute_powers,
    insecure_setup,
    new_powers,
    prepare_phase2,
    setup_from_ptau,
)

Row = dict[int, int]


@dataclass(frozen=True)
class Example:
    """A circuit with one satisfying witness."""

    r1cs: R1CS
    wires: tuple[int, ...]

    @property
    def witness(self) -> bytes:
        return scalars_to_bytes(self.wires)

    def with_wire(self, index: int, value: int) -> bytes:
        wires = list(self.wires)
        wires[index] = value
        return scalars_to_bytes(wires)


def circuit(
    constraints: Sequence[tuple[Row, Row, Row]], wires: Sequence[int], *, outputs: int = 0, public: int = 0
) -> Example:
    """Rows as {wire: coefficient}; the wires after the public ones count as private inputs."""
    reduced = tuple(value % BN254.r for value in wires)
    sides = [
        SparseMatrix.from_rows(
            [[(wire, value % BN254.r) for wire, value in row[side].items()] for row in constraints], len(wires)
        )
        for side in range(3)
    ]
    for a, b, c in constraints:
        values = [sum(k * reduced[wire] for wire, k in row.items()) for row in (a, b, c)]
        assert (values[0] * values[1] - values[2]) % BN254.r == 0
    r1cs = R1CS(
        n_wires=len(wires),
        n_public_outputs=outputs,
        n_public_inputs=public,
        n_private_inputs=len(wires) - 1 - outputs - public,
        a=sides[0],
        b=sides[1],
        c=sides[2],
        wire_labels=None,
        metadata=None,
    )
    return Example(r1cs, reduced)


def cubic(x: int = 3) -> Example:
    """out = x^3 + x + 5, x private: wires 1, out, x, x^2, x^3."""
    return circuit(
        [({2: 1}, {2: 1}, {3: 1}), ({3: 1}, {2: 1}, {4: 1}), ({4: 1, 2: 1, 0: 5}, {0: 1}, {1: 1})],
        [1, x**3 + x + 5, x, x * x, x**3],
        outputs=1,
    )


def powers_chain(steps: int, x: int = 7) -> Example:
    """x^2, x^4, ...: x and the last power are public, and one more private wire (the last) is used nowhere."""
    values = [x]
    for _ in range(steps):
        values.append(values[-1] ** 2 % BN254.r)
    wires = [1, values[-1], x, *values[1:-1], 12345]
    place = [2, *range(3, steps + 2), 1]
    rows = [({place[i]: 1}, {place[i]: 1}, {place[i + 1]: 1}) for i in range(steps)]
    return circuit(rows, wires, outputs=1, public=1)


@pytest.fixture(scope="session")
def cubic_example() -> Example:
    return cubic()


@pytest.fixture(scope="session")
def development_key(cubic_example: Example, best_engine: Engine) -> ProvingKey:
    return insecure_setup(cubic_example.r1cs, best_engine)


@pytest.fixture(scope="session")
def ptau(best_engine: Engine) -> PowersOfTau:
    """Two contributions, prepared, for circuits up to 2^3."""
    powers = contribute_powers(new_powers(3, best_engine), "first", "one", best_engine)
    return prepare_phase2(contribute_powers(powers, "second", "two", best_engine), best_engine)


@pytest.fixture(scope="session")
def initial_key(cubic_example: Example, ptau: PowersOfTau, best_engine: Engine) -> ProvingKey:
    return setup_from_ptau(cubic_example.r1cs, ptau, best_engine)


@pytest.fixture(scope="session")
def ceremony_key(initial_key: ProvingKey, best_engine: Engine) -> ProvingKey:
    return contribute(contribute(initial_key, "alice", "a", best_engine), "bob", "b", best_engine)
