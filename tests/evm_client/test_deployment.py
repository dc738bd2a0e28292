"""Deploying: the checks before and after, and the record that is left."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from zkmargin.algebra import EncodingError
from zkmargin.algebra.keccak import keccak256
from zkmargin.settlement.ledger_document import LedgerDocument
from zkmargin.verifier import CircuitMismatch, ConfigError, KeyRejected
from zkmargin.verifier.errors import DeploymentMismatch, NetworkMismatch, TransactionFailed
from zkmargin.verifier.evm.compile import Compiled
from zkmargin.verifier.evm.contracts import created_address
from zkmargin.verifier.evm.deployment import DeploymentRecord, Planned, deploy_ledger, key_digest, plan_ledger

from ..verifier.trapdoor import Trapdoor
from .conftest import CIRCUIT, CONFIG, OWNER_KEY, Target, document


def test_the_record_says_what_stands_there(first_target: Target) -> None:
    record, chain = first_target.record, first_target.chain
    mined = chain.web3.eth.get_transaction_receipt(record.transaction)  # type: ignore[arg-type]
    assert bytes.fromhex(str(mined["contractAddress"])[2:]) == record.address
    assert (record.block_number, record.network_id) == (mined["blockNumber"], 31337)
    assert record.target == first_target.config.target == first_target.contract.functions.target().call()
    assert (record.circuit_digest, record.key_digest) == (CIRCUIT, key_digest(first_target.trapdoor.key))
    assert LedgerDocument.from_json(json.dumps(record.config)).config == first_target.config
    assert record.key() == first_target.trapdoor.key


def test_the_record_travels_as_json_without_a_secret(first_target: Target) -> None:
    text = json.dumps(first_target.record.to_json())
    assert DeploymentRecord.from_json(text) == first_target.record
    assert OWNER_KEY[2:] not in text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("format", "zkmargin.deployment/2"),
        ("network_id", "1"),
        ("network_id", -1),
        ("address", "0x12"),
        ("address", "0x" + "AB" * 20),
        ("target", 5),
        ("code_hash", None),
        ("transaction", "0x"),
        ("block_number", 1 << 64),
        ("config", []),
        ("abi", {}),
        ("verification_key", "x"),
        ("more", 1),
    ],
)
def test_a_record_that_is_none(first_target: Target, name: str, value: Any) -> None:
    with pytest.raises(EncodingError):
        DeploymentRecord.from_json(json.dumps({**first_target.record.to_json(), name: value}))


def test_another_key_in_the_record_is_noticed(first_target: Target) -> None:
    other = Trapdoor(first_target.trapdoor.engine, 7, seed=5, circuit_digest=CIRCUIT).key
    with pytest.raises(EncodingError, match="key_digest"):
        replace(first_target.record, verification_key=other.to_json()).key()


def test_another_network_is_refused(fresh: Target) -> None:
    with pytest.raises(NetworkMismatch):
        plan_ledger(fresh.sender, replace(CONFIG, target_chain_id=1), fresh.trapdoor.key)


def test_a_name_that_is_another_address_is_refused(fresh: Target) -> None:
    with pytest.raises(ConfigError, match="next contract"):
        plan_ledger(fresh.sender, fresh.config, fresh.trapdoor.key)


def test_keys_that_must_not_be_deployed(fresh: Target) -> None:
    key = fresh.trapdoor.key
    for bad, error in (
        (replace(key, circuit_digest=bytes(32)), CircuitMismatch),
        (replace(key, development=True), KeyRejected),
        (replace(key, delta2=key.gamma2), KeyRejected),
    ):
        with pytest.raises(error):
            plan_ledger(fresh.sender, CONFIG, bad, engine=fresh.trapdoor.engine)


@pytest.fixture
def plan(fresh: Target) -> Planned:
    """The owner's next contract: in place of a ledger's one that is a single byte."""
    nonce = fresh.sender.nonce()
    compiled = Compiled("", [], bytes.fromhex("600060005360016000f3"), bytes(1), {})
    return Planned(fresh.config, compiled, created_address(fresh.sender.account.address, nonce), nonce)


def test_nothing_is_sent_to_an_address_that_has_code(fresh: Target, plan: Planned) -> None:
    fresh.chain.request("anvil_setCode", fresh.node.checksummed(plan.address), "0x00")
    with pytest.raises(DeploymentMismatch, match="has code already"):
        deploy_ledger(fresh.sender, plan, fresh.trapdoor.key, document)
    assert fresh.sender.nonce() == plan.nonce


def test_code_that_differs_from_what_was_compiled_is_noticed(fresh: Target, plan: Planned) -> None:
    wrong = replace(plan, compiled=replace(plan.compiled, runtime=bytes(2)))
    with pytest.raises(DeploymentMismatch, match="do not use it"):
        deploy_ledger(fresh.sender, wrong, fresh.trapdoor.key, document)


def test_an_address_that_was_not_meant_is_noticed(fresh: Target, plan: Planned) -> None:
    """Another transaction of the account came first."""
    fresh.sender.send(bytes(20), b"")
    with pytest.raises((DeploymentMismatch, TransactionFailed)):
        deploy_ledger(fresh.sender, plan, fresh.trapdoor.key, document)
    with pytest.raises(DeploymentMismatch, match="should be"):
        deploy_ledger(fresh.sender, replace(plan, nonce=plan.nonce + 1), fresh.trapdoor.key, document)


def test_the_very_contract_is_recorded(fresh: Target, plan: Planned) -> None:
    record = deploy_ledger(fresh.sender, plan, fresh.trapdoor.key, document)
    assert (record.address, record.code_hash) == (plan.address, keccak256(bytes(1)))


def test_a_deployment_that_was_not_waited_for_is_gone_on_with(fresh: Target, plan: Planned) -> None:
    sent = fresh.sender.send(None, plan.compiled.initcode).transaction
    record = deploy_ledger(fresh.sender, plan, fresh.trapdoor.key, document, sent=sent)
    assert (record.transaction, record.address) == (sent, plan.address)
    assert fresh.sender.sent(sent)["nonce"] == plan.nonce
    other = fresh.sender.send(bytes(20), b"").transaction
    with pytest.raises(DeploymentMismatch, match="should be"):
        deploy_ledger(fresh.sender, plan, fresh.trapdoor.key, document, sent=other)
    stranger = fresh.chain.web3.eth.send_transaction({"from": fresh.chain.accounts[1], "to": fresh.chain.accounts[2]})
    for transaction, reason in (("0x" + stranger.hex(), "another account"), ("0x" + "12" * 32, "does not have it")):
        with pytest.raises(TransactionFailed, match=reason):
            deploy_ledger(fresh.sender, plan, fresh.trapdoor.key, document, sent=transaction)


def test_the_plan_of_a_deployment_sent_before_has_its_nonce(first_target: Target) -> None:
    """Compiled for the same address, it is the same code."""
    record = first_target.record
    planned = plan_ledger(
        first_target.sender,
        CONFIG,
        first_target.trapdoor.key,
        engine=first_target.trapdoor.engine,
        sent=record.transaction,
    )
    assert (planned.address, keccak256(planned.compiled.runtime)) == (record.address, record.code_hash)
