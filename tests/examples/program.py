"""An example run as its user runs it: a process of its own, ended by its own id."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.error import HTTPError

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
BOUND_S = 60.0


class Program:
    """A running process, its output gathered line by line."""

    def __init__(self, arguments: Sequence[object], *, cwd: Path, **environment: str) -> None:
        self._process = subprocess.Popen(
            [str(part) for part in (sys.executable, *arguments)],
            cwd=cwd,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._lines: list[str] = []
        self._more = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def output(self) -> str:
        with self._more:
            return "".join(self._lines)

    def wait_for(self, words: str) -> str:
        """The first line that holds these words."""

        def found() -> str | None:
            return next((line for line in self._lines if words in line), None)

        with self._more:
            self._more.wait_for(lambda: found() or not self._reader.is_alive() or self._ended, BOUND_S)
            line = found()
        assert line is not None, f"{words!r} was not said:\n{self.output}"
        return line

    def kill(self) -> None:
        """As a power cut would: nothing is cleaned up."""
        self._process.kill()
        self._process.wait(BOUND_S)

    def stop(self) -> int:
        """Ask it to end, and wait; its exit code."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        """Its exit code, once it has ended and all of its output is there."""
        code = self._process.wait(BOUND_S)
        self._reader.join(BOUND_S)
        return code

    def end(self) -> None:
        """For the end of a test, whatever came before."""
        if self._process.poll() is None:
            self.kill()
        self._reader.join(BOUND_S)
        if self._process.stdout is not None:
            self._process.stdout.close()

    _ended = False

    def _read(self) -> None:
        stream = self._process.stdout
        if stream is None:
            raise RuntimeError("the process has no output to read")
        for line in stream:
            with self._more:
                self._lines.append(line)
                self._more.notify_all()
        with self._more:
            self._ended = True
            self._more.notify_all()


def fetch(url: str, data: bytes | None = None, **headers: str) -> tuple[int, dict[str, Any]]:
    """Status and JSON of an answer, also of one that refuses."""
    request = urllib.request.Request(url, data, headers)
    try:
        with urllib.request.urlopen(request, timeout=BOUND_S) as answer:
            return answer.status, json.load(answer)
    except HTTPError as refused:
        with refused:
            return refused.code, json.load(refused)


def load(path: Path, name: str, folders: list[str] | None = None) -> ModuleType:
    """An example's module, imported from its file under a name of its own; `folders` where it is a package."""
    spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=folders)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
