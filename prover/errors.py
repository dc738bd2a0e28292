"""The errors of the source chain's room.

    ProverError
    |-- WitnessMismatch        a well-formed witness, but not one of this key's circuit
    |-- UnsatisfiedWitness     a false statement: the witness does not satisfy the constraints, and no proof was made
    |-- KeyMismatch            a well-formed key, ceremony file or circuit, but not the one that belongs to the others
    |-- CircuitTooLarge        the powers of tau do not reach as far as the circuit
    `-- CeremonyInvalid        a key or ceremony file that fails one of its checks: tampered, broken or unfinished

Malformed bytes are `zkmargin.algebra.errors.EncodingError`, as everywhere.
"""

from __future__ import annotations

from zkmargin.algebra.errors import ZkMarginError


class ProverError(ZkMarginError):
    """Base of the errors of `zkmargin.prover`."""


class WitnessMismatch(ProverError):
    """The witness has `found` wires where the key's circuit has `expected`."""

    def __init__(self, expected: int, found: int) -> None:
        super().__init__(
            f"the witness has {found} wires and the key's circuit has {expected}: use the key of the same circuit"
        )
        self.expected = expected
        self.found = found


class UnsatisfiedWitness(ProverError):
    """The witness does not satisfy the circuit."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"no proof was made: {reason}; check the witness against the circuit to see which constraint")
        self.reason = reason


class KeyMismatch(ProverError):
    """Two files that do not belong together; `part` names where they differ."""

    def __init__(self, part: str, message: str) -> None:
        super().__init__(message)
        self.part = part


class CircuitTooLarge(ProverError):
    """The circuit needs powers of tau up to 2^`needed`; the file has 2^`available`."""

    def __init__(self, needed: int, available: int) -> None:
        super().__init__(
            f"the circuit needs powers of tau for 2^{needed}, this file reaches 2^{available}: use a larger one"
        )
        self.needed = needed
        self.available = available


class CeremonyInvalid(ProverError):
    """A check of a ceremony file failed: `check` names it, `contribution` is the one at fault, counted from 1."""

    def __init__(self, check: str, message: str, *, contribution: int | None = None) -> None:
        where = "" if contribution is None else f"contribution {contribution}: "
        super().__init__(f"{where}{message}; do not use this file")
        self.check = check
        self.contribution = contribution
