"""`zkmargin serve` as its user runs it: a process on a free port, spoken to over a socket."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from ..examples.program import Program
from .conftest import OPERATOR_TOKEN, RELAY_TOKEN

SERVE = "from zkmargin.cli import main; main()"
BOUND_S = 60.0


class Service:
    """A served ledger. `kill` is a power cut; `stop` asks it to end and gives its exit code."""

    def __init__(self, folder: Path, *arguments: object, **environment: str) -> None:
        tokens = {"ZKMARGIN_OPERATOR_TOKEN": OPERATOR_TOKEN, "ZKMARGIN_RELAY_TOKEN": RELAY_TOKEN}
        command = ["-c", SERVE, "serve", folder, "--port", 0, *arguments]
        self.program = Program(command, cwd=folder.parent, **{**tokens, **environment})
        self.url = self.program.wait_for("listening on http").split()[-1]

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        return str(parts.hostname), int(parts.port or 0)

    def connect(self) -> socket.socket:
        return socket.create_connection(self.address, BOUND_S)

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=BOUND_S, trust_env=False)

    def kill(self) -> None:
        self.program.kill()

    def stop(self) -> int:
        return self.program.stop()

    def log(self) -> list[dict[str, Any]]:
        """The lines of its log; the one line for its user is not of them."""
        return [json.loads(line) for line in self.program.output.splitlines() if line.startswith("{")]


@contextmanager
def served(folder: Path, *arguments: object, **environment: str) -> Iterator[Service]:
    service = Service(folder, *arguments, **environment)
    try:
        yield service
    finally:
        service.program.end()


def exchange(connection: socket.socket, sent: bytes) -> bytes:
    """Send, and read until the service ends the connection."""
    connection.sendall(sent)
    received = b""
    while part := connection.recv(65536):
        received += part
    return received
