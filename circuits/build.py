"""Tracing a Python function into a compiled circuit."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from zkmargin.algebra import BN254, Buffer, Curve, Engine, scalars_to_bytes

from .builder import Circuit, inner_wire_name
from .check import check_witness
from .errors import BuildError, CircuitWarning
from .inputs import InputSignal, InputValues, arrange_inputs
from .lowering import WireOrder, lower_constraints, lower_program, wire_order
from .program import WitnessProgram
from .r1cs import R1CS
from .recording import Constraint, Origin, Result
from .symbols import Symbols


@dataclass(frozen=True)
class CompiledCircuit:
    """A circuit ready to be proven: constraints, the program that fills a witness, and names for both."""

    name: str
    r1cs: R1CS
    program: WitnessProgram
    inputs: tuple[InputSignal, ...]
    """In wire order: public ones first."""
    origins: tuple[Origin, ...]
    """Where each constraint was written."""
    _order: WireOrder
    _input_names: tuple[str, ...]
    _inner_names: tuple[tuple[Origin, str], ...]

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
        for name, wire in zip(self._input_names, self._order.inputs, strict=True):
            names[wire] = name
        names += [inner_wire_name(entry, number) for number, entry in enumerate(self._inner_names, start=1)]
        return Symbols(names)

    def witness(self, inputs: InputValues, engine: Engine | None = None) -> bytes:
        """Every wire's value. Inputs are checked against their ranges; whether the circuit holds is for `check`."""
        arranged = arrange_inputs(self.inputs, inputs, self.r1cs.curve)
        return self.program.run(scalars_to_bytes(arranged, self.r1cs.curve), engine)

    def witnesses(self, inputs: Sequence[InputValues], engine: Engine | None = None) -> list[bytes]:
        """`witness` of each of many inputs, side by side on all cores where the engine can."""
        curve = self.r1cs.curve
        arranged = [scalars_to_bytes(arrange_inputs(self.inputs, values, curve), curve) for values in inputs]
        return self.program.run_many(arranged, engine)

    def check(self, witness: Buffer, engine: Engine | None = None) -> None:
        """Return if every constraint holds, else raise `UnsatisfiedConstraint` with gadget, line and expression."""
        check_witness(self.r1cs, witness, engine=engine, symbols=self.symbols, origins=self.origins)


def build(
    function: Callable[..., None],
    /,
    *args: Any,
    name: str,
    metadata: dict[str, Any] | None = None,
    strict: bool = False,
    curve: Curve = BN254,
) -> CompiledCircuit:
    """Trace `function(c, *args)` and compile what it declares and constrains.

    `metadata` (plain JSON data) travels with the circuit and is part of its digest. An input that no constraint
    binds, or a product that nobody reads, is a `CircuitWarning`; with `strict` it is a `BuildError` at the line that
    made it.
    """
    circuit = Circuit(name, curve)
    function(circuit, *args)
    circuit.seal()
    for unused in _unused(circuit):
        _complain(circuit, unused, strict)
    order = wire_order(circuit)
    (a, b, c), origins = lower_constraints(circuit, order)
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
        program=lower_program(circuit, order, r1cs.digest()),
        inputs=tuple(sorted(circuit.inputs, key=lambda signal: not signal.public)),
        origins=tuple(origins),
        _order=order,
        _input_names=tuple(circuit.input_wire_names()),
        _inner_names=tuple(circuit.inner_names),
    )


def _unused(circuit: Circuit) -> list[Result]:
    """Results that stand in no more constraints than those that define them."""
    uses = dict.fromkeys((result.wire for result in circuit.results), 0)
    for item in circuit.constraints:
        if isinstance(item, Constraint):
            for wire in item.a.keys() | item.b.keys() | item.c.keys():
                if wire in uses:
                    uses[wire] += 1
    return [result for result in circuit.results if uses[result.wire] <= result.own]


def _complain(circuit: Circuit, unused: Result, strict: bool) -> None:
    what = unused.what
    if not isinstance(what, str):
        what = f"product ({circuit.render(what[0])}) * ({circuit.render(what[1])})"
    file, line = unused.origin.location
    if unused.wire < 0:
        reason = f"{what} stands in no constraint beyond its own range: use it, remove it, or bind() it"
    else:
        reason = f"{what} is built and never used: no constraint depends on it"
    if strict:
        raise BuildError(reason, file=file, line=line)
    warnings.warn_explicit(f"{file}:{line}: {reason}", CircuitWarning, file, line)
