"""zksnake's side of the comparison of provers, run by the Python that has it installed: `zksnake_side.py WORD FOLDER`.

It imports nothing of this library. `prepare` times a setup; `serve` makes a key of its own, because the order of a
circuit's columns differs from process to process and a key read from a file would fit no other one.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from zksnake.arithmetization import R1CS
from zksnake.groth16 import Groth16


def main(word: str, folder: Path) -> None:
    r1cs = R1CS.from_file(str(folder.parent / "circuit.r1cs"))
    r1cs.compile()
    scheme = Groth16(r1cs)
    _, figures = timed(scheme.setup)
    say(figures)
    if word == "serve":
        values = _witness(folder.parent, r1cs)
        _serve(scheme, values[: r1cs.n_public], values[r1cs.n_public :])


def _serve(scheme: Any, public: list[int], private: list[int]) -> None:
    proof = None
    for line in sys.stdin:
        if line.strip() == "prove":
            proof, figures = timed(lambda: scheme.prove(public, private))
            require(scheme.verify(proof, public))
        else:
            known = proof
            holds, figures = timed(lambda known=known: scheme.verify(known, public))  # type: ignore[misc]
            require(holds)
        say(figures)


def _witness(folder: Path, r1cs: Any) -> list[int]:
    """In the order of the columns, which are named as zksnake names the wires of a file without symbols."""
    header = (folder / "circuit.r1cs").read_bytes()
    start = 12 + 12 + 4 + 32  # its own files have the header first
    wires, outputs, public, private = (
        int.from_bytes(header[start + i : start + i + 4], "little") for i in (0, 4, 8, 12)
    )
    groups = (("out", outputs), ("pub", public), ("priv", private), ("v", wires - 1 - outputs - public - private))
    names = ["0"] + [f"{name}{i + 1}" for name, count in groups for i in range(count)]
    data = (folder / "witness.wtns").read_bytes()[-32 * wires :]
    values = {name: int.from_bytes(data[32 * i : 32 * i + 32], "little") for i, name in enumerate(names)}
    return [values[name] for name in r1cs.constraint_system.get_witness_vector()]


def require(holds: bool) -> None:
    if not holds:
        raise SystemExit("an own proof was refused")


def timed(step: Callable[[], Any]) -> tuple[Any, dict[str, Any]]:
    start, before = time.perf_counter(), _busy()
    result = step()
    figures = {
        "seconds": time.perf_counter() - start,
        "cpu": _busy() - before,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "version": version("zksnake"),
    }
    return result, figures


def _busy() -> float:
    """With the processes that joblib starts, once they have ended."""
    own, others = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


def say(figures: dict[str, Any]) -> None:
    print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
