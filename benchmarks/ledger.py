"""`python -m benchmarks.ledger`: how many requests a second a ledger credits, verification and the disk included.

Each run starts with the requests as the bytes that a client sends, and ends when the last receipt is on the disk:
reading JSON, digests, all checks, the proofs, the transaction. Every request is by an account of its own. Modes take
turns. The processor's time is this process's, all threads together: it says what a busy machine hides.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from zkmargin.algebra import get_engine
from zkmargin.verifier import MarginLedger, Receipt, SettlementRequest

from .machine import describe_machine, load_average
from .settlements import Load, body
from .tables import markdown_table

SERVERS: Any = import_module("tests.servers.postgres")
"""The tests' own PostgreSQL server, without types here."""
HERE = Path(__file__).parent
COLUMNS = (
    "store",
    "batch",
    "threads",
    "requests",
    "median_a_second",
    "best_a_second",
    "p50_ms",
    "p99_ms",
    "cpu_us_each",
)


@dataclass
class Mode:
    """So many threads, each of which hands in batch after batch. Latencies are of one `accept_many`."""

    store: str
    where: str | None
    batch: int
    threads: int
    a_second: list[float] = field(default_factory=list)
    latencies_ms: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)

    def run(self, ledger: MarginLedger, documents: list[bytes]) -> None:
        batches = [documents[at : at + self.batch] for at in range(0, len(documents), self.batch)]
        cpu, start = time.process_time(), time.perf_counter()
        with ThreadPoolExecutor(self.threads) as pool:
            self.latencies_ms += pool.map(lambda batch: credited(ledger, batch), batches)
        self.a_second.append(len(documents) / (time.perf_counter() - start))
        self.cpu_us.append((time.process_time() - cpu) * 1e6 / len(documents))

    def row(self, requests: int) -> tuple[object, ...]:
        p50, p99 = median(self.latencies_ms), quantiles(self.latencies_ms, n=100, method="inclusive")[98]
        rates = f"{median(self.a_second):.0f}", f"{max(self.a_second):.0f}"
        return (
            self.store,
            self.batch,
            self.threads,
            requests,
            *rates,
            f"{p50:.1f}",
            f"{p99:.1f}",
            f"{median(self.cpu_us):.0f}",
        )


def credited(ledger: MarginLedger, documents: list[bytes]) -> float:
    """Hand in one batch; how long it took, in milliseconds."""
    start = time.perf_counter()
    outcomes = ledger.accept_many([SettlementRequest.from_json(document) for document in documents])
    if not all(isinstance(outcome, Receipt) for outcome in outcomes):
        raise RuntimeError(f"a request was refused: {outcomes[0]}")
    return (time.perf_counter() - start) * 1e3


def measure(modes: list[Mode], folder: Path, requests: int, repeats: int) -> None:
    """Every mode in turn, again and again, each time with requests nobody has handed in before."""
    load, number = Load(folder, get_engine()), 0
    for where in {mode.where: None for mode in modes}:
        load.prepare(where)
    for _ in range(repeats):
        for mode in modes:
            documents = [body(request) for request in load.requests(number, requests)]
            number += requests
            with load.open(mode.where) as ledger:
                mode.run(ledger, documents)
    for where in {mode.where: None for mode in modes}:
        with load.open(where) as ledger:
            ledger.verify_log()


def write(modes: list[Mode], requests: int, out: Path, before: str) -> None:
    rows = [mode.row(requests) for mode in modes]
    with (out / "ledger.csv").open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows])
    parts = [
        "# Credits a second\n",
        f"Written by `python -m benchmarks.ledger`. {requests} requests a run, {len(modes[0].a_second)} runs of each "
        "mode in turn, medians; from the bytes of a request to the receipt on the disk, the proof's check included. "
        "Latencies are of one call: of a whole batch. The processor's time is the ledger's process's, without that of "
        "a PostgreSQL server. Afterwards each ledger agreed with its log.\n",
        "\n".join(f"- {line}" for line in describe_machine()),
        f"- load average before {before}, after {load_average()}\n",
        markdown_table([name.replace("_", " ") for name in COLUMNS], rows),
    ]
    (out / "ledger.md").write_text("\n".join(parts))


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ledger", description=__doc__)
    parser.add_argument("--requests", type=int, default=2048)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--batches", type=int, nargs="*", default=(1, 256))
    parser.add_argument("--threads", type=int, nargs="*", default=(1, 2))
    parser.add_argument("--stores", nargs="*", choices=("sqlite", "postgres"), default=("sqlite", "postgres"))
    parser.add_argument("--out", type=Path, default=HERE / "results")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    before = load_average()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        places: dict[str, str | None] = {"sqlite": None}
        if "postgres" in options.stores:
            server = stack.enter_context(SERVERS.postgres_server())
            places["postgres"] = SERVERS.fresh_url(server)
        modes = [
            Mode(store, places[store], batch, threads)
            for store in options.stores
            for batch in options.batches
            for threads in options.threads
        ]
        measure(modes, folder / "ledger", options.requests, options.repeats)
    write(modes, options.requests, options.out, before)
    print(f"results are in {options.out}")


if __name__ == "__main__":
    main()
