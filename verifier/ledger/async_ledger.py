"""The margin ledger for an event loop: no call blocks it, and requests that wait at the same time share one batch.

    accept ----.                     .-- worker: verify, commit
    accept -----> bounded queue -----|
    accept_many'                     '-- worker: verify, commit
    release, repay, breaker, ... ----- lane of its own, so that they work however full the queue is
    margin_of, receipts, ... --------- lane of its own

Two workers, because the check of one batch runs beside the commit of another; the native check releases the GIL. A
request that finds a worker idle goes at once and alone: batches form only out of what has to wait anyway.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, TypeVar

from zkmargin.algebra import Engine, ZkMarginError

from ..attestation import RiskAttestation, SourceRootAttestation
from ..errors import LedgerError, Overloaded
from ..keys import VerifyingKey
from ..receipt import Receipt
from ..request import SettlementRequest
from .breaker import MarketHealth
from .breakers import BreakerState
from .config import LedgerConfig
from .log import LogEntry
from .margin_ledger import MarginLedger
from .overview import Overview
from .questions import PAGE, Clock, system_clock
from .records import AccountView, Decision, Head, Root

QUEUE_LIMIT = 1024
BATCH_LIMIT = 256
WORKERS = 2
LANE_LIMIT = 256

Outcome = Receipt | ZkMarginError
T = TypeVar("T")


@dataclass
class _Waiting:
    """Requests that stay together and in order, and where their outcomes go."""

    requests: list[SettlementRequest]
    outcomes: asyncio.Future[list[Outcome]]


@dataclass
class _Lane:
    """Threads for one kind of call; at most `limit` calls are under way or waiting."""

    pool: ThreadPoolExecutor
    limit: int
    under_way: int = field(default=0, init=False)

    async def run(self, call: Callable[[], T]) -> T:
        if self.under_way >= self.limit:
            raise Overloaded(self.under_way, self.limit)
        self.under_way += 1
        running = asyncio.get_running_loop().run_in_executor(self.pool, call)
        running.add_done_callback(self._done)
        # Shielded: the thread goes on when the caller is cancelled, and counts until it is done.
        return await asyncio.shield(running)

    def _done(self, running: asyncio.Future[Any]) -> None:
        self.under_way -= 1
        if not running.cancelled():
            running.exception()


class AsyncMarginLedger:
    """Async twins of `MarginLedger`'s methods, for one event loop. `ledger` stays usable from threads beside it.

    A caller that is cancelled while its request waits takes it back; once the request is being decided it is decided,
    and asking again gives the receipt.
    """

    def __init__(
        self,
        ledger: MarginLedger,
        *,
        queue_limit: int = QUEUE_LIMIT,
        batch_limit: int = BATCH_LIMIT,
        workers: int = WORKERS,
    ) -> None:
        self.ledger = ledger
        self.queue_limit = queue_limit
        self._batch_limit = batch_limit
        self._queue: deque[_Waiting] = deque()
        self._waiting = 0
        self._worker_count = self._idle = workers
        self._closed = False
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._workers = ThreadPoolExecutor(workers, "zkmargin-accept")
        self._orders = _Lane(ThreadPoolExecutor(1, "zkmargin-order"), LANE_LIMIT)
        self._questions = _Lane(ThreadPoolExecutor(2, "zkmargin-read"), LANE_LIMIT)

    @classmethod
    async def open(
        cls,
        where: str | os.PathLike[str],
        config: LedgerConfig,
        key: VerifyingKey,
        *,
        clock: Clock = system_clock,
        engine: Engine | None = None,
        queue_limit: int = QUEUE_LIMIT,
    ) -> AsyncMarginLedger:
        """As `MarginLedger.open`, which judges the key: in a thread, for that takes a while."""

        def opened() -> MarginLedger:
            return MarginLedger.open(where, config, key, clock=clock, engine=engine)

        return cls(await asyncio.to_thread(opened), queue_limit=queue_limit)

    @property
    def config(self) -> LedgerConfig:
        return self.ledger.config

    @property
    def waiting(self) -> int:
        """How many requests wait for a worker."""
        return self._waiting

    async def drain(self) -> None:
        """Take nothing new, and decide what waits. The ledger stays open for whoever opened it."""
        self._closed = True
        await self._quiet.wait()
        pools = (self._workers, self._orders.pool, self._questions.pool)
        for pool in pools:
            await asyncio.to_thread(pool.shutdown)

    async def close(self) -> None:
        """Drain, and close the ledger."""
        await self.drain()
        self.ledger.close()

    async def __aenter__(self) -> AsyncMarginLedger:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def accept(self, request: SettlementRequest) -> Receipt:
        """As `MarginLedger.accept`. `Overloaded` where `queue_limit` requests wait already."""
        (outcome,) = await self._enqueue([request])
        if isinstance(outcome, Receipt):
            return outcome
        raise outcome

    async def accept_many(self, requests: Sequence[SettlementRequest]) -> list[Outcome]:
        """As `MarginLedger.accept_many`: the requests stay together and in their order."""
        return await self._enqueue(list(requests)) if requests else []

    async def observe_root(self, chain_id: int, epoch: int, root: int, observed_at_ms: int) -> None:
        await self.order(lambda ledger: ledger.observe_root(chain_id, epoch, root, observed_at_ms))

    async def attest_source_root(self, attestation: SourceRootAttestation) -> None:
        await self.order(lambda ledger: ledger.attest_source_root(attestation))

    async def retract_root(self, chain_id: int, epoch: int, reason: str) -> None:
        await self.order(lambda ledger: ledger.retract_root(chain_id, epoch, reason))

    async def attest_risk_root(self, attestation: RiskAttestation) -> None:
        await self.order(lambda ledger: ledger.attest_risk_root(attestation))

    async def observe_market(self, market: MarketHealth) -> None:
        await self.order(lambda ledger: ledger.observe_market(market))

    async def release(self, settlement_id: bytes) -> int:
        return await self.order(lambda ledger: ledger.release(settlement_id))

    async def release_account(self, account: int, through_sequence: int) -> int:
        return await self.order(lambda ledger: ledger.release_account(account, through_sequence))

    async def repay(self, settlement_id: bytes, remaining_e8: int) -> int:
        return await self.order(lambda ledger: ledger.repay(settlement_id, remaining_e8))

    async def trip_breaker(self, reason: str, source: int | None = None) -> None:
        await self.order(lambda ledger: ledger.trip_breaker(reason, source))

    async def probe_breaker(self, reason: str, source: int | None = None) -> None:
        await self.order(lambda ledger: ledger.probe_breaker(reason, source))

    async def reset_breaker(self, reason: str, source: int | None = None) -> None:
        await self.order(lambda ledger: ledger.reset_breaker(reason, source))

    async def margin_of(self, account: int) -> int:
        return await self.ask(lambda ledger: ledger.margin_of(account))

    async def account(self, account: int) -> AccountView:
        return await self.ask(lambda ledger: ledger.account(account))

    async def accounts(self, after: int = -1, limit: int = PAGE) -> list[AccountView]:
        return await self.ask(lambda ledger: ledger.accounts(after, limit))

    async def overview(self) -> Overview:
        return await self.ask(lambda ledger: ledger.overview())

    async def breakers(self) -> list[BreakerState]:
        return await self.ask(lambda ledger: ledger.breakers())

    async def breaker(self, source: int | None = None) -> BreakerState:
        return await self.ask(lambda ledger: ledger.breaker(source))

    async def receipt(self, settlement_id: bytes) -> Receipt | None:
        return await self.ask(lambda ledger: ledger.receipt(settlement_id))

    async def receipts(self, after: int = 0, limit: int = PAGE) -> list[Receipt]:
        return await self.ask(lambda ledger: ledger.receipts(after, limit))

    async def decisions(self, after: int = 0, limit: int = PAGE) -> list[Decision]:
        return await self.ask(lambda ledger: ledger.decisions(after, limit))

    async def newest_decisions(self, limit: int = PAGE) -> list[Decision]:
        return await self.ask(lambda ledger: ledger.newest_decisions(limit))

    async def newest_root(self, chain_id: int, below_epoch: int | None = None) -> Root | None:
        return await self.ask(lambda ledger: ledger.newest_root(chain_id, below_epoch))

    async def head(self) -> Head:
        return await self.ask(lambda ledger: ledger.head())

    async def log(self, after: int = 0, limit: int = PAGE) -> list[LogEntry]:
        return await self.ask(lambda ledger: ledger.log(after, limit))

    async def ask(self, question: Callable[[MarginLedger], T]) -> T:
        """The answer of a function that only reads, such as `lambda ledger: ledger.margin_of(account)`."""
        self._check_open()
        return await self._questions.run(lambda: question(self.ledger))

    async def order(self, command: Callable[[MarginLedger], T]) -> T:
        """The result of a function that changes something else than by accepting. Orders run one after another."""
        self._check_open()
        return await self._orders.run(lambda: command(self.ledger))

    async def _enqueue(self, requests: list[SettlementRequest]) -> list[Outcome]:
        self._check_open()
        if self._waiting + len(requests) > self.queue_limit:
            raise Overloaded(self._waiting, self.queue_limit)
        waiting = _Waiting(requests, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        self._waiting += len(requests)
        self._start_workers()
        return await waiting.outcomes

    def _check_open(self) -> None:
        if self._closed:
            raise LedgerError("of this loop", "it has been closed")

    def _start_workers(self) -> None:
        while self._idle and (batch := self._take()):
            self._idle -= 1
            self._quiet.clear()
            requests = [request for waiting in batch for request in waiting.requests]
            running = asyncio.get_running_loop().run_in_executor(self._workers, self._decide, requests)
            running.add_done_callback(lambda done, batch=batch: self._deliver(batch, done))  # type: ignore[misc]

    def _take(self) -> list[_Waiting]:
        """The oldest that wait, up to a batch; those whose callers have left are dropped."""
        batch: list[_Waiting] = []
        size = 0
        while self._queue and (not size or size + len(self._queue[0].requests) <= self._batch_limit):
            waiting = self._queue.popleft()
            self._waiting -= len(waiting.requests)
            if not waiting.outcomes.done():
                batch.append(waiting)
                size += len(waiting.requests)
        return batch

    def _decide(self, requests: list[SettlementRequest]) -> list[Outcome]:
        """In a worker's thread."""
        return self.ledger.accept_many(requests)

    def _deliver(self, batch: list[_Waiting], done: asyncio.Future[list[Outcome]]) -> None:
        problem = done.exception()
        outcomes = iter([] if problem else done.result())
        for waiting in batch:
            if waiting.outcomes.done():  # the caller has left; its outcomes are passed over
                for _ in waiting.requests:
                    next(outcomes, None)
            elif problem is not None:
                waiting.outcomes.set_exception(problem)
            else:
                waiting.outcomes.set_result([next(outcomes) for _ in waiting.requests])
        self._idle += 1
        self._start_workers()
        if self._idle == self._worker_count and not self._queue:
            self._quiet.set()
