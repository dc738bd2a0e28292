"""The pytest plugin `zkmargin`: brings the toolkit for circuit authors into tests as the fixture `check_circuit`.

A room of its own, and light: pytest imports it at the start of every run, so the circuits and the prover are imported
by the tests that use them.
"""

from .plugin import check_circuit, pytest_addoption

__all__ = ["check_circuit", "pytest_addoption"]
