"""The door's provers, held against the paper's sums in the logarithms of a key whose secrets are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from zkmargin.algebra import BN254, Engine, PointError, SparseMatrix

from .door_case import Case, Refusal
from .door_fields import PARTIAL, fixed, little
from .plain_curve import generator_multiples

R = BN254.r
TAU, ALPHA, BETA, GAMMA, DELTA = 1001, 2002, 3003, 1, 5005
# The circuit: wires 1, x (public) and y; rows x y = x, which y = 1 satisfies, and 1 * 0 = 0, which binds the constant.
ROOT = BN254.root_of_unity(1)
BASIS = [(TAU - ROOT) * pow(1 - ROOT, -1, R) % R, (TAU - 1) * pow(ROOT - 1, -1, R) % R]
U, V, W = [BASIS[1], BASIS[0], 0], [0, 0, BASIS[0]], [0, BASIS[0], 0]
K = [(BETA * u + ALPHA * v + w) % R for u, v, w in zip(U, V, W, strict=True)]
A, B = (SparseMatrix.from_rows(rows, 3) for rows in ([[(1, 1)], [(0, 1)]], [[(2, 1)], []]))


def odd_points() -> list[int]:
    """Lagrange's basis of the doubled domain at its odd places, over delta."""
    root = BN254.root_of_unity(2)
    points = [pow(root, place, R) for place in range(4)]

    def at_tau(place: int) -> int:
        value = 1
        for other in range(4):
            if other != place:
                value = value * (TAU - points[other]) * pow(points[place] - points[other], -1, R) % R
        return value

    return [at_tau(place) * pow(DELTA, -1, R) % R for place in (1, 3)]


def g1(*logarithms: int) -> bytes:
    return generator_multiples("g1", logarithms)


def g2(*logarithms: int) -> bytes:
    return generator_multiples("g2", logarithms)


@dataclass(frozen=True)
class Parts:
    """What `algebra/proving.py` asks of a proving key."""

    n_wires: int = 3
    n_public: int = 1
    domain_size: int = 2
    alpha1: bytes = g1(ALPHA)
    beta1: bytes = g1(BETA)
    beta2: bytes = g2(BETA)
    gamma2: bytes = g2(GAMMA)
    delta1: bytes = g1(DELTA)
    delta2: bytes = g2(DELTA)
    ic: bytes = g1(*K[:2])
    a: SparseMatrix = A
    b: SparseMatrix = B
    a_points: bytes = g1(*U)
    b1_points: bytes = g1(*V)
    b2_points: bytes = g2(*V)
    c_points: bytes = g1(K[2] * pow(DELTA, -1, R))
    h_points: bytes = g1(*odd_points())
    folded_points: bytes | None = None
    circuit_hash: bytes = bytes(64)
    circuit_digest: bytes | None = None
    development: bool = True


KEY = Parts()
SHARE = (1 - TAU**2) * pow(2 * DELTA, -1, R)
FOLDED = replace(
    KEY, folded_points=g1(*(k - w * SHARE for k, w in zip((0, 0, K[2] * pow(DELTA, -1, R)), W, strict=True)))
)
X, RANDOM_R, RANDOM_S = 77, R - 5, 2**200 + 1


def expected() -> bytes:
    """A | B | C by the formulas of the paper's section 3.2, with H Z = u v - w."""
    wires = [1, X, 1]
    u, v, w = (sum(x * y for x, y in zip(wires, column, strict=True)) for column in (U, V, W))
    a, b = ALPHA + u + RANDOM_R * DELTA, BETA + v + RANDOM_S * DELTA
    c = (K[2] + u * v - w) * pow(DELTA, -1, R) + RANDOM_S * a + RANDOM_R * b - RANDOM_R * RANDOM_S * DELTA
    return g1(a) + g2(b) + g1(c)


def prove(key: Parts, wires: bytes, r: int = RANDOM_R, s: int = RANDOM_S, **options: Any) -> Callable[[Engine], Any]:
    return lambda engine: engine.load_prover(key, 1 << 20).prove(wires, r, s, **options)[0]


GOOD = little([1, X, 1])
A_OF_GOOD, B_OF_GOOD = (sum(x * y for x, y in zip((1, X, 1), column, strict=True)) for column in (U, V))
CASES = [
    Case("load_prover", "the paper's proof", prove(KEY, GOOD), expected),
    Case("load_prover", "folded", prove(FOLDED, GOOD), expected),
    Case("load_prover", "on one thread", prove(FOLDED, GOOD, alone=True), expected),
    Case("load_prover", "a false witness", prove(KEY, little([1, X, 2])), fixed(None)),
    Case("load_prover", "a false witness, folded", prove(FOLDED, little([1, X, 2])), fixed(None)),
    Case("load_prover", "number of wires", lambda e: e.load_prover(KEY, 0).facts.n_wires, fixed(3)),
    Case("load_prover", "is it folded", lambda e: e.load_prover(FOLDED, 0).facts.folded, fixed(True)),
]
REFUSALS = [
    *(Refusal("load_prover", f"{n} wires", prove(KEY, little([1] * n))) for n in (0, 1, 2, 4)),
    Refusal("load_prover", "partial wire", prove(KEY, little([1, X]) + PARTIAL[32:])),
    Refusal("load_prover", "wire r", prove(KEY, little([1, X, R])), index=2),
    Refusal("load_prover", "the first wire is not 1", prove(KEY, little([2, X, 1]))),
    Refusal("load_prover", "r is the order", prove(KEY, GOOD, r=R)),
    Refusal("load_prover", "s is negative", prove(KEY, GOOD, s=-1)),
    Refusal(
        "load_prover", "A at infinity", prove(KEY, GOOD, r=-(ALPHA + A_OF_GOOD) * pow(DELTA, -1, R) % R), PointError, 0
    ),
    Refusal(
        "load_prover", "B at infinity", prove(KEY, GOOD, s=-(BETA + B_OF_GOOD) * pow(DELTA, -1, R) % R), PointError, 1
    ),
    *(
        Refusal(
            "load_prover", f"{name} without a point", prove(replace(KEY, **{name: getattr(KEY, name)[:-width]}), GOOD)
        )
        for name, width in {
            "a_points": 64,
            "b1_points": 64,
            "b2_points": 128,
            "c_points": 64,
            "h_points": 64,
            "ic": 64,
        }.items()
    ),
    Refusal("load_prover", "an IC point too many", prove(replace(KEY, ic=KEY.ic + KEY.alpha1), GOOD)),
]
