"""Soundness outright, over fields so small that every witness can be tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ..build import CompiledCircuit, build
from ..builder import Circuit
from ..errors import CheckFailed
from ..expression import Expr
from ..gadgets import assert_equal, bind
from ..inputs import InputValues, arrange_inputs
from ..interval import Interval
from .plain_engine import tiny_field

Product = tuple[list[tuple[int, int]], list[tuple[int, int]], list[tuple[int, int]]]
PRIME = 61
"""Five bits fit, and a thousand witnesses are tried in a moment."""


def solutions(circuit: CompiledCircuit, inputs: InputValues, free: str = "") -> Iterator[list[int]]:
    """Every witness with these inputs, by trying all values of a small field for every other wire.

    `free` is an input without a given value: it is tried last.
    """
    curve = circuit.r1cs.curve
    given = arrange_inputs(circuit.inputs, {**inputs, **({free: 0} if free else {})}, curve)
    last = [circuit.symbols.wire(free)] if free else []
    known = [wire for wire in range(1 + len(given)) if wire not in last]
    order = [*known, *range(1 + len(given), circuit.r1cs.n_wires), *last]
    turn = {wire: place for place, wire in enumerate(order)}
    sides = [matrix.to_rows(curve) for matrix in (circuit.r1cs.a, circuit.r1cs.b, circuit.r1cs.c)]
    checks: dict[int, list[Product]] = {}
    for a, b, c in zip(*sides, strict=True):
        decided = max((turn[wire] for side in (a, b, c) for wire, _ in side), default=0)
        checks.setdefault(max(decided, len(known) - 1), []).append((a, b, c))
    witness = [1, *given] + [0] * (circuit.r1cs.n_wires - 1 - len(given))
    yield from _assign(witness, order, len(known), checks, curve.r)


def _assign(
    w: list[int], order: list[int], place: int, checks: Mapping[int, list[Product]], r: int
) -> Iterator[list[int]]:
    for row in checks.get(place - 1, ()):
        a, b, c = (sum(k * w[wire] for wire, k in side) for side in row)
        if (a * b - c) % r:
            return
    if place == len(order):
        yield list(w)
        return
    for value in range(r):
        w[order[place]] = value
        yield from _assign(w, order, place + 1, checks, r)


def check_exact(
    function: Callable[[Circuit, Expr], Expr],
    interval: Interval | None,
    expected: Callable[[int], int],
    prime: int = PRIME,
) -> None:
    """For every input in the interval there is one witness in all the field, and its output is the expected one.

    `function(c, x)` is the gadget, `expected` its plain twin; without an interval x is a raw field element. Anything
    else is a `CheckFailed` that names the input. A search: the time grows with the wires that no earlier constraint
    decides.
    """
    __tracebackhide__ = True

    def whole(c: Circuit) -> None:
        x = c.private("x") if interval is None else c.private_trusted("x", interval, "the test keeps it there")
        bind(x)
        assert_equal(c.public("out").raw(), function(c, x).raw())

    circuit = build(whole, name="small", curve=tiny_field(prime))
    out = circuit.symbols.wire("out")
    low, high = interval or (0, prime - 1)
    for x in range(low, high + 1):
        found = [witness[out] for witness in solutions(circuit, {"x": x}, free="out")]
        if found != [expected(x) % prime]:
            raise CheckFailed(
                f"over F_{prime}, x = {x}: the witnesses give {found or 'nothing'}, where there should be one that "
                f"gives {expected(x) % prime}"
            )
