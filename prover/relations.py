"""Relations between points that ceremonies are checked by: equal ratios, geometric progressions, Lagrange bases.

Each takes canonical bytes and answers True or False; malformed or off-curve points raise as at the engine's door. The
long ones fold their vectors with random coefficients of 128 bits first.
"""

from __future__ import annotations

from typing import Literal

from zkmargin.algebra import Buffer, Engine, g1_to_bytes, g2_to_bytes

from .randomness import challenge_scalars

Group = Literal["g1", "g2"]


def generator(engine: Engine, group: Group) -> bytes:
    curve = engine.curve
    return g1_to_bytes([curve.g1], curve) if group == "g1" else g2_to_bytes([curve.g2], curve)


def same_ratio(engine: Engine, p: bytes, p_times_x: bytes, q: bytes, q_times_x: bytes) -> bool:
    """Is there one x with p_times_x = x p in G1 and q_times_x = x q in G2, none of the four at infinity?"""
    if not (any(p) and any(p_times_x) and any(q) and any(q_times_x)):
        return False
    return engine.pairing_check(p + engine.g1_neg(p_times_x), q_times_x + q)


def steps_of(engine: Engine, group: Group, points: Buffer) -> tuple[bytes, bytes]:
    """(sum c_i P_i, sum c_i P_(i+1)) for fresh c_i: in a geometric progression they have its ratio."""
    width = _width(engine, group)
    count = memoryview(points).nbytes // width
    coefficients, gap = challenge_scalars(count - 1), bytes(32)
    sums = _sums(engine, group, points, (coefficients + gap, gap + coefficients))
    return sums[0], sums[1]


def is_lagrange_basis(engine: Engine, group: Group, monomials: Buffer, lagrange: Buffer) -> bool:
    """Are these the Lagrange points of those monomials?

    With L_k = 1/n sum_j w^(-jk) M_j, every vector c satisfies sum_k (sum_i c_i w^(ik)) L_k = sum_i c_i M_i. Fewer
    monomials than Lagrange points count as followed by points at infinity.
    """
    width = _width(engine, group)
    count, size = memoryview(monomials).nbytes // width, memoryview(lagrange).nbytes // width
    coefficients = challenge_scalars(count)
    spread = engine.ntt(coefficients + bytes(32 * (size - count)))
    return fold(engine, group, monomials, coefficients) == fold(engine, group, lagrange, spread)


def fold(engine: Engine, group: Group, points: Buffer, scalars: Buffer) -> bytes:
    """sum scalars[i] * points[i], every point checked."""
    return _sums(engine, group, points, (scalars,))[0]


def _sums(engine: Engine, group: Group, points: Buffer, scalars: tuple[Buffer, ...]) -> list[bytes]:
    if group == "g1":
        bases, msm = engine.g1_bases(points), engine.g1_msm
    else:
        bases, msm = engine.g2_bases(points), engine.g2_msm
    return [msm(bases, each) for each in scalars]


def _width(engine: Engine, group: Group) -> int:
    return engine.curve.g1_bytes if group == "g1" else engine.curve.g2_bytes
