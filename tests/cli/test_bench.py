"""`zkmargin bench`: a table of phases for a file's key and witness or for a shape, and the same as data."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from zkmargin.algebra import get_engine
from zkmargin.circuits.formats import write_wtns
from zkmargin.prover import insecure_setup, write_zkey

from ..prover.conftest import powers_chain

pytestmark = pytest.mark.skipif(get_engine().name != "native", reason="only the native engine is measured")


def bench(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own: kernel and threads are chosen once in a process."""
    code = f"from zkmargin.cli import main; main({['bench', *arguments]!r})"
    env = {**os.environ, **environment}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=False)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    folder = tmp_path_factory.mktemp("bench")
    example = powers_chain(40)
    (folder / "key.zkey").write_bytes(write_zkey(insecure_setup(example.r1cs)))
    (folder / "witness.wtns").write_bytes(write_wtns(example.witness))
    return str(folder / "key.zkey"), str(folder / "witness.wtns")


def test_the_table_has_every_phase_and_the_whole(files: tuple[str, str]) -> None:
    done = bench(*files, "--rounds", "2")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    first_words = [line.split()[0] for line in lines if line]
    assert lines[1].endswith("medians of 2 proofs")
    for word in ("load", "sparse", "transforms", "A,", "B,", "C", "assembly", "check", "one"):
        assert word in first_words, done.stdout


def test_as_data_with_a_lesser_kernel_on_one_thread(files: tuple[str, str]) -> None:
    done = bench(*files, "--rounds", "1", "--kernel", "portable", "--threads", "1", "--json")
    found: dict[str, Any] = json.loads(done.stdout)
    assert (found["kernel"], found["threads"], found["rounds"]) == ("portable", 1, 1)
    assert found["domain"] == 64
    phases = {row["phase"]: row for row in found["phases"]}
    assert phases["a"]["operation"] == "g1_addition"
    assert phases["b2"]["operation"] == "g2_addition"
    assert all(row["floor_seconds"] > 0 for row in found["phases"] if "operations" in row)
    assert "floor_seconds" not in phases["check"]
    assert set(found["before"]) == {"load"}


def test_a_shape_needs_no_files() -> None:
    done = bench("--shape", "small,depth=1,assets=1,underlyings=1,name=tiny", "--rounds", "1", "--json")
    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)["before"]) == {"load", "compute"}


def test_a_key_without_a_witness_is_misuse(files: tuple[str, str], tmp_path: Path) -> None:
    done = bench(files[0])
    assert done.returncode == 2
    assert "comes with a witness" in done.stderr
    (tmp_path / "short.wtns").write_bytes(b"wtns")
    assert bench(files[0], str(tmp_path / "short.wtns")).returncode == 2


def test_the_reference_engine_is_refused(files: tuple[str, str]) -> None:
    done = bench(*files, ZKMARGIN_ENGINE="reference")
    assert done.returncode == 2
    assert "reference engine" in done.stderr


def test_a_shape_beside_files_is_misuse_and_an_unknown_kernel_a_warning(files: tuple[str, str]) -> None:
    done = bench(*files, "--shape", "small")
    assert done.returncode == 2
    assert "--shape" in done.stderr
    done = bench(*files, "--rounds", "1", ZKMARGIN_KERNEL="fastest")
    assert done.returncode == 0
    assert "ZKMARGIN_KERNEL" in done.stderr
    assert "1 proof\n" in done.stdout
