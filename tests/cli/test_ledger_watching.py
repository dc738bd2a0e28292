"""`zkmargin ledger show`, `watch` and `verify-log`: a ledger looked at from a shell, while others work on it."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from zkmargin.algebra import Engine
from zkmargin.verifier import (
    DamagedDatabase,
    LedgerError,
    LogEntry,
    MarginLedger,
    Overview,
    Rejected,
    SettlementRequest,
)
from zkmargin.verifier.ledger.log import KINDS, canonical
from zkmargin.verifier.ledger.questions import LedgerQuestions

from ..examples.program import Program
from ..examples.venue import HOUR_MS, Venue
from ..verifier.world import CHAIN, ROOT, UNIT
from .conftest import invoke

CLI = "import sys; from zkmargin.cli import main; main()"


@pytest.fixture
def venue(tmp_path: Path, best_engine: Engine) -> Venue:
    return Venue(tmp_path / "ledger", best_engine)


@pytest.fixture
def busy(venue: Venue) -> Venue:
    """One credit, one refusal, one repayment, one drill."""
    with venue.open() as ledger:
        ledger.accept(venue.request(1, credit=250))
        with pytest.raises(Rejected):
            ledger.accept(SettlementRequest.from_json(venue.forged(2)))
        ledger.repay((1).to_bytes(32, "big"), 100 * UNIT)
        ledger.trip_breaker("drill", CHAIN)
    return venue


def entries(venue: Venue) -> list[LogEntry]:
    with venue.open() as ledger:
        return ledger.log()


def test_the_overview(busy: Venue) -> None:
    shown = invoke("ledger", "show", busy.folder, "--json").json
    head = entries(busy)[-1]
    assert shown["target"] == str(busy.config.target)
    assert shown["log"] == {"number": head.number, "hash": "0x" + head.hash.hex()}
    assert (shown["receipts"], shown["outstanding"]) == (1, "100 USD")
    positions = {breaker["source"]: (breaker["position"], breaker["reason"]) for breaker in shown["breakers"]}
    assert positions[None] == ("closed", "")
    assert positions[CHAIN] == ("open", "drill")
    known, unknown = shown["roots"]
    assert (known["source"], known["epoch"], known["root"]) == (CHAIN, 7, str(ROOT))
    assert 0 < known["age_ms"] < HOUR_MS
    assert (unknown["epoch"], unknown["age_ms"]) == (None, None)
    assert shown["risk_table"]["oracle_time_ms"] == busy.oracle_time_ms
    assert [entry["kind"] for entry in shown["decisions"]] == ["accepted", "refused"]
    assert invoke("ledger", "show", busy.folder, "--limit", 1, "--json").json["decisions"][0]["kind"] == "refused"
    assert invoke("ledger", "show", busy.folder, "--limit", 0, "--json").json["decisions"] == []


def test_the_overview_in_words(busy: Venue) -> None:
    text = invoke("ledger", "show", busy.folder).stdout
    assert f"ledger {busy.config.ledger} of chain {busy.config.target_chain_id}" in text
    assert f"  target        {busy.config.target}\n" in text
    assert "  outstanding   100 USD, 1 receipt so far\n" in text
    assert "  breaker       closed; inflow " in text
    assert f"    of {CHAIN}        open: drill, by operator at 20" in text
    assert "no root yet" in text
    assert "newest root of epoch 7 " in text
    assert "newest table " in text
    assert "accepted        250 USD to account 1000001, settlement 0x0000000000000000..., receipt 1" in text
    assert "refused         proof-rejected, settlement 0x" in text


def test_one_account(busy: Venue) -> None:
    shown = invoke("ledger", "show", busy.folder, "--account", 1_000_001, "--json").json
    assert (shown["margin"], shown["sequence"], shown["receipt"]) == ("100 USD", 1, 1)
    text = invoke("ledger", "show", busy.folder, "--account", 1_000_001).stdout
    assert "  margin        100 USD, until 20" in text
    stranger = invoke("ledger", "show", busy.folder, "--account", 5).stdout
    assert "  margin        0 USD\n" in stranger
    assert "none yet" in stranger


def test_one_settlement(busy: Venue) -> None:
    name = "0x" + (1).to_bytes(32, "big").hex()
    shown = invoke("ledger", "show", busy.folder, "--settlement", name, "--json").json
    assert (shown["credit"], shown["left"], shown["settlement_id"]) == ("250", "100 USD", name)
    assert "  left of it    100 USD\n" in invoke("ledger", "show", busy.folder, "--settlement", name).stdout
    with busy.open() as ledger:
        ledger.reset_breaker("over", CHAIN)
        ledger.accept(busy.request(1, sequence=2, settlement_id=bytes([7] * 32)))
    text = invoke("ledger", "show", busy.folder, "--settlement", name).stdout
    assert "  left of it    0 USD: a newer credit took its place\n" in text
    absent = invoke("ledger", "show", busy.folder, "--settlement", "0x" + "ab" * 32, "--json")
    assert (absent.code, absent.json["error"]) == (2, "unknown-settlement")


def test_every_kind_of_entry_has_words(busy: Venue) -> None:
    with busy.open() as ledger:
        ledger.reset_breaker("over", CHAIN)
        ledger.retract_root(CHAIN, 7, "reorganised")
        ledger.release((1).to_bytes(32, "big"))
    lines = invoke("ledger", "watch", busy.folder, "--all", "--after", 0, "--for", 0).stdout.splitlines()
    assert len(lines) == len(entries(busy))
    told = {line.split()[3]: line for line in lines}
    assert set(told) == set(KINDS)
    assert "{" not in "".join(lines), "none is shown as the JSON that it is kept in"
    assert "account 1000001 down to 100 USD" in told["repaid"]
    assert "account 1000001 through sequence 1" in told["released"]
    assert "epoch 7 of source 1 and newer: reorganised" in told["root-retracted"]


def test_an_entry_of_another_hand_is_shown_as_it_is(venue: Venue, monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = [
        LogEntry(1, 10**18, "accepted", canonical({"credit_e8": "x"}), bytes(32)),
        LogEntry(2, 0, "refused", "[]", bytes(32)),
        LogEntry(3, 0, "refused", "\x1b[31mno JSON", bytes(32)),
    ]
    monkeypatch.setattr(MarginLedger, "log", lambda self, after=0, limit=1000: [e for e in hostile if e.number > after])
    text = invoke("ledger", "watch", venue.folder, "--after", 0, "--for", 0)
    assert text.code == 0
    assert text.stdout.count("\n") == 3
    assert "\x1b" not in text.stdout


def test_a_watch_of_what_was(busy: Venue) -> None:
    lines = invoke("ledger", "watch", busy.folder, "--for", 0, "--json").stdout.splitlines()
    shown = [json.loads(line) for line in lines]
    wanted = [entry for entry in entries(busy) if entry.kind in ("accepted", "refused")]
    assert [(entry["number"], entry["hash"]) for entry in shown] == [(e.number, "0x" + e.hash.hex()) for e in wanted]
    assert [entry["body"] for entry in shown] == [e.body for e in wanted]
    last = invoke("ledger", "watch", busy.folder, "--last", 1, "--for", 0, "--json").stdout
    assert json.loads(last)["kind"] == "refused"
    assert invoke("ledger", "watch", busy.folder, "--last", 0, "--for", 0).stdout == ""
    assert invoke("ledger", "watch", busy.folder, "--count", 1).stdout.count("\n") == 1


@pytest.fixture
def watch(venue: Venue) -> Iterator[Callable[..., Program]]:
    running: list[Program] = []

    def begin(*options: object) -> Program:
        program = Program(["-c", CLI, "ledger", "watch", venue.folder, *options], cwd=venue.folder)
        running.append(program)
        return program

    yield begin
    for program in running:
        program.end()


def test_a_watch_of_what_comes_from_another_process(venue: Venue, watch: Callable[..., Program]) -> None:
    with venue.open() as ledger:
        ledger.accept(venue.request(1))
        program = watch("--json")
        program.wait_for('"kind": "accepted"')
        ledger.accept(venue.request(2))
    number = json.dumps((2).to_bytes(32, "big").hex()).strip('"')
    entry = json.loads(program.wait_for(number))
    assert json.loads(entry["body"])["settlement_id"] == number
    os.kill(program.pid, signal.SIGINT)
    assert program.wait() == 0
    assert "interrupted" not in program.output


def test_a_watch_waits_for_a_database_that_is_away(busy: Venue, monkeypatch: pytest.MonkeyPatch) -> None:
    real, failures = MarginLedger.log, iter([LedgerError("here", "the server went away")] * 2)

    def flaky(self: MarginLedger, after: int = 0, limit: int = 1000) -> list[LogEntry]:
        for problem in failures:
            raise problem
        return real(self, after, limit)

    monkeypatch.setattr(MarginLedger, "log", flaky)
    monkeypatch.setattr("zkmargin.cli.ledger_watch.AWAY_S", 0.01)
    done = invoke("ledger", "watch", busy.folder, "--count", 2)
    assert (done.code, done.stdout.count("\n")) == (0, 2)
    assert done.stderr.count("the server went away; trying again") == 1


def test_a_watch_does_not_wait_for_what_stays_wrong(busy: Venue, monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(self: MarginLedger, after: int = 0, limit: int = 1000) -> list[LogEntry]:
        raise DamagedDatabase("here", "is damaged")

    monkeypatch.setattr(MarginLedger, "log", damaged)
    assert invoke("ledger", "watch", busy.folder).code != 0


def test_what_is_shown_is_of_one_moment(busy: Venue, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process writes between each two questions."""
    real = LedgerQuestions.overview

    def interrupted(self: LedgerQuestions) -> Overview:
        overview = real(self)
        with busy.open() as other:
            other.observe_root(CHAIN, 8, ROOT + 1, busy.oracle_time_ms)
            other.release((1).to_bytes(32, "big"))
        return overview

    monkeypatch.setattr(LedgerQuestions, "overview", interrupted)
    shown = invoke("ledger", "show", busy.folder, "--json").json
    assert shown["roots"][0]["epoch"] == 7
    monkeypatch.undo()
    assert invoke("ledger", "show", busy.folder, "--json").json["roots"][0]["epoch"] == 8


