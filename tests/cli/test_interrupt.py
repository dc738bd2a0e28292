"""Ctrl-C in the middle of the work: exit code 130, one line, nothing left behind."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import MarginFiles

pytestmark = pytest.mark.xdist_group("cli")


def test_an_interrupted_setup_leaves_nothing(shared: MarginFiles, tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("zkmargin")
    out = tmp_path / "out"
    command = [program, "setup", shared / "built/small.r1cs", "-o", out / "k.zkey", "--insecure", "--progress"]
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
