"""The target chain: check a proof, update margin."""

from .errors import (
    CircuitMismatch,
    InvalidProof,
    KeyRejected,
    PublicInputCount,
    PublicInputError,
    StatementError,
    VerifierError,
)
from .groth16 import Verifier, verify
from .keys import VerifyingKey, judge_key
from .proof import Proof
from .public_signals import read_public_signals, write_public_signals

__all__ = [
    "CircuitMismatch",
    "InvalidProof",
    "KeyRejected",
    "Proof",
    "PublicInputCount",
    "PublicInputError",
    "StatementError",
    "Verifier",
    "VerifierError",
    "VerifyingKey",
    "judge_key",
    "read_public_signals",
    "verify",
    "write_public_signals",
]
