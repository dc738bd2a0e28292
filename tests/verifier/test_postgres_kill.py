"""PostgreSQL goes away, comes back, or is written to by many: nothing that was answered is lost, nothing is doubled."""

from __future__ import annotations

import multiprocessing
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from zkmargin.algebra import Engine
from zkmargin.verifier import LedgerError, MarginLedger
from zkmargin.verifier.ledger.log import REFUSED, next_entry
from zkmargin.verifier.ledger.postgres import open_postgres
from zkmargin.verifier.ledger.postgres import server as server_module
from zkmargin.verifier.ledger.postgres.conversation import Sql
from zkmargin.verifier.ledger.records import Account, Head
from zkmargin.verifier.ledger.store import Changes, Wanted

from ..servers.postgres import PostgresServer, fresh_url, postgres_server
from .test_ledger_kill import NATIVE, Worker, check_books, stream, write_requests
from .test_store import TARGET
from .world import World

psycopg = pytest.importorskip("psycopg")


@pytest.fixture
def mortal() -> Iterator[PostgresServer]:
    """A server for one test to kill."""
    with postgres_server() as server:
        yield server


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    return fresh_url(postgres)


def open_with(url: str, monkeypatch: pytest.MonkeyPatch, **session: str) -> Any:
    """A store whose sessions have other time limits."""
    with monkeypatch.context() as patch:
        patch.setattr(server_module, "_SESSION", {**server_module._SESSION, **session})
        store = open_postgres(url, TARGET)
        with store.reading(), store.writing():  # both connections are made with these limits
            pass
        return store


# The server.


def test_after_a_crash_the_next_call_says_so_and_the_one_after_works(world: World, mortal: PostgresServer) -> None:
    with world.open(fresh_url(mortal)) as ledger:
        receipt = ledger.accept(world.request())
        mortal.kill()
        mortal.start()
        with pytest.raises(LedgerError, match="try again"):
            ledger.accept(world.request())
        assert ledger.accept(world.request()) == receipt
        assert ledger.accept(world.request(2)).number == 2


def test_while_the_server_is_away_each_call_says_so(world: World, mortal: PostgresServer) -> None:
    with world.open(fresh_url(mortal)) as ledger:
        mortal.kill()
        for _ in range(3):
            with pytest.raises(LedgerError, match="try again"):
                ledger.accept(world.request())
        mortal.start()
        assert ledger.accept(world.request()).number == 1


def test_a_crash_inside_a_transaction(mortal: PostgresServer) -> None:
    store = open_postgres(fresh_url(mortal), TARGET)

    def crash() -> None:
        with store.writing() as rows:
            rows.save(Changes(outstanding_e8=5))
            mortal.kill()

    with pytest.raises(LedgerError, match="try again"):
        crash()
    mortal.start()
    with store.reading() as rows:
        assert rows.outstanding_e8() == 0


