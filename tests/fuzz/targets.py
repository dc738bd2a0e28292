"""What is fuzzed: every reader of outside bytes on the target chain, and what it feeds; the prover's files beside."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import count
from pathlib import Path
from zlib import crc32

from zkmargin.algebra import EncodingError, Engine, get_engine
from zkmargin.algebra.precompiles import PAIR_BYTES, ec_add, ec_mul, ec_pairing
from zkmargin.verifier import (
    MarginLedger,
    Proof,
    ProofRejected,
    ReadProof,
    Receipt,
    RiskAttestation,
    SettlementRequest,
    SourceRootAttestation,
    Verifier,
    VerifyingKey,
    judge_key,
    read_proof,
    read_public_signals,
    write_proof,
)

from ..verifier.trapdoor import Trapdoor, negate_g1
from ..verifier.world import Clock, World, attestation, root_attestation
from .prover_targets import PROVER_TARGETS
from .verdicts import Accepted, Target

STATEMENT = [5, 9, 7]
"""No zero among them: a point of the key that is multiplied by zero could be any other."""


def _proofs(form: str | None) -> Target:
    """Read in this form, or in the one its contents show, and verified."""
    engine = get_engine()
    trapdoor = Trapdoor(engine, len(STATEMENT))
    proof = trapdoor.forge(STATEMENT)
    other_statement = [5, 9, 8]
    other = trapdoor.forge(other_statement)
    proven = [(STATEMENT, proof), (other_statement, other)]
    # Groth16 proofs can be changed into others of the same statement; (-A, -B, C) is two flipped bits away.
    proven += [(of, replace(each, a=negate_g1(each.a), b=engine.g2_neg(each.b))) for of, each in proven]
    verifier = Verifier(trapdoor.key, engine)

    def check(data: bytes) -> str:
        read = read_proof(data, form)
        public = read.with_public_inputs(None) if read.public_inputs is not None else STATEMENT
        verifier.verify(public, read.proof)
        if (public, read.proof) not in proven:
            raise Accepted(f"a changed proof of {public}")
        return "honest"

    forms = (form,) if form else ("json", "raw", "compressed", "call")
    seeds = [_written(each, name) for name in forms for each in (proof, other)]
    if form is None:
        seeds += [proof.to_hex().encode(), b"0x" + proof.to_calldata().hex().encode()]
    return Target(seeds, check)


def _written(proof: Proof, form: str) -> bytes:
    if form == "json":
        return json.dumps(proof.to_json()).encode()
    return write_proof(ReadProof(proof, form, tuple(STATEMENT)), form)


def _public() -> Target:
    def check(data: bytes) -> str:
        values = read_public_signals(data)
        if read_public_signals(json.dumps([str(value) for value in values])) != values:
            raise Accepted("public inputs that are not what they say")
        return "read"

    return Target([b'["5","0","7"]', b"[]", json.dumps([str((1 << 253) + k) for k in range(9)]).encode()], check)


def _keys() -> Target:
    """Judged, and then used on a proof that the honest key accepts: only the honest key's points may."""
    engine = get_engine()
    trapdoor = Trapdoor(engine, len(STATEMENT), circuit_digest=bytes(range(32)))
    honest, proof = trapdoor.key, trapdoor.forge(STATEMENT)

    def check(data: bytes) -> str:
        key = VerifyingKey.from_json(data)
        judge_key(key, engine=engine)
        if replace(key, circuit_digest=honest.circuit_digest) == honest:
            return "honest"
        Verifier(key, engine).verify(STATEMENT, proof)
        raise Accepted("a proof under a changed key")

    other = replace(honest, circuit_digest=None, development=True)
    return Target([json.dumps(key.to_json()).encode() for key in (honest, other)], check)


def _requests() -> Target:
    """What is read is written and read back the same, with the same digest."""
    request = World(get_engine()).request()

    def check(data: bytes) -> str:
        read = SettlementRequest.from_json(data)
        again = SettlementRequest.from_json(json.dumps(read.to_json()))
        if (again, again.digest()) != (read, read.digest()):
            raise Accepted("a request that changes when it is written")
        read.named_inputs()
        return "honest" if read == request else "read"

    return Target(_spellings(request), check)


def _spellings(request: SettlementRequest) -> list[bytes]:
    document = request.to_json()
    hexadecimal = {**document, "proof": request.proof.to_hex()}
    return [json.dumps(value).encode() for value in (document, hexadecimal)]


class _Box:
    """A ledger that is made anew whenever it has accepted something, so that what follows gets as far."""

    def __init__(self, prepared: bool) -> None:
        self._world = World(get_engine())
        self._folder = tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
        self._prepared = prepared
        self._numbers = count()
        self.renew()

    def renew(self) -> None:
        path = Path(self._folder.name) / f"{next(self._numbers)}.sqlite"
        earlier = getattr(self, "ledger", None)
        self.ledger: MarginLedger = self._world.open(path, clock=Clock(), prepared=self._prepared)
        if earlier is not None:
            earlier.close()
            for left in Path(self._folder.name).glob(f"{int(path.stem) - 1}.sqlite*"):
                left.unlink()


