"""This library's side of the comparison of provers: `python -m benchmarks.proving.ours WORD FOLDER`.

`prepare` makes a development key and writes it as the native `key`, `import` does so from a `.zkey`, `zkey` writes one
for other provers as `key.zkey`, `serve` answers each line it reads, `prove` or `verify`, with a line of JSON, `witness`
does so with witnesses from inputs, `many FOLDER COUNT THREADS` proves a stream, and `check` verifies the proof that a
whole process left. Only this module knows how this library proves.
"""

from __future__ import annotations

import itertools
import json
import resource
import sys
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from zkmargin.algebra import get_engine
from zkmargin.circuits.formats import read_r1cs, read_wtns
from zkmargin.prover import Prover, insecure_setup, read_zkey, write_native_key, write_zkey
from zkmargin.prover.folding import fold
from zkmargin.verifier import Proof, Verifier, VerifyingKey, read_public_signals

from ..ours import peak_mb
from .circuits import ProvenCircuit


def prepare(folder: Path) -> None:
    r1cs = read_r1cs((folder.parent / "circuit.r1cs").read_bytes())
    key, figures = timed(lambda: insecure_setup(r1cs))
    write_native_key(key, folder / "key", replace=True)
    say(figures)


def import_zkey(folder: Path) -> None:
    """What `zkmargin proving-key import` costs: each point checked, the fold of C, the tables, the file."""
    r1cs = read_r1cs((folder.parent / "circuit.r1cs").read_bytes())
    source = folder / "imported.zkey"
    source.write_bytes(write_zkey(insecure_setup(r1cs, folded=False)))

    def make() -> None:
        key = fold(read_zkey(source.read_bytes(), check="full"), r1cs)
        write_native_key(key, folder / "imported", replace=True)

    say(timed(make)[1])
    for name in ("imported", "imported.zkey"):
        (folder / name).unlink()


def zkey(folder: Path) -> None:
    """Without figures: it is no peer's setup."""
    r1cs = read_r1cs((folder.parent / "circuit.r1cs").read_bytes())
    (folder / "key.zkey").write_bytes(write_zkey(insecure_setup(r1cs, folded=False)))
    say({"seconds": 0.0, "cpu": 0.0, "peak_mb": 0.0})


def serve(folder: Path) -> None:
    """Proofs are checked after their clock, by the verifier of a target chain."""
    (prover, witness), figures = timed(lambda: _load(folder))
    say(figures)
    verifier, known = Verifier(prover.verifying_key(), allow_development=True), None
    for line in sys.stdin:
        word = line.strip()
        if word == "prove":
            known, figures = timed(lambda: prover.prove(witness))
            verifier.verify(known[1], known[0])
        else:
            assert known is not None
            proof, public = known
            _, figures = timed(lambda proof=proof, public=public: verifier.verify(public, proof))  # type: ignore[misc]
        say(figures)


def serve_witnesses(folder: Path) -> None:
    """The circuit is built, and the first witness computed, ahead of the clock."""
    circuit, inputs = ProvenCircuit.parse(folder.parent.name).built()
    witness = read_wtns((folder.parent / "witness.wtns").read_bytes())
    _, figures = timed(lambda: circuit.witness(inputs))
    say(figures)
    for _ in sys.stdin:
        made, figures = timed(lambda: circuit.witness(inputs))
        if made != witness:
            raise SystemExit("another witness than that of the files")
        say(figures)


def many(folder: Path, count: str, threads: str) -> None:
    """Seconds a proof, of a stream."""
    prover, witness = _load(folder)
    stream = itertools.repeat(witness, int(count))

    def prove_all() -> list[Any]:
        return list(prover.prove_many(stream, threads=int(threads)))

    outcomes, figures = timed(prove_all)
    verifier = Verifier(prover.verifying_key(), allow_development=True)
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome
        verifier.verify(outcome[1], outcome[0])
    say(figures | {"seconds": figures["seconds"] / len(outcomes), "cpu": figures["cpu"] / len(outcomes)})


def check(folder: Path) -> None:
    """What `zkmargin` or any prover of a `.zkey` left: `proof.json` and `public.json`."""
    key = _verifying_key(folder)
    document = {"curve": "bn128"} | json.loads((folder / "proof.json").read_text())  # rapidsnark leaves the curve out
    proof = Proof.from_json(document)
    public = read_public_signals(json.loads((folder / "public.json").read_text()))
    Verifier(key, allow_development=True).verify(public, proof)
    say({"seconds": 0.0, "cpu": 0.0, "peak_mb": 0.0})


def timed(step: Callable[[], Any]) -> tuple[Any, dict[str, Any]]:
    start, before = time.perf_counter(), time.process_time()
    result = step()
    figures = {
        "seconds": time.perf_counter() - start,
        "cpu": time.process_time() - before,
        "peak_mb": peak_mb() or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "version": _version(),
    }
    return result, figures


def say(figures: dict[str, Any]) -> None:
    print(json.dumps(figures), flush=True)


def _load(folder: Path) -> tuple[Prover, bytes]:
    return Prover.open(folder / "key"), read_wtns((folder.parent / "witness.wtns").read_bytes())


def _verifying_key(folder: Path) -> VerifyingKey:
    if (folder / "key").exists():
        return Prover.open(folder / "key").verifying_key()
    return read_zkey((folder / "key.zkey").read_bytes()).verifying_key()


def _version() -> str:
    engine = get_engine()
    try:
        return f"{version('zkmargin')}, {engine.name} engine"
    except PackageNotFoundError:
        return f"from the tree, {engine.name} engine"


if __name__ == "__main__":
    words: dict[str, Callable[..., None]] = {
        "prepare": prepare,
        "import": import_zkey,
        "zkey": zkey,
        "serve": serve,
        "witness": serve_witnesses,
        "many": many,
        "check": check,
    }
    words[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:])
