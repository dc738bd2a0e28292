"""The median of what is present: every case of up to five small values, and every lie about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkmargin.algebra import BN254, scalars_from_bytes
from zkmargin.algebra.median import lower_median
from zkmargin.circuits import (
    AMOUNT,
    PRICE,
    BuildError,
    Circuit,
    CompiledCircuit,
    UnsatisfiedConstraint,
    assert_equal,
    build,
    median,
)
from zkmargin.circuits.testing import broken, check_circuit, check_liars, solutions, tiny_field

R = BN254.r


def medians(n: int, quorum: int, interval: tuple[int, int] = (0, 3), curve=BN254) -> CompiledCircuit:
    def circuit(c: Circuit) -> None:
        values = [c.private_trusted(f"v{i}", interval, "test") for i in range(n)]
        present = [c.private_trusted(f"p{i}", (0, 1), "test") for i in range(n)]
        found = median(values, present, quorum)
        assert found.interval == interval
        assert_equal(c.public("m").raw(), found.raw())

    return build(circuit, name="median", curve=curve)


def named(values: Sequence[int], present: Sequence[int], m: int) -> dict[str, int]:
    return {
        **{f"v{i}": value for i, value in enumerate(values)},
        **{f"p{i}": bit for i, bit in enumerate(present)},
        "m": m % R,
    }


def cases(n: int, values: range) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    return product(product(values, repeat=n), product((0, 1), repeat=n))


def wire_of_median(circuit: CompiledCircuit) -> int:
    (name,) = (name for name in circuit.symbols if name.startswith("median.value_"))
    return circuit.symbols.wire(name)


@pytest.mark.parametrize(("n", "values"), [(1, range(4)), (2, range(4)), (3, range(4)), (4, range(3)), (5, range(3))])
def test_every_case_of_few_small_values(n: int, values: range) -> None:
    """Accepted with the twin's median exactly where the quorum is there; values that are absent make no difference."""
    circuit = medians(n, quorum=1 if n < 3 else 2, interval=(0, 3))
    tried = [(v, p) for v, p in cases(n, values) if sum(p)]
    inputs = [named(v, p, lower_median(v, p)) for v, p in tried]
    for (_, present), witness in zip(tried, circuit.witnesses(inputs), strict=True):
        if sum(present) >= (1 if n < 3 else 2):
            circuit.check(witness)
        else:
            with pytest.raises(UnsatisfiedConstraint) as refused:
                circuit.check(witness)
            assert refused.value.gadget[:2] == ("median", "assert_at_most")


@pytest.mark.parametrize("n", [2, 3, 4])
def test_no_other_number_passes_for_the_median(n: int) -> None:
    """The prover names another value and all that follows is computed from it; ties and absent values too."""
    circuit = medians(n, quorum=1, interval=(0, 2))
    wire = wire_of_median(circuit)
    for values, present in cases(n, range(3)):
        if not sum(present):
            continue
        right = lower_median(values, present)
        others = {*range(-1, 7), *(value + 3 for value in values)} - {right}
        for other in others if n < 4 else {right + 1, right - 1, max(values) + 3}:
            assert broken(circuit, named(values, present, other), {wire: other % R}) is not None, (values, present)


def test_an_absent_value_cannot_stand_in_for_the_median() -> None:
    """m = v + 3 makes the absent v "equal"; it is then above every value present, and the counts notice."""
    circuit = medians(3, quorum=1, interval=(0, 2))
    problem = broken(circuit, named((2, 1, 0), (1, 0, 1), 4), {wire_of_median(circuit): 4})
    assert problem is not None
    assert problem.gadget == ("median", "to_bits")


def test_a_value_that_its_interval_decides_is_compared_all_the_same() -> None:
    """Nothing is known of m before the proof ends: not even that the greatest possible value is at least m."""

    def circuit(c: Circuit) -> None:
        values = [c.constant(9), c.private_trusted("v", (0, 9), "test")]
        present = [c.constant(1), c.private_trusted("p", (0, 1), "test")]
        assert_equal(c.public("m"), median(values, present, 1))

    compiled = build(circuit, name="median")
    wire = wire_of_median(compiled)
    for v, p in product(range(10), (0, 1)):
        right = lower_median([9, v], [1, p])
        assert broken(compiled, {"v": v, "p": p, "m": right}) is None
        for other in (v + 10, right + 1, right - 1):
            assert broken(compiled, {"v": v, "p": p, "m": other % R}, {wire: other % R}) is not None, (v, p, other)


def test_every_witness_over_a_tiny_field() -> None:
    """Soundness outright, for two values: one median, and one witness for it, also with ties."""
    circuit = medians(2, quorum=1, interval=(0, 1), curve=tiny_field(17))
    out = circuit.symbols.wire("m")
    for values, present in cases(2, range(2)):
        found = [w[out] for w in solutions(circuit, _without(named(values, present, 0), "m"), free="m")]
        assert found == ([lower_median(values, present)] if sum(present) else []), (values, present)


def _without(inputs: Mapping[str, int], name: str) -> dict[str, int]:
    return {key: value for key, value in inputs.items() if key != name}


