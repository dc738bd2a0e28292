"""Where a circuit's constraints go: every constraint, wire and matrix entry, charged to one gadget path and one line.

Everything is charged exactly once, so the rows of a profile add up to the circuit:

- a constraint, with its entries in A, B and C, to the gadget path and the source line that made it;
- an inner wire to the first constraint in which it stands, the constant 1 and the inputs to `INPUTS`, a wire that no
  constraint names to `UNBOUND`;
- a wire in B, which costs a point of G2 in the key, to the first constraint that has it in B.

A circuit that came as files names no gadgets. With its .sym, a constraint belongs to the deepest component that holds
all its signals and a wire to its own component; the elements of an array of components count together, as `hash[]`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from zkmargin.algebra import SparseMatrix

from ..build import CompiledCircuit
from ..imported import ImportedCircuit
from ..location import Location
from ..r1cs import R1CS
from ..symbols import Symbols
from ..terms import ONE

Path = tuple[str, ...]
Place = tuple[Path, Location | None]
_Numbers = npt.NDArray[np.int64]

GADGETS, COMPONENTS, NOTHING = "gadgets", "components", "nothing"
"""What a profile's paths name."""
INPUTS = "(inputs)"
UNBOUND = "(in no constraint)"
UNNAMED = "(unnamed)"
DEEPER = "(deeper)"

MAX_NAME = 120
MAX_DEPTH = 64
VIEWS = ("gadget", "line", "path")


@dataclass(frozen=True)
class Cost:
    """What something adds to a circuit. `entries` are nonzero coefficients as the file stores them."""

    constraints: int = 0
    wires: int = 0
    a_entries: int = 0
    b_entries: int = 0
    c_entries: int = 0
    b_wires: int = 0

    @property
    def entries(self) -> int:
        return self.a_entries + self.b_entries + self.c_entries

    def __add__(self, other: Cost) -> Cost:
        return Cost(*(mine + theirs for mine, theirs in zip(self.counts(), other.counts(), strict=True)))

    def __sub__(self, other: Cost) -> Cost:
        return Cost(*(mine - theirs for mine, theirs in zip(self.counts(), other.counts(), strict=True)))

    def counts(self) -> tuple[int, ...]:
        return (self.constraints, self.wires, self.a_entries, self.b_entries, self.c_entries, self.b_wires)


COST_NAMES = ("constraints", "wires", "a_entries", "b_entries", "c_entries", "b_wires")
"""In the order of `Cost.counts`."""


@dataclass(frozen=True)
class Row:
    """What one gadget path costs at one source line, without the gadgets inside it; the empty path is outside any."""

    path: Path
    location: Location | None
    cost: Cost


@dataclass(frozen=True)
class Share:
    """What one gadget, line or path costs: `own` without, `inclusive` with the gadgets inside it.

    `place` is the path; for a gadget or line it has one element, and none for what lies outside any.
    """

    place: Path
    own: Cost
    inclusive: Cost


