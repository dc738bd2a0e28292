"""The ranges that the circuit trusts the open checks for: both ends of each pass, and what lies beyond does not."""

from __future__ import annotations

from dataclasses import replace
from math import isqrt
from typing import Any

import pytest

from zkmargin.algebra import BN254
from zkmargin.circuits.errors import InputError
from zkmargin.circuits.margin import HaircutTier, Leaf, Reservation, RiskTable, Shape, ShapeError
from zkmargin.circuits.margin.risk_table import VARIANCE_BITS, YEAR_MS, variance_rate_e18
from zkmargin.circuits.margin.shape import LEAST_RISK_LIMIT, MOST_RISK_LIMIT
from zkmargin.verifier.statement import HORIZON_BITS

SHAPE = Shape("limits", 1, 2, 2, 2, 3, 3, 1, 2)
MOST = SHAPE.risk_limit
WORD = (1 << 64) - 1
PPM = 10**6

TABLE_LIMITS = [
    ("assets", "price_low_e8", 1, WORD),
    ("assets", "price_high_e8", 1, WORD),
    ("assets", "sigma_ppm", 0, (1 << 27) - 1),
    ("underlyings", "spot_e8", 1, WORD),
    ("underlyings", "contingency_ppm", 0, PPM),
    ("underlyings", "liquidity_free_e8", 0, WORD),
    ("underlyings", "liquidity_ppm", 0, PPM),
    ("underlyings", "value_unit_e16", 1, (1 << 68) - 1),
    ("underlyings", "gamma_unit_e8", 1, (1 << 44) - 1),
    ("instruments", "delta_units", -MOST, MOST),
    ("instruments", "gamma_units", -MOST, MOST),
]


@pytest.fixture
def table(claim_of) -> RiskTable:
    """With as much room around each number as others leave it."""
    table = claim_of(SHAPE).table
    tiers = (HaircutTier(0, 0),) * 3
    free = {"price_low_e8": 1, "price_high_e8": WORD, "sigma_ppm": 1, "tiers": tiers}
    return replace(table, confidence_e4=1, assets=tuple(replace(row, **free) for row in table.assets))


def last_changed(table: RiskTable, rows: str, **changes: Any) -> RiskTable:
    *others, last = getattr(table, rows)
    return replace(table, **{rows: (*others, replace(last, **changes))})


def assert_limits(validate: Any, low: int, high: int) -> None:
    """`validate(value)` passes at both ends, and refuses what is beyond, and what is no integer."""
    validate(low)
    validate(high)
    for beyond in (low - 1, high + 1, float(high), True):
        with pytest.raises(InputError):
            validate(beyond)


@pytest.mark.parametrize(("rows", "field", "low", "high"), TABLE_LIMITS, ids=lambda value: str(value)[:24])
def test_limits_of_the_table(table, rows, field, low, high) -> None:
    assert_limits(lambda value: last_changed(table, rows, **{field: value}).validate(SHAPE), low, high)


@pytest.mark.parametrize("scenario", range(SHAPE.scenarios))
def test_limits_of_the_results_in_scenarios(table, scenario) -> None:
    def validate(units: int) -> None:
        results = tuple(units if s == scenario else 0 for s in range(SHAPE.scenarios))
        last_changed(table, "instruments", pnl_units=results).validate(SHAPE)

    assert_limits(validate, -MOST, MOST)


@pytest.mark.parametrize(("field", "high"), [("above_e8", WORD), ("haircut_ppm", PPM)])
def test_limits_of_the_tiers(table, field, high) -> None:
    def validate(value: int) -> None:
        tiers = table.assets[-1].tiers
        last_changed(table, "assets", tiers=(*tiers[:-1], replace(tiers[-1], **{field: value}))).validate(SHAPE)

    assert_limits(validate, 0, high)


def test_limits_of_the_confidence(table) -> None:
    assert_limits(lambda value: replace(table, confidence_e4=value).validate(SHAPE), 1, (1 << 20) - 1)


def test_limits_of_how_far_scenarios_look(claim_of, table) -> None:
    longest = (1 << HORIZON_BITS) - 1
    assert_limits(lambda value: replace(table, scenario_horizon_ms=value).validate(SHAPE), 0, longest)
    without = replace(SHAPE, scenarios=0)
    plain = claim_of(without).table
    assert_limits(lambda value: replace(plain, scenario_horizon_ms=value).validate(without), 0, 0)


def test_limits_of_the_variance_rate(table) -> None:
    """z and sigma may both be in range, and what they make together too large for the circuit."""
    most = isqrt(((1 << VARIANCE_BITS) - 1) * 100 * YEAR_MS) // 100_000
    assert variance_rate_e18(100_000, most) < 1 << VARIANCE_BITS < variance_rate_e18(100_000, most + 1)
    table = replace(table, confidence_e4=100_000)
    last_changed(table, "assets", sigma_ppm=most).validate(SHAPE)
    with pytest.raises(InputError, match="sigma_ppm"):
        last_changed(table, "assets", sigma_ppm=most + 1).validate(SHAPE)


@pytest.mark.parametrize("rows", ["assets", "underlyings", "instruments"])
def test_a_table_has_as_many_rows_as_the_shape(table, rows) -> None:
    found = getattr(table, rows)
    for others in (found[:-1], (*found, found[-1])):
        with pytest.raises(InputError, match=rows):
            replace(table, **{rows: others}).validate(SHAPE)


