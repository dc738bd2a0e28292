"""A margin circuit as files, and read back from them: the program and its names are enough to compute witnesses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from zkmargin.algebra import Engine, scalars_to_bytes
from zkmargin.circuits import WitnessProgram
from zkmargin.circuits.errors import InputError
from zkmargin.circuits.formats import Symbol, names_by_wire, read_sym, write_sym

from .errors import CircuitKeyMismatch
from .files import read_file

if TYPE_CHECKING:
    from zkmargin.circuits import CompiledCircuit
    from zkmargin.circuits.margin import Shape
    from zkmargin.settlement.lifecycle import MarginCircuit

R1CS, PROGRAM, SYMBOLS = ".r1cs", ".zkw", ".sym"
MAIN = "main."
"""The component that .sym files put before every name."""


class CircuitFiles:
    """A compiled circuit without its constraints."""

    def __init__(self, program: WitnessProgram, symbols: Iterable[Symbol]) -> None:
        self.program = program
        names = names_by_wire(symbols, program.n_wires)
        inputs = range(1, 1 + program.n_public + program.n_private)
        self._names = [names.name(wire).removeprefix(MAIN) for wire in inputs]

    @property
    def digest(self) -> bytes:
        return self.program.circuit_digest

    def witness(self, inputs: Mapping[str, int | Sequence[int]], engine: Engine | None = None) -> bytes:
        """Every wire. Ranges are not checked here: the claim's rules and the prover's verification stand for them."""
        values = _flat(inputs)
        if values.keys() != set(self._names):
            raise InputError("inputs", "are not those of the compiled circuit; compile it anew")
        order = self.program.curve.r
        return self.program.run(scalars_to_bytes([values[name] % order for name in self._names]), engine)


def circuit_file(circuit: CompiledCircuit, suffix: str) -> bytes:
    """The bytes of one of a circuit's files."""
    if suffix == R1CS:
        from zkmargin.circuits.formats import write_r1cs

        return write_r1cs(circuit.r1cs)
    return circuit.program.to_bytes() if suffix == PROGRAM else write_sym(circuit.symbols).encode()


def find_circuit(shape: Shape, folder: Path | None, engine: Engine) -> MarginCircuit:
    """The shape's circuit: from compiled files where a folder is named, else traced here, which brings numpy."""
    if folder is None:
        from zkmargin.circuits.margin import compile_margin

        return compile_margin(shape)
    code = read_file(folder / f"{shape.name}{PROGRAM}", ".zkw")
    program = WitnessProgram.from_bytes(code, engine.curve, engine)
    return CircuitFiles(program, read_sym(read_file(folder / f"{shape.name}{SYMBOLS}", ".sym")))


def require_constraints_of(folder: Path, shape: Shape, circuit: MarginCircuit) -> None:
    """Raise `ForeignProgram` where the folder's constraints, if they are there, are not those of its program."""
    path = folder / f"{shape.name}{R1CS}"
    if isinstance(circuit, CircuitFiles) and path.exists():
        from zkmargin.circuits.formats import read_r1cs

        circuit.program.require_circuit(read_r1cs(read_file(path, R1CS)))


def require_digest_of(key_digest: bytes | None, circuit: MarginCircuit) -> None:
    """Raise unless the key is this circuit's; a key that names none (snarkjs made it) shows that when it proves."""
    if key_digest is not None and key_digest != circuit.digest:
        raise CircuitKeyMismatch(key_digest, circuit.digest)


def _flat(inputs: Mapping[str, int | Sequence[int]]) -> dict[str, int]:
    flat: dict[str, int] = {}
    for name, value in inputs.items():
        if isinstance(value, int):
            flat[name] = value
        else:
            flat |= {f"{name}[{index}]": element for index, element in enumerate(value)}
    return flat
