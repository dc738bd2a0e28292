"""This library's side of the comparison: one job as JSON on standard input, one result as JSON on standard output."""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from zkmargin.algebra import get_engine
from zkmargin.circuits import CompiledCircuit, UnsatisfiedConstraint, build

from .workloads import WORKLOADS


def measure(job: dict[str, Any]) -> dict[str, Any]:
    workload, size = WORKLOADS[job["workload"]], job["size"]
    builds: list[float] = []
    result: dict[str, Any] = {"version": f"Python {sys.version.split()[0]}, engine {get_engine().name}"}
    for _ in range(job["builds"]):
        circuit = None
        gc.collect()
        start = time.perf_counter()
        circuit = build(workload.circuit, size, name=workload.name)
        assert circuit.program.n_wires  # the program is part of the work, and otherwise put together on first use
        builds.append(time.perf_counter() - start)
        result.setdefault("build_from_start_s", time.time() - job["started"])
        result.setdefault("build_peak_mb", peak_mb())
    assert circuit is not None
    result |= {"build_s": builds, "constraints": circuit.r1cs.n_constraints, "wires": circuit.r1cs.n_wires}
    instances = [
        {name: [int(x) for x in v] if isinstance(v, list) else int(v) for name, v in instance["named"].items()}
        for instance in job["instances"]
    ]
    if not instances:
        return result
    _require_sound(circuit, instances)
    gc.collect()
    reset_peak()
    one: list[float] = []
    checked: list[float] = []
    while len(one) < 3 or (sum(one) < job["seconds"] and len(one) < 200):
        start = time.perf_counter()
        witness = circuit.witness(instances[len(one) % len(instances)])
        one.append(time.perf_counter() - start)
        circuit.check(witness)
        checked.append(time.perf_counter() - start)
    start = time.perf_counter()
    _witnesses(circuit, instances)
    many = (time.perf_counter() - start) / len(instances)
    return result | {
        "one_s": one,
        "one_checked_s": checked,
        "many_s": many,
        "many_count": len(instances),
        "witness_peak_mb": peak_mb(),
    }


def _require_sound(circuit: CompiledCircuit, instances: list[Any]) -> None:
    """Before the clock: every instance must hold, and the first must fail with another public input."""
    for witness in _witnesses(circuit, instances):
        circuit.check(witness)
    name = circuit.input_names[0]
    given = instances[0][name]
    forged = [given[0] + 1, *given[1:]] if isinstance(given, list) else given + 1
    try:
        circuit.check(circuit.witness(instances[0] | {name: forged}))
    except UnsatisfiedConstraint:
        return
    raise AssertionError("a forged public input was accepted")


def _witnesses(circuit: CompiledCircuit, instances: list[Any]) -> list[bytes]:
    """All of them, on all cores."""
    at_once = getattr(circuit, "witnesses", None)
    if at_once is not None:
        return list(at_once(instances))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(circuit.witness, instances))


def peak_mb() -> float:
    """The largest resident size since the start, or since `reset_peak`."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), 0.0)


def reset_peak() -> None:
    if os.access("/proc/self/clear_refs", os.W_OK):
        Path("/proc/self/clear_refs").write_text("5")


if __name__ == "__main__":
    print(json.dumps(measure(json.load(sys.stdin))))
