"""One target under atheris, in a process of its own: coverage of the Python code guides it, the mutations are ours and
libFuzzer's in turn. Counts go to a file at every thousandth run and at the last.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

import atheris

with atheris.instrument_imports(
    include=["zkmargin.verifier", "zkmargin.algebra", "zkmargin.circuits.formats", "zkmargin.prover"]
):
    from .targets import target

from .mutations import mutate

EVERY = 1_000


class Counted:
    """The verdicts so far."""

    def __init__(self, name: str, runs: int, report: Path) -> None:
        self._target, self._name, self._runs, self._report = target(name), name, runs, report
        self._counts: Counter[str] = Counter()
        self._started = time.monotonic()
        self._at_start = _memory_mb()

    def __call__(self, data: bytes) -> None:
        self._counts[self._target.verdict(data)] += 1
        done = self._counts.total()
        if done % EVERY == 0 or done == self._runs:
            self.write()

    def write(self) -> None:
        document = {
            "target": self._name,
            "runs": self._counts.total(),
            **{verdict: self._counts[verdict] for verdict in ("malformed", "refused", "read", "honest")},
            "seconds": round(time.monotonic() - self._started, 1),
            "memory_at_start_mb": self._at_start,
            "memory_peak_mb": _memory_mb(),
        }
        self._report.write_text(json.dumps(document))


def _memory_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


def mutator(seeds: list[bytes]) -> Callable[[bytes, int, int], bytes]:
    """Half of the time from an honest seed: what was spoilt before seldom gets past the reader it was spoilt for."""

    def mutated(data: bytes, max_size: int, seed: int) -> bytes:
        random = Random(seed)
        if random.random() < 0.2:
            changed: bytes = atheris.Mutate(data, len(data) if random.random() < 0.5 else max_size)
            return changed
        return mutate(random.choice((data, random.choice(seeds))), random)[:max_size]

    return mutated


def main(name: str, runs: str, report: str, *options: str) -> None:
    counted = Counted(name, int(runs), Path(report))
    atheris.Setup([sys.argv[0], *options], counted, custom_mutator=mutator(target(name).seeds))
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
