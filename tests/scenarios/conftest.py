"""The stores on which the ledger in Python is run."""

from ..verifier.conftest import ledger_place

__all__ = ["ledger_place"]
