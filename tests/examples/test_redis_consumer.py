"""The message consumer against a real Redis: killed at any moment, it loses no request and answers none twice."""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Callable, Iterator, Sequence
from types import ModuleType
from typing import Any

import pytest

from zkmargin.verifier import LedgerError, Receipt, SettlementRequest

from ..servers.redis import redis_server
from .program import EXAMPLES, Program, load
from .venue import Venue

redis = pytest.importorskip("redis")

FOLDER = EXAMPLES / "redis_consumer"
BOUND_S = 60.0


@pytest.fixture(scope="module")
def example() -> ModuleType:
    return load(FOLDER / "consumer.py", "margin_consumer")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with redis_server() as address:
        yield address


@pytest.fixture
def client(url: str) -> Any:
    client = redis.Redis.from_url(url, protocol=2)
    client.flushall()
    return client


class Desk:
    """The streams as a trader sees them, and consumers made in this process."""

    def __init__(self, example: ModuleType, client: Any, venue: Venue) -> None:
        self.example, self.client, self.venue = example, client, venue
        self.ledger = venue.open()

    def consumer(self, name: str, ledger: Any = None) -> Any:
        consumer = self.example.Consumer(self.client, ledger or self.ledger, name, claim_after_ms=0)
        consumer._join()
        return consumer

    def send(self, body: bytes) -> bytes:
        identity: bytes = self.client.xadd("settlements", {"settlement": body})
        return identity

    def decisions(self) -> dict[bytes, list[tuple[str, str]]]:
        """For each request, the (outcome, receipt) of every answer: there should be one."""
        answers: dict[bytes, list[tuple[str, str]]] = {}
        for _, fields in self.client.xrange("decisions"):
            answer = fields[b"outcome"].decode(), fields[b"receipt"].decode()
            answers.setdefault(fields[b"request"], []).append(answer)
        return answers

    def dead(self) -> dict[bytes, str]:
        return {fields[b"request"]: fields[b"reason"].decode() for _, fields in self.client.xrange("settlements.dead")}

    def pending(self) -> int:
        return int(self.client.xpending("settlements", "margin")["pending"])


