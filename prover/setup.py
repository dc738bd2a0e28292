"""Key generation for one circuit: from a ceremony's powers of tau, or, for development, from secrets made here.

Both fill the same formulas (`proving_key.py`): with the Lagrange basis L_k of the domain at tau, u_i(tau) is
sum_k A[k, i] L_k(tau), and so on. `setup_from_ptau` has the L_k as points, `insecure_setup` knows tau and computes in
scalars until the last step.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from zkmargin.algebra import Engine, get_engine, scalars_to_bytes
from zkmargin.circuits.r1cs import R1CS

from .circuit_hash import circuit_hash
from .errors import CircuitTooLarge
from .folding import folded_query, folded_scalars
from .powers_of_tau import check_lagrange, check_powers
from .proving_key import Progress, ProvingKey
from .ptau import PowersOfTau
from .qap import domain_matrices, domain_power, stacked
from .relations import generator
from .transcript import blake2b512

RandomBelow = Callable[[int], int]


@dataclass(frozen=True)
class ToxicWaste:
    """The secrets of a setup: whoever knows them can forge proofs. Never stored, never shown."""

    tau: int = field(repr=False)
    alpha: int = field(repr=False)
    beta: int = field(repr=False)
    delta: int = field(repr=False)

    def __reduce__(self) -> str:
        raise TypeError("the secrets of a setup cannot be pickled")

    @classmethod
    def draw(cls, random_below: RandomBelow, order: int) -> ToxicWaste:
        """Four secrets in 2 .. r - 1: neither zero nor one."""
        return cls(*(2 + random_below(order - 2) for _ in range(4)))


def insecure_setup(
    r1cs: R1CS,
    engine: Engine | None = None,
    rng: RandomBelow | None = None,
    *,
    folded: bool = True,
    progress: Progress | None = None,
) -> ProvingKey:
    """A key whose secrets this process knew: for development and tests only, marked so that ledgers refuse it.

    `rng(n)` gives an integer below n. Left alone it is the system's; a seeded one gives test vectors and no security.
    `folded` is for keys that prove in this process: it costs as much as one more query, and no `.zkey` keeps it.
    """
    engine = engine or get_engine()
    waste = ToxicWaste.draw(rng or secrets.randbelow, engine.curve.r)
    return key_from_secrets(r1cs, waste, engine, progress, folded=folded)


def key_from_secrets(
    r1cs: R1CS, waste: ToxicWaste, engine: Engine, progress: Progress | None = None, *, folded: bool = True
) -> ProvingKey:
    """The development key of these very secrets."""
    curve = engine.curve
    a, b, c = domain_matrices(r1cs)
    size, public = a.rows, 32 * (r1cs.n_public + 1)
    _report(progress, "evaluating the circuit at tau", 0.0)
    lagrange = engine.ntt(engine.fr_powers(waste.tau, size), inverse=True)
    u, v, w = (engine.matrix_apply(matrix.transposed(), lagrange) for matrix in (a, b, c))
    k = engine.fr_add(_scaled(u, waste.beta, engine), _scaled(v, waste.alpha, engine))
    k = engine.fr_add(k, w)
    delta_inverse = pow(waste.delta, -1, curve.r)
    doubled = engine.ntt(engine.fr_powers(waste.tau, 2 * size), inverse=True)
    _, odd = _alternating(doubled, 32)
    singles = scalars_to_bytes([waste.alpha, waste.beta, waste.delta])
    g1, g2 = generator(engine, "g1"), generator(engine, "g2")
    _report(progress, "points of G1", 0.1)
    scalars = (
        singles,
        k[:public],
        u,
        v,
        _scaled(k[public:], delta_inverse, engine),
        _scaled(odd, delta_inverse, engine),
        folded_scalars(k, w, r1cs.n_public, pow(waste.tau, size, curve.r), waste.delta, engine) if folded else b"",
    )
    in_g1 = _split(engine.g1_multiples(g1, b"".join(scalars)), [2 * len(part) for part in scalars])
    _report(progress, "points of G2", 0.6)
    in_g2 = engine.g2_multiples(g2, singles[32:] + v)
    _report(progress, "done", 1.0)
    digest = r1cs.digest()
    return ProvingKey(
        curve=curve,
        n_wires=r1cs.n_wires,
        n_public=r1cs.n_public,
        domain_size=size,
        alpha1=in_g1[0][:64],
        beta1=in_g1[0][64:128],
        delta1=in_g1[0][128:],
        beta2=in_g2[:128],
        gamma2=g2,
        delta2=in_g2[128:256],
        ic=in_g1[1],
        a=a,
        b=b,
        a_points=in_g1[2],
        b1_points=in_g1[3],
        b2_points=in_g2[256:],
        c_points=in_g1[4],
        h_points=in_g1[5],
        circuit_hash=blake2b512(b"zkmargin insecure setup", digest),
        circuit_digest=digest,
        development=True,
        folded_points=in_g1[6] if folded else None,
    )


def setup_from_ptau(
    r1cs: R1CS,
    ptau: PowersOfTau,
    engine: Engine | None = None,
    *,
    check: bool = True,
    folded: bool = False,
    progress: Progress | None = None,
) -> ProvingKey:
    """The key before any contribution to phase 2 (delta is the generator), as `snarkjs groth16 setup` makes it.

    The powers this circuit uses are checked first; `check=False` leaves that out, for a file `verify_ptau` has passed.
    With `folded` the key gets its `folded_points` here, where they cost least; contributions keep them.
    """
    engine = engine or get_engine()
    power = domain_power(r1cs)
    if power > ptau.power:
        raise CircuitTooLarge(power, ptau.power)
    if check:
        _report(progress, "checking the powers of tau", 0.0)
        _check_used(ptau, power, engine)
    a, b, c = domain_matrices(r1cs)
    size, ic_bytes = a.rows, 64 * (r1cs.n_public + 1)
    _report(progress, "reading the powers of tau", 0.2)
    tau, beta_tau, alpha_tau = (
        ptau.lagrange_points(series, power, engine) for series in ("tau_g1", "beta_g1", "alpha_g1")
    )
    tau_bases = engine.g1_bases(tau)
    a_columns, b_columns = a.transposed(), b.transposed()
    _report(progress, "points of G1", 0.3)
    a_points = engine.g1_matrix_apply(a_columns, tau_bases)
    b1_points = engine.g1_matrix_apply(b_columns, tau_bases)
    # beta u + alpha v + w in one pass: A over beta's points, B over alpha's, C over plain ones.
    k_points = engine.g1_matrix_apply(stacked(a, b, c).transposed(), engine.g1_bases(beta_tau + alpha_tau + tau))
    _report(progress, "points of G2", 0.6)
    b2_points = engine.g2_matrix_apply(b_columns, engine.g2_bases(ptau.lagrange_points("tau_g2", power, engine)))
    doubled = ptau.lagrange_points("tau_g1", power + 1, engine)
    even, h_points = _alternating(doubled, 64)
    folded_points = None
    if folded:
        shares = engine.g1_add(tau, engine.g1_neg(even))
        folded_points = folded_query(k_points[ic_bytes:], r1cs.n_public, c, shares, engine)
    g1, g2 = generator(engine, "g1"), generator(engine, "g2")
    key = ProvingKey(
        curve=engine.curve,
        n_wires=r1cs.n_wires,
        n_public=r1cs.n_public,
        domain_size=size,
        alpha1=ptau.points("alpha_g1", engine, 0, 1),
        beta1=ptau.points("beta_g1", engine, 0, 1),
        beta2=engine.fq_from_montgomery(ptau.beta_g2),
        gamma2=g2,
        delta1=g1,
        delta2=g2,
        ic=k_points[:ic_bytes],
        a=a,
        b=b,
        a_points=a_points,
        b1_points=b1_points,
        b2_points=b2_points,
        c_points=k_points[ic_bytes:],
        h_points=h_points,
        circuit_hash=bytes(64),
        circuit_digest=r1cs.digest(),
        folded_points=folded_points,
    )
    _report(progress, "hashing", 0.9)
    key = replace(key, circuit_hash=circuit_hash(key, ptau, engine))
    _report(progress, "done", 1.0)
    return key


def _check_used(ptau: PowersOfTau, power: int, engine: Engine) -> None:
    check_powers(ptau, power, engine)
    if ptau.lagrange is not None:
        for series in ("tau_g1", "tau_g2", "alpha_g1", "beta_g1"):
            check_lagrange(ptau, series, power, engine)
        check_lagrange(ptau, "tau_g1", power + 1, engine)


def _scaled(values: bytes, factor: int, engine: Engine) -> bytes:
    return engine.fr_mul(values, scalars_to_bytes([factor]) * (len(values) // 32))


def _alternating(elements: bytes, width: int) -> tuple[bytes, bytes]:
    """Those at even places and those at odd ones."""
    each = np.frombuffer(elements, dtype=f"V{width}")
    return each[::2].tobytes(), each[1::2].tobytes()


def _split(data: bytes, sizes: list[int]) -> list[bytes]:
    parts, start = [], 0
    for size in sizes:
        parts.append(data[start : start + size])
        start += size
    return parts


def _report(progress: Progress | None, what: str, done: float) -> None:
    if progress is not None:
        progress(what, done)
