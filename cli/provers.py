"""What a file with a proving key is asked for, whichever kind it is: a prover, or the verifying key."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from zkmargin.algebra import Engine
from zkmargin.prover import Prover, is_native_key

from .files import read_file

if TYPE_CHECKING:
    from zkmargin.verifier import VerifyingKey


def open_prover(path: Path, engine: Engine) -> Prover:
    """From a native key file at once; from a .zkey without tables, which a single proof would not pay for."""
    data = read_file(path, ".zkey")
    if is_native_key(data):
        return Prover.open(path, engine)
    from zkmargin.prover import read_zkey  # brings numpy, whose import takes longer than a small proof

    return Prover(read_zkey(data, engine), engine, memory=0)


def read_verifying_key(path: Path, engine: Engine) -> VerifyingKey:
    """The part of the proving key that the target needs."""
    data = read_file(path, ".zkey")
    if is_native_key(data):
        return Prover.open(path, engine).verifying_key()
    from zkmargin.prover import read_zkey

    return read_zkey(data, engine).verifying_key()
