"""`python -m benchmarks.verification`: proofs checked a second, here, in gnark and in arkworks, in one run.

All check proofs of one key with 7 public inputs, that of a margin claim over one venue: one by one, and here in batches
from 1 to 10,000 too. Every side runs in a process of its own, one after the other and then all again; the figures are
medians of the time for one proof.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from zkmargin.algebra import BN254, g1_to_bytes, g2_to_bytes, get_engine, scalars_to_bytes
from zkmargin.verifier import Proof, VerifyingKey, write_public_signals

from .machine import arkworks_flags, describe_machine, load_average
from .tables import markdown_table

HERE = Path(__file__).parent
N_PUBLIC = 7
BATCHES = (1, 4, 16, 64, 256, 1_000, 10_000)
LARGE_BATCHES = (256, 1_000, 10_000)
ONE_BY_ONE = 128
"""Proofs of a pass where each is checked for itself."""
FEW = 1_000
"""Proofs of a pass in small batches."""
TIMEOUT_S = 1800
R = BN254.r


@dataclass
class Side:
    """One way to check proofs: a command that reads a job and writes seconds a proof, one figure a pass."""

    name: str
    what: str
    command: Sequence[str]
    options: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    proofs: int | None = None
    """How many of the proofs it checks in a pass; None for as many as `--proofs` says."""
    each_s: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)
    version: str = ""
    peak_mb: float = 0.0

    def run(self, job: dict[str, Any]) -> None:
        done = subprocess.run(
            self.command,
            input=json.dumps({**job, "items": job["items"][: self.proofs], **self.options}),
            env={**os.environ, **self.environment},
            cwd=HERE.parent,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"{self.name}: exit {done.returncode}\n{done.stderr[-2000:]}")
        figures = json.loads(done.stdout)
        # The first pass meets cold caches.
        self.each_s += figures["each_s"][1:]
        self.cpu_s += figures["cpu_s"][1:]
        self.version = figures["version"]
        self.peak_mb = max(self.peak_mb, figures.get("peak_mb", 0.0))


def forged_proofs(count: int, seed: int = 1) -> tuple[VerifyingKey, list[tuple[list[int], Proof]]]:
    """A key whose secrets are known, and proofs of random statements under it: no circuit is needed to make them."""
    engine, chance = get_engine(), random.Random(seed)
    alpha, beta, gamma, delta, *k = (chance.randrange(1, R) for _ in range(5 + N_PUBLIC))

    def g1(logs: Sequence[int]) -> bytes:
        return engine.g1_multiples(g1_to_bytes([BN254.g1]), scalars_to_bytes(logs))

    def g2(logs: Sequence[int]) -> bytes:
        return engine.g2_multiples(g2_to_bytes([BN254.g2]), scalars_to_bytes(logs))

    statements = [[chance.randrange(R) for _ in range(N_PUBLIC)] for _ in range(count)]
    a, b = ([chance.randrange(1, R) for _ in range(count)] for _ in range(2))
    c = []
    for x, p, q in zip(statements, a, b, strict=True):
        statement = k[0] + sum(s * t for s, t in zip(k[1:], x, strict=True))
        c.append((p * q - alpha * beta - gamma * statement) * pow(delta, -1, R) % R)
    points = zip(_parts(g1(a), 64), _parts(g2(b), 128), _parts(g1(c), 64), strict=True)
    key_g2 = g2([beta, gamma, delta])
    key = VerifyingKey(BN254, g1([alpha]), key_g2[:128], key_g2[128:256], key_g2[256:], g1(k))
    return key, [(x, Proof(*abc)) for x, abc in zip(statements, points, strict=True)]


def _parts(data: bytes, size: int) -> list[bytes]:
    return [data[i : i + size] for i in range(0, len(data), size)]


def _how(batch: int, threads: int) -> str:
    together = "one by one" if batch == 1 else f"{batch:,} together"
    return f"{together}, {threads} thread{'s' * (threads > 1)}"


def sides(directory: Path, proofs: int) -> list[Side]:
    """Those that can run here; a peer is compiled before any clock."""
    ours = [sys.executable, "-m", "benchmarks.verification_ours"]
    found = [
        Side("zkmargin", _how(batch, threads), ours, {"batch": batch}, {"RAYON_NUM_THREADS": str(threads)}, most)
        for threads, batches in ((1, BATCHES), (2, LARGE_BATCHES))
        for batch in batches
        if (most := ONE_BY_ONE if batch == 1 else max(batch, FEW)) <= max(proofs, ONE_BY_ONE)
    ]
    for name, build in (("gnark", _gnark), ("arkworks", _arkworks)):
        peers = build(directory)
        if not peers:
            print(f"without {name}: its compiler is not installed")
        found += peers
    return found


def _gnark(directory: Path) -> list[Side]:
    if shutil.which("go") is None:
        return []
    program = str(directory / "gnark-peer")
    subprocess.run(["go", "build", "-o", program, "."], cwd=HERE / "gnark", check=True, timeout=TIMEOUT_S)
    return [Side("gnark", _how(1, n), [program], {"mode": "verify", "threads": n}, proofs=ONE_BY_ONE) for n in (1, 2)]


def _arkworks(directory: Path) -> list[Side]:
    if shutil.which("cargo") is None:
        return []
    manifest = str(HERE / "arkworks" / "Cargo.toml")
    build = ["cargo", "build", "--release", "--locked", "--manifest-path", manifest]
    target = os.environ.get("ARKWORKS_TARGET", str(directory))
    flags = {"RUSTFLAGS": arkworks_flags()}
    subprocess.run([*build, "--target-dir", target], check=True, timeout=TIMEOUT_S, env={**os.environ, **flags})
    return [Side("arkworks", _how(1, 1), [f"{target}/release/arkworks-peer"], proofs=ONE_BY_ONE)]


def measure(all_sides: Sequence[Side], count: int, passes: int, repeats: int) -> None:
    key, items = forged_proofs(count)
    shown = [{"public": write_public_signals(x), "proof": proof.to_json()} for x, proof in items]
    job = {"key": key.to_json(), "items": shown, "passes": passes + 1}
    for turn in range(repeats):
        for side in all_sides:
            print(f"{side.name} {side.what}, {turn + 1} of {repeats}", flush=True)
            side.run(job)


def write(all_sides: Sequence[Side], count: int, out: Path, load_before: str) -> None:
    ours = all_sides[0].cpu_s
    rows = []
    for side in all_sides:
        each, cpu = median(side.each_s), median(side.cpu_s)
        ratio = median(mine / its for mine, its in zip(ours, side.cpu_s, strict=True))
        figures = (each * 1e6, min(side.each_s) * 1e6, 1 / each, cpu * 1e6, ratio)
        texts = [f"{x:.{n}f}" for x, n in zip(figures, (0, 0, 0, 0, 2), strict=True)]
        rows.append((side.name, side.what, *texts, f"{side.peak_mb:.0f}" if side.peak_mb else ""))
    header = (
        *("side", "how", "median_us", "fastest_us", "proofs_a_second", "processor_us"),
        *("proofs_for_one_of_ours", "peak_mb"),
    )
    with (out / "verification.csv").open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])
    versions = sorted({f"{side.name} {side.version}" for side in all_sides if side.version})
    parts = [
        "# Verification times\n",
        f"Written by `python -m benchmarks.verification`. Groth16 over BN254, {N_PUBLIC} public inputs, up to "
        f"{count:,} different proofs; medians of {len(all_sides[0].each_s)} interleaved passes over all of them. "
        "Checking the proof's points is part of every figure; ours include Python's part, from integers on. "
        "`processor us` is the time on all processors together, which other programs on the machine disturb less; the "
        "column after it compares it with that of ours, one by one, pass by pass. `peak mb` is the most memory of "
        "our whole process, the proofs as Python holds them included.\n",
        "\n".join(f"- {line}" for line in [*describe_machine(), *versions]),
        f"- load average before {load_before}, after {load_average()}\n",
        markdown_table([name.replace("_", " ") for name in header], rows),
    ]
    (out / "verification.md").write_text("\n".join(parts))


def main(arguments: list[str] | None = None, find: Callable[[Path, int], list[Side]] = sides) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.verification", description=__doc__)
    parser.add_argument("--proofs", type=int, default=10_000, help="at most, in a batch")
    parser.add_argument("--passes", type=int, default=2, help="in each process, after one that warms up")
    parser.add_argument("--repeats", type=int, default=4)
    parser.add_argument("--out", type=Path, default=HERE / "results")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    load = load_average()
    with tempfile.TemporaryDirectory() as directory:
        found = find(Path(directory), options.proofs)
        measure(found, options.proofs, options.passes, options.repeats)
    write(found, options.proofs, options.out, load)
    print(f"results are in {options.out}")


if __name__ == "__main__":
    main()
