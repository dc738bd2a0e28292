"""`python -m benchmarks all`: the whole comparison, with results as CSV and markdown."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from .counts import count_all, write_counts
from .machine import load_average
from .peers import Circom, Gnark, Peer, Zkmargin
from .timing import measure_all, write_times
from .trees import measure_trees, write_trees
from .workloads import SCALES, WORKLOADS

PEERS = ("zkmargin", "gnark", "circom")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("what", choices=("all", "times", "counts", "trees"))
    parser.add_argument("--scale", choices=SCALES, default="small")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.0, help="how long single witnesses are repeated")
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=PEERS)
    parser.add_argument("--modes", nargs="*", default=(), help="only these modes, as the tables name them")
    parser.add_argument("--workloads", nargs="*", choices=WORKLOADS, default=list(WORKLOADS))
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    parser.add_argument("--leaves", type=int, default=1_000_000, help="how many the account tree has")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    if options.what in ("all", "trees"):
        load = load_average()
        write_trees(measure_trees(options.leaves, options.repeats), options.leaves, options.repeats, options.out, load)
    if options.what != "trees":
        _compare(options)
    print(f"results are in {options.out}")


def _compare(options: argparse.Namespace) -> None:
    """The same circuits on every side that can run here."""
    with tempfile.TemporaryDirectory() as directory:
        known: dict[str, Peer] = {
            "zkmargin": Zkmargin(),
            "gnark": Gnark(Path(directory)),
            "circom": Circom(Path(directory)),
        }
        peers = []
        for name in options.peers:
            reason = known[name].missing()
            if reason is None:
                peers.append(known[name])
            else:
                print(f"without {name}: {reason}")
        if options.what in ("all", "counts"):
            circom = next((peer for peer in peers if isinstance(peer, Circom)), None)
            gnark = next((peer for peer in peers if isinstance(peer, Gnark)), None)
            write_counts(count_all(circom, gnark), options.out)
        if options.what in ("all", "times"):
            load = load_average()
            chosen = [
                (WORKLOADS[name], WORKLOADS[name].sizes[SCALES.index(options.scale)]) for name in options.workloads
            ]
            cases = measure_all(chosen, peers, options.repeats, options.seconds, options.modes)
            write_times(cases, options.out, options.scale, load)


if __name__ == "__main__":
    main()
