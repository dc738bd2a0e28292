"""Both sides of a claim as amounts and as a table, held against the rules."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkmargin.algebra import parse_decimal
from zkmargin.circuits.margin import Leaf, Reservation, RiskTable, declared_shape, key_commitment, venue_group
from zkmargin.circuits.margin.rules import FROM_E8
from zkmargin.cli.claims import side_by_side, sides_e8, sides_of
from zkmargin.prover import Claim, Opening
from zkmargin.settlement.example_market import example_risk_document
from zkmargin.settlement.risk_document import RiskDocument

E8 = 10**8
LOSSES = {"flat": (0, 0), "crash": (-12_000, 4_000)}
"""Units that one BTC-PERP gains in the two scenarios."""


def risk_with(losses: tuple[int, ...]) -> RiskDocument:
    risk, none = example_risk_document(), (0,) * len(losses)
    perpetual, *others = risk.table.instruments
    rows = (replace(perpetual, pnl_units=losses), *(replace(row, pnl_units=none) for row in others))
    table: RiskTable = replace(risk.table, instruments=rows)
    return replace(risk, shape=declared_shape(f"small,scenarios={len(losses)}"), table=table)


def claim_of(risk: RiskDocument, btc_e8: int, perpetual_e8: int, reserved_e8: int = 0) -> Claim:
    leaf = Leaf(
        key_commitment=key_commitment(7),
        group=venue_group([1001]),
        salt=1,
        sequence=1,
        balances_e8=(btc_e8, 0, 0, 0),
        debts_e8=(0, 0, E8, 0),
        positions_e8=(perpetual_e8, 0, 0, 0),
        reservations=(Reservation(5, reserved_e8), Reservation(0, 0)),
    )
    return Claim(risk.shape, 7, (Opening(1001, 1, 1, leaf, 0, ()),), risk.table, 5, 0, 3_600_000, 1)


@pytest.mark.parametrize(("losses", "basis"), [("flat", "by delta-gamma"), ("crash", "by the worst scenario")])
def test_the_table_says_what_the_margin_goes_by(losses: str, basis: str) -> None:
    risk = risk_with(LOSSES[losses])
    lines = side_by_side(claim_of(risk, 2 * E8, E8), risk)
    [margin] = [line for line in lines if "margin BTC" in line]
    assert basis in margin
    assert not any("margin ETH" in line or "reserved" in line for line in lines), "what is zero is left out"


def test_the_two_forms_of_the_margin() -> None:
    risk = risk_with(LOSSES["crash"])
    margins = sides_of(claim_of(risk, 2 * E8, E8), risk)["margins"]
    assert set(margins) == {"BTC", "ETH"}
    assert margins["BTC"]["worst_scenario"] == "48002 USD", "12,000.5 units of 4 USD"
    assert margins["ETH"] == {"delta_gamma": "0 USD", "worst_scenario": "0 USD"}


@settings(max_examples=30)
@given(
    btc_e8=st.integers(0, 1000 * E8), perpetual_e8=st.integers(-30 * E8, 30 * E8), reserved_e8=st.integers(0, 10**13)
)
def test_the_table_is_the_rules_to_the_hundredth(btc_e8: int, perpetual_e8: int, reserved_e8: int) -> None:
    risk = risk_with(LOSSES["crash"])
    claim = claim_of(risk, btc_e8, perpetual_e8, reserved_e8)
    evaluation = claim.evaluation()
    title, _, *rows = side_by_side(claim, risk)
    assert ("holds" in title) is (evaluation.surplus_2e34 >= 0)
    shown = title.split(" by ")[1].split(" ")[0]
    surplus = evaluation.surplus_2e34 // (FROM_E8 * 10**6)
    assert parse_decimal(shown.replace(",", ""), 2) == abs(surplus)
    required = rows[-1].split()[-1]
    assert parse_decimal(required.replace(",", ""), 2) == evaluation.required_2e34 // (FROM_E8 * 10**6)
    sides = sides_e8(claim)
    assert sides["surplus"] <= sides["collateral"] - sum(
        sides[name] for name in ("margin", "contingency", "liquidity", "debts", "reserved")
    )