@pytest.mark.parametrize(
    ("values", "present", "quorum"),
    [
        ((3, 1, 2), (1, 1, 1), 1),
        ((3, 1, 2), (1, 1, 1), 3),
        ((2, 2, 2), (1, 1, 1), 2),
        ((2, 0, 2), (1, 0, 1), 2),
        ((3, 1, 0), (0, 1, 0), 1),
    ],
)
def test_every_wire_is_determined(values: tuple[int, ...], present: tuple[int, ...], quorum: int) -> None:
    circuit = medians(3, quorum)
    check_liars(circuit, named(values, present, lower_median(values, present)), every_wire=True)


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_words_of_either_sign(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 7))
    quorum = data.draw(st.integers(1, n))
    values = data.draw(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=n, max_size=n))
    present = data.draw(st.lists(st.integers(0, 1), min_size=n, max_size=n))

    def circuit(c: Circuit) -> None:
        found = median(c.private_array("v", n, signed_bits=64), c.private_array("p", n, bits=1), quorum)
        assert_equal(c.public("m"), found)

    compiled = build(circuit, name="median")
    inputs = {"v": values, "p": present, "m": lower_median(values, present) % R if sum(present) else 0}
    enough = sum(present) >= quorum
    assert (broken(compiled, inputs) is None) == enough
    if enough:
        assert broken(compiled, inputs | {"m": (inputs["m"] + 1) % R}) is not None


def test_both_engines_agree_and_the_cost_is_as_said() -> None:
    def circuit(c: Circuit, quorum: int) -> None:
        assert_equal(c.public("m"), median(c.private_array("v", 5, bits=64), c.private_array("p", 5, bits=1), quorum))

    some, every = (build(circuit, quorum, name="median") for quorum in (3, 5))
    check_circuit(
        some,
        valid=[
            {"v": [5, 9, 7, 1, 8], "p": [1, 0, 1, 1, 1], "m": 5},
            {"v": [2**64 - 1] * 5, "p": [1] * 5, "m": 2**64 - 1},
        ],
        invalid=[{"v": [5, 9, 7, 1, 8], "p": [1, 0, 1, 0, 0], "m": 5}],
    )
    inputs = 5 * 65 + 5 + 1
    assert some.r1cs.n_constraints == inputs + 5 * (64 + 6) + (2 + 1) + (3 + 1) + (3 + 1)
    assert every.r1cs.n_constraints == inputs + 5 * (64 + 5) + 1 + (3 + 1) + (3 + 1)
    names = [name for name in some.symbols if name.startswith("median.value")]
    assert len(names) == 1, "what was sorted on the way is in scratch"
    assert len(scalars_from_bytes(some.witness({"v": [1] * 5, "p": [1] * 5, "m": 1}))) == some.r1cs.n_wires


def test_constants_may_say_who_is_present() -> None:
    def circuit(c: Circuit) -> None:
        v = c.private_array("v", 4, bits=4)
        assert_equal(c.public("m"), median(v, [c.constant(0), c.constant(1), c.private("p", bits=1), c.constant(1)], 2))

    compiled = build(circuit, name="median")
    for values, p in product(product((0, 7, 15), repeat=4), (0, 1)):
        right = lower_median(values, (0, 1, p, 1))
        assert broken(compiled, {"v": list(values), "p": p, "m": right}) is None, (values, p)


def test_the_unit_is_kept() -> None:
    def circuit(c: Circuit) -> None:
        prices = c.private_array("price", 3, bits=8, unit=PRICE(2))
        found = median(prices, [c.constant(1)] * 3, 2)
        assert found.unit == PRICE(2)
        assert_equal(c.public("m", bits=8, unit=PRICE(2)), found)

    check_circuit(build(circuit, name="prices", strict=True), valid=[{"price": [5, 250, 7], "m": 7}])


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (lambda c, v, p: median(v, p[:2], 1), "3 values and 2 bits"),
        (lambda c, v, p: median(v, p, 0), "a quorum is 1 to 3 of 3 values, not 0"),
        (lambda c, v, p: median(v, p, 4), "a quorum is 1 to 3 of 3 values, not 4"),
        (lambda c, v, p: median(v, v, 1), "not known to be a bit"),
        (lambda c, v, p: median([*v[:2], v[2].raw()], p, 1), "has no order"),
        (lambda c, v, p: median([*v[:2], v[2].counting(AMOUNT(0))], p, 1), "which has no unit"),
        (lambda c, v, p: median([*v[:2], c.private("w", bits=252)], p, 1), "too far apart"),
    ],
)
def test_what_has_no_median_is_refused(made, told: str) -> None:
    def circuit(c: Circuit) -> None:
        made(c, c.private_array("v", 3, bits=4), c.private_array("p", 3, bits=1))

    with pytest.raises(BuildError, match=told):
        build(circuit, name="refused")


def test_the_median_of_nothing() -> None:
    with pytest.raises(ValueError, match="of nothing"):
        lower_median([1, 2], [0, False])
    assert lower_median([4, 1, 3, 9], [True, True, True, True]) == 3
