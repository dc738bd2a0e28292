"""`zkmargin serve`, the process: its limits on the wire, its orderly end, its log, what it does not start with."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from zkmargin.algebra import Engine
from zkmargin.verifier.service import ServiceSettings, create_app
from zkmargin.verifier.service.server import Server, run

from ..examples.venue import Venue
from .conftest import JSON, OPERATOR, OPERATOR_TOKEN, RELAY_TOKEN
from .serving import SERVE, Service, exchange, served


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, best_engine: Engine) -> Iterator[tuple[Service, Venue]]:
    """For tests that leave it running."""
    venue = Venue(tmp_path_factory.mktemp("shared") / "venue", best_engine)
    with served(venue.folder) as running:
        yield running, venue


@pytest.fixture
def service(venue: Venue) -> Iterator[Service]:
    with served(venue.folder) as running:
        yield running


def test_it_serves_and_tells_its_log(service: Service, venue: Venue) -> None:
    with service.client() as client:
        receipt = client.post("/v1/settlements", content=venue.body(1), headers=JSON)
        assert receipt.status_code == 200
        assert client.post("/v1/breaker/trip", json={"reason": "a test"}, headers=OPERATOR).status_code == 200
        assert client.get("/").text.startswith("<!doctype html>")
    assert service.stop() == 0
    requests = [line for line in service.log() if line["event"] == "request"]
    assert [(line["method"], line["route"], line["status"]) for line in requests] == [
        ("POST", "/v1/settlements", 200),
        ("POST", "/v1/breaker/trip", 200),
        ("GET", "/", 200),
    ]
    for secret in (OPERATOR_TOKEN, RELAY_TOKEN):
        assert secret not in service.program.output


def test_a_stop_finishes_what_is_under_way(service: Service, venue: Venue) -> None:
    """The head and half of the body are there when the service is told to stop."""
    body = venue.body(1)
    head = f"POST /v1/settlements HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    with service.connect() as connection, service.client() as client:
        connection.sendall(head.encode() + b"\r\nConnection: close\r\n\r\n" + body[:200])
        assert client.get("/healthz").is_success
        stopping = threading.Thread(target=service.stop)
        stopping.start()
        service.program.wait_for("Shutting down")
        answer = exchange(connection, body[200:])
        stopping.join()
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["number"] == 1
    with venue.open() as ledger:
        assert len(ledger.receipts()) == 1


def test_a_stop_ends_the_streams(service: Service) -> None:
    with service.connect() as connection:
        connection.sendall(b"GET /v1/decisions/stream HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(15) == b"HTTP/1.1 200 OK"
        assert service.stop() == 0
        assert exchange(connection, b"").endswith(b"0\r\n\r\n"), "ended, and not cut off"
    assert "exceeded" not in service.program.output


def test_a_declared_length_is_refused_before_the_body(shared: tuple[Service, Venue]) -> None:
    service, _ = shared
    for length in (65537, 10**12):
        head = f"POST /v1/settlements HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: {length}\r\n\r\n"
        with service.connect() as connection:
            answer = exchange(connection, head.encode())
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert b"100 Continue" not in answer


def test_chunks_are_counted(shared: tuple[Service, Venue]) -> None:
    service, _ = shared
    head = b"POST /v1/settlements HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    head += b"Transfer-Encoding: chunked\r\n\r\n"
    with service.connect() as connection:
        assert exchange(connection, head + (b"4000\r\n" + b" " * 0x4000 + b"\r\n") * 5).startswith(b"HTTP/1.1 413 ")


def test_an_endless_head_is_refused(shared: tuple[Service, Venue]) -> None:
    service, _ = shared
    with service.connect() as connection:
        assert exchange(connection, b"GET / HTTP/1.1\r\nX: " + b"a" * 40_000).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (b"", b""),
        (b"GET / HTTP/1.1\r\nHost: x\r\n", b""),
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET", b"HTTP/1.1 200 "),
        (
            b"POST /v1/settlements HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{",
            b"HTTP/1.1 408 ",
        ),
    ],
)
def test_who_sends_too_slowly_is_let_go(venue: Venue, sent: bytes, answer: bytes) -> None:
    """Waits for real, for the fraction of a second that the settings of this test allow."""
    settings = ServiceSettings(header_timeout_s=0.2, body_timeout_s=0.2, keep_alive_s=1)
    with threaded(venue, settings) as address, socket.create_connection(address, 60) as connection:
        assert exchange(connection, sent)[: len(answer)] == answer


def test_who_takes_nothing_is_let_go(venue: Venue) -> None:
    """Asks again and again and reads no answer, until the service has enough of it."""
    with (
        threaded(venue, ServiceSettings(answer_timeout_s=0.2)) as address,
        socket.create_connection(address, 60) as connection,
    ):
        dropped, end = False, time.monotonic() + 30
        connection.setblocking(False)
        while not dropped and time.monotonic() < end:
            try:
                connection.send(b"GET /page.js HTTP/1.1\r\nHost: x\r\n\r\n" * 100)
            except BlockingIOError:
                time.sleep(0.01)
            except ConnectionError:
                dropped = True
        assert dropped


def test_a_connection_too_many_is_told_so_before_it_asks(venue: Venue) -> None:
    with threaded(venue, ServiceSettings(max_connections=2)) as address:
        first, second = (socket.create_connection(address, 60) for _ in range(2))
        with first, second, socket.create_connection(address, 60) as third:
            answer = exchange(third, b"")
            assert answer.startswith(b"HTTP/1.1 503 ")
            assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "overloaded"
            assert (
                exchange(first, b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")[:13]
                == b"HTTP/1.1 200 "
            )


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"POST /v1/settlements HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"POST /v1/settlements HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /v1/settlements HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_what_is_not_http_gets_a_problem_document_too(shared: tuple[Service, Venue], sent: bytes) -> None:
    service, _ = shared
    with service.connect() as connection:
        head, _, body = exchange(connection, sent).lower().partition(b"\r\n\r\n")
    assert head.startswith(b"http/1.1 400 ")
    assert b"\r\ncontent-type: application/problem+json" in head
    assert b"\r\nx-content-type-options: nosniff" in head
    assert b"\r\nconnection: close" in head
    problem = json.loads(body)
    assert (problem["code"], problem["kind"]) == ("malformed", "http")


def test_files_for_all_connections_may_be_open(monkeypatch: pytest.MonkeyPatch) -> None:
    from zkmargin.verifier.service import server

    allowed: list[tuple[int, int]] = []
    monkeypatch.setattr(server.resource, "getrlimit", lambda which: (256, 4096))
    monkeypatch.setattr(server.resource, "setrlimit", lambda which, limits: allowed.append(limits))
    for wanted in (200, 1536, 9999):
        server._allow_descriptors(wanted)
    assert allowed == [(1536, 4096), (4096, 4096)]


@contextmanager
def threaded(venue: Venue, settings: ServiceSettings) -> Iterator[tuple[str, int]]:
    """A server with these settings in a thread of this process, and its address."""
    told: list[tuple[str, int]] = []
    ready = threading.Event()
    servers: list[Server] = []
    with venue.open() as ledger:
        app = create_app(ledger, settings)

        def say(host: str, port: int) -> None:
            told.append((host, port))
            ready.set()

        running = threading.Thread(target=run, args=(app, settings, "127.0.0.1", 0, say), kwargs={"servers": servers})
        running.start()
        try:
            assert ready.wait(60)
            yield told[0]
        finally:
            servers[0].should_exit = True
            running.join(60)
    assert not running.is_alive()


def start(folder: Path, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", SERVE, "serve", str(folder), *map(str, arguments)]
    from os import environ

    return subprocess.run(command, env={**environ, **environment}, capture_output=True, text=True, timeout=60)


def test_it_does_not_start_on_what_is_wrong(venue: Venue, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(OPERATOR_TOKEN)
    token.chmod(0o644)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        cases = [
            (start(venue.folder, "--port", port), "in use"),
            (start(venue.folder, ZKMARGIN_OPERATOR_TOKEN="short"), "24 to 512"),
            (start(venue.folder, ZKMARGIN_OPERATOR_TOKEN_FILE=str(token)), "chmod 600"),
            (start(venue.folder, "--database", "postgresql://me:hunter2@db/m"), "ZKMARGIN_DATABASE"),
            (start(tmp_path), "ledger"),
        ]
    for ended, words in cases:
        assert ended.returncode == 2
        assert words in ended.stderr, ended.stderr
        assert "Traceback" not in ended.stderr
        assert len(ended.stderr.splitlines()) <= 2
        assert "hunter2" not in ended.stderr + ended.stdout
        assert OPERATOR_TOKEN not in ended.stderr + ended.stdout


def test_the_stream_shows_what_another_process_decides(shared: tuple[Service, Venue]) -> None:
    service, venue = shared
    with service.client() as client, client.stream("GET", "/v1/decisions/stream?after=0") as stream:
        lines = stream.iter_lines()
        assert [next(lines), next(lines)] == ["retry: 1000", ": following"]
        with venue.open() as elsewhere:
            receipt = elsewhere.accept(venue.request(1))
        assert _event(lines, "change")["kind"] == "opened"
        event = _event(lines, "decision")
    assert event["outcome"] == "accepted"
    assert event["settlement_id"] == "0x" + receipt.settlement_id.hex()
    with (
        service.client() as client,
        client.stream("GET", "/v1/decisions/stream?after=0", headers={"Last-Event-ID": str(event["number"])}) as stream,
    ):
        lines = stream.iter_lines()
        client.post("/v1/settlements", content=venue.body(2), headers=JSON)
        assert _event(lines, "decision")["number"] == event["number"] + 1


def _event(lines: Iterator[str], kind: str) -> dict[str, Any]:
    """The next one of this kind."""
    next(line for line in lines if line == f"event: {kind}")
    value: dict[str, Any] = json.loads(next(lines).removeprefix("data: "))
    return value


def test_only_so_many_follow(venue: Venue) -> None:
    from fastapi.testclient import TestClient

    with venue.open() as ledger:
        app = create_app(ledger, ServiceSettings(max_streams=1))
        app.state.core.feed.followers = 1
        with TestClient(app) as client:
            assert client.get("/v1/decisions/stream").json()["code"] == "overloaded"


def test_by_a_name(venue: Venue) -> None:
    with served(venue.folder, "--host", "localhost") as service:
        assert httpx.get(f"{service.url}/healthz", trust_env=False).is_success


def test_a_password_has_no_place_among_the_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    from zkmargin.cli.errors import Misuse
    from zkmargin.cli.ledger_place import database_of

    for url in ("postgresql://me:hunter2@db/m", "postgresql://db/m?user=me&password=hunter2", "postgresql://:@db/m"):
        with pytest.raises(Misuse, match="must not hold a password") as refused:
            database_of(url)
        assert "hunter2" not in str(refused.value)
    assert database_of("postgresql://me@db/m") == "postgresql://me@db/m"
    monkeypatch.setenv("ZKMARGIN_DATABASE", "postgresql://me:hunter2@db/m")
    assert database_of(None) == "postgresql://me:hunter2@db/m"
    assert database_of("margin.sqlite") == "margin.sqlite"