@pytest.fixture
def desk(example: ModuleType, client: Any, venue: Venue, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(example, "BLOCK_MS", 5)
    return Desk(example, client, venue)


def outcomes(desk: Desk, sent: Sequence[bytes]) -> list[str]:
    answers = desk.decisions()
    assert all(len(answers[identity]) == 1 for identity in sent)
    return [answers[identity][0][0] for identity in sent]


def test_requests_are_decided_in_order_and_answered(desk: Desk) -> None:
    consumer = desk.consumer("a")
    sent = [desk.send(desk.venue.body(1)), desk.send(desk.venue.body(1)), desk.send(desk.venue.forged(2))]
    assert consumer.step() == 3
    assert outcomes(desk, sent) == ["accepted", "accepted", "proof-rejected"]
    answers = desk.decisions()
    assert answers[sent[0]] == answers[sent[1]], "the same request has the same receipt"
    (receipt,) = desk.ledger.receipts()
    assert json.loads(answers[sent[0]][0][1]) == receipt.to_json()
    assert desk.pending() == 0


@pytest.mark.parametrize("body", [b"", b"{}", b"\xff" * 100, b"[" * 70_000], ids=["empty", "object", "bytes", "long"])
def test_what_nobody_can_read_goes_to_the_dead_letters(desk: Desk, body: bytes) -> None:
    consumer = desk.consumer("a")
    bad, good = desk.send(body), desk.send(desk.venue.body(1))
    consumer.step()
    assert set(desk.dead()) == {bad}
    assert outcomes(desk, [good]) == ["accepted"]
    ((_, fields),) = desk.client.xrange("settlements.dead")
    assert fields[b"settlement"] == body[: 1 << 16]
    assert desk.pending() == 0


def test_an_entry_without_a_settlement_is_buried_too(desk: Desk) -> None:
    identity = desk.client.xadd("settlements", {"other": "field"})
    desk.consumer("a").step()
    assert set(desk.dead()) == {identity}


class Dies(BaseException):
    """The end of a process, as far as the code in it can tell."""


def test_death_between_the_ledger_and_the_answer(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The credit stands and nobody was told; whoever takes the message over gives the same receipt."""
    first = desk.consumer("a")
    identity = desk.send(desk.venue.body(1))

    def die(*_: object) -> None:
        raise Dies

    monkeypatch.setattr(first, "_answer", die)
    with pytest.raises(Dies):
        first.step()
    (receipt,) = desk.ledger.receipts()
    assert (desk.pending(), desk.decisions()) == (1, {})
    assert desk.consumer("b").step() == 1
    assert json.loads(desk.decisions()[identity][0][1]) == receipt.to_json()
    assert len(desk.ledger.receipts()) == 1


def test_only_the_first_to_finish_answers(desk: Desk) -> None:
    """A consumer that was slow, not dead: its message was taken over, and it comes back with an answer."""
    slow, quick = desk.consumer("a"), desk.consumer("b")
    identity = desk.send(desk.venue.body(1))
    (message,) = slow._new_messages(None)
    assert quick.step() == 1
    slow._decide([message])
    assert len(desk.decisions()[identity]) == 1


class Deadly:
    """A ledger whose library dies of one request."""

    def __init__(self, desk: Desk, deadly: bytes) -> None:
        self._ledger, self._deadly = desk.ledger, deadly

    def accept_many(self, requests: Sequence[SettlementRequest]) -> list[Any]:
        if any(request.context.settlement_id == self._deadly for request in requests):
            raise Dies
        return self._ledger.accept_many(requests)


def test_a_message_that_kills_its_consumers_is_buried_and_its_neighbours_are_not(desk: Desk) -> None:
    sent = [desk.send(desk.venue.body(number)) for number in range(1, 6)]
    ledger = Deadly(desk, (3).to_bytes(32, "big"))
    deaths = 0
    for attempt in range(30):
        if attempt and not desk.pending():
            break
        consumer = desk.consumer(f"consumer-{attempt}", ledger)
        try:
            while consumer.step():
                pass
        except Dies:
            deaths += 1
    assert deaths == desk.example.MAX_DELIVERIES
    assert set(desk.dead()) == {sent[2]}
    assert outcomes(desk, sent[:2] + sent[3:]) == ["accepted"] * 4
    assert desk.pending() == 0


class Away:
    """A ledger whose database is away for a while."""

    def __init__(self, desk: Desk, failures: int) -> None:
        self._ledger, self.failures = desk.ledger, failures

    def accept_many(self, requests: Sequence[SettlementRequest]) -> list[Any]:
        self.failures -= 1
        if self.failures >= 0:
            raise LedgerError("postgresql://margin:hunter2@db", "cannot be reached")
        return self._ledger.accept_many(requests)


def test_a_database_that_is_away_costs_no_delivery(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(desk.example, "FIRST_PAUSE_S", 0.001)
    consumer = desk.consumer("a", Away(desk, desk.example.MAX_DELIVERIES + 2))
    identity = desk.send(desk.venue.body(1))
    consumer.step()
    assert outcomes(desk, [identity]) == ["accepted"]
    assert "LedgerError" in caplog.text
    assert "hunter2" not in caplog.text


def test_a_stop_while_the_database_is_away_leaves_the_message_pending(desk: Desk) -> None:
    consumer = desk.consumer("a", Away(desk, 1000))
    desk.send(desk.venue.body(1))
    consumer.stop.set()
    with pytest.raises(SystemExit):
        consumer.step()
    assert desk.pending() == 1
    assert desk.consumer("b").step() == 1
    assert isinstance(desk.ledger.receipts()[0], Receipt)


def test_killed_again_and_again_nothing_is_lost_or_doubled(desk: Desk, url: str, start: Callable[..., Program]) -> None:
    chance = random.Random(5)
    sent, bodies = [], []
    for number in range(1, 121):
        kind = chance.random()
        body = desk.venue.forged(number) if kind < 0.1 else b"{" if kind < 0.2 else desk.venue.body(number)
        if kind > 0.9 and bodies:
            body = chance.choice(bodies)
        bodies.append(body)
    environment = {"ZKMARGIN_LEDGER": str(desk.venue.folder), "REDIS_URL": url, "CLAIM_AFTER_MS": "50"}

    def begin() -> Program:
        return start("consumer.py", cwd=FOLDER, **environment)

    consumers = [begin(), begin()]
    for index, body in enumerate(bodies):
        sent.append(desk.send(body))
        if index % 20 == 19:
            victim = consumers.pop(0)
            victim.wait_for("takes requests")
            time.sleep(chance.random() * 0.05)
            victim.kill()
            consumers.append(begin())
    give_up = time.monotonic() + BOUND_S
    while len(desk.decisions()) + len(desk.dead()) < len(sent):
        assert time.monotonic() < give_up, [consumer.output for consumer in consumers]
        time.sleep(0.02)
    for consumer in consumers:
        consumer.wait_for("takes requests")
        assert consumer.stop() == 0, consumer.output
    audit(desk, sent, bodies)


def audit(desk: Desk, sent: list[bytes], bodies: list[bytes]) -> None:
    """Every request has one answer, or is dead; every credit was asked for, and answered with its receipt."""
    answers, dead = desk.decisions(), desk.dead()
    assert answers.keys() | dead.keys() == set(sent)
    assert not answers.keys() & dead.keys()
    assert {identity for identity, body in zip(sent, bodies, strict=True) if body == b"{"} == dead.keys()
    assert all(len(answer) == 1 for answer in answers.values())
    receipts = {receipt.settlement_id: receipt.to_json() for receipt in desk.ledger.receipts()}
    accepted = set()
    for identity, body in zip(sent, bodies, strict=True):
        if identity not in answers:
            continue
        ((outcome, receipt),) = answers[identity]
        request = SettlementRequest.from_json(body)
        if outcome == "accepted":
            assert json.loads(receipt) == receipts[request.context.settlement_id]
            accepted.add(request.context.settlement_id)
        else:
            assert outcome == "proof-rejected"
    assert accepted == set(receipts)
    assert desk.pending() == 0


def test_the_readme_s_commands(desk: Desk, url: str, start: Callable[..., Program]) -> None:
    readme = (FOLDER / "README.md").read_text()
    assert re.search(r"REDIS_URL=redis://\S+ ZKMARGIN_LEDGER=ledger python consumer.py", readme)
    (command,) = re.findall(r"redis-cli -x XADD (settlements '\*' settlement) < settlement.json", readme)
    consumer = start("consumer.py", cwd=FOLDER, ZKMARGIN_LEDGER=str(desk.venue.folder), REDIS_URL=url)
    stream, _, field = command.replace("'", "").split()
    identity = desk.client.xadd(stream, {field: desk.venue.body(1)})
    give_up = time.monotonic() + BOUND_S
    while not desk.decisions():
        assert time.monotonic() < give_up, consumer.output
        time.sleep(0.02)
    assert outcomes(desk, [identity]) == ["accepted"]
    assert consumer.stop() == 0
    assert "has stopped" in consumer.output
