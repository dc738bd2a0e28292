"""One HTTP exchange with bounds on everything: https or loopback only, no redirects, a deadline, a largest body."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import urlsplit

from .errors import SourceMalformed, SourceUnavailable

CHUNK = 1 << 14
USER_AGENT = "zkmargin"


class HttpEndpoint:
    """A server at one URL. Its name in messages is scheme and host alone: keys stand in paths and queries."""

    def __init__(self, url: str, *, timeout_s: float = 10, max_bytes: int = 1 << 20) -> None:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
            acceptable = url.isascii() and url.isprintable() and " " not in url
        except ValueError:
            raise SourceMalformed("the server", "has a URL that is none") from None
        self.name = f"{parts.scheme}://{host}" + (f":{port}" if port else "")
        if parts.scheme not in ("http", "https") or not host or not acceptable:
            raise SourceMalformed("the server", "must have a URL of http:// or https://")
        if parts.username is not None or parts.password is not None:
            raise SourceMalformed(self.name, "must not carry a password in its URL")
        if parts.scheme == "http" and not _is_loopback(host):
            raise SourceMalformed(self.name, "must be reached by https: whoever is on the way could make up roots")
        self._is_secure, self._host, self._port = parts.scheme == "https", host, port
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._timeout_s, self._max_bytes = timeout_s, max_bytes

    def get(self) -> bytes:
        """The body of a GET that was answered with 200."""
        return self._exchange("GET", None, {"User-Agent": USER_AGENT})

    def post_json(self, body: bytes) -> bytes:
        """The body of the answer to a POST of JSON."""
        headers = {"User-Agent": USER_AGENT, "Content-Type": "application/json", "Accept": "application/json"}
        return self._exchange("POST", body, headers)

    def _exchange(self, method: str, body: bytes | None, headers: dict[str, str]) -> bytes:
        """One connection, one answer. No proxies and no redirects: the answer comes from the host that was named."""
        deadline = time.monotonic() + self._timeout_s
        try:
            with self._connected() as connection:
                connection.request(method, self._path, body, headers)
                answer = connection.getresponse()
                if answer.status != 200:
                    raise SourceUnavailable(self.name, f"answers with status {answer.status}")
                return self._body(answer, deadline)
        except (OSError, HTTPException, ValueError) as problem:
            if time.monotonic() >= deadline:
                raise SourceUnavailable(self.name, f"did not finish its answer within {self._timeout_s:g} s") from None
            # The class only: the text may repeat the URL.
            raise SourceUnavailable(self.name, f"cannot be reached ({type(problem).__name__})") from None

    @contextmanager
    def _connected(self) -> Iterator[HTTPConnection]:
        """A connection that is cut at the deadline. A timeout alone begins anew with each byte that drips in."""
        kind = HTTPSConnection if self._is_secure else HTTPConnection
        connection = kind(self._host, self._port, timeout=self._timeout_s)
        try:
            connection.connect()
            open_socket = connection.sock
            watch = threading.Timer(self._timeout_s, _cut, [open_socket])
            watch.daemon = True
            watch.start()
            try:
                yield connection
            finally:
                watch.cancel()
        finally:
            connection.close()

    def _body(self, answer: HTTPResponse, deadline: float) -> bytes:
        body = bytearray()
        while chunk := answer.read1(CHUNK):
            body += chunk
            if len(body) > self._max_bytes:
                raise SourceMalformed(self.name, f"answers with more than {self._max_bytes} bytes")
            if time.monotonic() > deadline:
                break
        if time.monotonic() >= deadline:  # also where the cut looks like an end
            raise SourceUnavailable(self.name, f"did not finish its answer within {self._timeout_s:g} s")
        if answer.length:
            raise SourceUnavailable(self.name, "broke off in its answer")
        return bytes(body)


def _cut(open_socket: socket.socket) -> None:
    """Wakes whoever waits for it, which closing does not."""
    with suppress(OSError):
        socket.socket.shutdown(open_socket, socket.SHUT_RDWR)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
