"""Releasing and repaying on a chain: by whom, what it leaves, and that nothing stops it."""

from __future__ import annotations

from typing import Any

import pytest

from zkmargin.algebra import BN254

from .chain import Refused
from .world import BENEFICIARY, EXPIRY, UNIT, EvmWorld

ACCOUNT = 1_000_001
NOT_OWNER = "ownable: caller is not the owner"


def settlement(number: int = 1) -> bytes:
    return number.to_bytes(32, "big")


def holder(world: EvmWorld) -> str:
    return world.chain.accounts[BENEFICIARY]


@pytest.mark.parametrize("sender", [0, BENEFICIARY])
def test_the_owner_and_the_beneficiary_release(world: EvmWorld, sender: int) -> None:
    world.accept(world.request())
    by = world.chain.accounts[sender]
    call = world.functions.release(settlement())
    assert world.chain.call(call, by) == 0
    receipt = world.chain.send(call, by)
    (event,) = world.events("Released", receipt)
    assert event == {"account": ACCOUNT, "through_sequence": 1, "margin_e8": 0}
    assert world.margin() == 0
    assert not world.chain.send(call, by)["logs"]  # again changes nothing
    with pytest.raises(Refused, match="stale-sequence"):
        world.accept(world.request(2, account=1))
    assert world.accept(world.request(3, account=1, sequence=2)) == 2


@pytest.mark.parametrize("name", ["release", "release_account", "repay"])
def test_nobody_else_does(world: EvmWorld, name: str) -> None:
    world.accept(world.request())
    arguments: dict[str, Any] = {
        "release": [settlement()],
        "release_account": [ACCOUNT, 5],
        "repay": [settlement(), 0],
    }
    call = world.functions[name](*arguments[name])
    with pytest.raises(Refused) as caught:
        world.chain.send(call, world.chain.accounts[1])
    assert caught.value.reason == NOT_OWNER
    assert world.margin() == 100


def test_the_zero_address_holds_no_unknown_account(world: EvmWorld) -> None:
    zero = "0x" + "00" * 20
    with pytest.raises(Refused) as caught:
        world.chain.call(world.functions.release_account(42, 5), zero)
    assert caught.value.reason == NOT_OWNER


def test_releasing_an_old_settlement_leaves_the_newest(world: EvmWorld) -> None:
    world.accept(world.request(1))
    world.accept(world.request(2, account=1, sequence=2, credit=30))
    world.chain.send(world.functions.release(settlement(1)))
    assert world.margin() == 30
    world.chain.send(world.functions.release(settlement(2)))
    assert world.margin() == 0


def test_release_account_bars_what_was_proven(world: EvmWorld) -> None:
    world.accept(world.request(1, sequence=3))
    world.chain.send(world.functions.release_account(ACCOUNT, 2))
    assert world.margin() == 100  # the credit's state is newer
    world.chain.send(world.functions.release_account(ACCOUNT, 9))
    assert world.margin() == 0
    with pytest.raises(Refused, match="stale-sequence"):
        world.accept(world.request(2, account=1, sequence=9))
    world.chain.send(world.functions.release_account(ACCOUNT, 2))  # cannot be taken back
    with pytest.raises(Refused, match="stale-sequence"):
        world.accept(world.request(3, account=1, sequence=8))
    assert world.accept(world.request(4, account=1, sequence=10)) == 2


def test_an_account_released_for_good(world: EvmWorld) -> None:
    world.chain.send(world.functions.release_account(ACCOUNT, 2**64 - 1))
    with pytest.raises(Refused, match="stale-sequence"):
        world.accept(world.request(1, sequence=2**64 - 1))


def test_an_account_released_before_its_first_credit(world: EvmWorld) -> None:
    world.chain.send(world.functions.release_account(ACCOUNT, 0))
    with pytest.raises(Refused, match="stale-sequence"):
        world.accept(world.request(1, sequence=0))
    assert world.accept(world.request(1, sequence=1)) == 1
    assert world.functions.receipt(settlement()).call()[1] == ACCOUNT


def test_repay_lowers_and_never_raises(world: EvmWorld) -> None:
    world.accept(world.request(credit=100))
    call = world.functions.repay(settlement(), 40 * UNIT)
    assert world.chain.call(call, holder(world)) == 40 * UNIT
    receipt = world.chain.send(call, holder(world))
    (event,) = world.events("Repaid", receipt)
    assert event["margin_e8"] == 40 * UNIT
    assert not world.chain.send(call)["logs"]
    world.chain.send(world.functions.repay(settlement(), 50 * UNIT))
    assert world.margin() == 40
    assert world.functions.account(ACCOUNT).call()[1:4] == (EXPIRY, 2, 1)
    world.chain.send(world.functions.repay(settlement(), 0))
    assert world.margin() == 0


def test_repaying_a_replaced_or_expired_credit_changes_nothing(world: EvmWorld) -> None:
    world.accept(world.request(1))
    world.accept(world.request(2, account=1, sequence=2, credit=30))
    world.chain.send(world.functions.repay(settlement(1), 0))
    assert world.margin() == 30
    world.chain.mine_at(EXPIRY)
    assert world.chain.call(world.functions.repay(settlement(2), 10)) == 0


def test_repaying_after_a_release_brings_nothing_back(world: EvmWorld) -> None:
    world.accept(world.request())
    world.chain.send(world.functions.release(settlement()))
    world.chain.send(world.functions.repay(settlement(), 10 * UNIT))
    assert world.margin() == 0


def test_unknown_settlements(world: EvmWorld) -> None:
    for call in (world.functions.release(settlement(9)), world.functions.repay(settlement(9), 0)):
        with pytest.raises(Refused, match="unknown-settlement"):
            world.chain.send(call)


def test_pause_and_breaker_stop_neither(world: EvmWorld) -> None:
    for number in (1, 2):
        world.accept(world.request(number))
    world.chain.send(world.functions.pause())
    world.chain.send(world.functions.trip("stop", 0))
    world.chain.send(world.functions.trip("stop", 1))
    assert world.functions.paused().call() is True
    with pytest.raises(Refused, match=r"^paused$"):
        world.accept(world.request(3))
    world.chain.send(world.functions.repay(settlement(1), 10 * UNIT), holder(world))
    world.chain.send(world.functions.release(settlement(2)), holder(world))
    assert (world.margin(1), world.margin(2)) == (10, 0)
    world.chain.send(world.functions.unpause())
    with pytest.raises(Refused, match="breaker-open"):
        world.accept(world.request(3))


def test_an_account_that_is_no_element_has_nothing_to_release(world: EvmWorld) -> None:
    with pytest.raises(Refused, match="statement-error"):
        world.chain.send(world.functions.release_account(BN254.r, 1))
