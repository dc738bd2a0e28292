"""Fixtures of the examples' tests: a venue, and programs that end with the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from zkmargin.algebra import Engine

from .program import Program
from .venue import Venue


@pytest.fixture
def venue(tmp_path: Path, best_engine: Engine) -> Venue:
    return Venue(tmp_path / "ledger", best_engine)


@pytest.fixture
def start() -> Iterator[Callable[..., Program]]:
    """Start a program; whatever still runs at the end of the test is killed, by its own id."""
    running: list[Program] = []

    def begin(*arguments: object, cwd: Path, **environment: str) -> Program:
        program = Program(arguments, cwd=cwd, **environment)
        running.append(program)
        return program

    yield begin
    for program in running:
        program.end()
