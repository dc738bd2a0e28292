"""Replaying test vectors: each file of a directory, on each engine, held against the outcome it promises.

The format is described in `vectors/README.md`. A vector file is JSON with a `kind`; each of its cases expects "ok" or
the code of the error that must be raised. A file is read whole before anything of it runs: one that is malformed is a
`DocumentError` that names file and case, whatever its cases expect.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

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
from zkmargin.verifier import (
    Context,
    Proof,
    RiskAttestation,
    SourceRootAttestation,
    Terms,
    Verifier,
    VerifyingKey,
    read_proof,
    read_public_signals,
    target_digest,
    write_proof,
)

from .account_document import AccountDocument, read_secret
from .credit_document import CreditRequest
from .errors import DocumentError, VectorMismatch
from .fields import Fields
from .risk_document import RiskDocument

T = TypeVar("T")
FORMAT = "zkmargin.vectors/1"
OK = "ok"
MAX_FILE_BYTES = 8 << 20
MAX_FILES = 256
SCENARIOS = "scenarios"
"""A folder of this name holds scenarios of a ledger, which are no vectors: vectors/ledger/README.md."""

Check = Callable[[Engine], None]
"""Runs one case; returns where everything is as the vector says."""


@dataclass(frozen=True)
class Case:
    """One case, read and ready to run."""

    name: str
    expected: str
    check: Check


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
        cases = read_vector_file(path, name)
        for engine_name in engine_names:
            before = summary.passed
            problems = _run_cases(cases, get_engine(engine_name), summary)
            summary.failures += [f"{name} [{engine_name}] {problem}" for problem in problems]
            if report is not None:
                report(f"{name} [{engine_name}]: {summary.passed - before} passed, {len(problems)} failed")
    return summary


def vector_files(directory: Path) -> list[Path]:
    """The vector files of a directory in a fixed order; none at all is an error, or a typing slip would pass."""
    found = sorted(path for path in directory.rglob("*.json") if path.parent.name != SCENARIOS)
    if not found or len(found) > MAX_FILES:
        raise DocumentError("vectors", str(directory), f"holds {len(found)} vector files; 1 to {MAX_FILES} can be run")
    return found


def read_vector_file(path: Path, name: str | None = None) -> list[Case]:
    """The cases of one vector file, each member checked; `name` stands for the file in errors."""
    name = name or path.name
    if not path.is_file():
        raise DocumentError(name, "the file", "is not a regular one")
    with path.open("rb") as file:
        data = file.read(MAX_FILE_BYTES + 1)
    fields = Fields(load_json(data, name, max_bytes=MAX_FILE_BYTES), name)
    fields.expect("format", FORMAT)
    kind = fields.text("kind")
    if kind not in READERS:
        raise fields.fail("kind", f"is unknown; there are {', '.join(READERS)}")
    read = READERS[kind](fields)
    cases = fields.objects("cases", lambda case: _read_case(case, read))
    if not cases:
        raise fields.fail("cases", "is not a list with at least one case")
    fields.done()
    return cases


def _read_case(case: Fields, read: Callable[[Fields], Check]) -> Case:
    expected = case.text("expect") if case.has("expect") else OK
    return Case(case.text("name", max_length=200), expected, read(case))


def _run_cases(cases: Sequence[Case], engine: Engine, summary: Summary) -> list[str]:
    """Run each case; the problems found, one line each."""
    problems = []
    for case in cases:
        try:
            _run_case(case, engine)
        except VectorMismatch as mismatch:
            problems.append(f"{case.name}: {mismatch}")
        else:
            summary.passed += 1
    return problems


def _run_case(case: Case, engine: Engine) -> None:
    try:
        case.check(engine)
    except VectorMismatch:
        raise
    except ZkMarginError as problem:
        if problem.code != case.expected:
            raise VectorMismatch("outcome", case.expected, f"{problem.code} ({problem})") from None
    else:
        if case.expected != OK:
            raise VectorMismatch("outcome", case.expected, OK)


def _same(what: str, expected: object, found: object) -> None:
    if expected != found:
        raise VectorMismatch(what, expected, found)


def _poseidon(common: Fields) -> Callable[[Fields], Check]:
    def read(case: Fields) -> Check:
        inputs, expected = case.elements("inputs"), case.element("digest")

        def check(engine: Engine) -> None:
            digest = engine.poseidon(scalars_to_bytes(inputs), len(inputs))
            _same("digest", expected, scalars_from_bytes(digest)[0])

        return check

    return read


def _poseidon_list(common: Fields) -> Callable[[Fields], Check]:
    def read(case: Fields) -> Check:
        tag, items, expected = case.element("tag"), case.elements("items"), case.element("digest")

        def check(engine: Engine) -> None:
            digest = engine.poseidon_lists(tag, scalars_to_bytes(items), len(items))
            _same("digest", expected, scalars_from_bytes(digest)[0])

        return check

    return read


def _keccak(common: Fields) -> Callable[[Fields], Check]:
    def read(case: Fields) -> Check:
        data, digest = case.hex_text("hex"), case.hex_text("digest")
        return lambda engine: _same("digest", digest.hex(), keccak256(data).hex())

    return read


def _merkle(common: Fields) -> Callable[[Fields], Check]:
    def read(case: Fields) -> Check:
        depth, leaves, index = case.integer("depth", 1, 33), case.elements("leaves"), case.integer("index", 0, 1 << 33)
        arity = case.integer("arity", 0, 1 << 10) if case.has("arity") else 2
        root, siblings = case.element("root"), case.elements("path")

        def check(engine: Engine) -> None:
            tree = MerkleTree(depth, leaves, engine, arity)
            _same("root", root, tree.root)
            _same("path", siblings, list(tree.path(index)))

        return check

    return read


def _public_inputs(common: Fields) -> Callable[[Fields], Check]:
    """The digests that the target chain computes for itself. Numbers beyond a statement's bounds are cases too."""

    def read(case: Fields) -> Check:
        chain_id, ledger = case.integer("target_chain_id", 0, 1 << 80), case.text("ledger", max_length=200)
        circuit_digest = case.hex_bytes("circuit_digest", 32)
        credit, horizon, sequence = (case.integer(name, 0, 1 << 80) for name in ("credit_e8", "horizon_ms", "sequence"))
        source_chain_ids = tuple(case.integer_list("source_chain_ids", 0, 1 << 80))
        beneficiary, settlement_id = case.hex_bytes("beneficiary", 20), case.hex_bytes("settlement_id", 32)
        expiry, oracle_time = case.integer("expiry_ms", 0, 1 << 80), case.integer("oracle_time_ms", 0, 1 << 80)
        target, terms, context = case.element("target"), case.element("terms"), case.element("context")

        def check(engine: Engine) -> None:
            _same("target", target, target_digest(chain_id, ledger, circuit_digest))
            _same("terms", terms, Terms(credit, horizon, sequence).pack())
            found = Context(source_chain_ids, beneficiary, settlement_id, expiry, oracle_time)
            _same("context", context, found.digest())

        return check

    return read


