"""What each kind of file holds, as facts to print; the kind is told from the contents."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zkmargin.algebra import Buffer, load_json
from zkmargin.algebra.fixed_point import format_decimal
from zkmargin.verifier.ledger.glance import glance, is_ledger_file

from .engine_choice import chosen_engine
from .errors import FileRefused
from .files import SIZE_LIMITS, read_file
from .market_inspections import MARKET_DESCRIPTIONS, MARKET_FORMATS
from .output import Output

if TYPE_CHECKING:
    from zkmargin.circuits import R1CS

Facts = dict[str, Any]

NATIVE_KEY = ".zkmkey"
MAGICS = {b"r1cs": ".r1cs", b"wtns": ".wtns", b"zkey": ".zkey", b"ptau": ".ptau", b"zkwp": ".zkw", b"zkmk": NATIVE_KEY}
FORMATS = {
    "zkmargin.account/2": "account",
    "zkmargin.secret/1": "secret",
    "zkmargin.risk-table/2": "risk table",
    "zkmargin.credit-request/1": "credit request",
    "zkmargin.settlement-request/1": "settlement request",
    "zkmargin.risk-attestation/2": "risk attestation",
    "zkmargin.source-root-attestation/1": "source root attestation",
    "zkmargin.ledger-config/2": "ledger configuration",
    "zkmargin.deployment/1": "deployment record",
    "zkmargin.profile/1": "profile",
    **MARKET_FORMATS,
}
LEDGER_DATABASE = "ledger database"
AMOUNT_SCALE = 8
LARGEST_JSON = 256 << 20
SHOWN_COMPONENTS = 12
BINARY_PROOFS = (128, 256)
"""The sizes of a proof in bytes, compressed and not; what else is so small is text."""


def open_any(path: Path) -> Buffer:
    """Any file within the largest limit; which limit is its own shows once its kind is known."""
    return read_file(path, max(SIZE_LIMITS, key=lambda kind: SIZE_LIMITS[kind]))


def kind_of(data: Buffer, path: Path) -> str:
    """The kind, by magic number or by what the JSON is."""
    beginning = bytes(memoryview(data)[:4096])
    if beginning[:4] in MAGICS:
        return MAGICS[beginning[:4]]
    if is_ledger_file(beginning):
        return LEDGER_DATABASE
    beginning = beginning.lstrip()
    if beginning.startswith(b"0x") or (memoryview(data).nbytes in BINARY_PROOFS and not bytes(data).isascii()):
        return "proof"
    first_line = beginning.split(b"\n", 1)[0]
    if first_line.count(b",") == 3 and first_line.split(b",")[0].isdigit():
        return ".sym"
    if memoryview(data).nbytes > LARGEST_JSON or beginning[:1] not in (b"{", b"["):
        raise FileRefused(path, "is no kind of file that this program knows")
    if beginning.startswith(b'["0x'):
        return "calldata"
    document = load_json(data, str(path), max_bytes=LARGEST_JSON)
    if isinstance(document, list):
        return "public inputs"
    if "pi_a" in document:
        return "proof"
    if "vk_alpha_1" in document:
        return "verifying key"
    kind = FORMATS.get(str(document.get("format")))
    if kind is None:
        raise FileRefused(path, "is JSON, but no document that this program knows")
    return kind


def describe(kind: str, data: Buffer, output: Output) -> Facts:
    """The facts of a file of this kind; anything malformed raises what its reader raises."""
    size = memoryview(data).nbytes
    if size > SIZE_LIMITS[kind]:
        raise FileRefused("file", f"has {size} bytes; a {kind} has at most {SIZE_LIMITS[kind]}")
    return {"kind": kind, "bytes": size, **DESCRIPTIONS[kind](data, output)}


def describe_ledger(path: Path) -> Facts:
    """The facts of a ledger's SQLite file, read where it lies: others may write to it, and part of it lie beside it."""
    found = glance(path)
    return {
        "kind": LEDGER_DATABASE,
        "bytes": path.stat().st_size,
        "schema": found.schema,
        "target": str(found.target),
        "log_entries": found.head.number,
        "log_hash": "0x" + found.head.hash.hex(),
        "receipts": found.receipts,
        "accounts": found.accounts,
        "outstanding": format_decimal(found.outstanding_e8, AMOUNT_SCALE),
    }


