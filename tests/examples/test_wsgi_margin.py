"""The WSGI example: called as any server would call it, validated by wsgiref, and run as its README says."""

from __future__ import annotations

import io
import json
import multiprocessing
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest

from .program import EXAMPLES, Program, fetch, load
from .venue import Venue

FOLDER = EXAMPLES / "wsgi_margin"


@pytest.fixture(scope="module")
def example() -> ModuleType:
    return load(FOLDER / "margin_wsgi.py", "margin_wsgi")


class Client:
    """Calls the application through wsgiref's validator, which holds both sides to PEP 3333."""

    def __init__(self, application: Any) -> None:
        self._application = validator(application)

    def __call__(self, method: str, path: str, body: bytes = b"", **environ: Any) -> tuple[int, dict[str, Any]]:
        given: dict[str, Any] = {"REQUEST_METHOD": method, "PATH_INFO": path, "SCRIPT_NAME": "", "QUERY_STRING": ""}
        setup_testing_defaults(given)
        given |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body)), **environ}
        seen: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            seen.extend((status, dict(headers)))
            return lambda data: None

        answer = self._application(given, start_response)
        text = b"".join(answer)
        answer.close()
        status, headers = seen
        assert int(headers["Content-Length"]) == len(text)
        assert headers["Content-Type"].endswith("problem+json") == (int(status[:3]) >= 400)
        return int(status[:3]), json.loads(text)


@pytest.fixture
def client(example: ModuleType, venue: Venue) -> Client:
    return Client(example.Desk(str(venue.folder)))


def test_a_settlement_is_credited_once(client: Client, venue: Venue) -> None:
    body = venue.body(1, credit=250)
    status, receipt = client("POST", "/settlements", body)
    assert (status, receipt["credit"], receipt["number"]) == (200, "250", 1)
    assert client("POST", "/settlements", body) == (200, receipt)
    assert client("GET", f"/accounts/{receipt['account']}") == (200, {"account": receipt["account"], "margin": "250"})
    assert client("GET", "/accounts/5") == (200, {"account": "5", "margin": "0"})
    assert client("GET", "/health")[0] == 200


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [(b"", 400, "malformed"), (b"{}", 400, "malformed"), (b"[" * 60_000, 400, "malformed")],
)
def test_what_is_malformed(client: Client, body: bytes, status: int, code: str) -> None:
    answer, problem = client("POST", "/settlements", body)
    assert (answer, problem["code"], problem["status"]) == (status, code, status)


def test_a_refusal_carries_the_ledger_s_code(client: Client, venue: Venue) -> None:
    assert client("POST", "/settlements", venue.forged(1))[1]["code"] == "proof-rejected"
    with venue.open() as ledger:
        ledger.trip_breaker("drill")
    status, problem = client("POST", "/settlements", venue.body(1))
    assert (status, problem["code"]) == (503, "breaker-open")


class Unreadable(io.BytesIO):
    """A body whose first byte must not be asked for."""

    def read(self, size: int | None = -1) -> bytes:
        raise AssertionError("the body was read")


@pytest.mark.parametrize(
    ("length", "status", "code"),
    [
        (str((1 << 16) + 1), 413, "too-large"),
        ("9" * 30, 413, "too-large"),
        (None, 400, "malformed"),
        ("-5", 400, "malformed"),
        ("٣", 400, "malformed"),
    ],
)
def test_a_body_is_refused_before_it_is_read(
    example: ModuleType, venue: Venue, length: str | None, status: int, code: str
) -> None:
    environ: dict[str, Any] = {"REQUEST_METHOD": "POST", "PATH_INFO": "/settlements", "wsgi.input": Unreadable()}
    if length is not None:
        environ["CONTENT_LENGTH"] = length
    seen: list[str] = []
    (body,) = example.Desk(str(venue.folder))(environ, lambda line, headers: seen.append(line))
    assert (seen[0][:3], json.loads(body)["code"]) == (str(status), code)


@pytest.mark.parametrize("name", ["-1", "1" * 79, "0x10", "٣", "", "1/2"])
def test_an_account_is_a_decimal_number(client: Client, name: str) -> None:
    assert client("GET", f"/accounts/{name}")[0] in (400, 404)


def test_other_places_and_methods(client: Client) -> None:
    for method, path in (("GET", "/"), ("DELETE", "/settlements"), ("GET", "/settlements"), ("POST", "/accounts/1")):
        assert client(method, path)[0] == 404


@pytest.mark.parametrize("config", [None, "{}"], ids=["absent", "malformed"])
def test_a_ledger_that_cannot_be_opened_is_not_the_sender_s_fault(
    example: ModuleType, tmp_path: Path, config: str | None
) -> None:
    if config is not None:
        (tmp_path / "ledger.json").write_text(config)
    log = io.StringIO()
    client = Client(example.Desk(str(tmp_path)))
    status, problem = client("GET", "/health", **{"wsgi.errors": log})
    assert (status, problem["code"]) == (503, "ledger-unavailable")
    assert str(tmp_path) not in problem["detail"]
    assert str(tmp_path) in log.getvalue()


def test_a_forked_worker_opens_its_own_connection(example: ModuleType, venue: Venue) -> None:
    """What a pre-forking server does: the parent has used the ledger before the children start."""
    client = Client(example.Desk(str(venue.folder)))
    assert client("POST", "/settlements", venue.body(1))[0] == 200
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    child = context.Process(target=lambda: answers.put(client("POST", "/settlements", venue.body(2))))
    child.start()
    child.join(60)
    assert child.exitcode == 0
    assert answers.get()[1]["number"] == 2


def test_the_readme_s_commands(venue: Venue, start: Callable[..., Program]) -> None:
    readme = (FOLDER / "README.md").read_text()
    assert "ZKMARGIN_LEDGER=ledger PORT=8000 python margin_wsgi.py" in readme
    program = start("margin_wsgi.py", cwd=FOLDER, ZKMARGIN_LEDGER=str(venue.folder), PORT="0")
    (address,) = re.findall(r"http://[\d.:]+", program.wait_for("listening on"))
    for method, place in re.findall(r"curl (--data-binary @settlement.json )?http://127.0.0.1:8000(\S+)", readme):
        place = re.sub(r"PSEUDONYM", "1000001", place)
        status, answer = fetch(address + place, venue.body(1) if method else None)
        assert status == 200, answer
    assert program.stop() is not None
