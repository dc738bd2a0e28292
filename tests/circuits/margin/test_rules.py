"""The plain rules: each formula against the design's own words, and what falls short is named."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkmargin.circuits.errors import InputError, StatementFalse
from zkmargin.circuits.margin import (
    PORTFOLIO,
    SMALL,
    STANDARD,
    AssetRisk,
    HaircutTier,
    InstrumentRisk,
    Reservation,
    Shape,
    UnderlyingRisk,
    declared_shape,
    evaluate,
    net,
    require_claim,
)
from zkmargin.circuits.margin.commitments import venue_group
from zkmargin.circuits.margin.packing import risk_lanes, risk_layouts, tier_lanes, tier_layouts
from zkmargin.circuits.margin.risk_table import YEAR_MS, variance_rate_e18
from zkmargin.circuits.margin.rules import counted_e17, delta_gamma_2e34, kept_e9, shock_e9
from zkmargin.circuits.margin.shape import ShapeError
from zkmargin.verifier.statement import MAX_VENUES

E8 = 10**8


ASSET = AssetRisk(E8, E8, 0, (HaircutTier(0, 50_000), HaircutTier(10 * E8, 100_000), HaircutTier(30 * E8, 400_000)))


@given(st.integers(0, 2**43 - 1), st.integers(0, 2**40 - 1))
def test_shock_is_the_least_that_satisfies_both_inequalities(rate: int, horizon: int) -> None:
    shock, square = shock_e9(rate, horizon), rate * horizon
    assert shock**2 >= square
    assert (shock == 0 and square == 0) or square > (shock - 1) ** 2


@given(st.integers(1, 2**20 - 1), st.integers(0, 2**27 - 1), st.integers(0, 2**40 - 1))
def test_shock_is_never_below_z_sigma_and_hardly_above(z: int, sigma: int, horizon: int) -> None:
    exact_square = Fraction((z * sigma) ** 2 * horizon, 100 * YEAR_MS)
    shock = shock_e9(variance_rate_e18(z, sigma), horizon)
    assert shock**2 >= exact_square
    assert shock == 0 or (shock - 1) ** 2 < exact_square + horizon


def test_shock_of_a_year_is_z_sigma() -> None:
    rate = variance_rate_e18(40_000, 600_000)
    assert shock_e9(rate, YEAR_MS) == pytest.approx(2_400_000_000, rel=1e-8)  # 4 * 60 % = 2.4


@pytest.mark.parametrize(
    ("haircut", "shock", "kept"),
    [
        (0, 0, 10**9),
        (0, 1, 10**9 - 1),
        (1, 1000, 10**9 - 2000),
        (999_999, 999, 1),
        (999_999, 1000, 0),
        (1_000_000, 0, 0),
        (1_000_000, 2**31 - 1, 0),
    ],
)
def test_kept_share_is_what_haircut_and_shock_leave(haircut: int, shock: int, kept: int) -> None:
    assert kept_e9(replace(ASSET, tiers=(HaircutTier(0, haircut),)), shock) == (kept,)


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**31 - 1))
def test_each_part_of_a_holding_counts_at_its_own_tier(balance: int, shock: int) -> None:
    kept = kept_e9(ASSET, shock)
    bounds = [*(tier.above_e8 for tier in ASSET.tiers), 2**64]
    parts = [max(0, min(balance, bounds[t + 1]) - bounds[t]) for t in range(3)]
    assert sum(parts) == balance
    assert counted_e17(ASSET, kept, balance) == sum(part * share for part, share in zip(parts, kept, strict=True))


@given(st.integers(0, 2**64 - 2), st.integers(0, 2**31 - 1))
def test_more_of_an_asset_never_counts_less(balance: int, shock: int) -> None:
    kept = kept_e9(ASSET, shock)
    assert counted_e17(ASSET, kept, balance) <= counted_e17(ASSET, kept, balance + 1)


ONE = Shape("one", 1, 1, 1, 2, 3, 1, 1, 1)
units = st.integers(-ONE.risk_limit, ONE.risk_limit)
quantities = st.integers(-(2**63), 2**63 - 1)


@st.composite
def risks(draw):
    """Exact risk numbers as fractions of a unit, and the instruments that they round to."""
    exact = [[draw(units) + Fraction(draw(st.integers(-50, 50)), 100) for _ in range(5)] for _ in range(2)]
    near = [[max(-ONE.risk_limit, min(ONE.risk_limit, round(x))) for x in row] for row in exact]
    exact = [
        [near[i][j] + max(Fraction(-1, 2), min(Fraction(1, 2), x - near[i][j])) for j, x in enumerate(row)]
        for i, row in enumerate(exact)
    ]
    return exact, tuple(InstrumentRisk(row[0], row[1], tuple(row[2:])) for row in near)


@given(risks(), st.tuples(quantities, quantities), st.integers(0, 2**31 - 1))
def test_rounding_to_units_never_favours_the_trader(claim_of, made, positions, shock) -> None:
    """The margin covers the losses that the exact numbers give, and exceeds them by a unit or so for each unit held."""
    exact, instruments = made
    claim = claim_of(ONE)
    table = replace(claim.table, instruments=instruments)
    leaf = replace(claim.openings[0].leaf, positions_e8=positions)
    table = replace(table, assets=(replace(table.assets[0], sigma_ppm=0),))
    evaluation = evaluate(ONE, table, net([leaf], 0), 0)
    row, e34 = table.underlyings[0], 2 * 10**34
    value_unit = Fraction(row.value_unit_e16, 10**24)
    gross = sum(map(abs, positions))
    losses = [-sum(q * numbers[2 + s] for q, numbers in zip(positions, exact, strict=True)) for s in range(3)]
    worst = max(0, *losses) * value_unit
    assert worst <= Fraction(evaluation.scenario_2e34[0], e34) <= worst + gross * value_unit
    step = Fraction(shock, 10**9)
    delta = abs(sum(q * numbers[0] for q, numbers in zip(positions, exact, strict=True))) * value_unit
    gamma = max(0, -sum(q * numbers[1] for q, numbers in zip(positions, exact, strict=True)))
    gamma *= Fraction(row.gamma_unit_e8, 10**16)
    loss = Fraction(delta_gamma_2e34(ONE, table, positions, 0, shock), e34)
    assert delta * step + gamma * step**2 / 2 <= loss


def test_delta_gamma_loss_in_money(claim_of) -> None:
    """Two units long of delta 10 and short gamma: |D| * S + G * S^2 / 2, and the half units for the rounding."""
    claim = claim_of(ONE)
    row = replace(claim.table.underlyings[0], value_unit_e16=10**16, gamma_unit_e8=E8)
    table = replace(claim.table, underlyings=(row,), instruments=(InstrumentRisk(10, -6, (0,) * 3),) * 2)
    loss = delta_gamma_2e34(ONE, table, (E8, E8), 0, 10**8)  # a shock of a tenth
    assert Fraction(loss, 2 * 10**34) == (20 + 1) * Fraction(1, 10) + (12 + 2) * Fraction(1, 100) / 2


def test_liquidity_add_on_in_money(claim_of) -> None:
    """Three units, long and short, where one is free: two at a tenth of the spot price."""
    claim = claim_of(ONE)
    row = UnderlyingRisk(500 * E8, 0, E8, 100_000, 1, 1)
    table = replace(claim.table, underlyings=(row,))
    leaf = replace(claim.openings[0].leaf, positions_e8=(2 * E8, -E8))
    assert evaluate(ONE, table, net([leaf], 0), 0).liquidity_2e34 == 2 * 50 * 2 * 10**34


def test_claim_in_money(claim_of) -> None:
    """One balance of the quote currency against one reservation: the scales agree."""
    claim = claim_of(
        balances_e8=(0, 0, 0, 100 * E8),
        debts_e8=(0,) * 4,
        positions_e8=(0,) * 4,
        reservations=(Reservation(0x7A26E7, 60 * E8), Reservation(0, 0)),
    )
    evaluation = claim.evaluation()
    assert evaluation.surplus_2e34 == 40 * 2 * 10**34


def test_worst_scenario_counts_when_it_exceeds_the_delta_gamma_loss(claim_of) -> None:
    shape = Shape("scenarios", 1, 2, 1, 1, 3, 1, 4, 1)
    claim = claim_of(shape, positions_e8=(-E8,))
    row = replace(claim.table.underlyings[0], value_unit_e16=10**16)
    table = replace(claim.table, underlyings=(row,), instruments=(InstrumentRisk(0, 0, (-5, 9, 2)),))
    evaluation = evaluate(shape, table, net([claim.openings[0].leaf], claim.target), claim.horizon_ms)
    assert evaluation.margins_2e34 == (19 * 10**34,)  # 9, and half a unit for the unit held


def test_a_gain_of_one_underlying_pays_for_no_other(claim_of) -> None:
    """The first gains in every scenario more than the second loses, and the second's loss is charged whole."""
    shape = Shape("pair", 1, 2, 2, 1, 2, 1, 1, 1)
    claim = claim_of(shape, positions_e8=(E8, E8), horizon_ms=0)
    rows = tuple(replace(row, value_unit_e16=10**16) for row in claim.table.underlyings)
    instruments = (InstrumentRisk(0, 0, (9_000, 9_000)), InstrumentRisk(0, 0, (-500, -2)))
    evaluation = replace(claim, table=replace(claim.table, underlyings=rows, instruments=instruments)).evaluation()
    assert evaluation.margins_2e34 == (0, 1001 * 10**34)  # 500, and half a unit for the unit held


