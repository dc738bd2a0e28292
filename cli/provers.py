"""A prover from a file with a proving key, whichever kind it is."""

from __future__ import annotations

from pathlib import Path

from zkmargin.algebra import Engine
from zkmargin.prover import Prover, is_native_key

from .files import read_file


def open_prover(path: Path, engine: Engine) -> Prover:
    """From a native key file at once; from a .zkey without tables, which a single proof would not pay for."""
    data = read_file(path, ".zkey")
    if is_native_key(data):
        return Prover.open(path, engine)
    from zkmargin.prover import read_zkey  # brings numpy, whose import takes longer than a small proof

    return Prover(read_zkey(data, engine), engine, memory=0)
