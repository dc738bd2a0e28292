"""Opening a ledger: what is no ledger, or not this one, or damaged, is refused and left as it was."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from zkmargin.verifier import (
    CircuitMismatch,
    ConfigError,
    DamagedDatabase,
    ForeignDatabase,
    KeyRejected,
    LedgerConfig,
    LedgerError,
    LedgerMismatch,
    MarginLedger,
    PublicInputCount,
    SchemaTooNew,
    SchemaTooOld,
    VerifierError,
)
from zkmargin.verifier.ledger.sqlite_store import APPEND_ONLY, APPLICATION_ID, SCHEMA_VERSION, SqliteStore

from .trapdoor import Trapdoor
from .world import CIRCUIT, CONFIG, World


def refused_untouched(path: Path, error: type[VerifierError]) -> None:
    before = path.read_bytes()
    with pytest.raises(error) as caught:
        SqliteStore(path, CONFIG.target)
    assert type(caught.value) is error
    assert path.read_bytes() == before


def change(path: Path, *statements: str) -> None:
    """Edit a ledger's file with SQLite itself, as somebody else would."""
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()


def test_a_new_file_and_an_empty_one_become_ledgers(path: Path) -> None:
    path.touch()
    for _ in range(2):
        SqliteStore(path, CONFIG.target).close()
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_a_new_ledger_is_for_its_owner_alone(world: World, path: Path) -> None:
    before = os.umask(0)
    try:
        with world.open(path):
            modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert modes.keys() >= {path.name, f"{path.name}-wal"}
    assert set(modes.values()) == {0o600}
    path.chmod(0o640)
    world.open(path, prepared=False).close()
    assert path.stat().st_mode & 0o777 == 0o640, "whoever shares it on purpose may"


def test_a_file_that_cannot_be_made(path: Path) -> None:
    with pytest.raises(LedgerError, match="cannot be used"):
        SqliteStore(path.with_name("x" * 300), CONFIG.target)


def test_commits_reach_the_disk(path: Path) -> None:
    file = SqliteStore(path, CONFIG.target).file
    with file.writing() as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
        assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)


def test_a_file_that_is_no_database(path: Path) -> None:
    for content in (b"hello", b"{}" * 5_000, os.urandom(4096)):
        path.write_bytes(content)
        refused_untouched(path, ForeignDatabase)


def test_a_database_of_another_program(path: Path) -> None:
    change(path, "CREATE TABLE notes (text)")
    refused_untouched(path, ForeignDatabase)
    change(path, "PRAGMA application_id = 77")
    refused_untouched(path, ForeignDatabase)


