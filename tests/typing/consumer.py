"""A margin service's use of the verifier, type-checked strictly by mypy and pyright against the public API."""

from __future__ import annotations
