"""The door's Groth16 check, held against the equation in the logarithms of a key whose secrets are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from zkmargin.algebra import BN254, Engine, PointError

from .door_case import Case, Refusal
from .door_fields import PARTIAL, TOO_LARGE, fixed, little
from .door_groups import logarithms
from .plain_curve import generator_multiples, stray_g2, to_bytes

R = BN254.r
ALPHA, BETA, GAMMA, DELTA, *K = logarithms(7)
WEIGHTS = bytes(range(1, 129))
KEY = (
    generator_multiples("g1", [ALPHA]),
    generator_multiples("g2", [BETA, GAMMA, DELTA]),
    generator_multiples("g1", K),
)


def proof(inputs: Sequence[int], a: int = 7, b: int = 11, miss: int = 0) -> bytes:
    """Its equation holds if and only if `miss` is 0 mod r."""
    statement = sum(k * x for k, x in zip(K, [1, *inputs], strict=True))
    c = (a * b - ALPHA * BETA - GAMMA * statement + miss) * pow(DELTA, -1, R)
    return b"".join((generator_multiples("g1", [a]), generator_multiples("g2", [b]), generator_multiples("g1", [c])))


def one(inputs: bytes, raw: bytes, key: tuple[bytes, bytes, bytes] = KEY) -> Callable[[Engine], Any]:
    return lambda engine: engine.groth16_key(*key).check(inputs, raw)


def many(inputs: bytes, raw: bytes, weights: bytes) -> Callable[[Engine], Any]:
    """Errors as what they say: two are equal if they are of one type and index."""

    def run(engine: Engine) -> list[Any]:
        verdicts = engine.groth16_key(*KEY).check_many(inputs, raw, weights)
        return [v if type(v) is bool else (type(v), getattr(v, "index", None)) for v in verdicts]

    return run


X = [5, R - 1]
GOOD = proof(X)
OFF = (1).to_bytes(32, "little") * 2
STRAY = to_bytes("g2", [stray_g2(3)])
BAD_POINTS = {
    "A off the curve": (OFF + GOOD[64:], 0),
    "B off the curve": (GOOD[:64] + OFF * 2 + GOOD[192:], 1),
    "B outside the subgroup": (GOOD[:64] + STRAY + GOOD[192:], 1),
    "C off the curve": (GOOD[:192] + OFF, 2),
    "A at infinity": (bytes(64) + GOOD[64:], 0),
    "B at infinity": (GOOD[:64] + bytes(128) + GOOD[192:], 1),
    "C at infinity": (GOOD[:192] + bytes(64), 2),
    "B and C off the curve": (GOOD[:64] + OFF * 3, 1),
    "B outside the subgroup and C at infinity": (GOOD[:64] + STRAY + bytes(64), 1),
    "A's x is q": (BN254.q.to_bytes(32, "little") + GOOD[32:], 0),
}
MIXED = [GOOD, proof(X, miss=1), BAD_POINTS["C off the curve"][0]]

CASES = [
    Case("groth16_key", "number of inputs", lambda e: e.groth16_key(*KEY).n_public, fixed(2)),
    Case("groth16_key", "holds", one(little(X), GOOD), fixed(True)),
    Case("groth16_key", "another proof", one(little([0, 0]), proof([0, 0], R - 3, 1)), fixed(True)),
    Case("groth16_key", "other inputs", one(little([5, R - 2]), GOOD), fixed(False)),
    Case("groth16_key", "no proofs", many(b"", b"", b""), fixed([])),
    Case(
        "groth16_key",
        "good, false and bad points",
        many(little(X * 3), b"".join(MIXED), WEIGHTS[:48]),
        fixed([True, False, (PointError, 2)]),
    ),
    Case(
        "groth16_key",
        "a key with points at infinity",
        # e(-A, B) e(C, delta) = 1 is all that is left of the equation
        one(
            b"",
            GOOD[:192] + generator_multiples("g1", [77 * pow(DELTA, -1, R)]),
            (bytes(64), bytes(256) + KEY[1][256:], bytes(64)),
        ),
        fixed(True),
    ),
]
REFUSALS = [
    *(Refusal("groth16_key", label, one(little(X), raw), PointError, at) for label, (raw, at) in BAD_POINTS.items()),
    Refusal("groth16_key", "input r", one(little([5]) + TOO_LARGE[-32:], GOOD), index=1),
    Refusal("groth16_key", "partial input", one(little(X) + PARTIAL, GOOD)),
    *(Refusal("groth16_key", f"{n} inputs", one(little([1] * n), GOOD)) for n in (0, 1, 3)),
    *(Refusal("groth16_key", f"proof of {n} bytes", one(little(X), (GOOD * 2)[:n])) for n in (0, 255, 257, 512)),
    Refusal("groth16_key", "too few weights", many(little(X), GOOD, b"")),
    Refusal("groth16_key", "partial weight", many(little(X), GOOD, WEIGHTS[:15])),
    Refusal("groth16_key", "too many weights", many(little(X), GOOD, WEIGHTS[:32])),
    Refusal("groth16_key", "partial proof", many(little(X), GOOD[:-1], WEIGHTS[:16])),
    Refusal("groth16_key", "inputs of another number", many(little(X), GOOD * 2, WEIGHTS[:32])),
    Refusal(
        "groth16_key", "input r among many", many(little(X) + TOO_LARGE[-32:] * 2, GOOD * 2, WEIGHTS[:32]), index=2
    ),
    Refusal("groth16_key", "no IC", lambda e: e.groth16_key(KEY[0], KEY[1], b"")),
    Refusal("groth16_key", "two alphas", lambda e: e.groth16_key(KEY[0] * 2, KEY[1], KEY[2])),
    Refusal("groth16_key", "two points of G2", lambda e: e.groth16_key(KEY[0], KEY[1][:256], KEY[2])),
    Refusal("groth16_key", "alpha off the curve", lambda e: e.groth16_key(OFF, KEY[1], KEY[2]), PointError, 0),
    Refusal("groth16_key", "IC off the curve", lambda e: e.groth16_key(KEY[0], KEY[1], KEY[2] + OFF), PointError, 3),
    Refusal(
        "groth16_key", "delta a stray", lambda e: e.groth16_key(KEY[0], KEY[1][:256] + STRAY, KEY[2]), PointError, 2
    ),
]
