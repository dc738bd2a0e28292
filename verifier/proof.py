"""A Groth16 proof: three points, as bytes in three forms, as hexadecimal text, and as snarkjs's proof.json."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from zkmargin.algebra import (
    BN254,
    Buffer,
    Curve,
    EncodingError,
    Engine,
    PointError,
    get_engine,
)
from zkmargin.algebra.precompiles import reverse_halves

from .json_members import check_members, read_object
from .snarkjs_json import CURVE_NAMES, PROTOCOL, read_g1, read_g2, read_protocol, write_g1, write_g2

WHAT = "proof"
MAX_JSON_BYTES = 1 << 14
"""A proof.json is 800 bytes; nothing longer than this is parsed."""

_HEX_DIGITS = frozenset("0123456789abcdef")


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
        size = curve.coordinate_bytes
        raw = self.to_bytes()
        for start in range(0, len(raw), size):
            if int.from_bytes(raw[start : start + size], "little") >= curve.q:
                raise PointError(f"{WHAT}: a coordinate is not below q", what=WHAT)
        for data in (self.a, self.b, self.c):
            if not any(data):
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
        """A | B | C, exactly: 256 bytes of little-endian affine coordinates."""
        return cls(*_split(data, curve.g1_bytes, curve.g2_bytes), curve)

    def to_bytes(self) -> bytes:
        return self.a + self.b + self.c

    @classmethod
    def from_compressed(cls, data: Buffer, curve: Curve = BN254, *, engine: Engine | None = None) -> Proof:
        """A | B | C as arkworks compresses points, 128 bytes: x little-endian, bit 7 of its last byte for the larger y.

        Points are checked on the way, subgroup included, so that a proof has one spelling.
        """
        size = curve.coordinate_bytes
        a, b, c = _split(data, size, 2 * size)
        engine = engine or get_engine(curve=curve)
        a_and_c = engine.g1_decompress(a + c)
        return cls(a_and_c[: 2 * size], engine.g2_decompress(b), a_and_c[2 * size :], curve)

    def to_compressed(self, *, engine: Engine | None = None) -> bytes:
        """The inverse of `from_compressed`; `PointError` where a point is none, for half of it would say another."""
        engine = engine or get_engine(curve=self.curve)
        a_and_c = engine.g1_compress(self.a + self.c)
        size = self.curve.coordinate_bytes
        return a_and_c[:size] + engine.g2_compress(self.b) + a_and_c[size:]

    @classmethod
    def from_calldata(cls, data: Buffer) -> Proof:
        """Eight big-endian words in EIP-197's order, c1 before c0: what a contract is called with."""
        a, b, c = map(reverse_halves, _split(data, BN254.g1_bytes, BN254.g2_bytes))
        return cls(a, b, c)

    def to_calldata(self) -> bytes:
        """The inverse of `from_calldata`."""
        if self.curve != BN254:
            raise EncodingError(f"{WHAT}: EIP-197 knows no curve {self.curve.name}", what=WHAT)
        return b"".join(map(reverse_halves, (self.a, self.b, self.c)))

    @classmethod
    def from_hex(cls, text: str, *, engine: Engine | None = None) -> Proof:
        """0x and lower-case digits: 256 of them are the compressed form, 512 the calldata."""
        digits = text[2:] if type(text) is str and text.startswith("0x") else ""
        if len(digits) not in (256, 512) or not _HEX_DIGITS.issuperset(digits):
            raise EncodingError(f"{WHAT}: not 0x and 256 or 512 lower-case hexadecimal digits", what=WHAT)
        raw = bytes.fromhex(digits)
        return cls.from_compressed(raw, engine=engine) if len(digits) == 256 else cls.from_calldata(raw)

    def to_hex(self, *, engine: Engine | None = None) -> str:
        """The compressed form as `from_hex` reads it; that of the calldata is its bytes' own `hex`."""
        return "0x" + self.to_compressed(engine=engine).hex()


def _split(data: Buffer, g1: int, g2: int) -> tuple[bytes, bytes, bytes]:
    raw = bytes(memoryview(data)[: 2 * g1 + g2 + 1])
    if len(raw) != 2 * g1 + g2:
        length = memoryview(data).nbytes
        raise EncodingError(f"{WHAT}: {length} bytes instead of {2 * g1 + g2}", what=WHAT)
    return raw[:g1], raw[g1 : g1 + g2], raw[g1 + g2 :]
