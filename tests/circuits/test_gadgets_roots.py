"""Square roots: against plain integers, at the edges, over a tiny field, and lied to."""

from __future__ import annotations

from collections.abc import Callable
from math import isqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkmargin.algebra import BN254
from zkmargin.circuits import (
    AMOUNT,
    VALUE,
    BuildError,
    Circuit,
    CompiledCircuit,
    Expr,
    assert_equal,
    assert_sqrt_ceil,
    assert_sqrt_floor,
    bind,
    build,
    quantity,
    sqrt_ceil,
    sqrt_floor,
)
from zkmargin.circuits.testing import broken, check_circuit, check_exact, check_liars, solutions, tiny_field

R = BN254.r
Root = Callable[[Expr], Expr]
Assertion = Callable[[Expr, Expr], None]


def ceil_root(x: int) -> int:
    return isqrt(x - 1) + 1 if x else 0


ROOTS: list[tuple[Root, Assertion, Callable[[int], int]]] = [
    (sqrt_floor, assert_sqrt_floor, isqrt),
    (sqrt_ceil, assert_sqrt_ceil, ceil_root),
]
both_ways = pytest.mark.parametrize(("root", "assertion", "twin"), ROOTS, ids=["floor", "ceil"])


def words(root: Root, assertion: Assertion, bits: int = 64) -> CompiledCircuit:
    def circuit(c: Circuit) -> None:
        x = c.private("x", bits=bits)
        s = c.public("s", bits=bits // 2 + 1)
        assert_equal(s, root(x))
        assertion(s, x)

    return build(circuit, name="roots", strict=True)


WORDS = [words(root, assertion) for root, assertion, _ in ROOTS]


@pytest.mark.parametrize("way", [0, 1], ids=["floor", "ceil"])
@given(st.one_of(st.integers(0, 2**64 - 1), st.integers(0, 2**32 - 1).map(lambda s: s * s), st.integers(0, 20)))
@settings(max_examples=40, deadline=None)
def test_roots_of_words(way: int, x: int) -> None:
    s = ROOTS[way][2](x)
    assert broken(WORDS[way], {"x": x, "s": s}) is None
    for other in {s + 1, max(0, s - 1), 0} - {s}:
        assert broken(WORDS[way], {"x": x, "s": other}) is not None


@both_ways
@pytest.mark.parametrize("interval", [(0, 12), (1, 12), (3, 9), (4, 4), (0, 1), (0, 0), (5, 8), (0, 3)])
def test_roots_over_a_tiny_field(
    root: Root, assertion: Assertion, twin: Callable[[int], int], interval: tuple[int, int]
) -> None:
    check_exact(lambda _, x: root(x), interval, twin, prime=61)


@both_ways
@pytest.mark.parametrize("known", [(0, 4), (1, 4), (2, 3)])
def test_a_given_root_over_a_tiny_field(
    root: Root, assertion: Assertion, twin: Callable[[int], int], known: tuple[int, int]
) -> None:
    def circuit(c: Circuit) -> None:
        s, x = c.private_trusted("s", known, "test"), c.private_trusted("x", (0, 13), "test")
        bind(s + x)
        assertion(s, x)

    small = build(circuit, name="small", curve=tiny_field(61))
    for s in range(known[0], known[1] + 1):
        for x in range(14):
            assert sum(1 for _ in solutions(small, {"s": s, "x": x})) == (s == twin(x)), (s, x)


@both_ways
@pytest.mark.parametrize("x", [0, 1, 2, 3, 4, 15, 16, 17, 255])
def test_every_wire_of_a_root_is_determined(
    root: Root, assertion: Assertion, twin: Callable[[int], int], x: int
) -> None:
    check_liars(words(root, assertion, bits=8), {"x": x, "s": twin(x)}, every_wire=True)


@pytest.mark.parametrize(
    ("root", "gadgets"),
    [(0, ("assert_equal",)), (7, ("assert_equal",))],
)
def test_a_root_that_is_another_is_refused(root: int, gadgets: tuple[str, ...]) -> None:
    circuit = words(sqrt_floor, assert_sqrt_floor, bits=8)
    wire = circuit.symbols.wire(next(name for name in circuit.symbols if name.startswith("sqrt_floor.root_")))
    problem = broken(circuit, {"x": 30, "s": root}, {wire: root})
    assert problem is not None
    assert problem.gadget == ("sqrt_floor", "to_bits")
    problem = broken(circuit, {"x": 30, "s": root})
    assert problem is not None
    assert problem.gadget == gadgets


def test_the_negative_root_is_refused() -> None:
    circuit = words(sqrt_floor, assert_sqrt_floor, bits=8)
    wire = circuit.symbols.wire(next(name for name in circuit.symbols if name.startswith("sqrt_floor.root_")))
    problem = broken(circuit, {"x": 25, "s": 5}, {wire: R - 5})
    assert problem is not None
    assert problem.gadget == ("sqrt_floor", "to_bits")


@pytest.mark.parametrize("way", [0, 1], ids=["floor", "ceil"])
def test_both_engines_agree_at_the_edges(way: int) -> None:
    twin = ROOTS[way][2]
    edges = [0, 1, 2, 3, 2**63, (2**32 - 1) ** 2 - 1, (2**32 - 1) ** 2, (2**32 - 1) ** 2 + 1, 2**64 - 1]
    check_circuit(
        WORDS[way],
        valid=[{"x": x, "s": twin(x)} for x in edges],
        invalid=[{"x": x, "s": twin(x) + step} for x in edges for step in (-1, 1) if twin(x) + step >= 0],
    )


@both_ways
def test_the_cost_is_as_said(root: Root, assertion: Assertion, twin: Callable[[int], int]) -> None:
    def named(c: Circuit) -> None:
        bind(root(c.private_trusted("x", (0, 2**64 - 1), "test")))

    def given_root(c: Circuit) -> None:
        assertion(c.private_trusted("s", (0, 2**32 - 1), "test"), c.private_trusted("x", (0, 2**64 - 1), "test"))

    more = 0 if root is sqrt_floor else 3
    assert build(named, name="named").r1cs.n_constraints == 3 * 32 + 6 + more + 1
    assert build(given_root, name="given").r1cs.n_constraints == 2 * 32 + 5 + more


@both_ways
def test_units_have_roots_where_they_are_squares(root: Root, assertion: Assertion, twin: Callable[[int], int]) -> None:
    area = quantity("m") * quantity("m")

    def circuit(c: Circuit) -> None:
        x = c.private("x", bits=16, unit=area(4))
        side = root(x)
        assert side.unit == quantity("m")(2)
        assertion(side, x)
        for unit, value in ((area(3), "y"), (VALUE(2), "z")):
            y = c.private(value, bits=8, unit=unit)
            bind(y)
            with pytest.raises(BuildError, match="is no square"):
                root(y)
        with pytest.raises(BuildError, match="count different things"):
            assertion(side, c.private_trusted("w", (0, 9), "test", unit=AMOUNT(4)))

    with pytest.warns(match="'w'"):
        compiled = build(circuit, name="units")
    assert broken(compiled, {"x": 145, "y": 1, "z": 1, "w": 1}) is None


@both_ways
@pytest.mark.parametrize(
    ("made", "told"),
    [
        (lambda c: c.private("x"), "x is raw"),
        (lambda c: c.private("x", signed_bits=8), "x may be as low as -128"),
        (lambda c: c.private_trusted("x", (0, R // 2), "test"), "overflow"),
    ],
)
def test_what_has_no_root_is_refused(
    root: Root, assertion: Assertion, twin: Callable[[int], int], made: Callable[[Circuit], Expr], told: str
) -> None:
    with pytest.raises(BuildError, match=told):
        build(lambda c: root(made(c)), name="refused")
    for given_root, text in ((lambda c: c.private("s"), "raw"), (lambda c: c.private("s", signed_bits=4), "-8")):
        with pytest.raises(BuildError, match=text):
            build(lambda c, f=given_root: assertion(f(c), c.private("x", bits=8)), name="refused")
