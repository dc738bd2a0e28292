"""Tracing a Python function into a compiled circuit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from zkmargin.algebra import BN254, Buffer, Curve, Engine, scalars_to_bytes

from .builder import DEFAULT_LIMIT, Circuit
from .check import explained, first_broken, require_witness_of
from .debugging import Note, Tell, print_to_stderr, tell_notes
from .equivalence import require_equivalent
from .errors import InputError, UnsatisfiedConstraint
from .explain import Read, show_operands, show_signals
from .inputs import InputSignal, InputValues, arrange_inputs
from .layout import Layout, lay_out
from .lowering import lower_constraints, wire_order
from .optimiser import inputs_lost, optimised, unchanged
from .program import WitnessProgram
from .program_tables import lower_program
from .r1cs import R1CS
from .recorded import Recorded
from .recording import Origin
from .reduction import Reduction
from .symbols import Symbols
from .system import Ints, System
from .tracing import trace
from .usage import report_lost


@dataclass(frozen=True)
class CompiledCircuit:
    """A circuit ready to be proven: constraints, the program that fills a witness, and names for both."""

    name: str
    r1cs: R1CS
    inputs: tuple[InputSignal, ...]
    """In wire order: public ones first."""
    origins: tuple[Origin, ...]
    """Where each constraint was written."""
    reduction: Reduction
    """What the optimiser did."""
    _recorded: Recorded
    _notes: tuple[Note, ...]

    @cached_property
    def program(self) -> WitnessProgram:
        """Fills a witness. Put together when it is first asked for, as it names the circuit's digest."""
        return lower_program(self._recorded.circuit, self._recorded.order, self._layout, self.digest)

    @cached_property
    def _layout(self) -> Layout:
        return lay_out(self._recorded.circuit, self._recorded.order, self.reduction.wires)

    @property
    def digest(self) -> bytes:
        return self.r1cs.digest()

    @property
    def public_names(self) -> tuple[str, ...]:
        """One name for each public signal, in order."""
        return tuple(self.symbols.name(wire) for wire in range(1, 1 + self.r1cs.n_public))

    @property
    def input_names(self) -> tuple[str, ...]:
        """The names that `witness` takes: an array has one."""
        return tuple(signal.name for signal in self.inputs)

    @cached_property
    def symbols(self) -> Symbols:
        """The names of the wires of a witness: what the optimiser removed has none."""
        if self.reduction.wires.all():
            return self._recorded.symbols
        return Symbols(
            [name for name, stays in zip(self._recorded.symbols, self.reduction.wires, strict=True) if stays]
        )

    def wire_origin(self, wire: int) -> Origin | None:
        """Where an inner wire was made; None for an input, which has its name."""
        recorded = self._recorded
        if not recorded.order.inner < wire < self.r1cs.n_wires:
            return None
        number = int(self._standing[wire])
        return recorded.circuit.inner_names[number - recorded.order.inner - 1][0]

    @cached_property
    def _standing(self) -> Ints:
        """For each wire of a witness its number in the recorded system."""
        return np.flatnonzero(self.reduction.wires)

    def witness(self, inputs: InputValues, engine: Engine | None = None) -> bytes:
        """Every wire's value. Inputs are checked against their ranges; whether the circuit holds is for `check`."""
        try:
            arranged = arrange_inputs(self.inputs, inputs, self.r1cs.curve)
        except InputError as problem:
            raise problem.with_traceback(None) from None
        return self.program.run(scalars_to_bytes(arranged, self.r1cs.curve), engine)

    def witnesses(self, inputs: Sequence[InputValues], engine: Engine | None = None) -> list[bytes]:
        """`witness` of each of many inputs, side by side on all cores where the engine can."""
        curve = self.r1cs.curve
        arranged = [scalars_to_bytes(arrange_inputs(self.inputs, values, curve), curve) for values in inputs]
        return self.program.run_many(arranged, engine)

    def check(self, witness: Buffer, engine: Engine | None = None, tell: Tell = print_to_stderr) -> None:
        """Return if every constraint holds, else raise `UnsatisfiedConstraint` with gadget, line and expression.

        `tell` is given a line for each `debug` of the circuit, first. Where the optimiser has changed constraints, the
        one reported for an honest witness is the first recorded one that does not hold: its line is the user's. `index`
        is that of the optimised one in any case.
        """
        raw = require_witness_of(self.r1cs, witness)
        if self._notes:
            tell_notes(self._notes, self._reader(raw, engine), self.r1cs.curve.r, tell)
        broken = first_broken(self.r1cs, raw, engine)
        if broken is not None:
            raise self._explained(raw, broken, engine)

    def as_written(self) -> CompiledCircuit:
        """The same circuit without what the optimiser did: all recorded wires and constraints."""
        if self.reduction.wires.all() and not self.reduction.steps:
            return self
        system, reduction = unchanged(self._recorded.system)
        return _compiled(self.name, self._recorded, system, reduction, self.r1cs.metadata)

    def require_equivalent(self) -> None:
        """Do the optimiser's steps again, independently of it; `NotEquivalent` unless they keep every solution."""
        recorded = self._recorded
        after = System.of(self.r1cs, self.origins)
        require_equivalent(recorded.system, after, self.reduction, 1 + recorded.order.inner, self.r1cs.curve.r)

    def _explained(self, witness: bytes, broken: int, engine: Engine | None) -> UnsatisfiedConstraint:
        recorded, origin = self._recorded, self.origins[broken]
        if self.reduction.steps:
            honest = recorded.complete(witness, engine)
            row = first_broken(recorded.r1cs, honest, engine) if self._left_of(honest) == witness else None
            if row is not None:
                origin = recorded.system.origins[row]
                problem = explained(recorded.r1cs, honest, row, symbols=recorded.symbols, origin=origin, index=broken)
                return self._with_values(problem, origin, lambda wire: _value(honest, recorded.order.final(wire)))
        problem = explained(self.r1cs, witness, broken, symbols=self.symbols, origin=origin)
        return self._with_values(problem, origin, self._reader(witness, engine))

    def _left_of(self, complete: bytes) -> bytes:
        """Of all wires' values those that a witness has."""
        return np.frombuffer(complete, dtype="V32")[self.reduction.wires].tobytes()

    def _with_values(self, problem: UnsatisfiedConstraint, origin: Origin, read: Read) -> UnsatisfiedConstraint:
        modulus = self.r1cs.curve.r
        problem.operands = show_operands(origin.call, read, modulus) if origin.call else {}
        ranges = {name: self._recorded.interval(name) for name in problem.values}
        problem.shown = show_signals(self.inputs, problem.values, ranges, modulus)
        return problem

    def _reader(self, witness: bytes, engine: Engine | None) -> Read:
        """The witness's own values; for a wire that it leaves out, what an honest prover computes from its inputs."""
        completed: list[bytes] = []

        def read(wire: int) -> int:
            number = self._recorded.order.final(wire)
            if self.reduction.wires[number]:
                return _value(witness, self._layout.place(number))
            if not completed:
                completed.append(self._recorded.complete(witness, engine))
            return _value(completed[0], number)

        return read


