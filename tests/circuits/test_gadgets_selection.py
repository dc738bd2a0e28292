"""Choosing by a private index: one-hot encodings, tables of constants and of values, rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from zkmargin.algebra import BN254
from zkmargin.circuits import (
    AMOUNT,
    PRICE,
    BuildError,
    Circuit,
    CompiledCircuit,
    Expr,
    assert_equal,
    bind,
    build,
    lookup,
    multiplexer,
    one_hot,
    pack,
)
from zkmargin.circuits.testing import broken, check_circuit, check_exact, check_liars, solutions, tiny_field

R = BN254.r


def encoded(n: int, index: Callable[[Circuit], Expr] = lambda c: c.private("index"), curve=BN254) -> CompiledCircuit:
    def circuit(c: Circuit) -> None:
        bits = one_hot(index(c), n)
        assert all(bit.interval is not None and 0 <= bit.interval[0] <= bit.interval[1] <= 1 for bit in bits)
        assert_equal(c.public("word"), pack(bits, 1))

    return build(circuit, name="one hot", curve=curve)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 7, 30])
def test_one_place_is_hot_and_the_index_is_one_of_them(n: int) -> None:
    circuit = encoded(n)
    assert circuit.r1cs.n_constraints == max(1, n - 1) + 1
    assert circuit.r1cs.n_wires == 3 + max(0, n - 2)
    check_circuit(
        circuit,
        valid=[{"index": place, "word": 1 << place} for place in range(n)],
        invalid=[{"index": place % R, "word": 0} for place in (-1, n, n + 1, R // 2)]
        + [{"index": 0, "word": 2}, {"index": 0, "word": 0}, {"index": n - 1, "word": (1 << n) - 1 if n > 1 else 0}],
    )


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_one_hot_over_a_tiny_field(n: int) -> None:
    """For every index of the field the one right witness, or none."""
    circuit = encoded(n, curve=tiny_field(37))
    out = circuit.symbols.wire("word")
    for index in range(37):
        found = [w[out] for w in solutions(circuit, {"index": index}, free="word")]
        assert found == ([1 << index] if index < n else [])


@pytest.mark.parametrize("index", [0, 1, 2, 5])
def test_every_wire_of_a_one_hot_encoding_is_determined(index: int) -> None:
    check_liars(encoded(6), {"index": index, "word": 1 << index}, every_wire=True)


def test_one_hot_of_what_the_range_decides() -> None:
    def circuit(c: Circuit) -> None:
        bits = one_hot(c.constant(2), 4)
        assert [bit.constant_value for bit in bits] == [0, 0, 1, 0]
        assert not c.constraints

    build(circuit, name="constant")
    with pytest.raises(BuildError, match=r"never one of 0 .. 3: it lies in \[4, 4\]"):
        build(lambda c: one_hot(c.constant(4), 4), name="never")
    with pytest.raises(BuildError, match=r"never one of 0 .. 3"):
        build(lambda c: one_hot(c.private("x", bits=3) + 4, 4), name="never")
    for n in (0, -1, True, 2.0):
        with pytest.raises(BuildError, match="at least one place"):
            build(lambda c, n=n: one_hot(c.private("x"), n), name="no place")


def table_of(values: Sequence[int], *, constant: bool, curve=BN254) -> CompiledCircuit:
    def circuit(c: Circuit) -> None:
        index = c.private("index")
        known = (min(values), max(values))
        entries = (
            [c.constant(value) for value in values]
            if constant
            else [c.private_trusted(f"t{i}", known, "test") for i in range(len(values))]
        )
        chosen = lookup(entries, index)
        assert chosen.interval == known
        assert_equal(c.public("out"), chosen)

    return build(circuit, name="lookup", curve=curve)


def given(values: Sequence[int], index: int, out: int, *, constant: bool) -> dict[str, int]:
    entries = {} if constant else {f"t{i}": value for i, value in enumerate(values)}
    return {**entries, "index": index % R, "out": out % R}


SIZES = [2, 3, 4, 5, 7, 8, 9, 16, 17, 33]


@pytest.mark.parametrize("constant", [True, False], ids=["constants", "values"])
@pytest.mark.parametrize("n", SIZES)
def test_a_table_gives_the_entry_and_proves_the_index(n: int, constant: bool) -> None:
    values = [(7 * k * k + 3 * k) % 101 - 40 for k in range(n)]
    circuit = table_of(values, constant=constant)
    beyond = [*range(n, 2 * n + 6), -1, -2, R // 2]
    check_circuit(
        circuit,
        valid=[given(values, k, values[k], constant=constant) for k in range(n)],
        invalid=[given(values, k, values[k] + 1, constant=constant) for k in range(n)]
        + [given(values, k, out, constant=constant) for k in beyond for out in (0, values[-1], values[0])],
        engines=["native"] if n > 9 and _native() else None,
    )


def _native() -> bool:
    from zkmargin.circuits.testing import engines_for

    return "native" in engines_for(BN254)


@pytest.mark.parametrize(
    ("n", "constants", "values"), [(4, 3, 6), (8, 5, 11), (16, 9, 20), (17, 10, 28), (64, 21, 70), (256, 44, 264)]
)
def test_the_cost_of_tables(n: int, constants: int, values: int) -> None:
    """Some 3 sqrt(n) for constants, n and the bits of the index for values; and the equality."""
    squares = [k * k for k in range(n)]
    assert table_of(squares, constant=True).r1cs.n_constraints == constants + 1
    assert table_of(squares, constant=False).r1cs.n_constraints == values + 1


@pytest.mark.parametrize("constant", [True, False], ids=["constants", "values"])
@pytest.mark.parametrize(("n", "index"), [(4, 2), (7, 6), (7, 0), (16, 9)])
def test_every_wire_of_a_lookup_is_determined(n: int, index: int, constant: bool) -> None:
    values = [5 * k + 1 for k in range(n)]
    check_liars(
        table_of(values, constant=constant), given(values, index, values[index], constant=constant), every_wire=True
    )


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_tables_of_constants_over_a_tiny_field(n: int) -> None:
    values = [3, 7, 5, 2, 9][:n]
    check_exact(lambda c, x: lookup([c.constant(v) for v in values], x), (0, n - 1), lambda x: values[x], prime=31)
    circuit = table_of(values, constant=True, curve=tiny_field(31))
    for index in range(n, 31):
        assert list(solutions(circuit, {"index": index}, free="out")) == []


def test_tables_of_values_over_a_tiny_field() -> None:
    values = [3, 7, 5]
    circuit = table_of(values, constant=False, curve=tiny_field(31))
    out = circuit.symbols.wire("out")
    for index in range(31):
        inputs = {"index": index, **{f"t{i}": value for i, value in enumerate(values)}}
        assert [w[out] for w in solutions(circuit, inputs, free="out")] == values[index : index + 1]


def test_the_rectangle_beyond_a_table_is_closed() -> None:
    """17 entries lie in a rectangle of 18 places; a prover who takes the last one, which is empty, is refused."""
    values = list(range(1, 18))
    circuit = table_of(values, constant=True)
    problem = broken(circuit, given(values, 17, 0, constant=True))
    assert problem is not None
    assert problem.gadget == ("lookup",)


def test_an_index_in_range_by_its_type_needs_no_second_proof() -> None:
    def circuit(c: Circuit, bits: int) -> None:
        assert_equal(c.public("out"), lookup(c.private_array("t", 5), c.private_trusted("i", (0, bits), "test")))

    known, unknown = (build(circuit, top, name="known").r1cs.n_constraints for top in (4, 5))
    assert unknown - known == 4


@pytest.mark.parametrize("constant", [True, False], ids=["constants", "values"])
def test_rows_are_chosen_whole(constant: bool) -> None:
    rows = [[k, 100 - 9 * k, 7] for k in range(6)]

    def circuit(c: Circuit) -> None:
        index = c.private("index", bits=3)
        entries = [
            [c.constant(v) if constant else c.private(f"r{i}[{j}]", signed_bits=8) for j, v in enumerate(row)]
            for i, row in enumerate(rows)
        ]
        for place, chosen in enumerate(multiplexer(entries, index)):
            assert_equal(c.public(f"out{place}"), chosen)

    compiled = build(circuit, name="rows")
    cells = {} if constant else {f"r{i}[{j}]": v for i, row in enumerate(rows) for j, v in enumerate(row)}
    right = [{"index": k, **cells, **{f"out{j}": v % R for j, v in enumerate(rows[k])}} for k in range(6)]
    check_circuit(
        compiled, valid=right, invalid=[{**right[2], f"out{j}": 55} for j in range(3)] + [{**right[5], "index": 6}]
    )
    check_liars(compiled, right[4], every_wire=True)


def test_units_and_raw_entries() -> None:
    def circuit(c: Circuit) -> None:
        index = c.private("index", bits=2)
        prices = c.private_array("price", 4, bits=8, unit=PRICE(2))
        assert lookup(prices, index).unit == PRICE(2)
        fees = [c.fixed(text, AMOUNT(2)) for text in ("0.5", "1", "1.25", "9")]
        fee = lookup([*fees[:3], c.constant(0)], index)
        assert (fee.unit, fee.interval) == (AMOUNT(2), (0, 125))
        big = lookup([c.constant(R - 1), *c.private_array("raw", 3)], index)
        assert big.interval is None
        assert lookup([c.constant(R - 1), c.constant(R - 2), c.constant(3), c.constant(4)], index).interval is None
        bind(fee)
        bind(big)

    with pytest.warns(match="is built and never used"):
        build(circuit, name="units")


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (lambda c, i: lookup([], i), "at least one entry"),
        (lambda c, i: lookup([c.fixed(1, AMOUNT(2)), c.fixed(1, PRICE(2))], i), "count different things"),
        (lambda c, i: lookup([c.constant(1), c.constant(2)], i.counting(AMOUNT(0))), "an index counts places"),
        (lambda c, i: lookup([c.constant(1), c.constant(2)], c.constant(2)), "never one of 0 .. 1"),
        (lambda c, i: multiplexer([], i), "as long as each other"),
        (lambda c, i: multiplexer([[i], [i, i]], i), "as long as each other"),
    ],
)
def test_tables_that_make_no_sense_are_refused(made, told: str) -> None:
    with pytest.raises(BuildError, match=told):
        build(lambda c: made(c, c.private("i", bits=2)), name="refused")


def test_tables_of_one_and_indices_that_are_known_cost_nothing() -> None:
    def circuit(c: Circuit) -> None:
        entries = c.private_array("t", 3)
        before = len(c.constraints)
        assert str(lookup(entries, c.constant(1))) == "t[1]"
        assert len(c.constraints) == before
        assert str(lookup(entries[:1], c.private("i"))) == "t[0]"
        assert len(c.constraints) == before + 1, "the index is 0"
        for entry in entries:
            bind(entry)

    compiled = build(circuit, name="free")
    assert broken(compiled, {"t": [1, 2, 3], "i": 0}) is None
    assert broken(compiled, {"t": [1, 2, 3], "i": 1}) is not None
