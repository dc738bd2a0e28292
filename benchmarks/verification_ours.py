"""This library's side of the comparison of verifiers: a job in as JSON, seconds a proof out, one figure a pass."""

from __future__ import annotations

import json
import resource
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from zkmargin.algebra import get_engine
from zkmargin.verifier import Proof, Verifier, VerifyingKey, read_public_signals


def run(job: dict[str, Any]) -> dict[str, Any]:
    verifier = Verifier(VerifyingKey.from_json(job["key"]))
    items = [(read_public_signals(item["public"]), Proof.from_json(item["proof"])) for item in job["items"]]
    batch = job["batch"]
    passes, busy = [], []
    for _ in range(job["passes"]):
        start, before = time.perf_counter(), time.process_time()
        if batch == 1:
            for public, proof in items:
                verifier.verify(public, proof)
        else:
            for first in range(0, len(items), batch):
                if any(verifier.verify_many(items[first : first + batch])):
                    raise SystemExit("a good proof was refused")
        passes.append((time.perf_counter() - start) / len(items))
        busy.append((time.process_time() - before) / len(items))
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "each_s": passes,
        "cpu_s": busy,
        "version": f"{_version()}, {get_engine().name} engine",
        "peak_mb": peak_mb,
    }


def _version() -> str:
    try:
        return version("zkmargin")
    except PackageNotFoundError:
        return "from the tree"


if __name__ == "__main__":
    json.dump(run(json.load(sys.stdin)), sys.stdout)
