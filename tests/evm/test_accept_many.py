"""accept_many on a chain: the same decisions in the same order as accept, one by one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from web3.exceptions import Web3Exception

from zkmargin.verifier import SettlementRequest
from zkmargin.verifier.evm.encoding import request_tuple

from .chain import Refused
from .world import ROOTS, START, EvmWorld


def many(world: EvmWorld, requests: list[SettlementRequest]) -> tuple[list[int], list[str]]:
    """The numbers returned, and the codes of the refusals in order."""
    call = world.functions.accept_many([request_tuple(request) for request in requests])
    world.chain.mine_at(START)
    numbers = list(world.chain.call(call))
    receipt = world.chain.send(call)
    refused = world.events("Refused", receipt)
    return numbers, [event["code"] for event in refused]


def one_by_one(world: EvmWorld, requests: list[SettlementRequest]) -> tuple[list[int], list[str]]:
    numbers, codes = [], []
    for request in requests:
        try:
            numbers.append(world.accept(request))
            if not numbers[-1]:
                codes.append("inflow-cap-exceeded")
        except Refused as refused:
            numbers.append(0)
            codes.append(refused.reason)
    return numbers, codes


def batches(world: EvmWorld) -> dict[str, list[SettlementRequest]]:
    good = [world.request(number) for number in range(1, 5)]
    bad_proof = replace(world.request(5), proof=good[0].proof)
    unknown = world.request(5, roots=(ROOTS[0] + 1,))
    return {
        "all good": good,
        "the same twice": [good[0], good[1], good[0]],
        "an account's next": [good[0], world.request(6, account=1, sequence=2)],
        "an account's state twice": [good[0], world.request(7, account=1)],
        "a bad proof among good ones": [good[0], bad_proof, good[1]],
        "a bad proof of an unknown root": [
            good[0],
            replace(unknown, proof=good[0].proof),
        ],
        "over the cap, and after it": [good[0], world.request(8, credit=2_000_000), good[1]],
        "a settlement id twice": [good[0], world.request(9, settlement_id=good[0].context.settlement_id)],
        "none": [],
    }


@pytest.mark.parametrize(
    "name",
    [
        "all good",
        "the same twice",
        "an account's next",
        "an account's state twice",
        "a bad proof among good ones",
        "a bad proof of an unknown root",
        "over the cap, and after it",
        "a settlement id twice",
        "none",
    ],
)
def test_the_same_decisions_as_one_by_one(world: EvmWorld, name: str) -> None:
    requests = batches(world)[name]
    snapshot = world.chain.snapshot()
    expected = one_by_one(world, requests)
    after = _state(world)
    world.chain.revert(snapshot)
    assert many(world, requests) == expected
    assert _state(world) == after


def test_a_point_that_is_none_refuses_its_own_request_alone(world: EvmWorld) -> None:
    good = [request_tuple(world.request(number)) for number in (1, 2)]
    words = list(good[0][0])
    words[6] += 1
    call = world.functions.accept_many([(words, *good[0][1:]), good[1]])
    assert list(world.chain.call(call)) == [0, 1]
    refused = world.events("Refused", world.chain.send(call))
    assert [event["code"] for event in refused] == ["point-error"]


def test_a_paused_ledger_refuses_each(world: EvmWorld) -> None:
    world.chain.send(world.functions.pause())
    assert many(world, [world.request(1), world.request(2)]) == ([0, 0], ["paused", "paused"])


def test_thirty_two_at_once_and_no_more(world: EvmWorld) -> None:
    requests = [world.request(number) for number in range(1, 34)]
    with pytest.raises(Refused):
        many(world, requests)
    assert many(world, requests[:32]) == (list(range(1, 33)), [])


def test_too_little_gas_refuses_nobody(world: EvmWorld) -> None:
    """Whoever sends a batch with less gas than it needs has it reverted: no good proof is called bad."""
    call = world.functions.accept_many([request_tuple(world.request(number)) for number in (1, 2)])
    answers = set()
    for gas in range(200_000, 900_000, 10_000):
        try:
            answers.add(tuple(call.call({"gas": gas})))
        except (Web3Exception, ValueError):
            answers.add(())
    assert answers == {(), (1, 2)}


def _state(world: EvmWorld) -> Any:
    accounts = [world.functions.account(1_000_000 + number).call() for number in range(1, 10)]
    return accounts, world.functions.receipts().call(), world.functions.breaker(0).call()[0]
