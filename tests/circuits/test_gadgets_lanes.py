"""Lanes: they are the integers they hold, at the edges too; over a small field nothing else opens; liars are found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkmargin.algebra import BN254, Engine
from zkmargin.circuits import (
    AMOUNT,
    PRICE,
    BuildError,
    Circuit,
    CircuitError,
    CompiledCircuit,
    Expr,
    LaneLayout,
    Lanes,
    assert_equal,
    build,
    open_lanes,
    side_by_side,
    trusted_lanes,
)
from zkmargin.circuits.interval import Interval
from zkmargin.circuits.lane_layout import LANE_CAPACITY

from .conftest import broken, require_every_wire_determined
from .plain_engine import solutions, tiny_field

LAYOUT = LaneLayout((84, 30, 2, 136))
SMALL = LaneLayout((4, 2))
PRIME = 251
"""8 bits, so that an element has room for 6."""


def whole(layout: LaneLayout) -> list[Interval]:
    """All that the lanes can hold."""
    return [(-(1 << width - 1), (1 << width - 1) - 1) for width in layout.widths]


def trusted(c: Circuit, layout: LaneLayout, intervals: Sequence[Interval], name: str = "x") -> Lanes:
    return trusted_lanes(c, name, layout, intervals, "test")


def shown(c: Circuit, opened: tuple[list[Expr], list[Expr]]) -> None:
    """Public `value[i]` and `sign[i]` are what is opened."""
    for name, found in zip(("value", "sign"), opened, strict=True):
        for public, one in zip(c.public_array(name, len(found)), found, strict=True):
            assert_equal(public, one.raw())


def opening(layout: LaneLayout, intervals: Sequence[Interval], **kwargs: Any) -> CompiledCircuit:
    return build(lambda c: shown(c, open_lanes(trusted(c, layout, intervals), **kwargs)), name="opening")


def claim(layout: LaneLayout, values: Sequence[int], nonnegative: Sequence[int] = ()) -> dict[str, Any]:
    signs = [int(place in nonnegative or value >= 0) for place, value in enumerate(values)]
    return {"x": layout.pack(values), "value": [value % BN254.r for value in values], "sign": signs}


def lanes_of(layout: LaneLayout) -> st.SearchStrategy[tuple[int, ...]]:
    """Values for each lane, the ends of its width more often than not."""
    return st.tuples(
        *(st.one_of(st.sampled_from([low, -1, 0, 1, high]), st.integers(low, high)) for low, high in whole(layout))
    )


layouts = st.lists(st.integers(2, 90), min_size=1, max_size=6).filter(lambda w: sum(w) <= LANE_CAPACITY)


# As integers


@given(layouts.map(lambda widths: LaneLayout(tuple(widths))), st.data())
def test_packing_is_one_to_one(layout: LaneLayout, data: st.DataObject) -> None:
    values = data.draw(lanes_of(layout))
    assert layout.unpack(layout.pack(values)) == values
    assert abs(layout.pack(values)) <= (BN254.r - 1) // 2


def test_every_integer_of_the_room_has_its_lanes() -> None:
    packed = sorted(SMALL.pack(values) for values in product(range(-8, 8), range(-2, 2)))
    assert packed == list(range(-8 - 2 * 16, 8 + 16))
    for beyond in (packed[0] - 1, packed[-1] + 1):
        with pytest.raises(CircuitError, match="beyond"):
            SMALL.unpack(beyond)
    assert SMALL.pack([3]) == SMALL.pack([3, 0]) == 3


@pytest.mark.parametrize("values", [(8, 0), (-9, 0), (0, 2), (0, -3), (0, 0, 0)])
def test_what_no_lane_holds_is_not_packed(values: tuple[int, ...]) -> None:
    with pytest.raises(CircuitError, match="lane"):
        SMALL.pack(values)


OPENED = opening(LAYOUT, whole(LAYOUT))
UNSIGNED = opening(LAYOUT, whole(LAYOUT), nonnegative=[0, 3], bits=100)


@given(lanes_of(LAYOUT))
@settings(max_examples=25, deadline=None)
def test_what_is_opened_was_packed(values: tuple[int, ...]) -> None:
    assert broken(OPENED, claim(LAYOUT, values)) is None
    holds = values[0] >= 0 and 0 <= values[3] < 2**100
    problem = broken(UNSIGNED, claim(LAYOUT, values, nonnegative=[0, 3]))
    assert (problem is None) == holds
    assert holds or (problem is not None and problem.gadget == ("open_lanes",))


@given(lanes_of(LAYOUT), st.integers(0, 3), st.sampled_from([1, -1]))
@settings(max_examples=15, deadline=None)
def test_no_other_value_or_sign_is_opened(values: tuple[int, ...], place: int, step: int) -> None:
    for name in ("value", "sign"):
        wrong = claim(LAYOUT, values)
        wrong[name][place] = (wrong[name][place] + step) % BN254.r
        problem = broken(OPENED, wrong)
        assert problem is not None
        assert problem.gadget == ("assert_equal",)


def test_every_corner_opens() -> None:
    """All lanes at an end of their width: also the greatest and the least sum that an element has to bear."""
    for ends in product(*whole(LAYOUT)):
        assert broken(OPENED, claim(LAYOUT, ends)) is None


def _arithmetic(c: Circuit) -> None:
    layout, part = LaneLayout((100, 100)), [(-(2**40), 2**40), (0, 2**30)]
    factor = c.private("n", signed_bits=32)
    added = [c.private("a", bits=64)]
    lanes = trusted(c, layout, part) * factor + side_by_side(added, layout) - trusted(c, layout, part, "y") * -3
    shown(c, open_lanes(lanes))


ARITHMETIC = build(_arithmetic, name="arithmetic", strict=True)
pairs = st.tuples(st.integers(-(2**40), 2**40), st.integers(0, 2**30))


@given(pairs, pairs, st.integers(-(2**31), 2**31 - 1), st.integers(0, 2**64 - 1))
@settings(max_examples=25, deadline=None)
def test_sums_and_products_are_those_of_each_lane(x: tuple[int, int], y: tuple[int, int], n: int, a: int) -> None:
    layout = LaneLayout((100, 100))
    values = [x[0] * n + a + 3 * y[0], x[1] * n + 3 * y[1]]
    inputs = claim(layout, values) | {"x": layout.pack(x), "y": layout.pack(y), "n": n, "a": a}
    assert broken(ARITHMETIC, inputs) is None


def test_the_intervals_are_those_of_each_lane() -> None:
    def circuit(c: Circuit) -> None:
        layout = LaneLayout((20, 20))
        one, other = trusted(c, layout, [(-3, 5), (7, 7)]), trusted(c, layout, [(0, 10), (-1, 0)], "y")
        assert (one + other).intervals == ((-3, 15), (6, 7))
        assert (one - other).intervals == ((-13, 5), (7, 8))
        assert (one * -2).intervals == ((-10, 6), (-14, -14))
        n = c.private_trusted("n", (-4, 2), "test")
        assert (one * n).intervals == ((-20, 12), (-28, 14))
        assert side_by_side([n], layout).intervals == ((-4, 2), (0, 0))
        values, signs = open_lanes(one, nonnegative=[1], bits=4)
        assert [value.interval for value in values] == [(-3, 5), (0, 7)]
        assert [sign.interval for sign in signs] == [(0, 1), (1, 1)]

    with pytest.warns(match="nobody reads|no constraint"):
        build(circuit, name="intervals")


def test_units_are_dropped() -> None:
    def circuit(c: Circuit) -> None:
        layout = LaneLayout((40, 40))
        amount, price = c.private("amount", bits=8, unit=AMOUNT(8)), c.private("price", bits=9, unit=PRICE(2))
        values, _ = open_lanes(side_by_side([amount, price], layout) * amount, nonnegative=[0, 1])
        assert [value.unit for value in values] == [None, None]
        held = Lanes(price, layout, ((0, 511), (0, 0)))
        assert (held + side_by_side([amount], layout)).x.unit is None
        assert values[0].counting(AMOUNT(16)).unit == AMOUNT(16)

    build(circuit, name="units", strict=True)


# Costs


@pytest.mark.parametrize(
    ("known", "constraints"),
    [((0, 0), 1), ((-1, 0), 1), ((0, 1), 2), ((-2, 1), 2), ((-8, 7), 4), ((-8, 8), 5), ((-9, 0), 5), ((5, 5), 4)],
)
def test_a_lane_with_a_sign_costs_what_its_interval_needs(known: Interval, constraints: int) -> None:
    layout = LaneLayout((10, 10))
    one = opening(layout, [known, (-512, 511)]).r1cs.n_constraints
    assert one - 4 == constraints + 10 + 1
    for value in range(known[0], known[1] + 1):
        assert broken(opening(layout, [known, (-512, 511)]), claim(layout, [value, -512])) is None


@pytest.mark.parametrize(
    ("known", "bits", "size"),
    [((-8, 0), None, 0), ((0, 0), None, 0), ((-300, 7), None, 3), ((0, 8), None, 4), ((0, 8), 2, 2), ((-3, 8), 0, 0)],
)
def test_a_lane_without_one_costs_the_bits_of_its_end(known: Interval, bits: int | None, size: int) -> None:
    layout = LaneLayout((10, 10))
    circuit = opening(layout, [known, (-512, 511)], nonnegative=[0], bits=bits)
    assert circuit.r1cs.n_constraints - 4 == size + 10 + 1
    for value in range(known[0], known[1] + 1):
        assert (broken(circuit, claim(layout, [value, 511], [0])) is None) == (0 <= value < 2**size)


# Soundness


SMALL_INTERVALS = [
    [(-8, 7), (-2, 1)],
    [(-3, 5), (-1, 1)],
    [(0, 0), (-2, 1)],
    [(4, 6), (0, 0)],
    [(-8, -5), (1, 1)],
    [(-8, 0), (-2, -1)],
]


@pytest.mark.parametrize("intervals", SMALL_INTERVALS)
def test_over_a_small_field_nothing_else_is_opened(intervals: list[Interval]) -> None:
    """Of all assignments one satisfies the circuit, and its values and signs are the lanes'."""
    weights = (1, 16, 61, 122)

    def weighed(c: Circuit) -> None:
        values, signs = open_lanes(Lanes(small(c).x, SMALL, tuple(intervals)))
        assert_equal(c.public("out"), c.field_sum(zip([*values, *signs], weights, strict=True)))

    circuit = build(weighed, name="small", curve=tiny_field(PRIME))
    out = circuit.symbols.wire("out")
    for values in product(*(range(low, high + 1) for low, high in intervals)):
        expected = sum(k * v for k, v in zip(weights, [*values, *(v >= 0 for v in values)], strict=True)) % PRIME
        assert [w[out] for w in solutions(circuit, {"x": SMALL.pack(values)}, free="out")] == [expected]


