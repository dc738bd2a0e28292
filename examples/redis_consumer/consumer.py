"""A margin desk behind Redis Streams: every request is decided at least once, and answered exactly once.

    settlements        {"settlement": JSON}                          requests, from whoever wants credit
    decisions          {"request", "outcome", "detail", "receipt"}   one answer for each request, written here
    settlements.dead   {"request", "reason", "settlement"}           what nobody can decide, for a person to look at

Why nothing is lost or doubled: the ledger commits before the answer is written, and gives the same receipt when it is
asked again; the answer and the acknowledgement are one atomic step in Redis, which only the first to acknowledge takes.
Whoever dies in between leaves the message pending, and another consumer claims it.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from zkmargin.algebra import EncodingError, ZkMarginError
from zkmargin.settlement.ledger_folder import LedgerFolder
from zkmargin.verifier import LedgerError, MarginLedger, Receipt, SettlementRequest

GROUP = "margin"
REQUESTS, DECISIONS, DEAD = "settlements", "decisions", "settlements.dead"
BATCH = 64
BLOCK_MS = 500
MAX_DELIVERIES = 5
"""A message that has been handed out so often and never finished is what its consumers die of."""
KEPT_BYTES = 1 << 16
KEPT_ENTRIES = 1_000_000
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 10.0

FINISH = """
if redis.call('XACK', KEYS[1], ARGV[1], ARGV[2]) == 0 then return 0 end
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[3], '*', unpack(ARGV, 4))
return 1
"""
"""Acknowledge and answer, or neither: somebody else has finished this message if it is no longer pending."""

T = TypeVar("T")
log = logging.getLogger("margin.consumer")


@dataclass(frozen=True)
class Message:
    """One entry of the stream of requests."""

    id: bytes
    fields: Mapping[bytes, bytes]

    @property
    def settlement(self) -> bytes:
        return self.fields.get(b"settlement", b"")


class Consumer:
    """One member of the group. Run as many as there are cores, on any machine that reaches the ledger's database."""

    def __init__(self, redis: Redis, ledger: MarginLedger, name: str, *, claim_after_ms: int = 60_000) -> None:
        self._redis: Any = redis
        self._ledger = ledger
        self._name = name
        self._claim_after_ms = claim_after_ms
        self._claim_from: bytes = b"0-0"
        self._finish = self._redis.register_script(FINISH)
        self.stop = threading.Event()

    def run(self) -> None:
        """Until `stop` is set; what has been begun is finished first."""
        self._until_it_works(self._join)
        while not self.stop.is_set():
            self._until_it_works(self.step)
        log.info("%s has stopped", self._name)

    def step(self) -> int:
        """One abandoned message, if there is one, then a batch of new ones; how many there were.

        Abandoned messages are taken one at a time: if one of them ends this process too, it alone counts as delivered
        once more, and its innocent neighbours are never taken for the cause.
        """
        taken_over = self._take_over()
        return taken_over + self._decide(self._new_messages(None if taken_over else BLOCK_MS))

    def _join(self) -> None:
        try:
            self._redis.xgroup_create(REQUESTS, GROUP, id="0", mkstream=True)
        except ResponseError as problem:
            if not str(problem).startswith("BUSYGROUP"):
                raise

    def _new_messages(self, wait_ms: int | None) -> list[Message]:
        answer = self._redis.xreadgroup(GROUP, self._name, {REQUESTS: ">"}, count=BATCH, block=wait_ms)
        return [Message(id, fields) for _, entries in answer or () for id, fields in entries]

    def _take_over(self) -> int:
        self._claim_from, entries, *_ = self._redis.xautoclaim(
            REQUESTS, GROUP, self._name, self._claim_after_ms, start_id=self._claim_from, count=1
        )
        messages = [Message(id, fields) for id, fields in entries]
        for message in messages:
            # Whoever had it may have been slow and not dead, and answered it since: then it is pending no more.
            pending = self._redis.xpending_range(REQUESTS, GROUP, message.id, message.id, 1)
            if not pending:
                continue
            if pending[0]["times_delivered"] > MAX_DELIVERIES:
                self._bury(message, f"given up after {MAX_DELIVERIES} deliveries")
            else:
                self._decide([message])
        return len(messages)

    def _decide(self, messages: Sequence[Message]) -> int:
        readable: list[tuple[Message, SettlementRequest]] = []
        for message in messages:
            try:
                readable.append((message, SettlementRequest.from_json(message.settlement)))
            except EncodingError as problem:
                self._bury(message, str(problem))
        if readable:
            # A database that is away is no fault of the message: try again here, and count no delivery for it.
            outcomes = self._until_it_works(lambda: self._ledger.accept_many([request for _, request in readable]))
            for (message, _), outcome in zip(readable, outcomes, strict=True):
                self._answer(message, outcome)
        return len(messages)

    def _answer(self, message: Message, outcome: Receipt | ZkMarginError) -> None:
        if isinstance(outcome, Receipt):
            fields = {"outcome": "accepted", "detail": "", "receipt": json.dumps(outcome.to_json())}
        else:
            fields = {"outcome": outcome.code, "detail": str(outcome), "receipt": ""}
        self._finished(message, DECISIONS, fields)

    def _bury(self, message: Message, reason: str) -> None:
        log.warning("%s goes to %s: %s", message.id.decode(), DEAD, reason)
        self._finished(message, DEAD, {"reason": reason, "settlement": message.settlement[:KEPT_BYTES]})

    def _finished(self, message: Message, stream: str, fields: Mapping[str, str | bytes]) -> None:
        pairs = [part for pair in {"request": message.id, **fields}.items() for part in pair]
        self._until_it_works(
            lambda: self._finish(keys=[REQUESTS, stream], args=[GROUP, message.id, KEPT_ENTRIES, *pairs])
        )

    def _until_it_works(self, act: Callable[[], T]) -> T:
        """Again after a pause, and a longer one, while Redis or the database is away; ends with `stop`."""
        pause = FIRST_PAUSE_S
        while True:
            try:
                return act()
            except (RedisConnectionError, RedisTimeoutError, LedgerError) as problem:
                # The class alone: an address in the text may hold a password.
                log.warning("%s, trying again in %.1f s", type(problem).__name__, pause)
            if self.stop.wait(pause):
                raise SystemExit("stopped while waiting; what was begun stays pending")
            pause = min(2 * pause, LONGEST_PAUSE_S)


def main() -> None:
    """Serve until told to stop; ZKMARGIN_LEDGER, REDIS_URL and CLAIM_AFTER_MS say what the README says."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    redis = Redis.from_url(os.environ["REDIS_URL"], protocol=2, socket_timeout=10)
    name = f"{socket.gethostname()}-{os.getpid()}"
    folder = LedgerFolder.read(os.environ["ZKMARGIN_LEDGER"])
    with folder.open(os.environ.get("ZKMARGIN_DATABASE")) as ledger:
        consumer = Consumer(redis, ledger, name, claim_after_ms=int(os.environ.get("CLAIM_AFTER_MS", "60000")))
        for kind in (signal.SIGTERM, signal.SIGINT):
            signal.signal(kind, lambda *_: consumer.stop.set())
        log.info("%s takes requests from %s", name, REQUESTS)
        consumer.run()


if __name__ == "__main__":
    main()
