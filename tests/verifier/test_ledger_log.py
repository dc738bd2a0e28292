"""The log: what is written when, how entries hang together, and that nobody can change a row unseen."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from zkmargin.algebra import BN254
from zkmargin.verifier import (
    DamagedDatabase,
    Head,
    LedgerConfig,
    LedgerError,
    MarginLedger,
    MarketHealth,
    Rejected,
    SettlementRequest,
    StatementError,
)
from zkmargin.verifier.ledger.log import KINDS, canonical, entry_hash
from zkmargin.verifier.ledger.sqlite_store import APPEND_ONLY

from .world import CHAIN, CONFIG, NOW, OTHER_CHAIN, RISK_ROOT, UNIT, Clock, World, attestation


def busy(ledger: MarginLedger, world: World, clock: Clock) -> None:
    """Something of every kind: credits that stand, are repaid, released, replaced and expired, refusals, a
    reorganisation, breakers moved by hand."""
    for number in range(1, 5):
        ledger.accept(world.request(number, credit=10 * number))
    ledger.repay((2).to_bytes(32, "big"), 5 * UNIT)
    ledger.release((3).to_bytes(32, "big"))
    ledger.release_account(77, 9)
    ledger.accept(world.request(1, credit=11, sequence=2, settlement_id=bytes(31) + b"\x77", expiry_ms=NOW + 500))
    refuse(ledger, world.request(1))
    ledger.observe_root(OTHER_CHAIN, 4, 555, NOW - 10)
    ledger.retract_root(OTHER_CHAIN, 4, "block 99 vanished")
    ledger.observe_root(OTHER_CHAIN, 5, 556, NOW - 5)
    ledger.reset_breaker("looked into", OTHER_CHAIN)
    ledger.trip_breaker("a drill")
    refuse(ledger, world.request(9))
    ledger.probe_breaker("the drill is over")
    ledger.reset_breaker("all well")
    clock.advance(1_000)
    ledger.accept(world.request(6))


def refuse(ledger: MarginLedger, request: SettlementRequest) -> None:
    with pytest.raises(Rejected):
        ledger.accept(replace(request, proof=request.proof))


@pytest.fixture
def lived(world: World, ledger: MarginLedger, clock: Clock) -> MarginLedger:
    busy(ledger, world, clock)
    return ledger


def test_a_ledger_agrees_with_its_log(lived: MarginLedger) -> None:
    seen: list[tuple[int, int]] = []
    report = lived.verify_log(progress=lambda done, total: seen.append((done, total)))
    entries = lived.log(limit=10**6)
    assert report.entries == len(entries) == seen[-1][0] == seen[-1][1]
    assert (report.entries, report.head) == (lived.head().number, lived.head().hash)
    assert {entry.kind for entry in entries} == set(KINDS)
    assert report.receipts == len(lived.receipts()) == 6
    standing = sum(view.margin_e8 for view in lived.accounts())
    assert report.outstanding_e8 == standing == (5 + 40 + 100) * UNIT


def test_the_hash_is_the_one_that_is_documented(lived: MarginLedger) -> None:
    previous = CONFIG.target.to_bytes(32, "big")
    for entry in lived.log(limit=10**6):
        tag = b"zkmargin.ledger-log/1".ljust(32, b"\0")
        numbers = entry.number.to_bytes(8, "big") + entry.at_ms.to_bytes(8, "big")
        kind = bytes([len(entry.kind)]) + entry.kind.encode()
        assert entry.hash == sha256(tag + previous + numbers + kind + entry.body.encode()).digest()
        assert entry.body == json.dumps(json.loads(entry.body), sort_keys=True, separators=(",", ":"))
        previous = entry.hash


def test_a_log_can_be_read_in_pages(lived: MarginLedger) -> None:
    whole, paged = lived.log(limit=10**6), []
    while page := lived.log(after=paged[-1].number if paged else 0, limit=3):
        paged += page
    assert paged == whole
    decisions = lived.decisions()
    assert [decision.number for decision in decisions] == [e.number for e in whole if e.kind in ("accepted", "refused")]
    assert lived.newest_decisions(3) == decisions[-3:]


@pytest.mark.parametrize(
    ("after", "limit"), [(0, -1), (0, 1 << 31), (-2, 1), ("0", 1), (0, 1.5), (0, True), (1 << 256, 1)]
)
def test_pages_have_an_end(ledger: MarginLedger, after: Any, limit: Any) -> None:
    for page in (ledger.log, ledger.decisions, ledger.receipts, ledger.accounts):
        with pytest.raises(StatementError):
            page(after, limit)
    with pytest.raises(StatementError):
        ledger.newest_decisions(-1)


def test_a_page_after_the_last_key_there_can_be_is_empty(ledger: MarginLedger) -> None:
    for page in (ledger.log, ledger.decisions, ledger.receipts):
        assert page((1 << 63) - 1, 5) == []
        with pytest.raises(StatementError):
            page(1 << 63, 5)
    assert ledger.accounts(BN254.r - 1, 5) == []


@pytest.mark.parametrize("number", [-1, 1 << 64, "1", None])
def test_a_chain_s_id_is_a_number_of_64_bits(ledger: MarginLedger, number: Any) -> None:
    with pytest.raises(StatementError):
        ledger.newest_root(number)
    if number is not None:
        with pytest.raises(StatementError):
            ledger.newest_root(1, number)


@pytest.mark.parametrize("source", [True, 1.0, "1"])
def test_a_source_is_named_by_an_integer(ledger: MarginLedger, source: Any) -> None:
    """`1 == True == 1.0`, but these are no names of chains."""
    with pytest.raises(StatementError):
        ledger.trip_breaker("a test", source)


@pytest.mark.parametrize("settlement_id", [b"", bytes(31), "00" * 32, None, 5])
def test_a_settlement_id_is_32_bytes(ledger: MarginLedger, settlement_id: Any) -> None:
    for question in (ledger.receipt, ledger.release, lambda wanted: ledger.repay(wanted, 0)):
        with pytest.raises(StatementError):
            question(settlement_id)


def test_a_ledger_that_should_be_there_is_not_made(world: World, ledger_place: str) -> None:
    """Who forgot to name the database would otherwise trip the breaker of a new ledger, or accept everything again."""

    def opened() -> MarginLedger:
        return MarginLedger.open(ledger_place, CONFIG, world.trapdoor.key, engine=world.engine, create=False)

    with pytest.raises(LedgerError, match="holds no ledger"):
        opened()
    if "://" not in ledger_place:
        assert not Path(ledger_place).exists()
        Path(ledger_place).touch()
        with pytest.raises(LedgerError, match="holds no ledger"):
            opened()
    world.open(ledger_place).close()
    opened().close()


def test_only_another_configuration_is_written_down(world: World, ledger_place: str, clock: Clock) -> None:
    for _ in range(2):
        world.open(ledger_place, clock=clock, prepared=False).close()
    other: LedgerConfig = replace(CONFIG, max_root_age_ms=1_234)
    for _ in range(2):
        world.open(ledger_place, other, clock, prepared=False).close()
    with world.open(ledger_place, clock=clock, prepared=False) as ledger:
        ages = [entry.members()["config"]["max_root_age_ms"] for entry in ledger.log()]
        assert ages == [str(CONFIG.max_root_age_ms), "1234", str(CONFIG.max_root_age_ms)]
        ledger.verify_log()


def test_a_market_report_within_limits_is_not_worth_an_entry(ledger: MarginLedger) -> None:
    before = ledger.head()
    ledger.observe_market(MarketHealth(NOW, 10**9, 10**9))
    ledger.attest_risk_root(attestation(RISK_ROOT))
    ledger.retract_root(CHAIN, 8, "never observed")
    assert ledger.head() == before


def test_a_log_that_was_rewritten_is_found_by_who_remembers_its_end(lived: MarginLedger) -> None:
    end = lived.head()
    assert lived.verify_log(remembered=end).entries == end.number
    assert lived.verify_log(remembered=Head(3, lived.log()[2].hash)).entries == end.number
    with pytest.raises(DamagedDatabase, match="entry 3 is not the one"):
        lived.verify_log(remembered=Head(3, bytes(32)))
    with pytest.raises(DamagedDatabase, match="ends at entry"):
        lived.verify_log(remembered=Head(end.number + 1, end.hash))


# What follows edits an SQLite file behind the ledger's back.
@pytest.fixture(scope="module")
def busy_file(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path, clock = tmp_path_factory.mktemp("busy") / "margin.sqlite", Clock()
    with world.open(path, clock=clock) as ledger:
        busy(ledger, world, clock)
        ledger.verify_log()
    return path


@pytest.fixture
def edited(world: World, busy_file: Path, path: Path) -> Callable[..., str]:
    """Apply a statement to a busy ledger's file, and return what checking says."""
    shutil.copy(busy_file, path)
    ledger = world.open(path, prepared=False)

    def edit(statement: str, *values: Any) -> str:
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("PRAGMA ignore_check_constraints = ON")
        for table in APPEND_ONLY:
            for verb in ("update", "delete"):
                connection.execute(f"DROP TRIGGER IF EXISTS {table}_no_{verb}")
        changed = connection.execute(statement, values).rowcount
        connection.close()
        assert changed > 0, "the statement changed nothing"
        with pytest.raises(DamagedDatabase) as caught:
            ledger.verify_log()
        return caught.value.reason

    return edit


