"""Idempotency keys: a key that a client chose belongs to the first request that came with it.

The ledger recognises a repeated request by its digest whatever the key, across processes and restarts, so nothing is
ever credited twice. A key adds one thing: a client that sends another body under it by mistake is told so. That is
remembered by this process alone, for the newest keys.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from threading import Lock

from zkmargin.algebra import EncodingError

from .problems import Problem

MAX_KEY = 255
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


class IdempotencyKeys:
    """The newest `limit` keys with the digests of their requests."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._digests: OrderedDict[str, bytes] = OrderedDict()
        self._lock = Lock()

    def bind(self, key: str, digest: bytes) -> Problem | None:
        """Bind the key to this request; a `Problem` where it is bound to another one."""
        if _KEY.fullmatch(key) is None:
            raise EncodingError(f"Idempotency-Key: not 1 to {MAX_KEY} visible ASCII characters", what="Idempotency-Key")
        with self._lock:
            bound = self._digests.setdefault(key, digest)
            self._digests.move_to_end(key)
            if len(self._digests) > self._limit:
                self._digests.popitem(last=False)
        if bound != digest:
            return Problem("idempotency-key-reused", "another request was sent under this Idempotency-Key: choose anew")
        return None
