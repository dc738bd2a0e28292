"""How much memory a proving key's tables may take."""

from __future__ import annotations

import os
import re

from zkmargin.algebra.errors import EncodingError

MEMORY_VARIABLE = "ZKMARGIN_PROVER_MEMORY"

SMALL = 512 << 20
"""Points and tables of a small key take no more than this by themselves."""
LARGE_DOMAIN = 1 << 18
"""From here on they grow with the circuit, and leave room for what else a proof needs."""
BYTES_PER_ROW = 512
SHARE_OF_FREE = 4
"""Nor do they take more than this part of the memory that is free."""

_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_SIZE = r"([0-9]{1,15})([kmgt]?)(?:i?b)?"


def memory_size(text: str) -> int:
    """Bytes, as in "512M" or "2G" (binary units); anything else is an `EncodingError`."""
    match = re.fullmatch(_SIZE, text.strip().lower())
    if match is None:
        raise EncodingError(f"{text!r} is no amount of memory; write bytes, or 512M, or 2G", what="memory")
    return int(match[1]) * _UNITS[match[2]]


def table_memory(wanted: int | None, domain_size: int) -> int:
    """Bytes for a key's points and their tables: what is wanted, what the environment says, else a default."""
    if wanted is not None:
        return wanted
    said = os.environ.get(MEMORY_VARIABLE)
    if said:
        try:
            return memory_size(said)
        except EncodingError as problem:
            raise EncodingError(f"${MEMORY_VARIABLE}: {problem}", what="memory") from None
    by_size = SMALL if domain_size < LARGE_DOMAIN else BYTES_PER_ROW * domain_size
    return min(by_size, free_memory() // SHARE_OF_FREE)


def free_memory() -> int:
    """What the system says it could still give, or much where it does not say."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            for line in file:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) << 10
    except (OSError, ValueError, IndexError):
        pass
    return 8 << 30
