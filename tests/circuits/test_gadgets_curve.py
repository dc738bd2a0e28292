"""Points in the circuit: every case of a small curve, Baby Jubjub and its plain twin, and lies about each wire."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkmargin.algebra import BABY_JUBJUB, BN254, Engine
from zkmargin.algebra.edwards import NEUTRAL
from zkmargin.circuits import (
    BuildError,
    Circuit,
    CompiledCircuit,
    assert_not_neutral,
    assert_not_small_order,
    assert_on_curve,
    build,
    clear_cofactor,
    constant_point,
    fixed_base_multiple,
    point_add,
    point_double,
    point_negate,
    point_select,
    variable_base_multiple,
)
from zkmargin.circuits.gadgets import Point, SubgroupPoint

from .conftest import broken, require_every_wire_determined
from .curve_cases import POINTS, SMALL, SUBGROUP, at, bits_of, claiming, field_of, making, witnesses

P, ORDER = BABY_JUBJUB.p, BABY_JUBJUB.order
GENERATOR = (
    995203441582195749578291179787384436505546430278305826713579947235728471134,
    5472060717959818805561601436314318772137091100104008585924551046643952123905,
)
pytestmark = pytest.mark.filterwarnings("ignore::zkmargin.circuits.CircuitWarning")
SMALL_ORDER = [point for point in POINTS if SMALL.has_small_order(point)]
scalars = st.one_of(
    st.integers(0, 3), st.integers(ORDER - 2, ORDER + 2), st.integers(2 * ORDER - 1, 2 * ORDER + 1), st.integers(0, P)
)


def one(c: Circuit, curve=SMALL) -> Point:
    return Point(c.private("x1"), c.private("y1"), curve)


def other(c: Circuit, curve=SMALL) -> Point:
    return Point(c.private("x2"), c.private("y2"), curve)


def subgroup_point(c: Circuit, curve=SMALL) -> SubgroupPoint:
    return SubgroupPoint(c.private("x1"), c.private("y1"), curve)


def test_the_curve_equation_holds_for_the_points_and_for_nothing_else() -> None:
    circuit = build(lambda c: assert_on_curve(one(c)), name="curve", curve=field_of(SMALL))
    assert circuit.r1cs.n_constraints == 3
    for x, y in itertools.product(range(SMALL.p), repeat=2):
        problem = broken(circuit, {"x1": x, "y1": y})
        assert (problem is None) == ((x, y) in POINTS)
        assert problem is None or problem.gadget == ("assert_on_curve",)


def test_every_sum_of_two_points() -> None:
    claim = claiming(lambda c: point_add(one(c), other(c)))
    for p, q in itertools.product(POINTS, POINTS[::5] + SMALL_ORDER):
        inputs = at(p, "x1", "y1") | at(q, "x2", "y2")
        right = SMALL.add(p, q)
        assert broken(claim, inputs | at(right)) is None
        problem = broken(claim, inputs | at((right[0], (right[1] + 1) % SMALL.p)))
        assert problem is not None
        assert problem.gadget == ("assert_same_point",)


def test_a_sum_has_one_witness() -> None:
    """Equal, opposite, neutral and small-order points too: no denominator vanishes."""
    circuit = making(lambda c: point_add(one(c), other(c)))
    for p, q in itertools.product(SMALL_ORDER + POINTS[::9], repeat=2):
        assert witnesses(circuit, at(p, "x1", "y1") | at(q, "x2", "y2")) == 1


def test_every_double_and_negative() -> None:
    double, free = making(lambda c: point_double(one(c))), claiming(lambda c: point_negate(one(c)))
    claim = claiming(lambda c: point_double(one(c)))
    assert free.r1cs.n_constraints == 2
    for p in POINTS:
        inputs = at(p, "x1", "y1")
        assert broken(claim, inputs | at(SMALL.add(p, p))) is None
        assert witnesses(double, inputs) == 1
        assert broken(free, inputs | at(SMALL.negate(p))) is None


def test_selection_between_points() -> None:
    claim = claiming(lambda c: point_select(c.private("bit", bits=1), one(c), other(c)))
    p, q = POINTS[17], POINTS[40]
    inputs = at(p, "x1", "y1") | at(q, "x2", "y2")
    for bit, right, wrong in ((1, p, q), (0, q, p)):
        assert broken(claim, inputs | {"bit": bit} | at(right)) is None
        assert broken(claim, inputs | {"bit": bit} | at(wrong)) is not None
    with pytest.raises(BuildError, match="not known to be a bit"):
        making(lambda c: point_select(c.private("bit"), one(c), other(c)))


def test_points_of_small_order_are_told_from_the_others() -> None:
    cleared = claiming(lambda c: clear_cofactor(one(c)))
    circuit = build(lambda c: assert_not_small_order(one(c)), name="order", curve=field_of(SMALL))
    assert len(SMALL_ORDER) == 8
    for p in POINTS:
        inputs = at(p, "x1", "y1")
        assert broken(cleared, inputs | at(SMALL.multiply(8, p))) is None
        assert witnesses(circuit, inputs) == (p not in SMALL_ORDER)
        problem = broken(circuit, inputs)
        assert problem is None or problem.gadget == ("assert_not_small_order", "assert_not_neutral")


def test_the_neutral_element_is_told_from_the_rest_of_its_subgroup() -> None:
    circuit = build(lambda c: assert_not_neutral(subgroup_point(c)), name="neutral", curve=field_of(SMALL))
    for p in SUBGROUP:
        assert witnesses(circuit, at(p, "x1", "y1")) == (p != NEUTRAL)


@pytest.mark.parametrize("count", range(1, 8))
def test_every_multiple_of_a_fixed_base(count: int) -> None:
    """All scalars of up to 7 bits, so past the order of 11 many times over: one witness each, and the right point."""
    for base in SUBGROUP[1::4]:

        def made(c: Circuit, base: tuple[int, int] = base) -> Point:
            return fixed_base_multiple(c.private_array("bits", count, bits=1), base, SMALL)

        claim, circuit = claiming(made), making(made)
        for k in range(1 << count):
            inputs = {"bits": bits_of(k, count)}
            right = SMALL.multiply(k, base)
            assert broken(claim, inputs | at(right)) is None
            assert broken(claim, inputs | at(SMALL.add(right, base))) is not None
            assert witnesses(circuit, inputs) == 1


@pytest.mark.parametrize("count", range(1, 6))
def test_every_multiple_of_every_point(count: int) -> None:
    """The neutral element among them, and scalars past the order: one witness each, and the right point."""

    def made(c: Circuit) -> Point:
        return variable_base_multiple(c.private_array("bits", count, bits=1), subgroup_point(c))

    claim, circuit = claiming(made), making(made)
    for p, k in itertools.product(SUBGROUP, range(1 << count)):
        inputs = {"bits": bits_of(k, count)} | at(p, "x1", "y1")
        right = SMALL.multiply(k, p)
        assert broken(claim, inputs | at(right)) is None
        assert broken(claim, inputs | at(SMALL.add(right, SMALL.base))) is not None
        assert (k + p[0]) % 5 or witnesses(circuit, inputs) == 1


@pytest.mark.parametrize("count", [6, 7])
def test_longer_multiples_pass_the_order_many_times(count: int) -> None:
    claim = claiming(lambda c: variable_base_multiple(c.private_array("bits", count, bits=1), subgroup_point(c)))
    for p, k in itertools.product(SUBGROUP[::5], range(1 << count)):
        inputs = {"bits": bits_of(k, count)} | at(p, "x1", "y1")
        assert broken(claim, inputs | at(SMALL.multiply(k, p))) is None


def test_outside_the_subgroup_a_multiple_is_not_determined() -> None:
    """Why a point that is not known to lie there is refused: these two, of order 4, have many witnesses or none."""
    circuit = making(lambda c: variable_base_multiple(c.private_array("bits", 2, bits=1), subgroup_point(c)))
    counts = [witnesses(circuit, {"bits": [0, 0]} | at(p, "x1", "y1")) for p in SMALL_ORDER if p[1] == 0]
    assert len(counts) == 2
    assert min(counts) == 0
    assert max(counts) > 1
    with pytest.raises(BuildError, match=r"multiply clear_cofactor\(point\)"):
        making(lambda c: variable_base_multiple([c.private("bit", bits=1)], one(c)))


def multiple_circuit(fixed: bool, count: int) -> CompiledCircuit:
    def made(c: Circuit) -> Point:
        bits = c.private_array("bits", count, bits=1)
        if fixed:
            return fixed_base_multiple(bits, BABY_JUBJUB.base)
        return variable_base_multiple(bits, subgroup_point(c, BABY_JUBJUB))

    return claiming(made, BABY_JUBJUB)


FIXED, VARIABLE = multiple_circuit(True, 254), multiple_circuit(False, 254)


@given(scalars)
@settings(max_examples=10, deadline=None)
def test_multiples_of_the_base_are_the_plain_ones(k: int) -> None:
    inputs = {"bits": bits_of(k, 254)} | at(BABY_JUBJUB.multiply(k, BABY_JUBJUB.base))
    FIXED.check(FIXED.witness(inputs))
    problem = broken(FIXED, inputs | {"x": (inputs["x"] + 1) % P})
    assert problem is not None
    assert problem.gadget == ("assert_same_point",)


@given(scalars, st.one_of(st.integers(0, 2), st.integers(ORDER - 1, ORDER), st.integers(0, ORDER)))
@settings(max_examples=10, deadline=None)
def test_multiples_of_any_point_are_the_plain_ones(k: int, m: int) -> None:
    point = BABY_JUBJUB.multiply(m, BABY_JUBJUB.base)
    inputs = {"bits": bits_of(k, 254)} | at(point, "x1", "y1") | at(BABY_JUBJUB.multiply(k, point))
    VARIABLE.check(VARIABLE.witness(inputs))
    problem = broken(VARIABLE, inputs | {"x": (inputs["x"] + 1) % P})
    assert problem is not None
    assert problem.gadget == ("assert_same_point",)


@given(st.integers(0, 8 * ORDER), st.integers(0, 8 * ORDER))
@settings(max_examples=10, deadline=None)
def test_sums_on_baby_jubjub_are_the_plain_ones(m: int, n: int) -> None:
    p, q = BABY_JUBJUB.multiply(m, GENERATOR), BABY_JUBJUB.multiply(n, GENERATOR)
    assert broken(SUM, at(p, "x1", "y1") | at(q, "x2", "y2") | at(BABY_JUBJUB.add(p, q))) is None
    assert broken(CLEARED, at(p, "x1", "y1") | at(BABY_JUBJUB.multiply(8, p))) is None


SUM = claiming(lambda c: point_add(one(c, BABY_JUBJUB), other(c, BABY_JUBJUB)), BABY_JUBJUB)
CLEARED = claiming(lambda c: clear_cofactor(one(c, BABY_JUBJUB)), BABY_JUBJUB)


def test_every_wire_of_a_sum_and_of_doublings_is_determined() -> None:
    p, q = GENERATOR, BABY_JUBJUB.multiply(77, GENERATOR)
    for other_point in (p, q, BABY_JUBJUB.negate(p), NEUTRAL):
        right = BABY_JUBJUB.add(p, other_point)
        require_every_wire_determined(SUM, at(p, "x1", "y1") | at(other_point, "x2", "y2") | at(right))
    require_every_wire_determined(CLEARED, at(p, "x1", "y1") | at(BABY_JUBJUB.multiply(8, p)))


@pytest.mark.parametrize("k", [0, 0b1011011])
def test_every_wire_of_a_multiple_is_determined(k: int) -> None:
    base = {"bits": bits_of(k, 7)} | at(BABY_JUBJUB.multiply(k, BABY_JUBJUB.base))
    require_every_wire_determined(multiple_circuit(True, 7), base)
    require_every_wire_determined(multiple_circuit(False, 7), base | at(BABY_JUBJUB.base, "x1", "y1"))
    neutral = at(NEUTRAL, "x1", "y1") | at(NEUTRAL)
    require_every_wire_determined(multiple_circuit(False, 7), {"bits": bits_of(k, 7)} | neutral)


def test_a_dishonest_inverse_does_not_hide_a_neutral_point() -> None:
    circuit = build(lambda c: assert_not_neutral(subgroup_point(c, BABY_JUBJUB)), name="neutral")
    (wire,) = range(3, circuit.r1cs.n_wires)
    for lie in (0, 1, P - 1):
        problem = broken(circuit, at(NEUTRAL, "x1", "y1"), {wire: lie})
        assert problem is not None
        assert problem.gadget == ("assert_not_neutral",)
    require_every_wire_determined(circuit, at(BABY_JUBJUB.base, "x1", "y1"))


def test_constant_points_are_checked_while_building(best_engine: Engine) -> None:
    def circuit(c: Circuit) -> None:
        assert type(constant_point(c, GENERATOR)) is Point
        base = constant_point(c, BABY_JUBJUB.base)
        assert type(base) is SubgroupPoint
        before = len(c.constraints)
        total = point_add(base, subgroup_point(c, BABY_JUBJUB))
        assert type(total) is SubgroupPoint
        assert len(c.constraints) == before + 3
        assert_not_neutral(base)
        assert len(c.constraints) == before + 3

    build(circuit, name="constant")
    with pytest.raises(BuildError, match="is not a point of Baby Jubjub"):
        build(lambda c: constant_point(c, (1, 1)), name="off")
    with pytest.raises(BuildError, match="can never hold"):
        build(lambda c: assert_not_neutral(constant_point(c, NEUTRAL)), name="neutral")


def test_what_makes_no_sense_is_refused() -> None:
    for base in (NEUTRAL, (0, P - 1), GENERATOR, (1, 1)):
        with pytest.raises(BuildError, match="does not generate the prime-order subgroup"):
            build(lambda c, b=base: fixed_base_multiple([c.private("b", bits=1)], b), name="base")
    with pytest.raises(BuildError, match="not known to be a bit"):
        build(lambda c: fixed_base_multiple([c.private("b")], BABY_JUBJUB.base), name="bits")
    with pytest.raises(BuildError, match="not known to be a bit"):
        build(lambda c: variable_base_multiple([c.private("b")], subgroup_point(c, BABY_JUBJUB)), name="bits")
    with pytest.raises(BuildError, match="not in this field"):
        build(lambda c: assert_on_curve(one(c, SMALL)), name="field")
    with pytest.raises(BuildError, match="points of two curves"):
        making(lambda c: point_add(one(c), Point(c.constant(0), c.constant(1), _TWIN)))
    with pytest.raises(BuildError, match="expressions of two different circuits"):
        point_add(one(Circuit("a"), BABY_JUBJUB), other(Circuit("b"), BABY_JUBJUB))


_TWIN = type(SMALL)(name="twin", p=71, a=25, d=21, order=11, cofactor=8, base=(4, 15))


def test_a_sum_costs_what_circomlib_s_does_and_multiples_less() -> None:
    """circomlib 2.0.5 compiled by circom 2 with --O2: BabyAdd 6, EscalarMulFix(253) 523, EscalarMulAny(254) 2310."""
    assert BN254.r == P
    assert making(lambda c: point_add(one(c, BABY_JUBJUB), other(c, BABY_JUBJUB)), BABY_JUBJUB).r1cs.n_constraints == 6
    booleans, claim = 254, 2
    assert FIXED.r1cs.n_constraints - booleans - claim < 523
    assert VARIABLE.r1cs.n_constraints - booleans - claim < 2310
