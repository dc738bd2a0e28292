"""`zkmargin ledger follow`: what it reports, how it ends, and options that do not go together."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .conftest import MarginFiles, invoke

pytestmark = pytest.mark.xdist_group("cli")


@pytest.fixture
def ledger(shared: MarginFiles, tmp_path: Path) -> Path:
    folder = tmp_path / "ledger"
    config = ["--config", shared / "ledger-config.json", "--key", shared / "verification_key.json"]
    assert invoke("ledger", "init", folder, *config).code == 0
    return folder


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    path = tmp_path / "roots.jsonl"
    path.write_text(line(1))
    return path


def line(epoch: int) -> str:
    now_ms = time.time_ns() // 1_000_000 - 1_000
    document = {
        "format": "zkmargin.source-root/1",
        "chain_id": 1001,
        "epoch": epoch,
        "root": str(5000 + epoch),
        "observed_at_ms": now_ms,
    }
    return json.dumps(document) + "\n"


def test_one_poll(ledger: Path, feed: Path) -> None:
    done = invoke("ledger", "follow", ledger, "--from", f"file:{feed}", "--once", "--json")
    assert done.code == 0, done.stderr
    assert done.json == {
        "event": "observed",
        "chain_id": 1001,
        "epoch": 1,
        "text": "root of epoch 1 of chain 1001 observed",
    }
    assert invoke("ledger", "follow", ledger, "--from", f"file:{feed}", "--once").stdout == ""


def test_a_source_that_cannot_be_asked_is_bad_input(ledger: Path, tmp_path: Path) -> None:
    done = invoke("ledger", "follow", ledger, "--from", f"file:{tmp_path / 'absent'}", "--once")
    assert done.code == 2
    assert "cannot be opened" in done.stderr


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_it_follows_until_it_is_told_to_end(ledger: Path, feed: Path, ending: signal.Signals) -> None:
    command = [sys.executable, "-c", "from zkmargin.cli import main; main()"]
    command += ["ledger", "follow", str(ledger), "--from", f"file:{feed}", "--interval", "0.05", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert json.loads(process.stdout.readline())["epoch"] == 1
            with feed.open("a") as file:
                file.write(line(2))
            assert json.loads(process.stdout.readline())["epoch"] == 2
            process.send_signal(ending)
            assert process.wait(20) == 0
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--from", "node:http://127.0.0.1:1/"], "--chain-id and --contract"),
        (["--from", "node:http://127.0.0.1:1/", "--chain-id", "1001", "--contract", "0x12"], "40 hexadecimal"),
        (
            ["--from", "node:http://127.0.0.1:1/", "--chain-id", "1001", "--contract", "11" * 20, "--finality", "soon"],
            "number of blocks",
        ),
        (
            ["--from", "node:http://127.0.0.1:1/", "--chain-id", "1001", "--contract", "11" * 20, "--signed-only"],
            "no signatures",
        ),
        (["--from", "node:env:ABSENT", "--chain-id", "1001", "--contract", "11" * 20], "ABSENT holds no URL"),
        (["--from", "http://example.org/"], "https"),
        (["--from", "nonsense"], "URL"),
    ],
)
def test_what_does_not_go_together(
    ledger: Path, options: list[str], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ABSENT", raising=False)
    done = invoke("ledger", "follow", ledger, *options, "--once")
    assert done.code == 2
    assert reason in done.stderr


def test_a_node_s_url_may_come_from_the_environment(ledger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_NODE", "http://127.0.0.1:1/key-sesame")
    options = ["--from", "node:env:SOURCE_NODE", "--chain-id", "1001", "--contract", "11" * 20, "--once"]
    done = invoke("ledger", "follow", ledger, *options)
    assert done.code == 2
    assert "cannot be reached" in done.stderr
    assert "sesame" not in done.stderr + done.stdout
