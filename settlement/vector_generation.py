"""Making the test vectors of `vectors/`: the same bytes every time, from a seed that is public and so proves nothing.

What a case must give is written here by hand; only digests, witnesses and proofs are computed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from zkmargin.algebra import (
    BN254,
    Engine,
    MerkleTree,
    get_engine,
    keccak256,
    poseidon_hash,
    poseidon_list,
    scalars_from_bytes,
    scalars_to_bytes,
)
from zkmargin.circuits import Circuit, CompiledCircuit, assert_at_most, assert_equal, bind, build, select
from zkmargin.circuits.formats import write_r1cs
from zkmargin.circuits.gadgets import is_zero
from zkmargin.circuits.margin import SMALL, Reservation, compile_margin, key_commitment
from zkmargin.prover import AccountTree, Claim, Opening, Prover, ProvingKey, insecure_setup
from zkmargin.verifier import Context, Terms, target_digest

from .account_document import AccountDocument, secret_json
from .book import AccountBook, BookIdentity
from .conformance import FORMAT, OK
from .credit_document import CreditRequest
from .example_market import example_risk_document
from .vector_attestations import attestation_vectors
from .vector_forms import proof_form_vectors

E8 = 10**8
SECRET = 0x5EC2E7
SEED = "zkmargin test vectors 1: anybody can know this, so these keys are worth nothing"


class PublicStream:
    """Numbers below a bound, by hashing a seed with a counter; in place of secret randomness, for vectors only."""

    def __init__(self, seed: str) -> None:
        self._seed = seed.encode()
        self._count = 0

    def below(self, bound: int) -> int:
        self._count += 1
        wide = hashlib.sha512(self._seed + self._count.to_bytes(8, "big")).digest()
        return int.from_bytes(wide, "big") % bound


def generate_vectors(directory: Path) -> list[Path]:
    """Write every vector file below `directory`; the paths written."""
    engine = get_engine()
    proofs = _proofs(engine)
    honest = proofs["cases"][0]
    documents = {
        "algebra/keccak.json": _keccak(),
        "algebra/poseidon.json": _poseidon(),
        "algebra/poseidon_list.json": _poseidon_list(),
        "algebra/merkle.json": _merkle(),
        "statement/public_inputs.json": _public_inputs(),
        "statement/attestations.json": attestation_vectors(),
        "circuits/gadgets.json": _circuit(engine),
        "proofs/groth16.json": proofs,
        "proofs/forms.json": proof_form_vectors(honest["proof"], honest["public"], engine),
        "margin/small.json": _margin(engine),
    }
    written = []
    for name, document in documents.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(".json.tmp")
        beside.write_text(json.dumps({"format": FORMAT} | document, indent=1) + "\n", encoding="utf-8")
        beside.replace(path)
        written.append(path)
    return written


def _strings(values: Any) -> list[str]:
    return [str(value) for value in values]


def _keccak() -> dict[str, Any]:
    messages = {"empty": b"", "abc": b"abc"} | {f"{n} bytes": bytes(range(256))[:n] for n in (135, 136, 137)}
    return {
        "kind": "keccak",
        "cases": [
            {"name": name, "hex": data.hex(), "digest": keccak256(data).hex()} for name, data in messages.items()
        ],
    }


def _poseidon() -> dict[str, Any]:
    lists = {f"1 to {arity}": list(range(1, arity + 1)) for arity in range(1, 17)}
    lists |= {"zero": [0], "largest element": [BN254.r - 1, BN254.r - 1]}
    return {
        "kind": "poseidon",
        "cases": [
            {"name": name, "inputs": _strings(inputs), "digest": str(poseidon_hash(inputs))}
            for name, inputs in lists.items()
        ]
        + [{"name": "too many inputs", "inputs": _strings(range(17)), "digest": "0", "expect": "encoding-error"}],
    }


def _poseidon_list() -> dict[str, Any]:
    lists = {f"{length} items": (7, list(range(1, length + 1))) for length in (1, 2, 15, 16, 17, 21, 32, 33, 100)}
    lists |= {"tag 0": (0, [0]), "largest tag and elements": (2**128 - 1, [BN254.r - 1] * 17)}
    refused = {"empty list": (7, []), "tag of 129 bits": (2**128, [1])}
    return {
        "kind": "poseidon-list",
        "cases": [
            {"name": name, "tag": str(tag), "items": _strings(items), "digest": str(poseidon_list(tag, items))}
            for name, (tag, items) in lists.items()
        ]
        + [
            {"name": name, "tag": str(tag), "items": _strings(items), "digest": "0", "expect": "encoding-error"}
            for name, (tag, items) in refused.items()
        ],
    }


def _merkle() -> dict[str, Any]:
    cases = []
    for depth, count, index in ((1, 1, 0), (1, 2, 1), (4, 5, 4), (16, 3, 2), (32, 7, 6)):
        leaves = list(range(11, 11 + count))
        tree = MerkleTree(depth, leaves)
        cases.append(
            {
                "name": f"depth {depth}, {count} leaves",
                "depth": depth,
                "leaves": _strings(leaves),
                "index": index,
                "root": str(tree.root),
                "path": _strings(tree.path(index)),
            }
        )
    crowded = dict(cases[0], name="more leaves than places", leaves=_strings(range(3)), expect="domain-error")
    wide = [
        _tree_case(*case)
        for case in ((8, 1, 3, 2), (8, 2, 9, 8), (8, 11, 20, 8**11 - 1), (3, 3, 14, 13), (16, 8, 17, 16))
    ]
    too_wide = dict(wide[0], name="17 children a node", arity=17, expect="domain-error")
    too_deep = dict(wide[0], name="more than 2^33 places", depth=12, expect="domain-error")
    return {"kind": "merkle", "cases": [*cases, crowded, *wide, too_wide, too_deep]}


def _tree_case(arity: int, depth: int, count: int, index: int) -> dict[str, Any]:
    """One path of a tree whose leaves are 11 and up."""
    leaves = list(range(11, 11 + count))
    tree = MerkleTree(depth, leaves, arity=arity)
    return {
        "name": f"{arity} children, depth {depth}, {count} leaves",
        "arity": arity,
        "depth": depth,
        "leaves": _strings(leaves),
        "index": index,
        "root": str(tree.root),
        "path": _strings(tree.path(index)),
    }


def _public_inputs() -> dict[str, Any]:
    terms, context = Terms(20_000 * E8, 3_600_000, 5), _example_context((1001,))
    digest = bytes(range(32))
    case = {
        "name": "one source chain",
        "target_chain_id": 2002,
        "ledger": "beta-margin",
        "circuit_digest": "0x" + digest.hex(),
        "target": str(target_digest(2002, "beta-margin", digest)),
        "credit_e8": terms.credit_e8,
        "horizon_ms": terms.horizon_ms,
        "sequence": terms.sequence,
        "terms": str(terms.pack()),
        "source_chain_ids": [1001],
        "beneficiary": "0x" + context.beneficiary.hex(),
        "settlement_id": "0x" + context.settlement_id.hex(),
        "expiry_ms": context.expiry_ms,
        "oracle_time_ms": context.oracle_time_ms,
        "context": str(context.digest()),
    }
    netted = _example_context((1001, 1002, 1003))
    largest = Terms(2**64 - 1, 2**40 - 1, 2**64 - 1)
    return {
        "kind": "public-inputs",
        "cases": [
            case,
            case | {"name": "three chains", "source_chain_ids": [1001, 1002, 1003], "context": str(netted.digest())},
            case
            | {
                "name": "largest terms",
                "credit_e8": 2**64 - 1,
                "horizon_ms": 2**40 - 1,
                "sequence": 2**64 - 1,
                "terms": str(largest.pack()),
            },
            case | {"name": "credit of 65 bits", "credit_e8": 2**64, "expect": "statement-error"},
            case | {"name": "horizon of 41 bits", "horizon_ms": 2**40, "expect": "statement-error"},
            case | {"name": "no source chain", "source_chain_ids": [], "expect": "statement-error"},
        ],
    }


def _example_context(chains: tuple[int, ...]) -> Context:
    return Context(
        source_chain_ids=chains,
        beneficiary=bytes(range(1, 21)),
        settlement_id=bytes(range(32)),
        expiry_ms=1_800_003_600_000,
        oracle_time_ms=1_800_000_000_000,
    )


def gadget_circuit(c: Circuit) -> None:
    """Range check, comparison, zero test, select."""
    limit = c.public("limit", bits=8)
    chosen = c.public("chosen")
    value = c.private("value", bits=8)
    assert_at_most(value, limit)
    assert_equal(chosen, select(is_zero(value), limit, value))


def _circuit(engine: Engine) -> dict[str, Any]:
    circuit = build(gadget_circuit, name="gadgets")

    def case(name: str, limit: int, value: int, expect: str = OK) -> dict[str, Any]:
        inputs = [limit, value or limit, value]
        witness = circuit.program.run(scalars_to_bytes(inputs), engine)
        return {"name": name, "inputs": _strings(inputs), "witness": keccak256(witness).hex(), "expect": expect}

    honest = case("below the limit", 200, 7)
    wires = scalars_from_bytes(circuit.program.run(scalars_to_bytes([int(v) for v in honest["inputs"]]), engine))
    liars = [
        honest
        | {
            "name": f"wire {wire} is one more",
            "tampered": {str(wire): str((value + 1) % BN254.r)},
            "expect": "unsatisfied-constraint",
        }
        for wire, value in enumerate(wires)
        if wire > 0
    ]
    return {
        "kind": "circuit",
        "circuit_digest": circuit.digest.hex(),
        "r1cs": write_r1cs(circuit.r1cs).hex(),
        "program": circuit.program.to_bytes().hex(),
        "cases": [
            honest,
            case("at the limit", 200, 200),
            case("zero selects the limit", 9, 0),
            case("above the limit", 200, 201, "unsatisfied-constraint"),
            case("value of nine bits", 255, 256, "unsatisfied-constraint"),
            *liars,
        ],
    }


def _product(c: Circuit) -> None:
    """Two public inputs, one of which stands in no rule and is only bound."""
    product, note = c.public("product"), c.public("note")
    assert_equal(product, c.private("a") * c.private("b"))
    bind(note)


def _proofs(engine: Engine) -> dict[str, Any]:
    stream = PublicStream(SEED + " proofs")
    circuit = build(_product, name="product")
    key = insecure_setup(circuit.r1cs, engine, stream.below)
    prover = Prover(key, engine)

    def prove(product: int, note: int, a: int, b: int) -> tuple[dict[str, Any], list[str]]:
        witness = circuit.witness({"product": product, "note": note, "a": a, "b": b}, engine=engine)
        proof, public = prover.prove_with_known_randomness(witness, stream.below(BN254.r), stream.below(BN254.r))
        return proof.to_json(), _strings(public)

    proof, public = prove(35, 2, 5, 7)
    again, _ = prove(35, 2, 5, 7)
    verifying_key = key.verifying_key().to_json()
    return {
        "kind": "proof",
        "allow_development": True,
        "verification_key": verifying_key,
        "cases": [
            {"name": "a proof", "public": public, "proof": proof},
            {"name": "another proof of the same", "public": public, "proof": again},
            {"name": "A and B negated", "public": public, "proof": _negated(proof)},
            *_false_or_malformed(public, proof),
            *_bad_keys(public, proof, verifying_key),
        ],
    }


def _negated(proof: dict[str, Any]) -> dict[str, Any]:
    """(-A, -B, C): verifies by nature of the equation; replay is the nullifier's to stop."""
    a, b = proof["pi_a"], proof["pi_b"]
    return proof | {
        "pi_a": [a[0], str(BN254.q - int(a[1])), a[2]],
        "pi_b": [b[0], [str(BN254.q - int(part)) for part in b[1]], b[2]],
    }