@pytest.mark.parametrize(
    ("changes", "credit", "part"),
    [
        ({}, 20_000 * E8 + 1, "reservation"),
        ({"reservations": (Reservation(0xBAD, 20_000 * E8), Reservation(0, 0))}, 1, "reservation"),
        ({"balances_e8": (0, 0, 0, 0)}, 20_000 * E8, "collateral"),
        ({"debts_e8": (0, 0, 0, 2**64 - 1)}, 20_000 * E8, "collateral"),
        ({"group": 5}, 1, "membership"),
        ({"key_commitment": 5}, 1, "membership"),
    ],
)
def test_what_falls_short_is_named(claim_of, changes, credit, part) -> None:
    with pytest.raises(StatementFalse) as refused:
        claim_of(credit_e8=credit, **changes).require_true()
    assert refused.value.part == part


def test_a_claim_found_true_is_not_looked_at_again_and_a_false_one_always_is(claim_of, monkeypatch) -> None:
    looked: list[int] = []
    monkeypatch.setattr(
        "zkmargin.prover.assembly.require_claim", lambda *of: (looked.append(of[2]), require_claim(*of))
    )
    claim = claim_of()
    false = replace(claim, credit_e8=claim.credit_e8 + 10**6 * E8)
    for _ in range(2):
        claim.require_true()
        claim.circuit_inputs()
        with pytest.raises(StatementFalse):
            false.require_true()
        with pytest.raises(StatementFalse):
            replace(claim, credit_e8=false.credit_e8).circuit_inputs()
    assert looked == [claim.credit_e8, *[false.credit_e8] * 4]


