"""The prover's rows of the attack table, on both engines and with asserts compiled away."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from zkmargin.algebra import Engine

from .attacks import ATTACKS, Target, target_on


@pytest.fixture(scope="session")
def target(engine: Engine) -> Target:
    return target_on(engine.name)


@pytest.mark.parametrize("attack", ATTACKS)
def test_attack(attack: str, target: Target) -> None:
    ATTACKS[attack](target)


def test_every_row_of_the_list_has_its_attack() -> None:
    assert [name.split("_")[0] for name in ATTACKS] == ["p1", "p2", "p3", "p4", "p5"]


def test_with_asserts_compiled_away(engine: Engine) -> None:
    script = Path(__file__).with_name("attacks.py")
    result = subprocess.run(
        [sys.executable, "-O", str(script), engine.name], capture_output=True, text=True, timeout=300, check=False
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.split()[0] == str(len(ATTACKS))
