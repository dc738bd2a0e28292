"""docs/circom.md keeps its word: its circuit compiles, its commands run in order, its example prints what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from zkmargin.circuits import import_circuit
from zkmargin.circuits.formats import read_wtns, write_wtns
from zkmargin.cli import main

from .snarkjs import Tool

pytestmark = [pytest.mark.interop, pytest.mark.xdist_group("circomlib")]

PAGE = (Path(__file__).parents[2] / "docs" / "circom.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def run(tool: Tool, line: str) -> None:
    program, *words = line.split()
    if program == "zkmargin":
        result = CliRunner().invoke(main, words)
        assert result.exit_code == 0, (line, result.output)
    elif program == "snarkjs":
        tool.snarkjs(*words)
    else:
        assert [program, *words] == ["circom", "covered.circom", "--r1cs", "--wasm", "--sym"]
        tool.circom(blocks("circom")[0], "covered")


def test_the_page_runs(fresh_tool: Tool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(fresh_tool.directory)
    fresh_tool.write("input.json", blocks("json")[0].encode())
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    assert len(lines) > 15
    for line in lines:
        run(fresh_tool, line)

    message, printed = blocks("text")
    fresh_tool.write("wrong.wtns", write_wtns(_with_a_wrong_bit(read_wtns(fresh_tool.read("covered.wtns")))))
    wrong = CliRunner().invoke(main, ["wtns", "check", "covered.r1cs", "wrong.wtns", "--sym", "covered.sym"])
    assert (wrong.exit_code, wrong.stderr) == (1, message)

    capsys.readouterr()
    exec(compile(blocks("python")[0], "circom.md", "exec"), {"__name__": "page"})
    first, digest, expression, value = capsys.readouterr().out.splitlines()
    assert f"{first}\n" == printed
    info = CliRunner().invoke(main, ["r1cs", "info", "covered.r1cs"]).stdout
    assert digest in info
    assert "main.covered" in expression
    assert value == "0"


def _with_a_wrong_bit(witness: bytes) -> bytes:
    """The lowest bit of the comparison becomes 2."""
    wire = import_circuit("covered.r1cs", "covered.sym").symbols.wire("main.compare.lt.n2b.out[0]")
    return witness[: 32 * wire] + (2).to_bytes(32, "little") + witness[32 * wire + 32 :]
