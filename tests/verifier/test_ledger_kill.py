"""The ledger survives: killed at any moment, or written to by many processes, it loses nothing and doubles nothing."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from zkmargin.algebra import Engine
from zkmargin.verifier import MarginLedger, SettlementRequest

from .world import UNIT, World

WORKER = Path(__file__).with_name("ledger_worker.py")
NATIVE = "native"


class Worker:
    """A worker process. What it reports goes to a file, which outlives it."""

    def __init__(self, database: Path | str, *arguments: object, log: Path | None = None) -> None:
        self._log = log or Path(database).with_suffix(".log")
        command = [sys.executable, str(WORKER), str(database), *map(str, arguments)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)

    def wait_until_ready(self) -> None:
        while not self._log.read_text().startswith("ready\n"):
            assert self._process.poll() is None, self._log.read_text()
            time.sleep(0.001)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def wait(self) -> int:
        return self._process.wait(timeout=300)

    def reports(self) -> list[dict[str, Any]]:
        """Whole lines only: the kill may have cut the last one short."""
        ready, *lines = self._log.read_text().split("\n")[:-1]
        assert ready == "ready", self._log.read_text()
        return [json.loads(line) for line in lines]


def write_requests(path: Path, requests: list[SettlementRequest]) -> Path:
    file = path.with_suffix(".jsonl")
    file.write_text("".join(json.dumps(request.to_json()) + "\n" for request in requests))
    return file


def stream(world: World, count: int) -> list[SettlementRequest]:
    """Two credits of different size for each account, each with its own settlement id."""
    return [
        world.request(1 + n // 2, credit=1 + n, sequence=1 + n % 2, settlement_id=(n + 1).to_bytes(32, "big"))
        for n in range(count)
    ]


def check_books(ledger: MarginLedger, reported: dict[str, dict[str, Any]], requests: list[SettlementRequest]) -> None:
    """What was reported is there, unchanged and once; margins are the newest receipts'; the log agrees."""
    receipts = ledger.receipts(limit=10**6)
    documents = {receipt.to_json()["settlement_id"]: receipt.to_json() for receipt in receipts}
    for settlement_id, document in reported.items():
        assert documents[settlement_id] == document
    assert [receipt.number for receipt in receipts] == list(range(1, len(receipts) + 1))
    assert len({receipt.nullifier for receipt in receipts}) == len(receipts)
    assert len({receipt.request_digest for receipt in receipts}) == len(receipts)
    margins: dict[int, int] = {}
    for receipt in receipts:
        assert receipt.replaced_e8 == margins.get(receipt.account, 0)
        margins[receipt.account] = receipt.credit_e8
    for account, margin in margins.items():
        assert ledger.margin_of(account) == margin
    accepted = [decision for decision in ledger.decisions(limit=10**6) if decision.outcome == "accepted"]
    assert [decision.request_digest for decision in accepted] == [receipt.request_digest for receipt in receipts]
    for request in requests:
        if (receipt := ledger.receipt(request.context.settlement_id)) is not None:
            assert ledger.accept(request) == receipt
    ledger.verify_log()


@pytest.mark.parametrize("batch", [1, 16])
def test_killed_at_random_moments(world: World, path: Path, best_engine: Engine, batch: int) -> None:
    """Dozens of kills during accepts; each new process starts some requests back, so that it replays as well."""
    kills, count = (24, 300) if best_engine.name == NATIVE else (6, 12)
    world.open(path).close()
    requests = stream(world, count)
    file = write_requests(path, requests)
    dice = random.Random(20)
    reported: dict[str, dict[str, Any]] = {}
    done = 0
    for _ in range(kills):
        worker = Worker(path, file, max(0, done - 3), 0, batch)
        worker.wait_until_ready()
        time.sleep(dice.uniform(0, 0.04) if best_engine.name == NATIVE else dice.uniform(0, 2))
        worker.kill()
        for document in worker.reports():
            earlier = reported.setdefault(document["settlement_id"], document)
            assert earlier == document, "a replay returned another receipt"
        with world.open(path, prepared=False) as ledger:
            check_books(ledger, reported, [])
            done = len(ledger.receipts(limit=count))
    assert done > 0
    with world.open(path, prepared=False) as ledger:
        for request in requests:
            ledger.accept(request)
        check_books(ledger, reported, requests)
        assert sum(receipt.credit_e8 for receipt in ledger.receipts(limit=count)) == count * (count + 1) // 2 * UNIT


@pytest.mark.parametrize("batch", [1, 3])
def test_killed_at_every_statement(world: World, path: Path, best_engine: Engine, batch: int) -> None:
    """SIGKILL as SQLite begins its first, second, ... statement: a batch is there whole or not at all."""
    step = batch if best_engine.name == NATIVE else 6
    requests = stream(world, batch + 1)
    first, last = requests[:batch], requests[batch]
    outcomes = set()
    for die_at in range(1, 100, step):
        database = path.with_name(f"{die_at}.sqlite")
        world.open(database).close()
        worker = Worker(database, write_requests(database, first), 0, die_at, batch)
        status = worker.wait()
        documents = worker.reports()
        with world.open(database, prepared=False) as ledger:
            receipts = ledger.receipts()
            outcomes.add((len(receipts), len(documents)))
            check_books(ledger, {document["settlement_id"]: document for document in documents}, first)
            ledger.accept_many(first)
            assert ledger.accept(last).number == batch + 1
        if status == 0:
            break
    else:
        pytest.fail("the worker was still being killed after 100 statements")
    assert {(0, 0), (batch, batch)} <= outcomes, "killed both before and after"
    assert {receipts for receipts, _ in outcomes} == {0, batch}, "never between"
    assert die_at > 10


def test_many_processes_at_once(world: World, path: Path, best_engine: Engine) -> None:
    """Four writers with the same requests in different orders, and two requests that fight for one nullifier."""
    count = 60 if best_engine.name == NATIVE else 6
    world.open(path).close()
    requests = [world.request(n + 1, credit=n + 1) for n in range(count)]
    fights = [world.request(900 + n, signals={"nullifier": 5_000_000 + n // 2}) for n in range(8)]
    dice = random.Random(21)
    workers = []
    for number in range(4):
        order = requests + fights
        dice.shuffle(order)
        file = write_requests(path.with_name(f"{number}.sqlite"), order)
        workers.append(Worker(path, file, log=file.with_suffix(".log")))
    assert [worker.wait() for worker in workers] == [0] * 4
    reported: dict[str, dict[str, Any]] = {}
    refused = 0
    for worker in workers:
        for document in worker.reports():
            if "refused" in document:
                assert document["refused"] == "nullifier-used"
                refused += 1
            else:
                assert reported.setdefault(document["settlement_id"], document) == document
    assert refused == 4 * 4, "each process saw the loser of each of the four fights refused"
    with world.open(path, prepared=False) as ledger:
        assert len(ledger.receipts()) == count + 4
        check_books(ledger, reported, requests)


def test_threads_share_one_ledger(world: World, path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    requests = stream(world, 4)[::2] * 4
    with world.open(path) as ledger, ThreadPoolExecutor(4) as pool:
        receipts = list(pool.map(ledger.accept, requests))
        assert receipts[:2] * 4 == receipts
        assert len(ledger.receipts()) == 2
