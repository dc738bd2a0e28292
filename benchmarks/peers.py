"""The three sides of the comparison, each in processes of its own: a job goes in as JSON, figures come out as JSON.

A peer runs in every mode that could be its best one (`modes`), and the tables show them all, so that none is judged by
a weak setting.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Protocol

from zkmargin.algebra.poseidon import MAX_INPUTS, poseidon_parameters
from zkmargin.circuits import check_witness
from zkmargin.circuits.formats import read_r1cs

from .workloads import Workload

HERE = Path(__file__).parent
NODE_MODULES = HERE.parent / "tests" / "interop" / "node_modules"
TIMEOUT_S = 1800
Job = dict[str, Any]
Figures = dict[str, Any]
Counts = dict[str, int]


class PeerFailed(Exception):
    """A peer's process ended badly; the message holds its last words."""


class Peer(Protocol):
    """One side; `directory` is where it may build what it needs."""

    name: str

    def missing(self) -> str | None:
        """Why it cannot run here, or None."""

    def modes(self, workload: Workload) -> tuple[str, ...]: ...

    def time(self, workload: Workload, size: int, mode: str, job: Job) -> Figures: ...


class Zkmargin:
    """This library, built and run in one Python process."""

    name = "zkmargin"

    def missing(self) -> str | None:
        return None

    def modes(self, workload: Workload) -> tuple[str, ...]:
        return ("default",)

    def time(self, workload: Workload, size: int, mode: str, job: Job) -> Figures:
        task = {**job, "workload": workload.name, "size": size, "started": time.time()}
        return _answer([sys.executable, "-m", "benchmarks.ours"], task, HERE.parent)


class Gnark:
    """gnark through a small Go program, which is compiled once and before the clock."""

    name = "gnark"

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def missing(self) -> str | None:
        return None if shutil.which("go") else "go is not installed"

    def modes(self, workload: Workload) -> tuple[str, ...]:
        hashing = ("plain", "flat", "compressed 10", "compressed 6")
        return hashing if workload.hashes else ("bits", "lookups")

    def time(self, workload: Workload, size: int, mode: str, job: Job) -> Figures:
        task = {
            **job,
            "mode": "time",
            "workload": workload.name,
            "size": size,
            "flat": mode == "flat",
            "compress": int(mode.removeprefix("compressed ")) if mode.startswith("compressed") else 0,
            "lookups": mode == "lookups",
        }
        return self._ask(task)

    def counts(self) -> dict[str, Counts]:
        """Constraints of gnark's gadgets: without and with its lookups."""
        found: dict[str, Counts] = self._ask({"mode": "count"})
        return found

    def _ask(self, task: Job) -> Figures:
        program, parameters = self.directory / "gnark-peer", self.directory / "poseidon.json"
        if not parameters.exists():
            subprocess.run(["go", "build", "-o", str(program), "."], cwd=HERE / "gnark", check=True, timeout=TIMEOUT_S)
            parameters.write_text(json.dumps(_poseidon_parameters()))
        return _answer([str(program)], {**task, "poseidon": str(parameters)}, self.directory)


class Circom:
    """circom's compiler from npm (WebAssembly under node), and the WebAssembly that it makes for the witness."""

    name = "circom"

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def missing(self) -> str | None:
        if shutil.which("node") is None:
            return "node is not installed"
        return None if (NODE_MODULES / "circom2").is_dir() else "circom2 is not installed: run `make interop`"

    def modes(self, workload: Workload) -> tuple[str, ...]:
        return ("--O1", "--O2")

    def time(self, workload: Workload, size: int, mode: str, job: Job) -> Figures:
        name = f"{workload.name}_{size}"
        template = "".join(part.capitalize() for part in workload.name.split("_"))
        shutil.copy(HERE / "circom" / "workloads.circom", self.directory)
        source = 'include "workloads.circom";\n'
        source += f"component main {{public [{workload.public}]}} = {template}({workload.circom_arguments(size)});\n"
        seconds, peak = self.compile(source, name, mode, "--wasm")
        folder = self.directory / f"{name}_js"
        r1cs = read_r1cs((self.directory / f"{name}.r1cs").read_bytes())
        figures: Figures = {
            "build_s": [seconds],
            "build_from_start_s": seconds,
            "build_peak_mb": peak,
            "constraints": r1cs.n_constraints,
            "wires": r1cs.n_wires,
        }
        if job["instances"]:
            witness = self.directory / f"{name}.witness"
            task = {**job, "wasm": str(folder / f"{name}.wasm"), "witness": str(witness), "version": self._version()}
            figures |= _answer(["node", str(HERE / "circom" / "witness.cjs")], task, self.directory)
            check_witness(r1cs, witness.read_bytes())
        return figures

    def compile(self, source: str, name: str, *options: str) -> tuple[float, float]:
        """Compile a main file to NAME.r1cs; seconds and megabytes of the process."""
        library = self.directory / "circomlib"
        if not library.exists():  # the WebAssembly compiler sees only files below its working directory
            shutil.copytree(NODE_MODULES / "circomlib" / "circuits", library / "circuits")
        (self.directory / f"{name}.circom").write_text("pragma circom 2.1.0;\n" + source)
        compiler = str(NODE_MODULES / "circom2" / "cli.js")
        return _process(["node", compiler, f"{name}.circom", "--r1cs", *options], self.directory)

    def _version(self) -> str:
        package = json.loads((NODE_MODULES / "circom2" / "package.json").read_text())
        return f"circom2 {package['version']}"


def _answer(command: list[str], job: Job, cwd: Path) -> Figures:
    try:
        done = subprocess.run(
            command, input=json.dumps(job), capture_output=True, text=True, cwd=cwd, timeout=TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise PeerFailed(f"{command[0]}: more than {TIMEOUT_S} s") from None
    if done.returncode:
        raise PeerFailed(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr[-2000:]}")
    figures: Figures = json.loads(done.stdout)
    return figures


def _process(command: list[str], cwd: Path) -> tuple[float, float]:
    """Seconds and the largest resident size in MB of a process that must succeed."""
    with (cwd / "output").open("w+") as output:
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=cwd, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        spent = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            raise PeerFailed(f"{' '.join(command)}: exit {process.returncode}\n{output.read()[-2000:]}")
    return spent, usage.ru_maxrss / 1024


def _poseidon_parameters() -> dict[int, dict[str, Any]]:
    found = {}
    for width in range(2, MAX_INPUTS + 2):
        p = poseidon_parameters(width)
        found[width] = {
            "full_rounds": p.full_rounds,
            "partial_rounds": p.partial_rounds,
            "constants": p.round_constants,
            "mix": p.mds,
        }
    return found
