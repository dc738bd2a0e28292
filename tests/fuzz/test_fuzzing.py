"""The fuzz targets on a few hundred inputs each, without atheris; and that the driver finds what is planted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from zkmargin.algebra import ZkMarginError, get_engine

from .mutations import MAX_BYTES, mutate
from .targets import PLANTED, TARGETS, Accepted, target

ROOT = Path(__file__).parents[2]
EXAMPLES = 150 if get_engine().name == "native" else 4
READ_ONLY = {"public-inputs", "engines"}
"""Targets of which nothing is honest: what they read is all there is to it."""
VERDICTS = {"malformed", "refused", "read", "honest"}


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_are_no_failures_and_one_is_honest(name: str) -> None:
    verdicts = Counter(map(target(name).verdict, target(name).seeds))
    assert verdicts["honest"] or name in READ_ONLY
    assert not verdicts["malformed"]


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=EXAMPLES)
@given(seed=st.integers(min_value=0, max_value=1 << 32))
@example(seed=0)
def test_changed_seeds(name: str, seed: int) -> None:
    random = Random(seed)
    data = mutate(random.choice(target(name).seeds), random)
    assert target(name).verdict(data) in VERDICTS


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=EXAMPLES // 2)
@given(data=st.binary(max_size=300) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
@example(data=b"")
@example(data=b"[" * 5_000)
@example(data=b'{"format": ' * 40)
@example(data=b'{"pi_a": 1e400}')
def test_any_bytes(name: str, data: bytes) -> None:
    assert target(name).verdict(data) == "malformed" or name in READ_ONLY


def test_mutations_repeat_and_reach_every_verdict() -> None:
    """A fuzzer whose inputs all fail in the parser tests the parser."""
    found: Counter[str] = Counter()
    for seed in range(300 if EXAMPLES > 4 else 20):
        random, again = Random(seed), Random(seed)
        data = mutate(target("ledger").seeds[0], random)
        assert data == mutate(target("ledger").seeds[0], again)
        assert len(data) <= MAX_BYTES
        found[target("ledger").verdict(data)] += 1
    assert found["malformed"]
    assert found["refused"] or EXAMPLES == 4


@pytest.mark.skipif("native-key" not in TARGETS, reason="native keys need the native engine")
def test_mutations_reach_what_a_native_keys_header_says() -> None:
    """Behind its checksum, which is nobody's secret."""
    reasons: Counter[str] = Counter()
    for seed in range(400):
        random = Random(seed)
        try:
            target("native-key").check(mutate(random.choice(target("native-key").seeds), random))
        except ZkMarginError as problem:
            reasons[str(problem)] += 1
    text = " ".join(reasons)
    for reason in ("another number of points than wires", "out of place", "than its counts say", "shape that no key"):
        assert reason in text


def test_mutations_change_the_parts_of_a_call() -> None:
    """Whose text is no JSON by itself: changed letter by letter, it would hardly ever parse again."""
    whole = 0
    for seed in range(400):
        try:
            parts = json.loads(b"[" + mutate(target("proof-call").seeds[0], Random(seed)) + b"]")
        except ValueError:
            continue
        whole += 1
        if len(parts) == 4 and not isinstance(parts[3], list):
            break
    else:
        pytest.fail(f"{whole} calls that parse, and all have a list of public inputs")


def test_planted_faults_are_failures() -> None:
    planted = target(PLANTED)
    assert planted.verdict(b"seed") == "honest"
    with pytest.raises(Accepted):
        planted.verdict(b"seeds")
    with pytest.raises(ZeroDivisionError):
        planted.verdict(b"see\x80")


# The driver, with atheris.


def _drive(*arguments: str) -> subprocess.CompletedProcess[str]:
    if find_spec("atheris") is None:
        if os.environ.get("ZKMARGIN_REQUIRE_INTEROP") == "1":
            pytest.fail("ZKMARGIN_REQUIRE_INTEROP=1, and atheris is not installed: it is in the extra 'test', on Linux")
        pytest.skip("atheris is not installed here; it is in the extra 'test', on Linux")
    command = [sys.executable, "-m", "tests.fuzz", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


def test_the_driver_counts(tmp_path: Path) -> None:
    done = _drive("proof-any", "--runs", "500", "--csv", str(tmp_path / "counts.csv"))
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)
    assert counts["failures"] == 0
    assert counts["runs"] == 500 == sum(counts[verdict] for verdict in VERDICTS)
    assert 0 < counts["memory_at_start_mb"] <= counts["memory_peak_mb"] < 512
    assert (tmp_path / "counts.csv").read_text().splitlines()[1].startswith("proof-any,500,")


def test_the_driver_fails_on_a_fault() -> None:
    done = _drive(PLANTED, "--runs", "500")
    assert done.returncode == 1
    assert json.loads(done.stdout)["failures"] == 1
    assert "Accepted" in done.stderr or "ZeroDivisionError" in done.stderr
