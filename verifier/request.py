"""What a relay hands to the ledger: a proof, its public inputs, and the request it was made for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from zkmargin.algebra import Buffer, EncodingError
from zkmargin.algebra.fixed_point import format_decimal, parse_decimal

from .errors import StatementError
from .json_members import check_format, check_members, read_hex, read_object
from .proof import Proof
from .public_signals import check_public_inputs, read_public_signals, write_public_signals
from .statement import (
    BENEFICIARY_BYTES,
    DIGEST_BYTES,
    Context,
    PublicInputs,
    Terms,
    keccak_words,
    signal_count,
    word,
)

FORMAT = "zkmargin.settlement-request/1"
WHAT = "settlement request"
AMOUNT_SCALE = 8
MAX_JSON_BYTES = 1 << 16

_MEMBERS = {
    "format",
    "source_chain_ids",
    "beneficiary",
    "settlement_id",
    "expiry_ms",
    "oracle_time_ms",
    "terms",
    "public",
    "proof",
}


@dataclass(frozen=True)
class SettlementRequest:
    """`public_inputs` as the proof carries them; `context` and `terms` are what the sender says they stand for."""

    context: Context
    terms: Terms
    public_inputs: tuple[int, ...]
    proof: Proof

    def __post_init__(self) -> None:
        if type(self.public_inputs) is not tuple:
            raise StatementError("public_inputs", "must be a tuple")
        check_public_inputs(self.public_inputs, signal_count(len(self.context.source_chain_ids)))

    def named_inputs(self) -> PublicInputs:
        return self._named_inputs

    @cached_property
    def _named_inputs(self) -> PublicInputs:
        return PublicInputs.from_signals(self.public_inputs, len(self.context.source_chain_ids))

    def digest(self) -> bytes:
        """Two requests are the same when this is; docs/statement-digests.md lays it out."""
        return self._digest

    @cached_property
    def _digest(self) -> bytes:
        return keccak_words(
            FORMAT,
            word(self.context.digest()),
            word(self.terms.pack()),
            word(len(self.public_inputs)),
            *(word(value) for value in self.public_inputs),
            self.proof.to_bytes(),
        )

    def to_json(self) -> dict[str, Any]:
        context, terms = self.context, self.terms
        return {
            "format": FORMAT,
            "source_chain_ids": list(context.source_chain_ids),
            "beneficiary": "0x" + context.beneficiary.hex(),
            "settlement_id": "0x" + context.settlement_id.hex(),
            "expiry_ms": context.expiry_ms,
            "oracle_time_ms": context.oracle_time_ms,
            "terms": {
                "credit": format_decimal(terms.credit_e8, AMOUNT_SCALE),
                "horizon_ms": terms.horizon_ms,
                "sequence": terms.sequence,
            },
            "public": write_public_signals(self.public_inputs),
            "proof": self.proof.to_json(),
        }

    @classmethod
    def from_json(cls, data: Buffer | str | dict[str, Any]) -> SettlementRequest:
        """Read the format `zkmargin.settlement-request/1`; every member is needed and no other is taken."""
        value = read_object(data, WHAT, max_bytes=MAX_JSON_BYTES)
        check_members(value, _MEMBERS, set(), WHAT)
        check_format(value, FORMAT, WHAT)
        chain_ids = value["source_chain_ids"]
        if not isinstance(chain_ids, list):
            raise EncodingError(f"{WHAT}: source_chain_ids is not a list", what=WHAT)
        context = Context(
            source_chain_ids=tuple(chain_ids),
            beneficiary=read_hex(value["beneficiary"], BENEFICIARY_BYTES, f"{WHAT} beneficiary"),
            settlement_id=read_hex(value["settlement_id"], DIGEST_BYTES, f"{WHAT} settlement_id"),
            expiry_ms=value["expiry_ms"],
            oracle_time_ms=value["oracle_time_ms"],
        )
        public = tuple(read_public_signals(_of_type(value["public"], list, "public")))
        return cls(context, _read_terms(value["terms"]), public, _read_proof(value["proof"]))


def _read_terms(value: Any) -> Terms:
    what = f"{WHAT} terms"
    members = _of_type(value, dict, "terms")
    check_members(members, {"credit", "horizon_ms", "sequence"}, set(), what)
    credit = _of_type(members["credit"], str, "credit")
    return Terms(parse_decimal(credit, AMOUNT_SCALE), members["horizon_ms"], members["sequence"])


def _read_proof(value: Any) -> Proof:
    """snarkjs's object, or a string as `Proof.from_hex` reads it; the request's digest is the same for all of them."""
    if type(value) is str:
        return Proof.from_hex(value)
    return Proof.from_json(_of_type(value, dict, "proof"))


def _of_type(value: Any, wanted: type, name: str) -> Any:
    """A member of one JSON type; text where an object belongs would be parsed a second time."""
    if type(value) is not wanted:
        raise EncodingError(f"{WHAT}: {name} is not a JSON {_JSON_NAMES[wanted]}", what=WHAT)
    return value


_JSON_NAMES: dict[type, str] = {dict: "object", list: "list", str: "string"}
