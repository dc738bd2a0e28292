"""The comparison of verifiers runs, with this library alone, and its proofs are good."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.verification import Side, forged_proofs, main
from zkmargin.verifier import verify


def test_forged_proofs_hold() -> None:
    key, items = forged_proofs(2)
    for public, proof in items:
        verify(key, public, proof)


def test_it_writes_a_row_for_each_side(tmp_path: Path) -> None:
    ours = [sys.executable, "-m", "benchmarks.verification_ours"]

    def find(_: Path, __: int) -> list[Side]:
        return [Side("zkmargin", f"{n} together", ours, {"batch": n}, proofs=n + 1) for n in (1, 3)]

    main(["--proofs", "4", "--passes", "1", "--repeats", "2", "--out", str(tmp_path)], find)
    rows = (tmp_path / "verification.csv").read_text().splitlines()
    assert len(rows) == 3
    assert "up to 4 different proofs; medians of 2" in (tmp_path / "verification.md").read_text()
