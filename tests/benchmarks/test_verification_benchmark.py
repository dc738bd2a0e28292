"""The comparison of verifiers runs, with this library alone, and its proofs are good."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import verification
from benchmarks.verification import Side, forged_proofs, main, write
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


def test_ratios_are_taken_pass_by_pass(tmp_path: Path) -> None:
    ours = Side("zkmargin", "one by one", [], each_s=[1.0, 1.0, 1.0], cpu_s=[1.0, 2.0, 9.0])
    peer = Side("gnark", "one by one", [], each_s=[1.0, 1.0, 1.0], cpu_s=[4.0, 4.0, 9.0])
    write([ours, peer], 1, tmp_path, "")
    with (tmp_path / "verification.csv").open(newline="") as file:
        assert [row["proofs_for_one_of_ours"] for row in csv.DictReader(file)] == ["1.00", "0.50"]


def test_arkworks_is_compiled_with_its_assembly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def run(command: list[str], *, env: dict[str, str], **_: object) -> None:
        assert {*os.environ} <= {*env}
        seen.append(env["RUSTFLAGS"])

    monkeypatch.setattr(verification.shutil, "which", lambda _: "cargo")
    monkeypatch.setattr(subprocess, "run", run)
    [side] = verification._arkworks(tmp_path)
    assert side.command == [f"{tmp_path}/release/arkworks-peer"]
    assert seen[0].startswith("-C target-")
