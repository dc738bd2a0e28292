"""The account tree: digests of leaves, building, changing, appending and opening, written to trees.csv and trees.md."""

from __future__ import annotations

import csv
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from zkmargin.algebra import BN254, Engine, LoadedTree, get_engine, scalars_to_bytes

from .machine import describe_machine, load_average
from .tables import markdown_table

ARITY, DEPTH = 8, 11
LIST_LENGTH = 21
SINGLE = 1000
BATCH = 10_000
TAG = 7


@dataclass(frozen=True)
class Timing:
    """Medians over the repeats: seconds on the clock, and of all threads together."""

    what: str
    count: int
    clock_s: float
    processor_s: float


def measure_trees(leaves: int, repeats: int, engine: Engine | None = None) -> list[Timing]:
    """Every operation on a tree of so many leaves. Inputs are made before the clock starts."""
    engine = engine or get_engine()
    tasks = list(_tasks(engine, leaves))
    found: dict[str, list[tuple[float, float]]] = {what: [] for what, _, _ in tasks}
    for turn in range(repeats):
        for what, _, task in tasks:
            print(f"{what}, {turn + 1} of {repeats}", flush=True)
            found[what].append(_timed(task))
    return [
        Timing(what, count, median(clock for clock, _ in found[what]), median(used for _, used in found[what]))
        for what, count, _ in tasks
    ]


def _tasks(engine: Engine, leaves: int) -> Iterator[tuple[str, int, Callable[[], object]]]:
    draw = random.Random(leaves)
    lists = scalars_to_bytes(draw.randrange(BN254.r) for _ in range(min(leaves, BATCH) * LIST_LENGTH))
    whole = lists * -(-leaves // BATCH)  # what is in a list does not matter to the time
    whole = whole[: leaves * LIST_LENGTH * 32]
    digests = scalars_to_bytes(draw.randrange(BN254.r) for _ in range(leaves))
    tree = engine.merkle_tree(digests, DEPTH, ARITY)
    some = [draw.randrange(leaves) for _ in range(SINGLE)]
    many = draw.sample(range(leaves), min(BATCH, leaves))
    fresh = digests[: 32 * len(many)]
    yield f"digests of leaves, lists of {LIST_LENGTH}", leaves, lambda: engine.poseidon_lists(TAG, whole, LIST_LENGTH)
    yield "build", leaves, lambda: engine.merkle_tree(digests, DEPTH, ARITY)
    yield "one update at a time", SINGLE, lambda: _update_each(tree, some, fresh[:32])
    yield "update of many at once", len(many), lambda: tree.update_many(many, fresh)
    yield "append of many at once", len(many), lambda: tree.append(fresh)
    yield "paths", SINGLE, lambda: [tree.path(index) for index in some]


def _update_each(tree: LoadedTree, indices: list[int], leaf: bytes) -> None:
    for index in indices:
        tree.update_many([index], leaf)


def _timed(task: Callable[[], object]) -> tuple[float, float]:
    clock, used = time.perf_counter(), time.process_time()
    task()
    return time.perf_counter() - clock, time.process_time() - used


def write_trees(timings: list[Timing], leaves: int, repeats: int, out: Path, load_before: str) -> None:
    with (out / "trees.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("operation", "count", "clock_s", "processor_s"))
        for timing in timings:
            writer.writerow((timing.what, timing.count, f"{timing.clock_s:.6g}", f"{timing.processor_s:.6g}"))
    rows = [
        (t.what, t.count, t.clock_s, t.processor_s, 1e6 * t.clock_s / t.count, 1e6 * t.processor_s / t.count)
        for t in timings
    ]
    header = ("operation", "of", "seconds", "processor seconds", "microseconds each", "processor microseconds each")
    parts = [
        "# The account tree\n",
        f"Written by `python -m benchmarks trees`: a Poseidon tree of {ARITY} children a node, {DEPTH} levels, with "
        f"{leaves:,} leaves, in the {get_engine().name} engine; medians of {repeats} repeats. Processor seconds add up "
        "all threads, and say what a quiet machine would need: divide them by its cores.\n",
        "\n".join(f"- {line}" for line in describe_machine()),
        f"- load average before {load_before}, after {load_average()}\n",
        markdown_table(header, rows),
    ]
    (out / "trees.md").write_text("\n".join(parts))
