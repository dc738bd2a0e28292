"""The README's words hold: its library example runs, its commands exist, its links lead somewhere."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from zkmargin.circuits.margin import STANDARD, TREE_ARITY, compile_margin

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def test_the_library_example_runs() -> None:
    example = re.findall(r"```python\n(.*?)```", README, re.DOTALL)[0]
    assert "verify(" in example
    exec(compile(example, "README.md", "exec"), {"__name__": "readme"})


def shell_block(first: str) -> list[str]:
    """The lines of the block that starts so, comments and line breaks taken out."""
    block = next(block for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) if block.startswith(first))
    return [line.split("#")[0].strip() for line in block.replace("\\\n", " ").splitlines()]


def test_the_story_goes_on_as_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command of the demo's block, on the small shape to be quick."""
    from zkmargin.cli import main

    monkeypatch.chdir(tmp_path)
    demo, enter, *commands = shell_block("zkmargin demo")
    assert enter == "cd story"
    for line in (f"{demo} --shape small", *commands):
        result = CliRunner().invoke(main, shlex.split(line.replace("standard", "small"))[1:])
        assert result.exit_code == 0, (line, result.output)
        monkeypatch.chdir(tmp_path / "story")
    assert (tmp_path / "story/proof/settlement.json").exists()


def test_the_figures_are_the_circuit_s() -> None:
    assert f"{compile_margin(STANDARD).r1cs.n_constraints:,} constraints" in README
    assert (STANDARD.assets, STANDARD.tiers, STANDARD.instruments, STANDARD.underlyings) == (8, 2, 16, 4)
    assert (STANDARD.scenarios, TREE_ARITY**STANDARD.depth) == (16, 2**33)


def shell_commands() -> list[str]:
    blocks = "\n".join(re.findall(r"```sh\n(.*?)```", README, re.DOTALL)).replace("\\\n", " ")
    return sorted({line.split("#")[0].strip() for line in blocks.splitlines() if line.startswith("zkmargin ")})


@pytest.mark.parametrize("command", shell_commands())
def test_the_commands_and_options_exist(command: str) -> None:
    from zkmargin.cli import main

    words = command.split()[1:]
    path = [word for word in words if re.fullmatch(r"[a-z][a-z0-9-]*", word)][:2]
    help_text = ""
    for depth in (2, 1):
        result = CliRunner().invoke(main, [*path[:depth], "--help"])
        if result.exit_code == 0:
            help_text = result.output
            break
    assert help_text, f"no such command: {command}"
    for option in re.findall(r"(?<= )--?[a-z][a-z-]*", command):
        assert option in help_text, f"{option} is not an option of {command}"


def test_the_links_lead_somewhere() -> None:
    for page in [ROOT / "README.md", *ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.name}: {link}"
