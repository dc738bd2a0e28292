"""Tables in PostgreSQL are edited, past the triggers: checking the log finds each change and names it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from zkmargin.verifier import DamagedDatabase, MarginLedger
from zkmargin.verifier.ledger.postgres.tables import METADATA, Bytes

from ..servers.postgres import PostgresServer, fresh_url
from .test_ledger_log import busy
from .world import Clock, World

psycopg = pytest.importorskip("psycopg")
NAMES = {
    "head": ("log its end", "receipts the last", "outstanding margin"),
    "log": ("log entry",),
    "receipts": ("receipt ",),
    "accounts": ("account ",),
    "roots": ("root ",),
    "risk_tables": ("risk table ",),
    "scopes": ("breaker ",),
}
"""With what the message begins; `ledger` is not here, because opening looks at its only row."""
COLUMNS = [(table, column.name) for table in NAMES for column in METADATA.tables[table].columns if column.name != "one"]


@pytest.fixture(scope="module")
def place(world: World, postgres: PostgresServer) -> str:
    url, clock = fresh_url(postgres), Clock()
    with world.open(url, clock=clock) as ledger:
        busy(ledger, world, clock)
    return url


@pytest.fixture(scope="module")
def lived(world: World, place: str) -> Iterator[MarginLedger]:
    with world.open(place, prepared=False) as ledger:
        ledger.verify_log()
        yield ledger


@pytest.fixture(scope="module")
def admin(postgres: PostgresServer, place: str) -> Iterator[Any]:
    schema = place.partition("schema=")[2]
    with psycopg.connect(postgres.url, autocommit=True, options=f"-c search_path={schema}") as connection:
        for name, table in METADATA.tables.items():
            connection.execute(f"ALTER TABLE {name} DISABLE TRIGGER ALL")
            for check in connection.execute(
                "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'c'", (table.name,)
            ).fetchall():
                connection.execute(f"ALTER TABLE {name} DROP CONSTRAINT {check[0]}")
        yield connection


@pytest.fixture
def edited(lived: MarginLedger, admin: Any) -> Callable[[str, str], str]:
    """Change a table and say what checking finds; then put back what was there."""

    def edit(table: str, statement: str) -> str:
        admin.execute(f"CREATE TEMP TABLE kept AS TABLE {table}")
        try:
            assert admin.execute(statement).rowcount > 0, "the statement changed nothing"
            with pytest.raises(DamagedDatabase) as caught:
                lived.verify_log()
            return caught.value.reason
        finally:
            admin.execute(f"DELETE FROM {table}")
            admin.execute(f"INSERT INTO {table} TABLE kept")
            admin.execute("DROP TABLE kept")
            lived.verify_log()

    return edit


def one_row(table: str) -> str:
    """The last row by its key."""
    keys = ", ".join(f"{column.name} DESC" for column in METADATA.tables[table].primary_key)
    return f"ctid = (SELECT ctid FROM {table} ORDER BY {keys} LIMIT 1)"


def another(table: str, column: str) -> str:
    kind = METADATA.tables[table].columns[column].type
    if isinstance(kind, Bytes):
        return f"set_byte({column}, 19, get_byte({column}, 19) # 1)"
    return f"{column} || ' '" if str(kind) == "TEXT" else f"COALESCE({column} + 1, 1)"


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_no_column_can_be_changed_unseen(edited: Callable[[str, str], str], table: str, column: str) -> None:
    reason = edited(table, f"UPDATE {table} SET {column} = {another(table, column)} WHERE {one_row(table)}")
    assert reason.startswith(NAMES[table])


@pytest.mark.parametrize("table", [table for table in NAMES if table != "head"])
def test_no_row_can_be_taken_out_unseen(edited: Callable[[str, str], str], table: str) -> None:
    reason = edited(table, f"DELETE FROM {table} WHERE {one_row(table)}")
    assert reason.startswith((*NAMES[table], "log its end"))


@pytest.mark.parametrize(
    ("table", "row", "name"),
    [
        ("log", "number + 1, at_ms, kind, body, hash", "log entry"),
        ("receipts", "number + 1, request_digest, sha256(settlement_id), beneficiary, account, sha256(nullifier),"
         " sequence, credit_e8, replaced_e8, expiry_ms, accepted_at_ms", "receipts one more"),
        ("accounts", "sha256(account), sequence, released_through, receipt, margin_e8, expiry_ms, inflow_e8,"
         " inflow_at_ms", "account "),
        ("roots", "chain_id, epoch + 1, sha256(root), observed_at_ms", "root "),
        ("risk_tables", "oracle_time_ms + 1, risk_root, attested_at_ms", "risk table "),
        ("scopes", "scope || '9', state", "breaker "),
    ],
)  # fmt: skip
def test_no_row_can_be_put_in_unseen(edited: Callable[[str, str], str], table: str, row: str, name: str) -> None:
    assert edited(table, f"INSERT INTO {table} SELECT {row} FROM {table} WHERE {one_row(table)}").startswith(name)
