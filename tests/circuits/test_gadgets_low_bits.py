"""Low bits: right for every element, and the same in each form, whether of small fields' elements or by adding r."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkmargin.algebra import BN254, Engine
from zkmargin.circuits import BuildError, Circuit, CompiledCircuit, Expr, assert_equal, build, low_bits
from zkmargin.circuits.testing import check_liars

from .conftest import broken
from .plain_engine import solutions, tiny_field

R = BN254.r
EDGES = [0, 1, 2, 2**28, 2**34, 2**253 - 1, 2**253, R - 2**28 - 1, R - 2**28, R - 2, R - 1]


def shown(decompose: Callable[[Expr], list[Expr]], name: str = "shown") -> CompiledCircuit:
    """A circuit whose public `bit[i]` are those of x."""

    def circuit(c: Circuit) -> None:
        bits = decompose(c.private("x"))
        for bit, public in zip(bits, c.public_array("bit", len(bits)), strict=True):
            assert_equal(bit.raw(), public)

    return build(circuit, name=name)


LOW = {n: shown(lambda x, n=n: low_bits(x, n)) for n in (1, 28, 32, 34, 64, 253)}


def bits_of(x: int, n: int) -> list[int]:
    return [x >> place & 1 for place in range(n)]


@given(st.one_of(st.sampled_from(EDGES), st.integers(0, R - 1)))
@settings(max_examples=15, deadline=None)
def test_the_bits_are_those_of_the_canonical_value(x: int) -> None:
    for n, circuit in LOW.items():
        assert broken(circuit, {"x": x, "bit": bits_of(x, n)}) is None


@pytest.mark.parametrize("x", EDGES)
def test_every_edge_is_accepted_and_other_bits_are_not(x: int) -> None:
    for n, circuit in LOW.items():
        bits = bits_of(x, n)
        assert broken(circuit, {"x": x, "bit": bits}) is None
        for place in {0, n // 2, n - 1}:
            bits[place] ^= 1
            problem = broken(circuit, {"x": x, "bit": bits})
            assert problem is not None
            assert problem.gadget == ("assert_equal",)
            bits[place] ^= 1


def forged(circuit: CompiledCircuit, n: int, x: int, top: int, rest: int, q: dict[int, int] | None = None) -> list[str]:
    """What breaks where a prover claims these 253 bits and top bit for x, and any quotients it likes."""
    first = 1 + n + 1
    lies = {first: top} | {first + 1 + place: bit for place, bit in enumerate(bits_of(rest, 253))}
    quotients = {first + 254 + place: value for place, value in (q or {}).items()}
    problem = broken(circuit, {"x": x, "bit": bits_of(rest | top << 253, n)}, lies | quotients)
    return [] if problem is None else list(problem.gadget)


@pytest.mark.parametrize("x", [0, 1, 5, 2**28 - 1, 2**28, 2**200, 2**254 - R - 1])
def test_adding_the_modulus_is_no_second_form(x: int) -> None:
    circuit, alias = LOW[253], x + R
    assert forged(circuit, 253, x, x >> 253, x % 2**253) == []
    assert forged(circuit, 253, x, alias >> 253, alias % 2**253) == ["low_bits"]
    for q in (0, 1, 26, 52):
        assert forged(circuit, 253, x, alias >> 253, alias % 2**253, {q: 1}) == ["low_bits"]


@pytest.mark.parametrize("n", [28, 32, 34, 64])
def test_adding_the_modulus_to_a_small_number_gives_no_other_low_bits(n: int) -> None:
    """The one alias within reach: all high bits set, and low bits above those of r - 1."""
    limit = (R - 1) % 2**n
    for x in (0, 5, 2**n - 2 - limit):
        rest = (2**253 - 2**n) + (x + limit + 1)
        assert forged(LOW[n], n, x, 1, rest) == ["low_bits"], x
        for value in (1, R - 1):
            assert forged(LOW[n], n, x, 1, rest, {0: value}) == ["low_bits"]


@pytest.mark.parametrize("prime", [11, 13, 17, 23, 31, 37])
def test_over_small_fields_no_element_has_other_bits(prime: int) -> None:
    width = prime.bit_length() - 1

    def exactly(decompose: Callable[[Expr], list[Expr]], n: int) -> None:
        def whole(c: Circuit) -> None:
            bits = decompose(c.private("x"))
            assert_equal(c.public("out"), c.field_sum((bit, 1 << place) for place, bit in enumerate(bits[:n])))

        circuit = build(whole, name="small", curve=tiny_field(prime))
        out = circuit.symbols.wire("out")
        for x in range(prime):
            found = {witness[out] for witness in solutions(circuit, {"x": x}, free="out")}
            assert found == {x % 2**n}, (n, x)

    for n in range(1, width + 1):
        exactly(lambda x, n=n: low_bits(x, n), n)


def test_both_forms_of_the_bits_above_lead_to_the_same_low_bits() -> None:
    circuit, n = LOW[32], 32
    weight = ((R - 1 >> n) - (1 << 253 - n) + 1) << n
    x = weight + 12345
    assert x < 2**253
    assert forged(circuit, n, x, 0, x) == []
    assert forged(circuit, n, x, 1, x - weight) == []
    assert bits_of(x, n) == bits_of(x - weight, n)


@pytest.mark.filterwarnings("ignore::zkmargin.circuits.CircuitWarning")
def test_a_known_range_makes_it_cheaper_and_a_negative_one_is_refused() -> None:
    def ranged(c: Circuit) -> None:
        bits = low_bits(c.private_trusted("x", (0, 200), "test"), 32)
        assert [bit.is_constant for bit in bits] == [False] * 8 + [True] * 24
        assert len(low_bits(c.private_trusted("z", (0, 200), "test"), 5)) == 5

    assert build(ranged, name="ranged").r1cs.n_constraints == 2 * 9
    with pytest.raises(BuildError, match="may be negative"):
        build(lambda c: low_bits(c.private("x", signed_bits=8), 4), name="negative")
    for n in (0, 254):
        with pytest.raises(BuildError, match=r"between 1 and 253"):
            build(lambda c, n=n: low_bits(c.private("x"), n), name="width")


def test_constants_have_their_bits() -> None:
    def circuit(c: Circuit) -> None:
        for value in (0, 5, R - 1):
            constant = c.constant(value)
            assert [bit.constant_value for bit in low_bits(constant, 40)] == bits_of(value, 40)

    assert build(circuit, name="constants").r1cs.n_constraints == 0


def test_the_witness_is_the_engines_too(engine: Engine) -> None:
    for x in EDGES:
        inputs = {"x": x, "bit": bits_of(x, 253)}
        LOW[253].check(LOW[253].witness(inputs, engine), engine)


def test_no_hint_can_be_faked() -> None:
    x = 2**253 + 12345
    assert check_liars(LOW[253], {"x": x, "bit": bits_of(x, 253)}) > 253


def test_a_quotient_is_free_where_nothing_depends_on_it() -> None:
    """As r - 1 agrees with itself from the top to the bottom, each quotient is one of 0 and 0."""
    circuit, x = LOW[253], R - 1
    quotients = [w for w in range(circuit.r1cs.n_wires) if ".quotient_" in circuit.symbols.name(w)]
    assert broken(circuit, {"x": x, "bit": bits_of(x, 253)}, {quotients[0]: 7, quotients[-1]: 8}) is None
