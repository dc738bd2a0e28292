"""docs/proving.md: its example runs, its commands exist, and its defaults are the code's."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from zkmargin.algebra.engine import native_problem
from zkmargin.prover import memory, write_zkey

from ..cli.conftest import invoke

PAGE = (Path(__file__).parents[2] / "docs/proving.md").read_text()

pytestmark = pytest.mark.skipif(native_problem() is not None, reason="native keys are the native engine's")


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.chdir(tmp_path)
    found: dict[str, Any] = {"__name__": "page"}
    (block,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(compile(block, "proving.md", "exec"), found)
    return found


def test_the_example_runs(example: dict[str, Any]) -> None:
    assert example["public"] == [33]
    assert example["outcome"][1] == [33]


def test_the_commands_can_be_given_as_printed(example: dict[str, Any], tmp_path: Path) -> None:
    from zkmargin.circuits.formats import write_r1cs, write_wtns

    (tmp_path / "circuit.zkmkey").unlink()
    (tmp_path / "circuit.zkey").write_bytes(write_zkey(example["key"]))
    (tmp_path / "circuit.r1cs").write_bytes(write_r1cs(example["circuit"].r1cs))
    (tmp_path / "witness.wtns").write_bytes(write_wtns(example["witness"]))
    commands = re.findall(r"^zkmargin (.*)$", PAGE, re.MULTILINE)
    assert len(commands) == 3
    for command in commands:
        done = invoke(*command.split())
        assert done.code == 0, (command, done.stderr)


def test_the_defaults_are_those_of_the_code() -> None:
    text = PAGE.replace("\n", " ")
    assert f"it is {memory.SMALL >> 20} MiB below 2^{memory.LARGE_DOMAIN.bit_length() - 1} rows" in text
    assert f"and {memory.BYTES_PER_ROW} bytes a row from there on" in text
    assert (memory.SHARE_OF_FREE, "a quarter of the memory that is free" in text) == (4, True)
    assert memory.MEMORY_VARIABLE in text
