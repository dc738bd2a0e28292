"""The constraints hold exactly when the plain rules hold, at the boundary too, and bind every public input."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from zkmargin.algebra import scalars_from_bytes
from zkmargin.circuits import UnsatisfiedConstraint
from zkmargin.circuits.errors import StatementFalse
from zkmargin.circuits.margin import (
    PORTFOLIO,
    SMALL,
    STANDARD,
    InstrumentRisk,
    Reservation,
    Shape,
    compile_margin,
    venue_group,
)
from zkmargin.circuits.margin.rules import FROM_E8

E8 = 10**8
SCENARIOS = Shape("scenarios", 1, 3, 2, 1, 3, 3, 2, 2)
NETTED = Shape("netted", 2, 3, 2, 1, 2, 2, 2, 2)


def satisfied(circuit, inputs) -> bool:
    try:
        circuit.check(circuit.witness(inputs))
    except UnsatisfiedConstraint:
        return False
    return True


def holds(claim) -> bool:
    evaluation = claim.evaluation()
    return evaluation.surplus_2e34 >= 0 and claim.holdings().reserved_for_target_e8 >= claim.credit_e8


def test_an_honest_claim_satisfies_the_circuit_on_both_engines(claim_of, small, engine) -> None:
    witness = small.witness(claim_of().circuit_inputs(), engine=engine)
    small.check(witness, engine=engine)


def test_public_inputs_are_the_design_s_in_its_order(claim_of, small) -> None:
    claim = claim_of()
    assert small.r1cs.n_public_outputs == 0
    assert list(small.public_names) == [
        "target",
        "source_root[0]",
        "risk_root",
        "account",
        "nullifier",
        "terms",
        "context",
    ]
    public = claim.public_inputs().signals()
    witness = scalars_from_bytes(small.witness(claim.circuit_inputs()))
    assert witness[1 : 1 + len(public)] == public


amounts = st.one_of(st.integers(0, 3), st.integers(0, 10**14), st.integers(0, 2**64 - 1))
signed = st.one_of(st.integers(-3, 3), st.integers(-(10**12), 10**12), st.integers(-(2**63), 2**63 - 1))


@st.composite
def accounts(draw, shape: Shape):
    def many(of, count):
        return tuple(draw(of) for _ in range(count))

    return {
        "balances_e8": many(amounts, shape.assets),
        "debts_e8": many(st.one_of(st.just(0), amounts), shape.assets),
        "positions_e8": many(signed, shape.instruments),
        "reservations": tuple(
            Reservation(draw(st.sampled_from([0, 0x7A26E7, 5])), draw(amounts)) for _ in range(shape.reservation_slots)
        ),
        "sequence": draw(st.integers(0, 2**48 - 1)),
    }


@pytest.mark.parametrize("shape", [SMALL, SCENARIOS, NETTED], ids=lambda s: s.name)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_constraints_hold_exactly_when_the_rules_hold(claim_of, shape, data) -> None:
    account = data.draw(accounts(shape))
    credit = data.draw(amounts)
    if data.draw(st.booleans(), label="likely to hold"):
        account["balances_e8"] = (*account["balances_e8"][:-1], 2**64 - 1)
        account["debts_e8"] = tuple(debt % 10**9 for debt in account["debts_e8"])
        account["positions_e8"] = tuple(position % 10**9 - 5 * 10**8 for position in account["positions_e8"])
        account["reservations"] = tuple(
            Reservation(0x7A26E7, slot.amount_e8 % 10**12) for slot in account["reservations"]
        )
        credit %= shape.venues * sum(slot.amount_e8 for slot in account["reservations"]) + 1
    claim = claim_of(
        shape,
        credit_e8=credit,
        horizon_ms=data.draw(st.sampled_from([0, 1, 3_600_000, 2**34])),
        **account,
    )
    event(f"holds: {holds(claim)}")
    assert satisfied(compile_margin(shape), claim.circuit_inputs_unchecked()) == holds(claim)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_exactly_enough_passes_and_one_unit_less_fails(claim_of, small, data) -> None:
    """The quote currency stands at par without haircut, so its balance can be set to the requirement, rounded up."""
    account = data.draw(accounts(SMALL))
    account |= {
        "balances_e8": (0, 0, 0, 0),
        "debts_e8": tuple(min(debt, 10**12) for debt in account["debts_e8"]),
        "positions_e8": tuple(max(-(10**12), min(q, 10**12)) for q in account["positions_e8"]),
        "reservations": (Reservation(0x7A26E7, data.draw(st.integers(1, 10**12))), Reservation(5, 7)),
    }
    needed = -(-claim_of(**account).evaluation().required_2e34 // FROM_E8)
    assume(needed < 2**64)
    enough = claim_of(credit_e8=1, **account | {"balances_e8": (0, 0, 0, needed)})
    short = claim_of(credit_e8=1, **account | {"balances_e8": (0, 0, 0, needed - 1)})
    assert satisfied(small, enough.circuit_inputs_unchecked())
    assert not satisfied(small, short.circuit_inputs_unchecked())


def test_the_whole_reservation_and_no_more_can_be_credited(claim_of, small) -> None:
    assert satisfied(small, claim_of(credit_e8=20_000 * E8).circuit_inputs_unchecked())
    assert not satisfied(small, claim_of(credit_e8=20_000 * E8 + 1).circuit_inputs_unchecked())


@pytest.mark.parametrize("name", ["target", "source_root", "risk_root", "account", "nullifier", "terms"])
def test_another_public_input_is_refused(claim_of, small, name) -> None:
    inputs = dict(claim_of().circuit_inputs())
    inputs[name] = [inputs[name][0] + 1] if isinstance(inputs[name], list) else inputs[name] + 1
    assert not satisfied(small, inputs)


def test_the_context_stands_in_a_constraint(small) -> None:
    """The statement says nothing of the context; it must still be bound, or the proof could be moved to another."""
    column = 1 + list(small.public_names).index("context")
    assert any(column == c for row in small.r1cs.a.to_rows() for c, _ in row)


@pytest.mark.parametrize("delta", [-1, 1])
@pytest.mark.parametrize("asset", range(4))
def test_a_shock_other_than_the_true_one_is_refused(claim_of, small, asset, delta) -> None:
    inputs = dict(claim_of().circuit_inputs())
    lie = inputs[f"shock_e9[{asset}]"] + delta
    if lie < 0:
        lie = 2
    assert not satisfied(small, inputs | {f"shock_e9[{asset}]": lie})


def test_no_shock_where_there_is_no_time(claim_of, small) -> None:
    claim = claim_of(horizon_ms=0)
    assert claim.evaluation().shocks_e9 == (0, 0, 0, 0)
    inputs = dict(claim.circuit_inputs())
    assert satisfied(small, inputs)
    assert not satisfied(small, inputs | {"shock_e9[0]": 1})


def test_zero_shock_is_refused_where_there_is_risk(claim_of, small) -> None:
    assert not satisfied(small, dict(claim_of().circuit_inputs()) | {"shock_e9[0]": 0})


def test_every_table_number_is_bound_by_the_root(claim_of, small) -> None:
    inputs = dict(claim_of().circuit_inputs())
    for name in [name for name in inputs if name.startswith("risk.")]:
        assert not satisfied(small, inputs | {name: inputs[name] + 1}), name


def test_every_leaf_value_is_bound_by_the_source_root(claim_of, small) -> None:
    inputs = dict(claim_of().circuit_inputs())
    for name in [name for name in inputs if name.startswith(("leaf[", "path[", "epoch[", "venue_id", "secret"))]:
        value = inputs[name]
        if isinstance(value, int):
            assert not satisfied(small, inputs | {name: value + 1}), name
            continue
        for place, item in enumerate(value):
            changed = [
                *value[:place],
                item + 1,
                *value[place + 1 :],
            ]
            assert not satisfied(small, inputs | {name: changed}), (name, place)


def test_one_venue_cannot_stand_in_twice(claim_of) -> None:
    """The same venue's leaf shown as both venues of a group would count its collateral twice."""
    circuit = compile_margin(NETTED)
    claim = claim_of(NETTED)
    group = venue_group([1001, 1001])
    leaf = replace(claim.openings[0].leaf, group=group)
    twice = claim_of(NETTED, leaves=(leaf, leaf))
    openings = (twice.openings[0], replace(twice.openings[1], venue_id=1001))
    forged = replace(twice, openings=openings)
    assert not satisfied(circuit, forged.circuit_inputs_unchecked())


