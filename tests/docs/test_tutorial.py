"""The tutorial is followed word by word: files saved, Python run in order, output compared, commands given."""

from __future__ import annotations

import contextlib
import io
import linecache
import re
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from zkmargin.cli import main

PAGE = (Path(__file__).parents[2] / "docs" / "tutorial.md").read_text()
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "loan", raising=False)
    linecache.checkcache()
    return tmp_path


def test_the_tutorial_can_be_followed(folder: Path) -> None:
    names: dict[str, object] = {"__name__": "tutorial"}
    printed = ""
    compared = 0
    for kind, text in BLOCKS:
        if kind == "python" and (saved := re.match(r"# file: (\w+\.py)\n", text)):
            (folder / saved[1]).write_text(text)
            printed = ""
        elif kind == "python":
            with contextlib.redirect_stdout(io.StringIO()) as output:
                exec(compile(text, "session.py", "exec"), names)
            printed = output.getvalue()
        elif kind == "sh":
            result = CliRunner().invoke(main, text.split()[1:])
            assert result.exit_code == 0, result.output
            printed = result.output
        else:
            assert (kind, printed) == ("text", text)
            compared += 1
    assert compared == sum(kind == "text" for kind, _ in BLOCKS) > 5


def test_its_file_runs_as_a_script(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (source,) = [text for kind, text in BLOCKS if kind == "python" and text.startswith("# file: loan.py")]
    exec(compile(source, "loan.py", "exec"), {"__name__": "__main__"})
    assert re.fullmatch(r"\d+ constraints\n", capsys.readouterr().out)