def test_a_leaf_that_is_not_under_the_root_is_named(claim_of) -> None:
    claim = claim_of()
    forged = replace(claim.openings[0], leaf=replace(claim.openings[0].leaf, balances_e8=(2**63,) * 4))
    with pytest.raises(StatementFalse) as refused:
        replace(claim, openings=(forged,)).require_true()
    assert refused.value.part == "membership"


def test_refusals_do_not_name_amounts(claim_of) -> None:
    claim = claim_of(balances_e8=(0, 0, 0, 12_345_678))
    with pytest.raises(StatementFalse) as refused:
        claim.require_true()
    assert "12345678" not in str(refused.value)
    assert "12345678" not in repr(claim)


def test_a_shock_beyond_the_statement_is_refused_before_proving(claim_of) -> None:
    claim = claim_of(horizon_ms=2**40 - 1)
    wild = replace(claim.table, assets=(replace(claim.table.assets[0], sigma_ppm=2**25), *claim.table.assets[1:]))
    with pytest.raises(StatementFalse) as refused:
        replace(claim, table=wild).require_true()
    assert refused.value.part == "shock"


@pytest.mark.parametrize(
    "changes",
    [
        {"balances_e8": (-1, 0, 0, 0)},
        {"balances_e8": (2**64, 0, 0, 0)},
        {"balances_e8": (0, 0, 0)},
        {"debts_e8": (0, 0, 0, -1)},
        {"positions_e8": (2**63, 0, 0, 0)},
        {"positions_e8": (-(2**63) - 1, 0, 0, 0)},
        {"sequence": 2**48},
        {"salt": -1},
        {"reservations": (Reservation(1, 2**64), Reservation(0, 0))},
    ],
)
def test_values_out_of_range_fit_no_leaf(claim_of, changes) -> None:
    leaf = claim_of().openings[0].leaf
    with pytest.raises(InputError):
        replace(leaf, **changes).validate(SMALL)