def accepted(
    intervals: Sequence[Interval], function: Callable[[Lanes], object], layout: LaneLayout = SMALL
) -> dict[int, int]:
    """Every element of a small field that has a witness, whatever is believed of it, and how many witnesses."""

    def circuit(c: Circuit) -> None:
        function(Lanes(trusted(c, layout, whole(layout)).x, layout, tuple(intervals)))

    found: dict[int, int] = {}
    for witness in solutions(build(circuit, name="small", curve=tiny_field(PRIME)), {}, free="x"):
        found[witness[1]] = found.get(witness[1], 0) + 1
    return found


@pytest.mark.parametrize("intervals", SMALL_INTERVALS)
def test_the_bits_prove_a_range_even_where_the_interval_is_a_lie(intervals: list[Interval]) -> None:
    """[-2^k, 2^k) for each lane, and for each element of it one witness."""
    spans = [1 << max(~low, high, 0).bit_length() for low, high in intervals]
    honest = {SMALL.pack(values) % PRIME for values in product(*(range(-span, span) for span in spans))}
    assert accepted(intervals, open_lanes) == dict.fromkeys(honest, 1)


@pytest.mark.parametrize("bits", [None, 0, 1, 2, 3])
@pytest.mark.parametrize("nonnegative", [(0,), (1,), (0, 1)])
def test_nonnegative_lanes_over_a_small_field(nonnegative: tuple[int, ...], bits: int | None) -> None:
    def holds(place: int, value: int) -> bool:
        return place not in nonnegative or (value >= 0 and (bits is None or value < 2**bits))

    values = product(range(-8, 8), range(-2, 2))
    honest = {SMALL.pack(both) % PRIME for both in values if all(holds(place, v) for place, v in enumerate(both))}
    found = accepted(whole(SMALL), lambda lanes: open_lanes(lanes, nonnegative, bits))
    assert found == dict.fromkeys(honest, 1)