COLUMNS = {
    "receipts": {
        "request_digest": bytes(32),
        "settlement_id": bytes(32),
        "beneficiary": bytes(20),
        "account": bytes(32),
        "nullifier": bytes(32),
        "sequence": bytes(8),
        "credit_e8": b"\xff" * 8,
        "replaced_e8": b"\xff" * 8,
        "expiry_ms": 5,
        "accepted_at_ms": 5,
    },
    "accounts": {
        "account": b"\0" * 31 + b"\x05",
        "sequence": b"\0" * 7 + b"\x09",
        "released_through": b"\0" * 7 + b"\x08",
        "receipt": 99,
        "margin_e8": b"\xff" * 8,
        "expiry_ms": NOW + 10**9,
        "inflow_e8": b"\0" * 7 + b"\x08",
        "inflow_at_ms": 7,
    },
    "roots": {
        "chain_id": b"\0" * 7 + b"\x08",
        "epoch": b"\0" * 7 + b"\x09",
        "root": b"\0" * 31 + b"\x05",
        "observed_at_ms": NOW + 10**6,
    },
    "risk_tables": {"oracle_time_ms": 5, "risk_root": b"\0" * 31 + b"\x05", "attested_at_ms": 5},
}
NAMES = {"receipts": "receipt", "accounts": "account", "roots": "root", "risk_tables": "risk table"}
FIRST = {
    "receipts": "number = 1",
    "accounts": "account = (SELECT max(account) FROM accounts)",
    "roots": "epoch = (SELECT max(epoch) FROM roots)",
    "risk_tables": "oracle_time_ms > 5",
}


