"""Files made to harm: whatever they say, a typed error or a sound circuit, within little time and memory."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import pytest

from zkmargin.algebra import Engine
from zkmargin.circuits import FormatError
from zkmargin.circuits.formats import each_symbol, read_sym

WORKER = Path(__file__).with_name("hostile_worker.py")
TIME_LIMIT_S = 300
KNOWN_ERRORS = {
    "r1cs": {"FormatError", "UnsatisfiedConstraint"},
    "wtns": {"FormatError", "UnsatisfiedConstraint"},
    "sym": {"FormatError"},
}


@pytest.mark.skipif(sys.platform != "linux", reason="the memory limit is Linux's")
@pytest.mark.parametrize("kind", KNOWN_ERRORS)
def test_v11_every_hostile_variant_is_refused_or_whole(kind: str, engine: Engine) -> None:
    step = "1" if engine.name == "native" or kind != "r1cs" else "5"  # only the check is slower there, not the reader
    done = subprocess.run(
        [sys.executable, str(WORKER), kind, engine.name, step],
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    fates = json.loads(done.stdout)
    assert fates.pop("accepted") > 0
    assert set(fates) == KNOWN_ERRORS[kind]
    assert fates["FormatError"] > 1000


@pytest.mark.parametrize(
    "junk", [b"\n", b",", b"a", b"1", b"1,1,0,", b"\xff", b"\0", b"-"], ids=lambda junk: repr(junk)
)
def test_megabytes_of_nonsense_are_refused_at_once(junk: bytes) -> None:
    data = b"1,1,0,main.a\n" + junk * ((16 << 20) // len(junk))
    start = time.process_time()
    with pytest.raises(FormatError, match="line 2 "):
        read_sym(data)
    assert time.process_time() - start < 1


def test_a_long_symbol_file_takes_no_memory_of_its_own() -> None:
    data = b"".join(b"%d,%d,0,main.x[%d]\n" % (i, i, i) for i in range(1, 5_000))
    tracemalloc.start()
    try:
        assert sum(1 for _ in each_symbol(data)) == 4_999
        assert tracemalloc.get_traced_memory()[1] < 50_000
    finally:
        tracemalloc.stop()
