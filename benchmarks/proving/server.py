"""A side's process that is asked for one proof after the other, and whole processes for one proof each."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from ..peers import PeerFailed
from .circuits import CircuitFiles
from .sides import ROOT, Side


@dataclass(frozen=True)
class Spent:
    """What one step took: by the clock, on all processors, and the largest resident size of its process so far."""

    seconds: float
    cpu: float
    peak_mb: float
    version: str = ""

    @classmethod
    def from_json(cls, line: str) -> Spent:
        figures: dict[str, Any] = json.loads(line)
        return cls(figures["seconds"], figures["cpu"], figures["peak_mb"], figures.get("version", ""))


class Server:
    """`with Server(side, files, limit_s) as server: server.ask("prove")`; what takes longer than the limit ends it."""

    def __init__(self, side: Side, files: CircuitFiles, limit_s: float, word: str = "serve") -> None:
        self._name, self._limit = f"{side.name} on {files.circuit.name}", limit_s
        self._errors = tempfile.TemporaryFile(mode="w+")  # noqa: SIM115 (closed with the server)
        self._process = subprocess.Popen(
            side.command(word, files),
            cwd=ROOT,
            env=side.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            start_new_session=True,
        )
        self.loaded = self._answer()

    def ask(self, word: str) -> Spent:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(word + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # its last words say why
        return self._answer()

    def close(self) -> None:
        self._kill()
        self._errors.close()

    def _kill(self) -> None:
        """With the processes it started, which would hold its pipes open."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def _answer(self) -> Spent:
        assert self._process.stdout is not None
        end, ready, alive = time.monotonic() + self._limit, False, True
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while alive and not ready and time.monotonic() < end:
                alive = self._process.poll() is None
                ready = bool(selector.select(1.0 if alive else 0.0))
        line = self._process.stdout.readline() if ready else ""
        if line:
            return Spent.from_json(line)
        self._kill()
        self._errors.seek(0)
        words = self._errors.read().strip() or "no last words"
        self._errors.close()
        reason = f"ended: {words.splitlines()[-1]}" if ready or not alive else f"more than {self._limit:.0f} s"
        raise PeerFailed(f"{reason}\n{self._name}\n{words[-2000:]}")


def whole_process(command: list[str], environment: dict[str, str], limit_s: float) -> Spent:
    """One process from start to end, which must succeed."""
    launcher = [sys.executable, "-S", "-E", str(Path(__file__).with_name("launcher.py")), str(limit_s)]
    return last_line([*launcher, *command], environment, 2 * limit_s)


def last_line(command: list[str], environment: dict[str, str], limit_s: float) -> Spent:
    """What a process that must succeed says of itself in its last line."""
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=limit_s, check=False
        )
    except subprocess.TimeoutExpired:
        raise PeerFailed(f"more than {limit_s:.0f} s") from None
    if done.returncode or not done.stdout.strip():
        words = done.stderr.strip() or "no last words"
        raise PeerFailed(f"{words.splitlines()[-1]}\n{' '.join(command)}: exit {done.returncode}\n{words[-2000:]}")
    return Spent.from_json(done.stdout.splitlines()[-1])
