"""Replacing hints by liars: is every wire of a circuit determined by its inputs?

A hint gives a value and constrains nothing. Here each is replaced by what a dishonest prover might put there, the rest
of the witness is computed from the lie, and some constraint must fail. What survives is a second witness for the same
inputs: nearly always a constraint that was forgotten.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator, Sequence
from fnmatch import fnmatchcase

from ..build import CompiledCircuit
from ..errors import CheckFailed, CircuitError, LieAccepted, Survivor
from ..inputs import InputValues, arrange_inputs
from .lies import Lies, joint_lies, lies_about
from .plain_engine import PlainProgram, broken
from .steps import Row, Step, evaluate


def check_liars(
    circuit: CompiledCircuit, inputs: InputValues, *, every_wire: bool = False, free: Collection[str] = ()
) -> int:
    """Every lie about a hint must leave the circuit unsatisfied, else `LieAccepted`. Returns how many lies were told.

    Lies are told about each wire of a hint alone, and about several of one hint together; with `every_wire` about all
    inner wires. `inputs` must be true: a false statement would refuse the lies too. `free` holds patterns of names of
    wires (as in `"named_bound.value_*"`) that may well be something else: those the prover chooses.
    """
    __tracebackhide__ = True
    bench = _Bench(circuit, inputs)
    survivors: list[Survivor] = []
    told = 0
    for step in bench.steps:
        if step.is_hint or every_wire:
            for lies in bench.lies(step):
                told += 1
                changed = bench.accepted(lies)
                if changed and not bench.all_free(changed, lies, free):
                    survivors.append(bench.survivor(lies))
                    break
    if survivors:
        raise LieAccepted(circuit.name, survivors)
    return told


class _Bench:
    """A circuit with an honest witness, in which single wires can be changed and what follows recomputed."""

    def __init__(self, circuit: CompiledCircuit, inputs: InputValues) -> None:
        circuit = circuit.as_written()  # the optimiser takes hints apart, and a lie about one part is no alias
        self._circuit, self._r = circuit, circuit.r1cs.curve.r
        try:
            given = arrange_inputs(circuit.inputs, inputs, circuit.r1cs.curve)
            problem: CircuitError | None = broken(circuit, inputs)
        except CircuitError as refused:
            problem = refused
        if problem is not None:
            raise CheckFailed(
                f"circuit {circuit.name!r}: there is nothing to lie about, as the truth is refused: {problem}"
            )
        program = PlainProgram(self._r, circuit.program.to_bytes(), {})
        self.steps = program.steps.steps
        self._values = program.run_all(given)
        self._n_wires = program.n_wires
        self._copied_out = {
            wire
            for step in self.steps
            if any(read >= self._n_wires for row in step.reads for read, _ in row)
            for wire in step.wires
        }
        sides = [matrix.to_rows(circuit.r1cs.curve) for matrix in (circuit.r1cs.a, circuit.r1cs.b, circuit.r1cs.c)]
        self._products: list[tuple[Row, ...]] = [tuple(map(tuple, row)) for row in zip(*sides, strict=True)]
        self._read_by = _places((wire for row in step.reads for wire, _ in row) for step in self.steps)
        self._stands_in = _places((wire for side in row for wire, _ in side) for row in self._products)
        written = {wire: place for place, step in enumerate(self.steps) for wire in step.wires}
        self._final_after = [
            max((written.get(wire, -1) for side in row for wire, _ in side), default=-1) for row in self._products
        ]

    def lies(self, step: Step) -> Iterator[Lies]:
        for wire in step.wires:
            yield from lies_about(wire, self._values[wire], self._r)
        yield from joint_lies(step, self._values, self._r)

    def accepted(self, lies: Lies) -> list[int]:
        """The wires of the witness that the lies change, if no constraint notices. Scratch is no part of it."""
        before: dict[int, int] = {}
        try:
            unnoticed = self._tell(lies, before)
            return [wire for wire in before if wire < self._n_wires] if unnoticed else []
        finally:
            for wire, value in before.items():
                self._values[wire] = value

    def all_free(self, changed: Sequence[int], lies: Lies, patterns: Collection[str]) -> bool:
        """Are the lies about wires that the prover may choose? One in scratch is about what is copied out."""
        told = [wire for wire in changed if wire in lies or wire in self._copied_out]
        names = [self._circuit.symbols.name(wire) for wire in told]
        return all(any(fnmatchcase(name, pattern) for pattern in patterns) for name in names)

    def survivor(self, lies: Lies) -> Survivor:
        wires = sorted(lies)
        names = {wire: self._circuit.symbols.name(wire) for wire in wires if wire < self._n_wires}
        origin = self._circuit.wire_origin(wires[0])
        return Survivor(
            names=tuple(names.get(wire, "scratch") for wire in wires),
            honest=tuple(self._values[wire] for wire in wires),
            lies=tuple(lies[wire] for wire in wires),
            gadget=origin.gadget if origin else (),
            file=origin.location.file if origin else None,
            line=origin.location.line if origin else None,
        )

    def _tell(self, lies: Lies, before: dict[int, int]) -> bool:
        """Put the lies in and recompute what reads them, in the program's order, keeping the values from before.

        Returns whether all constraints still hold. Each is looked at as soon as its wires are final: most lies are
        noticed on the spot, and nothing that follows from them need be computed.
        """
        waiting: list[int] = []
        queued: set[int] = set()
        doubtful: list[tuple[int, int]] = []
        seen: set[int] = set()

        def put(wire: int, value: int) -> None:
            if self._values[wire] == value:
                return
            before.setdefault(wire, self._values[wire])
            self._values[wire] = value
            for place in self._read_by.get(wire, ()):
                if place not in queued:
                    queued.add(place)
                    heapq.heappush(waiting, place)
            for row in self._stands_in.get(wire, ()):
                if row not in seen:
                    seen.add(row)
                    heapq.heappush(doubtful, (self._final_after[row], row))

        for wire, lie in lies.items():
            put(wire, lie)
        while waiting or doubtful:
            if doubtful and (not waiting or doubtful[0][0] < waiting[0]):
                if not self._holds(heapq.heappop(doubtful)[1]):
                    return False
                continue
            step = self.steps[heapq.heappop(waiting)]
            for wire, value in zip(step.wires, step.effect(self._values, self._r), strict=True):
                put(wire, value)
        return True

    def _holds(self, row: int) -> bool:
        a, b, c = (evaluate(side, self._values, self._r) for side in self._products[row])
        return (a * b - c) % self._r == 0


def _places(read: Iterator[Iterator[int]]) -> dict[int, list[int]]:
    """For each wire the places in which it stands, ascending."""
    found: dict[int, list[int]] = {}
    for place, wires in enumerate(read):
        for wire in dict.fromkeys(wires):
            found.setdefault(wire, []).append(place)
    return found
