"""The demo tells a true story: every refusal in it is one, and the files it leaves work."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import pytest

from zkmargin.algebra import get_engine
from zkmargin.circuits import CompiledCircuit
from zkmargin.cli import demo_telling
from zkmargin.settlement.book import AccountBook
from zkmargin.verifier import MarginLedger

from .conftest import NAMES, MarginFiles, Told, invoke

pytestmark = pytest.mark.xdist_group("cli")

CHAPTERS = (
    "setup",
    "market",
    "risk-table",
    "account",
    "reservation",
    "claim",
    "proof",
    "accepted",
    "replay",
    "crash",
    "released",
)
REFUSALS = (
    "table-mismatch",
    "not-covered",
    "not-covered",
    "context-mismatch",
    "wrong-horizon",
    "stale-sequence",
    "stale-root",
    "movement-refused",
    "statement-false",
    "unsatisfied-constraint",
    "unsatisfied-witness",
)


def test_the_story_in_words(told: Told) -> None:
    story = told.words.split("\nfiles left in")[0]
    lines = story.splitlines()
    assert 70 <= len(lines) <= 110
    assert all(len(line) <= 100 for line in lines)
    for said in (
        *REFUSALS,
        "all sign with secp256k1",
        "the same receipt 1",
        "frees 60,000 USD",
        "never saw balances and debts",
    ):
        assert said in story
    assert "\033" not in story


def test_the_story_as_data_on_the_shape_that_suits_the_engine() -> None:
    done = invoke("demo", "--json")
    assert done.code == 0
    steps = done.json["steps"]
    assert tuple(step["step"] for step in steps if step["step"] != "refused") == CHAPTERS
    assert tuple(step["error"] for step in steps if step["step"] == "refused") == REFUSALS
    assert steps[0]["shape"] == ("small" if get_engine().name == "reference" else "standard")
    assert steps[1]["outliers"] == ["crow"]
    assert done.json["target_saw"]["balances and debts"] is False
    assert done.json["warnings"][0].startswith("this key was made by one party")


def test_every_command_that_it_prints_works(told: Told, tmp_path: Path) -> None:
    """As printed, but in a copy of the folder, since they write there."""
    root = tmp_path / "my story"
    root.mkdir()
    for name in NAMES:
        shutil.copy(told.root / name, root / name)
    printed = told.words.split("\nfiles left in")[1].replace(" \\\n", " ")
    commands = [shlex.split(line) for line in printed.splitlines() if line.startswith("  zkmargin ")]
    assert len(commands) == 13
    answers = {}
    for _, *words in commands:
        done = invoke(*(word.replace(str(told.root), str(root)) for word in words))
        assert done.code == 0, (words, done.stderr)
        answers[" ".join(words[:2])] = done.stdout + done.stderr
    assert "too far away: crow" in answers["market show"]
    assert "5 reports make this snapshot" in answers["market recompute"]
    assert "the table follows from 5 signed reports and the other inputs" in answers["risk verify"]
    assert "5895 USDC" in answers["account show"]
    assert "60000 USD" in answers["ledger accept"]
    assert (root / "proof-from-book/settlement.json").exists()


def test_the_book_is_the_one_that_the_proof_is_about(shared: MarginFiles, tmp_path: Path) -> None:
    shutil.copy(shared / "alpha.book", tmp_path / "alpha.book")
    with AccountBook.open(tmp_path / "alpha.book") as book:
        assert book.account(book.account_count() - 1).reservations[0].amount_e8 == 60_000 * 10**8
        assert str(book.published().source_root) in (shared / "settlement.json").read_text()


def test_the_public_part_of_the_story_has_no_balance(shared: MarginFiles) -> None:
    """What goes to the target: settlement request, attestation, roots."""
    private = (shared / "account.json").read_text() + (shared / "secret.json").read_text()
    assert "5895 USDC" in private
    for name in ("settlement.json", "attestation.json", "ledger-config.json", "request.json"):
        assert "5895 USDC" not in (shared / name).read_text()


def test_a_refusal_that_does_not_come_fails_the_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CompiledCircuit, "check", lambda self, witness, engine=None: None)
    done = invoke("demo", "--shape", "small")
    assert done.code == 2
    assert "should have been refused" in done.stderr


def test_a_replay_that_credits_twice_fails_the_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    accept = MarginLedger.accept
    receipts: list[object] = []

    def twice(self: MarginLedger, request: object) -> object:
        receipts.append(accept(self, request))  # type: ignore[arg-type]
        return receipts[-1] if len(receipts) == 1 else object()

    monkeypatch.setattr(MarginLedger, "accept", twice)
    done = invoke("demo", "--shape", "small")
    assert done.code == 2
    assert "another receipt" in done.stderr


def test_kept_files_are_all_there_and_never_overwritten(shared: MarginFiles) -> None:
    assert all((shared / name).exists() for name in NAMES)
    for name in ("secret.json", "account.json", "alpha.book", "crow-key.json"):
        assert (shared / name).stat().st_mode & 0o077 == 0
    assert invoke("demo", "--shape", "small", "--keep", shared.root).code == 2


def test_cents_are_rounded_down() -> None:
    assert demo_telling.money(123_456_789_999_999) == "1,234,567.89 USD"
    assert demo_telling.money(60_000 * 10**8) == "60,000 USD"
    assert demo_telling.figure(99_999_999) == "0.99"


def test_percentages_are_rounded_to_nearest() -> None:
    assert [demo_telling.percent(ppm) for ppm in (0, 49, 50, 5_000, 1_183_259)] == [
        "0.00 %",
        "0.00 %",
        "0.01 %",
        "0.50 %",
        "118.33 %",
    ]


def test_colours_are_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    assert demo_telling.styled("refused", fg="red") == "refused"
    monkeypatch.setattr("zkmargin.cli.output.colours", lambda: True)
    assert demo_telling.styled("refused", fg="red") == "\033[31mrefused\033[0m"