@pytest.mark.parametrize(
    ("row", "changes"),
    [
        ("assets", {"price_low_e8": 0}),
        ("assets", {"price_low_e8": 2 * E8, "price_high_e8": E8}),
        ("assets", {"tiers": (HaircutTier(0, 1_000_001),) * 2}),
        ("assets", {"tiers": (HaircutTier(0, 0),)}),
        ("assets", {"tiers": (HaircutTier(1, 0), HaircutTier(1, 0))}),
        ("assets", {"tiers": (HaircutTier(0, 5), HaircutTier(1, 4))}),
        ("assets", {"tiers": (HaircutTier(0, 5), HaircutTier(2**64, 5))}),
        ("assets", {"sigma_ppm": 2**27 - 1}),
        ("assets", {"sigma_ppm": 2**27}),
        ("underlyings", {"spot_e8": 0}),
        ("underlyings", {"contingency_ppm": 1_000_001}),
        ("underlyings", {"liquidity_free_e8": 2**64}),
        ("underlyings", {"liquidity_ppm": -1}),
        ("underlyings", {"value_unit_e16": 0}),
        ("underlyings", {"value_unit_e16": 2**68}),
        ("underlyings", {"gamma_unit_e8": 2**44}),
        ("instruments", {"delta_units": SMALL.risk_limit + 1}),
        ("instruments", {"gamma_units": -SMALL.risk_limit - 1}),
        ("instruments", {"pnl_units": (1,)}),
    ],
)
def test_ill_formed_tables_are_refused(claim_of, row, changes) -> None:
    table = claim_of().table
    first, *rest = getattr(table, row)
    with pytest.raises(InputError):
        replace(table, **{row: (replace(first, **changes), *rest)}).validate(SMALL)


@pytest.mark.parametrize(("shape", "reach"), [(ONE, -1), (ONE, 2**40), (SMALL, 1)])
def test_how_far_scenarios_reach_is_a_horizon(claim_of, shape, reach) -> None:
    table = replace(claim_of(shape).table, scenario_horizon_ms=reach)
    with pytest.raises(InputError, match="scenario_horizon_ms"):
        table.validate(shape)


def test_require_claim_accepts_exactly_enough(claim_of) -> None:
    claim = claim_of(balances_e8=(0, 0, 0, 20_000 * E8), debts_e8=(0,) * 4, positions_e8=(0,) * 4)
    assert claim.evaluation().surplus_2e34 == 0
    require_claim(claim.evaluation(), claim.holdings(), claim.credit_e8)


