"""Bits of raw field elements: one decomposition only, and none above the limit."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkmargin.algebra import BN254
from zkmargin.circuits import (
    BuildError,
    Circuit,
    CompiledCircuit,
    assert_equal,
    build,
    from_bits,
    to_bits_at_most,
    to_canonical_bits,
)

from .conftest import broken, require_every_wire_determined
from .plain_engine import solutions, tiny_field

R = BN254.r
pytestmark = pytest.mark.filterwarnings("ignore::zkmargin.circuits.CircuitWarning")
LIMIT = 0b1011_0011


def bounded(limit: int, curve=BN254) -> CompiledCircuit:
    return build(lambda c: to_bits_at_most(c.private("x"), limit), name="bounded", curve=curve)


@pytest.mark.parametrize("prime", [5, 7, 11])
def test_every_value_and_every_limit_of_a_small_field(prime: int) -> None:
    """A value has one witness up to the limit and none above; with the limit prime - 1, every value has one."""
    for limit in range(1, prime):
        circuit = bounded(limit, tiny_field(prime))
        for x in range(prime):
            found = list(solutions(circuit, {"x": x}))
            assert len(found) == (x <= limit)
            for witness in found:
                bits = witness[2 : 2 + limit.bit_length()]
                assert sum(bit << place for place, bit in enumerate(bits)) == x


def _canonical(c: Circuit) -> None:
    for place, bit in enumerate(to_canonical_bits(c.private("x"))):
        assert_equal(c.public(f"bit[{place}]"), bit)


CANONICAL = build(_canonical, name="canonical")


@given(st.one_of(st.integers(0, 3), st.integers(R - 3, R - 1), st.integers(0, R - 1)))
@settings(max_examples=10, deadline=None)
def test_the_bits_of_field_elements(x: int) -> None:
    inputs = {"x": x} | {f"bit[{place}]": x >> place & 1 for place in range(254)}
    CANONICAL.check(CANONICAL.witness(inputs))
    with pytest.raises(Exception, match="is not satisfied"):
        CANONICAL.check(CANONICAL.witness(inputs | {"bit[7]": 1 - inputs["bit[7]"]}))


@pytest.mark.parametrize("x", [0, 1, 12345, 2**254 - 1 - R])
def test_the_bits_of_a_value_plus_the_modulus_are_refused(x: int) -> None:
    """They have the same sum mod r, and each is a bit: only the comparison tells."""
    circuit = build(lambda c: to_canonical_bits(c.private("x")), name="canonical")
    first = circuit.symbols.wire("to_canonical_bits.to_bits_at_most.bit[0]_1")
    lies = {first + place: (x + R) >> place & 1 for place in range(254)}
    problem = broken(circuit, {"x": x}, lies)
    assert problem is not None
    assert problem.gadget == ("to_canonical_bits", "to_bits_at_most")
    assert "=" in problem.expression
    assert problem.index < circuit.r1cs.n_constraints - 1  # not the sum, which comes last and holds


@pytest.mark.parametrize("x", [0, 1, LIMIT - 1, LIMIT, 0b1011_0000, 0b0111_1111])
def test_every_wire_is_determined(x: int) -> None:
    require_every_wire_determined(bounded(LIMIT), {"x": x})


@pytest.mark.parametrize("x", [LIMIT + 1, 0b1011_0100, 0b1100_0000, 255, 256, R - 1])
def test_values_above_the_limit_are_refused(x: int) -> None:
    problem = broken(bounded(LIMIT), {"x": x})
    assert problem is not None
    assert problem.gadget == ("to_bits_at_most",)


@pytest.mark.parametrize(
    ("limit", "cost"),
    [(1, 2), (0b1111, 5), (0b1000, 5), (0b1010, 6), (0b1011, 5), (0b1101_0111, 11), (R - 1, 354)],
)
def test_it_costs_what_it_says(limit: int, cost: int) -> None:
    """n + 1, and one for each 1 of the limit but the first and those below its last 0."""
    ones = f"{limit:b}".rstrip("1").count("1")
    assert cost == limit.bit_length() + 1 + max(ones - 1, 0)
    assert bounded(limit).r1cs.n_constraints == cost


def test_constants_and_what_makes_no_sense() -> None:
    def constants(c: Circuit) -> None:
        before = len(c.constraints)
        assert [b.constant_value for b in to_bits_at_most(c.constant(6), 9)] == [0, 1, 1, 0]
        assert from_bits(to_canonical_bits(c.constant(-1).raw())[:8]).constant_value == (R - 1) % 256
        assert len(c.constraints) == before

    build(constants, name="constants")
    for limit in (0, -1, R):
        with pytest.raises(BuildError, match="the limit must lie in"):
            bounded(limit)
    with pytest.raises(BuildError, match="can never hold: 10 <= 9"):
        build(lambda c: to_bits_at_most(c.constant(10), 9), name="never")
    with pytest.raises(BuildError, match="may be negative"):
        build(lambda c: to_bits_at_most(c.private("x", signed_bits=8), 200), name="negative")
