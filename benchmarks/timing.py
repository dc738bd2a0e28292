"""Timing: every side in every mode in turn, again and again, so that a busy minute hits all alike; then medians."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from .machine import describe_machine, load_average
from .peers import Peer, PeerFailed
from .tables import markdown_table
from .workloads import Workload

FIGURES = {
    "constraints": "constraints",
    "wires": "wires",
    "build_from_start_s": "build from process start",
    "build_first_s": "first build",
    "build_warm_s": "warm build",
    "build_peak_mb": "build peak MB",
    "one_s": "witness",
    "one_checked_s": "witness checked",
    "many_s": "witness of many, each",
    "many_count": "instances",
    "witness_peak_mb": "witness peak MB",
}
COLUMNS = ("workload", "size", "peer", "mode", *FIGURES, "repeats", "note")


@dataclass
class Case:
    """One side in one mode on one workload, with what its repeats measured."""

    workload: Workload
    size: int
    peer: Peer
    mode: str
    measured: list[dict[str, Any]] = field(default_factory=list)
    failure: str = ""
    version: str = ""

    def medians(self) -> dict[str, float | int | None]:
        found: dict[str, float | int | None] = {}
        for name in FIGURES:
            values = [figures[name] for figures in self.measured if figures.get(name) is not None]
            found[name] = median(values) if values else None
        return found


def measure_all(
    workloads: Iterable[tuple[Workload, int]],
    peers: Sequence[Peer],
    repeats: int,
    seconds: float,
    modes: Sequence[str] = (),
) -> list[Case]:
    """`seconds`: how long single witnesses are repeated in each process. `modes`: only these, where some are named.

    A side that fails is not asked again.
    """
    cases = []
    for workload, size in workloads:
        job = {"builds": 2, "seconds": seconds, "instances": [x.as_json() for x in workload.instances(size)]}
        here = [
            Case(workload, size, peer, mode)
            for peer in peers
            for mode in peer.modes(workload)
            if mode in modes or not modes
        ]
        for turn in range(repeats):
            for case in here:
                if not case.failure:
                    print(f"{workload.name} {size}, {case.peer.name} {case.mode}, {turn + 1} of {repeats}", flush=True)
                    _measure(case, job)
        cases += here
    return cases


def _measure(case: Case, job: dict[str, Any]) -> None:
    try:
        figures = case.peer.time(case.workload, case.size, case.mode, job)
    except PeerFailed as problem:
        case.failure = str(problem).splitlines()[0]
        print(problem, flush=True)
        return
    first, *warm = figures["build_s"]
    figures["build_first_s"], figures["build_warm_s"] = first, median(warm) if warm else None
    for name in ("one_s", "one_checked_s"):
        if name in figures:
            figures[name] = median(figures[name])
    case.version = figures.get("version", "")
    case.measured.append(figures)


def write_times(cases: Sequence[Case], out: Path, scale: str, load_before: str) -> None:
    with (out / f"times-{scale}.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for case in cases:
            figures = [_digits(x) for x in case.medians().values()]
            names = (case.workload.name, case.size, case.peer.name, case.mode)
            writer.writerow((*names, *figures, len(case.measured), case.failure))
    repeats = max((len(case.measured) for case in cases), default=0)
    versions = sorted({f"{case.peer.name} {case.version}" for case in cases if case.version})
    parts = [
        "# Build and witness times\n",
        f"Written by `python -m benchmarks times --scale {scale}`; [the README](../README.md) says what each column "
        f"measures. Seconds; medians of {repeats} interleaved repeats.\n",
        "\n".join(f"- {line}" for line in [*describe_machine(), *versions]),
        f"- load average before {load_before}, after {load_average()}\n",
    ]
    for workload, size in dict.fromkeys((case.workload.name, case.size) for case in cases):
        these = [case for case in cases if (case.workload.name, case.size) == (workload, size)]
        parts.append(f"## {workload}: {size} {these[0].workload.what}\n")
        rows = []
        for case in these:
            shown = {**case.medians(), "wires": None}
            rows.append((f"{case.peer.name} {case.mode}", *(x for n, x in shown.items() if n != "wires"), case.failure))
        header = ("side", *(title for name, title in FIGURES.items() if name != "wires"), "note")
        parts.append(markdown_table(header, rows))
        parts.append(_verdict(these))
    (out / f"times-{scale}.md").write_text("\n".join(parts))


def _verdict(cases: Sequence[Case]) -> str:
    """What the best mode of each peer needs in each column, as a multiple of ours."""
    ours = next((case.medians() for case in cases if case.peer.name == "zkmargin"), None)
    if ours is None:
        return ""
    lines = []
    for name in dict.fromkeys(case.peer.name for case in cases if case.peer.name != "zkmargin"):
        ratios = []
        for figure in ("build_first_s", "one_s", "one_checked_s", "many_s", "build_peak_mb", "witness_peak_mb"):
            # The peers check constraints while they compute a witness, and have one figure for both.
            theirs = "one_s" if figure == "one_checked_s" else figure
            best = min((x for case in cases if case.peer.name == name and (x := case.medians()[theirs])), default=None)
            own = ours[figure]
            if best and own:
                ratios.append(f"{FIGURES[figure]} {best / own:.2f}")
        if ratios:
            lines.append(f"{name} in its best mode for each column, as a multiple of zkmargin: {', '.join(ratios)}.\n")
    return "\n".join(lines)


def _digits(value: float | int | None) -> str:
    return "" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
