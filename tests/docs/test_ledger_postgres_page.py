"""docs/ledger-postgres.md: its statements and commands work, in their order, as the roles it names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from zkmargin.algebra import Engine
from zkmargin.verifier.ledger.postgres.tables import METADATA

from ..cli.conftest import invoke
from ..examples.venue import Venue
from ..servers.postgres import PostgresServer

psycopg = pytest.importorskip("psycopg")
PAGE = (Path(__file__).parents[2] / "docs" / "ledger-postgres.md").read_text()
SETUP, REPORT = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = re.findall(r"^    zkmargin (ledger .*)$", PAGE, re.MULTILINE)
ROLES = ("margin_owner", "margin_service")


@pytest.fixture
def admin(postgres: PostgresServer) -> Iterator[object]:
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        yield connection
        connection.execute("DROP DATABASE IF EXISTS margin WITH (FORCE)")
        for role in ROLES:
            connection.execute(f"DROP ROLE IF EXISTS {role}")


def test_the_page_from_top_to_bottom(
    admin: psycopg.Connection[tuple[object, ...]],
    postgres: PostgresServer,
    tmp_path: Path,
    best_engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for statement in SETUP.split(";")[:-1]:
        admin.execute(statement)
    for role in ROLES:
        admin.execute(f"ALTER ROLE {role} PASSWORD 'secret'")
    monkeypatch.setenv("PGPASSWORD", "secret")
    venue, folder = Venue(tmp_path / "venue", best_engine), tmp_path / "ledger"
    files = {"LEDGER": folder, "ledger-config.json": venue.folder / "ledger.json"}
    files["verification_key.json"] = venue.folder / "verification_key.json"
    place = f"127.0.0.1:{postgres.port}"
    assert len(COMMANDS) == 3
    for command in COMMANDS:
        words = [files.get(word, word.replace("127.0.0.1", place)) for word in command.split()]
        done = invoke(*words)
        assert done.code == 0, done.stderr
    service = f"postgresql://margin_service@{place}/margin"
    assert invoke("ledger", "show", folder, "--database", service).code == 0
    with psycopg.connect(service) as connection:
        assert connection.execute(REPORT).fetchall() == []


def test_every_table_is_described() -> None:
    table = PAGE[PAGE.index("| table |") : PAGE.index("Amounts, sequences")]
    assert set(re.findall(r"`(\w+)`", table)) == {*METADATA.tables, "zkmargin_version"}
