"""The errors of the target chain's room.

    VerifierError
    |-- InvalidProof              a false statement: everything was well formed and the proof does not hold
    |-- CircuitMismatch           a valid key or proof, for another circuit than the one expected
    |-- KeyRejected               a verifying key that must not be trusted; `reason` says why
    |-- PublicInputError          a public input that is no canonical field element (also an `EncodingError`)
    |-- PublicInputCount          too few or too many public inputs (also an `EncodingError`)
    |-- StatementError            a credit, time, id or digest out of its range (also an `EncodingError`)
    |-- AttestationRejected       an oracle attestation that does not count; see below
    |-- LedgerError               the ledger itself: not what was expected to be there, or not usable
    `-- Rejected                  the ledger refuses a request; see below

Malformed bytes and points are `zkmargin.algebra.errors.EncodingError` and `PointError`, as everywhere.
"""

from __future__ import annotations

from zkmargin.algebra.errors import EncodingError, ZkMarginError


class VerifierError(ZkMarginError):
    """Base of the errors of `zkmargin.verifier`."""


class InvalidProof(VerifierError):
    """The proof does not prove the statement that these public inputs make under this key."""

    def __init__(self, reason: str = "the pairing equation does not hold") -> None:
        super().__init__(f"invalid proof: {reason}")
        self.reason = reason


class CircuitMismatch(VerifierError):
    """A key of another circuit; digests are `expected` and `found`, None for a key that names no circuit."""

    def __init__(self, expected: bytes, found: bytes | None) -> None:
        shown = "no circuit at all" if found is None else f"circuit {found.hex()[:16]}..."
        super().__init__(f"the key names {shown}, not {expected.hex()[:16]}...: use the key of the expected circuit")
        self.expected = expected
        self.found = found


class KeyRejected(VerifierError):
    """A verifying key under which proofs mean nothing; `part` names the member at fault."""

    def __init__(self, part: str, reason: str) -> None:
        super().__init__(f"verifying key refused: {part} {reason}")
        self.part = part
        self.reason = reason


class PublicInputError(VerifierError, EncodingError):
    """The public input at `index` is not an integer in [0, r)."""

    def __init__(self, index: int, reason: str) -> None:
        super().__init__(f"public input {index} {reason}", what="public input", index=index)
        self.reason = reason


class PublicInputCount(VerifierError, EncodingError):
    """`found` public inputs where there must be `expected`."""

    def __init__(self, expected: int, found: int) -> None:
        super().__init__(f"{found} public inputs where {expected} are needed", what="public inputs")
        self.expected = expected
        self.found = found


class StatementError(VerifierError, EncodingError):
    """A part of the statement out of its range; `field` names it."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field} {reason}", what=field)
        self.field = field
        self.reason = reason
