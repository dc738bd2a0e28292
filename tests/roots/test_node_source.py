"""Roots from a real node: finality, reorganisations, nodes that fall behind, and nodes that lie."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

pytest.importorskip("web3")

from zkmargin.verifier.errors import SourceError, SourceMalformed, SourceUnavailable
from zkmargin.verifier.evm.compile import Compiled, compile_contract
from zkmargin.verifier.roots import Finality, JsonRpc, NodeSource

from ..evm.anvil import GENESIS_S, running_anvil
from ..evm.chain import Chain, Refused
from ..verifier.world import CHAIN
from .conftest import Followed
from .test_http import Server, reply

DEPTH = 3
START_S = GENESIS_S + 1_000


class Board:
    """The contract on a node, and the tricks a chain can play."""

    def __init__(self, url: str, compiled: Compiled) -> None:
        self.url, self.chain = url, Chain(url)
        self.contract = self.chain.deploy(compiled, CHAIN)
        self.now_s = START_S

    def source(self, depth: int | None = DEPTH, **options: Any) -> NodeSource:
        address = bytes.fromhex(self.contract.address[2:])
        return NodeSource(JsonRpc(options.pop("url", self.url)), CHAIN, address, Finality(depth), **options)

    def publish(self, epoch: int, root: int = 0) -> None:
        self.now_s += 2
        self.chain.set_time(self.now_s * 1000)
        self.chain.send(self.contract.functions.publish(epoch, root or 1000 + epoch))

    def mine(self, blocks: int) -> None:
        for _ in range(blocks):
            self.now_s += 2
            self.chain.mine_at(self.now_s * 1000)


@pytest.fixture(scope="module")
def compiled() -> Compiled:
    return compile_contract("RootBoard", {})


@pytest.fixture(scope="module")
def first_board(compiled: Compiled) -> Iterator[Board]:
    with running_anvil() as url:
        yield Board(url, compiled)


@pytest.fixture
def board(first_board: Board) -> Iterator[Board]:
    """The board as it was at the start."""
    snapshot, now_s = first_board.chain.snapshot(), first_board.now_s
    yield first_board
    first_board.chain.revert(snapshot)
    first_board.now_s = now_s


@pytest.fixture
def at(board: Board, followed: Followed) -> Followed:
    """The ledger's clock stands a little after the node's."""
    followed.clock.now_ms = (START_S + 20) * 1000
    return followed


def test_a_root_counts_once_it_is_final(board: Board, at: Followed) -> None:
    board.publish(1)
    board.mine(DEPTH - 1)
    assert at.step(board.source()) == []
    board.mine(1)
    assert at.step(board.source()) == [("observed", 1)]
    assert at.ledger.held(CHAIN) == [(1, 1001)]
    observed = at.ledger.newest_root(CHAIN)
    assert observed is not None
    assert observed.observed_at_ms == (START_S + 2) * 1000, "the time of its block"
    assert at.step(board.source()) == []


def test_the_node_s_own_finality(board: Board, at: Followed) -> None:
    board.publish(1)
    assert at.step(board.source(None)) == []
    board.mine(70)
    view = board.source(None).poll((), 0)
    assert [report.epoch for report in view.final] == [1]


def test_a_reorganisation_below_finality_goes_unnoticed(board: Board, at: Followed) -> None:
    snapshot = board.chain.snapshot()
    board.publish(1)
    assert at.step(board.source()) == []
    board.chain.revert(snapshot)
    board.publish(1, 5)
    board.mine(DEPTH)
    assert at.step(board.source()) == [("observed", 1)]
    assert at.ledger.held(CHAIN) == [(1, 5)]


def test_a_deep_reorganisation_retracts_what_vanished(board: Board, at: Followed) -> None:
    board.publish(1)
    snapshot = board.chain.snapshot()
    board.publish(2)
    board.publish(3)
    board.mine(DEPTH)
    assert at.step(board.source()) == [("observed", 1), ("observed", 2), ("observed", 3)]
    board.chain.revert(snapshot)
    board.mine(8)
    assert at.step(board.source()) == [("retracted", 2)]
    assert at.ledger.held(CHAIN) == [(1, 1001)]


def test_another_root_in_the_same_epoch_takes_its_place(board: Board, at: Followed) -> None:
    snapshot = board.chain.snapshot()
    board.publish(1)
    board.mine(DEPTH)
    at.step(board.source())
    board.chain.revert(snapshot)
    board.publish(1, 7)
    board.mine(DEPTH)
    assert at.step(board.source()) == [("observed", 1), ("retracted", 1)]
    assert at.ledger.held(CHAIN) == [(1, 7)]


def test_the_same_root_in_a_later_block_has_to_become_final_again(board: Board, at: Followed) -> None:
    snapshot = board.chain.snapshot()
    board.publish(1)
    board.mine(DEPTH)
    at.step(board.source())
    board.chain.revert(snapshot)
    board.publish(1)
    assert at.step(board.source()) == [("retracted", 1)]
    board.mine(DEPTH)
    assert at.step(board.source()) == [("observed", 1)]


def test_anvil_s_own_reorganisation(board: Board, at: Followed) -> None:
    board.publish(1)
    board.mine(DEPTH)
    at.step(board.source())
    board.chain.request("anvil_reorg", DEPTH + 1, [])
    board.mine(2)
    assert at.step(board.source()) == [("retracted", 1)]
    assert at.ledger.held(CHAIN) == []


def test_a_node_that_fell_behind_takes_nothing_away(board: Board, at: Followed) -> None:
    snapshot = board.chain.snapshot()
    board.publish(1)
    board.mine(DEPTH)
    at.step(board.source())
    board.chain.revert(snapshot)
    assert at.step(board.source()) == [], "its newest block is older than the root"
    board.publish(1, 1001)
    assert at.step(board.source()) == [("retracted", 1)], "the root is there, and in another block"


def test_the_same_root_in_an_earlier_block_has_to_become_final_again(board: Board, at: Followed) -> None:
    snapshot, now_s = board.chain.snapshot(), board.now_s
    board.mine(2)
    board.publish(1)
    board.mine(DEPTH)
    at.step(board.source())
    board.chain.revert(snapshot)
    board.now_s = now_s
    board.publish(1)
    assert at.step(board.source()) == [("retracted", 1)]


def test_a_final_root_that_is_not_final_for_a_slower_node_stands(board: Board, at: Followed) -> None:
    board.publish(1)
    board.mine(DEPTH)
    at.step(board.source())
    assert at.step(board.source(depth=DEPTH + 5)) == []
    assert at.ledger.held(CHAIN) == [(1, 1001)]


def test_a_node_without_enough_blocks_has_nothing_final(board: Board, at: Followed) -> None:
    board.publish(1)
    assert at.step(board.source(depth=10_000)) == []


def test_many_small_ranges_find_the_same(board: Board, at: Followed) -> None:
    for epoch in range(1, 5):
        board.publish(epoch)
        board.mine(2)
    board.mine(DEPTH)
    whole, pieces = (board.source(chunk_blocks=n).poll((), 0) for n in (1_000, 2))
    assert {report.epoch for report in whole.final} == {1, 2, 3, 4}
    assert set(pieces.final) == set(whole.final)


def test_beyond_the_blocks_it_may_read_it_judges_nothing(
    board: Board, at: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    board.publish(1)
    board.mine(DEPTH)
    at.step(board.source())
    board.mine(3)
    monkeypatch.setattr("zkmargin.verifier.roots.node_source.MAX_CHUNKS", 1)
    assert at.step(board.source(chunk_blocks=2)) == []


def test_another_network_is_refused(board: Board, at: Followed) -> None:
    assert board.source(network_id=31337).poll((), 0).final == ()
    with pytest.raises(SourceMalformed, match="network 31337, not on 1"):
        board.source(network_id=1).poll((), 0)


def test_the_board_keeps_order_and_obeys_its_operator_alone(board: Board) -> None:
    stranger, functions = board.chain.accounts[1], board.contract.functions
    board.publish(5)
    for call, sender, reason in (
        (functions.publish(6, 1), stranger, "not-operator"),
        (functions.publish(5, 1), None, "old-epoch"),
        (functions.publish(6, 0), None, "no-root"),
        (
            functions.publish(6, 21888242871839275222246405745257275088548364400416034343698204186575808495617),
            None,
            "no-root",
        ),
        (functions.propose_operator(stranger), stranger, "not-operator"),
        (functions.accept_operator(), stranger, "not-proposed"),
    ):
        with pytest.raises(Refused, match=reason):
            board.chain.send(call, sender)
    board.chain.send(functions.propose_operator(stranger))
    board.chain.send(functions.accept_operator(), stranger)
    board.chain.send(functions.publish(6, 1), stranger)
    with pytest.raises(Refused, match="not-operator"):
        board.chain.send(functions.publish(7, 1))


# A node that lies, or breaks: answers by method, over real HTTP.

BLOCK = {"number": "0x5", "hash": "0x" + "ab" * 32, "timestamp": "0x6b49d200"}
ADDRESS = "0x" + "11" * 20
EVENT = "0x" + "00" * 32


def log(**changes: Any) -> dict[str, Any]:
    from zkmargin.algebra.keccak import keccak256

    event = "0x" + keccak256(b"RootPublished(uint64,uint64,uint256)").hex()
    honest = {
        "address": ADDRESS,
        "topics": [event, f"0x{CHAIN:064x}", f"0x{7:064x}"],
        "data": f"0x{99:064x}",
        "blockNumber": "0x5",
        "blockHash": BLOCK["hash"],
    }
    return {**honest, **changes}


@pytest.fixture
def liar() -> Iterator[Callable[..., NodeSource]]:
    server = Server()

    def source(**answers: Any) -> NodeSource:
        known: dict[str, Any] = {"eth_getBlockByNumber": BLOCK, "eth_getBlockByHash": BLOCK, "eth_getLogs": []}
        known |= answers

        def answer(handler: BaseHTTPRequestHandler) -> None:
            question = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
            result = known[question["method"]]
            if callable(result):
                result = result()
            value = {"jsonrpc": "2.0", "id": question["id"], "result": result}
            if isinstance(result, dict) and "raw" in result:
                value = {**value, **result["raw"]}
            reply(handler, 200, json.dumps(value).encode())

        server.answer = answer
        return NodeSource(JsonRpc(server.url, timeout_s=2), CHAIN, bytes.fromhex(ADDRESS[2:]), Finality(0))

    yield source
    server.close()


def test_the_honest_answer_is_taken(liar: Callable[..., NodeSource]) -> None:
    assert [report.epoch for report in liar(eth_getLogs=[log()]).poll((), 0).final] == [7]
    assert liar(eth_getLogs=[log(removed=True)]).poll((), 0).final == ()


@pytest.mark.parametrize(
    "answers",
    [
        {"eth_getBlockByNumber": {"raw": {"id": 999, "result": BLOCK}}},
        {"eth_getBlockByNumber": 5},
        {"eth_getBlockByNumber": {**BLOCK, "number": 5}},
        {"eth_getBlockByNumber": {**BLOCK, "number": "0x" + "f" * 17}},
        {"eth_getBlockByNumber": {**BLOCK, "hash": "0xab"}},
        {"eth_getBlockByNumber": {**BLOCK, "timestamp": "0x"}},
        {"eth_getLogs": {}},
        {"eth_getLogs": [5]},
        {"eth_getLogs": [log(address="0x" + "12" * 20)]},
        {"eth_getLogs": [log(topics=[])]},
        {"eth_getLogs": [log(topics=[*log()["topics"], EVENT])]},
        {"eth_getLogs": [log(topics=[EVENT, f"0x{CHAIN:064x}", f"0x{7:064x}"])]},
        {"eth_getLogs": [log(topics=[*log()["topics"][:1], f"0x{CHAIN + 1:064x}", f"0x{7:064x}"])]},
        {"eth_getLogs": [log(topics=[*log()["topics"][:2], "0x" + "ff" * 32])]},
        {"eth_getLogs": [log(data="0x")]},
        {"eth_getLogs": [log(data="0x" + "ff" * 32)]},
        {"eth_getLogs": [log(data="99")]},
    ],
)
def test_an_answer_that_is_none_is_refused(liar: Callable[..., NodeSource], answers: dict[str, Any]) -> None:
    with pytest.raises(SourceMalformed):
        liar(**answers).poll((), 0)


@pytest.mark.parametrize(
    "answers",
    [
        {"eth_getBlockByNumber": None},
        {"eth_getLogs": [log()], "eth_getBlockByHash": None},
        {"eth_getLogs": {"raw": {"error": {"code": -32005, "message": "too many results\x1b[31m" + "x" * 500}}}},
    ],
)
def test_an_answer_that_is_missing_is_asked_for_again(liar: Callable[..., NodeSource], answers: dict[str, Any]) -> None:
    with pytest.raises(SourceUnavailable) as caught:
        liar(**answers).poll((), 0)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 250


def test_answers_from_two_chains_do_not_make_one_view(liar: Callable[..., NodeSource]) -> None:
    blocks = iter([BLOCK, BLOCK, BLOCK, {**BLOCK, "hash": "0x" + "cd" * 32}])
    with pytest.raises(SourceUnavailable, match="reorganised"):
        liar(eth_getLogs=[log()], eth_getBlockByNumber=lambda: next(blocks)).poll((), 0)


def test_nobody_at_the_node_s_address(board: Board) -> None:
    with pytest.raises(SourceError):
        board.source(url="http://127.0.0.1:1/").poll((), 0)
