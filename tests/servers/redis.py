"""A Redis of the test's own: on a unix socket in a folder of its own, every write on disk before it is answered."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PROGRAM = "redis-server"
BOUND_S = 30.0


@contextmanager
def redis_server() -> Iterator[str]:
    """The address of a server that is ready; skips where Redis is absent, unless servers are insisted on."""
    if shutil.which(PROGRAM) is None and os.environ.get("ZKMARGIN_REQUIRE_SERVERS") != "1":
        pytest.skip("redis-server is not installed here; CI sets ZKMARGIN_REQUIRE_SERVERS=1")
    # A socket's path has at most 107 bytes: a test's own folder may be deeper.
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        path = Path(folder) / "socket"
        settings = ["--port", "0", "--unixsocket", path, "--dir", folder, "--save", ""]
        durable = ["--appendonly", "yes", "--appendfsync", "always"]
        process = subprocess.Popen(
            [PROGRAM, *map(str, settings), *durable], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        try:
            _wait_for(path, process)
            yield f"unix://{path}"
        finally:
            process.terminate()
            process.wait(BOUND_S)


def _wait_for(path: Path, process: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + BOUND_S
    while not path.exists():
        if process.poll() is not None or time.monotonic() > give_up:
            raise RuntimeError("redis-server did not start")
        time.sleep(0.005)
