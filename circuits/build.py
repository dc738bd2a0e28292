"""Tracing a Python function into a compiled circuit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from zkmargin.algebra import BN254, Buffer, Curve, Engine, scalars_to_bytes

from .builder import DEFAULT_LIMIT, Circuit, inner_wire_name
from .check import check_witness
from .debugging import Note, Tell, print_to_stderr, tell_notes
from .errors import UnsatisfiedConstraint
from .explain import Read, show_inputs, show_operands
from .inputs import InputSignal, InputValues, arrange_inputs
from .lowering import WireOrder, lower_constraints, wire_order
from .orientation import oriented
from .program import WitnessProgram
from .program_tables import lower_program
from .r1cs import R1CS
from .recording import Origin
from .symbols import Symbols
from .tracing import trace


@dataclass(frozen=True)
class CompiledCircuit:
    """A circuit ready to be proven: constraints, the program that fills a witness, and names for both."""

    name: str
    r1cs: R1CS
    inputs: tuple[InputSignal, ...]
    """In wire order: public ones first."""
    origins: tuple[Origin, ...]
    """Where each constraint was written."""
    _circuit: Circuit
    _order: WireOrder
    _notes: tuple[Note, ...]

    @cached_property
    def program(self) -> WitnessProgram:
        """Fills a witness. Put together when it is first asked for, as it names the circuit's digest."""
        return lower_program(self._circuit, self._order, self.digest)

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
        names = ["one", *[""] * len(self._order.inputs)]
        for name, wire in zip(self._circuit.input_wire_names(), self._order.inputs, strict=True):
            names[wire] = name
        names += [inner_wire_name(entry, number) for number, entry in enumerate(self._circuit.inner_names, start=1)]
        return Symbols(names)

    def wire_origin(self, wire: int) -> Origin | None:
        """Where an inner wire was made; None for an input, which has its name."""
        names, place = self._circuit.inner_names, wire - 1 - len(self._order.inputs)
        return names[place][0] if 0 <= place < len(names) else None

    def witness(self, inputs: InputValues, engine: Engine | None = None) -> bytes:
        """Every wire's value. Inputs are checked against their ranges; whether the circuit holds is for `check`."""
        arranged = arrange_inputs(self.inputs, inputs, self.r1cs.curve)
        return self.program.run(scalars_to_bytes(arranged, self.r1cs.curve), engine)

    def witnesses(self, inputs: Sequence[InputValues], engine: Engine | None = None) -> list[bytes]:
        """`witness` of each of many inputs, side by side on all cores where the engine can."""
        curve = self.r1cs.curve
        arranged = [scalars_to_bytes(arrange_inputs(self.inputs, values, curve), curve) for values in inputs]
        return self.program.run_many(arranged, engine)

    def check(self, witness: Buffer, engine: Engine | None = None, tell: Tell = print_to_stderr) -> None:
        """Return if every constraint holds, else raise `UnsatisfiedConstraint` with gadget, line and expression.

        `tell` is given a line for each `debug` of the circuit, first.
        """
        if self._notes and len(bytes(witness)) == 32 * self.r1cs.n_wires:
            tell_notes(self._notes, self._reader(bytes(witness)), self.r1cs.curve.r, tell)
        try:
            check_witness(self.r1cs, witness, engine=engine, symbols=self.symbols, origins=self.origins)
        except UnsatisfiedConstraint as problem:
            self._name_values(problem, bytes(witness))
            raise

    def _name_values(self, problem: UnsatisfiedConstraint, witness: bytes) -> None:
        modulus, call = self.r1cs.curve.r, self.origins[problem.index].call
        problem.operands = show_operands(call, self._reader(witness), modulus) if call else {}
        problem.shown = show_inputs(self.inputs, problem.values, modulus)

    def _reader(self, witness: bytes) -> Read:
        def read(wire: int) -> int:
            place = 32 * self._order.final(wire)
            return int.from_bytes(witness[place : place + 32], "little")

        return read


def build(
    function: Callable[..., None],
    /,
    *args: Any,
    name: str,
    metadata: dict[str, Any] | None = None,
    strict: bool = False,
    limit: int = DEFAULT_LIMIT,
    curve: Curve = BN254,
) -> CompiledCircuit:
    """Trace `function(c, *args)` and compile what it declares and constrains.

    `metadata` (plain JSON data) travels with the circuit and is part of its digest. An input that no constraint
    binds, a hint, product or gadget's result that nobody reads, and a forgotten `debug` are `CircuitWarning`s; with
    `strict` they are a `BuildError` at the line that made them. A mistake is a `BuildError` whose traceback shows the
    user's own lines and no internals. `limit` bounds wires and constraints.
    """
    circuit = Circuit(name, curve, limit)
    mistake = trace(circuit, function, args, strict=strict)
    if mistake is not None:
        raise mistake from None
    order = wire_order(circuit)
    system = oriented(lower_constraints(circuit, order))
    a, b, c = system.matrices()
    r1cs = R1CS(
        n_wires=order.n_wires,
        n_public_outputs=0,
        n_public_inputs=order.n_public,
        n_private_inputs=len(order.inputs) - order.n_public,
        a=a,
        b=b,
        c=c,
        metadata=metadata,
        curve=curve,
    )
    return CompiledCircuit(
        name=name,
        r1cs=r1cs,
        inputs=tuple(sorted(circuit.inputs, key=lambda signal: not signal.public)),
        origins=tuple(system.origins),
        _circuit=circuit,
        _order=order,
        _notes=tuple(circuit.notes),
    )
