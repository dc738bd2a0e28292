"""The client against a deployed contract: what it credits, refuses before paying, and says about where it stands."""

from __future__ import annotations

from dataclasses import replace

import pytest

from zkmargin.verifier import (
    AttestationRejected,
    BreakerOpen,
    ContextMismatch,
    InflowCapExceeded,
    ProofRejected,
    Rejected,
    RootRejected,
    StaleSequence,
    UnknownRoot,
    UnknownSettlement,
    WrongHorizon,
    WrongTarget,
)
from zkmargin.verifier.errors import DeploymentMismatch, NetworkMismatch
from zkmargin.verifier.evm.ledger_client import EvmLedger
from zkmargin.verifier.evm.transactions import Sender

from .conftest import (
    CHAIN,
    MARKET,
    NOW,
    ORACLES,
    RELAYS,
    RISK_ROOT,
    ROOT,
    UNIT,
    Target,
    risk_attestation,
    root_attestation,
)


def spent(target: Target) -> int:
    return target.sender.nonce()


def test_a_request_is_credited_once(target: Target) -> None:
    ledger, request = target.ledger(), target.request()
    first = ledger.accept(target.sender, request)
    assert (first.number, first.account, first.sequence, first.credit_e8) == (1, 101, 1, 100 * UNIT)
    assert first.mined is not None
    assert first.mined.gas_used > 200_000
    assert ledger.margin_of(101) == 100 * UNIT
    before = spent(target)
    again = ledger.accept(target.sender, request)
    assert replace(again, mined=first.mined) == first
    assert spent(target) == before, "what was accepted is not paid for again"
    assert ledger.credited(request.context.settlement_id) == again
    assert ledger.credited(bytes(32)) is None


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"target": 5}, WrongTarget),
        ({"context": 5}, ContextMismatch),
        ({"terms": 5}, WrongHorizon),
        ({"root": ROOT + 1}, UnknownRoot),
    ],
)
def test_what_would_be_refused_costs_nothing(target: Target, changes: dict[str, int], refused: type[Rejected]) -> None:
    before = spent(target)
    with pytest.raises(refused):
        target.ledger().accept(target.sender, target.request(**changes))
    assert spent(target) == before


def test_a_false_proof_is_found_here_and_not_there(target: Target) -> None:
    request = target.request()
    forged = replace(request, proof=target.trapdoor.forge([1, *request.public_inputs[1:]]))
    calls = target.ledger()
    calls._call = None  # type: ignore[assignment,method-assign]  # any question to the node would fail
    with pytest.raises(ProofRejected):
        calls.check(forged)


def test_a_refusal_that_shows_only_on_the_chain(target: Target) -> None:
    ledger = target.ledger()
    ledger.accept(target.sender, target.request(1))
    with pytest.raises(StaleSequence):
        ledger.accept(target.sender, target.request(2, account=101))


def test_a_cap_is_seen_before_it_trips_a_breaker(target: Target) -> None:
    before = spent(target)
    with pytest.raises(InflowCapExceeded):
        target.ledger().accept(target.sender, target.request(credit=1_001))
    assert spent(target) == before
    assert target.ledger().status().scopes[0].breaker == "closed"


