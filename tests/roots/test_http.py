"""Roots from a server on the loopback: bounds on the answer, and which servers may be asked at all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from zkmargin.verifier.bounded_http import HttpEndpoint
from zkmargin.verifier.errors import SourceError, SourceMalformed, SourceUnavailable
from zkmargin.verifier.roots import HttpSource

from .test_feed import line

Answer = Callable[[BaseHTTPRequestHandler], None]


class Server:
    """Answers every request as the test says."""

    def __init__(self) -> None:
        self.answer: Answer = lambda handler: reply(handler, 200, b"")
        self.paths: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # the name that the standard library calls
                outer.paths.append(self.path)
                try:
                    outer.answer(self)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            do_POST = do_GET

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/roots?key=sesame"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def reply(handler: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
    handler.send_response(status)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


def test_a_server_s_lines_are_roots(server: Server) -> None:
    server.answer = lambda handler: reply(handler, 200, line(8).encode())
    assert [report.epoch for report in HttpSource(server.url).poll((), 0).final] == [8]


@pytest.mark.parametrize("status", [204, 301, 302, 404, 500])
def test_only_a_plain_yes_counts(server: Server, status: int) -> None:
    server.answer = lambda handler: reply(handler, status, b"", Location="http://127.0.0.1:1/elsewhere")
    with pytest.raises(SourceUnavailable, match=str(status)) as caught:
        HttpSource(server.url).poll((), 0)
    assert "sesame" not in str(caught.value)
    assert len(server.paths) == 1, "no redirect is followed"


def test_an_endless_answer_is_cut_off(server: Server) -> None:
    def pour(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(b"\n" * 65536)

    server.answer = pour
    with pytest.raises(SourceMalformed, match="more than"):
        HttpSource(server.url).poll((), 0)


def test_a_dripping_answer_is_cut_off(server: Server) -> None:
    over = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not over.wait(0.02):
            handler.wfile.write(b"\n")
            handler.wfile.flush()

    server.answer = drip
    start = time.monotonic()
    try:
        with pytest.raises(SourceUnavailable, match="did not finish"):
            HttpSource(server.url, timeout_s=0.2).poll((), 0)
    finally:
        over.set()
    assert time.monotonic() - start < 10


def test_dripping_headers_are_cut_off(server: Server) -> None:
    """Each byte comes within the timeout, and the headers never end."""
    over = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        while not over.wait(0.02):
            handler.wfile.write(b"x")
            handler.wfile.flush()

    server.answer = drip
    threading.Timer(5, over.set).start()
    start = time.monotonic()
    try:
        with pytest.raises(SourceUnavailable, match="did not finish"):
            HttpSource(server.url, timeout_s=0.2).poll((), 0)
        assert not over.is_set()
    finally:
        over.set()
    assert time.monotonic() - start < 10


def test_a_silent_server_is_given_up(server: Server) -> None:
    over = threading.Event()
    server.answer = lambda handler: over.wait(10) and None
    try:
        with pytest.raises(SourceUnavailable):
            HttpSource(server.url, timeout_s=0.2).poll((), 0)
    finally:
        over.set()


def test_half_an_answer_is_none(server: Server) -> None:
    def half(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "5000")
        handler.end_headers()
        handler.wfile.write(line(8).encode())

    server.answer = half
    with pytest.raises(SourceUnavailable):
        HttpSource(server.url).poll((), 0)


def test_nobody_there(server: Server) -> None:
    server.close()
    with pytest.raises(SourceUnavailable, match="cannot be reached") as caught:
        HttpSource(server.url).poll((), 0)
    assert "sesame" not in str(caught.value)
    server.close = lambda: None  # type: ignore[method-assign]


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/roots",
        "http://10.0.0.1/roots",
        "http://localhost.example.org/roots",
        "file:///etc/passwd",
        "ftp://127.0.0.1/roots",
        "https://user:sesame@example.org/",
        "https://sesame@example.org/",
        "https:///roots",
        "https://exa mple.org/",
        "http://[::1",
        "http://127.0.0.1:99999/",
        "",
    ],
)
def test_only_https_or_the_loopback(url: str) -> None:
    with pytest.raises(SourceMalformed) as caught:
        HttpEndpoint(url)
    assert "sesame" not in str(caught.value)


def test_a_proxy_of_the_environment_is_not_asked(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    server.answer = lambda handler: reply(handler, 200, b"")
    try:
        HttpSource(server.url).poll((), 0)
    except SourceError as problem:
        pytest.fail(str(problem))
