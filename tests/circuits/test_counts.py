"""The cost of each gadget and of the margin statement, held against a record, so that a change shows in the diff.

The margin shapes are recorded by outermost gadget, so that the diff also says where a change comes from. After a change
that is meant: `python tests/circuits/test_counts.py` writes the record anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from zkmargin.algebra import BABY_JUBJUB
from zkmargin.circuits import (
    AMOUNT,
    Circuit,
    LaneLayout,
    Point,
    Signature,
    SubgroupPoint,
    absolute,
    all_of,
    any_of,
    assert_at_most,
    assert_at_most_if,
    assert_between,
    assert_bits,
    assert_eddsa_poseidon,
    assert_equal,
    assert_equal_if,
    assert_less,
    assert_not_in_sorted_tree,
    assert_not_in_sparse_tree,
    assert_not_neutral,
    assert_not_small_order,
    assert_on_curve,
    assert_product,
    assert_same_point,
    assert_sqrt_ceil,
    assert_sqrt_floor,
    assert_zero,
    bind,
    both,
    build,
    clear_cofactor,
    constant_point,
    divide,
    divide_nearest,
    divide_up,
    either,
    fixed_base_multiple,
    from_bits,
    is_at_most,
    is_between,
    is_equal,
    is_nonnegative,
    is_zero,
    lookup,
    low_bits,
    maximum,
    median,
    merkle_membership,
    merkle_root,
    merkle_update,
    minimum,
    multiplexer,
    negate,
    one_hot,
    open_lanes,
    pack,
    pedersen_commitment,
    point_add,
    point_double,
    point_negate,
    point_select,
    poseidon,
    poseidon_list,
    positive_part,
    ranged,
    round_down,
    round_up,
    select,
    side_by_side,
    sign_split,
    sorted_insert,
    sorted_root_with,
    sparse_insert,
    sparse_root_with,
    sparse_update,
    sqrt_ceil,
    sqrt_floor,
    to_bits,
    to_bits_at_most,
    to_canonical_bits,
    total,
    trusted_lanes,
    unpack,
    variable_base_multiple,
)
from zkmargin.circuits.margin import SHAPES, compile_margin
from zkmargin.circuits.profiling.difference import difference
from zkmargin.circuits.profiling.profile import COST_NAMES, Cost, Profile, Row, profile_circuit
from zkmargin.circuits.profiling.profile import GADGETS as BY_GADGETS
from zkmargin.circuits.profiling.report import difference_lines
from zkmargin.circuits.r1cs import R1CS

RENEW = "where that is meant, `python tests/circuits/test_counts.py` writes tests/circuits/data/counts.json anew"
OUTSIDE = "outside any gadget"
Record = dict[str, dict[str, Any]]
RECORD = Path(__file__).parent / "data" / "counts.json"
GADGETS: dict[str, Callable[[Circuit], object]] = {
    "assert_on_curve": lambda c: assert_on_curve(point(c)),
    "assert_same_point": lambda c: assert_same_point(point(c), point(c, "q")),
    "assert_not_neutral": lambda c: assert_not_neutral(SubgroupPoint(c.private("p.x"), c.private("p.y"))),
    "assert_not_small_order": lambda c: assert_not_small_order(point(c)),
    "point_add": lambda c: point_add(point(c), point(c, "q")),
    "point_double": lambda c: point_double(point(c)),
    "point_negate": lambda c: point_negate(point(c)),
    "constant_point": lambda c: constant_point(c, BABY_JUBJUB.base),
    "point_select": lambda c: point_select(trusted(c, "bit", 0, 1), point(c), point(c, "q")),
    "clear_cofactor": lambda c: clear_cofactor(point(c)),
    "fixed_base_multiple, 253 bits": lambda c: fixed_base_multiple(bits(c, 253), BABY_JUBJUB.base),
    "variable_base_multiple, 254 bits": lambda c: variable_base_multiple(
        bits(c, 254), SubgroupPoint(c.private("p.x"), c.private("p.y"))
    ),
    "to_canonical_bits": lambda c: to_canonical_bits(c.private("x")),
    "to_bits_at_most, below Baby Jubjub's order": lambda c: to_bits_at_most(c.private("x"), BABY_JUBJUB.order - 1),
    "pedersen_commitment, 64-bit value": lambda c: pedersen_commitment(trusted(c, "x", 0, 2**64 - 1), c.private("b")),
    "assert_eddsa_poseidon": lambda c: assert_eddsa_poseidon(
        point(c), c.private("message"), Signature(point(c, "r"), c.private("s"))
    ),
    "input of 64 bits": lambda c: c.private("x", bits=64),
    "input of 64 signed bits": lambda c: c.private("x", signed_bits=64),
    "input of 1 bit": lambda c: c.private("x", bits=1),
    "raw input": lambda c: c.private("x"),
    "product": lambda c: c.private("x") * c.private("y"),
    "assert_equal": lambda c: assert_equal(c.private("x"), c.private("y")),
    "assert_zero": lambda c: assert_zero(c.private("x")),
    "assert_product": lambda c: assert_product(c.private("x"), c.private("y"), c.private("z")),
    "bind": lambda c: bind(c.private("x")),
    "assert_bits 64": lambda c: assert_bits(c.private("x"), 64),
    "ranged 64": lambda c: ranged(c.private("x"), 64),
    "to_bits 253": lambda c: to_bits(c.private("x"), 253),
    "from_bits 64": lambda c: from_bits(bits(c, 64)),
    "pack 3 x 64": lambda c: pack([trusted(c, f"x{i}", 0, 2**64 - 1) for i in range(3)], 64),
    "is_zero": lambda c: is_zero(c.private("x")),
    "is_equal": lambda c: is_equal(c.private("x"), c.private("y")),
    "assert_at_most, 64-bit words": lambda c: assert_at_most(*words(c)),
    "assert_less, 64-bit words": lambda c: assert_less(*words(c)),
    "is_at_most, 64-bit words": lambda c: is_at_most(*words(c)),
    "is_nonnegative, 64 signed bits": lambda c: is_nonnegative(trusted(c, "x", -(2**63), 2**63 - 1)),
    "absolute, 64 signed bits": lambda c: absolute(trusted(c, "x", -(2**63), 2**63 - 1)),
    "positive_part, 64 signed bits": lambda c: positive_part(trusted(c, "x", -(2**63), 2**63 - 1)),
    "select": lambda c: select(trusted(c, "bit", 0, 1), c.private("x"), c.private("y")),
    "divide, 64-bit word by 1000": lambda c: divide(trusted(c, "x", 0, 2**64 - 1), 1000),
    "unpack 3 x 64": lambda c: unpack(c.private("x"), 64, 3),
    "sign_split, 64 signed bits": lambda c: sign_split(trusted(c, "x", -(2**63), 2**63 - 1)),
    "one_hot 16": lambda c: one_hot(c.private("index"), 16),
    "lookup, 16 constants": lambda c: lookup([c.constant(k * k) for k in range(16)], c.private("index")),
    "lookup, 256 constants": lambda c: lookup([c.constant(k * k) for k in range(256)], c.private("index")),
    "lookup, 16 values": lambda c: lookup(c.private_array("x", 16), c.private("index")),
    "multiplexer, 16 rows of 4 values": lambda c: multiplexer(
        [c.private_array(f"x{k}", 4) for k in range(16)], c.private("index")
    ),
    "negate": lambda c: negate(*bits(c, 1)),
    "both": lambda c: both(*bits(c, 2)),
    "either": lambda c: either(*bits(c, 2)),
    "all_of 16": lambda c: all_of(bits(c, 16)),
    "any_of 16": lambda c: any_of(bits(c, 16)),
    "assert_equal_if": lambda c: assert_equal_if(*bits(c, 1), c.private("x"), c.private("y")),
    "assert_at_most_if, 64-bit words": lambda c: assert_at_most_if(*bits(c, 1), *words(c)),
    "minimum, 4 64-bit words": lambda c: minimum(many_words(c, 4)),
    "maximum, 4 64-bit words": lambda c: maximum(many_words(c, 4)),
    "assert_between, 64-bit words": lambda c: assert_between(trusted(c, "z", 0, 2**64 - 1), *words(c)),
    "assert_between, 64-bit word between 10 and 17": lambda c: assert_between(
        words(c)[0], c.constant(10), c.constant(17)
    ),
    "is_between, 64-bit words": lambda c: is_between(trusted(c, "z", 0, 2**64 - 1), *words(c)),
    "median of 5 64-bit words": lambda c: median(many_words(c, 5), bits(c, 5), 3),
    "sqrt_floor, 64-bit word": lambda c: sqrt_floor(words(c)[0]),
    "sqrt_ceil, 64-bit word": lambda c: sqrt_ceil(words(c)[0]),
    "assert_sqrt_floor, 64-bit word": lambda c: assert_sqrt_floor(trusted(c, "s", 0, 2**32 - 1), words(c)[0]),
    "assert_sqrt_ceil, 64-bit word": lambda c: assert_sqrt_ceil(trusted(c, "s", 0, 2**32), words(c)[0]),
    "divide, 64-bit word by a 32-bit value": lambda c: divide(words(c)[0], trusted(c, "b", 1, 2**32)),
    "divide_up, 64-bit word by 1000": lambda c: divide_up(words(c)[0], 1000),
    "divide_nearest, 64-bit word by 1000": lambda c: divide_nearest(words(c)[0], 1000),
    "divide_nearest, 64-bit word by a 32-bit value": lambda c: divide_nearest(words(c)[0], trusted(c, "b", 1, 2**32)),
    "divide, 64-bit word by 1024": lambda c: divide(trusted(c, "x", 0, 2**64 - 1), 1024),
    "total of 3": lambda c: total([trusted(c, f"x{i}", 0, 2**64 - 1) for i in range(3)]),
    "round_down, 64-bit word by two digits": lambda c: round_down(counted(c), 6),
    "round_up, 64-bit word by two digits": lambda c: round_up(counted(c), 6),
    **{f"poseidon {n}": lambda c, n=n: poseidon(c.private_array("x", n)) for n in (1, 2, 3, 4, 8, 15, 16)},
    **{f"poseidon_list {n}": lambda c, n=n: poseidon_list(c, 7, c.private_array("x", n)) for n in (16, 21, 40)},
    "merkle_root, 32 levels": lambda c: merkle_root(
        c.private("leaf"), [trusted(c, f"index[{i}]", 0, 1) for i in range(32)], c.private_array("sibling", 32)
    ),
    **{
        f"merkle_membership, {d} levels of {k}": lambda c, d=d, k=k: merkle_membership(
            c.private("leaf"), [c.private_array(f"children[{level}]", k) for level in range(d)]
        )
        for d, k in ((11, 8), (32, 2), (16, 4), (8, 16))
    },
    "merkle_update, 32 levels": lambda c: merkle_update(*raw(c, "old", "new"), *path(c, "index", 32)),
    "trusted_lanes, 3 of 84": lambda c: three_lanes(c, -(2**63), 2**63 - 1),
    "side_by_side, 3 of 84": lambda c: side_by_side(many_words(c, 3), LaneLayout((84,) * 3)),
    "Lanes, 3 of 84, times a number": lambda c: three_lanes(c, -(2**31), 2**31 - 1) * trusted(c, "n", 0, 2**32 - 1),
    "open_lanes, 3 of 64 signed bits": lambda c: open_lanes(three_lanes(c, -(2**63), 2**63 - 1)),
    "open_lanes, 3 proven below 2^32": lambda c: open_lanes(three_lanes(c, -(2**63), 2**63 - 1), range(3), bits=32),
    "low_bits 32": lambda c: low_bits(c.private("x"), 32),
    "sparse_root_with, 32 levels": lambda c: sparse_root_with(*raw(c, "key", "value"), *sparse_path(c, 32)),
    "sparse_update, 32 levels": lambda c: sparse_update(*raw(c, "key", "old", "new"), *sparse_path(c, 32)),
    "assert_not_in_sparse_tree, 32 levels": lambda c: assert_not_in_sparse_tree(
        *raw(c, "root", "key"), *sparse_path(c, 32), *raw(c, "other", "value"), trusted(c, "empty", 0, 1)
    ),
    "sparse_insert, 32 levels": lambda c: sparse_insert(
        *raw(c, "key", "value"), *sparse_path(c, 32), *raw(c, "other", "other_value", "fork")
    ),
    "sorted_root_with, 32 levels": lambda c: sorted_root_with(
        trusted(c, "key", 0, 2**64 - 1), *raw(c, "value", "next"), *path(c, "index", 32)
    ),
    "assert_not_in_sorted_tree, 32 levels, 64 bits": lambda c: assert_not_in_sorted_tree(
        c.private("root"), trusted(c, "key", 0, 2**64 - 1), *raw(c, "low", "next", "value"), *path(c, "index", 32), 64
    ),
    "sorted_insert, 32 levels, 64 bits": lambda c: sorted_insert(
        trusted(c, "key", 0, 2**64 - 1),
        *raw(c, "value", "low", "next", "low_value"),
        *path(c, "index", 32),
        *path(c, "free", 32),
        64,
    ),
}


def trusted(c: Circuit, name: str, low: int, high: int):
    return c.private_trusted(name, (low, high), "only counted")


def point(c: Circuit, name: str = "p") -> Point:
    return Point(c.private(f"{name}.x"), c.private(f"{name}.y"))


def bits(c: Circuit, count: int):
    return [trusted(c, f"bit[{place}]", 0, 1) for place in range(count)]


def raw(c: Circuit, *names: str):
    return [c.private(name) for name in names]


def path(c: Circuit, name: str, levels: int):
    bits = [trusted(c, f"{name}[{i}]", 0, 1) for i in range(levels)]
    return bits, c.private_array(f"{name}_sibling", levels)


def sparse_path(c: Circuit, levels: int):
    return c.private_array("sibling", levels), c.private("depth")


def three_lanes(c: Circuit, low: int, high: int):
    return trusted_lanes(c, "x", LaneLayout((84,) * 3), [(low, high)] * 3, "only counted")


def many_words(c: Circuit, count: int):
    return [trusted(c, f"v{place}", 0, 2**64 - 1) for place in range(count)]


def words(c: Circuit):
    return trusted(c, "x", 0, 2**64 - 1), trusted(c, "y", 0, 2**64 - 1)


def counted(c: Circuit):
    return trusted(c, "x", 0, 2**64 - 1).counting(AMOUNT(8))


def measure(r1cs: R1CS) -> dict[str, int]:
    support = {wire for row in r1cs.b.to_rows() for wire, _ in row}
    return {"constraints": r1cs.n_constraints, "wires": r1cs.n_wires, "wires in B": len(support)}


def gadget_counts(name: str) -> dict[str, int]:
    return measure(build(GADGETS[name], name="counted").r1cs)


def margin_counts(name: str) -> dict[str, Any]:
    circuit = compile_margin(SHAPES[name])
    rows = profile_circuit(circuit).outermost().rows
    by_gadget = {"/".join(row.path) or OUTSIDE: dict(zip(COST_NAMES, row.cost.counts(), strict=True)) for row in rows}
    return {**measure(circuit.r1cs), "by outermost gadget": by_gadget}


def profile_of(name: str, counts: dict[str, Any]) -> Profile:
    """The profile that a record of `margin_counts` stands for."""
    by_gadget = counts.get("by outermost gadget", {})
    rows = [Row(() if gadget == OUTSIDE else (gadget,), None, Cost(**cost)) for gadget, cost in by_gadget.items()]
    return Profile(name, bytes(32), BY_GADGETS, tuple(sorted(rows, key=lambda row: row.path)))


def why(name: str, recorded: dict[str, Any], counted: dict[str, Any]) -> str:
    """What to show where a record and the circuit differ: which gadgets changed, and how to renew the record."""
    found = difference(profile_of(f"recorded {name}", recorded), profile_of(name, counted))
    return "\n".join(["the circuit's cost changed:", "", *difference_lines(found, 0), "", RENEW])


@pytest.fixture(scope="module")
def record() -> Record:
    recorded: Record = json.loads(RECORD.read_text())
    return recorded


@pytest.mark.filterwarnings("ignore::zkmargin.circuits.CircuitWarning")
@pytest.mark.parametrize("name", GADGETS)
def test_gadgets_cost_what_is_recorded(name: str, record: Record) -> None:
    assert gadget_counts(name) == record["gadgets"].get(name), RENEW


@pytest.mark.parametrize("name", SHAPES)
def test_the_statement_costs_what_is_recorded(name: str, record: Record) -> None:
    recorded, counted = record["margin"].get(name, {}), margin_counts(name)
    if counted != recorded:
        pytest.fail(why(name, recorded, counted), pytrace=False)


@pytest.mark.parametrize("name", SHAPES)
def test_the_breakdown_adds_up(name: str, record: Record) -> None:
    recorded = record["margin"][name]
    total = profile_of(name, recorded).total
    assert (total.constraints, total.wires, total.b_wires) == (
        recorded["constraints"],
        recorded["wires"],
        recorded["wires in B"],
    )


def test_a_change_is_explained() -> None:
    def counts(**gadgets: int) -> dict[str, Any]:
        return {"by outermost gadget": {name: {"constraints": count} for name, count in gadgets.items()}}

    text = why("small", counts(poseidon=240, bind=1, select=4), counts(poseidon=250, fresh=3, select=4)).splitlines()
    rows = {line.split()[-1]: line.split()[:2] for line in text if line.strip()}
    assert rows["poseidon"] == ["+10", "+10"]
    assert rows["fresh"] == ["+3", "+3"]
    assert rows["bind"] == ["-1", "-1"]
    assert "select" not in rows
    assert text[-1] == RENEW


def test_the_record_names_nothing_else(record: Record) -> None:
    assert set(record["gadgets"]) == set(GADGETS), RENEW
    assert set(record["margin"]) == set(SHAPES), RENEW


if __name__ == "__main__":
    counted = {
        "gadgets": {name: gadget_counts(name) for name in GADGETS},
        "margin": {name: margin_counts(name) for name in SHAPES},
    }
    RECORD.write_text(json.dumps(counted, indent=2) + "\n")