@pytest.mark.parametrize(("table", "column"), [(table, column) for table in COLUMNS for column in COLUMNS[table]])
def test_no_column_can_be_changed_unseen(edited: Callable[..., str], table: str, column: str) -> None:
    reason = edited(f"UPDATE {table} SET {column} = ? WHERE {FIRST[table]}", COLUMNS[table][column])
    assert reason.startswith(NAMES[table] + " ")
    assert "the log says" in reason


@pytest.mark.parametrize("table", COLUMNS)
def test_no_row_can_be_taken_out_unseen(edited: Callable[..., str], table: str) -> None:
    assert edited(f"DELETE FROM {table} WHERE {FIRST[table]}").startswith(NAMES[table] + " ")


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("INSERT INTO receipts SELECT 99, zeroblob(32), zeroblob(32), beneficiary, account, zeroblob(32), sequence,"
         " credit_e8, replaced_e8, expiry_ms, accepted_at_ms FROM receipts WHERE number = 1", "receipts the last"),
        ("INSERT INTO accounts SELECT zeroblob(32), sequence, released_through, receipt, margin_e8, expiry_ms,"
         " inflow_e8, inflow_at_ms FROM accounts LIMIT 1", "account 0"),
        ("INSERT INTO roots VALUES (zeroblob(8), zeroblob(8), zeroblob(32), 5)", "root (0, 0)"),
        ("INSERT INTO risk_tables VALUES (5, zeroblob(32), 5)", "risk table 5"),
        ("INSERT INTO scopes SELECT '99', state FROM scopes LIMIT 1", "breaker 99"),
        ("UPDATE scopes SET state = '{}' WHERE scope = 'whole'", "breaker whole"),
        ("DELETE FROM scopes WHERE scope = 'whole'", "breaker whole"),
        ("UPDATE outstanding SET total_e8 = zeroblob(16)", "outstanding margin"),
    ],
    ids=str,
)  # fmt: skip
def test_no_row_can_be_put_in_unseen(edited: Callable[..., str], statement: str, name: str) -> None:
    assert edited(statement).startswith(name)


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("receipts", "credit_e8", "12345678"),
        ("receipts", "expiry_ms", "soon"),
        ("accounts", "sequence", "12345678"),
        ("accounts", "margin_e8", "12345678"),
        ("accounts", "expiry_ms", "soon"),
        ("accounts", "expiry_ms", 1.5),
        ("risk_tables", "risk_root", "x" * 32),
        ("outstanding", "total_e8", "x" * 16),
        ("log", "hash", "x" * 32),
        ("scopes", "scope", "everything"),
        ("scopes", "scope", b"whole"),
    ],
)
def test_a_value_of_another_type_is_damage(edited: Callable[..., str], table: str, column: str, value: Any) -> None:
    """SQLite keeps text where a number belongs, and its length may be right."""
    key = {"accounts": "account", "scopes": "scope"}.get(table, "rowid")
    edited(f"UPDATE {table} SET {column} = ? WHERE {key} = (SELECT max({key}) FROM {table})", value)


