"""What a fuzz target says of bytes.

A target takes any bytes and gives a verdict: "malformed" or "refused", by a `ZkMarginError`, "read" where reading is
all there is to it, or "honest" where the bytes say what the honest ones say, in other letters maybe. Anything else is a
failure: another exception is a crash, and `Accepted` means that something was believed that nobody had proven.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from zkmargin.algebra import EncodingError, ZkMarginError


class Accepted(Exception):
    """Something false was believed."""


@dataclass(frozen=True)
class Target:
    """One reader and what stands behind it."""

    seeds: list[bytes]
    check: Callable[[bytes], str]
    """The verdict, when nothing was raised."""

    def verdict(self, data: bytes) -> str:
        try:
            return self.check(data)
        except EncodingError:
            return "malformed"
        except ZkMarginError:
            return "refused"
