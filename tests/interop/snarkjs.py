"""Running the pinned node tools: snarkjs, and circom's compiler built for wasm."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"
TIMEOUT_S = 300


@dataclass(frozen=True)
class StepFailed:
    """A step of a batch that threw; `reason` is what it said."""

    reason: str


class Tool:
    """The tools, run in one working directory; circom2 reads files below that directory only."""

    def __init__(self, node: str, directory: Path) -> None:
        self.node, self.directory = node, directory

    def snarkjs(self, *arguments: str, fails: bool = False) -> str:
        """What `snarkjs ARGUMENTS` prints; it must succeed, or fail where `fails` says so."""
        return self._run(MODULES / "snarkjs" / "build" / "cli.cjs", arguments, fails)

    def circom(self, source: str, name: str) -> tuple[bytes, Path]:
        """Compile a circuit: the .r1cs, beside it the .sym, and the wasm that computes its witnesses."""
        (self.directory / f"{name}.circom").write_text(source)
        library = self.directory / "circomlib"
        if not library.exists():  # a link would lead out of what the wasm compiler can see
            shutil.copytree(MODULES / "circomlib" / "circuits", library / "circuits")
        self._run(MODULES / "circom2" / "cli.js", (f"{name}.circom", "--r1cs", "--wasm", "--sym"), False)
        return (self.directory / f"{name}.r1cs").read_bytes(), self.directory / f"{name}_js" / f"{name}.wasm"

    def batch(self, steps: list[list[str]]) -> list[Any]:
        """The results of many steps (see `batch.cjs`) done in one process: what each gives, or a `StepFailed`."""
        self.write("job.json", steps)
        self._run(HERE / "batch.cjs", ("job.json", "result.json"), False)
        results = self.read_json("result.json")
        assert len(results) == len(steps)
        return [StepFailed(result["error"]) if "error" in result else result.get("value") for result in results]

    def write(self, name: str, data: bytes | dict[str, Any] | list[Any]) -> str:
        """Put a file into the working directory; returns its name."""
        if not isinstance(data, bytes):
            data = json.dumps(data).encode()
        (self.directory / name).write_bytes(data)
        return name

    def read(self, name: str) -> bytes:
        return (self.directory / name).read_bytes()

    def read_json(self, name: str) -> Any:
        return json.loads(self.read(name))

    def _run(self, script: Path, arguments: tuple[str, ...], fails: bool) -> str:
        done = subprocess.run(
            [self.node, str(script), *arguments],
            cwd=self.directory,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            env={**os.environ, "NO_COLOR": "1"},
            check=False,
        )
        output = done.stdout + done.stderr
        assert (done.returncode != 0) == fails, f"{script.name} {' '.join(arguments)}: {done.returncode}\n{output}"
        return output