def _attestation(common: Fields) -> Callable[[Fields], Check]:
    """An attestation of either kind: its EIP-712 digest, and whether a quorum of the signers stands behind it."""
    signers = [bytes.fromhex(text.removeprefix("0x")) for text in common.text_list("signers")]
    quorum = common.integer("quorum", 1, 1 << 8)

    def read(case: Fields) -> Check:
        document, digest = case.members("attestation"), case.hex_bytes("digest", 32)

        def check(engine: Engine) -> None:
            kind = SourceRootAttestation if document.get("format") == SourceRootAttestation.format else RiskAttestation
            attestation = kind.from_json(document)
            _same("digest", "0x" + digest.hex(), "0x" + attestation.digest().hex())
            attestation.require_quorum(signers, quorum)

        return check

    return read


def _circuit(common: Fields) -> Callable[[Fields], Check]:
    """A circuit and inputs; the witness they give must satisfy it, and must not once `tampered` wires are changed."""
    circuit_digest = common.hex_text("circuit_digest").hex()
    r1cs = _decoded(common, "r1cs", read_r1cs)
    program = _decoded(common, "program", WitnessProgram.from_bytes)

    def read(case: Fields) -> Check:
        inputs, expected = case.elements("inputs"), case.hex_text("witness").hex()
        tampered = _read_tampered(case, program.n_wires)

        def check(engine: Engine) -> None:
            _same("circuit digest", circuit_digest, r1cs.digest().hex())
            program.require_circuit(r1cs)
            witness = scalars_from_bytes(program.run(scalars_to_bytes(inputs), engine))
            _same("witness", expected, keccak256(scalars_to_bytes(witness)).hex())
            for wire, value in tampered.items():
                witness[wire] = value
            check_witness(r1cs, scalars_to_bytes(witness), engine=engine)

        return check

    return read