def _attestations() -> Target:
    """Handed to a ledger that knows the signers."""
    box = _Box(prepared=False)
    honest = (attestation(), root_attestation(9, 4242))

    def check(data: bytes) -> str:
        is_risk = b"risk_root" in data
        read = RiskAttestation.from_json(data) if is_risk else SourceRootAttestation.from_json(data)
        if isinstance(read, RiskAttestation):
            box.ledger.attest_risk_root(read)
        else:
            box.ledger.attest_source_root(read)
        box.renew()
        said = [replace(each, signatures=()) for each in honest]
        if replace(read, signatures=()) not in said or len(set(read.signatures)) < 2:
            raise Accepted("what no quorum has signed")
        return "honest"

    return Target([json.dumps(each.to_json()).encode() for each in honest], check)


def _consistent(request: SettlementRequest) -> SettlementRequest:
    """With the context and terms that the request says among its public inputs: this gets past the first checks."""
    inputs = replace(request.named_inputs(), context=request.context.digest(), terms=request.terms.pack())
    return replace(request, public_inputs=tuple(inputs.signals()))


def _in_a_batch(ledger: MarginLedger, request: SettlementRequest, forged: SettlementRequest) -> Receipt:
    """Twice in one batch, a false proof between: the same answer both times, and none for that."""
    first, between, second = ledger.accept_many([request, forged, request])
    if not isinstance(between, ProofRejected):
        raise Accepted(f"a false proof in a batch: {between}")
    if isinstance(first, Receipt) and first == second:
        return first
    if isinstance(first, Receipt) or isinstance(second, Receipt) or type(first) is not type(second):
        raise Accepted(f"a request that is answered in two ways: {first}, {second}")
    raise first


def _ledger() -> Target:
    """Whole requests to a ledger, alone and in batches: what it credits must be what an honest request says, whatever
    its proof's bytes."""
    box = _Box(prepared=True)
    world = World(get_engine())
    honest = [world.request(number, credit=number) for number in (1, 2, 3)]
    said = {(request.context, request.terms, request.public_inputs) for request in honest}
    forged = replace(world.request(4), proof=honest[0].proof)
    runs = count(1)

    def check(data: bytes) -> str:
        request = SettlementRequest.from_json(data)
        choice = crc32(data)
        if choice & 1:
            request = _consistent(request)
        if next(runs) % 2_000 == 0:
            box.renew()
        receipt = _in_a_batch(box.ledger, request, forged) if choice & 2 else box.ledger.accept(request)
        box.renew()
        if (request.context, request.terms, request.public_inputs) not in said:
            raise Accepted(f"a credit of {receipt.credit_e8} that nobody has proven")
        return "honest"

    return Target([seed for request in honest for seed in _spellings(request)], check)


OPERATIONS: tuple[Callable[[Engine, bytes], object], ...] = (
    lambda engine, data: engine.g1_decompress(data),
    lambda engine, data: engine.g2_decompress(data),
    lambda engine, data: engine.g1_compress(data),
    lambda engine, data: engine.g2_compress(data),
    lambda engine, data: ec_add(data, engine),
    lambda engine, data: ec_mul(data, engine),
    lambda engine, data: ec_pairing(data[:PAIR_BYTES], engine),
)


def _engines() -> Target:
    """Points from outside, on both engines: the same answer or the same error. The first byte says what is done."""
    proof = Trapdoor(get_engine(), len(STATEMENT)).forge(STATEMENT)
    compressed, call = proof.to_compressed(), proof.to_calldata()
    honest = (
        compressed[:32],
        compressed[32:96],
        proof.a + proof.c,
        proof.b,
        call[:64] + call[192:],
        call[:96],
        call[:192],
    )

    def check(data: bytes) -> str:
        operation, rest = OPERATIONS[data[0] % len(OPERATIONS) if data else 0], data[1:]
        found, expected = (_outcome(engine, operation, rest) for engine in (get_engine(), get_engine("reference")))
        if found != expected:
            raise Accepted(f"the engines disagree: {found} and {expected}")
        if isinstance(found, bytes):
            return "read"
        raise EncodingError(str(found))

    return Target([bytes([place]) + data for place, data in enumerate(honest)], check)


def _outcome(engine: Engine, operation: Callable[[Engine, bytes], object], data: bytes) -> object:
    try:
        return operation(engine, data)
    except EncodingError as problem:
        return type(problem).__name__  # which of several bad points it names is left to the engine


def _planted() -> Target:
    """A reader with two faults, to see that they are found: it crashes on one byte, and believes another."""

    def check(data: bytes) -> str:
        if data[:1] == b"{":
            return "read"
        if b"\x80" in data:
            raise ZeroDivisionError
        if len(data) != 4:
            raise Accepted("anything")
        return "honest"

    return Target([b"seed"], check)


TARGETS: dict[str, Callable[[], Target]] = {
    "proof-raw": lambda: _proofs("raw"),
    "proof-compressed": lambda: _proofs("compressed"),
    "proof-calldata": lambda: _proofs("calldata"),
    "proof-json": lambda: _proofs("json"),
    "proof-call": lambda: _proofs("call"),
    "proof-any": lambda: _proofs(None),
    "public-inputs": _public,
    "engines": _engines,
    "key": _keys,
    "request": _requests,
    "attestation": _attestations,
    "ledger": _ledger,
    **PROVER_TARGETS,
}
PLANTED = "planted"


@cache
def target(name: str) -> Target:
    return (TARGETS | {PLANTED: _planted})[name]()
