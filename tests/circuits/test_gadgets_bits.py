"""Bits and packing: what is accepted, what is refused while building, and that no second decomposition exists."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkmargin.algebra import BN254
from zkmargin.circuits import (
    BuildError,
    Circuit,
    CompiledCircuit,
    InputError,
    assert_bits,
    assert_equal,
    build,
    from_bits,
    pack,
    to_bits,
)

from .conftest import broken, require_every_wire_determined, require_exact_over_small_field
from .plain_engine import solutions, tiny_field

R = BN254.r


def word(bits: int) -> CompiledCircuit:
    def circuit(c: Circuit) -> None:
        assert_bits(c.public("x"), bits)

    return build(circuit, name="word")


@given(st.integers(1, 253), st.data())
@settings(max_examples=30, deadline=None)
def test_a_word_is_accepted_exactly_when_it_fits(bits: int, data: st.DataObject) -> None:
    value = data.draw(st.one_of(st.integers(0, 2**bits - 1), st.integers(0, R - 1)))
    problem = broken(word(bits), {"x": value})
    assert (problem is None) == (value < 2**bits)
    if problem is not None:
        assert problem.gadget == ("assert_bits", "to_bits")


@pytest.mark.parametrize("bits", [1, 2, 64, 253])
def test_the_last_word_that_fits_and_the_first_that_does_not(bits: int) -> None:
    assert broken(word(bits), {"x": 2**bits - 1}) is None
    assert broken(word(bits), {"x": 2**bits}) is not None
    assert broken(word(bits), {"x": R - 1}) is not None


@pytest.mark.parametrize("bits", [0, 254, 255])
def test_c1_more_bits_than_the_field_has_are_refused(bits: int) -> None:
    """With 2^n > r a value v and v + r would both have n bits."""
    with pytest.raises(BuildError, match="not between 1 and 253"):
        word(bits)
    with pytest.raises(BuildError, match=r"not between 1 and 253"):
        build(lambda c: c.private("x", bits=bits), name="declared")


def test_c1_over_a_small_field_every_decomposition_is_unique() -> None:
    """61 has six bits; five are the most a circuit may use, and with them no value has two."""

    def circuit(c: Circuit) -> None:
        assert_bits(c.public("x"), 5)

    small = build(circuit, name="small", curve=tiny_field(61))
    for value in range(61):
        assert sum(1 for _ in solutions(small, {"x": value})) == (value < 32)
    with pytest.raises(BuildError, match="between 1 and 5"):
        build(lambda c: assert_bits(c.public("x"), 6), name="small", curve=tiny_field(61))


def test_c1_an_interval_that_could_alias_is_refused() -> None:
    """2^253 - 1 - r is about -0.74 * 10^76: a difference that low has the same bits as a large positive one."""

    def circuit(c: Circuit) -> None:
        to_bits(c.private_trusted("x", (-(R // 2), 10), "test"), 253)

    with pytest.raises(BuildError, match="bound it first"):
        build(circuit, name="alias")
    edge = 2**253 - R
    build(lambda c: assert_bits(c.private_trusted("x", (edge, 10), "test"), 253), name="edge")
    with pytest.raises(BuildError, match="bound it first"):
        build(lambda c: assert_bits(c.private_trusted("x", (edge - 1, 10), "test"), 253), name="edge")


def test_a_value_that_never_fits_is_refused() -> None:
    with pytest.raises(BuildError, match="never fits into 4 bits"):
        build(lambda c: assert_bits(c.private("x", bits=8) + 16, 4), name="never")
    with pytest.raises(BuildError, match="never fits into 4 bits"):
        build(lambda c: assert_bits(c.private("x", bits=8) - 300, 4), name="never")


@pytest.mark.parametrize("bits", [1, 2, 7])
def test_every_wire_of_a_decomposition_is_determined(bits: int) -> None:
    for value in {0, 1, 2**bits - 1}:
        require_every_wire_determined(word(bits), {"x": value})


def test_swapped_bits_are_refused() -> None:
    """A lie that keeps every bit a bit: only the sum can notice."""
    circuit = word(4)
    first = circuit.symbols.wire("assert_bits.to_bits.bit[0]_1")
    problem = broken(circuit, {"x": 5}, {first: 0, first + 1: 1})
    assert problem is not None
    assert problem.index == 4  # the sum stands after the four bits


@pytest.mark.parametrize(("bits", "signed"), [(8, False), (1, False), (8, True), (1, True)])
def test_declared_widths_are_proven(bits: int, signed: bool) -> None:
    def declare(c: Circuit) -> None:
        c.public("x", signed_bits=bits) if signed else c.public("x", bits=bits)
        assert_equal(c.public("copy"), c.private("held"))

    with pytest.warns(match="'x' stands in no constraint beyond its own range"):
        circuit = build(declare, name="declared")
    low = -(2 ** (bits - 1)) if signed else 0
    high = low + 2**bits - 1
    for value in (low, high, 0):
        assert broken(circuit, {"x": value, "copy": 1, "held": 1}) is None
    for value in (low - 1, high + 1):
        with pytest.raises(InputError, match="is outside") as refused:
            circuit.witness({"x": value, "copy": 1, "held": 1})
        assert refused.value.name == "x"
        assert str(value) not in str(refused.value).split("outside")[0]
        problem = broken(circuit, {"x": 0, "copy": 1, "held": 1})
        assert problem is None
    for lie in (low - 1, high + 1):
        forged = [1, lie % R, 1, 1, *(((lie - low) >> place) & 1 for place in range(bits))]
        witness = b"".join(v.to_bytes(32, "little") for v in forged[: circuit.r1cs.n_wires])
        with pytest.raises(Exception, match="range_check"):
            circuit.check(witness)


@given(st.lists(st.integers(0, 2**16 - 1), min_size=1, max_size=15))
@settings(max_examples=30, deadline=None)
def test_packing_is_positional_and_unpacks(values: list[int]) -> None:
    def circuit(c: Circuit) -> None:
        words = c.private_array("words", len(values), bits=16)
        packed = pack(words, 16)
        assert packed.interval == (0, 2 ** (16 * len(values)) - 1)
        assert_equal(c.public("packed"), packed)

    packed = sum(value << (16 * place) for place, value in enumerate(values))
    compiled = build(circuit, name="pack")
    assert broken(compiled, {"words": values, "packed": packed}) is None
    assert broken(compiled, {"words": values, "packed": packed + 1}) is not None


def test_packing_what_is_not_ranged_is_refused() -> None:
    with pytest.raises(BuildError, match=r"element 1, y, is not known to fit into 8 bits"):
        build(lambda c: pack([c.private("x", bits=8), c.private("y")], 8), name="pack")
    with pytest.raises(BuildError, match=r"element 0, x, is not known to fit into 7 bits"):
        build(lambda c: pack([c.private("x", bits=8)], 7), name="pack")
    with pytest.raises(BuildError, match="overflow"):
        build(lambda c: pack(c.private_array("x", 4, bits=64), 64), name="pack")


def test_from_bits_undoes_to_bits() -> None:
    def circuit(c: Circuit) -> None:
        value = from_bits(to_bits(c.private("x"), 9))
        assert value.interval == (0, 511)
        assert_equal(c.public("y"), value)

    compiled = build(circuit, name="round trip")
    assert broken(compiled, {"x": 300, "y": 300}) is None
    assert broken(compiled, {"x": 300, "y": 301}) is not None
    with pytest.raises(BuildError, match="not known to fit into 1 bits"):
        build(lambda c: from_bits([c.private("x")]), name="no bit")


def test_to_bits_over_a_small_field() -> None:
    require_exact_over_small_field(lambda c, x: to_bits(x, 4)[2], (0, 15), lambda x: x >> 2 & 1)