def _false_or_malformed(public: list[str], proof: dict[str, Any]) -> Iterator[dict[str, Any]]:
    a, b, c = proof["pi_a"], proof["pi_b"], proof["pi_c"]
    zero = ["0", "1", "0"]
    yield {"name": "another product", "public": ["36", public[1]], "proof": proof, "expect": "invalid-proof"}
    yield {"name": "another note", "public": [public[0], "3"], "proof": proof, "expect": "invalid-proof"}
    yield {
        "name": "A and C swapped",
        "public": public,
        "proof": proof | {"pi_a": c, "pi_c": a},
        "expect": "invalid-proof",
    }
    too_large = str(int(public[0]) + BN254.r)
    yield {
        "name": "public input plus r",
        "public": [too_large, public[1]],
        "proof": proof,
        "expect": "public-input-error",
    }
    yield {
        "name": "public input minus r",
        "public": [str(35 - BN254.r), public[1]],
        "proof": proof,
        "expect": "encoding-error",
    }
    yield {"name": "one public input", "public": public[:1], "proof": proof, "expect": "public-input-count"}
    yield {"name": "three public inputs", "public": [*public, "0"], "proof": proof, "expect": "public-input-count"}
    yield {"name": "no public input", "public": [], "proof": proof, "expect": "public-input-count"}
    yield {"name": "A at infinity", "public": public, "proof": proof | {"pi_a": zero}, "expect": "point-error"}
    off = [a[0], str(int(a[1]) ^ 1), a[2]]
    yield {"name": "A off the curve", "public": public, "proof": proof | {"pi_a": off}, "expect": "point-error"}
    raised = [str(int(a[0]) + BN254.q), a[1], a[2]]
    yield {"name": "coordinate plus q", "public": public, "proof": proof | {"pi_a": raised}, "expect": "point-error"}
    scaled = [str(int(a[0]) * 4 % BN254.q), str(int(a[1]) * 8 % BN254.q), "2"]
    yield {
        "name": "projective point scaled",
        "public": public,
        "proof": proof | {"pi_a": scaled},
        "expect": "point-error",
    }
    limbs = [[b[0][1], b[0][0]], [b[1][1], b[1][0]], b[2]]
    yield {"name": "limbs of B swapped", "public": public, "proof": proof | {"pi_b": limbs}, "expect": "point-error"}
    twist = [["2", "0"], _twist_y(), ["1", "0"]]
    yield {
        "name": "B outside the subgroup",
        "public": public,
        "proof": proof | {"pi_b": twist},
        "expect": "point-error",
    }


