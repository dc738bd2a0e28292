"""The attacks that real verifiers fell to are refused, on both engines and with asserts compiled away."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from zkmargin.algebra import Engine

from .attacks import ATTACKS, Target, flip_bits, target_on


@pytest.fixture(scope="session")
def target(engine: Engine) -> Target:
    return target_on(engine.name)


@pytest.mark.parametrize("attack", ATTACKS)
def test_attack(attack: str, target: Target) -> None:
    ATTACKS[attack](target)


def test_every_row_of_the_list_has_its_attack() -> None:
    assert {name.split("_")[0] for name in ATTACKS} == {f"v{row}" for row in range(1, 12)}


@pytest.mark.parametrize("form", ["raw", "compressed", "calldata", "call"])
def test_every_bit_flipped(best_engine: Engine, form: str) -> None:
    """All of them on the native engine; the reference engine, where it has to stand in, does every 37th."""
    flip_bits(target_on(best_engine.name), form, range(0, 8192, 1 if best_engine.name == "native" else 37))


def test_with_asserts_compiled_away(engine: Engine) -> None:
    script = Path(__file__).with_name("attacks.py")
    result = subprocess.run(
        [sys.executable, "-O", str(script), engine.name], capture_output=True, text=True, timeout=300, check=False
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.split()[0] == str(len(ATTACKS))
