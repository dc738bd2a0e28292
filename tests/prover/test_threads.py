"""How many threads a process has after every kind of work: those of one pool, and its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from zkmargin.algebra import get_engine
from zkmargin.prover import insecure_setup, write_native_key

from .conftest import cubic

THREADS = 3
TASKS = Path("/proc/self/task")

pytestmark = [
    pytest.mark.skipif(get_engine().name != "native", reason="the reference engine has no threads of its own"),
    pytest.mark.skipif(not TASKS.is_dir(), reason="only Linux lists a process's threads as files"),
]

SCRIPT = """
import os, sys
from zkmargin.algebra import get_engine
from zkmargin.prover import Prover
from zkmargin.verifier import Verifier

def count():
    print(len(os.listdir("/proc/self/task")))

count()
engine = get_engine()
prover = Prover.open(sys.argv[1])
witness = open(sys.argv[2], "rb").read()
key = prover.verifying_key()
proof, public = prover.prove(witness)
verifier = Verifier(key, allow_development=True)
for _ in range(12):
    verifier.verify(public, proof)
verifier.verify_many([(public, proof)] * 3)
engine.g1_decompress(engine.g1_compress(proof.a))
engine.g2_bases(proof.b)
engine.merkle_tree(witness, 4).path(1)
count()
"""


def test_there_is_one_pool(tmp_path: Path) -> None:
    """Bulk work outside `threads::install` would start another with as many threads again."""
    example = cubic()
    write_native_key(insecure_setup(example.r1cs), tmp_path / "key")
    (tmp_path / "witness").write_bytes(example.witness)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "key"), str(tmp_path / "witness")],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "RAYON_NUM_THREADS": str(THREADS)},
    )
    assert done.stdout.split() == ["1", str(1 + THREADS)]
