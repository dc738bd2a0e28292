"""The figures on disk: one row for each circuit, side and thing measured, with the ratio of ours to the peer's.

A ratio is the median of the ratios round by round, in which both sides met the same machine: below one, ours is faster.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from statistics import median

from .circuits import FAMILIES, ProvenCircuit
from .measure import Series

OURS = "zkmargin"


@dataclass(frozen=True)
class Row:
    """As in `proving.csv`; what was not measured is empty there and None here."""

    circuit: str
    constraints: int
    wires: int
    bits: int
    what: str
    side: str
    rounds: int
    median_s: float | None
    fastest_s: float | None
    slowest_s: float | None
    processor_s: float | None
    peak_mb: float | None
    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None
    processor_ratio: float | None
    memory_ratio: float | None
    version: str
    note: str
    run: str

    @property
    def family(self) -> str:
        return ProvenCircuit.parse(self.circuit).family

    @property
    def order(self) -> tuple[int, int, str, str]:
        return list(FAMILIES).index(self.family), self.constraints, self.what, self.side


def rows(series: Sequence[Series], counts: dict[str, int], run: str) -> list[Row]:
    """`run`: when, which tells rows of one run from those of another."""
    ours = {one.what: one for one in series if one.side == OURS and one.spent}
    return [_row(one, ours.get(one.what), counts, run) for one in series]


def _row(one: Series, ours: Series | None, counts: dict[str, int], run: str) -> Row:
    seconds = [spent.seconds for spent in one.spent]
    pairs = list(zip(ours.spent, one.spent, strict=False)) if ours and one.side != OURS else []
    ratios = [mine.seconds / theirs.seconds for mine, theirs in pairs if theirs.seconds]
    busy = [mine.cpu / theirs.cpu for mine, theirs in pairs if theirs.cpu]
    memory = [mine.peak_mb / theirs.peak_mb for mine, theirs in pairs if theirs.peak_mb]
    return Row(
        circuit=one.circuit,
        constraints=counts["constraints"],
        wires=counts["wires"],
        bits=counts["bits"],
        what=one.what,
        side=one.side,
        rounds=len(seconds),
        median_s=median(seconds) if seconds else None,
        fastest_s=min(seconds, default=None),
        slowest_s=max(seconds, default=None),
        processor_s=median(spent.cpu for spent in one.spent) if seconds else None,
        peak_mb=max((spent.peak_mb for spent in one.spent), default=None),
        ratio=median(ratios) if ratios else None,
        ratio_low=min(ratios, default=None),
        ratio_high=max(ratios, default=None),
        processor_ratio=median(busy) if busy else None,
        memory_ratio=median(memory) if memory else None,
        version=one.version,
        note=one.note,
        run=run,
    )


def read(path: Path) -> list[Row]:
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return [_parsed(record) for record in csv.DictReader(file)]


def merged(old: Iterable[Row], new: Sequence[Row]) -> list[Row]:
    """The new rows, and of the old ones those of circuits and things that were not measured again."""
    again = {(row.circuit, row.what) for row in new}
    return sorted([*new, *(row for row in old if (row.circuit, row.what) not in again)], key=lambda row: row.order)


def write(path: Path, table: Iterable[Row]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        names = [column.name for column in fields(Row)]
        writer.writerow(names)
        writer.writerows([_shown(getattr(row, name)) for name in names] for row in table)


def _shown(value: object) -> str:
    return "" if value is None else f"{value:.5g}" if isinstance(value, float) else str(value)


def _parsed(record: dict[str, str]) -> Row:
    values: dict[str, object] = {}
    for column in fields(Row):
        text = record[column.name]
        if column.type == "str":
            values[column.name] = text
        elif column.type == "int":
            values[column.name] = int(text)
        else:
            values[column.name] = float(text) if text else None
    return Row(**values)  # type: ignore[arg-type]
