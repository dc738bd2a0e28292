"""The contract's breaker: caps, trials, its owner; and its rules held against those of the Python ledger."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkmargin.algebra import Engine
from zkmargin.verifier import BreakerLimits
from zkmargin.verifier.evm.compile import compile_contract
from zkmargin.verifier.evm.encoding import request_tuple
from zkmargin.verifier.ledger.breaker import Meter

from .anvil import running_anvil
from .chain import Chain, Refused
from .world import CHAINS, LATENCIES, NOW, ROOTS, START, UNIT, EvmWorld

CLOSED, OPEN, HALF_OPEN = range(3)
LIMITS = BreakerLimits(
    inflow_cap_e8=1000 * UNIT,
    inflow_window_ms=60_000,
    source_caps_e8={CHAINS[0]: 800 * UNIT, CHAINS[1]: 300 * UNIT},
    account_cap_e8=600 * UNIT,
    trial_cap_e8=100 * UNIT,
    trial_accepts=2,
    half_open_after_ms=20_000,
)


@pytest.fixture(scope="module")
def capped_world(best_engine: Engine) -> Iterator[EvmWorld]:
    """A ledger over three venues with every cap, on a node of its own, whose time begins anew."""
    ages = {"max_risk_age_ms": 300_000, "max_root_age_ms": 300_000}
    with running_anvil() as url:
        world = EvmWorld(Chain(url), best_engine, venues=3, limits=LIMITS, routes=LATENCIES, **ages)
        world.prepare()
        yield world


@pytest.fixture
def capped(capped_world: EvmWorld) -> Iterator[EvmWorld]:
    snapshot = capped_world.chain.snapshot()
    capped_world.chain.set_time(START)
    yield capped_world
    capped_world.chain.revert(snapshot)


def request(world: EvmWorld, number: int, credit: int, **changes: Any) -> Any:
    return world.request(number, credit=credit, expiry_ms=NOW + 200_000, **changes)


def state(world: EvmWorld, scope: int) -> tuple[int, bool]:
    position, by_operator, *_ = world.functions.breaker(scope).call()
    return position, by_operator


def level(world: EvmWorld, scope: int) -> int:
    return int(world.functions.breaker(scope).call()[3]) // UNIT


def test_three_venues_are_netted_in_one_request(capped: EvmWorld) -> None:
    assert capped.accept(request(capped, 1, 200)) == 1
    assert [level(capped, scope) for scope in (0, *CHAINS)] == [200, 200, 200, 0]  # the third has no cap
    many = [_tuple(request(capped, number, 10)) for number in (2, 3)]
    bad = list(many[1])
    bad[2] = [ROOTS[0], ROOTS[2], ROOTS[1]]
    assert capped.chain.call(capped.functions.accept_many(many)) == [2, 3]
    assert capped.chain.call(capped.functions.accept_many([many[0], bad])) == [2, 0]


@pytest.mark.parametrize("venue", range(3))
def test_each_venue_s_root_and_breaker_count(capped: EvmWorld, venue: int) -> None:
    roots = tuple(root + (i == venue) for i, root in enumerate(ROOTS))
    with pytest.raises(Refused, match="unknown-root"):
        capped.accept(request(capped, 1, 10, roots=roots))
    capped.chain.send(capped.functions.trip("looking", CHAINS[venue]))
    with pytest.raises(Refused, match="breaker-open"):
        capped.accept(request(capped, 1, 10))


def test_the_same_venue_twice_is_no_request(capped: EvmWorld) -> None:
    arguments = list(_tuple(request(capped, 1, 10)))
    for i, j in ((0, 1), (0, 2), (1, 2)):
        arguments[1] = [CHAINS[i] if k == j else chain for k, chain in enumerate(CHAINS)]
        with pytest.raises(Refused, match="statement-error"):
            capped.accept_tuple(tuple(arguments))


def test_a_source_cap_opens_the_source(capped: EvmWorld) -> None:
    capped.accept(request(capped, 1, 200))
    receipt = capped.chain.send(capped.functions.accept(_tuple(request(capped, 2, 150))))
    (refused,) = capped.events("Refused", receipt)
    assert refused["code"] == "inflow-cap-exceeded"
    (moved,) = capped.events("BreakerMoved", receipt)
    assert moved == {
        "scope": CHAINS[1],
        "position": OPEN,
        "by_operator": False,
        "reason": "inflow cap exceeded",
    }
    assert [state(capped, scope)[0] for scope in (0, *CHAINS)] == [CLOSED, CLOSED, OPEN, CLOSED]
    assert max(level(capped, scope) for scope in (0, *CHAINS)) <= 200  # nothing was charged for it
    assert capped.functions.receipts().call() == 1
    with pytest.raises(Refused, match="breaker-open"):
        capped.accept(request(capped, 3, 1))


def test_the_whole_ledgers_cap_opens_it(world: EvmWorld) -> None:
    assert world.accept(world.request(1, credit=900_000), START) == 1
    assert world.accept(world.request(2, credit=120_000), START + 1000) == 0
    assert state(world, 0) == (OPEN, False)
    assert world.functions.breaker(0).call()[2] == world.chain.web3.eth.get_block("latest")["timestamp"] * 1000
    with pytest.raises(Refused, match="breaker-open"):
        world.accept(world.request(3, credit=1))
    assert (world.margin(1), world.margin(2)) == (900_000, 0)


def test_the_cap_itself_is_allowed_within_one_block(world: EvmWorld) -> None:
    for last, expected in ((400_000, [1, 2]), (400_001, [1, 0])):
        requests = [_tuple(world.request(1, credit=600_000)), _tuple(world.request(2, credit=last))]
        assert list(world.chain.call(world.functions.accept_many(requests))) == expected


def test_only_what_is_added_counts(world: EvmWorld) -> None:
    assert world.accept(world.request(1, credit=600_000), START) == 1
    assert world.accept(world.request(2, account=1, sequence=2, credit=100_000), START + 1000) == 2
    assert world.accept(world.request(3, credit=400_000), START + 2000) == 3
    assert state(world, 0)[0] == CLOSED


def test_the_meter_drains(world: EvmWorld) -> None:
    world.accept(world.request(1, credit=1_000_000), START)
    assert world.accept(world.request(2, credit=50_000), START + 3000) == 2
    assert world.accept(world.request(3, credit=16_667), START + 4000) == 0


def test_a_proof_is_needed_to_open_a_breaker(world: EvmWorld) -> None:
    arguments = list(_tuple(world.request(1, credit=2_000_000)))
    arguments[0] = _tuple(world.request(2))[0]
    with pytest.raises(Refused, match="proof-rejected"):
        world.accept_tuple(tuple(arguments))
    assert state(world, 0)[0] == CLOSED


def test_an_accounts_cap_refuses_and_opens_nothing(capped: EvmWorld) -> None:
    with pytest.raises(Refused, match="account-cap-exceeded"):
        capped.accept(request(capped, 1, 601))
    assert [state(capped, scope)[0] for scope in (0, *CHAINS)] == [CLOSED] * 4
    capped.accept(request(capped, 1, 290))
    capped.chain.set_time(START + 10_000)
    with pytest.raises(Refused, match="account-cap-exceeded"):
        capped.accept(request(capped, 2, 290 + 500, account=1, sequence=2))


def test_an_operator_opens_and_it_stays(capped: EvmWorld) -> None:
    capped.chain.send(capped.functions.trip("looking", 0))
    assert state(capped, 0) == (OPEN, True)
    capped.chain.mine_at(NOW + 100_000)
    assert state(capped, 0) == (OPEN, True)
    capped.chain.send(capped.functions.reset("looked", 0))
    assert capped.accept(request(capped, 1, 10)) == 1


def test_the_ledgers_own_trip_tries_again_and_closes(capped: EvmWorld) -> None:
    capped.accept(request(capped, 1, 301))
    assert state(capped, CHAINS[1]) == (OPEN, False)
    capped.chain.set_time(START + 22_000)
    assert capped.accept(request(capped, 2, 60)) == 1
    assert state(capped, CHAINS[1])[0] == HALF_OPEN
    assert capped.functions.breaker(CHAINS[1]).call()[4:] == (60 * UNIT, 1)
    receipt = capped.chain.send(capped.functions.accept(_tuple(request(capped, 3, 40))))
    (moved,) = capped.events("BreakerMoved", receipt)
    assert (moved["scope"], moved["position"]) == (CHAINS[1], CLOSED)
    assert state(capped, CHAINS[1]) == (CLOSED, False)
    assert level(capped, CHAINS[1]) > 0  # a trial that ends well does not empty the meter


def test_a_trial_that_takes_too_much_opens_again(capped: EvmWorld) -> None:
    capped.chain.send(capped.functions.probe("try", CHAINS[0]))
    assert state(capped, CHAINS[0]) == (HALF_OPEN, True)
    assert capped.accept(request(capped, 1, 60)) == 1
    call = capped.functions.accept(_tuple(request(capped, 2, 41)))
    receipt = capped.chain.send(call)
    (refused,) = capped.events("Refused", receipt)
    assert refused["code"] == "inflow-cap-exceeded"
    assert state(capped, CHAINS[0]) == (OPEN, False)


def test_a_reset_empties_the_meter(world: EvmWorld) -> None:
    world.accept(world.request(1, credit=1_000_000))
    world.chain.send(world.functions.reset("counted", 0))
    assert level(world, 0) == 0
    assert world.accept(world.request(2, credit=1_000_000)) == 2
    assert world.functions.receipts().call() == 2


def test_the_owner_moves_breakers_of_known_scopes_with_a_reason(world: EvmWorld) -> None:
    for name in ("trip", "probe", "reset"):
        with pytest.raises(Refused, match="caller is not the owner"):
            world.chain.send(world.functions[name]("mine", 0), world.chain.accounts[1])
        for reason, scope in (("", 0), ("why", 2), ("why", 2**64), ("why", 2**64 + 1)):
            with pytest.raises(Refused):
                world.chain.send(world.functions[name](reason, scope))
    for name in ("pause", "unpause"):
        with pytest.raises(Refused, match="caller is not the owner"):
            world.chain.send(world.functions[name](), world.chain.accounts[1])


def test_ownership_moves_in_two_steps(world: EvmWorld) -> None:
    old, new = world.chain.accounts[:2]
    world.chain.send(world.functions.transfer_ownership(new))
    assert world.functions.owner().call() == old
    with pytest.raises(Refused):
        world.chain.send(world.functions.accept_ownership(), world.chain.accounts[2])
    world.chain.send(world.functions.accept_ownership(), new)
    assert world.functions.owner().call() == new
    with pytest.raises(Refused, match="caller is not the owner"):
        world.chain.send(world.functions.pause(), old)
    assert not hasattr(world.functions, "renounce_ownership")


METER = """# pragma version ~=0.4.3
import breaker


