"""A margin desk as one WSGI application: any WSGI server runs it, and `python margin_wsgi.py` runs it by itself.

    POST /settlements          a settlement request; answers the receipt
    GET  /accounts/PSEUDONYM   the margin of an account
    GET  /health               whether the ledger can be read

ZKMARGIN_LEDGER names the ledger's folder, made by `zkmargin ledger init`.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable
from http import HTTPStatus
from typing import IO, Any
from wsgiref.types import StartResponse, WSGIEnvironment

from zkmargin.algebra import EncodingError, ZkMarginError, format_decimal
from zkmargin.settlement.ledger_folder import LedgerFolder
from zkmargin.verifier import BreakerOpen, LedgerError, MarginLedger, Rejected, SettlementRequest

MAX_BODY_BYTES = 1 << 16
AMOUNT_SCALE = 8


class Problem(Exception):
    """What goes wrong before the ledger is asked."""

    def __init__(self, status: HTTPStatus, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail


class Desk:
    """The application. The ledger is opened by the process that uses it: a server may fork after importing this."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._ledger: MarginLedger | None = None
        self._process = 0

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            status, document = self._answer(environ)
        except Problem as problem:
            status, document = problem.status, _problem(problem.status, problem.code, problem.detail)
        except (Rejected, EncodingError) as problem:
            status = status_of(problem)
            document = _problem(status, problem.code, str(problem))
        except ZkMarginError as problem:
            # Ours, and for our log: what an outsider could read from it, a path say, is not for outsiders.
            print(f"{problem.code}: {problem}", file=environ["wsgi.errors"], flush=True)
            status = HTTPStatus.SERVICE_UNAVAILABLE
            document = _problem(status, "unavailable", "the ledger cannot be reached; try again")
        body = json.dumps(document).encode()
        kind = "application/json" if status < HTTPStatus.BAD_REQUEST else "application/problem+json"
        headers = [("Content-Type", kind), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")]
        start_response(f"{status.value} {status.phrase}", headers)
        return [body]

    def _answer(self, environ: WSGIEnvironment) -> tuple[HTTPStatus, dict[str, Any]]:
        place = (environ["REQUEST_METHOD"], *environ["PATH_INFO"].strip("/").split("/"))
        match place:
            case ("POST", "settlements"):
                receipt = self.ledger.accept(SettlementRequest.from_json(_body(environ)))
                return HTTPStatus.OK, receipt.to_json()
            case ("GET", "accounts", name):
                margin_e8 = self.ledger.margin_of(_pseudonym(name))
                return HTTPStatus.OK, {"account": name, "margin": format_decimal(margin_e8, AMOUNT_SCALE)}
            case ("GET", "health"):
                return HTTPStatus.OK, {"receipts": bool(self.ledger.receipts(limit=1))}
            case _:
                raise Problem(HTTPStatus.NOT_FOUND, "not-found", "there is nothing here under this method")

    @property
    def ledger(self) -> MarginLedger:
        """This process's own: a connection must not cross a fork."""
        with self._lock:
            if self._ledger is None or self._process != os.getpid():
                self._ledger, self._process = _opened(self._folder), os.getpid()
            return self._ledger


def _opened(folder: str) -> MarginLedger:
    try:
        return LedgerFolder.read(folder).open()
    except EncodingError as problem:  # our file is malformed, and not what the sender sent
        raise LedgerError(folder, str(problem)) from None


def status_of(problem: ZkMarginError) -> HTTPStatus:
    """Whether to mend the request, to make another, or to come again with the same."""
    if isinstance(problem, BreakerOpen):
        return HTTPStatus.SERVICE_UNAVAILABLE
    return HTTPStatus.UNPROCESSABLE_ENTITY if isinstance(problem, Rejected) else HTTPStatus.BAD_REQUEST


def _problem(status: HTTPStatus, code: str, detail: str) -> dict[str, Any]:
    return {"type": "about:blank", "title": status.phrase, "status": status.value, "code": code, "detail": detail}


def _body(environ: WSGIEnvironment) -> bytes:
    """The body, refused by its announced length before a byte of it is read."""
    announced = environ.get("CONTENT_LENGTH", "")
    if not (announced.isascii() and announced.isdecimal()):
        raise Problem(HTTPStatus.LENGTH_REQUIRED, "length-required", "a Content-Length is needed")
    length = int(announced[:9])
    if length > MAX_BODY_BYTES or len(announced) > 9:
        raise Problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", f"a settlement request has at most {MAX_BODY_BYTES} bytes"
        )
    stream: IO[bytes] = environ["wsgi.input"]
    return stream.read(length)


def _pseudonym(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > 78:
        raise Problem(HTTPStatus.BAD_REQUEST, "malformed", "an account is named by a decimal number")
    return int(text)


application = Desk(os.environ.get("ZKMARGIN_LEDGER", "ledger"))


def main() -> None:
    """Serve on loopback, on $PORT; 0 lets the system choose, and the port is printed."""
    from wsgiref.simple_server import make_server

    with make_server("127.0.0.1", int(os.environ.get("PORT", "8000")), application) as server:
        print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