@pytest.mark.parametrize("nonnegative", [(1,), (0, 2), (0, 1)])
@pytest.mark.parametrize("layout", [LaneLayout((2, 2, 2)), LaneLayout((3, 3)), LaneLayout((2, 4))])
def test_lanes_of_both_kinds_mix_over_a_small_field(layout: LaneLayout, nonnegative: tuple[int, ...]) -> None:
    """Whatever stands above or below a lane without a sign, the elements that open are those whose lanes hold."""
    proven = [place for place in nonnegative if place < len(layout.widths)]
    values = product(*(range(low, high + 1) for low, high in whole(layout)))
    honest = {layout.pack(each) % PRIME for each in values if all(each[place] >= 0 for place in proven)}
    found = accepted(whole(layout), lambda lanes: open_lanes(lanes, proven), layout)
    assert found == dict.fromkeys(honest, 1)


def test_products_over_a_small_field() -> None:
    """x times n plus y opens to what it is for each lane, and to nothing else."""
    layout = LaneLayout((3, 3))

    def circuit(c: Circuit) -> None:
        n, y = (c.private_trusted(name, known, "test") for name, known in (("n", (-1, 2)), ("y", (-1, 1))))
        values, _ = open_lanes(trusted(c, layout, [(-1, 1), (0, 1)]) * n + side_by_side([y], layout))
        assert_equal(c.public("out"), c.field_sum(zip(values, (1, 16), strict=True)))

    compiled = build(circuit, name="small", curve=tiny_field(PRIME))
    out = compiled.symbols.wire("out")
    for low, high, n, y in product((-1, 0, 1), (0, 1), (-1, 0, 1, 2), (-1, 0, 1)):
        found = [w[out] for w in solutions(compiled, {"x": layout.pack([low, high]), "n": n, "y": y}, free="out")]
        assert found == [(low * n + y + 16 * high * n) % PRIME]


