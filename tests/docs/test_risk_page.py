"""The commands of docs/risk-engine.md work as they stand there, and its policy table names every field there is."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from zkmargin.cli import main
from zkmargin.settlement.risk.example import example_policy
from zkmargin.settlement.risk.policy_document import policy_json

PAGE = (Path(__file__).parents[2] / "docs/risk-engine.md").read_text()


def test_the_commands_can_be_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (block,) = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines():
        program, *arguments = shlex.split(line.removeprefix("$ "), comments=True)
        if program == "cd":
            monkeypatch.chdir(tmp_path / arguments[0])
            continue
        result = CliRunner().invoke(main, arguments)
        assert (program, result.exit_code) == ("zkmargin", 0), result.output
    assert json.loads(Path("risk.json").read_text())["format"] == "zkmargin.risk-table/2"


def fields(value: Any) -> Iterator[str]:
    """The name of every member at every depth."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from fields(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from fields(inner)


def test_the_policy_table_names_every_field() -> None:
    table = PAGE[PAGE.index("## The policy") : PAGE.index("## What it does not do")]
    named = set(re.findall(r"`([\w.]+)`", table))
    assert set(fields(policy_json(example_policy("standard")))) <= named
