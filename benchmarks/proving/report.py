"""`proving.md`: the figures as tables for readers, made from the rows of `proving.csv` alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from ..tables import markdown_table
from .circuits import FAMILIES
from .results import Row

WORDS = {
    "warm": "a proof, warm: a process that has its key and has proven before",
    "cold": "a proof, cold: a whole process, from its start to the files it leaves",
    "setup": "setup: a development key, in memory",
    "import": "import: a native key from a .zkey, each point checked, C folded, tables made",
    "load": "load: what a process reads before its first proof",
    "verify": "verify: one proof, warm",
    "witness": "witness: from inputs to all wires",
}
COLUMNS = (
    "circuit",
    "constraints",
    "side",
    "rounds",
    "seconds",
    "fastest",
    "slowest",
    "processor s",
    "peak MB",
    "ours / it",
    "from",
    "to",
)


Asked = tuple[str, str, str]
"""A circuit, a side, and warm or cold."""


def write_report(
    table: Sequence[Row],
    path: Path,
    machine: Iterable[str],
    modes: Mapping[str, str],
    wanted: Iterable[Asked] = (),
) -> None:
    """`wanted` is what the whole comparison has; where the table has neither a figure nor a reason, it says so."""
    versions = {row.side: row.version for row in table if row.version}
    sides = sorted({row.side for row in table if row.rounds})
    parts = [
        "# Proving times\n",
        "Written by `python -m benchmarks.proving`; [the README](../README.md#proving) says how. Medians over "
        "interleaved rounds; `ours / it` is the median of the ratios round by round (below 1: ours is faster) with "
        "its range. `processor s` counts all threads.\n",
        "\n".join(f"- {line}" for line in machine),
        "\n".join(f"- {side} {versions.get(side, '')}: {modes.get(side, '')}" for side in sides),
        "- runs: " + ", ".join(sorted({row.run for row in table})) + "\n",
        "\n".join(f"- {family}: {what}" for family, what in FAMILIES.items()) + "\n",
        _shares("Our time as a share of each peer's", table, lambda row: row.ratio),
        _shares("Our processor time as a share of each peer's", table, lambda row: row.processor_ratio),
        _shares("Our peak memory as a share of each peer's", table, lambda row: row.memory_ratio),
        *(_section(title, [row for row in table if row.what == what]) for what, title in WORDS.items()),
        _keys(table),
        _streams(table),
        _notes(table, wanted),
    ]
    path.write_text("\n".join(part for part in parts if part))


def _shares(title: str, table: Sequence[Row], share: Callable[[Row], float | None]) -> str:
    """One line a circuit: ours as a share of each peer's, warm and cold."""
    proofs = [row for row in table if row.what in ("warm", "cold")]
    found = {(row.what, row.side, row.circuit): x for row in proofs if (x := share(row)) is not None}
    columns = sorted({(what, side) for what, side, _ in found}, reverse=True)
    lines = []
    for circuit, constraints in dict.fromkeys((row.circuit, row.constraints) for row in table):
        cells = [found.get((*column, circuit)) for column in columns]
        lines.append((circuit, constraints, *(None if cell is None else f"{cell:.2f}" for cell in cells)))
    header = ("circuit", "constraints", *(f"{what}: {side}" for what, side in columns))
    return f"## {title}\n\n{markdown_table(header, lines)}" if columns else ""


def _section(title: str, table: Sequence[Row]) -> str:
    rows = [
        (
            row.circuit,
            row.constraints,
            row.side,
            row.rounds,
            _time(row.median_s),
            _time(row.fastest_s),
            _time(row.slowest_s),
            _time(row.processor_s),
            None if row.peak_mb is None else f"{row.peak_mb:.0f}",
            *(None if x is None else f"{x:.2f}" for x in (row.ratio, row.ratio_low, row.ratio_high)),
        )
        for row in table
        if row.rounds
    ]
    heading, what = (part[:1].upper() + part[1:] for part in title.split(": ", 1))
    return f"## {heading}\n\n{what}.\n\n{markdown_table(COLUMNS, rows)}" if rows else ""


def _keys(table: Sequence[Row]) -> str:
    """A key's row holds megabytes in the place of seconds."""
    rows = [(row.circuit, row.side, f"{row.median_s:.1f}") for row in table if row.what == "key" and row.median_s]
    text = "What a prover needs on the disk: key and, where it is a file of its own, constraint system.\n\n"
    return "## Keys\n\n" + text + markdown_table(("circuit", "side", "MB"), rows) if rows else ""


def _streams(table: Sequence[Row]) -> str:
    rows = [
        (row.circuit, row.side, int(row.what.removeprefix("many-")), f"{1 / row.median_s:.2f}")
        for row in table
        if row.what.startswith("many-") and row.median_s
    ]
    return (
        "## Streams of proofs\n\n" + markdown_table(("circuit", "side", "threads", "proofs a second"), rows)
        if rows
        else ""
    )


def _notes(table: Sequence[Row], wanted: Iterable[Asked]) -> str:
    """What is missing, and why: a line for all circuits that a side lacks for the same reason.

    A side that failed on a circuit, or was not asked, is not asked for anything else there, for the same reason.
    """
    circuits: dict[tuple[str, str, str], list[str]] = {}
    for row in table:
        if row.note:
            circuits.setdefault((row.side, row.what, row.note), []).append(row.circuit)
    known = {(row.circuit, row.side, row.what) for row in table}
    reasons = {(row.circuit, row.side): row.note for row in table if row.note}
    for circuit, side, what in wanted:
        if (circuit, side, what) not in known:
            reason = reasons.get((circuit, side), "not in these runs")
            circuits.setdefault((side, what, reason), []).append(circuit)
    notes = [f"- {side}, {what}, {', '.join(names)}: {note}" for (side, what, note), names in circuits.items()]
    return "## Not measured\n\n" + "\n".join(notes) + "\n" if notes else ""


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else f"{seconds:.2f}" if seconds >= 10 else f"{seconds:.4f}"