def prepared_place(world: World, server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """A ledger that honest requests can be made to; the password goes to the workers by the environment."""
    url = fresh_url(server)
    world.open(url).close()
    monkeypatch.setenv("PGPASSWORD", server.password)
    return url.replace(f":{server.password}", "")


def test_the_server_is_killed_under_load(
    world: World, mortal: PostgresServer, tmp_path: Path, best_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three processes send the same requests in their own order, while the server is killed and comes back."""
    kills, count = (4, 160) if best_engine.name == NATIVE else (2, 8)
    url, requests = prepared_place(world, mortal, monkeypatch), stream(world, count)
    dice = random.Random(31)
    workers = []
    for number in range(3):
        # Credits of one account stay in their order: the later one would make the earlier one stale.
        accounts = [requests[n : n + 2] for n in range(0, count, 2)]
        dice.shuffle(accounts)
        order = [request for pair in accounts for request in pair]
        file = write_requests(tmp_path / f"{number}.requests", order)
        workers.append(Worker(url, file, log=tmp_path / f"{number}.log"))
    for worker in workers:
        worker.wait_until_ready()
    for _ in range(kills):
        time.sleep(dice.uniform(0.05, 0.3))
        mortal.kill()
        mortal.start()
    assert [worker.wait() for worker in workers] == [0] * 3
    reported: dict[str, dict[str, Any]] = {}
    for worker in workers:
        for document in worker.reports():
            assert "refused" not in document or document["refused"] == "stale-sequence"
            if "refused" not in document:
                assert reported.setdefault(document["settlement_id"], document) == document
    with world.open(url, prepared=False) as ledger:
        assert set(reported) <= {receipt.to_json()["settlement_id"] for receipt in ledger.receipts(limit=10**6)}
        check_books(ledger, reported, [])


# The ledger's processes.


def test_processes_are_killed_at_random_moments(
    world: World, postgres: PostgresServer, tmp_path: Path, best_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    kills, count = (5, 100) if best_engine.name == NATIVE else (3, 9)
    url, requests = prepared_place(world, postgres, monkeypatch), stream(world, count)
    file = write_requests(tmp_path / "requests", requests)
    dice = random.Random(32)
    reported: dict[str, dict[str, Any]] = {}
    done = 0
    for number in range(kills):
        before = postgres.clients()
        worker = Worker(url, file, max(0, done - 3), log=tmp_path / f"{number}.log")
        worker.wait_until_ready()
        time.sleep(dice.uniform(0, 0.1) if best_engine.name == NATIVE else dice.uniform(0, 2))
        worker.kill()
        # The books are read in several transactions: none of the killed process's may be committed in between.
        postgres.wait_for_those_who_came_after(before)
        for document in worker.reports():
            assert reported.setdefault(document["settlement_id"], document) == document
        with world.open(url, prepared=False) as ledger:
            check_books(ledger, reported, [])
            done = len(ledger.receipts(limit=count))
    assert done > 0
    with world.open(url, prepared=False) as ledger:
        for request in requests:
            ledger.accept(request)
        check_books(ledger, reported, requests)


def test_many_processes_on_one_database(
    world: World, postgres: PostgresServer, tmp_path: Path, best_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four writers with the same requests in different orders, and two requests that fight for one nullifier."""
    count = 24 if best_engine.name == NATIVE else 4
    url = prepared_place(world, postgres, monkeypatch)
    requests = [world.request(n + 1, credit=n + 1) for n in range(count)]
    fights = [world.request(900 + n, signals={"nullifier": 5_000_000 + n // 2}) for n in range(8)]
    dice = random.Random(33)
    workers = []
    for number in range(4):
        order = requests + fights
        dice.shuffle(order)
        file = write_requests(tmp_path / f"{number}.requests", order)
        workers.append(Worker(url, file, log=tmp_path / f"{number}.log"))
    assert [worker.wait() for worker in workers] == [0] * 4
    reported: dict[str, dict[str, Any]] = {}
    refused = 0
    for document in [document for worker in workers for document in worker.reports()]:
        if "refused" in document:
            assert document["refused"] == "nullifier-used"
            refused += 1
        else:
            assert reported.setdefault(document["settlement_id"], document) == document
    assert refused == 4 * 4, "each process saw the loser of each of the four fights refused"
    with world.open(url, prepared=False) as ledger:
        assert len(ledger.receipts()) == count + 4
        check_books(ledger, reported, requests)


def test_who_waited_for_the_lock_sees_what_the_one_before_it_wrote(postgres: PostgresServer, url: str) -> None:
    first, second = open_postgres(url, TARGET), open_postgres(url, TARGET)
    waiting = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    with psycopg.connect(postgres.url, autocommit=True) as admin, ThreadPoolExecutor(1) as pool:

        def look() -> tuple[Any, Any, Any]:
            with second.writing(Wanted(accounts=frozenset([7]))) as rows:
                return rows.accounts_of([7]), rows.head(), rows.outstanding_e8()

        with first.writing(Wanted(accounts=frozenset([7]))) as rows:
            seen = pool.submit(look)
            while not seen.done() and not admin.execute(waiting).fetchall():
                time.sleep(0.005)
            entry, account = next_entry(rows.head(), 1, REFUSED, {}), Account(7, 3, margin_e8=5, expiry_ms=9)
            rows.save(Changes([entry], accounts={7: account}, outstanding_e8=5))
        assert seen.result() == ([account], Head(1, entry.hash), 5)


# Limits of time and number.


def test_a_writer_does_not_wait_for_ever(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = open_postgres(url, TARGET), open_with(url, monkeypatch, lock_timeout="50ms")
    with first.writing():
        with pytest.raises(LedgerError, match="locked by another process; try again"), second.writing():
            pass
        with second.reading() as rows:
            assert rows.outstanding_e8() == 0, "readers wait for nobody"
    with second.writing():
        pass


def test_a_writer_that_stands_still_loses_its_turn(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    frozen, other = open_with(url, monkeypatch, idle_in_transaction_session_timeout="100ms"), open_postgres(url, TARGET)

    def stand_still() -> None:
        with frozen.writing() as rows:
            with other.writing() as others:  # waits until the server has ended the frozen one
                others.save(Changes(outstanding_e8=7))
            rows.save(Changes(outstanding_e8=5))

    with pytest.raises(LedgerError, match="try again"):
        stand_still()
    with frozen.reading() as rows:
        assert rows.outstanding_e8() == 7


def test_a_statement_that_takes_too_long(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_with(url, monkeypatch, statement_timeout="50ms")
    with pytest.raises(LedgerError, match="longer than"), store.reading() as rows:
        rows._conversation.ask(Sql(b"SELECT pg_sleep(20)", {}))


def test_more_transactions_than_connections(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "CONNECTIONS", 1)
    monkeypatch.setattr(server_module, "WAIT_S", 0.05)
    store = open_postgres(url, TARGET)
    with store.reading(), pytest.raises(LedgerError, match="in use; try again"), store.reading():
        pass
    with store.reading():
        pass


def test_a_standby_is_named(url: str) -> None:
    open_postgres(url, TARGET).close()
    store = open_postgres(f"{url}&options=-c%20default_transaction_read_only%3Don", TARGET)
    with pytest.raises(LedgerError, match="standby"), store.writing():
        pass


def _count_receipts(ledger: MarginLedger, answer: Callable[[str], None]) -> None:
    try:
        ledger.receipts()
    except LedgerError as problem:
        answer(problem.reason)
    else:
        answer("worked")
    ledger.close()


def test_a_forked_process_may_not_share_the_connections(world: World, url: str) -> None:
    """Two processes on one socket would read each other's answers. The child's end leaves the parent's alone."""
    with world.open(url) as ledger:
        fork = multiprocessing.get_context("fork")
        answers = fork.SimpleQueue()
        child = fork.Process(target=_count_receipts, args=(ledger, answers.put))
        child.start()
        child.join(30)
        assert "fork" in answers.get()
        assert ledger.accept(world.request()).number == 1