def test_a_later_schema(path: Path) -> None:
    SqliteStore(path, CONFIG.target).close()
    change(path, f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    refused_untouched(path, SchemaTooNew)


def test_an_earlier_schema(path: Path) -> None:
    SqliteStore(path, CONFIG.target).close()
    change(path, "PRAGMA user_version = 1")
    refused_untouched(path, SchemaTooOld)


@pytest.mark.parametrize(
    "damage",
    [
        "DROP TABLE log",
        "DROP TRIGGER receipts_no_update",
        "DROP INDEX accounts_by_expiry",
        "ALTER TABLE receipts ADD COLUMN more",
        "CREATE TABLE more (x)",
    ],
)
def test_another_schema_under_our_name(path: Path, damage: str) -> None:
    """A missing trigger as well: without it the rows could be rewritten."""
    SqliteStore(path, CONFIG.target).close()
    change(path, damage)
    with pytest.raises(DamagedDatabase):
        SqliteStore(path, CONFIG.target)


def test_damaged_pages(world: World, path: Path) -> None:
    with world.open(path) as ledger:
        for number in range(1, 4):
            ledger.accept(world.request(number))
    change(path)
    raw = bytearray(path.read_bytes())
    for page in range(1, len(raw) // 4096):
        raw[4096 * page + 100 : 4096 * page + 4000] = os.urandom(3900)
    path.write_bytes(raw)
    with pytest.raises(DamagedDatabase):
        SqliteStore(path, CONFIG.target)


@pytest.mark.parametrize("table", ["receipts", "log", "accounts"])
def test_damage_in_a_single_page(world: World, path: Path, table: str) -> None:
    """Opening reads every page, so that damage is found before a decision rests on it."""
    with world.open(path) as ledger:
        ledger.release(ledger.accept(world.request()).settlement_id)
    change(path)
    connection = sqlite3.connect(path)
    (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    connection.close()
    raw = bytearray(path.read_bytes())
    raw[4096 * (page - 1) : 4096 * page] = b"\xa5" * 4096
    path.write_bytes(raw)
    with pytest.raises(DamagedDatabase):
        SqliteStore(path, CONFIG.target)


def test_the_rows_cannot_be_rewritten(world: World, path: Path) -> None:
    with world.open(path) as ledger:
        ledger.accept(world.request())
    connection = sqlite3.connect(path)
    for table in APPEND_ONLY:
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET rowid = 99"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                connection.execute(statement)
    connection.close()


def test_a_truncated_file(world: World, path: Path) -> None:
    with world.open(path) as ledger:
        ledger.accept(world.request())
    change(path)
    raw = path.read_bytes()
    for length in (10, 1000, 4096, len(raw) // 2, len(raw) - 4096):
        path.write_bytes(raw[:length])
        with pytest.raises((DamagedDatabase, ForeignDatabase)):
            SqliteStore(path, CONFIG.target)


@pytest.mark.parametrize(
    "other", [{"ledger": "venue-c"}, {"target_chain_id": 1}, {"circuit_digest": bytes(32)}], ids=lambda c: next(iter(c))
)
def test_another_ledger_s_file(world: World, path: Path, other: dict[str, object]) -> None:
    world.open(path).close()
    config = replace(CONFIG, **other)  # type: ignore[arg-type]
    with pytest.raises(LedgerMismatch):
        SqliteStore(path, config.target)


def test_a_copy_made_by_sqlite_is_the_whole_ledger(world: World, path: Path) -> None:
    copy = path.with_name("copy.sqlite")
    with world.open(path) as ledger:
        receipt = ledger.accept(world.request())
        source, target = sqlite3.connect(path), sqlite3.connect(copy)
        source.backup(target)
        source.close()
        target.close()
        report = ledger.verify_log()
    with world.open(copy, prepared=False) as copied:
        assert copied.verify_log() == report
        assert copied.accept(world.request()) == receipt


def test_a_full_disk_loses_nothing(world: World, path: Path) -> None:
    """Nothing is half written, what was answered can be asked for, and with room again all goes on."""
    with world.open(path) as ledger:
        receipt = ledger.accept(world.request())
        connection = ledger._store.file._connection  # type: ignore[attr-defined]
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
        accepted = 1

        def fill() -> None:
            nonlocal accepted
            for number in range(2, 200):
                ledger.accept(world.request(number, credit=1))
                accepted += 1

        with pytest.raises(LedgerError, match="full"):
            fill()
        assert ledger.receipts(limit=1) == [receipt]
        assert len(ledger.receipts()) == accepted
        ledger.verify_log()
        connection.execute(f"PRAGMA max_page_count = {pages * 10}")
        assert ledger.accept(world.request(accepted + 1, credit=1)).number == accepted + 1
        ledger.verify_log()


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="this system does not list a process's open files")
def test_a_file_that_was_refused_is_let_go(world: World, path: Path) -> None:
    world.open(path).close()
    with pytest.raises(LedgerMismatch) as caught:
        world.open(path, replace(CONFIG, ledger="another"))
    assert caught.value is not None  # and with it the frames of the attempt
    still_open = []
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            still_open.append(os.readlink(descriptor))
    assert not [name for name in still_open if name.startswith(str(path))]


@pytest.mark.parametrize("where", [":memory:", "", "missing/folder/margin.sqlite"])
def test_a_ledger_is_a_file_in_a_folder_that_exists(where: str) -> None:
    with pytest.raises(LedgerError):
        SqliteStore(where, CONFIG.target)


def test_a_folder_is_no_ledger(tmp_path: Path) -> None:
    with pytest.raises(LedgerError):
        SqliteStore(tmp_path, CONFIG.target)


def test_a_locked_ledger_says_so(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zkmargin.verifier.sqlite_file.BUSY_TIMEOUT_S", 0.05)
    first, second = SqliteStore(path, CONFIG.target), SqliteStore(path, CONFIG.target)
    with first.writing(), pytest.raises(LedgerError, match="locked"), second.writing():
        pass
    with first.writing(), second.reading() as rows:
        assert rows.receipts(0, 10) == []


def _count_receipts(ledger: MarginLedger, answer: Callable[[str], None]) -> None:
    try:
        ledger.receipts()
    except LedgerError as problem:
        answer(problem.reason)
    else:
        answer("worked")


def test_a_forked_process_may_not_share_the_connection(ledger: MarginLedger) -> None:
    """SQLite forbids it: locks would be lost, and with them the exclusion of two writers."""
    fork = multiprocessing.get_context("fork")
    answers = fork.SimpleQueue()
    child = fork.Process(target=_count_receipts, args=(ledger, answers.put))
    child.start()
    child.join(30)
    assert "fork" in answers.get()


def test_readers_do_not_wait_for_the_writer(world: World, ledger_place: str) -> None:
    """Nor the writer for a reader, as for one who checks a long log: it sees the ledger as it was."""
    ledger = world.open(ledger_place)
    with ledger._store.reading() as rows:
        before = rows.head()
        receipt = ledger.accept(world.request())
        assert rows.head() == before
    with ledger._store.writing() as rows, ThreadPoolExecutor(1) as pool:
        assert pool.submit(ledger.margin_of, receipt.account).result(timeout=20) == receipt.credit_e8
    ledger.close()


def test_opening_as_before_waits_for_no_writer(world: World, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing has to be written down: somebody may look while a long batch is being credited."""
    monkeypatch.setattr("zkmargin.verifier.sqlite_file.BUSY_TIMEOUT_S", 0.05)
    with world.open(path) as ledger, ledger._store.writing():
        world.open(path, prepared=False).close()


def test_many_openers_write_their_configuration_once(world: World, path: Path) -> None:
    SqliteStore(path, CONFIG.target).close()
    with ThreadPoolExecutor(8) as pool:
        ledgers = list(pool.map(lambda _: world.open(path, prepared=False), range(8)))
    assert [entry.kind for entry in ledgers[0].log()] == ["opened"]
    for ledger in ledgers:
        ledger.close()


def test_many_openers_at_once_make_one_ledger(world: World, path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        for database in pool.map(lambda _: SqliteStore(path, CONFIG.target), range(8)):
            database.close()


def test_a_closed_ledger(ledger: MarginLedger) -> None:
    ledger.close()
    with pytest.raises(LedgerError):
        ledger.receipts()


def open_with(world: World, path: Path, config: LedgerConfig = CONFIG, **key_changes: object) -> MarginLedger:
    key = replace(world.trapdoor.key, **key_changes)  # type: ignore[arg-type]
    return MarginLedger.open(path, config, key, engine=world.engine)


def test_the_key_is_the_circuit_s_and_fit_for_use(world: World, path: Path) -> None:
    for digest in (None, bytes(32)):
        with pytest.raises(CircuitMismatch):
            open_with(world, path, circuit_digest=digest)
    with pytest.raises(KeyRejected):
        open_with(world, path, delta2=world.trapdoor.key.gamma2)
    with pytest.raises(PublicInputCount):
        MarginLedger.open(path, CONFIG, Trapdoor(world.engine, 3, circuit_digest=CIRCUIT).key, engine=world.engine)
    assert not path.exists()


def test_a_development_key_only_where_it_is_allowed_by_name(world: World, path: Path) -> None:
    with pytest.raises(KeyRejected, match="development"):
        open_with(world, path, development=True)
    open_with(world, path, replace(CONFIG, allow_development_key=True), development=True).close()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("ledger", ""),
        ("ledger", "x" * 256),
        ("ledger", "a\nb"),
        ("circuit_digest", b"short"),
        ("target_chain_id", -1),
        ("target_chain_id", 1 << 64),
        ("routes", {}),
        ("routes", {1: -1}),
        ("routes", {-1: 5}),
        ("routes", {1: CONFIG.max_horizon_ms + 1}),
        ("max_root_age_ms", 0),
        ("max_risk_age_ms", 1.5),
        ("max_horizon_ms", 1 << 40),
        ("clock_skew_ms", -1),
        ("max_credit_e8", 1 << 64),
        ("oracle_signers", ()),
        ("oracle_signers", (bytes(20), bytes(20))),
        ("oracle_signers", (bytes(19), bytes(20))),
        ("oracle_quorum", 0),
        ("oracle_quorum", 4),
        ("root_signers", ()),
        ("root_signers", (bytes(20), bytes(20))),
        ("root_quorum", 0),
        ("root_quorum", 3),
        ("market", ""),
        ("market", "x" * 256),
        ("market", "a\nb"),
    ],
)
def test_a_configuration_that_cannot_be_meant(field: str, value: object) -> None:
    with pytest.raises(ConfigError) as caught:
        replace(CONFIG, **{field: value})  # type: ignore[arg-type]
    assert caught.value.field == field
