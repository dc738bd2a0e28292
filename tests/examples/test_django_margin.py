"""The Django example: its views under ASGI and WSGI, its commands, and its README on a real server."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .program import EXAMPLES, Program, fetch
from .venue import Venue

pytest.importorskip("django")
pytest.importorskip("uvicorn")

FOLDER = EXAMPLES / "django_margin"
CALLS = """
import asyncio, json, sys
import django
django.setup()
from django.test import AsyncClient, Client
calls = json.load(sys.stdin)
answers = []
async def ask_all():
    client = AsyncClient()
    async def ask(method, path, body):
        return await client.generic(method, path, body.encode(), content_type="application/json")
    return await asyncio.gather(*(ask(*call) for call in calls))
if sys.argv[1] == "asgi":
    answers = asyncio.run(ask_all())
else:
    answers = [Client().generic(m, p, b.encode(), content_type="application/json") for m, p, b in calls]
print(json.dumps([[a.status_code, a.headers["Content-Type"], a.content.decode()] for a in answers]))
"""
"""Django can be set up once in a process, so its test clients run in one of their own."""


def ask(venue: Venue, how: str, *calls: tuple[str, str, bytes]) -> list[tuple[int, Any]]:
    """Status and document of each call, by Django's test client for ASGI (all at once) or WSGI (in turn)."""
    given = json.dumps([(method, path, body.decode("utf-8", "replace")) for method, path, body in calls])
    done = run(venue, "-c", CALLS, how, given=given)
    assert done.returncode == 0, done.stderr
    answers = []
    for status, kind, text in json.loads(done.stdout):
        if status == 405:
            answers.append((status, None))
            continue
        assert kind == ("application/json" if status == 200 else "application/problem+json")
        answers.append((status, json.loads(text)))
    return answers


def run(venue: Venue, *arguments: object, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=FOLDER,
        env={**os.environ, **environment(venue)},
        input=given,
        capture_output=True,
        text=True,
        timeout=60,
    )


def environment(venue: Venue) -> dict[str, str]:
    return {"ZKMARGIN_LEDGER": str(venue.folder), "DJANGO_SETTINGS_MODULE": "venue.settings"}


@pytest.mark.parametrize("how", ["asgi", "wsgi"])
def test_the_views(venue: Venue, how: str) -> None:
    first = venue.request(1, credit=250)
    body = json.dumps(first.to_json()).encode()
    settled = ask(
        venue,
        how,
        ("POST", "/settlements", body),
        ("POST", "/settlements", body),
        ("POST", "/settlements", venue.forged(2)),
        ("POST", "/settlements", b"{}"),
        ("POST", "/settlements", b" " * ((1 << 16) + 1)),
        ("GET", "/settlements", b""),
        ("GET", "/elsewhere", b""),
    )
    assert [status for status, _ in settled] == [200, 200, 422, 400, 413, 405, 404]
    assert settled[0] == settled[1]
    assert [problem["code"] for _, problem in settled[2:5]] == ["proof-rejected", "malformed", "too-large"]
    receipt = settled[0][1]
    asked = ask(
        venue,
        how,
        ("GET", f"/accounts/{receipt['account']}", b""),
        ("GET", f"/settlements/{receipt['settlement_id']}", b""),
        ("GET", "/settlements/0x" + "ab" * 32, b""),
        ("GET", "/settlements/12", b""),
        ("GET", "/accounts/-1", b""),
        ("GET", "/accounts/" + "9" * 78, b""),
        ("GET", "/health", b""),
    )
    assert [status for status, _ in asked] == [200, 200, 404, 400, 400, 400, 200]
    assert asked[0][1]["margin"] == "250"
    assert asked[1][1] == receipt


def test_an_unusable_ledger_tells_outsiders_no_path(venue: Venue) -> None:
    (venue.folder / "ledger.json").write_text("{}")
    ((status, problem),) = ask(venue, "asgi", ("GET", "/health", b""))
    assert (status, problem["code"]) == (503, "ledger-unavailable")
    assert str(venue.folder) not in json.dumps(problem)


def test_the_commands(venue: Venue) -> None:
    done = run(venue, "manage.py", "observe_root", 1, 8, 123456789)
    assert (done.returncode, done.stdout) == (0, "root of epoch 8 of chain 1 noted\n")
    for arguments, reason in (
        ((1, 3, 55), "root-rejected"),
        ((1, 9, 0), "root-rejected"),
        ((1, -1, 7), "statement-error"),
    ):
        refused = run(venue, "manage.py", "observe_root", "--", *arguments)
        assert refused.returncode == 1
        assert refused.stderr.startswith(f"CommandError: {reason}: ")
    absent = run(venue, "manage.py", "attest_risk", "absent.json")
    assert (absent.returncode, "absent.json" in absent.stderr) == (1, True)


@pytest.fixture
def address(venue: Venue, start: Callable[..., Program]) -> str:
    server = start(
        "-m", "uvicorn", "venue.asgi:application", "--port", "0", "--lifespan", "off", cwd=FOLDER, **environment(venue)
    )
    (found,) = re.findall(r"http://[\d.:]+", server.wait_for("Uvicorn running on"))
    return str(found)


def test_the_readme_s_commands(venue: Venue, address: str, tmp_path: Path) -> None:
    readme = (FOLDER / "README.md").read_text()
    assert "uvicorn venue.asgi:application --port 8000" in readme
    attestation = tmp_path / "attestation.json"
    attestation.write_text(json.dumps(venue.attestation.to_json()))
    for command in re.findall(r"^python (manage.py [^#\n]+)", readme, re.MULTILINE):
        words = command.replace("attestation.json", str(attestation)).split()
        assert run(venue, *words).returncode == 0, words
    for sends, place in re.findall(r"curl (--data-binary @settlement.json )?http://127.0.0.1:8000(\S+)", readme):
        place = place.replace("PSEUDONYM", "1000001").replace("SETTLEMENT_ID", "0x" + (1).to_bytes(32, "big").hex())
        assert fetch(address + place, venue.body(1) if sends else None)[0] == 200


async def answer_to(address: str, header: str, body: bytes = b"") -> str:
    """The first line of the answer."""
    host, port = address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"POST /settlements HTTP/1.1\r\nHost: localhost\r\n{header}\r\n\r\n".encode() + body)
    line = await asyncio.wait_for(reader.readline(), 20)
    writer.close()
    return line.decode()


CHUNK, END = b"4000\r\n" + b" " * 0x4000 + b"\r\n", b"0\r\n\r\n"


def test_a_body_of_unknown_length_is_counted(address: str) -> None:
    """Four chunks fill the limit exactly and are malformed; with a fifth, the end is not waited for."""
    assert " 400 " in asyncio.run(answer_to(address, "Transfer-Encoding: chunked", 4 * CHUNK + END))
    assert " 413 " in asyncio.run(answer_to(address, "Transfer-Encoding: chunked", 5 * CHUNK))


def test_a_body_is_refused_by_its_announced_length(address: str) -> None:
    """Nothing of it is sent, and the answer comes."""
    assert " 413 " in asyncio.run(answer_to(address, f"Content-Length: {(1 << 16) + 1}"))
