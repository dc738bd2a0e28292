"""Sending and waiting: fees, nonces, confirmations, and what becomes of a transaction that is not mined as meant."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from zkmargin.verifier.errors import (
    AccountRefused,
    FeeTooHigh,
    SourceMalformed,
    SourceUnavailable,
    TransactionFailed,
    TransactionPending,
)
from zkmargin.verifier.evm import transactions
from zkmargin.verifier.evm.account import EvmAccount
from zkmargin.verifier.evm.node import EvmNode
from zkmargin.verifier.evm.transactions import Sender

from .between import Between
from .conftest import OWNER_KEY, QUICK, Target

TO = bytes([0x77]) * 20
Meanwhile = Callable[[Callable[[], object]], None]


def sender(target: Target, key: str = OWNER_KEY, **policy: Any) -> Sender:
    return Sender(target.node, EvmAccount.from_hex(key), replace(QUICK, **policy))


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Something that happens at each of the sender's pauses."""

    def happens(action: Callable[[], object]) -> None:
        monkeypatch.setattr(transactions.time, "sleep", lambda seconds: action())

    return happens


@pytest.fixture
def waiting(target: Target) -> Iterator[None]:
    """Nothing is mined unasked; what waits at the end is dropped."""
    target.chain.request("evm_setAutomine", False)
    yield
    target.chain.request("anvil_dropAllTransactions")
    target.chain.request("evm_setAutomine", True)


def test_a_transaction_is_mined(target: Target) -> None:
    announced = list[str]()
    one = Sender(target.node, EvmAccount.from_hex(OWNER_KEY), QUICK, announced.append)
    before = one.nonce()
    mined = one.send(TO, b"")
    assert announced == [mined.transaction]
    assert one.nonce() == before + 1
    sent = target.chain.web3.eth.get_transaction(mined.transaction)  # type: ignore[arg-type]
    assert (sent["type"], sent["chainId"], mined.gas_used) == (2, 31337, 21_000)
    assert sent["maxFeePerGas"] > sent["maxPriorityFeePerGas"]


def test_it_waits_for_confirmations(target: Target, meanwhile: Meanwhile) -> None:
    blocks = list[object]()
    meanwhile(lambda: blocks.append(target.chain.request("evm_mine")))
    mined = sender(target, confirmations=4).send(TO, b"")
    assert len(blocks) == 3
    assert target.chain.web3.eth.block_number == mined.block_number + 3


def test_a_block_that_goes_takes_its_confirmations_with_it(target: Target, meanwhile: Meanwhile) -> None:
    snapshot = target.chain.snapshot()
    steps = iter([lambda: target.chain.revert(snapshot)])
    meanwhile(lambda: next(steps, lambda: target.chain.request("evm_mine"))())
    with pytest.raises(TransactionPending, match="was not mined") as caught:
        sender(target, confirmations=3, timeout_s=0.3).send(TO, b"")
    assert caught.value.transaction.startswith("0x")


def test_one_that_is_not_deep_enough_in_time_is_pending(target: Target) -> None:
    with pytest.raises(TransactionPending, match="not deep enough"):
        sender(target, confirmations=9, timeout_s=0.05).send(TO, b"")


@pytest.mark.usefixtures("waiting")
def test_another_transaction_may_take_the_nonce(target: Target, meanwhile: Meanwhile) -> None:
    first = sender(target)
    nonce = first.nonce()

    def replace_it() -> None:
        fee = target.chain.web3.to_wei(50, "gwei")
        target.chain.web3.eth.send_transaction(
            {
                "from": target.chain.accounts[0],
                "to": target.chain.accounts[1],
                "nonce": nonce,  # type: ignore[typeddict-item]
                "maxFeePerGas": fee,
                "maxPriorityFeePerGas": fee,
            }
        )
        target.chain.request("evm_mine")

    meanwhile(replace_it)
    with pytest.raises(TransactionFailed, match="took its nonce"):
        first.send(TO, b"")


def test_a_fee_that_was_not_allowed_is_not_paid(target: Target) -> None:
    before = sender(target).nonce()
    with pytest.raises(FeeTooHigh) as caught:
        sender(target, max_fee_wei=1).send(TO, b"")
    assert caught.value.found > 1
    assert sender(target).nonce() == before
    allowed = caught.value.found + 5
    mined = sender(target, max_fee_wei=allowed).send(TO, b"")
    sent = target.chain.web3.eth.get_transaction(mined.transaction)  # type: ignore[arg-type]
    assert sent["maxFeePerGas"] <= allowed


