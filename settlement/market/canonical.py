"""Canonical JSON: the one spelling of a document whose digest counts."""

from __future__ import annotations

import json
from typing import Any

from zkmargin.algebra.keccak import keccak256


def canonical_json(document: dict[str, Any]) -> bytes:
    """Keys sorted, no blanks, ASCII only: equal documents give equal bytes."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()


def document_digest(document: dict[str, Any]) -> bytes:
    """keccak256 of the canonical bytes."""
    return keccak256(canonical_json(document))
