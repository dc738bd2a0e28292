"""Questions to a node of an Ethereum-like chain: JSON-RPC with answers of bounded size and checked shape."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from typing import Any

from zkmargin.algebra import EncodingError, load_json

from ..bounded_http import HttpEndpoint
from ..errors import SourceMalformed, SourceUnavailable

MAX_ANSWER_BYTES = 4 << 20
MAX_ERROR = 120


@dataclass(frozen=True)
class Block:
    """A block by number, with the hash that says which of all blocks with that number it is."""

    number: int
    hash: str
    timestamp_s: int


@dataclass(frozen=True)
class Log:
    """An event as a contract wrote it."""

    address: str
    topics: tuple[str, ...]
    data: str
    block_number: int
    block_hash: str


class JsonRpc:
    """A node at a URL; `name` is its host alone, because providers put keys into paths."""

    def __init__(self, url: str, *, timeout_s: float = 10) -> None:
        self._endpoint = HttpEndpoint(url, timeout_s=timeout_s, max_bytes=MAX_ANSWER_BYTES)
        self._ids = itertools.count(1)
        self.name = f"node {self._endpoint.name}"

    def chain_id(self) -> int:
        return self._quantity(self._call("eth_chainId"))

    def block(self, which: int | str) -> Block | None:
        """A block by number or by tag; None where the node has none such."""
        tag = hex(which) if isinstance(which, int) else which
        return self._block(self._call("eth_getBlockByNumber", tag, False))

    def block_by_hash(self, block_hash: str) -> Block | None:
        return self._block(self._call("eth_getBlockByHash", block_hash, False))

    def logs(self, address: str, topics: list[str | None], first: int, last: int) -> list[Log]:
        """The contract's events with these topics in a range of blocks, both ends included."""
        question = {"address": address, "topics": topics, "fromBlock": hex(first), "toBlock": hex(last)}
        answer = self._call("eth_getLogs", question)
        if not isinstance(answer, list):
            raise SourceMalformed(self.name, "answers eth_getLogs without a list")
        return [self._log(item) for item in answer if not (isinstance(item, dict) and item.get("removed") is True)]

    def _call(self, method: str, *parameters: Any) -> Any:
        question = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": parameters}
        raw = self._endpoint.post_json(json.dumps(question).encode())
        try:
            answer = load_json(raw, f"answer to {method}", max_bytes=MAX_ANSWER_BYTES)
        except EncodingError as problem:
            raise SourceMalformed(self.name, str(problem)) from None
        if not isinstance(answer, dict) or answer.get("id") != question["id"]:
            raise SourceMalformed(self.name, f"does not answer {method} by JSON-RPC")
        if answer.get("error") is not None:
            raise SourceUnavailable(self.name, f"refuses {method}: {_error_text(answer['error'])}")
        return answer.get("result")

    def _block(self, value: Any) -> Block | None:
        if value is None:
            return None
        if not isinstance(value, dict):
            raise SourceMalformed(self.name, "answers with a block that is none")
        number, timestamp = (self._quantity(value.get(name)) for name in ("number", "timestamp"))
        return Block(number, self._hex(value.get("hash"), 32), timestamp)

    def _log(self, value: Any) -> Log:
        if not isinstance(value, dict) or not isinstance(value.get("topics"), list):
            raise SourceMalformed(self.name, "answers with an event that is none")
        return Log(
            address=self._hex(value.get("address"), 20),
            topics=tuple(self._hex(topic, 32) for topic in value["topics"]),
            data=self._hex(value.get("data"), None),
            block_number=self._quantity(value.get("blockNumber")),
            block_hash=self._hex(value.get("blockHash"), 32),
        )

    def _quantity(self, value: Any) -> int:
        digits = value[2:] if isinstance(value, str) and value.startswith("0x") else ""
        if not 0 < len(digits) <= 16 or not _is_hex(digits):
            raise SourceMalformed(self.name, "answers with a number that is none")
        return int(digits, 16)

    def _hex(self, value: Any, size: int | None) -> str:
        """0x and lower-case digits, whatever case the node likes."""
        digits = value[2:] if isinstance(value, str) and value.startswith("0x") else None
        if digits is None or not _is_hex(digits) or (size is not None and len(digits) != 2 * size):
            raise SourceMalformed(self.name, "answers with bytes that are none")
        return "0x" + digits.lower()


def _is_hex(digits: str) -> bool:
    return set(digits) <= set("0123456789abcdefABCDEF")


def _error_text(error: Any) -> str:
    """A node's own words, made short and printable."""
    text = str(error.get("message")) if isinstance(error, dict) else "no reason given"
    return "".join(c if c.isprintable() else " " for c in text)[:MAX_ERROR]
