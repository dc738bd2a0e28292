"""Scenarios revalue in full, and their profits fit into the units they share."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkmargin.settlement.errors import PricingError
from zkmargin.settlement.risk import pricing
from zkmargin.settlement.risk.block_floating_point import common_unit, in_units
from zkmargin.settlement.risk.exact_numbers import EXACT
from zkmargin.settlement.risk.exact_pricing import Quoted
from zkmargin.settlement.risk.instrument import Kind
from zkmargin.settlement.risk.scenarios import PPM, Revaluation, Scenario, default_scenarios

E8 = 10**8
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
SPOT = 64_000 * E8
CALL = Quoted(Kind.CALL, SPOT, 66_000 * E8, 7 * DAY_MS, 600_000)
PUT = Quoted(Kind.PUT, SPOT, 66_000 * E8, 7 * DAY_MS, 600_000)
PERPETUAL = Quoted(Kind.PERPETUAL, SPOT)


def profits(quoted: Quoted, *scenarios: Scenario, range_e9: int = 10**8, horizon_ms: int = HOUR_MS) -> list[Decimal]:
    return list(Revaluation(range_e9, horizon_ms, 60_000, scenarios).profits(quoted))


def test_the_usual_sixteen() -> None:
    grid = default_scenarios(16)
    moves = sorted({s.move_ppm for s in grid[:14]})
    assert moves == [-1_000_000, -666_667, -333_333, 0, 333_333, 666_667, 1_000_000]
    assert {(s.volatility_ppm > 0, s.elapsed_ppm) for s in grid[:14]} == {(True, 0), (False, PPM)}
    assert [(s.move_ppm, s.cover_ppm) for s in grid[14:]] == [(2 * PPM, 350_000), (-2 * PPM, 350_000)]


@pytest.mark.parametrize("count", [*range(20), 31, 32, 255, 256])
def test_a_grid_of_any_size(count: int) -> None:
    grid = default_scenarios(count)
    assert len(grid) == len(set(grid)) == count
    assert (count >= 8) == any(s.cover_ppm < PPM for s in grid)
    assert count < 4 or {PPM, -PPM} <= {s.move_ppm for s in grid}


def test_a_perpetual_moves_with_its_underlying() -> None:
    third, whole, extreme = profits(
        PERPETUAL, Scenario(-333_333, 250_000), Scenario(PPM, 0), Scenario(2 * PPM, 0, cover_ppm=350_000)
    )
    assert (third, whole, extreme) == (Decimal("-2133.3312"), 6400, 4480)


def test_options_are_revalued_in_full() -> None:
    found = profits(CALL, Scenario(-PPM, 250_000), Scenario(PPM, -250_000, elapsed_ppm=PPM))
    years, left = 7 / 365, (7 * DAY_MS - HOUR_MS) / (365 * DAY_MS)
    now = pricing.price(Kind.CALL, 64_000.0, 66_000.0, years, 0.6)
    down = pricing.price(Kind.CALL, 57_600.0, 66_000.0, years, 0.75)
    up = pricing.price(Kind.CALL, 70_400.0, 66_000.0, left, 0.45)
    assert [float(p) for p in found] == pytest.approx([float(down - now), float(up - now)], rel=1e-10)


def test_nothing_happens_when_nothing_moves() -> None:
    assert profits(CALL, Scenario(0, 0)) == [0]


def test_volatility_up_hurts_the_short_and_time_hurts_the_long() -> None:
    (up,), (down,), (later,) = (
        profits(CALL, s) for s in (Scenario(0, 100_000), Scenario(0, -100_000), Scenario(0, 0, elapsed_ppm=PPM))
    )
    assert up > 0 > down
    assert later < 0


def test_a_fall_below_zero_leaves_the_strike_of_a_put_and_nothing_else() -> None:
    crash = Scenario(-PPM, 0)
    for range_e9 in (10**9, 3 * 10**9):
        for quoted, left in ((CALL, 0), (PUT, 66_000), (PERPETUAL, 0)):
            (profit,) = profits(quoted, crash, range_e9=range_e9)
            with localcontext(EXACT):
                assert profit == left - quoted.price()


def test_time_left_does_not_fall_below_the_floor_nor_rise_to_it() -> None:
    at_the_floor = Scenario(0, 0, elapsed_ppm=PPM)
    long_horizon = profits(CALL, at_the_floor, horizon_ms=30 * DAY_MS)
    with localcontext(EXACT):
        assert long_horizon == [Quoted(Kind.CALL, SPOT, CALL.strike_e8, 60_000, 600_000).price() - CALL.price()]
    dying = Quoted(Kind.CALL, SPOT, SPOT, 1_000, 600_000)
    assert profits(dying, at_the_floor) == [0]


@pytest.mark.parametrize(
    "numbers",
    [(10**8, 0), (-(10**8), 0), (0, -PPM), (0, 10**8), (0, 0, -1), (0, 0, PPM + 1), (0, 0, 0, 0), (0, 0, 0, PPM + 1)],
)
def test_a_senseless_scenario_is_refused(numbers: tuple[int, ...]) -> None:
    with pytest.raises(PricingError):
        Scenario(*numbers)


AMOUNTS = st.lists(st.decimals(-(10**11), 10**11, places=20), min_size=1, max_size=8)


@settings(deadline=None)
@given(AMOUNTS, st.integers(1, 2**16))
def test_the_unit_is_the_smallest_that_fits_and_rounding_is_to_nearest(values: list[Decimal], limit: int) -> None:
    unit = common_unit(values, limit, 16)
    units = [in_units(value, unit, 16) for value in values]
    assert all(abs(n) <= limit for n in units)
    assert unit == 1 or any(abs(in_units(value, unit - 1, 16)) > limit for value in values)
    for value, n in zip(values, units, strict=True):
        assert abs(Fraction(value) - Fraction(n * unit, 10**16)) <= Fraction(unit, 2 * 10**16)


def test_ties_go_away_from_zero_and_nothing_at_all_needs_one_unit() -> None:
    assert [in_units(Decimal(text), 10**16, 16) for text in ("2.5", "-2.5", "2.4", "-0.4")] == [3, -3, 2, 0]
    assert common_unit([], 9, 8) == common_unit([Decimal(0)], 9, 8) == 1


def test_a_unit_for_nothing_finite_or_no_room_is_refused() -> None:
    with pytest.raises(PricingError):
        common_unit([Decimal("Infinity")], 9, 8)
    with pytest.raises(PricingError):
        common_unit([Decimal(1)], 0, 8)
