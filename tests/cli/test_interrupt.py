"""Ctrl-C in the middle of the work: exit code 130, one line, nothing left behind."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from zkmargin.circuits.formats import write_r1cs
from zkmargin.circuits.margin import STANDARD, compile_margin

pytestmark = pytest.mark.xdist_group("cli")


@pytest.fixture
def interruptible() -> Iterator[None]:
    """A shell that starts the tests in the background has them ignore Ctrl-C, and what they start inherits that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupted_setup_leaves_nothing(tmp_path: Path) -> None:
    """Of the standard shape, whose setup takes long enough for the signal to find it at work."""
    program = Path(sys.executable).with_name("zkmargin")
    out, circuit = tmp_path / "out", tmp_path / "standard.r1cs"
    circuit.write_bytes(write_r1cs(compile_margin(STANDARD).r1cs))
    command = [program, "setup", circuit, "-o", out / "k.zkey", "--insecure", "--progress"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        assert running.stderr.readline().startswith("setup: ")
        running.send_signal(signal.SIGINT)
        stdout, stderr = running.communicate(timeout=300)
    assert running.returncode == 130
    assert stdout == ""
    assert stderr.splitlines()[-1] == "error: interrupted; nothing was written"
    assert "Traceback" not in stderr
    assert not out.exists()