def describe_native_key(path: Path, output: Output) -> Facts:
    """The facts of a native key file, opened as a prover opens it."""
    from zkmargin.prover import Prover

    facts = Prover.open(path, chosen_engine(output)).facts
    return {
        "kind": NATIVE_KEY,
        "bytes": path.stat().st_size,
        "curve": "bn254",
        "wires": facts.n_wires,
        "public_inputs": facts.n_public,
        "domain_size": facts.domain_size,
        "circuit_digest": _hex(facts.circuit_digest),
        "development": facts.development,
        "folded": facts.folded,
    }


def describe_circuit(path: Path, sym_path: Path | None) -> Facts:
    """The facts of a .r1cs file; with its .sym also what is public, and where the constraints are."""
    from .any_circuit import read_circuit

    circuit = read_circuit(path, sym_path)
    facts: Facts = {"kind": ".r1cs", "bytes": path.stat().st_size, **_facts_of(circuit.r1cs)}
    if circuit.named:
        costs = list(circuit.constraints_by_component().items())
        shown = dict(costs[:SHOWN_COMPONENTS])
        if len(costs) > SHOWN_COMPONENTS:
            shown[f"{len(costs) - SHOWN_COMPONENTS} others"] = sum(cost for _, cost in costs[SHOWN_COMPONENTS:])
        facts |= {"public_signals": circuit.public_names, "constraints_in": shown}
    return facts


def say(output: Output, path: Path, facts: Facts) -> None:
    """Print the facts one a line."""
    output.result({"file": str(path), **facts}, [f"{path}: {facts['kind']}", *_lines(facts)])


def _lines(facts: Facts) -> list[str]:
    """`name value`, a line for each element of a list or member of an object."""
    lines = []
    for name, value in facts.items():
        if name != "kind":
            rows = _rows(name, value) or ["none"]
            lines += [f"  {name.replace('_', ' '):<22} {row}" for row in rows]
    return lines


def _rows(name: str, value: Any) -> list[str]:
    if isinstance(value, dict):
        return [f"{key} {_text(str(key), item)}" for key, item in value.items()]
    if isinstance(value, list):
        return [", ".join(_rows(name, item)) if isinstance(item, dict) else _text(name, item) for item in value]
    return [_text(name, value)]


def _text(name: str, value: Any) -> str:
    if value is None:
        return "not given"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " ".join(map(str, value))
    is_count = isinstance(value, int) and not name.endswith(("_ms", "_id", "_ids"))
    return f"{value:,}" if is_count else str(value)


def _r1cs(data: Buffer, output: Output) -> Facts:
    from zkmargin.circuits.formats import read_r1cs

    return _facts_of(read_r1cs(data))


def _facts_of(r1cs: R1CS) -> Facts:
    return {
        "curve": r1cs.curve.name,
        "constraints": r1cs.n_constraints,
        "wires": r1cs.n_wires,
        "public_outputs": r1cs.n_public_outputs,
        "public_inputs": r1cs.n_public_inputs,
        "private_inputs": r1cs.n_private_inputs,
        "labels": r1cs.label_count,
        "circuit_digest": r1cs.digest().hex(),
        "shape": None if r1cs.metadata is None else r1cs.metadata.get("shape"),
    }


