"""The errors of the ground floor, and the root of every error this package raises on purpose.

    ZkMarginError
    |-- AlgebraError                     algebra/errors.py
    |   |-- EncodingError                malformed bytes or numbers: the input is not what it claims to be
    |   |   `-- PointError               bytes that are no point of the curve, or of its prime-order subgroup
    |   |-- DomainError                  a transform or tree of a size that does not exist
    |   |-- SignatureError               a well-formed signature that is not one of this message by this key
    |   |-- EngineUnavailable            the engine asked for is not installed here
    |   |-- MissingExtra                 an optional part needs a package that the base install does not bring
    |   `-- TreeError                    a key that a tree holds already, or not, or has no room for; a path that lies
    |-- CircuitError                     circuits/errors.py
    |-- ProverError                      prover/errors.py
    |-- SettlementError                  settlement/errors.py
    `-- VerifierError                    verifier/errors.py

Three things never look alike: malformed bytes (`EncodingError` and its kin), a valid file for another circuit
(`verifier.errors.CircuitMismatch`), and a false statement (`verifier.errors.InvalidProof`,
`circuits.errors.UnsatisfiedConstraint`, `circuits.errors.StatementFalse`).
"""

from __future__ import annotations

import re


class ZkMarginError(Exception):
    """Base of every error raised on purpose; the message is one line that says what to do next."""

    @property
    def code(self) -> str:
        """A stable name for machines: the class name in kebab case, as in `invalid-proof`."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", type(self).__name__).lower()


class AlgebraError(ZkMarginError):
    """Base of the errors of `zkmargin.algebra`."""


class EncodingError(AlgebraError):
    """Malformed input: `what` was being read, `index` is the element at fault where there are several."""

    def __init__(self, message: str, *, what: str = "", index: int | None = None) -> None:
        super().__init__(message)
        self.what = what
        self.index = index


class PointError(EncodingError):
    """A point off the curve, outside the subgroup, or at infinity where that is not allowed."""


class DomainError(AlgebraError):
    """A size the field or tree does not have, e.g. a transform whose length is no power of two."""

    def __init__(self, message: str, *, size: int) -> None:
        super().__init__(message)
        self.size = size


class SignatureError(AlgebraError):
    """A signature in good form that does not verify."""


class EngineUnavailable(AlgebraError):
    """The engine asked for by name cannot be loaded here; `engine` is its name."""

    def __init__(self, engine: str, reason: str) -> None:
        super().__init__(f"engine {engine!r} is not available: {reason}")
        self.engine = engine
        self.reason = reason


class MissingExtra(AlgebraError):
    """A package that an optional part needs; `package` and `extra` name it."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"this needs the package {package}: pip install 'zkmargin[{extra}]'")
        self.package = package
        self.extra = extra


class TreeError(AlgebraError):
    """What a tree with keys cannot do for `key`: it holds it already, or not, or a path does not lead to its root."""

    def __init__(self, message: str, *, key: int) -> None:
        super().__init__(message)
        self.key = key
