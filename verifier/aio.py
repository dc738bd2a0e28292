"""The ledger for an event loop; apart from the rest, so that who has no loop does not load `asyncio`."""

from .ledger.async_ledger import BATCH_LIMIT, QUEUE_LIMIT, AsyncMarginLedger

__all__ = ["BATCH_LIMIT", "QUEUE_LIMIT", "AsyncMarginLedger"]
