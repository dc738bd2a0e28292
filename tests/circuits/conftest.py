"""How gadgets are put to the test: honest runs, lies, and every assignment over a small field."""

from __future__ import annotations

from zkmargin.circuits import CompiledCircuit
from zkmargin.circuits.inputs import InputValues
from zkmargin.circuits.testing import broken, check_exact, check_liars

__all__ = ["broken", "require_every_wire_determined", "require_exact_over_small_field"]


def require_every_wire_determined(circuit: CompiledCircuit, inputs: InputValues) -> None:
    """Whatever a dishonest prover puts in an inner wire, with what follows recomputed, a constraint fails."""
    check_liars(circuit, inputs, every_wire=True)


require_exact_over_small_field = check_exact
