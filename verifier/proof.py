"""A Groth16 proof: three points, as bytes and as snarkjs's proof.json."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from zkmargin.algebra import (
    BN254,
    Buffer,
    Curve,
    EncodingError,
    PointError,
    g1_from_bytes,
    g2_from_bytes,
)

from .json_members import check_members, read_object
from .snarkjs_json import CURVE_NAMES, PROTOCOL, read_g1, read_g2, read_protocol, write_g1, write_g2

WHAT = "proof"
MAX_JSON_BYTES = 1 << 14
"""A proof.json is 800 bytes; nothing longer than this is parsed."""


@dataclass(frozen=True)
class Proof:
    """A in G1, B in G2, C in G1, as canonical affine bytes.

    Building one checks lengths and that every coordinate is below q, and refuses the point at infinity, which no
    honest prover makes. The curve equation and the subgroup are checked by whoever verifies.
    """

    a: bytes
    b: bytes
    c: bytes
    curve: Curve = BN254

    def __post_init__(self) -> None:
        curve = self.curve
        for name, data, size in (
            ("A", self.a, curve.g1_bytes),
            ("B", self.b, curve.g2_bytes),
            ("C", self.c, curve.g1_bytes),
        ):
            if type(data) is not bytes or len(data) != size:
                raise EncodingError(f"{WHAT}: {name} is not {size} bytes", what=WHAT)
        if None in (*g1_from_bytes(self.a + self.c, curve), *g2_from_bytes(self.b, curve)):
            raise PointError(f"{WHAT}: a point is at infinity", what=WHAT)

    @classmethod
    def from_json(cls, data: Buffer | str | dict[str, Any]) -> Proof:
        """Read snarkjs's proof.json; members it does not have are refused."""
        value = read_object(data, WHAT, max_bytes=MAX_JSON_BYTES)
        check_members(value, {"pi_a", "pi_b", "pi_c", "protocol", "curve"}, set(), WHAT)
        curve = read_protocol(value, WHAT)
        return cls(
            a=read_g1(value["pi_a"], curve, f"{WHAT} pi_a"),
            b=read_g2(value["pi_b"], curve, f"{WHAT} pi_b"),
            c=read_g1(value["pi_c"], curve, f"{WHAT} pi_c"),
            curve=curve,
        )

    def to_json(self) -> dict[str, Any]:
        """The object snarkjs writes, members in its order."""
        return {
            "pi_a": write_g1(self.a, self.curve),
            "pi_b": write_g2(self.b, self.curve),
            "pi_c": write_g1(self.c, self.curve),
            "protocol": PROTOCOL,
            "curve": CURVE_NAMES[self.curve.name],
        }

    @classmethod
    def from_bytes(cls, data: Buffer, curve: Curve = BN254) -> Proof:
        """A | B | C, exactly."""
        raw, g1, g2 = bytes(data), curve.g1_bytes, curve.g2_bytes
        if len(raw) != 2 * g1 + g2:
            raise EncodingError(f"{WHAT}: {len(raw)} bytes instead of {2 * g1 + g2}", what=WHAT)
        return cls(raw[:g1], raw[g1 : g1 + g2], raw[g1 + g2 :], curve)

    def to_bytes(self) -> bytes:
        return self.a + self.b + self.c
