"""The example's table is pinned, and a second implementation of decimal arithmetic makes the same one."""

from __future__ import annotations

import subprocess
import sys

import pytest

from zkmargin.settlement.market.canonical import document_digest
from zkmargin.settlement.risk.engine import RiskInputs, run_engine
from zkmargin.settlement.risk.example import example_history, example_policy, example_snapshot

PINNED = {
    "small": "a7196c057e4db9d00afbd39c85c9c1fcad16cfa94fe654481c9ac209ac186a9c",
    "standard": "0157c30cf1aedbe3463b47cd85753e3bd511dae643bbd0fd0dae669103a93096",
}
"""keccak256 of the canonical table document; a change here is a change of every published table."""

IN_PURE_PYTHON = """
import sys
sys.modules["_decimal"] = None  # leaves Python's own implementation, which shares no code with the one in C
import _pydecimal, decimal
assert decimal.Decimal is _pydecimal.Decimal
from zkmargin.settlement.market.canonical import document_digest
from zkmargin.settlement.risk.engine import RiskInputs, run_engine
from zkmargin.settlement.risk.example import example_history, example_policy, example_snapshot
run = run_engine(RiskInputs(example_policy("small"), example_snapshot("small"), example_history("small")))
print(document_digest(run.document.to_json()).hex())
"""


@pytest.mark.parametrize("shape", list(PINNED))
def test_the_examples_table_is_the_one_it_was(shape: str) -> None:
    run = run_engine(RiskInputs(example_policy(shape), example_snapshot(shape), example_history(shape)))
    assert document_digest(run.document.to_json()).hex() == PINNED[shape]


def test_decimals_in_python_and_in_c_make_the_same_table() -> None:
    done = subprocess.run([sys.executable, "-c", IN_PURE_PYTHON], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, PINNED["small"]), done.stderr
