"""Roots and risk roots on a chain: by a quorum of known signers, once, in order, and taken back for good."""

from __future__ import annotations

from typing import Any

import pytest

from zkmargin.algebra import BN254
from zkmargin.verifier import RiskAttestation, SourceRootAttestation
from zkmargin.verifier.signatures import SECP256K1_ORDER

from .chain import Refused
from .world import CHAINS, KEYS, NOW, ORACLE_TIME, RISK_ROOT, ROOTS, START, EvmWorld

OPEN = 1
LATER = NOW + 1000
RETRACTED = START + 20_000


def refused(world: EvmWorld, code: str, call: Any, sender: str | None = None) -> None:
    with pytest.raises(Refused) as caught:
        world.chain.send(call, sender)
    assert caught.value.reason == code


def risk_signatures(world: EvmWorld, risk_root: int, at_ms: int, keys: tuple[bytes, ...]) -> list[bytes]:
    return list(RiskAttestation(world.config.market, risk_root, at_ms).signed(keys).in_order())


@pytest.mark.parametrize("keys", [KEYS[:2], KEYS[:3], KEYS[1:3]])
def test_a_quorum_of_oracles_counts(world: EvmWorld, keys: tuple[bytes, ...]) -> None:
    world.attest(5, LATER, keys)
    assert world.functions.risk_root_at(LATER).call() == 5
    assert world.functions.newest_risk_time_ms().call() == LATER
    world.attest(6, NOW - 900, keys)
    assert world.functions.newest_risk_time_ms().call() == LATER


def test_too_few_strange_repeated_or_unsorted_oracles_do_not(world: EvmWorld) -> None:
    good = risk_signatures(world, 5, LATER, KEYS[:2])
    rows = {
        "too few": good[:1],
        "none": [],
        "a stranger": risk_signatures(world, 5, LATER, (KEYS[0], KEYS[3])),
        "a stranger more": risk_signatures(world, 5, LATER, KEYS),
        "twice": [good[0], good[0]],
        "unsorted": good[::-1],
        "of another root": risk_signatures(world, 6, LATER, KEYS[:2]),
        "of another time": risk_signatures(world, 5, LATER - 1, KEYS[:2]),
        "of another market": list(RiskAttestation("other", 5, LATER).signed(KEYS[:2]).in_order()),
    }
    for signatures in rows.values():
        refused(world, "attestation-rejected", world.functions.attest_risk_root(5, LATER, signatures))
    assert world.functions.risk_root_at(LATER).call() == 0


def test_a_signature_has_one_form(world: EvmWorld) -> None:
    good = risk_signatures(world, 5, LATER, KEYS[:2])
    first = good[0]
    s, v = int.from_bytes(first[32:64], "big"), first[64]
    rows = {
        "high s": first[:32] + (SECP256K1_ORDER - s).to_bytes(32, "big") + bytes([55 - v]),
        "v of 0": first[:64] + bytes([v - 27]),
        "other v": first[:64] + bytes([55 - v]),
        "short": first[:64],
        "r of 0": bytes(32) + first[32:],
        "s of 0": first[:32] + bytes(32) + first[64:],
    }
    for signature in rows.values():
        refused(world, "attestation-rejected", world.functions.attest_risk_root(5, LATER, [signature, good[1]]))


def test_a_risk_root_of_zero_from_the_future_or_no_element(world: EvmWorld) -> None:
    refused(world, "attestation-rejected", world.functions.attest_risk_root(0, LATER, risk_signatures_zero(world)))
    refused(world, "attestation-rejected", world.attest_call(5, NOW + 3_600_000))
    signatures = risk_signatures(world, 5, LATER, KEYS[:2])
    refused(world, "statement-error", world.functions.attest_risk_root(BN254.r + 5, LATER, signatures))
    call = world.functions.attest_source_root(CHAINS[0], 8, BN254.r + 5, NOW, signatures)
    refused(world, "statement-error", call)


def risk_signatures_zero(world: EvmWorld) -> list[bytes]:
    return risk_signatures(world, 0, LATER, KEYS[:2])


def test_the_same_again_changes_nothing(world: EvmWorld) -> None:
    world.attest(RISK_ROOT, ORACLE_TIME, KEYS[1:3])
    world.observe(CHAINS[0], 7, ROOTS[0], NOW - 10)
    assert world.functions.root_observed_at_ms(CHAINS[0], ROOTS[0]).call() == NOW - 1000
    assert world.accept(world.request()) == 1


def test_oracles_that_disagree_open_the_breaker(world: EvmWorld) -> None:
    receipt = world.attest(RISK_ROOT + 1, ORACLE_TIME)
    (event,) = world.events("OraclesDisagree", receipt)
    assert (event["known"], event["other"]) == (RISK_ROOT, RISK_ROOT + 1)
    assert world.functions.breaker(0).call()[0] == OPEN
    assert world.functions.risk_root_at(ORACLE_TIME).call() == RISK_ROOT
    with pytest.raises(Refused, match="breaker-open"):
        world.accept(world.request())


def test_an_old_disagreement_stops_nothing(world: EvmWorld) -> None:
    world.chain.set_time(NOW + 91_000)
    refused(world, "attestation-rejected", world.attest_call(RISK_ROOT + 1, ORACLE_TIME))
    assert world.functions.breaker(0).call()[0] == 0


