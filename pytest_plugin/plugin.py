"""What pytest sees: an option that chooses engines, and the fixture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .checker import CircuitChecker

ENGINES = {"native": ("native",), "reference": ("reference",), "both": ("native", "reference")}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("zkmargin").addoption(
        "--zkmargin-engine",
        choices=sorted(ENGINES),
        help="the engines that check_circuit runs on; by default those that are installed",
    )


@pytest.fixture(scope="session")
def check_circuit(pytestconfig: pytest.Config) -> CircuitChecker:
    """`check_circuit(circuit, valid=[...], invalid=[...])`, and `.liars(circuit, inputs)`; see docs/testing.md."""
    from .checker import CircuitChecker

    chosen = pytestconfig.getoption("--zkmargin-engine")
    return CircuitChecker(None if chosen is None else ENGINES[chosen])