@pytest.mark.parametrize(("prime", "room"), [(61, 4), (127, 5), (131, 6), (251, 6)])
def test_an_element_has_room_for_two_bits_less_than_its_modulus(prime: int, room: int) -> None:
    fits, wide = LaneLayout((2, room - 2)), LaneLayout((2, room - 1))
    assert abs(fits.pack([-2, -(1 << room - 3)])) <= (prime - 1) // 2
    build(lambda c: open_lanes(trusted(c, fits, whole(fits))), name="fits", curve=tiny_field(prime))
    with pytest.raises(BuildError, match=f"room for {room}"):
        build(lambda c: trusted(c, wide, [(0, 0), (0, 0)]), name="wide", curve=tiny_field(prime))


def test_the_capacity_is_that_of_the_field() -> None:
    assert BN254.r.bit_length() - 2 == LANE_CAPACITY


@pytest.mark.parametrize("values", [(0, 0), (-8, 1), (7, -2), (3, 1)])
@pytest.mark.parametrize("nonnegative", [(), (0,)])
def test_no_digit_can_be_faked(values: tuple[int, int], nonnegative: tuple[int, ...]) -> None:
    if all(values[place] >= 0 for place in nonnegative):
        circuit = opening(SMALL, whole(SMALL), nonnegative=nonnegative)
        require_every_wire_determined(circuit, claim(SMALL, values, nonnegative))


