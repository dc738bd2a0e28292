"""Reasons of a contract as typed errors, and answers of nodes that are none."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from zkmargin.contracts import contract_names, contract_source
from zkmargin.verifier import InflowCapExceeded, ProofRejected
from zkmargin.verifier.errors import NetworkMismatch, SourceError, SourceMalformed, SourceUnavailable
from zkmargin.verifier.evm.node import EvmNode
from zkmargin.verifier.evm.refusals import reason_of, refusal

from ..roots.test_http import Server, reply

CAPS = {"source-cap-exceeded", "inflow-cap-exceeded", "trial-cap-exceeded"}
RENAMED = {"paused": "breaker-open", "public-input-error": "encoding-error", "statement-error": "encoding-error"}
OWN = {"unknown-settlement", "too-large", "too-little-gas", "wrong-target"} | {
    "not-operator",
    "old-epoch",
    "no-root",
    "not-proposed",
}
"""Said by the client itself, or to an owner, or by another contract."""


def codes() -> set[str]:
    """Every reason that stands in the contracts."""
    sources = "".join(contract_source(name) for name in contract_names())
    return set(re.findall(r'(?:return|, |raise )\s*"([a-z]+(?:-[a-z]+)+|paused)"', sources))


def test_every_code_of_the_contracts_has_its_error() -> None:
    assert len(codes()) > 20
    for code in codes() - OWN:
        error = refusal(code)
        assert error is not None, code
        expected = "inflow-cap-exceeded" if code in CAPS else RENAMED.get(code, code)
        assert error.code == expected


def test_which_cap_was_met_is_kept() -> None:
    caps = [refusal(code) for code in sorted(CAPS)]
    assert [error.cap for error in caps if isinstance(error, InflowCapExceeded)] == ["inflow", "source", "trial"]
    assert isinstance(refusal("proof-rejected"), ProofRejected)
    assert refusal("") is None
    assert refusal("anything else") is None


def revert(text: bytes, *, length: int | None = None) -> Any:
    size = len(text) if length is None else length
    data = bytes.fromhex("08c379a0") + (32).to_bytes(32, "big") + size.to_bytes(32, "big") + text.ljust(64, b"\0")
    return SimpleNamespace(data="0x" + data.hex())


def test_reasons_are_read_within_bounds() -> None:
    assert reason_of(revert(b"stale-root")) == "stale-root"
    assert reason_of(revert(b"\x1b[31mred\xff")).isprintable()
    assert len(reason_of(revert(b"x" * 64, length=1 << 250))) <= 200
    for data in (None, "", "0x", "0xzz", "0x08c379a0", "0x" + "11" * 100, 5):
        assert reason_of(SimpleNamespace(data=data)) == ""


@pytest.fixture
def answers() -> Iterator[Callable[[Any], EvmNode]]:
    """A node that answers every question with the same result, or with the same bytes."""
    server = Server()

    def node(result: Any) -> EvmNode:
        def answer(handler: Any) -> None:
            question = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
            whole = {"jsonrpc": "2.0", "id": question["id"], **result} if isinstance(result, dict) else None
            reply(handler, 200, json.dumps(whole).encode() if whole else result)

        server.answer = answer
        return EvmNode(server.url, timeout_s=2)

    yield node
    server.close()


def test_a_node_of_the_right_network(answers: Callable[[Any], EvmNode]) -> None:
    answers({"result": "0x7a69"}).require_network(31337)
    with pytest.raises(NetworkMismatch):
        answers({"result": "0x1"}).require_network(31337)


@pytest.mark.parametrize(
    "result",
    [
        b"",
        b"<html>",
        b"[]",
        b"5",
        b"[" * 100_000,
        b"9" * 10_000,
        {"result": None},
        {"result": "abc"},
        {"result": {}},
        {},
    ],
)
def test_an_answer_that_is_none_is_typed(answers: Callable[[Any], EvmNode], result: Any) -> None:
    with pytest.raises((SourceError, NetworkMismatch)):
        answers(result).require_network(31337)


def test_a_node_s_own_words_are_made_harmless(answers: Callable[[Any], EvmNode]) -> None:
    error = {"error": {"code": -32000, "message": "no\x1b[31m" + "x" * 9_000}}
    with pytest.raises(SourceUnavailable) as caught:
        answers(error).require_network(31337)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400
    assert "sesame" not in str(caught.value)


def test_a_node_is_asked_over_https_or_the_loopback() -> None:
    with pytest.raises(SourceMalformed, match="https"):
        EvmNode("http://node.example.org/sesame")
