"""At the boundaries: every part of the claim counts to the last unit, shocks are exact, the largest numbers fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product

import pytest

from zkmargin.algebra import MerkleTree, merkle_children_from_path
from zkmargin.circuits import CompiledCircuit, UnsatisfiedConstraint
from zkmargin.circuits.margin import (
    TREE_ARITY,
    HaircutTier,
    InstrumentRisk,
    Leaf,
    Reservation,
    RiskTable,
    Shape,
    compile_margin,
    key_commitment,
    source_root,
    venue_group,
)
from zkmargin.circuits.margin.rules import FROM_E8, SHOCK_BITS
from zkmargin.prover.accounts import AccountTree
from zkmargin.prover.assembly import Claim
from zkmargin.verifier.statement import HORIZON_BITS

E8 = 10**8
WORD = 1 << 64
TARGET = 0x7A26E7
VENUE, EPOCH = 1001, 7
HOUR_MS = 3_600_000
FULL = Shape("full", 2, 3, 2, 2, 3, 3, 2, 2)
"""Small, and yet with several of everything."""
WIDE = Shape("wide", 15, 1, 1, 4, 1, 16, 1, 1)


def broken(circuit: CompiledCircuit, inputs: Mapping[str, int | Sequence[int]]) -> UnsatisfiedConstraint | None:
    try:
        circuit.check(circuit.witness(inputs))
    except UnsatisfiedConstraint as problem:
        return problem
    return None


def busy_table(claim_of) -> RiskTable:
    """Scenarios of either sign, gammas large enough to be the worse within an hour, little that covers anything."""
    table = claim_of(FULL).table
    instruments = (
        InstrumentRisk(9_000, -8_000, (-9_000, 3, 8_500)),
        InstrumentRisk(-4_000, 7_000, (4_100, 1, -4_200)),
        InstrumentRisk(12_000, -12_700, (-7, 2, 8)),
        InstrumentRisk(5_000, 2_000, (-3, 0, 5)),
    )
    underlyings = tuple(replace(row, liquidity_free_e8=E8 // 3 + 1, gamma_unit_e8=10**13) for row in table.underlyings)
    cheap = (replace(asset, price_low_e8=asset.price_low_e8 // 100) for asset in table.assets[:-1])
    return replace(table, assets=(*cheap, table.assets[-1]), instruments=instruments, underlyings=underlyings)


def busy_leaves(claim_of, signs: tuple[int, ...]) -> tuple[Leaf, Leaf]:
    """Every word at work at both venues; only together they reach the last tier and what is not free of charge."""
    shared = {"reservations": (Reservation(TARGET, 700 * E8 + 1), Reservation(9, 30 * E8 + 5))}
    sizes = (E8 // 4 + 3, E8 // 7 + 1, E8 // 3 + 9, E8 // 5 + 7)
    long, short = (tuple(sign * part * size // 3 for sign, size in zip(signs, sizes, strict=True)) for part in (2, 1))
    first, second = (opening.leaf for opening in claim_of(FULL).openings)
    return (
        replace(first, balances_e8=(140_000_011, E8 + 1, 0), debts_e8=(E8 // 9 + 1, 0, 5), positions_e8=long, **shared),
        replace(second, balances_e8=(170_000_013, 7, 0), debts_e8=(3, E8 // 8 + 1, 2), positions_e8=short, **shared),
    )


@pytest.mark.parametrize("horizon_ms", [0, HOUR_MS])
@pytest.mark.parametrize("signs", list(product((1, -1), repeat=4)), ids=str)
def test_exactly_enough_of_a_busy_account_passes_and_one_unit_less_fails(claim_of, signs, horizon_ms) -> None:
    """A part that is left out, or taken from one venue alone, would let the second pass; one too many fails the first.

    The quote currency counts at par, so its balance can be set to what is lacking, rounded up.
    """
    circuit, leaves, table = compile_margin(FULL), busy_leaves(claim_of, signs), busy_table(claim_of)

    def claim(quote_e8: int) -> Claim:
        first = replace(leaves[0], balances_e8=(*leaves[0].balances_e8[:-1], quote_e8 - quote_e8 // 2))
        second = replace(leaves[1], balances_e8=(*leaves[1].balances_e8[:-1], quote_e8 // 2))
        return claim_of(FULL, (first, second), table, credit_e8=1400 * E8 + 2, horizon_ms=horizon_ms)

    evaluation = claim(0).evaluation()
    assert evaluation.contingency_2e34 or min(signs) > 0
    assert all((evaluation.liquidity_2e34, evaluation.debts_2e34, evaluation.reserved_2e34, *evaluation.scenario_2e34))
    needed = -(evaluation.surplus_2e34 // FROM_E8)
    enough, short = claim(needed), claim(needed - 1)
    assert enough.evaluation().surplus_2e34 >= 0 > short.evaluation().surplus_2e34
    assert broken(circuit, enough.circuit_inputs()) is None
    problem = broken(circuit, short.circuit_inputs_unchecked())
    assert problem is not None
    assert problem.gadget[0] == "assert_at_most"


def test_what_is_reserved_for_others_is_no_credit_here(claim_of) -> None:
    """At both venues there is more, for another target."""
    circuit, leaves = compile_margin(FULL), busy_leaves(claim_of, (-1, 1, -1, 1))
    rich = tuple(replace(leaf, balances_e8=(*leaf.balances_e8[:-1], 10**6 * E8)) for leaf in leaves)
    whole = claim_of(FULL, rich, credit_e8=1400 * E8 + 2)
    assert broken(circuit, whole.circuit_inputs()) is None
    assert broken(circuit, replace(whole, credit_e8=1400 * E8 + 3).circuit_inputs_unchecked()) is not None


def test_an_empty_tree_holds_no_account(claim_of, small) -> None:
    """Neither the default root nor a leaf of zero, which is what an empty place has, lets anybody in."""
    claim = claim_of()
    empty = MerkleTree(claim.shape.depth, [], None, TREE_ARITY)
    levels = merkle_children_from_path(0, 0, empty.path(0), TREE_ARITY)
    inputs = dict(claim.circuit_inputs()) | {"source_root": [source_root(VENUE, EPOCH, empty.root)]}
    inputs |= {f"path[0].children[{level}]": children for level, children in enumerate(levels)}
    problem = broken(small, inputs)
    assert problem is not None
    assert problem.gadget[0] == "merkle_membership"


def test_both_of_delta_gamma_and_scenarios_are_the_worse_somewhere(claim_of) -> None:
    """So the account above tries either side of the larger of the two."""
    evaluation = claim_of(FULL, busy_leaves(claim_of, (-1, 1, 1, 1)), busy_table(claim_of)).evaluation()
    assert evaluation.scenario_2e34[0] > evaluation.delta_gamma_2e34[0] > 0
    assert 0 < evaluation.scenario_2e34[1] < evaluation.delta_gamma_2e34[1]


@pytest.mark.parametrize("time_ms", [0, 1, 2, 3, 4, 5, 9, 10, 999_999**2 + 1, 10**12, 10**12 + 1])
def test_a_shock_is_the_root_rounded_up_and_neither_neighbour(claim_of, small, time_ms) -> None:
    """v = 1, so S^2 >= T > (S - 1)^2: squares, where the first is tight, and what follows them, where the second is."""
    table = claim_of().table
    assets = tuple(replace(row, sigma_ppm=int(a == 0)) for a, row in enumerate(table.assets))
    table = replace(table, confidence_e4=1, assets=assets)
    assert table.variance_rates_e18() == (1, 0, 0, 0)
    inputs = dict(claim_of(table=table, horizon_ms=time_ms).circuit_inputs())
    shock = inputs["shock_e9[0]"]
    assert broken(small, inputs) is None
    for lie in {0, 1, 2, shock - 1, shock + 1, (1 << SHOCK_BITS) - 1} - {shock, -1}:
        problem = broken(small, inputs | {"shock_e9[0]": lie})
        assert problem is not None
        assert problem.gadget[0] in ("open_lanes", "assert_at_most")


def test_the_largest_shock_is_proven(claim_of, small) -> None:
    claim = claim_of(positions_e8=(0,) * 4, balances_e8=(0, 0, 0, E8 * E8), debts_e8=(0,) * 4)
    most = (1 << SHOCK_BITS) - 1
    rate = claim.table.variance_rates_e18()[0]
    claim = replace(claim, horizon_ms=most**2 // rate)
    quiet = tuple(replace(row, sigma_ppm=row.sigma_ppm if a == 0 else 0) for a, row in enumerate(claim.table.assets))
    claim = replace(claim, table=replace(claim.table, assets=quiet))
    assert claim.horizon_ms < 1 << HORIZON_BITS
    assert claim.evaluation().shocks_e9[0] == most
    assert broken(small, claim.circuit_inputs()) is None


def extreme(claim_of, *, position_e8: int, risk: int, value_unit_e16: int) -> Claim:
    """Fifteen venues, at each of them as much as a leaf can hold, before a table with its largest numbers."""
    template = claim_of(replace(WIDE, venues=1))
    ids = range(WORD - WIDE.venues, WORD)
    leaf = Leaf(
        key_commitment=key_commitment(template.secret),
        group=venue_group(ids),
        salt=1,
        sequence=(1 << 48) - 1,
        balances_e8=(WORD - 1,),
        debts_e8=(0,),
        positions_e8=(position_e8,) * WIDE.instruments,
        reservations=(Reservation(TARGET, WORD - 1),),
    )
    asset = replace(
        template.table.assets[0],
        price_low_e8=WORD - 1,
        price_high_e8=WORD - 1,
        sigma_ppm=600_000,
        tiers=(HaircutTier(0, 0), *[HaircutTier(WORD - 1, 10**6)] * (WIDE.tiers - 1)),
    )
    underlying = replace(template.table.underlyings[0], value_unit_e16=value_unit_e16, liquidity_free_e8=WORD - 1)
    instrument = InstrumentRisk(risk, -abs(risk), (risk,) * WIDE.scenarios)
    longest = (1 << HORIZON_BITS) - 1
    table = replace(
        template.table,
        assets=(asset,),
        underlyings=(underlying,),
        instruments=(instrument,) * 4,
        scenario_horizon_ms=longest,
    )
    table.validate(WIDE)
    openings = tuple(AccountTree(venue_id, (1 << 64) - 1, WIDE, [leaf]).opening(0) for venue_id in ids)
    return replace(template, shape=WIDE, openings=openings, table=table, credit_e8=WORD - 1, horizon_ms=longest)


@pytest.mark.parametrize("position", [-(1 << 63), (1 << 63) - 1])
@pytest.mark.parametrize("risk", [-WIDE.risk_limit, WIDE.risk_limit])
def test_the_largest_accounts_are_proven_or_fail_for_their_money_alone(claim_of, position, risk) -> None:
    """No range, lane or interval stands in the way of a true claim, or says no in the inequality's place."""
    circuit = compile_margin(WIDE)
    quiet = extreme(claim_of, position_e8=position, risk=risk, value_unit_e16=1)
    quiet = replace(quiet, table=replace(quiet.table, assets=(replace(quiet.table.assets[0], sigma_ppm=0),)))
    assert broken(circuit, quiet.circuit_inputs()) is None
    dear = extreme(claim_of, position_e8=position, risk=risk, value_unit_e16=(1 << 68) - 1)
    dear = replace(dear, horizon_ms=(1 << 2 * SHOCK_BITS - 1) // dear.table.variance_rates_e18()[0])
    problem = broken(circuit, dear.circuit_inputs_unchecked())
    assert problem is not None
    assert problem.gadget[0] == "assert_at_most"


def test_identities_follow_secret_and_target(claim_of, small) -> None:
    """Another target's account and nullifier are no stand-ins for this one's, nor another state's nullifier."""
    claim = claim_of()
    inputs = dict(claim.circuit_inputs())
    other = claim_of(reservations=(Reservation(5, 20_000 * E8), Reservation(0, 0)), sequence=6)
    other = replace(other, target=5)
    assert broken(small, other.circuit_inputs()) is None
    for name in ("account", "nullifier"):
        assert inputs[name] != other.circuit_inputs()[name]
        assert broken(small, inputs | {name: other.circuit_inputs()[name]}) is not None
