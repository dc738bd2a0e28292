"""Idempotency keys: a key that a client chose belongs to the first request that came with it.

The ledger recognises a repeated request by its digest whatever the key, across processes and restarts, so nothing is
ever credited twice. A key adds one thing: a client that sends another body under it by mistake is told so. That is
remembered by this process alone, for the newest keys, and from when the request was accepted: keys of requests without
a proof that holds could otherwise crowd out, or take, those of others.
"""

from __future__ import annotations

import re
from collections import OrderedDict

from zkmargin.algebra import EncodingError

from .bodies import Refused
from .problems import Problem

MAX_KEY = 255
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


class IdempotencyKeys:
    """The newest `limit` keys of accepted requests, and those of requests under way, with the requests' digests."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._accepted: OrderedDict[str, bytes] = OrderedDict()
        self._under_way: dict[str, bytes] = {}

    def begin(self, key: str, digest: bytes) -> None:
        """Refuse where the key belongs to another request than this."""
        if _KEY.fullmatch(key) is None:
            raise EncodingError(f"Idempotency-Key: not 1 to {MAX_KEY} visible ASCII characters", what="Idempotency-Key")
        for known in (self._accepted, self._under_way):
            if known.get(key, digest) != digest:
                text = "another request was sent under this Idempotency-Key: choose anew"
                raise Refused(Problem("idempotency-key-reused", text))
        self._under_way[key] = digest

    def end(self, key: str, digest: bytes, accepted: bool) -> None:
        self._under_way.pop(key, None)
        if accepted:
            self._accepted[key] = digest
            self._accepted.move_to_end(key)
            if len(self._accepted) > self._limit:
                self._accepted.popitem(last=False)
