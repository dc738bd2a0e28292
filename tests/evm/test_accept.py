"""The contract's accept: what it credits, and each refusal by the code of the Python ledger, in its order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from zkmargin.algebra import BN254
from zkmargin.verifier.evm.encoding import request_tuple

from .chain import Refused
from .world import BENEFICIARY, CHAINS, EXPIRY, NOW, ORACLE_TIME, RISK_ROOT, ROOTS, START, UNIT, EvmWorld

R = BN254.r


def refused(world: EvmWorld, code: str, **changes: Any) -> None:
    with pytest.raises(Refused) as caught:
        world.accept(world.request(**changes))
    assert caught.value.reason == code
    assert world.functions.receipts().call() == 0


def test_credits_a_request(world: EvmWorld) -> None:
    assert world.accept(world.request(credit=100)) == 1
    assert world.margin() == 100
    margin, expiry, next_sequence, first, beneficiary = world.functions.account(1_000_001).call()
    assert (margin, expiry, next_sequence, first) == (100 * UNIT, EXPIRY, 2, 1)
    assert beneficiary == world.chain.accounts[BENEFICIARY]
    number, account, sequence, credit, at_ms = world.functions.receipt((1).to_bytes(32, "big")).call()
    assert (number, account, sequence, credit) == (1, 1_000_001, 1, 100 * UNIT)
    assert at_ms == world.chain.web3.eth.get_block("latest")["timestamp"] * 1000


def test_emits_all_of_it(world: EvmWorld) -> None:
    request = world.request(credit=100)
    receipt = world.chain.send(world.functions.accept(request_tuple(request)))
    (event,) = world.events("Accepted", receipt)
    assert event == {
        "number": 1,
        "account": 1_000_001,
        "settlement_id": request.context.settlement_id,
        "beneficiary": world.chain.accounts[BENEFICIARY],
        "nullifier": 2_001_001,
        "sequence": 1,
        "credit_e8": 100 * UNIT,
        "replaced_e8": 0,
        "expiry_ms": EXPIRY,
    }


def test_the_same_request_again_is_the_same_receipt(world: EvmWorld) -> None:
    first, second = world.request(1), world.request(2)
    assert [world.accept(r) for r in (first, second, first, second)] == [1, 2, 1, 2]
    world.chain.mine_at(EXPIRY + 60_000)
    world.chain.send(world.functions.trip("stop", 0))
    assert world.accept(first) == 1
    assert world.functions.receipts().call() == 2


def test_a_newer_credit_takes_the_place_of_the_older(world: EvmWorld) -> None:
    world.accept(world.request(1, credit=100))
    world.accept(world.request(2, account=1, sequence=2, credit=30))
    assert world.margin() == 30
    world.accept(world.request(3, account=1, sequence=2**64 - 1, credit=50))
    assert world.margin() == 50
    assert world.functions.account(1_000_001).call()[2:4] == (2**64, 1)
    with pytest.raises(Refused, match="stale-sequence"):
        world.accept(world.request(4, account=1, sequence=2**64 - 1))


def test_sequence_zero_is_a_sequence(world: EvmWorld) -> None:
    assert world.accept(world.request(sequence=0)) == 1
    with pytest.raises(Refused, match="stale-sequence"):
        world.accept(world.request(2, account=1, sequence=0))


def test_margin_ends_with_the_expiry(world: EvmWorld) -> None:
    world.accept(world.request())
    world.chain.mine_at(EXPIRY - 1000)
    assert world.margin() == 100
    world.chain.mine_at(EXPIRY)
    assert world.margin() == 0


@pytest.mark.parametrize("changed", ["target", "account", "nullifier", "risk_root", "terms", "context"])
def test_a_proof_of_another_input_is_refused(world: EvmWorld, changed: str) -> None:
    """What the contract computes itself cannot be mis-stated, so a wrong one shows in the proof."""
    honest = world.request()
    value = getattr(honest.named_inputs(), changed)
    forged = world.request(signals={changed: value + 1})
    arguments = list(request_tuple(honest))
    arguments[0] = request_tuple(forged)[0]
    with pytest.raises(Refused, match=r"^proof-rejected$"):
        world.accept_tuple(tuple(arguments))


@pytest.mark.parametrize(("index", "value"), [(11, b"\7" * 20), (12, b"\7" * 32), (9, EXPIRY - 1)])
def test_a_proof_moved_to_another_request_is_refused(world: EvmWorld, index: int, value: Any) -> None:
    arguments = list(request_tuple(world.request()))
    arguments[index] = value
    if index == 9:
        arguments[7] -= 1  # the horizon that goes with the expiry
    with pytest.raises(Refused, match=r"^proof-rejected$"):
        world.accept_tuple(tuple(arguments))


def test_an_unknown_root(world: EvmWorld) -> None:
    refused(world, "unknown-root", roots=(ROOTS[0] + 1,))
    refused(world, "unknown-root", roots=(0,))


def test_a_root_of_another_chain(world: EvmWorld) -> None:
    refused(world, "unknown-root", source_chain_ids=(CHAINS[1],))
    refused(world, "unknown-root", source_chain_ids=(2,))


def test_a_root_plus_r(world: EvmWorld) -> None:
    arguments = list(request_tuple(world.request()))
    arguments[2] = [ROOTS[0] + R]
    with pytest.raises(Refused, match=r"^unknown-root$"):
        world.accept_tuple(tuple(arguments))


@pytest.mark.parametrize("index", [4, 5])
def test_an_input_plus_r(world: EvmWorld, index: int) -> None:
    arguments = list(request_tuple(world.request()))
    arguments[index] += R
    with pytest.raises(Refused, match=r"^public-input-error$"):
        world.accept_tuple(tuple(arguments))


def test_a_horizon_that_would_run_into_the_sequence(world: EvmWorld) -> None:
    arguments = list(request_tuple(world.request()))
    arguments[7] = 2**40
    with pytest.raises(Refused, match=r"^statement-error$"):
        world.accept_tuple(tuple(arguments))


def test_a_stale_root(world: EvmWorld) -> None:
    world.chain.set_time(NOW - 1000 + 120_000 + 1000)
    refused(world, "stale-root")


def test_the_greatest_ages_are_allowed(world: EvmWorld) -> None:
    """The root's is 120 s, the risk table's 90 s."""
    world.attest(RISK_ROOT, START)
    fresh = {"oracle_time_ms": START, "expiry_ms": START + 200_000}
    assert world.accept(world.request(1, **fresh), START + 90_000) == 1
    world.attest(RISK_ROOT, START + 90_000)
    fresh = {"oracle_time_ms": START + 90_000, "expiry_ms": START + 200_000}
    assert world.accept(world.request(2, **fresh), NOW - 1000 + 120_000) == 2


def test_an_unattested_risk_table(world: EvmWorld) -> None:
    refused(world, "unattested-risk-table", risk_root=RISK_ROOT + 1)
    refused(world, "unattested-risk-table", oracle_time_ms=ORACLE_TIME - 1)
    refused(world, "unattested-risk-table", oracle_time_ms=ORACLE_TIME - 1, risk_root=0)


def test_a_stale_risk_table(world: EvmWorld) -> None:
    world.chain.set_time(NOW + 90_000)
    refused(world, "stale-risk-table")


def test_a_wrong_horizon(world: EvmWorld) -> None:
    refused(world, "wrong-horizon", horizon_ms=EXPIRY - ORACLE_TIME - 1)
    refused(world, "wrong-horizon", horizon_ms=EXPIRY - ORACLE_TIME + 1)
    refused(world, "wrong-horizon", expiry_ms=ORACLE_TIME + 600_001)


def test_the_slowest_route_bounds_the_horizon_from_below(world: EvmWorld) -> None:
    late = START - 500
    world.attest(RISK_ROOT, late)
    expiry = late + 1999
    refused(world, "wrong-horizon", expiry_ms=expiry, oracle_time_ms=late, horizon_ms=1999)
    world.chain.set_time(START + 1000)
    assert world.accept(world.request(expiry_ms=expiry, oracle_time_ms=late, horizon_ms=2000)) == 1


def test_a_credit_too_large(world: EvmWorld) -> None:
    refused(world, "credit-too-large", credit=5_000_001)
    assert world.accept(world.request(credit=5_000_000)) == 0  # that is the inflow cap's business


def test_a_fork_of_the_chain_is_another_target(world: EvmWorld) -> None:
    world.chain.request("anvil_setChainId", world.chain.chain_id + 1)
    try:
        with pytest.raises(Refused, match="wrong-target"):
            world.chain.call(world.functions.accept(request_tuple(world.request())))
    finally:
        world.chain.request("anvil_setChainId", world.chain.chain_id)


def test_the_code_stands_at_its_own_address_only(world: EvmWorld) -> None:
    with pytest.raises(Refused):
        world.chain.deploy(world.compiled)


def test_an_expired_request(world: EvmWorld) -> None:
    refused(world, "request-expired", expiry_ms=START)  # the time of its own block


def test_a_used_nullifier_settlement_or_sequence(world: EvmWorld) -> None:
    world.accept(world.request(1))
    cases = {
        "stale-sequence": world.request(2, account=1),
        "nullifier-used": world.request(2, nullifier=2_001_001),
        "settlement-id-used": world.request(2, settlement_id=(1).to_bytes(32, "big")),
    }
    for code, request in cases.items():
        with pytest.raises(Refused) as caught:
            world.accept(request)
        assert caught.value.reason == code


def test_another_proof_of_an_accepted_request_is_no_repetition(world: EvmWorld) -> None:
    request = world.request()
    world.accept(request)
    again = replace(request, proof=world.trapdoor.forge(request.public_inputs, a=99))
    with pytest.raises(Refused, match=r"^stale-sequence$"):
        world.accept(again)


def test_a_bad_proof_and_bad_points(world: EvmWorld) -> None:
    good, other = request_tuple(world.request(1)), request_tuple(world.request(2))
    rows = {
        "proof-rejected": [*other[0]],
        "point-error": [good[0][0] + 1, *good[0][1:]],
    }
    for code, words in rows.items():
        with pytest.raises(Refused) as caught:
            world.accept_tuple((words, *good[1:]))
        assert caught.value.reason == code
    for span in (range(2), range(2, 6), range(6, 8)):
        words = [0 if i in span else word for i, word in enumerate(good[0])]
        with pytest.raises(Refused, match=r"^point-error$"):
            world.accept_tuple((words, *good[1:]))


def test_the_checks_run_in_their_order(world: EvmWorld) -> None:
    """One request that fails every check, mended from the first on: each code shows in its turn."""
    world.accept(world.request(9, account=1, sequence=5, settlement_id=b"s" * 32, nullifier=77))
    broken: dict[str, Any] = {
        "roots": (1,),
        "risk_root": 1,
        "expiry_ms": NOW,
        "horizon_ms": 1,
        "sequence": 5,
        "nullifier": 77,
        "settlement_id": b"s" * 32,
    }
    mended = {
        "unknown-root": {"roots"},
        "unattested-risk-table": {"risk_root"},
        "wrong-horizon": {"horizon_ms"},
        "request-expired": {"expiry_ms"},
        "stale-sequence": {"sequence"},
        "nullifier-used": {"nullifier"},
        "settlement-id-used": {"settlement_id"},
    }
    arguments = dict(broken)
    for code, names in mended.items():
        with pytest.raises(Refused) as caught:
            world.accept(world.request(1, **{**arguments, **({"sequence": 6} if "sequence" not in arguments else {})}))
        assert caught.value.reason == code
        for name in names:
            del arguments[name]
    assert world.accept(world.request(1, sequence=6)) == 2