def test_a_watch_whose_reader_leaves_ends(busy: Venue) -> None:
    command = [sys.executable, "-c", CLI, "ledger", "watch", str(busy.folder), "--all", "--after", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        assert program.stdout.readline()
        program.stdout.close()
        with busy.open() as ledger:
            ledger.accept_many([busy.request(number) for number in range(50, 60)])
            for _ in range(200):
                if program.poll() is not None:
                    break
                ledger.trip_breaker("more to tell")
        assert program.wait(60) == 141
        assert program.stderr is not None
        assert program.stderr.read() == ""


def test_a_whole_log_is_verified(busy: Venue) -> None:
    done = invoke("ledger", "verify-log", busy.folder, "--json")
    head = entries(busy)[-1]
    assert done.json == {
        "entries": head.number,
        "head": f"{head.number}:0x{head.hash.hex()}",
        "receipts": 1,
        "accounts": 1,
        "outstanding": "100 USD",
    }
    noted = done.json["head"]
    with busy.open() as ledger:
        ledger.release_account(1_000_001, 5)
    again = invoke("ledger", "verify-log", busy.folder, "--remembered", noted, "--progress")
    assert again.code == 0
    assert "holds together" in again.stdout
    assert "verify-log: log entries" in again.stderr


def tamper(venue: Venue, statement: str, *values: Any) -> None:
    connection = sqlite3.connect(venue.folder / "ledger.sqlite", isolation_level=None)
    triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute(statement, values)
    for _, sql in triggers:
        connection.execute(sql)
    connection.close()


@pytest.mark.parametrize(
    ("statement", "values", "named"),
    [
        ("UPDATE accounts SET margin_e8 = ?", [(10**15).to_bytes(8, "big")], "account 1000001"),
        ("UPDATE log SET body = replace(body, '25000000000', '95000000000')", [], "log entry"),
        ("DELETE FROM log WHERE number = 2", [], "log entry 2 is missing"),
    ],
    ids=["account", "entry", "gap"],
)
def test_the_first_difference_is_named(busy: Venue, statement: str, values: list[Any], named: str) -> None:
    tamper(busy, statement, *values)
    done = invoke("ledger", "verify-log", busy.folder, "--json")
    assert (done.code, done.json["error"]) == (1, "log-not-verified")
    assert named in done.json["message"]


def test_a_log_that_was_written_anew_is_not_the_remembered_one(busy: Venue) -> None:
    noted = f"2:0x{'ab' * 32}"
    done = invoke("ledger", "verify-log", busy.folder, "--remembered", noted, "--json")
    assert (done.code, done.json["error"]) == (1, "log-not-verified")
    assert "remembered" in done.json["message"]
    longer = f"{entries(busy)[-1].number + 1}:0x{'ab' * 32}"
    assert invoke("ledger", "verify-log", busy.folder, "--remembered", longer).code == 1


def test_a_file_that_is_no_ledger_is_not_verified(busy: Venue) -> None:
    (busy.folder / "ledger.sqlite").write_bytes(b"no database" * 500)
    for name in ("ledger.sqlite-wal", "ledger.sqlite-shm"):
        (busy.folder / name).unlink(missing_ok=True)
    assert invoke("ledger", "verify-log", busy.folder).code == 2
    with pytest.raises(LedgerError):
        busy.open()
