"""docs/statement-cost.md says what the circuits cost: its tables are counted anew and compared.

After a change that is meant: `python tests/docs/test_statement_cost.py` writes the tables anew.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from zkmargin.circuits.margin import Shape, compile_margin, declared_shape

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "statement-cost.md"
SOURCES = {name: ROOT / "circuits" / "margin" / name for name in ("constraints.py", "opening.py")}
SHAPES = {
    "small": "small",
    "standard": "standard",
    "standard, no scenarios": "standard,scenarios=0",
    "standard, one tier": "standard,tiers=1",
    "portfolio": "portfolio",
}
PARTS = {
    "the account tree, 8 children a node": ("open_leaves/merkle_membership",),
    "the risk table's hash": ("open_table",),
    "the leaf: ranges of its words, sizes of positions": (
        "_leaf/range_check",
        "_positions",
        "_size",
        "open_leaves/range_check",
    ),
    "the leaf: its hash": ("_leaf/poseidon_list",),
    "key, group, source root, pseudonym, nullifier": ("open_leaves", "margin_statement"),
    "terms, and the credit's reservation": ("open_terms", "margin_statement/assert_at_most", "_reserved_for"),
    "shocks": ("_shocks",),
    "delta and gamma, scenarios": ("_margin_twice",),
    "haircut tiers, liquidity add-on": ("_counted", "_positive_parts", "_signed_part"),
    "sums and the final inequality": ("require_margin",),
}
TABLE = re.compile(r"<!-- parts -->\n(.*?)<!-- end -->", re.DOTALL)


@cache
def functions(name: str) -> list[tuple[int, int, str]]:
    tree = ast.parse(SOURCES[name].read_text())
    return [(n.lineno, n.end_lineno or n.lineno, n.name) for n in tree.body if isinstance(n, ast.FunctionDef)]


def function_at(file: str, line: int) -> str:
    found = [called for first, last, called in functions(Path(file).name) if first <= line <= last]
    assert len(found) == 1, (file, line)
    return found[0]


def by_function(shape: Shape) -> Counter[str]:
    """Constraints by the function of the statement that made them and the outermost gadget that it called."""
    found: Counter[str] = Counter()
    for origin in compile_margin(shape).origins:
        function = function_at(origin.location.file, origin.location.line)
        found[f"{function}/{origin.gadget[0] if origin.gadget else '-'}"] += 1
    return found


def part_of(key: str) -> str:
    """The part named by function and gadget, or else by the function."""
    for name in (key, key.partition("/")[0]):
        for part, members in PARTS.items():
            if name in members:
                return part
    raise AssertionError(f"no part of the page counts {key}")


@cache
def rows() -> list[str]:
    counted = {title: Counter[str]() for title in SHAPES}
    for title, declaration in SHAPES.items():
        for key, count in by_function(declared_shape(declaration)).items():
            counted[title][part_of(key)] += count
    lines = ["| part | " + " | ".join(SHAPES) + " |", "| --- |" + " ---: |" * len(SHAPES)]
    lines += [f"| {part} | " + " | ".join(f"{counted[title][part]:,}" for title in SHAPES) + " |" for part in PARTS]
    lines.append("| **all** | " + " | ".join(f"**{counted[title].total():,}**" for title in SHAPES) + " |")
    return lines


def test_the_page_says_what_is_counted() -> None:
    match = TABLE.search(PAGE.read_text())
    assert match is not None
    wanted = "where that is meant, `python tests/docs/test_statement_cost.py` writes it anew"
    assert match[1].splitlines() == rows(), wanted


def test_every_constraint_is_in_one_part() -> None:
    for declaration in SHAPES.values():
        shape = declared_shape(declaration)
        assert by_function(shape).total() == compile_margin(shape).r1cs.n_constraints


@pytest.mark.parametrize(("declaration", "most"), [("standard,scenarios=0", 15_000), ("standard", 25_000)])
def test_the_standard_shape_stays_within_its_aim(declaration: str, most: int) -> None:
    assert compile_margin(declared_shape(declaration)).r1cs.n_constraints <= most


if __name__ == "__main__":
    text = PAGE.read_text()
    PAGE.write_text(TABLE.sub("<!-- parts -->\n" + "\n".join(rows()) + "\n<!-- end -->", text))
