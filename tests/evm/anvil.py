"""A real EVM node of the tests' own: anvil on a free port of the loopback, ended by its own process."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

MODULES = Path(__file__).parents[1] / "interop" / "node_modules"
BINARY = MODULES / "@foundry-rs" / "anvil-linux-amd64" / "bin" / "anvil"
START_S = 20
GENESIS_S = 1_790_000_000
_LISTENING = re.compile(rb"Listening on 127\.0\.0\.1:(\d+)")


def anvil_binary() -> Path:
    """Its path; where it is absent the test is skipped, or fails if the machine promised to have it."""
    if not BINARY.exists():
        if os.environ.get("ZKMARGIN_REQUIRE_INTEROP") == "1":
            pytest.fail("ZKMARGIN_REQUIRE_INTEROP=1, and anvil is not installed: npm ci --prefix tests/interop")
        pytest.skip("anvil is not installed here (npm ci --prefix tests/interop): no EVM to try")
    return BINARY


@contextlib.contextmanager
def running_anvil(*options: str, chain_id: int = 31337) -> Iterator[str]:
    """The URL of a fresh node; a block per transaction, time from `GENESIS_S` on, gas prices that do not move."""
    command = [str(anvil_binary()), "--port", "0", "--chain-id", str(chain_id), "--timestamp", str(GENESIS_S)]
    command += ["--hardfork", "prague", "--gas-limit", "100000000", "--base-fee", "1000000000", *options]
    # A file and no pipe: the node prints a line for each call, and would stand still once nobody reads them.
    with (
        tempfile.TemporaryFile() as log,
        subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL) as node,
    ):
        try:
            yield f"http://127.0.0.1:{_port(node, log)}"
        finally:
            node.kill()


def _port(node: subprocess.Popen[bytes], log: IO[bytes]) -> int:
    """What the node says it listens on, within a bounded time."""
    end, printed = time.monotonic() + START_S, b""
    while time.monotonic() < end and node.poll() is None:
        time.sleep(0.02)
        printed = os.pread(log.fileno(), 1 << 16, 0)
        if found := _LISTENING.search(printed):
            return int(found[1])
    raise AssertionError(f"anvil did not start: {printed[-500:]!r}")
