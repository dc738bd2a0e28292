"""How gadgets are put to the test: honest runs, lies, and every assignment over a small field."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from zkmargin.algebra import scalars_from_bytes
from zkmargin.circuits import Circuit, CompiledCircuit, Expr, UnsatisfiedConstraint, assert_equal, bind, build

from .plain_engine import PlainEngine, solutions, tiny_field

Inputs = Mapping[str, int | list[int]]
PRIME = 61


def broken(
    circuit: CompiledCircuit, inputs: Inputs, lies: Mapping[int, int] | None = None
) -> UnsatisfiedConstraint | None:
    """The first constraint that fails, if any; `lies` are wires whose values a dishonest prover chooses."""
    curve = circuit.r1cs.curve
    witness = circuit.witness(inputs, PlainEngine(curve, lies))
    try:
        circuit.check(witness, PlainEngine(curve))
    except UnsatisfiedConstraint as problem:
        return problem
    return None


def require_every_wire_determined(circuit: CompiledCircuit, inputs: Inputs) -> None:
    """Whatever a dishonest prover puts in an inner wire, with what follows recomputed, a constraint fails."""
    r = circuit.r1cs.curve.r
    assert broken(circuit, inputs) is None
    honest = scalars_from_bytes(circuit.witness(inputs, PlainEngine(circuit.r1cs.curve)), circuit.r1cs.curve)
    for wire in range(1 + len(circuit.public_names) + circuit.r1cs.n_private_inputs, circuit.r1cs.n_wires):
        for lie in {0, 1, 2, r - 1, (honest[wire] + 1) % r, (r - honest[wire]) % r} - {honest[wire]}:
            assert broken(circuit, inputs, {wire: lie}) is not None, (circuit.symbols.name(wire), lie)


def require_exact_over_small_field(
    function: Callable[[Circuit, Expr], Expr],
    interval: tuple[int, int] | None,
    expected: Callable[[int], int],
    prime: int = PRIME,
) -> None:
    """For every input in the interval there is one witness in all the field, and its output is the expected one."""

    def whole(c: Circuit) -> None:
        x = c.private("x") if interval is None else c.private_trusted("x", interval, "the test keeps it there")
        bind(x)
        assert_equal(c.public("out"), function(c, x))

    circuit = build(whole, name="small", curve=tiny_field(prime))
    out = circuit.symbols.wire("out")
    low, high = interval or (0, prime - 1)
    for x in range(low, high + 1):
        found = [witness[out] for witness in solutions(circuit, {"x": x}, free="out")]
        assert found == [expected(x) % prime], x
