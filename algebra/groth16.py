"""The Groth16 check (Groth 2016, section 3.2) by the door's other operations, for one proof and for many at once.

One proof: e(-A, B) e(alpha, beta) e(S, gamma) e(C, delta) = 1, where S = IC_0 + sum x_j IC_j. Many: the product of the
left sides, each raised to a random weight, is one; `native/src/batch/mod.rs` says why that is enough. The native engine
does the same in fewer steps, and the tests hold the two equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .curves import Curve
from .encoding import Buffer, element_count, scalars_from_bytes, scalars_to_bytes
from .engine import Engine
from .errors import EncodingError, PointError

WEIGHT_BYTES = 16


@dataclass(frozen=True)
class _Member:
    """One proof of a batch whose points are good; the constant 1 leads its inputs."""

    place: int
    inputs: list[int]
    a: bytes
    b: bytes
    c: bytes
    weight: int


class PlainGroth16Key:
    """A key whose check is put together from an engine's operations on points."""

    def __init__(self, engine: Engine, alpha1: Buffer, g2_points: Buffer, ic: Buffer) -> None:
        curve = engine.curve
        self._engine, self._curve = engine, curve
        self._alpha1, self._g2_points = bytes(alpha1), bytes(g2_points)
        _expect("G1 point", 1, len(engine.g1_bases(self._alpha1)))
        _expect("G2 point", 3, len(engine.g2_bases(self._g2_points)))
        self._ic = engine.g1_bases(ic)
        if not len(self._ic):
            raise EncodingError("0 IC points where at least one is needed", what="IC point")

    @property
    def n_public(self) -> int:
        return len(self._ic) - 1

    def check(self, inputs: Buffer, proof: Buffer) -> bool:
        values = self._inputs(inputs, 1)[0]
        raw = bytes(proof)
        _expect("proof", 1, element_count(raw, self._proof_bytes, "proof"))
        return self._holds([self._member(0, values, raw, 1)])

    def check_many(self, inputs: Buffer, proofs: Buffer, weights: Buffer) -> list[bool | EncodingError]:
        raw, size = bytes(proofs), self._proof_bytes
        count = element_count(raw, size, "proof")
        _expect("weight", count, element_count(weights, WEIGHT_BYTES, "weight"))
        chances = [int.from_bytes(bytes(weights)[i * WEIGHT_BYTES :][:WEIGHT_BYTES], "little") for i in range(count)]
        verdicts: list[bool | EncodingError] = [True] * count
        members = []
        for place, values in enumerate(self._inputs(inputs, count)):
            try:
                members.append(self._member(place, values, raw[place * size : (place + 1) * size], chances[place]))
            except EncodingError as problem:
                verdicts[place] = problem
        for place in self._false_ones(members):
            verdicts[place] = False
        return verdicts

    def _false_ones(self, members: Sequence[_Member]) -> list[int]:
        """The places of false proofs, by bisection; a single one is checked for what it is, without a weight."""
        if len(members) == 1:
            [m] = members
            alone = _Member(m.place, m.inputs, m.a, m.b, m.c, 1)
            return [] if self._holds([alone]) else [m.place]
        if not members or self._holds(members):
            return []
        middle = len(members) // 2
        return self._false_ones(members[:middle]) + self._false_ones(members[middle:])

    def _holds(self, members: Sequence[_Member]) -> bool:
        """Does the product of the members' equations, raised to their weights, hold?"""
        engine, curve = self._engine, self._curve
        weights = scalars_to_bytes([m.weight for m in members], curve)
        a = engine.g1_scale(engine.g1_neg(b"".join(m.a for m in members)), weights)
        c = engine.g1_msm(engine.g1_bases_unchecked(b"".join(m.c for m in members)), weights)
        columns = zip(*(m.inputs for m in members), strict=True)
        sums = [sum(m.weight * x for m, x in zip(members, column, strict=True)) % curve.r for column in columns]
        statement = engine.g1_msm(self._ic, scalars_to_bytes(sums, curve))
        alpha = engine.g1_scale(self._alpha1, scalars_to_bytes([sums[0]], curve))
        return engine.pairing_check(a + alpha + statement + c, b"".join(m.b for m in members) + self._g2_points)

    def _member(self, place: int, values: list[int], raw: bytes, weight: int) -> _Member:
        """Check one proof's points; an error's index is 0, 1 or 2 for A, B or C."""
        g1, g2 = self._curve.g1_bytes, self._curve.g2_bytes
        a, b, c = raw[:g1], raw[g1 : g1 + g2], raw[g1 + g2 :]
        for index, (point, decode) in enumerate(
            ((a, self._engine.g1_bases), (b, self._engine.g2_bases), (c, self._engine.g1_bases))
        ):
            try:
                decode(point)
            except PointError as problem:
                text = str(problem).replace("point 0", f"point {index}", 1)
                raise PointError(text, what="point", index=index) from None
            if not any(point):
                raise PointError(f"point {index} is at infinity", what="point", index=index)
        return _Member(place, [1, *values], a, b, c, weight)

    def _inputs(self, data: Buffer, proofs: int) -> list[list[int]]:
        values, n = scalars_from_bytes(data, self._curve), self.n_public
        _expect("public input", proofs * n, len(values))
        return [values[i * n : (i + 1) * n] for i in range(proofs)]

    @property
    def _proof_bytes(self) -> int:
        return proof_bytes(self._curve)


def proof_bytes(curve: Curve) -> int:
    """A | B | C."""
    return 2 * curve.g1_bytes + curve.g2_bytes


def _expect(what: str, expected: int, found: int) -> None:
    if found != expected:
        raise EncodingError(f"{found} {what}s where {expected} are needed", what=what)
