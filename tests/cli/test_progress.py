"""Progress goes to stderr, only to terminals or where asked for."""

from __future__ import annotations

import io
import sys

import pytest

from zkmargin.cli import progress as progress_module
from zkmargin.cli.output import Output
from zkmargin.cli.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, output: Output) -> str:
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(progress_module, "QUIET_SECONDS", 0.0)
    monkeypatch.setattr(progress_module, "TICK_SECONDS", 0.005)
    with Progress(output, "setup") as progress:
        progress("points of G1", 0.25)
        progress._finished.wait(0.05)
        progress("points of\x1b G2", 0.75)
    return stream.getvalue()


def test_nothing_is_shown_in_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(monkeypatch, io.StringIO(), Output()) == ""


def test_a_terminal_gets_a_line_that_rewrites_itself_and_is_gone_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown(monkeypatch, Terminal(), Output())
    assert "setup: points of G1 25 % (0 s)" in text
    assert text.endswith(progress_module.ERASE_LINE)
    assert "\n" not in text


def test_quick_work_shows_nothing_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    with Progress(Output(), "setup") as progress:
        progress("points of G1", 0.25)
    assert stream.getvalue() == ""


def test_json_keeps_a_terminal_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(monkeypatch, Terminal(), Output(as_json=True)) == ""


def test_lines_where_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    output = Output()
    output.show_progress = True
    text = shown(monkeypatch, io.StringIO(), output)
    assert text == "setup: points of G1 25 %\nsetup: points of\\x1b G2 75 %\n"


def test_the_ticker_ends_when_the_work_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    progress = Progress(Output(), "setup")
    with pytest.raises(RuntimeError), progress:
        raise RuntimeError
    assert not progress._ticker.is_alive()
