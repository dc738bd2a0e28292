"""The plain rules: each formula against the design's own words, and what falls short is named."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkmargin.circuits.errors import InputError, StatementFalse
from zkmargin.circuits.margin import SMALL, Reservation, Shape, evaluate, net, require_claim
from zkmargin.circuits.margin.commitments import venue_group
from zkmargin.circuits.margin.rules import YEAR_MS, delta_gamma_loss_2e34, kept_ppm, shock_e9
from zkmargin.circuits.margin.shape import ShapeError
from zkmargin.verifier.statement import MAX_VENUES

E8 = 10**8


@given(st.integers(1, 2**20 - 1), st.integers(0, 2**27 - 1), st.integers(0, 2**40 - 1))
def test_shock_is_the_least_that_satisfies_both_inequalities(z: int, sigma: int, horizon: int) -> None:
    shock, square = shock_e9(z, sigma, horizon), (z * sigma) ** 2 * horizon
    assert shock**2 * 100 * YEAR_MS >= square
    assert (shock == 0 and square == 0) or square > (shock - 1) ** 2 * 100 * YEAR_MS


def test_shock_of_a_year_is_z_sigma() -> None:
    assert shock_e9(40_000, 600_000, YEAR_MS) == 2_400_000_000  # 4 * 60 % = 2.4


@pytest.mark.parametrize(
    ("haircut", "shock", "kept"),
    [
        (0, 0, 1_000_000),
        (0, 1, 999_999),
        (0, 1000, 999_999),
        (0, 1001, 999_998),
        (999_999, 0, 1),
        (999_999, 1, 0),
        (1_000_000, 2**36, 0),
    ],
)
def test_kept_share_rounds_against_the_trader(haircut: int, shock: int, kept: int) -> None:
    assert kept_ppm(haircut, shock) == kept


@given(st.integers(-(2**127), 2**127), st.integers(-(2**127), 2**127), st.integers(0, 2**37 - 1))
def test_delta_gamma_loss_is_exact(delta: int, gamma: int, shock: int) -> None:
    s = Fraction(shock, 10**9)
    exact = abs(Fraction(delta, 10**16)) * s + max(Fraction(0), -Fraction(gamma, 10**16)) * s**2 / 2
    assert delta_gamma_loss_2e34(delta, gamma, shock) == exact * 2 * 10**34


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
    shape = Shape("scenarios", 1, 2, 1, 1, 3, 4, 1)
    claim = claim_of(shape, positions_e8=(-E8,))
    instrument = replace(
        claim.table.instruments[0], dollar_delta_e8=0, dollar_gamma_e8=0, pnl_e8=(-5 * E8, 9 * E8, 2 * E8)
    )
    table = replace(claim.table, instruments=(instrument,))
    evaluation = evaluate(shape, table, net([claim.openings[0].leaf], claim.target), claim.horizon_ms)
    assert evaluation.margins_2e34 == (9 * 2 * 10**34,)


def test_a_gain_of_one_underlying_pays_for_no_other(claim_of) -> None:
    claim = claim_of()
    assert all(margin >= 0 for margin in claim.evaluation().margins_2e34)


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
    wild = replace(claim.table, assets=(replace(claim.table.assets[0], sigma_ppm=2**27 - 1), *claim.table.assets[1:]))
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
        ("assets", {"haircut_ppm": 1_000_001}),
        ("assets", {"sigma_ppm": 2**27}),
        ("underlyings", {"spot_e8": 0}),
        ("underlyings", {"contingency_ppm": 1_000_001}),
        ("instruments", {"dollar_delta_e8": 2**63}),
        ("instruments", {"dollar_gamma_e8": -(2**63) - 1}),
        ("instruments", {"pnl_e8": (1,)}),
    ],
)
def test_ill_formed_tables_are_refused(claim_of, row, changes) -> None:
    table = claim_of().table
    first, *rest = getattr(table, row)
    with pytest.raises(InputError):
        replace(table, **{row: (replace(first, **changes), *rest)}).validate(SMALL)


def test_require_claim_accepts_exactly_enough(claim_of) -> None:
    claim = claim_of(balances_e8=(0, 0, 0, 20_000 * E8), debts_e8=(0,) * 4, positions_e8=(0,) * 4)
    assert claim.evaluation().surplus_2e34 == 0
    require_claim(claim.evaluation(), claim.holdings(), claim.credit_e8)


def test_a_shape_has_no_more_venues_than_a_group_can_be_hashed_of() -> None:
    Shape("most", MAX_VENUES, 1, 1, 1, 0, 1, 1)
    venue_group(range(1, MAX_VENUES + 1))
    with pytest.raises(ShapeError, match="venues must be between 1 and 15"):
        Shape("more", MAX_VENUES + 1, 1, 1, 1, 0, 1, 1)


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
