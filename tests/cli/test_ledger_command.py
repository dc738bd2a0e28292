"""A ledger in a folder, fed and asked by its commands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from zkmargin.settlement.ledger_folder import LedgerFolder

from .conftest import MarginFiles, edited, invoke

pytestmark = pytest.mark.xdist_group("cli")


def root_of(files: MarginFiles) -> str:
    public: list[str] = json.loads((files / "proof/public.json").read_text())
    return public[1]


@pytest.fixture
def ledger(shared: MarginFiles, tmp_path: Path) -> Path:
    """Started, and told the root and the risk table."""
    folder = tmp_path / "ledger"
    config = ["--config", shared / "ledger-config.json", "--key", shared / "verification_key.json"]
    assert invoke("ledger", "init", folder, *config).code == 0
    assert invoke("ledger", "attest", folder, shared / "attestation.json").code == 0
    observed = invoke("ledger", "observe-root", folder, "--chain-id", 1001, "--epoch", 1, "--root", root_of(shared))
    assert observed.code == 0
    return folder


def test_accept_replay_release_and_show(ledger: Path, shared: MarginFiles) -> None:
    settlement = shared / "proof/settlement.json"
    first = invoke("ledger", "accept", ledger, settlement, "--json")
    assert first.code == 0, first.stderr
    assert (first.json["number"], first.json["credit"], first.json["replaced"]) == (1, "60000", "0")
    assert invoke("ledger", "accept", ledger, settlement, "--json").stdout == first.stdout
    other = invoke("ledger", "accept", ledger, shared / "settlement.json", "--json")
    assert (other.code, other.json["error"]) == (1, "stale-sequence")
    released = invoke("ledger", "release", ledger, first.json["settlement_id"], "--json")
    assert released.json["margin"] == "0 USD"
    again = invoke("ledger", "accept", ledger, settlement, "--json")
    assert again.json == first.json | {"margin": "0 USD"}, "the receipt of then, the margin of now"
    shown = invoke("ledger", "show", ledger, "--json").json
    assert (shown["receipts"], shown["outstanding"]) == (1, "0 USD")
    assert shown["decisions"][0]["kind"] == "accepted"
    assert "60000 USD to account" in invoke("ledger", "show", ledger).stdout


def test_a_stolen_proof_is_refused(ledger: Path, margin: MarginFiles) -> None:
    def to_a_thief(document: Any) -> None:
        document["beneficiary"] = "0x" + "ba" * 20

    edited(margin / "proof/settlement.json", to_a_thief)
    done = invoke("ledger", "accept", ledger, margin / "proof/settlement.json", "--json")
    assert (done.code, done.json["error"]) == (1, "context-mismatch")


def test_the_breaker(ledger: Path, shared: MarginFiles) -> None:
    settlement = shared / "proof/settlement.json"
    assert invoke("ledger", "trip", ledger, "--reason", "drill").code == 0
    refused = invoke("ledger", "accept", ledger, settlement, "--json")
    assert (refused.code, refused.json["error"]) == (1, "breaker-open")
    assert "open: drill, by operator" in invoke("ledger", "show", ledger).stdout
    assert invoke("ledger", "reset", ledger, "--reason", "drill over").code == 0
    assert invoke("ledger", "accept", ledger, settlement).code == 0


def test_the_breaker_of_one_source(ledger: Path, shared: MarginFiles) -> None:
    settlement = shared / "proof/settlement.json"
    tripped = invoke("ledger", "trip", ledger, "--source", 1001, "--reason", "drill", "--json")
    assert tripped.json == {"breaker": "open", "source": 1001, "reason": "drill"}
    refused = invoke("ledger", "accept", ledger, settlement, "--json")
    assert (refused.code, refused.json["error"]) == (1, "breaker-open")
    assert "chain 1001" in refused.json["message"]
    assert invoke("ledger", "probe", ledger, "--source", 1001, "--reason", "a try").code == 0
    on_trial = invoke("ledger", "accept", ledger, settlement, "--json")
    assert (on_trial.code, on_trial.json["error"]) == (1, "inflow-cap-exceeded"), "the trial's cap is not configured"
    assert invoke("ledger", "reset", ledger, "--source", 1001, "--reason", "all well").code == 0
    assert invoke("ledger", "accept", ledger, settlement).code == 0
    assert invoke("ledger", "trip", ledger, "--source", 5, "--reason", "no route").code == 2


def test_a_root_that_was_taken_back(ledger: Path, shared: MarginFiles) -> None:
    settlement = shared / "proof/settlement.json"
    retract = ["retract-root", ledger, "--chain-id", 1001, "--epoch", 1, "--reason", "block vanished"]
    assert invoke("ledger", *retract).code == 0
    assert invoke("ledger", "reset", ledger, "--source", 1001, "--reason", "looked into").code == 0
    refused = invoke("ledger", "accept", ledger, settlement, "--json")
    assert (refused.code, refused.json["error"]) == (1, "unknown-root")


def test_repay(ledger: Path, shared: MarginFiles) -> None:
    settlement_id = invoke("ledger", "accept", ledger, shared / "proof/settlement.json", "--json").json["settlement_id"]
    for remaining, left in (("100.5 USD", "100.5 USD"), ("200 USD", "100.5 USD"), ("0 USD", "0 USD")):
        repaid = invoke("ledger", "repay", ledger, settlement_id, "--remaining", remaining, "--json")
        assert repaid.json["margin"] == left
    for wrong in ("5", "-5 USD", "5 EUR"):
        assert invoke("ledger", "repay", ledger, settlement_id, "--remaining", wrong).code == 2


def test_an_attestation_without_a_quorum_is_refused(ledger: Path, margin: MarginFiles) -> None:
    edited(margin / "attestation.json", lambda document: document["signatures"].__delitem__(slice(1, None)))
    done = invoke("ledger", "attest", ledger, margin / "attestation.json", "--json")
    assert (done.code, done.json["error"]) == (1, "attestation-rejected")


def test_a_root_of_zero_is_refused(ledger: Path) -> None:
    done = invoke("ledger", "observe-root", ledger, "--chain-id", 1001, "--epoch", 2, "--root", 0, "--json")
    assert (done.code, done.json["error"]) == (1, "root-rejected")


@pytest.mark.parametrize(
    "args",
    [
        ["observe-root", "LEDGER", "--chain-id", "1001", "--epoch", "2", "--root", "12x"],
        ["observe-root", "LEDGER", "--chain-id", "1001", "--epoch", "2", "--root", "9" * 78],
        ["observe-root", "LEDGER", "--chain-id", str(1 << 64), "--epoch", "2", "--root", "1"],
        ["release", "LEDGER", "0x12"],
        ["release", "LEDGER", "0x" + "00" * 32],
        ["trip", "LEDGER", "--reason", " "],
        ["show", "LEDGER", "--limit", "-1"],
        ["show", "LEDGER", "--account", "1", "--settlement", "0x" + "00" * 32],
        ["show", "LEDGER", "--account", "0x1"],
        ["show", "LEDGER", "--settlement", "0x" + "00" * 32],
        ["watch", "LEDGER", "--count", "0"],
        ["verify-log", "LEDGER", "--remembered", "1"],
        ["verify-log", "LEDGER", "--remembered", "x:" + "00" * 32],
        ["show", "absent"],
    ],
    ids=lambda args: "-".join(args)[:40],
)
def test_misuse(ledger: Path, args: list[str]) -> None:
    done = invoke("ledger", *(str(ledger) if arg == "LEDGER" else arg for arg in args))
    assert done.code == 2
    assert done.stderr.count("\n") == 1


def test_a_development_key_needs_the_configurations_word(margin: MarginFiles, tmp_path: Path) -> None:
    edited(margin / "ledger-config.json", lambda document: document.update(allow_development_key=False))
    config = ["--config", margin / "ledger-config.json", "--key", margin / "verification_key.json"]
    done = invoke("ledger", "init", tmp_path / "ledger", *config, "--json")
    assert (done.code, done.json["error"]) == (1, "key-rejected")
    assert not (tmp_path / "ledger").exists()


def test_a_key_of_another_circuit_is_refused(margin: MarginFiles, tmp_path: Path) -> None:
    edited(margin / "ledger-config.json", lambda document: document.update(circuit_digest="0x" + "11" * 32))
    config = ["--config", margin / "ledger-config.json", "--key", margin / "verification_key.json"]
    done = invoke("ledger", "init", tmp_path / "ledger", *config, "--json")
    assert (done.code, done.json["error"]) == (2, "circuit-mismatch")
    assert not (tmp_path / "ledger").exists()


def test_init_never_replaces_a_ledger(ledger: Path, shared: MarginFiles) -> None:
    config = ["--config", shared / "ledger-config.json", "--key", shared / "verification_key.json"]
    assert invoke("ledger", "init", ledger, *config).code == 2


def test_a_damaged_database_is_an_error_and_not_a_crash(ledger: Path) -> None:
    (ledger / "ledger.sqlite").write_bytes(b"no database" * 500)
    done = invoke("ledger", "show", ledger)
    assert done.code == 2
    assert "internal error" not in done.stderr


def test_a_database_elsewhere(ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By option or by variable; the folder's own is left alone."""
    elsewhere = tmp_path / "elsewhere.sqlite"
    LedgerFolder.read(ledger).open(elsewhere).close()
    trip = invoke("ledger", "trip", ledger, "--reason", "drill", "--database", elsewhere)
    assert trip.code == 0, trip.stderr
    assert "drill" not in invoke("ledger", "show", ledger).stdout
    monkeypatch.setenv("ZKMARGIN_DATABASE", str(elsewhere))
    assert "open: drill, by operator" in invoke("ledger", "show", ledger).stdout


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://margin:hunter2@db/margin",
        "postgresql://db/margin?user=margin&password=hunter2",
        "postgresql://[x",
        "postgresql://db/margin?sslkey=k&sslpassword=hunter2",
    ],
)
def test_a_password_is_no_argument(ledger: Path, url: str) -> None:
    done = invoke("ledger", "show", ledger, "--database", url)
    assert done.code == 2
    assert done.stderr.startswith("error: --database ")
    assert "hunter2" not in done.stderr


@pytest.mark.parametrize("command", ["show", "verify-log", "trip --reason drill", "serve"])
def test_no_command_makes_a_ledger_where_its_database_is_missing(ledger: Path, tmp_path: Path, command: str) -> None:
    """Whoever forgets to name the database would stop, or fill, another ledger than the one in use."""
    name, *options = command.split()
    elsewhere = tmp_path / "elsewhere.sqlite"
    words = ["serve"] if name == "serve" else ["ledger", name]
    done = invoke(*words, ledger, *options, "--database", elsewhere)
    assert done.code != 0
    assert "holds no ledger" in done.stderr
    assert not elsewhere.exists()