def test_a_cap_that_is_met_on_the_way_is_told_by_the_event(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = target.ledger()
    monkeypatch.setattr(EvmLedger, "check", lambda self, request, sender=None: None)
    with pytest.raises(InflowCapExceeded):
        ledger.accept(target.sender, target.request(credit=1_001))
    assert ledger.status().scopes[0].breaker == "open"
    with pytest.raises(BreakerOpen):
        ledger.accept(target.sender, target.request(2))


def test_a_revert_on_the_chain_is_typed_too(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EvmLedger, "check", lambda self, request, sender=None: None)
    monkeypatch.setattr(Sender, "_gas", lambda self, call: 2_000_000)
    with pytest.raises(UnknownRoot):
        target.ledger().accept(target.sender, target.request(root=ROOT + 1))


def test_attestations_are_sent_in_order_and_once(fresh: Target) -> None:
    ledger, risk = fresh.ledger(), risk_attestation()
    root = root_attestation(fresh.config.target, 7, ROOT)
    for attestation in (risk, root):
        backwards = replace(attestation, signatures=attestation.in_order()[::-1])
        assert ledger.attest(fresh.sender, backwards) is not None
        assert ledger.attest(fresh.sender, attestation) is None
    assert ledger.check(fresh.request()) is None


def test_attestations_without_a_quorum_are_not_sent(fresh: Target) -> None:
    ledger, before = fresh.ledger(), spent(fresh)
    alone = fresh.ledger()
    alone._call = None  # type: ignore[assignment,method-assign]  # any question to the node would fail
    risk, root = risk_attestation(), root_attestation(fresh.config.target, 7, ROOT)
    for bad in (
        replace(risk, signatures=risk.signatures[:1]),
        replace(risk, market=MARKET + "x").signed(ORACLES),
        replace(root, signatures=root.signatures[:1]),
        replace(root, target=5).signed(RELAYS),
        replace(root, signatures=risk.signatures),
    ):
        with pytest.raises(AttestationRejected):
            alone.attest(fresh.sender, bad)
    with pytest.raises(RootRejected):
        ledger.attest(fresh.sender, root_attestation(fresh.config.target, 8, ROOT + 1, NOW + 10**9))
    assert spent(fresh) == before


def test_release_and_repay(target: Target) -> None:
    ledger, request = target.ledger(), target.request()
    ledger.accept(target.sender, request)
    ledger.repay(target.sender, request.context.settlement_id, 30 * UNIT)
    assert ledger.margin_of(101) == 30 * UNIT
    ledger.release(target.sender, request.context.settlement_id)
    assert ledger.margin_of(101) == 0
    ledger.release_account(target.sender, 102, 9)
    with pytest.raises(StaleSequence):
        ledger.accept(target.sender, target.request(2))
    for call in (lambda: ledger.release(target.sender, bytes(32)), lambda: ledger.repay(target.sender, bytes(32), 1)):
        with pytest.raises(UnknownSettlement):
            call()


def test_status(target: Target) -> None:
    ledger = target.ledger()
    ledger.accept(target.sender, target.request())
    status = ledger.status()
    assert status.code_matches
    assert status.owner == target.sender.account.address
    assert status.pending_owner == bytes(20)
    assert (status.paused, status.receipts, status.newest_risk_time_ms) == (False, 1, NOW)
    whole, first, other = status.scopes
    assert (whole.source, whole.breaker, whole.level_e8) == (None, "closed", 100 * UNIT)
    assert (first.source, first.epoch, first.root, first.observed_at_ms) == (CHAIN, 7, ROOT, NOW)
    assert (other.source, other.epoch, other.root, other.observed_at_ms) == (10, None, None, None)


def test_a_paused_contract(target: Target) -> None:
    target.chain.send(target.contract.functions.pause())
    assert target.ledger().status().paused
    with pytest.raises(BreakerOpen, match="paused"):
        target.ledger().accept(target.sender, target.request())


def test_code_that_is_not_what_was_deployed_is_noticed(target: Target) -> None:
    target.ledger().require_code()
    address = target.contract.address
    target.chain.request("anvil_setCode", address, "0x00")
    with pytest.raises(DeploymentMismatch, match="code"):
        target.ledger().require_code()


def test_records_and_nodes_that_do_not_belong_together(target: Target) -> None:
    with pytest.raises(NetworkMismatch, match="31337, not on 1"):
        EvmLedger(target.node, replace(target.record, network_id=1), target.config)
    with pytest.raises(DeploymentMismatch, match="record"):
        EvmLedger(target.node, replace(target.record, target=5), target.config)
    with pytest.raises(DeploymentMismatch, match="record"):
        EvmLedger(target.node, replace(target.record, address=bytes(20)), target.config)


def test_the_risk_root_asked_for_is_the_one_at_its_time(target: Target) -> None:
    assert target.contract.functions.risk_root_at(NOW).call() == RISK_ROOT