@dataclass(frozen=True)
class Profile:
    """A circuit's cost by gadget path and line. `rows` are sorted, and no two have the same path and line."""

    circuit: str
    digest: bytes
    named_by: str
    """GADGETS, COMPONENTS or NOTHING."""
    rows: tuple[Row, ...]

    @cached_property
    def total(self) -> Cost:
        return sum((row.cost for row in self.rows), Cost())

    @property
    def outside(self) -> str:
        """How to call the empty path."""
        names = {GADGETS: "(outside any gadget)", COMPONENTS: "(main component)"}
        return names.get(self.named_by, "(not attributed)")

    @property
    def has_lines(self) -> bool:
        return any(row.location is not None for row in self.rows)

    def by(self, view: str) -> list[Share]:
        """The shares of one of `VIEWS`, the costliest first."""
        return {"gadget": self.by_gadget, "line": self.by_line, "path": self.by_path}[view]()

    def by_gadget(self) -> list[Share]:
        """One share a gadget name, wherever it stands; a gadget inside itself counts once in its inclusive cost."""
        shares = _Shares()
        for row in self.rows:
            shares.add(row.cost, own=row.path[-1:], inclusive={(name,) for name in row.path} or {()})
        return shares.sorted()

    def by_line(self) -> list[Share]:
        """One share a source line: the line in the user's code, whatever gadgets it called."""
        shares = _Shares()
        for row in self.rows:
            line = () if row.location is None else (str(row.location),)
            shares.add(row.cost, own=line, inclusive={line})
        return shares.sorted()

    def by_path(self) -> list[Share]:
        """One share a gadget path, the empty path included: the nodes of a tree whose root costs the whole circuit."""
        shares = _Shares()
        for row in self.rows:
            shares.add(row.cost, own=row.path, inclusive={row.path[:depth] for depth in range(len(row.path) + 1)})
        return shares.sorted()

    def outermost(self) -> Profile:
        """The same circuit by its outermost gadgets alone, without lines: the coarsest breakdown there is."""
        return self._with(((row.path[:1], None), row.cost) for row in self.rows)

    def by_line_then_path(self) -> Profile:
        """The same rows under their file and line: a tree that starts at the source."""
        return self._with(
            ((((at.file, f"line {at.line}") if at else ()) + row.path, at), row.cost)
            for row, at in ((row, row.location) for row in self.rows)
        )

    def renamed(self, names: Mapping[str, str]) -> Profile:
        """The same with other names for some gadgets."""
        return self._with(
            ((tuple(names.get(name, name) for name in row.path), row.location), row.cost) for row in self.rows
        )

    def _with(self, charges: Iterable[tuple[Place, Cost]]) -> Profile:
        return Profile(self.circuit, self.digest, self.named_by, _merged(charges))


def profile_circuit(circuit: CompiledCircuit) -> Profile:
    """The profile of a circuit that was built here, by gadget and line."""
    places: dict[Place, int] = {}
    rows = [places.setdefault((origin.gadget, origin.location), len(places)) for origin in circuit.origins]
    inputs, unbound = (places.setdefault(((name,), None), len(places)) for name in (INPUTS, UNBOUND))
    r1cs = circuit.r1cs
    charged = np.array([*rows, unbound], dtype=np.int64)
    wires = charged[_first_row(r1cs, r1cs.a, r1cs.b, r1cs.c)]
    wires[: 1 + r1cs.n_public + r1cs.n_private_inputs] = inputs
    return _profile(r1cs, circuit.name, GADGETS, list(places), charged[:-1], wires)


def profile_imported(circuit: ImportedCircuit, name: str) -> Profile:
    """The profile of a circuit that came as files: by component with its .sym, and without one the total alone."""
    r1cs = circuit.r1cs
    if not circuit.named:
        nothing = np.zeros(r1cs.n_constraints, dtype=np.int64), np.zeros(r1cs.n_wires, dtype=np.int64)
        return _profile(r1cs, name, NOTHING, [((), None)], *nothing)
    components = _components(circuit.symbols)
    paths = sorted(set(components))
    places = {path: number for number, path in enumerate(paths)}
    wires = np.array([places[path] for path in components], dtype=np.int64)
    # Sorted paths keep each component together, so the first and last wire of a constraint share what all share.
    lowest = np.full(r1cs.n_constraints, len(paths), dtype=np.int64)
    highest = np.full(r1cs.n_constraints, -1, dtype=np.int64)
    for matrix in (r1cs.a, r1cs.b, r1cs.c):
        columns = _columns(matrix)
        named = columns != ONE
        owners, owned = wires[columns[named]], _rows(matrix)[named]
        np.minimum.at(lowest, owned, owners)
        np.maximum.at(highest, owned, owners)
    width = len(paths) + 1
    spans, numbers = np.unique(lowest * width + highest + 1, return_inverse=True)
    held = []
    for first, after in (divmod(span, width) for span in spans.tolist()):
        common = _common(paths[first], paths[after - 1]) if after else ()
        held.append(places.setdefault(common, len(places)))
    rows = np.array(held, dtype=np.int64)[numbers]
    return _profile(r1cs, name, COMPONENTS, [(path, None) for path in places], rows, wires)


