"""Anybody's circuit, opened from its files within their limits."""

from __future__ import annotations

from pathlib import Path

from zkmargin.circuits import ImportedCircuit

from .files import read_file


def read_circuit(path: Path, sym_path: Path | None) -> ImportedCircuit:
    """The circuit, with the names of its .sym file where one is given."""
    sym = None if sym_path is None else read_file(sym_path, ".sym")
    return ImportedCircuit.from_bytes(read_file(path, ".r1cs"), sym)
