"""docs/profile.md shows what the program really says: its session is run, word for word.

After a change that is meant: `python tests/docs/test_profile_page.py` writes the page's output anew.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from zkmargin.cli import main

PAGE = Path(__file__).parents[2] / "docs/profile.md"
BLOCK = re.compile(r"```(console(?: replace)?)\n(.*?)```", re.DOTALL)


def session(text: str, folder: Path) -> Iterator[tuple[str, str]]:
    """Each console block of the page as it stands, and as it should."""
    source = re.findall(r"```python\n(.*?)```", text, re.DOTALL)[0]
    replacement = re.findall(r"`(return poseidon\(.*?\))`", text)[0]
    loop = source[source.index("    state = salt") : source.index("    return state")] + "    return state"
    assert loop.count("\n") == 3
    (folder / "covered.py").write_text(source)
    for kind, block in BLOCK.findall(text):
        if kind.endswith("replace"):
            (folder / "covered.py").write_text(source.replace(loop, f"    {replacement}"))
        said = []
        for command in re.findall(r"^\$ zkmargin (.*)$", block, re.MULTILINE):
            result = CliRunner().invoke(main, command.split())
            assert result.exit_code == 0, result.output
            said.append(f"$ zkmargin {command}\n{result.output}")
        yield block, "\n".join(said)


def test_the_session_is_what_the_program_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = list(session(PAGE.read_text(), tmp_path))
    assert len(blocks) == 3
    for shown, said in blocks:
        assert shown == said, "if this is meant, `python tests/docs/test_profile_page.py` writes it anew"


def test_eight_assets_are_one_argument_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    list(session(PAGE.read_text(), tmp_path))
    result = CliRunner().invoke(main, ["profile", "covered.py:covered", "--arg", "8"])
    assert result.exit_code == 0, result.output
    assert "commitment_to" in result.output


if __name__ == "__main__":
    text = PAGE.read_text()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for shown, said in session(text, Path(folder)):
            text = text.replace(shown, said, 1)
    PAGE.write_text(text)
