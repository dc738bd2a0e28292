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
from zkmargin.verifier import LedgerError, MarginLedger, SettlementRequest
from zkmargin.verifier.service import Problem, problem_of

MAX_BODY_BYTES = 1 << 16
AMOUNT_SCALE = 8


class Refused(Exception):
    """Ends a request with this problem before the ledger is asked."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.problem = Problem(code, detail)


class Desk:
    """The application. The ledger is opened by the process that uses it: a server may fork after importing this."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._ledger: MarginLedger | None = None
        self._process = 0

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            status, headers, body = 200, {"Content-Type": "application/json"}, _json(self._answer(environ))
        except (Refused, ZkMarginError) as error:
            problem = error.problem if isinstance(error, Refused) else problem_of(error)
            status, headers, body = problem.status, problem.headers(), problem.body()
            if status >= 500:  # ours, and for our log: a problem document does not say what outsiders need not know
                print(f"{problem.code}: {error}", file=environ["wsgi.errors"], flush=True)
        lines = [*headers.items(), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")]
        start_response(f"{status} {HTTPStatus(status).phrase}", lines)
        return [body]

    def _answer(self, environ: WSGIEnvironment) -> dict[str, Any]:
        match environ["REQUEST_METHOD"], *environ["PATH_INFO"].strip("/").split("/"):
            case ("POST", "settlements"):
                return self.ledger.accept(SettlementRequest.from_json(_body(environ))).to_json()
            case ("GET", "accounts", name):
                margin_e8 = self.ledger.margin_of(_pseudonym(name))
                return {"account": name, "margin": format_decimal(margin_e8, AMOUNT_SCALE)}
            case ("GET", "health"):
                self.ledger.receipts(limit=1)
                return {"ledger": self.ledger.config.ledger}
            case _:
                raise Refused("not-found", "there is nothing here under this method")

    @property
    def ledger(self) -> MarginLedger:
        """This process's own: a connection must not cross a fork."""
        with self._lock:
            if self._ledger is None or self._process != os.getpid():
                self._ledger, self._process = _opened(self._folder), os.getpid()
            return self._ledger


def _opened(folder: str) -> MarginLedger:
    try:
        return LedgerFolder.read(folder).open(os.environ.get("ZKMARGIN_DATABASE"))
    except EncodingError as problem:  # a file of ours is malformed, and not what was sent
        raise LedgerError(folder, str(problem)) from None


def _json(document: dict[str, Any]) -> bytes:
    return json.dumps(document).encode()


def _body(environ: WSGIEnvironment) -> bytes:
    """The body, refused by its announced length before a byte of it is read."""
    announced = environ.get("CONTENT_LENGTH", "")
    if not (announced.isascii() and announced.isdecimal()):
        raise Refused("malformed", "a Content-Length is needed")
    if len(announced) > 9 or int(announced) > MAX_BODY_BYTES:
        raise Refused("too-large", f"a settlement request has at most {MAX_BODY_BYTES} bytes")
    stream: IO[bytes] = environ["wsgi.input"]
    return stream.read(int(announced))


def _pseudonym(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > 78:
        raise Refused("malformed", "an account is named by a decimal number")
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
