"""Counting: every gadget of the table on every side that has it, written to counts.csv and counts.md."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Sequence
from pathlib import Path

from zkmargin.circuits import Circuit, CircuitWarning, build
from zkmargin.circuits.formats import read_r1cs

from .gadgets import GADGETS, Body, Gadget
from .peers import Circom, Gnark
from .tables import markdown_table

COLUMNS = ("zkmargin", "circomlib", "gnark", "gnark_lookups")
Cells = dict[str, int | None]


def count_here(body: Body) -> int | None:
    """Constraints of the gadget in a circuit of its own, or None where the language does not have it."""

    def counted(c: Circuit) -> None:
        body(c)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CircuitWarning)
        try:
            return build(counted, name="counted").r1cs.n_constraints
        except LookupError:
            return None


def count_all(circom: Circom | None, gnark: Gnark | None, gadgets: Sequence[Gadget] = GADGETS) -> dict[str, Cells]:
    """Gadget -> column -> constraints. A side that is not given has empty cells."""
    theirs = gnark.counts() if gnark is not None else {}
    found: dict[str, Cells] = {}
    for gadget in gadgets:
        cells: Cells = dict.fromkeys(COLUMNS)
        cells["zkmargin"] = None if gadget.ours is None else count_here(gadget.ours)
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
        "counted. circomlib is compiled with `--O2`. gnark's lookups put a commitment into the proof: two more points, "
        "and one more pairing check and a hash for the verifier.\n\n"
    )
    header = ("gadget", "zkmargin", "circomlib", "gnark", "gnark, lookups", "note")
    (out / "counts.md").write_text(text + markdown_table(header, rows))
