"""`python -m benchmarks.service_load`: the service under many clients, killed again and again, and its books audited.

A real `zkmargin serve` process answers; at moments of chance it, or its PostgreSQL server with all its processes, gets
SIGKILL and is started again. A client whose connection breaks sends the same request again until it has a receipt, as
clients should. Afterwards every receipt that a client holds must be in the ledger, equal and once, and the log must
rebuild the ledger's state.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from zkmargin.algebra import get_engine

from .machine import describe_machine, load_average
from .service_clients import Client, Tally
from .settlements import Load, body

SERVERS: Any = import_module("tests.servers.postgres")
"""The tests' own PostgreSQL server, without types here."""
SERVE = "from zkmargin.cli import main; main()"
START_S = 60.0


@dataclass
class Killed:
    """A `zkmargin serve` process on one port, and how often it was ended without warning."""

    load: Load
    where: str | None
    log: Path
    port: int = 0
    kills: int = 0
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = dict(os.environ) | ({"ZKMARGIN_DATABASE": self.where} if self.where else {})
        command = [sys.executable, "-c", SERVE, "serve", str(self.load.folder), "--port", str(self.port)]
        with self.log.open("ab") as log:
            log.write(b"\nSTART\n")
            log.flush()
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)

    def wait_until_ready(self) -> None:
        give_up = time.monotonic() + START_S
        while b"listening on http" not in (said := self.log.read_bytes().rpartition(b"\nSTART\n")[2]):
            if time.monotonic() > give_up or self._process is None or self._process.poll() is not None:
                raise RuntimeError(f"the service does not start: {said[-2000:].decode(errors='replace')}")
            time.sleep(0.01)
        line = next(line for line in said.splitlines() if b"listening on http" in line)
        self.port = int(line.rpartition(b":")[2])

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self.kills += 1

    def stop(self) -> int:
        if self._process is None:
            return 0
        self._process.terminate()
        return self._process.wait(60)


async def storm(
    service: Killed, database: Any, hand: ThreadPoolExecutor, bodies: Iterator[bytes], options: argparse.Namespace
) -> Tally:
    """The clients, and beside them whoever kills."""
    tally, dice = Tally(), random.Random(options.seed)
    until = time.monotonic() + options.seconds
    clients = [Client(service.port, tally, random.Random(dice.random())) for _ in range(options.clients)]
    kills = sorted(dice.uniform(0.05, 0.9) * options.seconds for _ in range(options.kills))

    async def killing() -> None:
        loop, began = asyncio.get_running_loop(), time.monotonic()
        for number, moment in enumerate(kills):
            await asyncio.sleep(max(0.0, began + moment - time.monotonic()))
            if database is not None and number % 2:
                await loop.run_in_executor(hand, database.kill)
                await loop.run_in_executor(hand, database.start)
            else:
                service.kill()
                service.start()
                await loop.run_in_executor(hand, service.wait_until_ready)

    await asyncio.gather(killing(), *(client.work(bodies, until) for client in clients))
    return tally


@dataclass(frozen=True)
class Audit:
    """What the ledger holds against what its clients hold."""

    held: int
    lost: int
    doubled: int
    entries: int


def audit(load: Load, where: str | None, tally: Tally) -> Audit:
    """Read the whole ledger. `verify_log` raises where the log does not rebuild the tables."""
    with load.open(where) as ledger:
        receipts, after = [], 0
        while page := ledger.receipts(after, 1000):
            receipts += page
            after = page[-1].number
        entries = ledger.verify_log().entries
    documents = {receipt.to_json()["settlement_id"]: receipt.to_json() for receipt in receipts}
    held = [json.loads(answer) for answer in tally.receipts.values()]
    lost = sum(documents.get(document["settlement_id"]) != document for document in held)
    distinct = min(
        len(documents),
        len({receipt.nullifier for receipt in receipts}),
        len({receipt.request_digest for receipt in receipts}),
    )
    return Audit(len(receipts), lost, len(receipts) - distinct, entries)


