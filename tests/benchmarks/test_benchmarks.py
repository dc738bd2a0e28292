"""The comparison with other tools runs, at tiny sizes: what it writes has the shape that its readers expect.

No time is judged here. circom takes part where it is installed, gnark where its modules are in Go's cache already.
"""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GNARK = ROOT / "benchmarks" / "gnark"


def benchmarks(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def times(out: Path, peer: str, *workloads: str) -> list[dict[str, str]]:
    tiny = ("--scale", "tiny", "--repeats", "1", "--seconds", "0")
    benchmarks("times", *tiny, "--peers", peer, "--workloads", *workloads, "--out", str(out))
    return rows_of(out / "times-tiny.csv")


def test_this_side_is_measured_on_every_workload(tmp_path: Path) -> None:
    rows = times(tmp_path, "zkmargin", "poseidon_chain", "ranges", "merkle", "margin")
    assert [row["workload"] for row in rows] == ["poseidon_chain", "ranges", "merkle", "margin"]
    for row in rows:
        assert not row["note"]
        assert int(row["repeats"]) == 1
        for figure in ("build_first_s", "build_warm_s", "one_s", "one_checked_s", "many_s", "build_peak_mb"):
            assert float(row[figure]) > 0
        assert int(row["many_count"]) >= 8
        assert int(row["constraints"]) > 0
    assert "## margin: 3 assets" in (tmp_path / "times-tiny.md").read_text()


def test_this_side_is_counted(tmp_path: Path) -> None:
    benchmarks("counts", "--peers", "zkmargin", "--out", str(tmp_path))
    counted = {row["gadget"]: row for row in rows_of(tmp_path / "counts.csv")}
    assert int(counted["select"]["zkmargin"]) == 1
    assert int(counted["Poseidon of 2"]["zkmargin"]) == 240
    assert all(not row["circomlib"] and not row["gnark"] for row in counted.values())


def test_the_account_tree_is_measured(tmp_path: Path) -> None:
    benchmarks("trees", "--leaves", "300", "--repeats", "1", "--out", str(tmp_path))
    rows = rows_of(tmp_path / "trees.csv")
    counts = {row["operation"]: int(row["count"]) for row in rows}
    assert counts["build"] == counts["append of many at once"] == counts["digests of leaves, lists of 21"] == 300
    assert all(float(row["clock_s"]) > 0 for row in rows)
    assert "| build | 300 |" in (tmp_path / "trees.md").read_text()


@pytest.mark.interop
@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed here")
@pytest.mark.skipif(
    not (ROOT / "tests" / "interop" / "node_modules" / "circom2").exists(), reason="circom2 is not installed here"
)
def test_circom_agrees(tmp_path: Path) -> None:
    rows = times(tmp_path, "circom", "margin")
    assert [(row["peer"], row["mode"], row["note"]) for row in rows] == [("circom", "--O1", ""), ("circom", "--O2", "")]


@pytest.mark.slow
def test_gnark_agrees(tmp_path: Path) -> None:
    offline = {**os.environ, "GOPROXY": "off"}
    if shutil.which("go") is None:
        pytest.skip("go is not installed here")
    if subprocess.run(
        ["go", "list", "-deps", "."], cwd=GNARK, env=offline, capture_output=True, check=False
    ).returncode:
        pytest.skip("gnark's modules are not in Go's cache here")
    rows = times(tmp_path, "gnark", "poseidon_chain", "margin")
    assert [row["mode"] for row in rows] == ["plain", "flat", "compressed 10", "compressed 6", "bits", "lookups"]
    assert not any(row["note"] for row in rows)
