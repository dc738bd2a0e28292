"""Replaying test vectors: each file of a directory, on each engine, held against the outcome it promises.

The format is described in `vectors/README.md`. A vector file is JSON with a `kind`; each of its cases expects "ok" or
the code of the error that must be raised.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zkmargin.algebra import (
    Engine,
    MerkleTree,
    ZkMarginError,
    get_engine,
    keccak256,
    load_json,
    scalars_from_bytes,
    scalars_to_bytes,
)
from zkmargin.circuits import WitnessProgram, check_witness
from zkmargin.circuits.formats import read_r1cs
from zkmargin.circuits.margin import compile_margin
from zkmargin.prover import Claim
from zkmargin.verifier import Context, Proof, Terms, Verifier, VerifyingKey, read_public_signals, target_digest

from .account_document import AccountDocument, read_secret
from .credit_document import CreditRequest
from .errors import DocumentError, VectorMismatch
from .fields import Fields
from .risk_document import RiskDocument

FORMAT = "zkmargin.vectors/1"
OK = "ok"
MAX_FILE_BYTES = 8 << 20
MAX_FILES = 256


@dataclass
class Summary:
    """What a run found; a failure is one line that names file, case, engine and what differs."""

    passed: int = 0
    failures: list[str] = field(default_factory=list)


def run_vectors(directory: Path, engine_names: Sequence[str], report: Callable[[str], None] | None = None) -> Summary:
    """Replay every `*.json` below `directory` on each engine; `report` gets a line per file and engine."""
    summary = Summary()
    for path in vector_files(directory):
        name = path.relative_to(directory).as_posix()
        document = read_vector_file(path)
        for engine_name in engine_names:
            before = summary.passed
            problems = _run_file(document, get_engine(engine_name), summary)
            summary.failures += [f"{name} [{engine_name}] {problem}" for problem in problems]
            if report is not None:
                report(f"{name} [{engine_name}]: {summary.passed - before} passed, {len(problems)} failed")
    return summary


def vector_files(directory: Path) -> list[Path]:
    """The vector files of a directory in a fixed order; none at all is an error, or a typing slip would pass."""
    found = sorted(directory.rglob("*.json"))
    if not found or len(found) > MAX_FILES:
        raise DocumentError("vectors", str(directory), f"holds {len(found)} vector files; 1 to {MAX_FILES} can be run")
    return found


def read_vector_file(path: Path) -> dict[str, Any]:
    """One vector file, its header checked."""
    with path.open("rb") as file:
        data = file.read(MAX_FILE_BYTES + 1)
    document = load_json(data, path.name, max_bytes=MAX_FILE_BYTES)
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise DocumentError(path.name, "format", f"is not {FORMAT!r}")
    if document.get("kind") not in RUNNERS:
        raise DocumentError(path.name, "kind", f"is unknown; there are {', '.join(RUNNERS)}")
    if not isinstance(document.get("cases"), list) or not document["cases"]:
        raise DocumentError(path.name, "cases", "is not a list with at least one case")
    return document


def _run_file(document: dict[str, Any], engine: Engine, summary: Summary) -> list[str]:
    """Run each case; the problems found, one line each."""
    run, problems = RUNNERS[document["kind"]], []
    for number, case in enumerate(document["cases"]):
        fields = Fields(case, "case", f"cases[{number}]")
        name, expected = fields.text("name", max_length=200), fields.take("expect", OK)
        try:
            _run_case(run, document, fields, engine, expected)
        except VectorMismatch as mismatch:
            problems.append(f"{name}: {mismatch}")
        else:
            summary.passed += 1
    return problems


def _run_case(
    run: Callable[[dict[str, Any], Fields, Engine], None],
    document: dict[str, Any],
    fields: Fields,
    engine: Engine,
    expected: str,
) -> None:
    try:
        run(document, fields, engine)
    except VectorMismatch:
        raise
    except ZkMarginError as problem:
        if problem.code != expected:
            raise VectorMismatch("outcome", expected, f"{problem.code} ({problem})") from None
    else:
        if expected != OK:
            raise VectorMismatch("outcome", expected, OK)


def _same(what: str, expected: object, found: object) -> None:
    if expected != found:
        raise VectorMismatch(what, expected, found)


def _run_poseidon(document: dict[str, Any], case: Fields, engine: Engine) -> None:
    inputs = case.elements("inputs")
    digest = engine.poseidon(scalars_to_bytes(inputs), len(inputs))
    _same("digest", case.element("digest"), scalars_from_bytes(digest)[0])


def _run_keccak(document: dict[str, Any], case: Fields, engine: Engine) -> None:
    text = case.take("hex")
    _same("digest", case.take("digest"), keccak256(bytes.fromhex(text)).hex())


def _run_merkle(document: dict[str, Any], case: Fields, engine: Engine) -> None:
    tree = MerkleTree(case.integer("depth", 1, 33), case.elements("leaves"), engine)
    _same("root", case.element("root"), tree.root)
    _same("path", case.elements("path"), list(tree.path(case.integer("index", 0, 1 << 32))))


def _run_public_inputs(document: dict[str, Any], case: Fields, engine: Engine) -> None:
    """The digests that the target chain computes for itself."""
    target = target_digest(
        case.integer("target_chain_id", 0, 1 << 64), case.take("ledger"), case.hex_bytes("circuit_digest", 32)
    )
    _same("target", case.element("target"), target)
    terms = Terms(
        case.integer("credit_e8", 0, 1 << 80),
        case.integer("horizon_ms", 0, 1 << 80),
        case.integer("sequence", 0, 1 << 80),
    )
    _same("terms", case.element("terms"), terms.pack())
    context = Context(
        source_chain_ids=tuple(case.integer_list("source_chain_ids", 0, 1 << 64)),
        beneficiary=case.hex_bytes("beneficiary", 20),
        settlement_id=case.hex_bytes("settlement_id", 32),
        expiry_ms=case.integer("expiry_ms", 0, 1 << 64),
        oracle_time_ms=case.integer("oracle_time_ms", 0, 1 << 64),
    )
    _same("context", case.element("context"), context.digest())


def _run_circuit(document: dict[str, Any], case: Fields, engine: Engine) -> None:
    """A circuit and inputs; the witness they give must satisfy it, and must not once `tampered` wires are changed."""
    r1cs = read_r1cs(bytes.fromhex(document["r1cs"]))
    _same("circuit digest", document["circuit_digest"], r1cs.digest().hex())
    program = WitnessProgram.from_bytes(bytes.fromhex(document["program"]))
    witness = scalars_from_bytes(program.run(scalars_to_bytes(case.elements("inputs")), engine))
    _same("witness", case.take("witness"), keccak256(scalars_to_bytes(witness)).hex())
    for wire, value in case.take("tampered", {}).items():
        witness[int(wire)] = int(value)
    check_witness(r1cs, scalars_to_bytes(witness), engine=engine)


def _run_proof(document: dict[str, Any], case: Fields, engine: Engine) -> None:
    """A key (the file's, or the case's own), public inputs and a proof, as text, since malformed text is a case too."""
    key = VerifyingKey.from_json(case.take("verification_key", document["verification_key"]))
    verifier = Verifier(key, engine=engine, allow_development=document["allow_development"])
    public = read_public_signals(case.take("public"))
    verifier.verify(public, Proof.from_json(case.take("proof")))


def _run_margin(document: dict[str, Any], case: Fields, engine: Engine) -> None:
    """The whole path of one claim: documents, plain rules, public inputs, witness, constraints, proof."""
    risk = RiskDocument.from_json(_text(case, "risk"))
    request = CreditRequest.from_json(_text(case, "request"))
    circuit = compile_margin(risk.shape)
    _same("circuit digest", document["circuit_digest"], circuit.digest.hex())
    context = request.context(risk.oracle_time_ms)
    claim = Claim(
        shape=risk.shape,
        secret=read_secret(_text(case, "secret")),
        openings=AccountDocument.from_json(_text(case, "account"), risk).openings,
        table=risk.table,
        target=request.target(circuit.digest),
        credit_e8=request.credit_e8,
        horizon_ms=request.horizon_ms(risk.oracle_time_ms),
        context=context.digest(),
    )
    witness = circuit.witness(claim.circuit_inputs(), engine=engine)
    circuit.check(witness, engine=engine)
    public = case.elements("public")
    _same("public inputs", public, claim.public_inputs().signals())
    key = VerifyingKey.from_json(document["verification_key"])
    Verifier(key, engine=engine, allow_development=True).verify(public, Proof.from_json(case.take("proof")))


def _text(case: Fields, name: str) -> str:
    """An embedded document, as the text that its own reader takes."""
    return json.dumps(case.take(name))


RUNNERS: dict[str, Callable[[dict[str, Any], Fields, Engine], None]] = {
    "poseidon": _run_poseidon,
    "keccak": _run_keccak,
    "merkle": _run_merkle,
    "public-inputs": _run_public_inputs,
    "circuit": _run_circuit,
    "proof": _run_proof,
    "margin": _run_margin,
}
