"""The circuits that are proven, written once as `.r1cs` and `.wtns` for every side to read.

A chain of hashes has wires of full size, range checks have bits, and the margin statement has some of both. The first
two are given by the power of two that their domain has, and fill it as far as it goes.
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from zkmargin.circuits import R1CS, CompiledCircuit, build
from zkmargin.circuits.formats import write_r1cs, write_wtns
from zkmargin.circuits.margin import SHAPES, compile_margin

from ..agreement_proofs import claims, is_true
from ..workloads import WORKLOADS

FAMILIES = {
    "chain": "Poseidon hashes in a chain: wires of full size",
    "bits": "range checks of 64 bits: mostly bits",
    "margin": "the margin statement",
}
POWERS = range(10, 23)


@dataclass(frozen=True)
class ProvenCircuit:
    """One circuit with one satisfying witness; `size` is a power of two, or the name of a margin shape."""

    family: str
    size: str

    @classmethod
    def parse(cls, name: str) -> ProvenCircuit:
        """`chain-14`, `bits-16`, `margin-standard`."""
        family, _, size = name.partition("-")
        sizes = list(SHAPES) if family == "margin" else [str(power) for power in POWERS]
        if family not in FAMILIES or size not in sizes:
            raise ValueError(f"no circuit {name!r}: chain-POWER, bits-POWER with 10 to 22, or margin-SHAPE")
        return cls(family, size)

    @property
    def name(self) -> str:
        return f"{self.family}-{self.size}"

    def built(self) -> tuple[CompiledCircuit, dict[str, Any]]:
        """The circuit, and inputs that satisfy it."""
        if self.family == "margin":
            return _margin(self.size)
        places = 2 ** int(self.size) - 3  # of which public inputs and the constant take one each
        workload, each, once = {
            "chain": (WORKLOADS["poseidon_chain"], 240, 1),
            "bits": (WORKLOADS["ranges"], 130, -64),
        }[self.family]
        count = (places - once) // each
        circuit = build(workload.circuit, count, name=f"{workload.name}_{count}")
        [instance] = workload.samples(random.Random(f"proving {self.name}"), count, 1)
        return circuit, dict(instance.named)


@dataclass(frozen=True)
class CircuitFiles:
    """A folder with one circuit's files, and a folder in it for what each side makes of them."""

    circuit: ProvenCircuit
    folder: Path

    @property
    def r1cs(self) -> Path:
        return self.folder / "circuit.r1cs"

    @property
    def wtns(self) -> Path:
        return self.folder / "witness.wtns"

    def side(self, name: str) -> Path:
        return self.folder / name

    @cached_property
    def counts(self) -> dict[str, int]:
        """Constraints, wires, public inputs, and how many of the witness's values are 0 or 1."""
        counts: dict[str, int] = json.loads((self.folder / "counts.json").read_text())
        return counts

    def make(self, *, anew: bool = False) -> None:
        """Unless they are there: compile, compute the witness, check it, and write both.

        `anew` compiles in any case, and where that gives another circuit than before, all keys go with the old one.
        """
        if (self.folder / "counts.json").exists() and not anew:
            return
        circuit, inputs = self.circuit.built()
        witness = circuit.witness(inputs)
        circuit.check(witness)
        r1cs, values = write_r1cs(circuit.r1cs), write_wtns(witness)
        if self._holds(r1cs, values):
            return
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.r1cs.write_bytes(r1cs)
        self.wtns.write_bytes(values)
        self._count(circuit.r1cs, witness)

    def _holds(self, r1cs: bytes, values: bytes) -> bool:
        files = ((self.r1cs, r1cs), (self.wtns, values))
        counted = (self.folder / "counts.json").exists()
        return counted and all(path.exists() and path.read_bytes() == data for path, data in files)

    def _count(self, r1cs: R1CS, witness: bytes) -> None:
        bits = sum(1 for value in _values(witness) if value in _BITS)
        counts = {
            "constraints": r1cs.n_constraints,
            "wires": r1cs.n_wires,
            "public": r1cs.n_public,
            "bits": bits,
            "entries": r1cs.a.entries + r1cs.b.entries + r1cs.c.entries,
        }
        (self.folder / "counts.json").write_text(json.dumps(counts))


_BITS = frozenset(value.to_bytes(32, "little") for value in (0, 1))


def _values(witness: bytes) -> Iterator[bytes]:
    return (witness[i : i + 32] for i in range(0, len(witness), 32))


def _margin(shape: str) -> tuple[CompiledCircuit, dict[str, Any]]:
    """An account with balances, debts, positions and reservations, on the very boundary of what it claims."""
    claim = next(filter(is_true, claims(SHAPES[shape], random.Random(f"proving {shape}"))))
    return compile_margin(SHAPES[shape]), dict(claim.circuit_inputs())
