"""A node of an EVM chain, asked through web3 over this project's own bounded HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from zkmargin.algebra import EncodingError, load_json
from zkmargin.algebra.extras import require

from ..bounded_http import HttpEndpoint
from ..errors import NetworkMismatch, SourceMalformed, SourceUnavailable

if TYPE_CHECKING:
    from web3 import Web3

MAX_ANSWER_BYTES = 16 << 20
MAX_ERROR = 200
NUMBER_BITS = 64


class EvmNode:
    """`web3` for whoever asks, `name` for messages: the host alone, because providers put keys into paths."""

    def __init__(self, url: str, *, timeout_s: float = 30) -> None:
        require("web3", "evm")
        from web3 import Web3
        from web3.providers.base import JSONBaseProvider

        endpoint = HttpEndpoint(url, timeout_s=timeout_s, max_bytes=MAX_ANSWER_BYTES)

        class Provider(JSONBaseProvider):
            def make_request(self, method: Any, params: Any) -> Any:
                raw = endpoint.post_json(self.encode_rpc_request(method, params))
                try:
                    answer = load_json(raw, "answer", max_bytes=MAX_ANSWER_BYTES)
                except EncodingError as problem:
                    raise SourceMalformed(name, f"does not answer {method} with JSON: {problem}") from None
                if not isinstance(answer, dict):
                    raise SourceMalformed(name, f"does not answer {method} by JSON-RPC")
                return answer

        self.name = name = f"node {endpoint.name}"
        self.network_id: int | None = None
        """The one network that this node was required to be of."""
        self.web3: Web3 = Web3(Provider())

    def require_network(self, network_id: int) -> None:
        with self.asked():
            found = self.web3.eth.chain_id
        if type(found) is not int:
            raise SourceMalformed(self.name, "answers with a network that is none")
        if found != network_id:
            raise NetworkMismatch(network_id, found)
        self.network_id = network_id

    def number(self, what: str, value: Any) -> int:
        """A count, a time or a price of wei from an answer, which may hold anything."""
        if type(value) is not int or not 0 <= value < 1 << NUMBER_BITS:
            raise SourceMalformed(self.name, f"answers with a {what} that is none")
        return value

    def code(self, address: bytes) -> bytes:
        """The code that stands at an address now."""
        with self.asked():
            return bytes(self.web3.eth.get_code(self.checksummed(address)))

    def checksummed(self, address: bytes) -> Any:
        """As web3 wants addresses."""
        return self.web3.to_checksum_address("0x" + address.hex())

    @contextmanager
    def asked(self, *passed: type[Exception]) -> Iterator[None]:
        """What web3 raises, as errors of this project; `passed` are those that the caller knows what to do with."""
        from web3.exceptions import Web3Exception

        try:
            yield
        except Web3Exception as problem:
            if isinstance(problem, passed):
                raise
            raise SourceUnavailable(self.name, f"cannot answer: {node_text(problem)}") from None
        except (TypeError, KeyError, ValueError) as problem:
            raise SourceMalformed(self.name, f"answers what is no answer ({type(problem).__name__})") from None


def node_text(problem: Exception) -> str:
    """A node's own words, made short and printable."""
    response: Any = getattr(problem, "rpc_response", None)
    error = response.get("error") if isinstance(response, dict) else None
    text = error.get("message") if isinstance(error, dict) else None
    words = text if isinstance(text, str) else type(problem).__name__
    return "".join(c if c.isprintable() else " " for c in words)[:MAX_ERROR]
