"""The door's operations on scalars, held against integers modulo r."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from zkmargin.algebra import BN254, DomainError, SparseMatrix, scalars_to_bytes

from .door_case import Case, Refusal

R, Q = BN254.r, BN254.q
EDGES = [0, 1, 2, 3, R - 1, R - 2, (R - 1) // 2, (R + 1) // 2, 2**64, 2**128 + 1, 2**253, 5**100 % R]
LEFT = [x for x in EDGES for _ in EDGES]
RIGHT = [y for _ in EDGES for y in EDGES]
ONE = scalars_to_bytes([1])
TOO_LARGE = ONE + R.to_bytes(32, "little")
PARTIAL = ONE + bytes(31)
RANDOM = random.Random(254)


def scalars(count: int) -> list[int]:
    return [RANDOM.randrange(R) for _ in range(count)]


def little(values: Sequence[int]) -> bytes:
    return b"".join(value.to_bytes(32, "little") for value in values)


def evaluations(coefficients: Sequence[int], coset: int = 1) -> list[int]:
    """Of the polynomial, at coset * w^i, by the definition."""
    n = len(coefficients)
    w = pow(BN254.generator, (R - 1) // n, R)
    points = [coset * pow(w, i, R) % R for i in range(n)]
    return [sum(c * pow(x, k, R) for k, c in enumerate(coefficients)) % R for x in points]


def fixed(value: Any) -> Callable[[], Any]:
    return lambda: value


def elementwise_cases() -> list[Case]:
    operations = {"fr_add": lambda x, y: x + y, "fr_sub": lambda x, y: x - y, "fr_mul": lambda x, y: x * y}
    vectors = {"edges": (LEFT, RIGHT), "empty": ([], []), "1025": (scalars(1025), scalars(1025))}
    return [
        Case(
            method,
            label,
            lambda engine, method=method, a=a, b=b: getattr(engine, method)(little(a), little(b)),
            lambda operation=operation, a=a, b=b: little([operation(x, y) % R for x, y in zip(a, b, strict=True)]),
        )
        for method, operation in operations.items()
        for label, (a, b) in vectors.items()
    ]


def inverse_cases() -> list[Case]:
    vectors = {"edges": [x for x in EDGES if x], "empty": [], "one": [7], "1025": scalars(1025)}
    return [
        Case(
            "fr_inverse",
            label,
            lambda engine, a=a: engine.fr_inverse(little(a)),
            lambda a=a: little([pow(x, R - 2, R) for x in a]),
        )
        for label, a in vectors.items()
    ]


def power_cases() -> list[Case]:
    triples = [(b, n, s) for b in (0, 1, R - 1, 5) for n in (0, 1, 2, 3) for s in (0, 1, 7)]
    return [
        Case(
            "fr_powers",
            f"{scale} * {base}^i below {count}",
            lambda engine, base=base, count=count, scale=scale: engine.fr_powers(base, count, scale),
            lambda base=base, count=count, scale=scale: little([scale * pow(base, i, R) % R for i in range(count)]),
        )
        for base, count, scale in [*triples, (3, 2500, R - 4)]
    ] + [
        Case(
            "fr_powers",
            "scale is one by default",
            lambda engine: engine.fr_powers(3, 3),
            fixed(little([1, 3, 9])),
        )
    ]


def transform_cases() -> list[Case]:
    cases = []
    for size in (1, 2, 4, 8, 64):
        for coset in (1, BN254.generator, R - 1, scalars(1)[0]):
            values = scalars(size)
            forward = lambda values=values, coset=coset: little(evaluations(values, coset))  # noqa: E731
            cases += [
                Case(
                    "ntt",
                    f"{size} on coset {coset % 1000}",
                    lambda engine, values=values, coset=coset: engine.ntt(little(values), coset=coset),
                    forward,
                ),
                Case(
                    "ntt",
                    f"back from {size} on coset {coset % 1000}",
                    lambda engine, forward=forward, coset=coset: engine.ntt(forward(), inverse=True, coset=coset),
                    fixed(little(values)),
                ),
            ]
    zeros, constant = [0] * 16, [R - 1] + [0] * 15
    return [
        *cases,
        Case("ntt", "zero polynomial", lambda engine: engine.ntt(little(zeros)), fixed(little(zeros))),
        Case("ntt", "constant polynomial", lambda engine: engine.ntt(little(constant)), fixed(little([R - 1] * 16))),
    ]


def matrices() -> dict[str, tuple[int, list[list[tuple[int, int]]]]]:
    """Widths and rows: every size that is nothing, repeated columns, opposite coefficients, empty rows."""
    dense = [[(column, RANDOM.randrange(R)) for column in range(13)] for _ in range(20)]
    sparse = [[(RANDOM.randrange(50), RANDOM.choice(EDGES)) for _ in range(RANDOM.randrange(4))] for _ in range(200)]
    return {
        "no rows": (3, []),
        "no columns": (0, [[], []]),
        "empty rows": (2, [[], [(1, 5)], []]),
        "repeated columns": (2, [[(1, 5), (1, R - 1), (1, 5)], [(0, 1), (0, R - 1)]]),
        "dense": (13, dense),
        "sparse": (50, sparse),
    }


def matrix_cases() -> list[Case]:
    cases = []
    for label, (width, rows) in matrices().items():
        vector = scalars(width)
        cases.append(
            Case(
                "matrix_apply",
                label,
                lambda engine, rows=rows, vector=vector: engine.matrix_apply(
                    SparseMatrix.from_rows(rows, len(vector)), little(vector)
                ),
                lambda rows=rows, vector=vector: little([sum(k * vector[c] for c, k in row) % R for row in rows]),
            )
        )
    return cases


def montgomery_cases() -> list[Case]:
    cases = []
    for field, modulus in (("fr", R), ("fq", Q)):
        for label, values in {"edges": [*EDGES, modulus - 1], "empty": [], "1025": scalars(1025)}.items():
            forward = little([x * 2**256 % modulus for x in values])
            plain = little(values)
            cases += [
                Case(
                    f"{field}_to_montgomery",
                    label,
                    lambda engine, field=field, plain=plain: getattr(engine, f"{field}_to_montgomery")(plain),
                    fixed(forward),
                ),
                Case(
                    f"{field}_from_montgomery",
                    label,
                    lambda engine, field=field, data=forward: getattr(engine, f"{field}_from_montgomery")(data),
                    fixed(plain),
                ),
            ]
    return cases


CASES = [
    *elementwise_cases(),
    *inverse_cases(),
    *power_cases(),
    *transform_cases(),
    *matrix_cases(),
    *montgomery_cases(),
]


def scalar_refusals() -> list[Refusal]:
    """Every way in for scalars, given bytes that are none."""
    ways: dict[str, Callable[[Any, bytes], Any]] = {
        "fr_add": lambda e, bad: e.fr_add(bad, ONE * 2),
        "fr_sub": lambda e, bad: e.fr_sub(ONE * 2, bad),
        "fr_mul": lambda e, bad: e.fr_mul(bad, bad),
        "fr_inverse": lambda e, bad: e.fr_inverse(bad),
        "ntt": lambda e, bad: e.ntt(bad),
        "matrix_apply": lambda e, bad: e.matrix_apply(SparseMatrix.from_rows([[(1, 1)]], 2), bad),
        "fr_to_montgomery": lambda e, bad: e.fr_to_montgomery(bad),
        "fr_from_montgomery": lambda e, bad: e.fr_from_montgomery(bad),
    }
    largest = ONE + b"\xff" * 32
    refusals = []
    for method, way in ways.items():
        for label, bad, index in (("r", TOO_LARGE, 1), ("2^256 - 1", largest, 1), ("31 bytes", PARTIAL, None)):
            refusals.append(Refusal(method, label, lambda e, way=way, bad=bad: way(e, bad), index=index))
    return refusals


def broken_matrices() -> dict[str, SparseMatrix]:
    """Matrices that pass their own construction, each wrong in one respect."""

    def words(*values: int) -> bytes:
        return b"".join(value.to_bytes(4, "little") for value in values)

    return {
        "falling pointers": SparseMatrix.from_flat(2, words(0, 2, 1, 2), words(0, 1), ONE * 2),
        "pointers past the end": SparseMatrix.from_flat(2, words(0, 9, 2), words(0, 1), ONE * 2),
        "column outside": SparseMatrix.from_flat(2, words(0, 2), words(0, 2), ONE * 2),
        "coefficient": SparseMatrix.from_flat(2, words(0, 2), words(0, 1), TOO_LARGE),
    }


REFUSALS = [
    *scalar_refusals(),
    *(
        Refusal("matrix_apply", label, lambda e, matrix=matrix: e.matrix_apply(matrix, ONE * 2))
        for label, matrix in broken_matrices().items()
    ),
    *(
        Refusal(method, "lengths differ", lambda e, method=method: getattr(e, method)(ONE, ONE * 2))
        for method in ("fr_add", "fr_sub", "fr_mul")
    ),
    *(
        Refusal("matrix_apply", f"vector of {n}", lambda e, n=n: e.matrix_apply(SparseMatrix.from_rows([], 2), ONE * n))
        for n in (0, 1, 3)
    ),
    Refusal("fr_inverse", "zero", lambda e: e.fr_inverse(ONE + bytes(32) + ONE + bytes(32)), index=1),
    *(
        Refusal("fr_powers", f"base {base} scale {scale}", lambda e, b=base, s=scale: e.fr_powers(b, 2, s))
        for base, scale in ((R, 1), (-1, 1), (1, R), (1, -1), (True, 1), (1.0, 1), ("1", 1))
    ),
    Refusal("fr_powers", "negative count", lambda e: e.fr_powers(1, -1), DomainError),
    *(
        Refusal("ntt", f"length {n}", lambda e, n=n, inverse=inverse: e.ntt(ONE * n, inverse=inverse), DomainError)
        for n in (0, 3, 6, 9)
        for inverse in (False, True)
    ),
    *(
        Refusal("ntt", f"coset {coset}", lambda e, c=coset, inverse=inverse: e.ntt(ONE, inverse=inverse, coset=c))
        for coset in (0, R, -1)
        for inverse in (False, True)
    ),
    *(
        Refusal(method, label, lambda e, method=method, bad=bad: getattr(e, method)(bad), index=index)
        for method in ("fq_to_montgomery", "fq_from_montgomery")
        for label, bad, index in (("q", ONE + little([Q]), 1), ("31 bytes", PARTIAL, None))
    ),
]