def _profile(r1cs: R1CS, name: str, named_by: str, places: Sequence[Place], rows: _Numbers, wires: _Numbers) -> Profile:
    """Count what each place is charged; `rows` and `wires` give the place of each constraint and wire."""
    first_in_b = _first_row(r1cs, r1cs.b)
    first_in_b = first_in_b[first_in_b < r1cs.n_constraints]
    charged = (rows, wires, *(rows[_rows(matrix)] for matrix in (r1cs.a, r1cs.b, r1cs.c)), rows[first_in_b])
    counts = np.stack([np.bincount(each, minlength=len(places)) for each in charged], axis=1).tolist()
    charges = ((place, Cost(*row)) for place, row in zip(places, counts, strict=True) if any(row))
    label = shown_name if named_by != COMPONENTS else _component_name
    labelled = (((tuple(map(label, _cut(path))), at and _shown_location(at)), cost) for (path, at), cost in charges)
    return Profile(shown_name(name), r1cs.digest(), named_by, _merged(labelled))


def _merged(charges: Iterable[tuple[Place, Cost]]) -> tuple[Row, ...]:
    costs: dict[Place, Cost] = {}
    for place, cost in charges:
        costs[place] = costs.get(place, Cost()) + cost
    return tuple(Row(path, at, costs[path, at]) for path, at in sorted(costs, key=place_order))


def place_order(place: Place) -> tuple[Path, Location]:
    """The order of a profile's rows."""
    return place[0], place[1] or Location("", 0)


class _Shares:
    """Costs growing place by place."""

    def __init__(self) -> None:
        self._own: dict[Path, Cost] = {}
        self._inclusive: dict[Path, Cost] = {}

    def add(self, cost: Cost, own: Path, inclusive: set[Path]) -> None:
        self._own[own] = self._own.get(own, Cost()) + cost
        for place in inclusive:
            self._inclusive[place] = self._inclusive.get(place, Cost()) + cost

    def sorted(self) -> list[Share]:
        shares = [Share(place, self._own.get(place, Cost()), cost) for place, cost in self._inclusive.items()]
        return sorted(shares, key=lambda share: (*(-count for count in share.inclusive.counts()), share.place))


def _columns(matrix: SparseMatrix) -> _Numbers:
    return np.frombuffer(matrix.columns, dtype="<u4").astype(np.int64)


def _rows(matrix: SparseMatrix) -> _Numbers:
    """The row of each entry."""
    pointers = np.frombuffer(matrix.row_ptr, dtype="<u4").astype(np.int64)
    return np.repeat(np.arange(matrix.rows, dtype=np.int64), pointers[1:] - pointers[:-1])


def _first_row(r1cs: R1CS, *matrices: SparseMatrix) -> _Numbers:
    """For each wire the first constraint that has it in one of the matrices, or the number of constraints."""
    first = np.full(r1cs.n_wires, r1cs.n_constraints, dtype=np.int64)
    for matrix in matrices:
        np.minimum.at(first, _columns(matrix), _rows(matrix))
    return first


def _components(symbols: Symbols) -> list[Path]:
    """The component of each wire, seen from the main component, to which the constant 1 belongs."""
    paths = [tuple(name.split(".")[:-1]) for name in symbols]
    roots = {path[:1] for path in paths[1:]}
    return [path[1:] for path in paths] if len(roots) == 1 else paths


def _common(one: Path, other: Path) -> Path:
    depth = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        depth += 1
    return one[:depth]


def _cut(path: Path) -> Path:
    return path if len(path) <= MAX_DEPTH else (*path[: MAX_DEPTH - 1], DEEPER)


def _component_name(name: str) -> str:
    return shown_name(re.sub(r"\[\d+\]", "[]", name))


def _shown_location(location: Location) -> Location:
    """The line without its text: a profile is about places, and so is the same for all that stands on one line."""
    return Location(shown_name(location.file), location.line)


def shown_name(name: str) -> str:
    """The name as a profile keeps it: printable, not empty, and no longer than `MAX_NAME`; cut names stay different."""
    if name and name.isprintable() and len(name) <= MAX_NAME:
        return name
    printable = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in name) or UNNAMED
    if len(printable) <= MAX_NAME:
        return printable
    mark = hashlib.blake2b(printable.encode(), digest_size=4).hexdigest()
    return f"{printable[: MAX_NAME - 11]}...{mark}"