def test_a_leaf_of_a_group_is_useless_alone(claim_of, small) -> None:
    grouped = claim_of(group=venue_group([1001, 1002]))
    assert not satisfied(small, grouped.circuit_inputs_unchecked())


def test_netting_sums_the_venues(claim_of) -> None:
    """Collateral at one venue covers the position at the other, which neither could show alone."""
    claim = claim_of(NETTED)
    rich = replace(claim.openings[0].leaf, positions_e8=(0, 0), reservations=(Reservation(0, 0),) * 2)
    poor = replace(claim.openings[1].leaf, balances_e8=(0, 0, 0), debts_e8=(0, 0, 0))
    netted = claim_of(NETTED, leaves=(rich, poor))
    assert satisfied(compile_margin(NETTED), netted.circuit_inputs())


def test_the_named_worst_loss_cannot_be_smaller(claim_of) -> None:
    circuit = compile_margin(SCENARIOS)
    inputs = dict(claim_of(SCENARIOS).circuit_inputs())
    short = [name for name in inputs if name.startswith("worst_half_units") and inputs[name] > 0]
    assert len(short) == SCENARIOS.underlyings
    for name in short:
        assert not satisfied(circuit, inputs | {name: inputs[name] - 1})
        assert satisfied(circuit, inputs | {name: inputs[name] + 1}), "a larger one costs only its owner"


