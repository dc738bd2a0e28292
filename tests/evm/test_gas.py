"""docs/gas.md says what is measured, and an accept stays near the floor."""

from __future__ import annotations

import re

from zkmargin.algebra import Engine

from . import gas_table

MOST_ABOVE_PERCENT = 8.0


def test_the_page_is_what_is_measured(best_engine: Engine) -> None:
    """If a change of the contracts is meant: python -m tests.evm.gas_table"""
    assert gas_table.page(best_engine) == gas_table.PAGE.read_text()


def test_an_accept_stays_near_the_floor() -> None:
    """One proof, six inputs, the account credited before: the figure of the page, which the test above measures."""
    (line,) = (line for line in gas_table.PAGE.read_text().splitlines() if "the next of an account" in line)
    found = re.search(r"\(([0-9.]+) %\)", line)
    assert found is not None
    assert float(found[1]) <= MOST_ABOVE_PERCENT