def test_the_engines_and_the_optimiser_agree(engine: Engine) -> None:
    """The lanes' bits begin in the middle of the element."""
    inputs = claim(LAYOUT, (-(2**83), 2**29 - 1, -1, 12345))
    OPENED.check(OPENED.witness(inputs, engine), engine)
    smaller = build(
        lambda c: shown(c, open_lanes(trusted(c, LAYOUT, whole(LAYOUT)))), name="opening", strict=True, optimise=True
    )
    smaller.require_equivalent()
    smaller.check(smaller.witness(inputs, engine), engine)


FORGED = claim(SMALL, (5, 1)) | {"value": [5 + 16, 0], "sign": [3, 1]}
"""16 more in one lane and 1 less in the next is the same element: a top digit 3 and a low digit 0 would say it."""


def forgery(circuit: CompiledCircuit) -> tuple[str, ...] | None:
    digits = [wire for wire in range(circuit.r1cs.n_wires) if ".bit[" in circuit.symbols.name(wire)]
    problem = broken(circuit, FORGED, {digits[3]: 3, digits[4]: 0})
    return None if problem is None else problem.gadget


def test_a_carry_between_lanes_is_noticed_by_the_bits_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert forgery(opening(SMALL, whole(SMALL))) == ("open_lanes",)
    new_bits = Circuit.new_bits

    def any_digits(c: Circuit, x: Expr, count: int, first: int = 0) -> list[Expr]:
        made = new_bits(c, x, count, first)
        del c.constraints[-count:]
        return made

    monkeypatch.setattr(Circuit, "new_bits", any_digits)
    assert forgery(opening(SMALL, whole(SMALL))) is None


@pytest.mark.filterwarnings("ignore::zkmargin.circuits.CircuitWarning")  # x stands in that sum alone
def test_the_bits_are_those_of_the_element_by_the_sum_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def other_bits() -> bool:
        circuit = opening(SMALL, whole(SMALL))
        digits = [wire for wire in range(circuit.r1cs.n_wires) if ".bit[" in circuit.symbols.name(wire)]
        other = claim(SMALL, (-8, -2)) | {"x": SMALL.pack((5, 1))}
        return broken(circuit, other, dict.fromkeys(digits, 0)) is None

    assert not other_bits()
    constrain_equal = Circuit.constrain_equal

    def but_for_the_sum(c: Circuit, a: Expr, b: Expr) -> None:
        if c.origin().gadget != ("open_lanes",):
            constrain_equal(c, a, b)

    monkeypatch.setattr(Circuit, "constrain_equal", but_for_the_sum)
    assert other_bits()


# Refusals


@pytest.mark.parametrize("widths", [(), (1, 5), (-3, 5), (200, 53), [8, 8], (8.0,), (True, 8)])
def test_layouts_that_make_no_sense_are_refused(widths: Any) -> None:
    with pytest.raises(CircuitError, match=r"at least 2 each and 252 in all"):
        LaneLayout(widths)


def small(c: Circuit, name: str = "x") -> Lanes:
    return trusted(c, SMALL, whole(SMALL), name)


