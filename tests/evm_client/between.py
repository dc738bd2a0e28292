"""A node that lies or breaks off: a server between the client and a real one."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.request import Request, urlopen

from zkmargin.verifier.evm.node import EvmNode

from ..roots.test_http import Server, reply
from .conftest import NETWORK


class Between:
    """`instead` makes of the node's whole answer to a method another one, or none: then the connection is dropped."""

    def __init__(self, url: str) -> None:
        self._url, self._server = url, Server()
        self._server.answer = self._answer
        self.instead: dict[str, Callable[[Any], Any]] = {}

    def node(self) -> EvmNode:
        """The node as a client sees it, of the right network until now."""
        node = EvmNode(self._server.url, timeout_s=5)
        node.require_network(NETWORK)
        return node

    def close(self) -> None:
        self._server.close()

    def _answer(self, handler: Any) -> None:
        question = handler.rfile.read(int(handler.headers["Content-Length"]))
        with urlopen(Request(self._url, question, {"Content-Type": "application/json"})) as passed:
            answer = json.loads(passed.read())
        change = self.instead.get(json.loads(question)["method"])
        if change is not None:
            answer = change(answer)
        if answer is None:
            handler.close_connection = True
            return
        reply(handler, 200, json.dumps(answer).encode())
