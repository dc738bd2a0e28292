"""Both sides of a claim as amounts: for the account's owner alone, on a screen and in no file."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest
from typing import Any

from zkmargin.algebra.fixed_point import floor_div
from zkmargin.circuits.margin import Evaluation
from zkmargin.circuits.margin.rules import FROM_E8, FROM_E25, counted_e17
from zkmargin.prover import Claim
from zkmargin.settlement.fields import amount_text
from zkmargin.settlement.risk_document import RiskDocument

E6 = 10**6
"""e8 in hundredths."""
BY_DELTA_GAMMA, BY_SCENARIO = "by delta-gamma", "by the worst scenario"


def sides_e8(claim: Claim) -> dict[str, int]:
    """Collateral, what it must cover, and the surplus, in e8 of the quote currency, rounded down."""
    evaluation = claim.evaluation()
    sides = {
        "collateral": evaluation.collateral_2e34,
        "margin": sum(evaluation.margins_2e34),
        "contingency": evaluation.contingency_2e34,
        "liquidity": evaluation.liquidity_2e34,
        "debts": evaluation.debts_2e34,
        "reserved": evaluation.reserved_2e34,
        "surplus": evaluation.surplus_2e34,
    }
    return {name: floor_div(value, FROM_E8) for name, value in sides.items()}


def sides_of(claim: Claim, risk: RiskDocument) -> dict[str, Any]:
    """The same as amounts with their unit, and the margin of each underlying in both its forms."""
    evaluation, quote = claim.evaluation(), risk.quote
    margins = {
        name: {
            "delta_gamma": amount_text(floor_div(delta_gamma, FROM_E8), quote),
            "worst_scenario": amount_text(floor_div(scenario, FROM_E8), quote),
        }
        for name, delta_gamma, scenario in zip(
            risk.asset_names, evaluation.delta_gamma_2e34, evaluation.scenario_2e34, strict=False
        )
    }
    return {name: amount_text(value, quote) for name, value in sides_e8(claim).items()} | {"margins": margins}


def side_by_side(claim: Claim, risk: RiskDocument) -> list[str]:
    """A table of what counts and of what it must cover, to the hundredth, rounded down."""
    evaluation = claim.evaluation()
    holds = evaluation.surplus_2e34 >= 0
    left = [*_counted(claim, risk, evaluation), ("in all", evaluation.collateral_2e34)]
    right = [*_required(risk, evaluation), ("in all", evaluation.required_2e34)]
    surplus = _hundredths(evaluation.surplus_2e34).removeprefix("-")
    return [
        f"the claim {'holds' if holds else 'fails'} by {surplus} {risk.quote} (this is shown here and written nowhere)",
        *_columns("collateral that counts", left, "must cover", right),
    ]


def _counted(claim: Claim, risk: RiskDocument, evaluation: Evaluation) -> list[tuple[str, int]]:
    rows = zip(risk.asset_names, risk.table.assets, evaluation.kept_e9, claim.holdings().balances_e8, strict=True)
    return [
        (name, asset.price_low_e8 * counted_e17(asset, kept, balance) * FROM_E25)
        for name, asset, kept, balance in rows
        if balance
    ]


def _required(risk: RiskDocument, evaluation: Evaluation) -> list[tuple[str, int]]:
    rows = []
    for name, delta_gamma, scenario in zip(
        risk.asset_names, evaluation.delta_gamma_2e34, evaluation.scenario_2e34, strict=False
    ):
        basis = BY_DELTA_GAMMA if delta_gamma >= scenario else BY_SCENARIO
        rows.append((f"margin {name}, {basis}", max(delta_gamma, scenario)))
    rows += [
        ("contingency on shorts", evaluation.contingency_2e34),
        ("liquidity add-on", evaluation.liquidity_2e34),
        ("debts", evaluation.debts_2e34),
        ("reserved, this credit included", evaluation.reserved_2e34),
    ]
    return [(name, value) for name, value in rows if value]


def _columns(
    left_title: str, left: Iterable[tuple[str, int]], right_title: str, right: Iterable[tuple[str, int]]
) -> list[str]:
    pairs = list(zip_longest(_cells(left_title, left), _cells(right_title, right), fillvalue=""))
    width = max(len(cell) for cell, _ in pairs)
    return [f"  {cell:<{width}}  |  {other}".rstrip() for cell, other in pairs]


def _cells(title: str, rows: Iterable[tuple[str, int]]) -> list[str]:
    """Names to the left, amounts to the right; the last row, which is the sum, stands at the foot."""
    written = [(name, _hundredths(value)) for name, value in rows]
    name_width = max(len(name) for name, _ in written)
    width = max(len(amount) for _, amount in written)
    return [title, *(f"{name:<{name_width}}  {amount:>{width}}" for name, amount in written)]


def _hundredths(value_2e34: int) -> str:
    """Towards minus infinity: what falls short is rounded up."""
    hundredths = floor_div(value_2e34, FROM_E8 * E6)
    whole, part = divmod(abs(hundredths), 100)
    return f"{'-' if hundredths < 0 else ''}{whole:,}.{part:02d}"