def test_a_quorum_of_root_signers_counts(world: EvmWorld) -> None:
    world.observe(CHAINS[0], 8, 99, NOW, keys=KEYS[1:4])
    assert world.functions.newest_root(CHAINS[0]).call() == [8, 99, NOW]
    assert world.accept(world.request(1, roots=(99,))) == 1
    assert world.accept(world.request(2)) == 2  # the older one counts still


def test_strangers_and_other_ledgers_roots_do_not(world: EvmWorld) -> None:
    refused(world, "attestation-rejected", world.observe_call(CHAINS[0], 8, 99, keys=KEYS[:2]))
    refused(world, "attestation-rejected", world.observe_call(CHAINS[0], 8, 99, keys=KEYS[1:2]))
    other = SourceRootAttestation(world.config.target + 1, CHAINS[0], 8, 99, NOW).signed(KEYS[1:3])
    call = world.functions.attest_source_root(CHAINS[0], 8, 99, NOW, list(other.in_order()))
    refused(world, "attestation-rejected", call)


@pytest.mark.parametrize(
    ("chain_id", "epoch", "root", "at_ms"),
    [
        (CHAINS[0], 7, 99, NOW),  # another root of an epoch
        (CHAINS[0], 8, ROOTS[0], NOW),  # the same root for another epoch
        (CHAINS[0], 6, 99, NOW),  # an older epoch
        (CHAINS[0], 8, 0, NOW),
        (2, 8, 99, NOW),  # no route
        (CHAINS[0], 8, 99, NOW + 3_600_000),  # from the future
    ],
)
def test_roots_that_cannot_be(world: EvmWorld, chain_id: int, epoch: int, root: int, at_ms: int) -> None:
    refused(world, "root-rejected", world.observe_call(chain_id, epoch, root, at_ms))


def test_the_root_of_another_chain_may_be_equal(world: EvmWorld) -> None:
    world.observe(CHAINS[1], 8, ROOTS[0])
    assert world.functions.root_observed_at_ms(CHAINS[1], ROOTS[0]).call() == NOW - 1000


def test_a_retracted_root_counts_no_more_and_older_ones_do(world: EvmWorld) -> None:
    for epoch, root in ((8, 98), (10, 99), (11, 100)):
        world.observe(CHAINS[0], epoch, root, NOW)
    receipt = world.chain.send(world.functions.retract_root(CHAINS[0], 9, "reorganised"))
    retracted = world.events("RootRetracted", receipt)
    assert [event["epoch"] for event in retracted] == [11, 10]
    assert world.functions.newest_root(CHAINS[0]).call() == [8, 98, NOW]
    assert world.functions.breaker(CHAINS[0]).call()[0] == OPEN
    world.chain.send(world.functions.reset("looked at it", CHAINS[0]))
    for root in (99, 100):
        with pytest.raises(Refused, match="unknown-root"):
            world.accept(world.request(1, roots=(root,)))
    assert world.accept(world.request(1, roots=(98,))) == 1
    assert world.accept(world.request(2)) == 2


def test_what_was_signed_before_a_retraction_does_not_come_back(world: EvmWorld) -> None:
    world.observe(CHAINS[0], 8, 98, NOW)
    world.chain.set_time(RETRACTED)
    world.chain.send(world.functions.retract_root(CHAINS[0], 8, "reorganised"))
    for epoch, root in ((8, 98), (9, 99)):
        refused(world, "attestation-rejected", world.observe_call(CHAINS[0], epoch, root, RETRACTED))
    world.chain.set_time(RETRACTED + 3000)
    world.observe(CHAINS[0], 8, 97, RETRACTED + 1)
    refused(
        world, "attestation-rejected", world.observe_call(CHAINS[0], 9, 99, RETRACTED)
    )  # a newer one changes nothing
    world.observe(CHAINS[0], 9, 98, RETRACTED + 1)
    assert world.functions.newest_root(CHAINS[0]).call() == [9, 98, RETRACTED + 1]


def test_all_roots_may_be_retracted(world: EvmWorld) -> None:
    world.chain.set_time(RETRACTED)
    world.chain.send(world.functions.retract_root(CHAINS[0], 0, "all"))
    assert world.functions.newest_root(CHAINS[0]).call() == [0, 0, 0]
    world.chain.send(world.functions.retract_root(CHAINS[0], 0, "again"))
    world.chain.set_time(RETRACTED + 3000)
    world.observe(CHAINS[0], 1, 97, RETRACTED + 1)
    assert world.functions.newest_root(CHAINS[0]).call() == [1, 97, RETRACTED + 1]


def test_retracting_nothing_opens_nothing(world: EvmWorld) -> None:
    world.chain.send(world.functions.retract_root(CHAINS[0], 8, "there is none"))
    assert world.functions.breaker(CHAINS[0]).call()[0] == 0


def test_only_the_owner_retracts(world: EvmWorld) -> None:
    call = world.functions.retract_root(CHAINS[0], 7, "mine")
    refused(world, "ownable: caller is not the owner", call, world.chain.accounts[1])
    refused(world, "statement-error", world.functions.retract_root(CHAINS[0], 7, ""))
