"""`python -m tests.fuzz TARGET --runs N --max-mb M`: fuzz one target, or all of them one after another.

Each runs in a process of its own under atheris, from seeds that are honest. A crash, a false statement accepted, or
more memory than allowed ends it with exit code 1 and leaves the input in build/fuzz/.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from .targets import PLANTED, TARGETS, target

ROOT = Path(__file__).parents[2]
FOUND = ROOT / "build" / "fuzz"
SLOWEST_RUN_S = 30
COLUMNS = ("target", "runs", "malformed", "refused", "read", "honest", "failures", "memory_peak_mb", "seconds")


def fuzz(name: str, runs: int, max_mb: int, seed: int) -> dict[str, Any]:
    """What the harness counted; `failures` is 0 or 1, for it ends at the first."""
    with tempfile.TemporaryDirectory() as folder:
        corpus, report = Path(folder) / "corpus", Path(folder) / "report.json"
        corpus.mkdir()
        for number, data in enumerate(target(name).seeds):
            (corpus / f"seed-{number}").write_bytes(data)
        FOUND.mkdir(parents=True, exist_ok=True)
        options = [
            str(corpus),
            f"-atheris_runs={runs}",
            f"-seed={seed}",
            f"-rss_limit_mb={max_mb}",
            f"-timeout={SLOWEST_RUN_S}",
            f"-artifact_prefix={FOUND}/{name}-",
            "-max_len=131072",
            "-len_control=0",
            "-print_final_stats=0",
            "-verbosity=0",
        ]
        command = [sys.executable, "-m", "tests.fuzz.harness", name, str(runs), str(report), *options]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        counts: dict[str, Any] = json.loads(report.read_text()) if report.exists() else {"target": name, "runs": 0}
    counts["failures"] = int(done.returncode != 0)
    if done.returncode:
        counts["exit_code"] = done.returncode
        print(done.stdout[-4000:], done.stderr[-2000:], sep="\n", file=sys.stderr)
    return counts


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", choices=[*TARGETS, PLANTED, "all"])
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--max-mb", type=int, default=512)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--csv", type=Path, help="append the counts to this file")
    options = parser.parse_args()
    failures = 0
    for name in TARGETS if options.target == "all" else [options.target]:
        counts = fuzz(name, options.runs, options.max_mb, options.seed)
        failures += counts["failures"]
        print(json.dumps(counts), flush=True)
        if options.csv is not None:
            _append(options.csv, counts)
    return 1 if failures else 0


def _append(path: Path, counts: dict[str, Any]) -> None:
    header = "" if path.exists() else ",".join(COLUMNS) + "\n"
    with path.open("a") as file:
        file.write(header + ",".join(str(counts.get(column, 0)) for column in COLUMNS) + "\n")


if __name__ == "__main__":
    sys.exit(main())
