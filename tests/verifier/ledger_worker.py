"""A process that accepts a stream of requests and reports each receipt; its parent kills it, or it kills itself.

    python ledger_worker.py DATABASE REQUESTS [FIRST [DIE_AT [BATCH]]]

DATABASE is a file or a URL. REQUESTS has one settlement request of JSON per line; the stream starts at line FIRST and
goes on in batches of BATCH. With DIE_AT the process sends itself SIGKILL when SQLite begins its DIE_AT-th statement
after opening. Where the database cannot be reached the worker does what the error says: it tries again, with the same
requests.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import time
from pathlib import Path

from world import World

from zkmargin.algebra import ZkMarginError, get_engine
from zkmargin.verifier import LedgerError, MarginLedger, Receipt, SettlementRequest

PATIENCE = 1_500
"""How often to try again, 20 ms apart."""


def main(database: str, requests: str, first: str = "0", die_at: str = "0", batch: str = "1") -> None:
    logging.getLogger("psycopg").setLevel(logging.ERROR)  # it warns of each connection that is lost
    ledger = World(get_engine()).open(database, prepared=False)
    print("ready", flush=True)
    countdown = int(die_at)

    def count(_: str) -> None:
        nonlocal countdown
        countdown -= 1
        if countdown == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    if countdown:
        ledger._store.file._connection.set_trace_callback(count)
    lines, size = Path(requests).read_text().splitlines()[int(first) :], int(batch)
    for start in range(0, len(lines), size):
        for outcome in accept(ledger, [SettlementRequest.from_json(line) for line in lines[start : start + size]]):
            print(json.dumps(outcome.to_json() if isinstance(outcome, Receipt) else {"refused": outcome.code}))
        sys.stdout.flush()


def accept(ledger: MarginLedger, requests: list[SettlementRequest]) -> list[Receipt | ZkMarginError]:
    for _ in range(PATIENCE):
        try:
            return ledger.accept_many(requests)
        except LedgerError as problem:
            if "try again" not in problem.reason:
                raise
            time.sleep(0.02)
    raise TimeoutError("the database did not come back")


if __name__ == "__main__":
    main(*sys.argv[1:])
