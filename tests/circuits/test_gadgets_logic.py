"""Bits as truth values, conditional constraints, bounds, least and greatest, signs, words."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest

from zkmargin.algebra import BN254
from zkmargin.circuits import (
    AMOUNT,
    PRICE,
    BuildError,
    Circuit,
    CompiledCircuit,
    Expr,
    all_of,
    any_of,
    assert_at_most_if,
    assert_between,
    assert_equal,
    assert_equal_if,
    bind,
    both,
    build,
    either,
    is_between,
    maximum,
    minimum,
    negate,
    pack,
    sign_split,
    unpack,
)
from zkmargin.circuits.testing import broken, check_circuit, check_exact, check_liars, solutions, tiny_field

R = BN254.r


def over_bits(function: Callable[[list[Expr]], Expr], count: int) -> CompiledCircuit:
    def circuit(c: Circuit) -> None:
        found = function(c.private_array("bit", count, bits=1))
        assert found.interval == (0, 1)
        assert_equal(c.public("out"), found)

    return build(circuit, name="logic")


@pytest.mark.parametrize(
    ("function", "count", "expected", "cost"),
    [
        (lambda b: negate(b[0]), 1, lambda v: 1 - v[0], 0),
        (lambda b: both(b[0], b[1]), 2, lambda v: int(all(v)), 1),
        (lambda b: either(b[0], b[1]), 2, lambda v: int(any(v)), 1),
        *((all_of, n, lambda v: int(all(v)), min(n - 1, 3)) for n in (1, 2, 3, 4, 5, 7)),
        *((any_of, n, lambda v: int(any(v)), min(n - 1, 3)) for n in (1, 2, 3, 4, 5, 7)),
    ],
)
def test_logic(
    function: Callable[[list[Expr]], Expr], count: int, expected: Callable[[tuple[int, ...]], int], cost: int
) -> None:
    circuit = over_bits(function, count)
    assert circuit.r1cs.n_constraints == count + cost + 1
    for values in product((0, 1), repeat=count):
        inputs = {"bit": list(values), "out": expected(values)}
        assert broken(circuit, inputs) is None
        assert broken(circuit, inputs | {"out": 1 - expected(values)}) is not None
        check_liars(circuit, inputs, every_wire=True)


@pytest.mark.parametrize(
    "made",
    [
        lambda x, b: negate(x),
        lambda x, b: both(b, x),
        lambda x, b: either(x, b),
        lambda x, b: all_of([b, x]),
        lambda x, b: any_of([x] * 6),
        lambda x, b: assert_equal_if(x, b, b),
        lambda x, b: assert_at_most_if(x, b, b),
    ],
)
def test_what_is_no_bit_is_refused(made: Callable[[Expr, Expr], object]) -> None:
    with pytest.raises(BuildError, match="not known to be a bit"):
        build(lambda c: made(c.private("x", bits=2), c.private("b", bits=1)), name="no bit")


def conditional(
    relation: Callable[[Expr, Expr, Expr], None], a: tuple[int, int], b: tuple[int, int]
) -> CompiledCircuit:
    def circuit(c: Circuit) -> None:
        sides = [c.private_trusted(name, known, "test") for name, known in (("a", a), ("b", b))]
        bit = c.private_trusted("bit", (0, 1), "test")
        bind(c.weighted_sum([(bit, 1), *((side, 1) for side in sides)]))
        relation(bit, *sides)

    return build(circuit, name="conditional", curve=tiny_field(251))


@pytest.mark.parametrize(
    ("a", "b", "cost"),
    [
        ((0, 7), (0, 7), 5),  # the slack widens it by a bit
        ((0, 7), (5, 20), 6),
        ((0, 1), (0, 14), 5),  # and here it does not
        ((0, 20), (0, 3), 4),  # where it would by more, a product
        ((0, 20), (0, 0), 2),
        ((3, 9), (3, 3), 2),
        ((5, 9), (0, 4), 1),  # never: the bit is 0
        ((0, 4), (4, 9), 0),  # always
    ],
)
def test_order_where_a_bit_is_one(a: tuple[int, int], b: tuple[int, int], cost: int) -> None:
    circuit = conditional(assert_at_most_if, a, b)
    assert circuit.r1cs.n_constraints == cost + 1
    for x, y, bit in product(range(a[0], a[1] + 1), range(b[0], b[1] + 1), (0, 1)):
        holds = not bit or x <= y
        assert sum(1 for _ in solutions(circuit, {"a": x, "b": y, "bit": bit})) == holds, (x, y, bit)


@pytest.mark.parametrize(("a", "b"), [((0, 3), (0, 3)), ((0, 3), (7, 9))])
def test_equality_where_a_bit_is_one(a: tuple[int, int], b: tuple[int, int]) -> None:
    circuit = conditional(assert_equal_if, a, b)
    assert circuit.r1cs.n_constraints == 2
    for x, y, bit in product(range(a[0], a[1] + 1), range(b[0], b[1] + 1), (0, 1)):
        assert sum(1 for _ in solutions(circuit, {"a": x, "b": y, "bit": bit})) == (not bit or x == y)


def test_conditions_that_are_known() -> None:
    def circuit(c: Circuit) -> None:
        a, b = c.private("a", bits=4), c.private("b", bits=4)
        before = len(c.constraints)
        assert_equal_if(c.constant(0), a, b)
        assert_at_most_if(c.constant(0), a, b)
        assert len(c.constraints) == before
        assert_at_most_if(c.constant(1), a, b)
        assert_equal_if(c.constant(1), a.raw(), b)

    check_circuit(build(circuit, name="known"), valid=[{"a": 3, "b": 3}], invalid=[{"a": 3, "b": 4}, {"a": 4, "b": 3}])


def test_conditions_want_one_unit_and_an_order() -> None:
    def compare(relation: Callable[[Expr, Expr, Expr], None], *, raw: bool) -> None:
        def circuit(c: Circuit) -> None:
            a = c.private("a") if raw else c.private("a", bits=4, unit=AMOUNT(2))
            relation(c.private("bit", bits=1), a, c.private("b", bits=4, unit=PRICE(2)))

        build(circuit, name="units")

    for relation in (assert_equal_if, assert_at_most_if):
        with pytest.raises(BuildError, match="count different things"):
            compare(relation, raw=False)
    with pytest.raises(BuildError, match="has no order"):
        compare(assert_at_most_if, raw=True)
    compare(assert_equal_if, raw=True)


# Least, greatest, between


@pytest.mark.parametrize("n", [1, 2, 3, 4])
@pytest.mark.parametrize(("function", "twin"), [(minimum, min), (maximum, max)])
def test_the_least_and_the_greatest(function: Callable[[list[Expr]], Expr], twin: Callable[..., int], n: int) -> None:
    def circuit(c: Circuit) -> None:
        values = [c.private_trusted(f"v{i}", (i - 2, i), "test") for i in range(n)]
        found = function(values)
        assert found.interval == (twin(i - 2 for i in range(n)), twin(range(n)))
        assert_equal(c.public("out"), found)

    compiled = build(circuit, name="extreme")
    for values in product(*(range(i - 2, i + 1) for i in range(n))):
        inputs = {f"v{i}": value for i, value in enumerate(values)} | {"out": twin(values) % R}
        assert broken(compiled, inputs) is None
        assert broken(compiled, inputs | {"out": (twin(values) + 1) % R}) is not None
    check_liars(compiled, inputs, every_wire=n > 1)


def test_extremes_over_a_tiny_field_and_their_units() -> None:
    for function, twin in ((minimum, min), (maximum, max)):
        check_exact(lambda c, x, f=function: f([x, c.constant(3), -x]), (-7, 7), lambda x, t=twin: t(x, 3, -x))

    def circuit(c: Circuit) -> None:
        prices = c.private_array("price", 3, bits=8, unit=PRICE(2))
        assert minimum(prices).unit == maximum(prices).unit == PRICE(2)
        bind(minimum(prices) + maximum(prices))
        with pytest.raises(BuildError, match="count different things"):
            minimum([*prices, c.private("amount", bits=8, unit=AMOUNT(2))])
        with pytest.raises(BuildError, match="has no order"):
            maximum([prices[0].raw(), prices[1].integer()])

    with pytest.warns(match="never used"):
        build(circuit, name="units")


Ends = tuple[int, int]


def bounded(known: Ends, low: Ends, high: Ends, *, asserted: bool) -> CompiledCircuit:
    def circuit(c: Circuit) -> None:
        x, least, most = (
            c.constant(ends[0]) if ends[0] == ends[1] else c.private_trusted(name, ends, "test")
            for name, ends in (("x", known), ("low", low), ("high", high))
        )
        bind(c.weighted_sum(((x, 1), (least, 1), (most, 1))))
        if asserted:
            assert_between(x, least, most)
        assert_equal(c.public("inside"), is_between(x, least, most))

    return build(circuit, name="between", curve=tiny_field(251))


@pytest.mark.parametrize(
    ("known", "low", "high"),
    [
        ((0, 30), (4, 4), (11, 11)),
        ((0, 30), (4, 4), (12, 12)),
        ((0, 30), (4, 4), (4, 4)),
        ((-9, 9), (-4, -4), (30, 30)),
        ((0, 15), (0, 3), (9, 14)),
        ((0, 5), (0, 3), (2, 4)),
        ((0, 3), (0, 5), (0, 5)),
    ],
)
def test_between_two_bounds(known: tuple[int, int], low: tuple[int, int], high: tuple[int, int]) -> None:
    circuit, judged = (bounded(known, low, high, asserted=asserted) for asserted in (True, False))
    for x, least, most in product(*(range(ends[0], ends[1] + 1) for ends in (known, low, high))):
        named = {"x": (x, known), "low": (least, low), "high": (most, high)}
        inputs = {name: value for name, (value, ends) in named.items() if ends[0] < ends[1]}
        inside = int(least <= x <= most)
        if inside:
            right = inputs
        assert (broken(circuit, inputs | {"inside": inside}) is None) == bool(inside), (x, least, most)
        assert broken(judged, inputs | {"inside": inside}) is None
        assert broken(judged, inputs | {"inside": 1 - inside}) is not None
    check_liars(circuit, right | {"inside": 1}, every_wire=True)


@pytest.mark.parametrize(
    ("low", "high", "constraints"),
    [(10, 10, 1), (10, 11, 1), (10, 17, 4), (10, 16, 8), (0, 2**54, 56), (2**64 - 8, 2**64 - 1, 4), (0, 2**64, 0)],
)
def test_bounds_cost_what_lies_between_them(low: int, high: int, constraints: int) -> None:
    """Not what x could be; once where the distance fills its bits, and only on a side that x could be beyond."""

    def circuit(c: Circuit) -> None:
        x = c.private_trusted("x", (0, 2**64 - 1), "test")
        bind(x)
        assert_between(x, c.constant(low), c.constant(high))

    assert build(circuit, name="bounds").r1cs.n_constraints == constraints + 1


def test_bounds_over_a_tiny_field() -> None:
    def circuit(c: Circuit) -> None:
        assert_between(c.private_trusted("x", (-20, 20), "test"), c.constant(-3), c.constant(5))

    small = build(circuit, name="small", curve=tiny_field(61))
    for x in range(-20, 21):
        assert sum(1 for _ in solutions(small, {"x": x})) == (-3 <= x <= 5)


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [(9, 8, "can never hold"), (16, 20, "can never hold"), (-5, -1, "can never hold")],
)
def test_bounds_that_nothing_meets_are_refused(low: int, high: int, told: str) -> None:
    with pytest.raises(BuildError, match=told):
        build(lambda c: assert_between(c.private("x", bits=4), c.constant(low), c.constant(high)), name="never")


def test_bounds_of_another_unit_and_of_raw_values_are_refused() -> None:
    def circuit(c: Circuit) -> None:
        x = c.private("x", bits=4, unit=AMOUNT(0))
        bind(x)
        with pytest.raises(BuildError, match="which has no unit"):
            assert_between(x, c.constant(0), c.constant(3))
        with pytest.raises(BuildError, match="which has no unit"):
            assert_between(x, c.fixed(0, AMOUNT(0)), c.constant(3))
        with pytest.raises(BuildError, match="has no order"):
            assert_between(x.raw(), c.constant(0), c.constant(3))

    build(circuit, name="units")


# Signs and words


@pytest.mark.parametrize("interval", [(-8, 7), (-3, 5), (-8, 0), (-1, 1), (0, 5), (-6, -2)])
def test_a_sign_and_a_magnitude(interval: tuple[int, int]) -> None:
    check_exact(lambda _, x: sign_split(x)[0], interval, lambda x: int(x < 0))
    check_exact(lambda _, x: sign_split(x)[1], interval, abs)


def test_a_sign_keeps_the_unit_and_zero_is_not_negative() -> None:
    def circuit(c: Circuit) -> None:
        x = c.private("x", signed_bits=16, unit=AMOUNT(2))
        negative, size = sign_split(x)
        assert (negative.interval, negative.unit) == ((0, 1), None)
        assert (size.interval, size.unit) == ((0, 2**15), AMOUNT(2))
        assert_equal(c.public("negative"), negative)
        assert_equal(c.public("size", bits=16, unit=AMOUNT(2)), size)

    check_circuit(
        build(circuit, name="sign", strict=True),
        valid=[{"x": x, "negative": int(x < 0), "size": abs(x)} for x in (-(2**15), -1, 0, 1, 2**15 - 1)],
        invalid=[{"x": 0, "negative": 1, "size": 0}, {"x": -4, "negative": 0, "size": 4}],
    )


@pytest.mark.parametrize(("bits", "count"), [(1, 1), (1, 5), (64, 3), (84, 3), (252, 1), (7, 36)])
@pytest.mark.parametrize("raw", [True, False])
def test_words_come_out_as_they_were_packed(bits: int, count: int, raw: bool) -> None:
    def circuit(c: Circuit) -> None:
        x = c.private("x") if raw else c.private_trusted("x", (0, 2 ** (bits * count) - 1), "test")
        words = unpack(x, bits, count)
        assert all(word.interval == (0, 2**bits - 1) for word in words)
        for place, word in enumerate(words):
            assert_equal(c.public(f"w{place}"), word)

    compiled = build(circuit, name="unpack")
    words = [(k * 0x9E3779B97F4A7C15F39CC0605CEDC834) % 2**bits for k in range(1, count + 1)]
    packed = sum(word << bits * place for place, word in enumerate(words))
    right = {"x": packed, **{f"w{place}": word for place, word in enumerate(words)}}
    assert broken(compiled, right) is None
    assert compiled.r1cs.n_constraints == (bits * count + 1 if bits * count > 1 else 1) + count
    if count > 1:
        moved = right | {"w0": words[0] + 2**bits, "w1": (words[1] - 1) % R}
        assert broken(compiled, moved) is not None
    if raw:
        assert broken(compiled, right | {"x": (packed - (1 << bits * count)) % R}) is not None


def test_unpacking_undoes_packing_over_a_tiny_field() -> None:
    def circuit(c: Circuit) -> None:
        assert_equal(c.public("out"), pack(unpack(c.private("x"), 2, 2)[::-1], 2))

    small = build(circuit, name="small", curve=tiny_field(61))
    out = small.symbols.wire("out")
    for x in range(61):
        found = [w[out] for w in solutions(small, {"x": x}, free="out")]
        assert found == ([(x & 3) << 2 | x >> 2] if x < 16 else [])


def test_words_that_the_field_does_not_hold_are_refused() -> None:
    with pytest.raises(BuildError, match="not between 1 and 253"):
        build(lambda c: unpack(c.private("x"), 64, 4), name="wide")
    for bits, count in ((0, 3), (3, 0), (True, 2), (2, 1.0)):
        with pytest.raises(BuildError, match="at least one"):
            build(lambda c, b=bits, n=count: unpack(c.private("x"), b, n), name="none")