REFUSALS: dict[str, tuple[str, Callable[[Circuit], object]]] = {
    "high": (r"lane 0 needs 5 bits and has 4", lambda c: trusted(c, SMALL, [(0, 8), (0, 0)])),
    "low": (r"lane 1 needs 3 bits and has 2", lambda c: trusted(c, SMALL, [(0, 0), (-3, 0)])),
    "beyond the field": (r"lane 1 needs 301 bits", lambda c: trusted(c, SMALL, [(0, 0), (0, 2**299)])),
    "empty": (r"\[1, 0\] of lane 0 is empty", lambda c: trusted(c, SMALL, [(1, 0), (-2, 1)])),
    "few intervals": ("1 intervals for 2 lanes", lambda c: trusted(c, SMALL, [(0, 0)])),
    "many intervals": ("3 intervals for 2 lanes", lambda c: trusted(c, SMALL, [(0, 0)] * 3)),
    "no reason": ("needs a reason", lambda c: trusted_lanes(c, "x", SMALL, whole(SMALL), " ")),
    "raw lanes": ("raw field element wraps", lambda c: Lanes(c.private("x"), SMALL, tuple(whole(SMALL)))),
    "raw value": ("has no range", lambda c: side_by_side([c.private("x")], SMALL)),
    "wide value": ("lane 0 needs 5 bits and has 4", lambda c: side_by_side([c.private("x", bits=4)], SMALL)),
    "vast value": ("lane 1 needs 253 bits", lambda c: side_by_side([c.constant(0), c.private("x", bits=252)], SMALL)),
    "many values": ("3 values do not fit into 2 lanes", lambda c: side_by_side([c.constant(0)] * 3, SMALL)),
    "no value": ("at least one expression", lambda c: side_by_side([], SMALL)),
    "sum": ("overflow: lane 0 needs 5 bits", lambda c: small(c) + trusted(c, SMALL, [(1, 1), (0, 0)], "y")),
    "difference": ("overflow: lane 1 needs 3 bits", lambda c: small(c) - trusted(c, SMALL, [(0, 0), (0, 1)], "y")),
    "multiple": ("overflow: lane 0 needs 5 bits", lambda c: small(c) * -1),
    "vast multiple": ("overflow: lane 0 needs 304 bits", lambda c: small(c) * 2**300),
    "product": ("overflow: lane 0 needs 6 bits", lambda c: small(c) * c.private("n", signed_bits=2)),
    "raw factor": ("range-check it first", lambda c: small(c) * c.private("n")),
    "no number": ("not float", lambda c: small(c) * 0.5),  # type: ignore[operator]
    "no lanes": ("not to int", lambda c: small(c) + 1),  # type: ignore[operator]
    "an expression": ("not to Integer", lambda c: small(c) - c.private("n", bits=2)),  # type: ignore[operator]
    "other layout": ("do not line up", lambda c: small(c) + trusted(c, LaneLayout((2, 4)), [(0, 0)] * 2, "y")),
    "other circuit": ("two different circuits", lambda c: small(c) + small(Circuit("other"))),
    "other factor": ("two different circuits", lambda c: small(c) * Circuit("other").private("n", bits=1)),
    "no such lane": ("no lane 2", lambda c: open_lanes(small(c), nonnegative=[2])),
    "counted back": ("no lane -1", lambda c: open_lanes(small(c), nonnegative=[0, -1])),
    "negative": (
        r"can never hold: lane 0 lies in \[-8, -1\]",
        lambda c: open_lanes(trusted(c, SMALL, [(-8, -1), (0, 0)]), nonnegative=[0]),
    ),
    "above the bits": (
        "can never hold: lane 0 .* must have 2 bits",
        lambda c: open_lanes(trusted(c, SMALL, [(4, 7), (0, 0)]), nonnegative=[0], bits=2),
    ),
    "bits for no lane": ("bound the lanes that are proven", lambda c: open_lanes(small(c), bits=2)),
    "negative bits": ("-1 bits", lambda c: open_lanes(small(c), nonnegative=[0], bits=-1)),
    "bits no number": ("2.0 bits", lambda c: open_lanes(small(c), [0], bits=2.0)),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_would_not_mean_what_it_says_is_refused(case: str) -> None:
    message, circuit = REFUSALS[case]
    with pytest.raises(BuildError, match=message) as refused:
        build(circuit, name="refused")
    assert refused.value.file == "test_gadgets_lanes.py"


def test_lanes_nobody_opens_are_missed() -> None:
    with pytest.raises(BuildError, match="no constraint"):
        build(lambda c: small(c), name="unopened", strict=True)
