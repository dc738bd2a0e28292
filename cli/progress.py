"""Progress on stderr: one line that rewrites itself on a terminal, one line a step with --progress elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType

from .output import Output, printable

QUIET_SECONDS = 0.8
"""Nothing is shown for what is done sooner than this."""
TICK_SECONDS = 0.25
ERASE_LINE = "\r\033[K"


class Progress:
    """A context manager; call it with what is being done and, where known, how much of it is done (0.0 to 1.0)."""

    def __init__(self, output: Output, title: str) -> None:
        on_terminal = sys.stderr.isatty()
        wanted = output.show_progress
        self._rewrite = on_terminal and (wanted or (wanted is None and not output.as_json))
        self._lines = bool(wanted) and not on_terminal
        self._title = title
        self._step, self._fraction = "", None
        self._started = time.monotonic()
        self._finished = threading.Event()
        self._ticker = threading.Thread(target=self._tick, daemon=True)

    _fraction: float | None

    def __enter__(self) -> Progress:
        if self._rewrite:
            self._ticker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._finished.set()
        if self._ticker.is_alive():
            self._ticker.join()

    def __call__(self, step: str, fraction: float | None = None) -> None:
        if self._lines and step != self._step:
            print(f"{self._title}: {printable(step)}{_percent(fraction)}", file=sys.stderr, flush=True)
        self._step, self._fraction = step, fraction

    def _tick(self) -> None:
        shown = False
        while not self._finished.wait(TICK_SECONDS):
            seconds = time.monotonic() - self._started
            if seconds < QUIET_SECONDS:
                continue
            step = f": {printable(self._step)}" if self._step else ""
            line = f"{self._title}{step}{_percent(self._fraction)} ({seconds:.0f} s)"
            print(f"{ERASE_LINE}{line[:120]}", end="", file=sys.stderr, flush=True)
            shown = True
        if shown:
            print(ERASE_LINE, end="", file=sys.stderr, flush=True)


def _percent(fraction: float | None) -> str:
    return "" if fraction is None else f" {100 * min(1.0, max(0.0, fraction)):.0f} %"