def test_building_twice_gives_the_same_bytes(small) -> None:
    from zkmargin.circuits import build
    from zkmargin.circuits.margin import margin_statement

    again = build(margin_statement, SMALL, name="margin-small", metadata=SMALL.metadata(), strict=True)
    assert again.digest == small.digest
    assert again.program.to_bytes() == small.program.to_bytes()


def test_a_leaf_and_a_table_of_another_shape_are_others(claim_of) -> None:
    """As many leaf words, or tables of as many elements, read in another shape's order would mean other things."""
    other = Shape("other", 1, 4, 1, 4, 0, 2, 6, 2)
    claim = claim_of()
    assert other.instruments == SMALL.instruments
    assert claim.openings[0].leaf.digest(SMALL) != claim.openings[0].leaf.digest(other)
    longer, wider = Shape("longer", 1, 4, 1, 4, 4, 2, 6, 2), Shape("wider", 1, 4, 1, 4, 3, 2, 6, 2)
    tables = [claim_of(shape).table for shape in (longer, wider)]
    padded = replace(
        tables[1],
        instruments=tuple(replace(row, pnl_units=(*row.pnl_units, 0)) for row in tables[1].instruments),
    )
    assert padded.items(longer) == tables[1].items(wider)
    assert padded.root(longer) != tables[1].root(wider)
    shapes = (SMALL, SCENARIOS, other, longer, wider)
    assert len({shape.table_layout() for shape in shapes}) == len(shapes)


def test_a_table_with_more_room_is_no_table_of_a_shape_with_less(claim_of) -> None:
    """What one shape takes without range checks may be too large for another, or read from other lanes."""
    assert STANDARD.table_layout() == PORTFOLIO.table_layout()
    shapes = [Shape("s", venues, 4, 2, 8, 0, 2, 6, 2) for venues in (1, 2, 3, 15)]
    assert [shape.risk_lane for shape in shapes] == [84, 84, 84, 126]
    assert shapes[0].risk_limit == shapes[1].risk_limit == shapes[3].risk_limit > shapes[2].risk_limit
    assert len({shape.table_layout() for shape in shapes}) == 3
    assert max(shape.table_layout() for shape in shapes).bit_length() <= 60
    table = replace(claim_of(shapes[0]).table, instruments=(InstrumentRisk(1, 0, ()),) * 16)
    assert len({table.root(shape) for shape in shapes}) == 3


def test_a_claim_beyond_the_scenarios_is_false(claim_of) -> None:
    """Scenarios stand in the table; over a longer horizon than they were made for they would cover too little."""
    circuit = compile_margin(SCENARIOS)
    reach = claim_of(SCENARIOS).table.scenario_horizon_ms
    calm = replace(claim_of(SCENARIOS).table, scenario_horizon_ms=3_600_000)
    within, beyond = (claim_of(SCENARIOS, table=calm, horizon_ms=3_600_000 + more) for more in (0, 1))
    assert satisfied(circuit, within.circuit_inputs())
    assert not satisfied(circuit, beyond.circuit_inputs_unchecked())
    with pytest.raises(StatementFalse) as refused:
        beyond.require_true()
    assert refused.value.part == "horizon"
    assert satisfied(circuit, claim_of(SCENARIOS, horizon_ms=3_600_001).circuit_inputs())
    assert reach > 3_600_001


def test_a_table_without_scenarios_reaches_any_horizon(claim_of, small) -> None:
    assert claim_of().table.scenario_horizon_ms == 0
    assert satisfied(small, claim_of(horizon_ms=2**34).circuit_inputs_unchecked())