def _twist_y() -> list[str]:
    """A y for x = 2 on the twist, so that (2, y) is on it but outside the subgroup of order r."""
    q = BN254.q
    c0, c1 = (8 + BN254.g2_b[0]) % q, BN254.g2_b[1]
    norm = pow(c0 * c0 + c1 * c1, (q + 1) // 4, q)
    for root in (norm, q - norm):
        half = (c0 + root) * pow(2, -1, q) % q
        y0 = pow(half, (q + 1) // 4, q)
        if y0 * y0 % q == half:
            return [str(y0), str(c1 * pow(2 * y0, -1, q) % q)]
    raise ArithmeticError("no point of the twist has x = 2")


def _bad_keys(public: list[str], proof: dict[str, Any], key: dict[str, Any]) -> Iterator[dict[str, Any]]:
    ic = key["IC"]
    g2 = [[str(v) for v in BN254.g2[0]], [str(v) for v in BN254.g2[1]], ["1", "0"]]
    yield {
        "name": "an IC point at infinity",
        "public": public,
        "proof": proof,
        "verification_key": key | {"IC": [ic[0], ["0", "1", "0"], ic[2]]},
        "expect": "point-error",
    }
    changes: dict[str, dict[str, Any]] = {
        "gamma equal to delta": {"vk_gamma_2": key["vk_delta_2"]},
        "delta is the generator": {"vk_delta_2": g2},
        "an IC point repeated": {"IC": [ic[0], ic[1], ic[1]]},
    }
    for name, change in changes.items():
        yield {
            "name": name,
            "public": public,
            "proof": proof,
            "verification_key": key | change,
            "expect": "key-rejected",
        }


def _margin(engine: Engine) -> dict[str, Any]:
    stream = PublicStream(SEED + " margin")
    circuit = compile_margin(SMALL)
    key = insecure_setup(circuit.r1cs, engine, stream.below)
    opening = _example_opening(circuit, stream)
    return {
        "kind": "margin",
        "circuit_digest": circuit.digest.hex(),
        "constraints": circuit.r1cs.n_constraints,
        "verification_key": key.verifying_key().to_json(),
        "cases": list(_margin_cases(circuit, key, opening, stream, engine)),
    }


def _example_request() -> CreditRequest:
    context = _example_context((1001,))
    return CreditRequest(
        target_chain_id=2002,
        ledger="beta-margin",
        credit_e8=20_000 * E8,
        quote="USD",
        source_chain_ids=context.source_chain_ids,
        beneficiary=context.beneficiary,
        settlement_id=context.settlement_id,
        expiry_ms=context.expiry_ms,
        route_latency_ms=90_000,
    )


def _example_opening(circuit: CompiledCircuit, stream: PublicStream) -> Opening:
    """An account that has deposited, traded and reserved at a venue, under the epoch the venue then published."""
    risk, request = example_risk_document(), _example_request()
    identity = BookIdentity.of_risk_table("Alpha", 1001, risk)
    venue = AccountBook.create(":memory:", identity, random_below=stream.below)
    venue.set_risk_table(risk)
    for secret in (SECRET, SECRET + 1):
        account = venue.open_account(key_commitment(secret))
        venue.deposit(account, 0, 2 * E8)
        venue.deposit(account, 3, 50_000 * E8)
    venue.trade(0, 0, -E8 // 2)
    venue.trade(0, 3, 3 * E8)
    venue.reserve(0, request.target(circuit.digest), 20_000 * E8)
    return venue.publish().opening(0)


def _margin_cases(
    circuit: CompiledCircuit, key: ProvingKey, opening: Opening, stream: PublicStream, engine: Engine
) -> Iterator[dict[str, Any]]:
    risk, request = example_risk_document(), _example_request()
    leaf = opening.leaf
    target = request.target(circuit.digest)
    claim = Claim(
        shape=SMALL,
        secret=SECRET,
        openings=(opening,),
        table=risk.table,
        target=target,
        credit_e8=request.credit_e8,
        horizon_ms=request.horizon_ms(risk.oracle_time_ms),
        context=request.context(risk.oracle_time_ms).digest(),
    )
    witness = circuit.witness(claim.circuit_inputs(), engine=engine)
    proof, public = Prover(key, engine).prove_with_known_randomness(
        witness, stream.below(BN254.r), stream.below(BN254.r)
    )
    honest: dict[str, Any] = {
        "name": "a covered account",
        "risk": risk.to_json(),
        "account": AccountDocument((opening,)).to_json(risk),
        "secret": secret_json(SECRET),
        "request": request.to_json(),
        "public": _strings(public),
        "proof": proof.to_json(),
    }

    def changed(name: str, expect: str, *, tree: bool = True, **leaf_changes: Any) -> dict[str, Any]:
        """The same with another leaf, under a tree that holds it, or under the old one."""
        other = replace(leaf, **leaf_changes)
        new = AccountTree(1001, opening.epoch, SMALL, [other]).opening(0) if tree else replace(opening, leaf=other)
        return honest | {
            "name": name,
            "account": AccountDocument((new,)).to_json(risk),
            "expect": expect,
        }

    yield honest
    empty = (0,) * SMALL.assets
    yield changed("not enough collateral", "statement-false", balances_e8=empty)
    yield changed("too much debt", "statement-false", debts_e8=(0, 0, 0, 10**15))
    yield changed(
        "nothing reserved here", "statement-false", reservations=(Reservation(7, 20_000 * E8), Reservation(0, 0))
    )
    yield changed("not under the root", "statement-false", tree=False, balances_e8=(10**15, 0, 0, 0))
    yield changed("netted with other venues", "statement-false", group=5)
    yield honest | {"name": "another's secret", "secret": secret_json(SECRET + 1), "expect": "statement-false"}
    more = replace(request, credit_e8=request.credit_e8 + 1)
    yield honest | {"name": "one unit more than reserved", "request": more.to_json(), "expect": "statement-false"}
    swapped = honest["proof"] | {"pi_a": honest["proof"]["pi_c"], "pi_c": honest["proof"]["pi_a"]}
    yield honest | {"name": "proof elements swapped", "proof": swapped, "expect": "invalid-proof"}
    negative = json.loads(json.dumps(honest["account"]))
    negative["openings"][0]["balances"]["BTC"] = "-1 BTC"
    yield honest | {"name": "a negative balance", "account": negative, "expect": "document-error"}