def test_such_a_value_is_damage_for_whoever_asks(world: World, path: Path) -> None:
    with world.open(path) as ledger:
        receipt = ledger.accept(world.request())
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("UPDATE accounts SET expiry_ms = 'soon'")
        connection.close()
        for question in (ledger.accounts, lambda: ledger.margin_of(receipt.account)):
            with pytest.raises(DamagedDatabase, match="no ledger writes"):
                question()


def test_an_entry_nested_too_deep_is_damage(world: World, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a good hash, by somebody who would rather have the check crash."""
    with world.open(path) as ledger:

        def too_deep(entry: object) -> None:
            raise RecursionError

        monkeypatch.setattr("zkmargin.verifier.ledger.log.LogEntry.members", too_deep)
        with pytest.raises(DamagedDatabase, match="says what no ledger writes"):
            ledger.verify_log()


@pytest.mark.parametrize("number", [1, 2, 5, 12])
@pytest.mark.parametrize(
    "change", ["at_ms = at_ms + 1", "kind = 'wished'", "body = body || ' '", "hash = zeroblob(32)", "body = x'00'"]
)
def test_no_entry_of_the_log_can_be_changed_unseen(edited: Callable[..., str], number: int, change: str) -> None:
    assert f"log entry {number} was changed" in edited(f"UPDATE log SET {change} WHERE number = {number}")


def test_no_entry_can_be_taken_out_unseen(edited: Callable[..., str]) -> None:
    assert "log entry 5 is missing" in edited("DELETE FROM log WHERE number = 5")


def test_the_end_of_the_log_cannot_be_cut_off_alone(edited: Callable[..., str]) -> None:
    """With its last receipt left behind. Cut off together, only who remembers the end can tell."""
    assert edited("DELETE FROM log WHERE number = (SELECT max(number) FROM log)").startswith("receipts the last")


def rewrite(path: Path, entry: int, kind: str | None = None, blank: str = "", **changes: Any) -> None:
    """Change one entry's members, and every hash from there on as the ledger would have made them."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("DROP TRIGGER log_no_update")
    previous = CONFIG.target.to_bytes(32, "big")
    for row, at_ms, its_kind, body in connection.execute("SELECT number, at_ms, kind, body FROM log").fetchall():
        if row == entry:
            its_kind, body = kind or its_kind, canonical({**json.loads(body), **changes}) + blank
        previous = entry_hash(previous, row, at_ms, its_kind, body)
        values = (its_kind, body, previous, row)
        connection.execute("UPDATE log SET kind = ?, body = ?, hash = ? WHERE number = ?", values)
    connection.close()


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"number": 2}, "its number is not the next"),
        ({"sequence": "0", "account": "77"}, "its sequence is not above the last"),
        ({"replaced_e8": "5"}, "it does not replace"),
        ({"expiry_ms": NOW}, "it had expired"),
        ({"sources": {str(CHAIN): "5"}}, "a source root was not known"),
        ({"oracle_time_ms": 5}, "no risk table"),
        ({"sources": {}, "nullifier": "5"}, "receipt 1 is"),
        ({"account": None}, "says what no ledger writes"),
        ({"account_inflow": []}, "says what no ledger writes"),
        ({"scopes": {"whole": {}}}, "says what no ledger writes"),
    ],
    ids=str,
)
def test_a_credit_without_grounds_is_found_in_a_log_with_good_hashes(
    world: World, path: Path, clock: Clock, changes: dict[str, Any], fault: str
) -> None:
    with world.open(path, clock=clock) as ledger:
        ledger.release_account(77, 9)
        ledger.accept(world.request())
        rewrite(path, ledger.head().number, **changes)
        with pytest.raises(DamagedDatabase, match=fault):
            ledger.verify_log()