def test_a_shape_has_no_more_venues_than_a_group_can_be_hashed_of() -> None:
    Shape("most", MAX_VENUES, 1, 1, 1, 0, 1, 1, 1)
    venue_group(range(1, MAX_VENUES + 1))
    with pytest.raises(ShapeError, match="venues must be between 1 and 15"):
        Shape("more", MAX_VENUES + 1, 1, 1, 1, 0, 1, 1, 1)


@pytest.mark.parametrize(
    ("count", "of_leaf", "of_table"),
    [
        ("assets", True, True),
        ("underlyings", True, True),
        ("instruments_per_underlying", True, True),
        ("scenarios", False, True),
        ("tiers", False, True),
        ("reservation_slots", True, False),
        ("depth", False, False),
        ("venues", False, False),
    ],
)
def test_a_layout_says_each_count_that_gives_its_numbers_their_meaning(count, of_leaf, of_table) -> None:
    one_more = replace(SMALL, **{count: getattr(SMALL, count) + 1})
    assert (one_more.leaf_layout() != SMALL.leaf_layout()) == of_leaf
    assert (one_more.table_layout() != SMALL.table_layout()) == of_table


def test_the_repr_of_a_leaf_shows_no_amount(claim_of) -> None:
    claim = claim_of(
        balances_e8=(0, 0, 0, 123_456_789),
        debts_e8=(0, 0, 0, 987_654_321),
        reservations=(Reservation(0x7A26E7, 555_666_777), Reservation(0, 0)),
    )
    leaf = claim.openings[0].leaf
    assert repr(leaf) == f"Leaf(sequence={leaf.sequence})"
    for shown in (repr(leaf), repr(claim.openings), repr(leaf.reservations)):
        assert not any(text in shown for text in ("123456789", "987654321", "555666777", str(leaf.salt)))


def test_shapes_are_declared_by_their_changes() -> None:
    assert declared_shape("standard") is STANDARD
    changed = declared_shape("standard,scenarios=0,venues=2")
    assert changed == replace(STANDARD, name="standard_s0_v2", scenarios=0, venues=2)
    assert declared_shape("small,depth=3,name=mine") == replace(SMALL, name="mine", depth=3)


@pytest.mark.parametrize(
    "text",
    ["", "tiny", "small,depth", "small,depth=x", "small,wings=2", "small,depth=1,depth=2", "small,depth=99999999"],
)
def test_shapes_declared_wrongly_are_refused(text) -> None:
    with pytest.raises(ShapeError):
        declared_shape(text)


def test_a_changed_shape_cannot_take_a_known_name() -> None:
    with pytest.raises(ShapeError, match="taken"):
        declared_shape("small,depth=3,name=standard")


@pytest.mark.parametrize(
    "shape", [SMALL, STANDARD, PORTFOLIO, Shape("wide", 15, 1, 1, 256, 4, 16, 1, 1)], ids=lambda s: s.name
)
def test_the_largest_numbers_stay_in_their_lanes(shape) -> None:
    """With the largest positions and risk numbers each lane's sum is inside the lane, as the circuit assumes."""
    lane = 1 << shape.risk_lane - 1
    assert shape.risk_limit >= 1 << 12
    assert shape.most_held * (2 * shape.risk_limit + 1) + (1 << shape.loss_bits) < lane
    assert sum(len(layout.widths) for layout in risk_layouts(shape)) == 2 + shape.scenarios
    worst = InstrumentRisk(-shape.risk_limit, shape.risk_limit, (-shape.risk_limit,) * shape.scenarios)
    assert all(abs(number) <= 2 * shape.risk_limit for number in risk_lanes(worst))
    asset = AssetRisk(1, 1, 0, (HaircutTier(0, 0), *[HaircutTier(2**64 - 1, 10**6)] * (shape.tiers - 1)))
    widths = [width for layout in tier_layouts(shape) for width in layout.widths]
    compared = [shape.venues * 2**64] * (shape.tiers - 1) + [2**31 + 10**9] * shape.tiers
    for width, number, value in zip(widths, tier_lanes(asset), compared, strict=True):
        assert max(number, value) < 1 << width - 1
