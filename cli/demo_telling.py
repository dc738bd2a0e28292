"""How the demo speaks: chapters, lines, what was accepted, what was refused, and all of it again as data."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from zkmargin.algebra import ZkMarginError
from zkmargin.algebra.fixed_point import floor_div

from .output import Output, one_line, styled
from .progress import Progress

WIDTH = 86
CENT_E8 = 10**6
HUNDREDTH_PPM = 100


class StoryBroken(ZkMarginError):
    """The demo did not go as it must: something that had to be refused was not."""


class Teller:
    """Says what happens, for people, and remembers it in `steps` for `--json`."""

    def __init__(self, output: Output) -> None:
        self.output = output
        self.steps: list[dict[str, Any]] = []

    def chapter(self, title: str) -> None:
        self.output.say()
        self.output.say(styled(title, bold=True))

    def tell(self, *lines: str) -> None:
        for line in lines:
            self.output.say(f"  {line}")

    def good(self, line: str) -> None:
        self.output.say("  ", styled("accepted", fg="green", bold=True), f"  {line}")

    def seen(self, what: str, *, seen: bool) -> None:
        mark = styled("saw       ", fg="yellow") if seen else styled("never saw ", fg="green")
        self.output.say("  ", mark, what)

    def note(self, step: str, **facts: Any) -> None:
        self.steps.append({"step": step, **facts})

    def refused(self, what: str, attempt: Callable[[], object], kind: type[ZkMarginError]) -> None:
        """It must be refused with this kind of error, or the demo has failed."""
        try:
            attempt()
        except kind as problem:
            self.output.say("  ", styled("refused", fg="red", bold=True), f"   {what}: {problem.code}")
            self.tell(*(f"          {line}" for line in _wrapped(one_line(str(problem)))))
            self.note("refused", what=what, error=problem.code, message=str(problem))
        else:
            _broken(what)

    @contextmanager
    def timed(self, what: str) -> Iterator[Callable[[], float]]:
        """Progress while it runs; the seconds it took afterwards."""
        started = time.perf_counter()
        finished: list[float] = []
        with Progress(self.output, "demo") as progress:
            progress(what)
            yield lambda: finished[0]
        finished.append(time.perf_counter() - started)


def money(amount_e8: int) -> str:
    """Whole dollars and cents, rounded down, with separators: for people."""
    whole, cents = divmod(floor_div(amount_e8, CENT_E8), 100)
    return f"{whole:,}.{cents:02} USD" if cents else f"{whole:,} USD"


def figure(amount_e8: int) -> str:
    """The same for a column of a table: always two digits, no unit."""
    whole, cents = divmod(floor_div(amount_e8, CENT_E8), 100)
    return f"{whole:,}.{cents:02}"


def percent(value_ppm: int) -> str:
    """Two digits after the point, rounded to nearest: for people."""
    whole, part = divmod((value_ppm + HUNDREDTH_PPM // 2) // HUNDREDTH_PPM, 100)
    return f"{whole}.{part:02} %"


def short(value: int) -> str:
    return f"{str(value)[:10]}..."


def _broken(what: str) -> NoReturn:
    raise StoryBroken(f"{what} should have been refused; please report this")


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, max_lines=2, placeholder=" ...", break_long_words=False, break_on_hyphens=False)