def _wtns(data: Buffer, output: Output) -> Facts:
    from zkmargin.circuits.formats import read_wtns

    return {"curve": "bn254", "wires": len(read_wtns(data)) // 32}


def _zkey(data: Buffer, output: Output) -> Facts:
    from zkmargin.prover import read_zkey

    key = read_zkey(data, chosen_engine(output))
    return {
        "curve": key.curve.name,
        "wires": key.n_wires,
        "public_inputs": key.n_public,
        "domain_size": key.domain_size,
        "circuit_digest": _hex(key.circuit_digest),
        "development": key.development,
        "contributions": [step.name or "unnamed" for step in key.contributions],
    }


def _ptau(data: Buffer, output: Output) -> Facts:
    from zkmargin.prover import read_ptau

    ptau = read_ptau(data, chosen_engine(output))
    return {
        "curve": ptau.curve.name,
        "power": ptau.power,
        "ceremony_power": ptau.ceremony_power,
        "prepared": ptau.lagrange is not None,
        "contributions": [step.parameters.name or "unnamed" for step in ptau.contributions],
    }


def _program(data: Buffer, output: Output) -> Facts:
    from zkmargin.circuits import WitnessProgram

    program = WitnessProgram.from_bytes(bytes(data))
    return {
        "wires": program.n_wires,
        "scratch": program.n_scratch,
        "public_inputs": program.n_public,
        "private_inputs": program.n_private,
        "circuit_digest": program.circuit_digest.hex(),
    }


def _symbols(data: Buffer, output: Output) -> Facts:
    from zkmargin.circuits.formats import each_symbol

    names = removed = 0
    for symbol in each_symbol(data):
        names += 1
        removed += symbol.wire is None
    return {"names": names, "without_a_wire": removed}


def _profile(data: Buffer, output: Output) -> Facts:
    from zkmargin.circuits.profiling.document import read_profile

    profile = read_profile(data)
    return {
        "circuit": profile.circuit,
        "circuit_digest": profile.digest.hex(),
        "constraints": profile.total.constraints,
        "wires": profile.total.wires,
        "rows": len(profile.rows),
    }


def _proof(data: Buffer, output: Output) -> Facts:
    from zkmargin.verifier.proof_forms import read_proof

    engine = chosen_engine(output)
    read = read_proof(data, engine=engine)
    facts: Facts = {"form": read.form, "curve": read.proof.curve.name, "protocol": "groth16"}
    if read.public_inputs is not None:
        facts["public_inputs"] = [str(value) for value in read.public_inputs]
    return {**facts, "compressed": read.proof.to_hex(engine=engine)}


def _verifying_key(data: Buffer, output: Output) -> Facts:
    from zkmargin.verifier import VerifyingKey

    key = VerifyingKey.from_json(data)
    return {
        "curve": key.curve.name,
        "public_inputs": key.n_public,
        "circuit_digest": _hex(key.circuit_digest),
        "development": key.development,
    }


def _public(data: Buffer, output: Output) -> Facts:
    from zkmargin.verifier import read_public_signals

    values = read_public_signals(data)
    return {"count": len(values), "values": [str(value) for value in values]}


def _settlement(data: Buffer, output: Output) -> Facts:
    from zkmargin.verifier import SettlementRequest

    request = SettlementRequest.from_json(data)
    shown = request.to_json()
    names = ("source_chain_ids", "beneficiary", "settlement_id", "expiry_ms", "oracle_time_ms", "terms")
    inputs = {
        name: [str(root) for root in value] if isinstance(value, tuple) else str(value)
        for name, value in vars(request.named_inputs()).items()
    }
    return {**{name: shown[name] for name in names}, "public_inputs": inputs}


def _attestation(data: Buffer, output: Output) -> Facts:
    from zkmargin.verifier import RiskAttestation

    attestation = RiskAttestation.from_json(data)
    return {**attestation.members(), "signatures": len(attestation.signatures)}


def _deployment(data: Buffer, output: Output) -> Facts:
    from zkmargin.verifier.evm.deployment import DeploymentRecord

    shown = DeploymentRecord.from_json(data).to_json()
    long = {"format", "config", "verification_key", "abi"}
    return {name: value for name, value in shown.items() if name not in long}


def _root_attestation(data: Buffer, output: Output) -> Facts:
    from zkmargin.verifier import SourceRootAttestation

    attestation = SourceRootAttestation.from_json(data)
    return {**attestation.members(), "signatures": len(attestation.signatures)}


def _ledger_config(data: Buffer, output: Output) -> Facts:
    from zkmargin.settlement.ledger_document import LedgerDocument

    shown = LedgerDocument.from_json(bytes(data)).to_json()
    return {name: value for name, value in shown.items() if name != "format"}


def _risk(data: Buffer, output: Output) -> Facts:
    from zkmargin.settlement.risk_document import RiskDocument

    document = RiskDocument.from_json(bytes(data))
    return {
        "shape": document.shape.name,
        "oracle_time_ms": document.oracle_time_ms,
        "quote": document.quote,
        "assets": ", ".join(document.asset_names),
        "instruments": ", ".join(document.instrument_names),
        "risk_root": str(document.root()),
    }


def _request(data: Buffer, output: Output) -> Facts:
    from zkmargin.settlement.credit_document import CreditRequest

    shown = CreditRequest.from_json(bytes(data)).to_json()
    return {name: value for name, value in shown.items() if name != "format"}


def _secret(data: Buffer, output: Output) -> Facts:
    from zkmargin.circuits.margin import key_commitment
    from zkmargin.settlement.account_document import read_secret

    secret = read_secret(bytes(data))
    return {"key_commitment": str(key_commitment(secret)), **({"secret": str(secret)} if output.reveal else {})}


def _account(data: Buffer, output: Output) -> Facts:
    from zkmargin.settlement.fields import Fields

    fields = Fields(load_json(data, "account"), "account")
    fields.expect("format", "zkmargin.account/2")
    openings = fields.objects("openings", lambda row: _opening(row, output.reveal))
    fields.done()
    return {"openings": openings, **({} if output.reveal else {"amounts": "hidden, see --reveal"})}


def _opening(row: Any, reveal: bool) -> str:
    """Where the account stands; the names and amounts of what it holds only with `reveal`."""
    text = (
        f"venue {row.integer('venue_id', 0, 1 << 64)}, epoch {row.integer('epoch', 0, 1 << 64)}, "
        f"account {row.integer('index', 0, 1 << 64)}, sequence {row.integer('sequence', 0, 1 << 64)}"
    )
    for name in ("tree_root", "key_commitment", "group", "salt"):
        row.element(name)
    row.elements("siblings")
    held = [f"{name} {_amounts(row.take(name, {}))}" for name in ("balances", "debts", "positions")]
    held.append(f"reservations {[slot.get('amount') for slot in row.take('reservations') if isinstance(slot, dict)]}")
    return "; ".join((text, *held)) if reveal else text


def _amounts(value: Any) -> str:
    return ", ".join(map(str, value.values())) if isinstance(value, dict) and value else "none"


def _hex(digest: bytes | None) -> str | None:
    return None if digest is None else digest.hex()


DESCRIPTIONS: dict[str, Callable[[Buffer, Output], Facts]] = {
    ".r1cs": _r1cs,
    ".wtns": _wtns,
    ".zkey": _zkey,
    ".ptau": _ptau,
    ".zkw": _program,
    ".sym": _symbols,
    "profile": _profile,
    "proof": _proof,
    "calldata": _proof,
    "verifying key": _verifying_key,
    "public inputs": _public,
    "settlement request": _settlement,
    "risk attestation": _attestation,
    "source root attestation": _root_attestation,
    "deployment record": _deployment,
    "ledger configuration": _ledger_config,
    "risk table": _risk,
    "credit request": _request,
    "secret": _secret,
    "account": _account,
    **MARKET_DESCRIPTIONS,
}
"""Readers are imported when a file of their kind turns up."""
