"""Each example over a ledger in PostgreSQL, named by `$ZKMARGIN_DATABASE` as its README says."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from zkmargin.algebra import Engine
from zkmargin.settlement.ledger_folder import DATABASE_NAME

from ..servers.postgres import PostgresServer, fresh_url
from ..servers.redis import redis_server
from .program import EXAMPLES, ROOT, Program, fetch
from .venue import Venue

BOUND_S = 60.0
Start = Callable[..., Program]


@pytest.fixture
def venue(tmp_path: Path, best_engine: Engine, postgres: PostgresServer) -> Venue:
    return Venue(tmp_path / "ledger", best_engine, fresh_url(postgres))


def environment(venue: Venue) -> dict[str, str]:
    assert venue.database is not None
    return {"ZKMARGIN_LEDGER": str(venue.folder), "ZKMARGIN_DATABASE": venue.database}


@pytest.mark.parametrize(
    ("packages", "command", "folder", "says"),
    [
        ("", "margin_wsgi.py", EXAMPLES / "wsgi_margin", "listening on"),
        (
            "fastapi uvicorn",
            "-m uvicorn --app-dir examples --factory fastapi_margin_service.app:create_app --port 0",
            ROOT,
            "Uvicorn running on",
        ),
        (
            "django uvicorn",
            "-m uvicorn venue.asgi:application --port 0",
            EXAMPLES / "django_margin",
            "Uvicorn running on",
        ),
    ],
)
def test_over_http(venue: Venue, start: Start, packages: str, command: str, folder: Path, says: str) -> None:
    for package in packages.split():
        pytest.importorskip(package)
    program = start(*command.split(), cwd=folder, PORT="0", **environment(venue))
    (address,) = re.findall(r"http://[\d.:]+", program.wait_for(says))
    status, receipt = fetch(f"{address}/settlements", venue.body(1))
    assert (status, receipt["number"]) == (200, 1)
    assert fetch(f"{address}/settlements", venue.body(1)) == (200, receipt)
    assert fetch(f"{address}/settlements", venue.forged(2))[1]["code"] == "proof-rejected"
    assert fetch(f"{address}/accounts/1000001")[1]["margin"] == "100"
    assert not (venue.folder / DATABASE_NAME).exists()
    with venue.open() as ledger:
        assert [found.to_json() for found in ledger.receipts()] == [receipt]


def test_from_redis(venue: Venue, start: Start) -> None:
    redis = pytest.importorskip("redis")
    with redis_server() as url:
        client = redis.Redis.from_url(url, protocol=2)
        sent = [client.xadd("settlements", {"settlement": body}) for body in (venue.body(1), venue.forged(2))]
        program = start("consumer.py", cwd=EXAMPLES / "redis_consumer", REDIS_URL=url, **environment(venue))
        end = time.monotonic() + BOUND_S
        while client.xlen("decisions") < len(sent) and time.monotonic() < end:
            time.sleep(0.02)
        answers = {fields[b"request"]: fields[b"outcome"] for _, fields in client.xrange("decisions")}
        assert answers == dict(zip(sent, (b"accepted", b"proof-rejected"), strict=True))
        assert program.stop() == 0
    with venue.open() as ledger:
        assert len(ledger.receipts()) == 1