@contextmanager
def places(name: str) -> Iterator[tuple[str | None, Any]]:
    """Where the ledger is: its folder's file, or a PostgreSQL server of our own."""
    with ExitStack() as stack:
        if name == "sqlite":
            yield None, None
        else:
            server = stack.enter_context(SERVERS.postgres_server())
            yield SERVERS.fresh_url(server), server


def run(database_name: str, options: argparse.Namespace) -> dict[str, object]:
    """One storm and its audit, as a row of the table."""
    # The server ends with the thread that started it: that thread must outlive the audit.
    with (
        ThreadPoolExecutor(1) as hand,
        tempfile.TemporaryDirectory() as directory,
        places(database_name) as (where, database),
    ):
        load = Load(Path(directory) / "ledger", get_engine())
        load.prepare(where)
        bodies = (body(request) for request in list(load.requests(1, options.requests)))
        service = Killed(load, where, Path(directory) / "service.log")
        service.start()
        try:
            service.wait_until_ready()
            began, busy = time.monotonic(), load_average()
            tally = asyncio.run(storm(service, database, hand, bodies, options))
            seconds = time.monotonic() - began
            ended = service.stop()
        finally:
            service.kill()
        found = audit(load, where, tally)
    times = sorted(tally.seconds)
    return {
        "database": database_name,
        "clients": options.clients,
        "seconds": round(seconds, 1),
        "kills": options.kills,
        "acknowledged": len(tally.receipts),
        "held": found.held,
        "lost": found.lost + tally.changed,
        "doubled": found.doubled,
        "refused": len(tally.refused),
        "broken": tally.broken,
        "put off": tally.put_off,
        "per second": round(len(tally.receipts) / seconds),
        "p50 ms": _percentile(times, 50),
        "p99 ms": _percentile(times, 99),
        "longest ms": round(1000 * times[-1], 1),
        "orderly end": ended == 0,
        "log entries": found.entries,
        "load before": busy,
    }


def _percentile(times: list[float], percent: int) -> float:
    return round(1000 * times[min(len(times) - 1, len(times) * percent // 100)], 1)


COLUMNS = """\
`acknowledged`: receipts that clients hold. `held`: receipts in the ledger. `lost`: held by a client and not, or not
equal, in the ledger. `doubled`: a request, a nullifier or a settlement id with two receipts. `broken`: connections that
ended without an answer, or could not be made, while something was down. `put off`: answers 503. Times are of answered
attempts, from the first byte sent to the last received. `load before`: the machine's load average, of 1, 5 and 15
minutes. Every second kill is of the database where that is a server."""


def write(rows: list[dict[str, object]], out: Path) -> None:
    """service-load.md and service-load.csv."""
    names = list(rows[0])
    lines = ["# The service under load and kills", "", "; ".join(describe_machine()), "", COLUMNS, ""]
    lines += ["| " + " | ".join(names) + " |", "| " + " | ".join("---" for _ in names) + " |"]
    lines += ["| " + " | ".join(str(row[name]) for name in names) + " |" for row in rows]
    out.mkdir(parents=True, exist_ok=True)
    (out / "service-load.md").write_text("\n".join(lines) + "\n")
    with (out / "service-load.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main(arguments: list[str] | None = None) -> list[dict[str, object]]:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.service_load", description=__doc__)
    parser.add_argument("--databases", nargs="*", choices=("sqlite", "postgres"), default=("sqlite", "postgres"))
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--kills", type=int, default=10, help="with PostgreSQL every second one is of the database")
    parser.add_argument("--requests", type=int, default=60_000, help="how many are prepared")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    options = parser.parse_args(arguments)
    rows = []
    for database in options.databases:
        rows.append(run(database, options))
        print(rows[-1], flush=True)
    write(rows, options.out)
    return rows


if __name__ == "__main__":
    main()
