"""One HTTP exchange with bounds on everything: https or loopback only, no redirects, a deadline, a largest body."""

from __future__ import annotations

import ipaddress
import time
import urllib.error
import urllib.request
from http.client import HTTPException, HTTPResponse
from typing import Any
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
        self._url, self._timeout_s, self._max_bytes = url, timeout_s, max_bytes
        # No proxies from the environment and no redirects: the answer comes from the host that was named.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())

    def get(self) -> bytes:
        """The body of a GET that was answered with 200."""
        return self._exchange(urllib.request.Request(self._url, headers={"User-Agent": USER_AGENT}))

    def post_json(self, body: bytes) -> bytes:
        """The body of the answer to a POST of JSON."""
        headers = {"User-Agent": USER_AGENT, "Content-Type": "application/json", "Accept": "application/json"}
        return self._exchange(urllib.request.Request(self._url, data=body, headers=headers, method="POST"))

    def _exchange(self, request: urllib.request.Request) -> bytes:
        deadline = time.monotonic() + self._timeout_s
        try:
            with self._opener.open(request, timeout=self._timeout_s) as answer:
                if answer.status != 200:
                    raise SourceUnavailable(self.name, f"answers with status {answer.status}")
                return self._body(answer, deadline)
        except urllib.error.HTTPError as problem:
            problem.close()
            raise SourceUnavailable(self.name, f"answers with status {problem.code}") from None
        except (OSError, HTTPException) as problem:
            # The class only: the text may repeat the URL.
            reason = getattr(problem, "reason", problem)
            raise SourceUnavailable(self.name, f"cannot be reached ({type(reason).__name__})") from None

    def _body(self, answer: HTTPResponse, deadline: float) -> bytes:
        body = bytearray()
        while chunk := answer.read1(CHUNK):
            body += chunk
            if len(body) > self._max_bytes:
                raise SourceMalformed(self.name, f"answers with more than {self._max_bytes} bytes")
            if time.monotonic() > deadline:
                raise SourceUnavailable(self.name, f"did not finish its answer within {self._timeout_s:g} s")
        if answer.length:
            raise SourceUnavailable(self.name, "broke off in its answer")
        return bytes(body)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """None: the redirect's own status is then the answer, and an error."""


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