def test_who_has_nothing_cannot_send(target: Target) -> None:
    with pytest.raises((AccountRefused, SourceUnavailable)):
        sender(target, "0x" + "07" * 32).send(TO, b"")


@pytest.mark.usefixtures("waiting")
def test_the_same_transaction_again_is_no_error(target: Target) -> None:
    one = sender(target)
    call = {"to": target.node.checksummed(TO), "nonce": one.nonce(), "chainId": 31337, "gas": 21_000, "value": 0}
    raw = one.account.sign({**call, **one._fees()})
    one._submit(raw, "0x")
    one._submit(raw, "0x")


@pytest.fixture
def between(target: Target) -> Iterator[Between]:
    """A server that passes everything on to the node, but for the methods it is told to answer in its own way."""
    server = Between(target.url)
    yield server
    server.close()


def test_a_node_that_breaks_off_leaves_nobody_in_doubt_of_what_was_sent(target: Target, between: Between) -> None:
    announced = list[str]()
    one = Sender(between.node(), EvmAccount.from_hex(OWNER_KEY), QUICK, announced.append)
    between.instead["eth_sendRawTransaction"] = lambda answer: None
    with pytest.raises(TransactionPending, match="may have taken it") as caught:
        one.send(TO, b"")
    assert announced == [caught.value.transaction]
    assert sender(target).wait(caught.value.transaction).gas_used == 21_000


def test_a_node_that_is_away_for_a_while_is_waited_for(between: Between) -> None:
    tries = iter((None, None))
    between.instead["eth_getTransactionReceipt"] = lambda answer: next(tries, answer)
    assert Sender(between.node(), EvmAccount.from_hex(OWNER_KEY), QUICK).send(TO, b"").gas_used == 21_000
    between.instead["eth_getTransactionReceipt"] = lambda answer: None
    with pytest.raises(TransactionPending, match="was not mined"):
        Sender(between.node(), EvmAccount.from_hex(OWNER_KEY), replace(QUICK, timeout_s=0.2)).send(TO, b"")


def test_a_node_that_names_another_network_later_gets_nothing_signed_for_it(target: Target, between: Between) -> None:
    node = between.node()
    between.instead["eth_chainId"] = lambda answer: {**answer, "result": "0x1"}
    mined = Sender(node, EvmAccount.from_hex(OWNER_KEY), QUICK).send(TO, b"")
    assert target.chain.web3.eth.get_transaction(mined.transaction)["chainId"] == 31337  # type: ignore[arg-type]
    with pytest.raises(TransactionFailed, match="for which network"):
        Sender(EvmNode(target.url), EvmAccount.from_hex(OWNER_KEY), QUICK).send(TO, b"")


LIES = {
    "eth_estimateGas": [{"a": 1}, "0x" + "f" * 64],
    "eth_getTransactionCount": [True, -1, []],
    "eth_maxPriorityFeePerGas": [-1, "0x" + "f" * 64],
    "eth_getBlockByNumber": [{"baseFeePerGas": -1}, {"baseFeePerGas": "0x" + "f" * 64}],
}


@pytest.mark.parametrize(("method", "lie"), [(method, lie) for method, lies in LIES.items() for lie in lies])
def test_a_node_that_answers_nonsense_gets_no_transaction(between: Between, method: str, lie: Any) -> None:
    sent = list[str]()
    one = Sender(between.node(), EvmAccount.from_hex(OWNER_KEY), QUICK, sent.append)
    between.instead[method] = lambda answer: {**answer, "result": lie}
    with pytest.raises(SourceMalformed):
        one.send(TO, b"")
    assert sent == []


@pytest.mark.parametrize("member", ["blockNumber", "blockHash", "status", "gasUsed"])
def test_half_a_receipt_is_none(between: Between, member: str) -> None:
    one = Sender(between.node(), EvmAccount.from_hex(OWNER_KEY), replace(QUICK, timeout_s=0.2))
    between.instead["eth_getTransactionReceipt"] = lambda answer: {
        **answer,
        "result": answer["result"] and {name: value for name, value in answer["result"].items() if name != member},
    }
    with pytest.raises(TransactionPending):
        one.send(TO, b"")
    between.instead["eth_blockNumber"] = lambda answer: {**answer, "result": []}
    with pytest.raises(TransactionPending):
        one.send(TO, b"")


def test_a_node_that_is_away() -> None:
    node = EvmNode("http://127.0.0.1:1/sesame")
    node.network_id = 31337
    away = Sender(node, EvmAccount.from_hex(OWNER_KEY), QUICK)
    with pytest.raises(SourceUnavailable) as caught:
        away.send(TO, b"")
    assert "sesame" not in str(caught.value)
