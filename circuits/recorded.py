"""A circuit as it was recorded, before the optimiser: where errors are explained in the user's own terms."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from zkmargin.algebra import Buffer, Engine

from .builder import Circuit, inner_wire_name
from .interval import Interval
from .layout import lay_out
from .lowering import WireOrder, lower_constraints
from .program import WitnessProgram
from .program_tables import lower_program
from .r1cs import R1CS
from .symbols import Symbols
from .system import System


@dataclass(frozen=True, eq=False)
class Recorded:
    """All wires and all constraints. Nothing but the names is computed before somebody asks."""

    circuit: Circuit
    order: WireOrder

    @cached_property
    def system(self) -> System:
        return lower_constraints(self.circuit, self.order)

    @cached_property
    def r1cs(self) -> R1CS:
        a, b, c = self.system.matrices()
        return R1CS(
            n_wires=self.order.n_wires,
            n_public_outputs=0,
            n_public_inputs=self.order.n_public,
            n_private_inputs=self.order.inner - self.order.n_public,
            a=a,
            b=b,
            c=c,
            curve=self.circuit.curve,
        )

    @cached_property
    def program(self) -> WitnessProgram:
        everything = np.ones(self.order.n_wires, dtype=np.bool_)
        return lower_program(self.circuit, self.order, lay_out(self.circuit, self.order, everything), bytes(32))

    @cached_property
    def symbols(self) -> Symbols:
        names = ["one", *[""] * self.order.inner]
        for name, wire in zip(self.circuit.input_wire_names(), self.order.inputs, strict=True):
            names[wire] = name
        names += [inner_wire_name(entry, number) for number, entry in enumerate(self.circuit.inner_names, start=1)]
        return Symbols(names)

    def interval(self, name: str) -> Interval | None:
        """What is known of an inner wire of that name; None for any other."""
        return self.circuit.inner_interval(self.symbols.wire(name) - self.order.inner)

    def complete(self, witness: Buffer, engine: Engine | None) -> bytes:
        """What an honest prover computes for all wires from the inputs of a witness."""
        return self.program.run(bytes(witness)[32 : 32 * (1 + self.order.inner)], engine)
