"""The language page keeps its word: its examples run, its tables name every gadget and the true costs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from zkmargin.circuits import Circuit, assert_equal, build, gadgets, merkle_root, poseidon

PAGE = (Path(__file__).parents[2] / "docs" / "language.md").read_text()


def test_the_examples_run(capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, object] = {"__name__": "language"}
    for number, block in enumerate(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)):
        exec(compile(block, f"example{number}.py", "exec"), names)
    printed = capsys.readouterr().out
    assert "in assert_at_most/to_bits at example0.py:" in printed
    assert "451" not in printed

    larger = names["larger"]
    circuit = build(
        lambda c: assert_equal(c.public("out"), larger(c.private("a", signed_bits=8), c.private("b", bits=8))),
        name="larger",
    )
    for a, b in ((-5, 3), (100, 3), (3, 3)):
        circuit.check(circuit.witness({"a": a, "b": b, "out": max(a, b)}))


def test_every_gadget_is_listed() -> None:
    table = PAGE[PAGE.index("## Gadgets") :]
    assert [name for name in gadgets.__all__ if f"`{name}(" not in table] == []


@pytest.mark.filterwarnings("ignore::zkmargin.circuits.CircuitWarning")
def test_the_costs_named_are_true() -> None:
    def two(c: Circuit) -> None:
        poseidon([c.private("x"), c.private("y")])

    def levels(c: Circuit, depth: int) -> None:
        bits = [c.private_trusted(f"i[{k}]", (0, 1), "only counted") for k in range(depth)]
        merkle_root(c.private("leaf"), bits, c.private_array("s", depth))

    hash_cost = build(two, name="two").r1cs.n_constraints
    level_cost = build(levels, 4, name="levels").r1cs.n_constraints / 4
    assert f"| {hash_cost} for two |" in PAGE
    assert f"| {level_cost:.0f} a level |" in PAGE


def test_the_recorded_costs_named_are_true() -> None:
    """`test_counts.py` holds the record against the gadgets."""
    record = json.loads((Path(__file__).parent / "data" / "counts.json").read_text())["gadgets"]
    for name, cell in (
        ("to_canonical_bits", "| {}; n + 1 and the ones of the limit |"),
        ("point_add", "| {}; 5 |"),
        ("clear_cofactor", "| {} |"),
        ("assert_not_small_order", "| 1; {} |"),
        ("fixed_base_multiple, 253 bits", "| {} for 253 bits |"),
        ("variable_base_multiple, 254 bits", "| {} for 254 bits |"),
        ("assert_eddsa_poseidon", "| {} |"),
        ("pedersen_commitment, 64-bit value", "| {} for 64 bits |"),
    ):
        assert cell.format(record[name]["constraints"]) in PAGE, name
