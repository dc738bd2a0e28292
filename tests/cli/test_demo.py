"""The demo tells a true story: every refusal in it is one, and the files it leaves work."""

from __future__ import annotations

import pytest

from zkmargin.circuits import CompiledCircuit
from zkmargin.cli import demo
from zkmargin.cli.demo_files import NAMES
from zkmargin.verifier import MarginLedger

from .conftest import MarginFiles, invoke

pytestmark = pytest.mark.xdist_group("cli")


def test_the_story_in_words() -> None:
    done = invoke("demo")
    assert done.code == 0, done.stderr
    lines = done.stdout.splitlines()
    assert 50 <= len(lines) <= 90
    assert all(len(line) <= 120 for line in lines)
    for said in (
        "context-mismatch",
        "stale-sequence",
        "stale-root",
        "statement-false",
        "unsatisfied-constraint",
        "unsatisfied-witness",
        "the same receipt 1",
        "frees 60,000 USD",
        "never saw balances and debts",
    ):
        assert said in done.stdout
    assert done.stderr.startswith("warning: this key was made by one party")
    assert "\033" not in done.stdout


def test_the_story_as_data() -> None:
    done = invoke("demo", "--json")
    assert done.code == 0
    steps = done.json["steps"]
    assert [step["step"] for step in steps if step["step"] != "refused"] == [
        "setup",
        "prices",
        "account",
        "reservation",
        "proof",
        "accepted",
        "replay",
        "released",
    ]
    assert [step["error"] for step in steps if step["step"] == "refused"] == [
        "venue-error",
        "context-mismatch",
        "wrong-horizon",
        "stale-sequence",
        "stale-root",
        "statement-false",
        "unsatisfied-constraint",
        "unsatisfied-witness",
    ]
    assert done.json["target_saw"]["balances and debts"] is False


def test_the_public_part_of_the_story_has_no_balance(shared: MarginFiles) -> None:
    """What goes to the target: settlement request, attestation, roots."""
    private = (shared / "account.json").read_text() + (shared / "secret.json").read_text()
    assert "5000 USDC" in private
    for name in ("settlement.json", "attestation.json", "ledger-config.json", "request.json"):
        assert "5000 USDC" not in (shared / name).read_text()


def test_a_refusal_that_does_not_come_fails_the_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CompiledCircuit, "check", lambda self, witness, engine=None: None)
    done = invoke("demo")
    assert done.code == 2
    assert "should have been refused" in done.stderr


def test_a_replay_that_credits_twice_fails_the_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    accept = MarginLedger.accept
    receipts: list[object] = []

    def twice(self: MarginLedger, request: object) -> object:
        receipts.append(accept(self, request))  # type: ignore[arg-type]
        return receipts[-1] if len(receipts) == 1 else object()

    monkeypatch.setattr(MarginLedger, "accept", twice)
    done = invoke("demo")
    assert done.code == 2
    assert "another receipt" in done.stderr


def test_kept_files_are_all_there_and_never_overwritten(shared: MarginFiles) -> None:
    assert all((shared / name).exists() for name in NAMES)
    assert (shared / "secret.json").stat().st_mode & 0o077 == 0
    assert (shared / "account.json").stat().st_mode & 0o077 == 0
    assert invoke("demo", "--keep", shared.root).code == 2


def test_cents_are_rounded_down() -> None:
    assert demo._money(123_456_789_999_999) == "1,234,567.89 USD"
    assert demo._money(60_000 * 10**8) == "60,000 USD"


def test_colours_are_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    assert demo.styled("refused", fg="red") == "refused"
    monkeypatch.setattr("zkmargin.cli.output.colours", lambda: True)
    assert demo.styled("refused", fg="red") == "\033[31mrefused\033[0m"
