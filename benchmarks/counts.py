"""Counting: every gadget of the table on every side that has it, written to counts.csv and counts.md."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Sequence
from pathlib import Path

from zkmargin.circuits import Circuit, CircuitWarning, assert_equal, build
from zkmargin.circuits.formats import read_r1cs
from zkmargin.circuits.scope import expressions_in

from .gadgets import GADGETS, Body, Gadget
from .peers import Circom, Gnark
from .tables import markdown_table

COLUMNS = ("zkmargin", "zkmargin_optimised", "circomlib", "gnark", "gnark_lookups")
Cells = dict[str, int | None]


def count_here(body: Body) -> int | None:
    """Constraints of the gadget in a circuit of its own, or None where the language does not have it."""

    return _constraints(body, optimise=False)


def count_optimised(body: Body) -> int | None:
    """The same with the optimiser on, which drops what nobody reads: so a public output sums the results up."""

    def counted(c: Circuit) -> None:
        results = [value for value in expressions_in(body(c)) if not value.is_constant]
        if results:
            assert_equal(c.public("out"), c.field_sum(zip(results, range(1, 1 + len(results)), strict=True)))

    return _constraints(counted, optimise=True)


def _constraints(body: Body, *, optimise: bool) -> int | None:
    def circuit(c: Circuit) -> None:
        body(c)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CircuitWarning)
        try:
            return build(circuit, name="counted", optimise=optimise).r1cs.n_constraints
        except LookupError:
            return None


def count_all(circom: Circom | None, gnark: Gnark | None, gadgets: Sequence[Gadget] = GADGETS) -> dict[str, Cells]:
    """Gadget -> column -> constraints. A side that is not given has empty cells."""
    theirs = gnark.counts() if gnark is not None else {}
    found: dict[str, Cells] = {}
    for gadget in gadgets:
        cells: Cells = dict.fromkeys(COLUMNS)
        if gadget.ours is not None:
            cells["zkmargin"] = count_here(gadget.ours)
            cells["zkmargin_optimised"] = count_optimised(gadget.ours)
        if circom is not None and gadget.circom is not None:
            circom.compile(gadget.circom.source(), "counted", "--O2")
            cells["circomlib"] = read_r1cs((circom.directory / "counted.r1cs").read_bytes()).n_constraints
        for column, counted in theirs.items():
            cells[column] = counted.get(gadget.name)
        found[gadget.name] = cells
    return found


def write_counts(counts: dict[str, Cells], out: Path, gadgets: Sequence[Gadget] = GADGETS) -> None:
    notes = {gadget.name: gadget.note for gadget in gadgets}
    with (out / "counts.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("gadget", *COLUMNS, "note"))
        for name, cells in counts.items():
            writer.writerow((name, *("" if cells[c] is None else cells[c] for c in COLUMNS), notes[name]))
    rows = [(name, *(cells[c] for c in COLUMNS), notes[name]) for name, cells in counts.items()]
    text = (
        "# Constraints of the same gadgets\n\n"
        "Written by `python -m benchmarks counts`. Inputs that a gadget trusts to be ranged or boolean are not "
        "counted. *optimised* is `build(..., optimise=True)` with a public output that sums up the gadget's results. "
        "circomlib is compiled with `--O2`. The third constraint of `is_zero` and `is_equal` ties the inverse down "
        "where the value is zero, so that each wire has one value only. gnark's lookups put a commitment into the "
        "proof: two more points, and one more pairing check and a hash for the verifier.\n\n"
    )
    header = ("gadget", "zkmargin", "optimised", "circomlib", "gnark", "gnark, lookups", "note")
    (out / "counts.md").write_text(text + markdown_table(header, rows))
