"""What a margin proof is about, seen from the target: its public inputs and the digests that bind it to one request.

Every digest is keccak256 over 32-byte big-endian words, a domain tag first and a count before anything whose number
varies, shifted right by three bits so that it is a field element. docs/statement-digests.md gives each word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from zkmargin.algebra import BN254
from zkmargin.algebra.keccak import keccak256

from .errors import PublicInputCount, StatementError
from .public_signals import check_public_inputs

CREDIT_BITS = 64
HORIZON_BITS = 40
SEQUENCE_BITS = 64
ID_BITS = 64
TIME_BITS = 64
MAX_VENUES = 15
"""The group of venues is one Poseidon hash: its tag and one id per venue, 16 elements at most."""
MAX_NAME_BYTES = 255
BENEFICIARY_BYTES = 20
DIGEST_BYTES = 32
_DIGEST_SHIFT = 3
"""256 - 3 = 253 bits: below r for BN254 and for BLS12-381."""

_FIXED_SIGNALS = 6


@dataclass(frozen=True)
class Terms:
    """What is asked for: a credit in e8, the horizon its haircuts cover, and the account's sequence number."""

    credit_e8: int
    horizon_ms: int
    sequence: int

    def __post_init__(self) -> None:
        check_range("credit_e8", self.credit_e8, CREDIT_BITS)
        check_range("horizon_ms", self.horizon_ms, HORIZON_BITS)
        check_range("sequence", self.sequence, SEQUENCE_BITS)

    def pack(self) -> int:
        """credit + horizon * 2^64 + sequence * 2^104: one field element for the three."""
        return self.credit_e8 + (self.horizon_ms << CREDIT_BITS) + (self.sequence << (CREDIT_BITS + HORIZON_BITS))

    @classmethod
    def unpack(cls, packed: int) -> Terms:
        """The inverse of `pack`; refuses what no terms pack to."""
        check_range("terms", packed, CREDIT_BITS + HORIZON_BITS + SEQUENCE_BITS)
        return cls(
            credit_e8=packed & ((1 << CREDIT_BITS) - 1),
            horizon_ms=packed >> CREDIT_BITS & ((1 << HORIZON_BITS) - 1),
            sequence=packed >> (CREDIT_BITS + HORIZON_BITS),
        )


@dataclass(frozen=True)
class Context:
    """The request a proof is made for; a proof moved to another beneficiary or settlement no longer fits.

    `source_chain_ids` names the chain of each source root, in the roots' order; a chain has one venue, so none repeats.
    """

    source_chain_ids: tuple[int, ...]
    beneficiary: bytes
    settlement_id: bytes
    expiry_ms: int
    oracle_time_ms: int

    def __post_init__(self) -> None:
        if type(self.source_chain_ids) is not tuple or not 1 <= len(self.source_chain_ids) <= MAX_VENUES:
            raise StatementError("source_chain_ids", f"must be a tuple of 1 to {MAX_VENUES} chain ids")
        for chain_id in self.source_chain_ids:
            check_range("source_chain_ids", chain_id, ID_BITS)
        if len(set(self.source_chain_ids)) != len(self.source_chain_ids):
            raise StatementError("source_chain_ids", "names a chain twice")
        check_bytes("beneficiary", self.beneficiary, BENEFICIARY_BYTES)
        check_bytes("settlement_id", self.settlement_id, DIGEST_BYTES)
        check_range("expiry_ms", self.expiry_ms, TIME_BITS)
        check_range("oracle_time_ms", self.oracle_time_ms, TIME_BITS)

    def digest(self) -> int:
        """The public input `context`."""
        return self._digest

    @cached_property
    def _digest(self) -> int:
        return field_digest(
            "zkmargin.context/1",
            word(len(self.source_chain_ids)),
            *(word(chain_id) for chain_id in self.source_chain_ids),
            self.beneficiary.rjust(DIGEST_BYTES, b"\0"),
            self.settlement_id,
            word(self.expiry_ms),
            word(self.oracle_time_ms),
        )


def target_digest(target_chain_id: int, ledger: str, circuit_digest: bytes) -> int:
    """The public input `target`: one ledger (its address or name) on one chain, taking proofs of one circuit."""
    check_range("target_chain_id", target_chain_id, ID_BITS)
    check_bytes("circuit_digest", circuit_digest, DIGEST_BYTES)
    return field_digest("zkmargin.target/1", word(target_chain_id), keccak256(ledger_name(ledger)), circuit_digest)


@dataclass(frozen=True)
class PublicInputs:
    """The public inputs by name, each a field element; `terms` is packed."""

    target: int
    source_roots: tuple[int, ...]
    risk_root: int
    account: int
    nullifier: int
    terms: int
    context: int

    def signals(self) -> list[int]:
        """In the circuit's order, as `verify` takes them."""
        tail = (self.risk_root, self.account, self.nullifier, self.terms, self.context)
        signals = [self.target, *self.source_roots, *tail]
        return check_public_inputs(signals, len(signals))

    @classmethod
    def from_signals(cls, signals: Sequence[int], venues: int = 1) -> PublicInputs:
        """The inverse of `signals` for a circuit over so many venues."""
        values = check_public_inputs(signals, signal_count(venues))
        target, *roots = values[: 1 + venues]
        return cls(target, tuple(roots), *values[1 + venues :])


def signal_count(venues: int) -> int:
    """How many public inputs a circuit over so many venues has."""
    return _FIXED_SIGNALS + venues


def venue_count(n_public: int) -> int:
    """The inverse of `signal_count`, for a key of a margin circuit."""
    venues = n_public - _FIXED_SIGNALS
    if not 1 <= venues <= MAX_VENUES:
        raise PublicInputCount(signal_count(1), n_public)
    return venues


def keccak_words(tag: str, *words: bytes) -> bytes:
    """keccak256 of a domain tag, padded with zeros to a word, and of whole words after it."""
    encoded = tag.encode("ascii").ljust(DIGEST_BYTES, b"\0")
    return keccak256(b"".join((encoded, *words)))


def field_digest(tag: str, *words: bytes) -> int:
    """The first 253 bits of `keccak_words`, as a field element of any curve here."""
    return int.from_bytes(keccak_words(tag, *words), "big") >> _DIGEST_SHIFT


def word(value: int) -> bytes:
    """An unsigned integer as a 32-byte big-endian word."""
    return value.to_bytes(DIGEST_BYTES, "big")


def ledger_name(ledger: str) -> bytes:
    """A ledger's address or name as UTF-8, within its bounds."""
    return printable_name("ledger", ledger)


def printable_name(field: str, name: str) -> bytes:
    """A name that goes into a digest, as UTF-8: 1 to 255 bytes of printable characters."""
    if type(name) is not str or not name.isprintable() or not 0 < len(name) <= MAX_NAME_BYTES:
        raise StatementError(field, f"must be a string of 1 to {MAX_NAME_BYTES} printable characters")
    encoded = name.encode()
    if len(encoded) > MAX_NAME_BYTES:
        raise StatementError(field, f"is longer than {MAX_NAME_BYTES} bytes of UTF-8")
    return encoded


def check_range(field: str, value: int, bits: int) -> None:
    if type(value) is not int or not 0 <= value < 1 << bits:
        raise StatementError(field, f"is not an integer in [0, 2^{bits})")


def check_element(field: str, value: int) -> None:
    if type(value) is not int or not 0 <= value < BN254.r:
        raise StatementError(field, "is not a field element: an integer in [0, r)")


def check_bytes(field: str, value: bytes, size: int) -> None:
    if type(value) is not bytes or len(value) != size:
        raise StatementError(field, f"is not exactly {size} bytes")
