"""Circuits that come as files, from circom or whoever writes iden3's formats, with the names their authors gave.

A .sym file is believed only where it fits the circuit: the label it gives to a wire must be the wire's label in the
.r1cs, and every wire must be named, once. So the names in an error are never those of another circuit's signals.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from zkmargin.algebra import Buffer, Engine, SparseMatrix, scalars_from_bytes
from zkmargin.algebra.sparse import u32_from_bytes

from .check import check_witness, require_witness_of
from .errors import FormatError
from .formats import Symbol, each_symbol, read_r1cs
from .r1cs import R1CS
from .symbols import Symbols, numbered
from .terms import ONE

MAIN = "main"
"""circom's outermost component."""

_SYM = ".sym file"


@dataclass(frozen=True)
class ImportedCircuit:
    """A constraint system with a name for each wire; `wire_7` and the like where no .sym file was given."""

    r1cs: R1CS
    symbols: Symbols
    named: bool

    @classmethod
    def from_bytes(cls, r1cs: Buffer, sym: Buffer | str | None = None) -> ImportedCircuit:
        """From the contents of a .r1cs and of its .sym; a `FormatError` where they are malformed or do not match."""
        circuit = read_r1cs(r1cs)
        symbols = numbered(circuit.n_wires) if sym is None else symbols_of(circuit, each_symbol(sym))
        return cls(circuit, symbols, named=sym is not None)

    @property
    def digest(self) -> bytes:
        """32 bytes that name the circuit; its names are not covered."""
        return self.r1cs.digest()

    @property
    def public_names(self) -> list[str]:
        """What the entries of a `public.json` are: outputs, then public inputs."""
        return [self.symbols.name(wire) for wire in range(1, 1 + self.r1cs.n_public)]

    def check(self, witness: Buffer, *, engine: Engine | None = None) -> None:
        """As `check_witness`: return, or raise `UnsatisfiedConstraint` with the names of the signals in it."""
        check_witness(self.r1cs, witness, engine=engine, symbols=self.symbols)

    def public_values(self, witness: Buffer) -> dict[str, int]:
        """The public part of a witness by name. Nothing is checked but that it has as many wires as the circuit."""
        raw = require_witness_of(self.r1cs, witness)
        values = scalars_from_bytes(raw[32 : 32 * (1 + self.r1cs.n_public)], self.r1cs.curve)
        return dict(zip(self.public_names, values, strict=True))

    def constraints_by_component(self) -> dict[str, int]:
        """Where the constraints are, the most costly component first.

        The file does not say which template wrote a constraint; it is counted for the innermost component that all of
        its signals lie in. Needs the names of a .sym file.
        """
        if not self.named:
            raise FormatError("circuit: components are known from its .sym file; import it with one", what="circuit")
        components = [name.split(".")[:-1] for name in self.symbols]
        counts = Counter(
            ".".join(_common_start([components[wire] for wire in wires if wire != ONE])) or MAIN
            for wires in _wires_by_constraint(self.r1cs)
        )
        return dict(counts.most_common())


def import_circuit(r1cs: str | Path, sym: str | Path | None = None) -> ImportedCircuit:
    """The circuit in these files, as `circom --r1cs --sym` writes them."""
    return ImportedCircuit.from_bytes(Path(r1cs).read_bytes(), None if sym is None else Path(sym).read_bytes())


def symbols_of(r1cs: R1CS, symbols: Iterable[Symbol]) -> Symbols:
    """The name of each wire; `FormatError` unless the symbols are those of this very circuit.

    A wire may have further names, of other labels (circom 1 lists signals that became one); the first label counts.
    """
    wire_of = {label: wire for wire, label in enumerate(r1cs.labels)}
    names: list[str | None] = ["one", *itertools.repeat(None, r1cs.n_wires - 1)]
    for index, symbol in enumerate(symbols):
        wire = wire_of.get(symbol.label)
        if symbol.label >= r1cs.label_count or (symbol.wire is not None and symbol.wire >= r1cs.n_wires):
            raise _unfit(f"line {index + 1} is about a signal that this circuit does not have", index)
        if wire is None:
            continue
        if symbol.wire != wire:
            raise _unfit(
                f"line {index + 1} gives {_shown(symbol.wire)} to label {symbol.label}, which has wire {wire}", index
            )
        if names[wire] is not None:
            raise _unfit(f"line {index + 1} names wire {wire} again", index)
        names[wire] = symbol.name
    given = [name for name in names if name is not None]
    if len(given) < len(names):
        raise _unfit(f"it names no wire {names.index(None)}")
    if len(set(given)) < len(given):
        raise _unfit(f"it names two wires {Counter(given).most_common(1)[0][0]}")
    return Symbols(given)


def _common_start(paths: Sequence[Sequence[str]]) -> list[str]:
    aligned = zip(*paths, strict=False)
    return [steps[0] for steps in itertools.takewhile(lambda steps: len(set(steps)) == 1, aligned)]


def _wires_by_constraint(r1cs: R1CS) -> Iterator[list[int]]:
    for rows in zip(*(_wires_by_row(matrix) for matrix in (r1cs.a, r1cs.b, r1cs.c)), strict=True):
        yield list(itertools.chain.from_iterable(rows))


def _wires_by_row(matrix: SparseMatrix) -> Iterator[list[int]]:
    columns = u32_from_bytes(matrix.columns)
    for start, end in itertools.pairwise(u32_from_bytes(matrix.row_ptr)):
        yield columns[start:end].tolist()


def _shown(wire: int | None) -> str:
    return "no wire" if wire is None else f"wire {wire}"


def _unfit(reason: str, index: int | None = None) -> FormatError:
    return FormatError(f"{_SYM}: {reason}; does it belong to this .r1cs?", what=_SYM, index=index)
