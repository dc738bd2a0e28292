"""What an engine takes for a Groth16 proving key, and what it makes of one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from .encoding import Buffer
from .sparse import SparseMatrix

if TYPE_CHECKING:
    from .engine import LoadedProgram


class ProvingParts(Protocol):
    """The members of `prover.ProvingKey` that a proof is made of; that class says what each one holds."""

    @property
    def n_wires(self) -> int: ...
    @property
    def n_public(self) -> int: ...
    @property
    def domain_size(self) -> int: ...
    @property
    def alpha1(self) -> bytes: ...
    @property
    def beta1(self) -> bytes: ...
    @property
    def beta2(self) -> bytes: ...
    @property
    def gamma2(self) -> bytes: ...
    @property
    def delta1(self) -> bytes: ...
    @property
    def delta2(self) -> bytes: ...
    @property
    def ic(self) -> bytes: ...
    @property
    def a(self) -> SparseMatrix: ...
    @property
    def b(self) -> SparseMatrix: ...
    @property
    def a_points(self) -> bytes: ...
    @property
    def b1_points(self) -> bytes: ...
    @property
    def b2_points(self) -> bytes: ...
    @property
    def c_points(self) -> bytes: ...
    @property
    def h_points(self) -> bytes: ...
    @property
    def folded_points(self) -> bytes | None: ...
    @property
    def circuit_hash(self) -> bytes: ...
    @property
    def circuit_digest(self) -> bytes | None: ...
    @property
    def development(self) -> bool: ...


@dataclass(frozen=True)
class ProverFacts:
    """The sizes and names of a key that an engine has made ready, and the points of its verifying key."""

    n_wires: int
    n_public: int
    domain_size: int
    folded: bool
    development: bool
    circuit_digest: bytes | None
    circuit_hash: bytes
    alpha1: bytes = field(repr=False)
    beta2: bytes = field(repr=False)
    gamma2: bytes = field(repr=False)
    delta2: bytes = field(repr=False)
    ic: bytes = field(repr=False)


class LoadedProver(Protocol):
    """A proving key an engine has made ready once, for many proofs. Safe to share between threads."""

    @property
    def facts(self) -> ProverFacts: ...

    def prove(self, witness: Buffer, r: int, s: int, *, alone: bool = False) -> tuple[bytes | None, dict[str, float]]:
        """A | B | C and the seconds of each phase. None in place of a proof that does not verify: none such leaves.

        The witness has `n_wires` scalars, the constant 1 first, else it is an `EncodingError`. r and s are canonical
        and fresh for every proof. With `alone` the work stays on one thread, for callers that have a thread for each of
        many proofs. A key that yields no group elements is a `PointError`.
        """
        ...

    def least_work(self, witness: Buffer) -> dict[str, int]:
        """How many operations of each kind no proof of this witness does without; `prover/breakdown.py` names them.

        An engine whose times nobody asks for counts nothing and raises `EngineUnavailable`.
        """
        ...

    def prove_inputs(
        self, program: LoadedProgram, inputs: Buffer, r: int, s: int, *, alone: bool = False
    ) -> tuple[bytes, tuple[bytes | None, dict[str, float]]]:
        """The public inputs, and what `prove` returns, for the witness that a program of this engine computes.

        The inputs are one vector, as for `LoadedProgram.run`.
        """
        ...