@pytest.mark.parametrize(
    ("changes", "fault"),
    [({"remaining_e8": str(41 * UNIT)}, "it raises the credit"), ({"receipt": 2}, "not of the account's newest")],
    ids=str,
)
def test_a_repayment_without_grounds_is_found(
    world: World, path: Path, clock: Clock, changes: dict[str, Any], fault: str
) -> None:
    with world.open(path, clock=clock) as ledger:
        receipt = ledger.accept(world.request(credit=40))
        ledger.repay(receipt.settlement_id, UNIT)
        rewrite(path, ledger.head().number, **changes)
        with pytest.raises(DamagedDatabase, match=fault):
            ledger.verify_log()


def test_a_credit_under_an_open_breaker_is_found(world: World, path: Path, clock: Clock) -> None:
    with world.open(path, clock=clock) as ledger:
        ledger.reset_breaker("a test")
        ledger.accept(world.request())
        position = {"position": "open", "scopes": {"whole": {"position": "open", "at_ms": NOW}}}
        rewrite(path, ledger.head().number - 1, **position)
        with pytest.raises(DamagedDatabase, match="the breaker was open"):
            ledger.verify_log()


def test_a_body_has_one_form(world: World, path: Path, clock: Clock) -> None:
    with world.open(path, clock=clock) as ledger:
        rewrite(path, 2, blank=" ")
        with pytest.raises(DamagedDatabase, match="log entry 2 says what no ledger writes"):
            ledger.verify_log()


def test_the_end_that_a_store_keeps_is_the_log_s(lived: MarginLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store may keep the end of the log in a row of its own."""
    with lived._store.reading() as rows:
        honest = rows.head()
    monkeypatch.setattr(type(rows), "head", lambda _: Head(honest.number, bytes(32)))
    with pytest.raises(DamagedDatabase, match="log its end is"):
        lived.verify_log()


def test_an_unknown_kind_is_none(world: World, path: Path, clock: Clock) -> None:
    with world.open(path, clock=clock) as ledger:
        rewrite(path, 2, kind="wished")
        with pytest.raises(DamagedDatabase, match="log entry 2 says what no ledger writes"):
            ledger.verify_log()
