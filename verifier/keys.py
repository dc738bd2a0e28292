"""The verifying key: its bytes, snarkjs's verification_key.json, and the judgement whether it may be trusted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from zkmargin.algebra import (
    Buffer,
    Curve,
    EncodingError,
    Engine,
    PointError,
    g1_from_bytes,
    g1_to_bytes,
    g2_from_bytes,
    g2_to_bytes,
    get_engine,
)

from .alphabeta import alphabeta_12
from .errors import KeyRejected
from .json_members import check_members, read_object
from .snarkjs_json import CURVE_NAMES, PROTOCOL, read_g1, read_g2, read_protocol, write_g1, write_g2

WHAT = "verifying key"
MAX_JSON_BYTES = 4 << 20
DIGEST_BYTES = 32


@dataclass(frozen=True)
class VerifyingKey:
    """Points are canonical affine bytes; `ic` holds n_public + 1 points in G1, the constant's first.

    Building one checks lengths and coordinates only. Whether the key may be trusted is `judge_key`'s to say.
    """

    curve: Curve
    alpha1: bytes
    beta2: bytes
    gamma2: bytes
    delta2: bytes
    ic: bytes = field(repr=False)
    circuit_digest: bytes | None = None
    development: bool = False

    def __post_init__(self) -> None:
        g1, g2 = self.curve.g1_bytes, self.curve.g2_bytes
        sizes = {"alpha1": g1, "beta2": g2, "gamma2": g2, "delta2": g2}
        for name, size in sizes.items():
            data = getattr(self, name)
            _require(type(data) is bytes and len(data) == size, f"{name} is not {size} bytes")
        _require(
            type(self.ic) is bytes and len(self.ic) >= g1 and len(self.ic) % g1 == 0,
            "ic is not a whole number of points, at least one",
        )
        _require(type(self.development) is bool, "development is not a bool")
        if self.circuit_digest is not None:
            is_digest = type(self.circuit_digest) is bytes and len(self.circuit_digest) == DIGEST_BYTES
            _require(is_digest, f"circuit digest is not {DIGEST_BYTES} bytes")
        g1_from_bytes(self.alpha1 + self.ic, self.curve)
        g2_from_bytes(self.beta2 + self.gamma2 + self.delta2, self.curve)

    @property
    def n_public(self) -> int:
        return len(self.ic) // self.curve.g1_bytes - 1

    def ic_points(self) -> list[bytes]:
        size = self.curve.g1_bytes
        return [self.ic[i : i + size] for i in range(0, len(self.ic), size)]

    @classmethod
    def from_json(cls, data: Buffer | str | dict[str, Any]) -> VerifyingKey:
        """Read verification_key.json. `vk_alphabeta_12` is redundant and not read; `zkmargin` is this library's own."""
        value = read_object(data, WHAT, max_bytes=MAX_JSON_BYTES)
        points = {"vk_alpha_1", "vk_beta_2", "vk_gamma_2", "vk_delta_2"}
        check_members(value, {"protocol", "curve", "nPublic", "IC"} | points, {"vk_alphabeta_12", "zkmargin"}, WHAT)
        curve = read_protocol(value, WHAT)
        ic, n_public = value["IC"], value["nPublic"]
        _require(type(n_public) is int and n_public >= 0, "nPublic is not a number")
        _require(isinstance(ic, list) and len(ic) == n_public + 1, "IC does not hold nPublic + 1 points")
        digest, development = _read_origin(value.get("zkmargin"))
        return cls(
            curve=curve,
            alpha1=read_g1(value["vk_alpha_1"], curve, f"{WHAT} vk_alpha_1"),
            beta2=read_g2(value["vk_beta_2"], curve, f"{WHAT} vk_beta_2"),
            gamma2=read_g2(value["vk_gamma_2"], curve, f"{WHAT} vk_gamma_2"),
            delta2=read_g2(value["vk_delta_2"], curve, f"{WHAT} vk_delta_2"),
            ic=b"".join(read_g1(point, curve, f"{WHAT} IC[{i}]") for i, point in enumerate(ic)),
            circuit_digest=digest,
            development=development,
        )

    def to_json(self) -> dict[str, Any]:
        """The object snarkjs writes, members in its order, and ours after them."""
        document: dict[str, Any] = {
            "protocol": PROTOCOL,
            "curve": CURVE_NAMES[self.curve.name],
            "nPublic": self.n_public,
            "vk_alpha_1": write_g1(self.alpha1, self.curve),
            "vk_beta_2": write_g2(self.beta2, self.curve),
            "vk_gamma_2": write_g2(self.gamma2, self.curve),
            "vk_delta_2": write_g2(self.delta2, self.curve),
            "vk_alphabeta_12": alphabeta_12(self.alpha1, self.beta2),
            "IC": [write_g1(point, self.curve) for point in self.ic_points()],
        }
        if self.circuit_digest is not None or self.development:
            digest = None if self.circuit_digest is None else self.circuit_digest.hex()
            document["zkmargin"] = {"circuit_digest": digest, "development": self.development}
        return document


