"""A book whose process is killed at random moments loses nothing that was acknowledged, and stays consistent."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

from zkmargin.settlement.book import AccountBook, BookIdentity, NewAccount
from zkmargin.settlement.risk_document import RiskDocument

WORKER = Path(__file__).with_name("book_worker.py")
ROUNDS = 6


def run_and_kill(path: Path, seed: int, after_s: float) -> list[int]:
    """The number of the last event after each order that the worker reported before it was killed."""
    log = path.with_suffix(f".{seed}.log")
    with log.open("wb") as out:
        process = subprocess.Popen([sys.executable, str(WORKER), str(path), str(seed)], stdout=out, stderr=out)
    try:
        while not log.read_text().startswith("ready\n"):
            assert process.poll() is None, log.read_text()
            time.sleep(0.005)
        time.sleep(after_s)
        assert process.poll() is None, log.read_text()
    finally:
        process.kill()
        process.wait()
    return [int(line) for line in log.read_text().split("\n")[1:-1]]


def test_killed_again_and_again(tmp_path: Path, identity: BookIdentity, risk: RiskDocument) -> None:
    path = tmp_path / "alpha.book"
    with AccountBook.create(path, identity) as book:
        book.set_risk_table(risk)
        book.import_accounts(NewAccount(key, ((3, 10**12),)) for key in range(1, 40))
    dice = random.Random(8)
    reported = 0
    for seed in range(ROUNDS):
        numbers = run_and_kill(path, seed, dice.uniform(0.05, 0.4))
        reported += len(numbers)
        with AccountBook.open(path) as book:
            summary = book.verify()
            assert summary.events >= max(numbers, default=0), "what was reported is there"
            assert summary.root == book.root(), "the root is the one that the events make"
            newest = book.publish()
            assert newest.tree_root == summary.root
            newest.opening(0).require_member(book.shape)
    assert reported > ROUNDS
