"""This process's ledger, opened when it is first asked: a server may import the project and then fork."""

from __future__ import annotations

import asyncio
import os
import threading
from weakref import WeakKeyDictionary

from django.conf import settings

from zkmargin.algebra import EncodingError
from zkmargin.settlement.ledger_folder import LedgerFolder
from zkmargin.verifier import LedgerError, MarginLedger
from zkmargin.verifier.aio import AsyncMarginLedger

_lock = threading.Lock()
_ledgers: dict[tuple[int, str], MarginLedger] = {}
_twins: WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncMarginLedger] = WeakKeyDictionary()


def margin_ledger() -> MarginLedger:
    """For views and commands that may wait. A connection must not cross a fork, so each process has its own."""
    place = os.getpid(), settings.ZKMARGIN_LEDGER
    with _lock:
        if place not in _ledgers:
            try:
                _ledgers[place] = LedgerFolder.read(settings.ZKMARGIN_LEDGER).open(settings.ZKMARGIN_DATABASE)
            except EncodingError as problem:  # a file of ours is malformed, and not what was sent
                raise LedgerError(settings.ZKMARGIN_LEDGER, str(problem)) from None
        return _ledgers[place]


async def async_margin_ledger() -> AsyncMarginLedger:
    """For views that must not block: requests that wait at the same time share one batch.

    Under ASGI a process has one loop, and so one of these. Under WSGI Django makes a loop for each request, and there
    is nothing to share: correct, and slower.
    """
    ledger = await asyncio.to_thread(margin_ledger)
    loop = asyncio.get_running_loop()
    if loop not in _twins or _twins[loop].ledger is not ledger:
        _twins[loop] = AsyncMarginLedger(ledger)
    return _twins[loop]