def _decoded(common: Fields, name: str, decode: Callable[[bytes], T]) -> T:
    data = common.hex_text(name)
    try:
        return decode(data)
    except ZkMarginError as problem:
        raise common.fail(name, f"cannot be read: {problem}") from None


def _read_tampered(case: Fields, n_wires: int) -> dict[int, int]:
    """Values by wire; keys are canonical decimal numbers of wires that the circuit has."""
    if not case.has("tampered"):
        return {}
    inner = case.inner("tampered")
    found = {}
    for key in inner.names():
        if not key.isascii() or not key.isdecimal() or len(key) > 10 or str(int(key)) != key or int(key) >= n_wires:
            raise inner.fail(key[:40], f"is not the number of a wire below {n_wires}")
        found[int(key)] = inner.element(key)
    return found


def _proof(common: Fields) -> Callable[[Fields], Check]:
    """A key (the file's, or the case's own), public inputs and a proof; what is in them may be malformed on purpose."""
    common_key, allow_development = common.members("verification_key"), common.flag("allow_development")

    def read(case: Fields) -> Check:
        key = case.members("verification_key") if case.has("verification_key") else common_key
        public, proof = case.entries("public"), case.members("proof")

        def check(engine: Engine) -> None:
            verifier = Verifier(VerifyingKey.from_json(key), engine=engine, allow_development=allow_development)
            verifier.verify(read_public_signals(public), Proof.from_json(proof))

        return check

    return read


def _proof_form(common: Fields) -> Callable[[Fields], Check]:
    """One proof in one of its forms, which must be read as the file's proof and written back to the byte."""
    proof, public = common.members("proof"), tuple(common.elements("public"))

    def read(case: Fields) -> Check:
        form, data = case.text("form"), case.hex_text("bytes")

        def check(engine: Engine) -> None:
            found = read_proof(data, form, engine=engine)
            _same("proof", proof, found.proof.to_json())
            _same("public inputs", public, found.public_inputs or public)
            _same("bytes", data.hex(), write_proof(found, form, engine=engine).hex())

        return check

    return read


def _margin(common: Fields) -> Callable[[Fields], Check]:
    """The whole path of one claim: documents, plain rules, public inputs, witness, constraints, proof."""
    circuit_digest, n_constraints = common.hex_text("circuit_digest").hex(), common.integer("constraints", 0, 1 << 32)
    key = common.members("verification_key")

    def read(case: Fields) -> Check:
        risk_text, account_text, secret_text, request_text = (
            json.dumps(case.members(name)) for name in ("risk", "account", "secret", "request")
        )
        public, proof = case.elements("public"), case.members("proof")

        def check(engine: Engine) -> None:
            risk, request = RiskDocument.from_json(risk_text), CreditRequest.from_json(request_text)
            circuit = compile_margin(risk.shape)
            _same("circuit digest", circuit_digest, circuit.digest.hex())
            _same("constraints", n_constraints, circuit.r1cs.n_constraints)
            context = request.context(risk.oracle_time_ms)
            claim = Claim(
                shape=risk.shape,
                secret=read_secret(secret_text),
                openings=AccountDocument.from_json(account_text, risk).openings,
                table=risk.table,
                target=request.target(circuit.digest),
                credit_e8=request.credit_e8,
                horizon_ms=request.horizon_ms(risk.oracle_time_ms),
                context=context.digest(),
            )
            witness = circuit.witness(claim.circuit_inputs(), engine=engine)
            circuit.check(witness, engine=engine)
            _same("public inputs", public, claim.public_inputs().signals())
            verifier = Verifier(VerifyingKey.from_json(key), engine=engine, allow_development=True)
            verifier.verify(public, Proof.from_json(proof))

        return check

    return read


READERS: dict[str, Callable[[Fields], Callable[[Fields], Check]]] = {
    "poseidon": _poseidon,
    "poseidon-list": _poseidon_list,
    "keccak": _keccak,
    "merkle": _merkle,
    "public-inputs": _public_inputs,
    "attestation": _attestation,
    "circuit": _circuit,
    "proof": _proof,
    "proof-form": _proof_form,
    "margin": _margin,
}
"""Each takes the members common to a file's cases, and gives what reads one case."""