def test_tiers_and_results_are_as_many_as_the_shape_has(table) -> None:
    for rows, field in (("assets", "tiers"), ("instruments", "pnl_units")):
        found = getattr(getattr(table, rows)[-1], field)
        for others in (found[:-1], (*found, found[-1])):
            with pytest.raises(InputError, match=field):
                last_changed(table, rows, **{field: others}).validate(SHAPE)


LEAF_LIMITS = [
    ("key_commitment", 0, BN254.r - 1),
    ("group", 0, BN254.r - 1),
    ("salt", 0, BN254.r - 1),
    ("sequence", 0, (1 << 48) - 1),
    ("balances_e8", 0, WORD),
    ("debts_e8", 0, WORD),
    ("positions_e8", -(1 << 63), (1 << 63) - 1),
]


@pytest.mark.parametrize(("field", "low", "high"), LEAF_LIMITS, ids=lambda value: str(value)[:24])
def test_limits_of_the_leaf(claim_of, field, low, high) -> None:
    leaf: Leaf = claim_of(SHAPE).openings[0].leaf
    found = getattr(leaf, field)

    def validate(value: int) -> None:
        changed = (*found[:-1], value) if isinstance(found, tuple) else value
        replace(leaf, **{field: changed}).validate(SHAPE)

    assert_limits(validate, low, high)


def test_limits_of_a_reservation(claim_of) -> None:
    leaf: Leaf = claim_of(SHAPE).openings[0].leaf
    first = leaf.reservations[0]
    assert_limits(lambda x: replace(leaf, reservations=(first, Reservation(x, 1))).validate(SHAPE), 0, BN254.r - 1)
    assert_limits(lambda x: replace(leaf, reservations=(first, Reservation(1, x))).validate(SHAPE), 0, WORD)


@pytest.mark.parametrize("field", ["balances_e8", "debts_e8", "positions_e8", "reservations"])
def test_a_leaf_has_as_many_of_each_as_the_shape(claim_of, field) -> None:
    leaf: Leaf = claim_of(SHAPE).openings[0].leaf
    found = getattr(leaf, field)
    for others in (found[:-1], (*found, found[-1])):
        with pytest.raises(InputError, match=field.removesuffix("_e8")):
            replace(leaf, **{field: others}).validate(SHAPE)


@pytest.mark.parametrize("name", ["secret", "target", "context"])
def test_a_claim_s_numbers_are_field_elements(claim_of, name) -> None:
    for beyond in (-1, BN254.r):
        with pytest.raises(InputError, match=name):
            replace(claim_of(SHAPE), **{name: beyond}).require_true()


def test_a_claim_has_an_opening_for_each_venue_in_the_order_of_their_ids(claim_of) -> None:
    claim = claim_of(replace(SHAPE, venues=2))
    claim.require_true()
    first, second = claim.openings
    for openings in (
        (first,),
        (first, second, second),
        (second, first),
        (first, first),
        (replace(first, venue_id=-1), second),
        (first, replace(second, venue_id=1 << 64)),
    ):
        with pytest.raises(InputError, match="openings"):
            replace(claim, openings=openings).require_true()


def test_a_claim_s_table_and_leaves_are_checked(claim_of, table) -> None:
    claim = claim_of(SHAPE)
    with pytest.raises(InputError, match="pnl_units"):
        replace(claim, table=last_changed(claim.table, "instruments", pnl_units=(MOST + 1, 0, 0))).require_true()
    (opening,) = claim.openings
    for field, beyond in (("sequence", 1 << 48), ("salt", BN254.r)):
        leaf = replace(opening.leaf, **{field: beyond})
        with pytest.raises(InputError, match=field):
            replace(claim, openings=(replace(opening, leaf=leaf),)).require_true()


def test_a_path_is_of_the_tree_s_depth(claim_of) -> None:
    claim = claim_of(SHAPE)
    (opening,) = claim.openings
    for changes in (
        {"siblings": opening.siblings[:-1]},
        {"siblings": (*opening.siblings, 0)},
        {"index": -1},
        {"index": opening.index + 8},
    ):
        with pytest.raises(InputError, match="path"):
            replace(claim, openings=(replace(opening, **changes),)).require_true()


@pytest.mark.parametrize("name", ["", "two words", "a-b", "x" * 33])
def test_a_shape_s_name_is_an_identifier(name) -> None:
    with pytest.raises(ShapeError, match="name"):
        replace(SHAPE, name=name)


def test_underlyings_are_assets() -> None:
    with pytest.raises(ShapeError, match="underlyings"):
        replace(SHAPE, underlyings=3)


@pytest.mark.parametrize("venues", [1, 2, 3, 15])
@pytest.mark.parametrize("instruments", [1, 3, 8, 60, 256])
def test_risk_limits_leave_twice_the_largest_loss_a_quarter_of_the_lane(venues, instruments) -> None:
    """And are not smaller than that asks for, up to the limit of all shapes."""
    shape = replace(SHAPE, venues=venues, instruments_per_underlying=instruments)
    room = 1 << shape.risk_lane - 2
    assert shape.most_held * (2 * shape.risk_limit + 1) <= room
    assert shape.risk_limit == MOST_RISK_LIMIT or shape.most_held * (2 * shape.risk_limit + 3) > room
    assert shape.risk_limit >= LEAST_RISK_LIMIT
