"""The errors of the command line, and the exit code of every error.

CliError
|-- Misuse                 the command cannot be carried out as it was given
|-- FileRefused            a path that is not a readable file of a sensible size
|   `-- OutputExists       an output is already there and --force was not given
|-- LogNotVerified         a ledger whose log does not hold together, or says other than its tables
|-- CircuitCodeFailed      a Python file that should build a circuit raised something else
`-- CircuitKeyMismatch     a circuit and a key that do not belong together
"""

from __future__ import annotations

from zkmargin.algebra.errors import ZkMarginError

DONE, INVALID, BAD_INPUT = 0, 1, 2
INTERRUPTED, PIPE_CLOSED = 130, 141

INVALID_CLASSES = frozenset(
    {
        "CeremonyInvalid",
        "ConsensusError",
        "CoverageRejected",
        "DamagedBook",
        "DeploymentMismatch",
        "InvalidProof",
        "KeyNotVerified",
        "KeyRejected",
        "LogNotVerified",
        "NotCovered",
        "NotReserved",
        "ObservationRejected",
        "Rejected",
        "ReservationRefused",
        "StatementFalse",
        "TableMismatch",
        "TargetRefuses",
        "UnsatisfiedConstraint",
        "UnsatisfiedWitness",
        "VectorMismatch",
        "VectorsFailed",
    }
)
"""Well-formed input that does not hold. Named, not imported: most commands need none of the rooms they come from."""


class CliError(ZkMarginError):
    """Base of the errors of `zkmargin.cli`."""


class Misuse(CliError):
    """The options contradict each other, or leave something open that must be said."""


class FileRefused(CliError):
    """A file that cannot be read or written; `path` names it."""

    def __init__(self, path: object, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = str(path)
        self.reason = reason


class OutputExists(FileRefused):
    """An output that would be overwritten; `forced` is whether the command has a --force that would do it."""

    def __init__(self, path: object, forced: bool = True) -> None:
        or_else = ", or overwrite it with --force" if forced else ""
        super().__init__(path, f"is already there; name another output{or_else}")


class LogNotVerified(CliError):
    """The answer of a verification: `path` names the ledger, `reason` the first difference."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"not valid: ledger {path}: {reason}")
        self.path = path
        self.reason = reason


class CircuitCodeFailed(CliError):
    """The user's own code raised; `path` is the file that was run, the message names the error and its place."""

    def __init__(self, path: object, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = str(path)
        self.reason = reason


class CircuitKeyMismatch(CliError):
    """A key of another circuit than the one at hand."""

    def __init__(self, key_digest: bytes, circuit_digest: bytes) -> None:
        super().__init__(
            f"the key is for circuit {key_digest.hex()[:16]}..., not {circuit_digest.hex()[:16]}...: "
            "use the key that was set up for this circuit"
        )
        self.expected = circuit_digest
        self.found = key_digest


class KeyNotVerified(CliError):
    """The answer of a verification whose question was whether files belong together; `part` is where they differ."""

    def __init__(self, part: str, message: str) -> None:
        super().__init__(f"not valid: {message}")
        self.part = part


class VectorsFailed(CliError):
    """Some vectors failed; `failures` has one line for each."""

    def __init__(self, failures: list[str], passed: int) -> None:
        super().__init__(f"{len(failures)} of {len(failures) + passed} vectors failed")
        self.failures = failures


def exit_code(problem: ZkMarginError) -> int:
    """1 where a proof or statement does not hold, 2 for misuse and bad input."""
    names = {kind.__name__ for kind in type(problem).__mro__}
    return INVALID if names & INVALID_CLASSES else BAD_INPUT
