"""The numbers that define each curve; code elsewhere is generic over a `Curve`.

BN254 is the curve of the EVM precompiles (EIP-196, EIP-197), also called alt_bn128 and, in iden3's tools, bn128.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Curve:
    """y^2 = x^3 + b over F_q with a pairing-friendly subgroup of prime order r; G2 lives over F_q[u]/(u^2 + 1)."""

    name: str
    q: int
    r: int
    b: int
    g2_b: tuple[int, int]
    g1: tuple[int, int]
    g2: tuple[tuple[int, int], tuple[int, int]]
    two_adicity: int
    """The largest k with 2^k dividing r - 1: transforms exist up to this size."""
    generator: int
    """A multiplicative generator of F_r; it also shifts cosets."""
    scalar_bytes: int
    coordinate_bytes: int

    @property
    def g1_bytes(self) -> int:
        return 2 * self.coordinate_bytes

    @property
    def g2_bytes(self) -> int:
        return 4 * self.coordinate_bytes

    def root_of_unity(self, log_size: int) -> int:
        """The primitive 2^log_size-th root that iden3's tools and arkworks both use."""
        if not 0 <= log_size <= self.two_adicity:
            raise ValueError(f"{self.name} has no root of unity of order 2^{log_size}")
        return pow(self.generator, (self.r - 1) >> log_size, self.r)


BN254 = Curve(
    name="bn254",
    q=21888242871839275222246405745257275088696311157297823662689037894645226208583,
    r=21888242871839275222246405745257275088548364400416034343698204186575808495617,
    b=3,
    g2_b=(
        19485874751759354771024239261021720505790618469301721065564631296452457478373,
        266929791119991161246907387137283842545076965332900288569378510910307636690,
    ),
    g1=(1, 2),
    g2=(
        (
            10857046999023057135944570762232829481370756359578518086990519993285655852781,
            11559732032986387107991004021392285783925812861821192530917403151452391805634,
        ),
        (
            8495653923123431417604973247489272438418190587263600148770280649306958101930,
            4082367875863433681332203403145435568316851327593401208105741076214120093531,
        ),
    ),
    two_adicity=28,
    generator=5,
    scalar_bytes=32,
    coordinate_bytes=32,
)