def _value(witness: bytes, wire: int) -> int:
    return int.from_bytes(witness[32 * wire : 32 * wire + 32], "little")


def build(
    function: Callable[..., None],
    /,
    *args: Any,
    name: str,
    metadata: dict[str, Any] | None = None,
    strict: bool = False,
    limit: int = DEFAULT_LIMIT,
    optimise: bool = False,
    curve: Curve = BN254,
) -> CompiledCircuit:
    """Trace `function(c, *args)` and compile what it declares and constrains.

    `metadata` (plain JSON data) travels with the circuit and is part of its digest. An input that no constraint
    binds, a hint, product or gadget's result that nobody reads, and a forgotten `debug` are `CircuitWarning`s; with
    `strict` they are a `BuildError` at the line that made them. A mistake is a `BuildError` whose traceback shows the
    user's own lines and no internals. `limit` bounds wires and constraints. With `optimise` equal things are
    shared, and linear constraints, unread products and unused wires taken out; without, every constraint is kept as
    it was recorded, but for the order of its factors.
    """
    circuit = Circuit(name, curve, limit)
    circuit.sharing = optimise
    mistake = trace(circuit, function, args, strict=strict)
    if mistake is not None:
        raise mistake from None
    order = wire_order(circuit)
    recorded = Recorded(circuit, order)
    lowered = lower_constraints(circuit, order)
    system, reduction = optimised(lowered, circuit, order) if optimise else unchanged(lowered)
    lost = inputs_lost(lowered, system, order.inner)
    if lost:
        mistake = report_lost(circuit, [recorded.symbols.name(wire) for wire in lost], strict=strict)
        if mistake is not None:
            raise mistake
        system, reduction = unchanged(lowered)
    return _compiled(name, recorded, system, reduction, metadata)


def _compiled(
    name: str, recorded: Recorded, system: System, reduction: Reduction, metadata: dict[str, Any] | None
) -> CompiledCircuit:
    circuit, order = recorded.circuit, recorded.order
    a, b, c = system.matrices()
    r1cs = R1CS(
        n_wires=system.n_wires,
        n_public_outputs=0,
        n_public_inputs=order.n_public,
        n_private_inputs=len(order.inputs) - order.n_public,
        a=a,
        b=b,
        c=c,
        metadata=metadata,
        curve=circuit.curve,
    )
    return CompiledCircuit(
        name=name,
        r1cs=r1cs,
        inputs=tuple(sorted(circuit.inputs, key=lambda signal: not signal.public)),
        origins=tuple(system.origins),
        reduction=reduction,
        _recorded=recorded,
        _notes=tuple(circuit.notes),
    )