@external
@pure
def level(level_e8: uint256, at_s: uint256, now_s: uint256, cap_e8: uint256, window_ms: uint256) -> uint256:
    return breaker._level(level_e8, at_s, now_s, cap_e8, window_ms)


@external
@pure
def repacked(word: uint256) -> uint256:
    return breaker._pack(breaker._unpack(word))
"""


@pytest.fixture(scope="module")
def rules(node: Chain) -> Any:
    return node.deploy(compile_contract("Meter", {"Meter": METER}))


AMOUNT = st.integers(0, 2**64 - 1)
SECONDS = st.integers(0, 2**32 - 1)


@settings(max_examples=40)
@given(
    level_e8=AMOUNT,
    at_s=SECONDS,
    later=st.integers(-10, 10**6),
    cap=st.integers(1, 2**64 - 1),
    window=st.integers(1, 2**40 - 1),
)
def test_the_meter_is_the_python_ledgers(
    rules: Any, level_e8: int, at_s: int, later: int, cap: int, window: int
) -> None:
    now_s = max(0, at_s + later)
    expected = Meter(level_e8, at_s * 1000).level_at(now_s * 1000, cap, window)
    assert rules.functions.level(level_e8, at_s, now_s, cap, window).call() == expected


@settings(max_examples=20)
@given(word=st.integers(0, 2**256 - 1))
def test_a_scope_fills_its_word(rules: Any, word: int) -> None:
    assert rules.functions.repacked(word).call() == word


def _tuple(request: Any) -> Any:
    return request_tuple(request)
