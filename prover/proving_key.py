"""What a Groth16 prover needs for one circuit, with the history of the ceremony that made it.

Letters as in Groth 2016 ("On the Size of Pairing-based Non-interactive Arguments", section 3.2): wire i has the
polynomials u_i, v_i, w_i of the QAP (columns of A, B, C over the domain), and the key holds, at the secret point tau,

    a_points[i]  = u_i(tau) G1          b1_points[i], b2_points[i] = v_i(tau) G1, G2
    ic[i]        = (beta u_i + alpha v_i + w_i)(tau) G1                 for wires 0 .. n_public, gamma being 1
    c_points[i]  = (beta u_i + alpha v_i + w_i)(tau) / delta G1         for the wires after them
    h_points[k]  = L_(2k+1)(tau) / delta G1, the Lagrange basis of the domain of twice the size at its odd points

A polynomial that vanishes on the domain is known from its values at the odd points of the doubled one, so the last
row takes the place of the paper's tau^k Z(tau) / delta. A key may also hold `folded_points`, a C query of every wire
into which C's part of the quotient is folded (`folding.py`); proofs come out the same and take less work.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from zkmargin.algebra import Curve, SparseMatrix
from zkmargin.algebra.errors import EncodingError
from zkmargin.verifier.keys import VerifyingKey

Progress = Callable[[str, float], None]
"""Called with what is being done and how much of the whole is done, from 0.0 to 1.0."""


@dataclass(frozen=True)
class Contribution:
    """One participant's step of phase 2: delta was multiplied by x, and x was known to whoever made it.

    `g1_s`, `g1_sx` = x g1_s and `g2_spx` = x H(transcript) prove that knowledge; `transcript` is the hash of everything
    before. A beacon has `beacon_hash` and `iterations_exp`, from which anybody can compute its x.
    """

    delta_after: bytes
    g1_s: bytes
    g1_sx: bytes
    g2_spx: bytes
    transcript: bytes
    name: str = ""
    beacon_hash: bytes | None = None
    iterations_exp: int | None = None

    @property
    def is_beacon(self) -> bool:
        return self.beacon_hash is not None


@dataclass(frozen=True)
class ProvingKey:
    """Points are canonical bytes as at the engine's door, `a` and `b` have one row per element of the domain.

    Rows after the circuit's constraints bind wires 0 .. n_public to themselves in A, which keeps the public inputs'
    polynomials independent; `circuit_hash` commits to everything the circuit and phase 1 determine.
    """

    curve: Curve
    n_wires: int
    n_public: int
    domain_size: int
    alpha1: bytes
    beta1: bytes
    beta2: bytes
    gamma2: bytes
    delta1: bytes
    delta2: bytes
    ic: bytes = field(repr=False)
    a: SparseMatrix = field(repr=False)
    b: SparseMatrix = field(repr=False)
    a_points: bytes = field(repr=False)
    b1_points: bytes = field(repr=False)
    b2_points: bytes = field(repr=False)
    c_points: bytes = field(repr=False)
    h_points: bytes = field(repr=False)
    circuit_hash: bytes
    contributions: tuple[Contribution, ...] = ()
    circuit_digest: bytes | None = None
    development: bool = False
    folded_points: bytes | None = field(default=None, repr=False, compare=False)
    """Follows from the rest and the circuit, so no `.zkey` keeps it and no comparison asks for it."""

    def __post_init__(self) -> None:
        g1, g2 = self.curve.g1_bytes, self.curve.g2_bytes
        n, size = self.n_wires, self.domain_size
        if size < 2 or size & (size - 1) or size.bit_length() > self.curve.two_adicity:
            raise EncodingError(f"proving key: a domain of {size} is no power of two in range", what="proving key")
        if not 0 <= self.n_public < n:
            raise EncodingError(f"proving key: {self.n_public} public wires of {n}", what="proving key")
        expected = {
            **dict.fromkeys(("alpha1", "beta1", "delta1"), g1),
            **dict.fromkeys(("beta2", "gamma2", "delta2"), g2),
            "ic": g1 * (self.n_public + 1),
            "a_points": g1 * n,
            "b1_points": g1 * n,
            "b2_points": g2 * n,
            "c_points": g1 * (n - self.n_public - 1),
            "h_points": g1 * size,
            "circuit_hash": 64,
        }
        if self.folded_points is not None:
            expected["folded_points"] = g1 * n
        for name, length in expected.items():
            found = len(getattr(self, name))
            if found != length:
                raise EncodingError(f"proving key: {name} has {found} bytes, not {length}", what="proving key")
        for matrix in (self.a, self.b):
            if (matrix.rows, matrix.width) != (size, n):
                raise EncodingError("proving key: a matrix does not have the key's dimensions", what="proving key")

    def verifying_key(self) -> VerifyingKey:
        """The part the target chain needs."""
        return VerifyingKey(
            curve=self.curve,
            alpha1=self.alpha1,
            beta2=self.beta2,
            gamma2=self.gamma2,
            delta2=self.delta2,
            ic=self.ic,
            circuit_digest=self.circuit_digest,
            development=self.development,
        )
