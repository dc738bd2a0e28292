"""`python -m benchmarks.proving`: proofs made here and by the peers, on the same constraint systems and witnesses."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Sequence
from pathlib import Path

from ..machine import describe_machine, load_average
from . import results
from .circuits import CircuitFiles, ProvenCircuit
from .measure import Limits, Measurement, Series
from .pictures import draw
from .report import Asked, write_report
from .sides import SIDES, Side

ROOT = Path(__file__).parent.parent.parent
ESSENTIAL = (
    *(f"chain-{power}" for power in (12, 14, 16, 18)),
    *(f"bits-{power}" for power in (14, 16, 18)),
    "margin-small",
    "margin-standard",
    "margin-portfolio",
)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        circuits = [ProvenCircuit.parse(name) for name in options.only]
    except ValueError as problem:
        parser.error(str(problem))
    options.out.mkdir(parents=True, exist_ok=True)
    sides, absent = _sides(options)
    limits = Limits(options.rounds, options.step_limit, options.circuit_limit)
    load, run = load_average(), time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime())
    table = results.read(options.out / "proving.csv")
    for circuit in circuits:
        files = CircuitFiles(circuit, options.build / circuit.name)
        files.make(anew=options.prepare)
        measurement = Measurement(files, sides, limits)
        measurement.prepare(anew=results.OURS if options.prepare else "")
        if not options.prepare:
            _measure(measurement, sides, options)
            measurement.series += [] if options.setup else _left_out(circuit.name, absent)
            table = results.merged(table, results.rows(measurement.series, files.counts, run))
            results.write(options.out / "proving.csv", table)
            machine = [*describe_machine(), f"load average before {load}, after {load_average()}"]
            modes = {kind.name: kind.mode for kind in SIDES} | {side.name: side.mode for side in sides}
            write_report(table, options.out / "proving.md", machine, modes, _wanted(table))
    if not options.prepare:
        draw(table, options.out)
        print(f"results are in {options.out}")


def _measure(measurement: Measurement, sides: Sequence[Side], options: argparse.Namespace) -> None:
    name = measurement.files.circuit.name
    [ours] = [side for side in sides if side.name == results.OURS]
    if options.setup:
        print(f"{name}: setup", flush=True)
        measurement.setup()
        measurement.other(ours, "import", "import")
        return
    print(f"{name}: warm", flush=True)
    measurement.warm()
    print(f"{name}: cold", flush=True)
    measurement.cold()
    print(f"{name}: witness", flush=True)
    measurement.witness(ours)
    for threads in range(1, (os.cpu_count() or 1) + 1 if options.many else 1):
        print(f"{name}: streams on {threads}", flush=True)
        number = str(threads)
        measurement.other(ours, f"many-{number}", "many", str(options.many), number, RAYON_NUM_THREADS=number)


def _sides(options: argparse.Namespace) -> tuple[list[Side], list[tuple[type[Side], str]]]:
    """Those that can run here, built before any clock; and the others, each with why it cannot."""
    tools = options.build / "tools"
    tools.mkdir(parents=True, exist_ok=True)
    found, absent = [], []
    for kind in SIDES:
        if kind.name not in options.peers and kind.name != results.OURS:
            continue
        side = kind(tools)
        reason = side.missing()
        if reason is not None:
            print(f"without {side.name}: {reason}")
            absent.append((kind, reason))
            continue
        side.build()
        side.largest = dict(options.largest).get(side.name, side.largest)
        found.append(side)
    return found, absent


def _left_out(circuit: str, absent: Sequence[tuple[type[Side], str]]) -> list[Series]:
    """What a side that cannot run here would have been asked."""
    return [Series(circuit, kind.name, what, note=reason) for kind, reason in absent for what in _proofs_of(kind)]


def _wanted(table: Sequence[results.Row]) -> list[Asked]:
    """The proofs of every side on the circuits of a run without options, and on those that were measured besides."""
    circuits = dict.fromkeys((*ESSENTIAL, *(row.circuit for row in table)))
    return [(circuit, kind.name, what) for kind in SIDES for what in _proofs_of(kind) for circuit in circuits]


def _proofs_of(kind: type[Side]) -> list[str]:
    return [what for what, has in (("warm", kind.has_warm), ("cold", kind.has_cold)) if has]


def _parser() -> argparse.ArgumentParser:
    peers = [kind.name for kind in SIDES if kind.name != results.OURS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.proving", description=__doc__)
    parser.add_argument(
        "--only", nargs="*", default=ESSENTIAL, metavar="CIRCUIT", help="chain-POWER, bits-POWER or margin-SHAPE"
    )
    parser.add_argument("--peers", nargs="*", choices=peers, default=peers, help="none: this library alone")
    parser.add_argument(
        "--largest", nargs="*", type=_power, default=[], metavar="SIDE=POWER", help="a side's last size"
    )
    parser.add_argument("--rounds", type=int, default=7, help="at most, of each side on each circuit")
    parser.add_argument("--step-limit", type=float, default=120.0, metavar="SECONDS", help="for one proof or loading")
    parser.add_argument(
        "--circuit-limit", type=float, default=25.0, metavar="SECONDS", help="for the rounds of a circuit"
    )
    parser.add_argument(
        "--prepare", action="store_true", help="only make circuits and keys, which stay in --build; our own again"
    )
    parser.add_argument("--setup", action="store_true", help="time setups, and nothing else")
    parser.add_argument("--many", type=int, default=0, metavar="PROOFS", help="also time a stream of so many proofs")
    parser.add_argument(
        "--build", type=Path, default=ROOT / "build" / "proving", help="where circuits, keys and programs are kept"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results", help="where results go")
    return parser


def _power(text: str) -> tuple[str, int]:
    name, _, power = text.partition("=")
    return name, int(power)


if __name__ == "__main__":
    main()
