"""Both sides of a claim as amounts: for the account's owner, who asked for them with --reveal."""

from __future__ import annotations

from zkmargin.algebra.fixed_point import floor_div
from zkmargin.circuits.margin.rules import FROM_E8
from zkmargin.prover import Claim
from zkmargin.settlement.fields import amount_text


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


def sides_of(claim: Claim, quote: str) -> dict[str, str]:
    """The same as amounts with their unit."""
    return {name: amount_text(value, quote) for name, value in sides_e8(claim).items()}