def judge_key(key: VerifyingKey, allow_development: bool = False, *, engine: Engine | None = None) -> None:
    """Raise `KeyRejected` unless proofs under this key can mean something.

    - Every point is on the curve, in the subgroup, and not at infinity.
    - beta, gamma and delta differ, and neither alpha nor beta nor delta is the generator: that is what a setup leaves
      of which a phase was skipped, and anybody can forge a proof under such a key.
    - No public input's point is at infinity or equal to another's, which would leave that input, or the difference of
      two, free for the prover to choose. All of these are compared up to sign.
    - It is not a development key, whose maker could have kept the secrets, unless `allow_development` says so.

    gamma may be the generator: every ceremony in iden3's format leaves it so, and soundness rests on delta being
    independent of it. What no check of a key can see is whether all who took part in its ceremony colluded.
    """
    curve = key.curve
    if key.development and not allow_development:
        raise KeyRejected("the key", "is marked as made by one party for development; allow it by name to use it")
    points = {"alpha": key.alpha1, "beta": key.beta2, "gamma": key.gamma2, "delta": key.delta2}
    points |= {f"IC[{index}]": point for index, point in enumerate(key.ic_points())}
    for part, point in points.items():
        if not any(point):
            raise KeyRejected(part, "is the point at infinity")
    _judge_setup(key)
    _judge_distinct(key)
    _judge_points(key, engine or get_engine(curve=curve))


def _judge_setup(key: VerifyingKey) -> None:
    """Refuse keys under which anybody can forge, because a phase of the setup was skipped or went wrong.

    Two points are compared by x, so up to sign. With delta = +-gamma, A = alpha, B = beta and C = -+IC(x) is a proof of
    any x; with beta = +-delta it is A = IC(x), B = gamma, C = -+alpha; with beta = +-gamma, A = IC(x) +- alpha,
    B = gamma + delta and C = A. With IC[0] = +-alpha, A = C = alpha and B = beta +- gamma + delta prove that all public
    inputs are zero. Points that are the generator are what they were before anybody contributed.
    """
    curve = key.curve
    g1_x, g2_x = curve.coordinate_bytes, 2 * curve.coordinate_bytes
    if key.delta2[:g2_x] == key.gamma2[:g2_x]:
        raise KeyRejected("delta", "equals gamma up to sign: the second phase of the setup was skipped")
    generator = g2_to_bytes([curve.g2], curve)
    if key.delta2[:g2_x] == generator[:g2_x]:
        raise KeyRejected("delta", "is the generator up to sign: the second phase of the setup was skipped")
    for part, point in (("gamma", key.gamma2), ("delta", key.delta2), ("the generator", generator)):
        if key.beta2[:g2_x] == point[:g2_x]:
            raise KeyRejected("beta", f"equals {part} up to sign: the first phase of the setup was skipped")
    if key.alpha1[:g1_x] == g1_to_bytes([curve.g1], curve)[:g1_x]:
        raise KeyRejected("alpha", "is the generator up to sign: the first phase of the setup was skipped")
    if key.ic[:g1_x] == key.alpha1[:g1_x]:
        raise KeyRejected("IC[0]", "equals alpha up to sign: anybody can prove that the public inputs are zero")


def _judge_distinct(key: VerifyingKey) -> None:
    """Equal up to sign is refused too: for IC[2] = -IC[1] a proof of (1, 2) is one of (11, 12)."""
    first_at: dict[bytes, int] = {}
    for index, point in enumerate(key.ic_points()):
        earlier = first_at.setdefault(point[: key.curve.coordinate_bytes], index)
        if earlier != index:
            raise KeyRejected(
                f"IC[{index}]", f"equals IC[{earlier}] up to sign: nothing tells these public inputs apart"
            )


def _judge_points(key: VerifyingKey, engine: Engine) -> None:
    try:
        engine.g1_bases(key.alpha1 + key.ic)
    except PointError as problem:
        index = problem.index or 0
        raise KeyRejected("alpha" if index == 0 else f"IC[{index - 1}]", "is not a point of G1") from None
    try:
        engine.g2_bases(key.beta2 + key.gamma2 + key.delta2)
    except PointError as problem:
        part = ("beta", "gamma", "delta")[problem.index or 0]
        raise KeyRejected(part, "is not a point of G2's prime-order subgroup") from None


def _read_origin(value: Any) -> tuple[bytes | None, bool]:
    """The member `zkmargin`: which circuit the key is for, and whether one party made it."""
    if value is None:
        return None, False
    _require(isinstance(value, dict), "zkmargin is not an object")
    check_members(value, {"circuit_digest", "development"}, set(), f"{WHAT} zkmargin")
    digest, development = value["circuit_digest"], value["development"]
    if digest is None:
        return None, development
    is_hex = type(digest) is str and len(digest) == 2 * DIGEST_BYTES and set(digest) <= set("0123456789abcdef")
    _require(is_hex, f"circuit_digest is not {2 * DIGEST_BYTES} lower-case hexadecimal digits")
    return bytes.fromhex(digest), development


def _require(condition: bool, otherwise: str) -> None:
    if not condition:
        raise EncodingError(f"{WHAT}: {otherwise}", what=WHAT)
