"""Where the time of a proof goes, phase by phase, beside what its operations must cost at the least.

The floor of a phase is a number of operations, counted in this very key and witness, times what one of them costs on
this machine when nothing else is in its way: a field product, a transform's butterfly, an addition of points, each
measured over data in the nearest caches, shared out evenly over the threads. Additions are counted for the best width
of digits with all multiples of the key's points known ahead. A phase without a floor is not made of such operations.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from zkmargin.algebra import Buffer

from .groth16 import Prover

Result = TypeVar("Result")

OPERATIONS = {
    "products": ("products", "product"),
    "transforms": ("butterflies", "butterfly"),
    "a": ("a", "g1_addition"),
    "b1": ("b1", "g1_addition"),
    "b2": ("b2", "g2_addition"),
    "c": ("c", "g1_addition"),
}
"""Of a phase of the prover: which of the counts of `least_work` and which of the costs make its floor."""


@dataclass(frozen=True)
class Floor:
    """So many operations of so many seconds each, over so many threads."""

    operation: str
    operations: int
    each_s: float
    threads: int

    @property
    def seconds(self) -> float:
        return self.operations * self.each_s / self.threads


@dataclass(frozen=True)
class Phase:
    """One phase: the median of its times, and its floor where it has one."""

    name: str
    seconds: float
    floor: Floor | None = None


@dataclass(frozen=True)
class Breakdown:
    """The phases in order; `total` is the median of whole proofs, which the phases of one proof add up to."""

    kernel: str
    threads: int
    rounds: int
    costs: Mapping[str, float]
    phases: tuple[Phase, ...]
    total: float

    @property
    def floor_seconds(self) -> float:
        return sum(phase.floor.seconds for phase in self.phases if phase.floor is not None)


def timed(work: Callable[[], Result]) -> tuple[Result, float]:
    """A result and the seconds it took."""
    started = time.perf_counter()
    result = work()
    return result, time.perf_counter() - started


def measure(prover: Prover, witness: Buffer, rounds: int) -> Breakdown:
    """Prove `rounds` times after once to warm up. Another engine than the native one is an
    `EngineUnavailable`; a witness that does not satisfy the circuit, an `UnsatisfiedWitness`."""
    work = prover.least_work(witness)
    from zkmargin.algebra import _native

    costs, threads = _native.unit_costs(), _native.threads()
    prover.prove(witness)
    times: dict[str, list[float]] = {}
    totals = []
    for _ in range(rounds):
        (_, seconds), total = timed(lambda: prover.prove_timed(witness))
        totals.append(total)
        for name, each in seconds.items():
            times.setdefault(name, []).append(each)
    phases = []
    for name, measured in times.items():
        floor = None
        if name in OPERATIONS:
            count, cost = OPERATIONS[name]
            floor = Floor(cost, work[count], costs[cost], threads)
        phases.append(Phase(name, statistics.median(measured), floor))
    kernels, _ = _native.kernels()
    return Breakdown(kernels[0], threads, rounds, costs, tuple(phases), statistics.median(totals))
