"""The source chain's room: keys, ceremonies and Groth16 proofs, the account tree, and witness assembly."""

from typing import TYPE_CHECKING

from zkmargin.algebra.lazy import lazily

if TYPE_CHECKING:
    from .accounts import AccountTree, Opening
    from .assembly import Claim
    from .ceremony import apply_beacon, contribute, contribution_hash, verify_contributions, verify_zkey
    from .errors import CeremonyInvalid, CircuitTooLarge, KeyMismatch, ProverError, UnsatisfiedWitness, WitnessMismatch
    from .groth16 import Prover, prove
    from .native_key import is_native_key, verify_native_key, write_native_key
    from .powers_of_tau import (
        apply_beacon_to_powers,
        contribute_powers,
        new_powers,
        prepare_phase2,
        verify_ptau,
    )
    from .proving_key import Contribution, Progress, ProvingKey
    from .ptau import PowersOfTau, read_ptau, write_ptau
    from .setup import insecure_setup, setup_from_ptau
    from .trial import prove_and_verify
    from .zkey import read_zkey, write_zkey
else:
    lazily(
        __name__,
        {
            ".accounts": "AccountTree Opening",
            ".assembly": "Claim",
            ".ceremony": "apply_beacon contribute contribution_hash verify_contributions verify_zkey",
            ".errors": "CeremonyInvalid CircuitTooLarge KeyMismatch ProverError UnsatisfiedWitness WitnessMismatch",
            ".groth16": "Prover prove",
            ".native_key": "is_native_key verify_native_key write_native_key",
            ".powers_of_tau": "apply_beacon_to_powers contribute_powers new_powers prepare_phase2 verify_ptau",
            ".proving_key": "Contribution Progress ProvingKey",
            ".ptau": "PowersOfTau read_ptau write_ptau",
            ".setup": "insecure_setup setup_from_ptau",
            ".trial": "prove_and_verify",
            ".zkey": "read_zkey write_zkey",
        },
    )

__all__ = [
    "AccountTree",
    "CeremonyInvalid",
    "CircuitTooLarge",
    "Claim",
    "Contribution",
    "KeyMismatch",
    "Opening",
    "PowersOfTau",
    "Progress",
    "Prover",
    "ProverError",
    "ProvingKey",
    "UnsatisfiedWitness",
    "WitnessMismatch",
    "apply_beacon",
    "apply_beacon_to_powers",
    "contribute",
    "contribute_powers",
    "contribution_hash",
    "insecure_setup",
    "is_native_key",
    "new_powers",
    "prepare_phase2",
    "prove",
    "prove_and_verify",
    "read_ptau",
    "read_zkey",
    "setup_from_ptau",
    "verify_contributions",
    "verify_native_key",
    "verify_ptau",
    "verify_zkey",
    "write_native_key",
    "write_ptau",
    "write_zkey",
]
