"""The door's operations on points, held against chords and tangents, and against arithmetic on logarithms.

Where many points meet, each is a known multiple of the generator: sum s_i (k_i G) must be (sum s_i k_i) G.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from zkmargin.algebra import BN254, DomainError, Engine, PointError, SparseMatrix, get_engine

from .door_case import Case, Refusal
from .door_fields import EDGES, ONE, PARTIAL, TOO_LARGE, broken_matrices, evaluations, fixed, little
from .plain_curve import (
    GENERATORS,
    Point,
    add,
    generator_multiples,
    multiple,
    negative,
    stray_g2,
    to_bytes,
)

R, Q = BN254.r, BN254.q
RANDOM = random.Random(2)
GROUPS = ("g1", "g2")
SIZE = {"g1": 64, "g2": 128}


def logarithms(count: int) -> list[int]:
    return [RANDOM.randrange(R) for _ in range(count)]


def call(method: str, *arguments: Any, **options: Any) -> Callable[[Engine], Any]:
    return lambda engine: getattr(engine, method)(*arguments, **options)


def on_bases(
    group: str, method: str, points: bytes, *, matrix: SparseMatrix | None = None, factors: bytes = b""
) -> Any:
    """A call that first decodes bases."""

    def run(engine: Engine) -> bytes:
        bases = getattr(engine, f"{group}_bases")(points)
        if matrix is not None:
            return getattr(engine, method)(matrix, bases)  # type: ignore[no-any-return]
        return getattr(engine, method)(bases, factors)  # type: ignore[no-any-return]

    return run


def base_cases(group: str) -> list[Case]:
    """Bases are only as good as what is computed from them."""
    logs = [1, 0, R - 1, *logarithms(2)]
    points = generator_multiples(group, logs)

    def use(kind: str) -> Callable[[Engine], tuple[int, bytes]]:
        def run(engine: Engine) -> tuple[int, bytes]:
            bases = getattr(engine, f"{group}_{kind}")(points)
            return len(bases), getattr(engine, f"{group}_msm")(bases, little([1, 2, 3, 4, 5]))

        return run

    total = sum(log * k for log, k in zip(logs, range(1, 6), strict=True))
    expected = fixed((5, generator_multiples(group, [total])))
    off_curve = b"\x01" + bytes(SIZE[group] - 1)
    return [
        Case(f"{group}_bases", "used in a sum", use("bases"), expected),
        Case(f"{group}_bases_unchecked", "used in a sum", use("bases_unchecked"), expected),
        Case(f"{group}_bases", "empty", lambda e: len(getattr(e, f"{group}_bases")(b"")), fixed(0)),
        Case(
            f"{group}_bases_unchecked",
            "off the curve",
            lambda e: len(getattr(e, f"{group}_bases_unchecked")(off_curve)),
            fixed(1),
        ),
    ]


def law_cases(group: str) -> list[Case]:
    p, q = (multiple(k, GENERATORS[group]) for k in logarithms(2))
    double = add(p, p)
    pairs: list[tuple[Point, Point]] = [
        (None, None),
        (None, p),
        (p, None),
        (p, p),
        (p, negative(p)),
        (p, q),
        (q, p),
        (double, p),
        (p, negative(double)),
    ]
    left, right = ([pair[side] for pair in pairs] for side in (0, 1))
    sums = [add(a, b) for a, b in pairs]
    return [
        Case(
            f"{group}_add",
            "every kind of pair",
            call(f"{group}_add", to_bytes(group, left), to_bytes(group, right)),
            fixed(to_bytes(group, sums)),
        ),
        Case(f"{group}_add", "empty", call(f"{group}_add", b"", b""), fixed(b"")),
        Case(
            f"{group}_neg",
            "points and infinity",
            call(f"{group}_neg", to_bytes(group, [p, None, q])),
            fixed(to_bytes(group, [negative(p), None, negative(q)])),
        ),
        Case(f"{group}_neg", "empty", call(f"{group}_neg", b""), fixed(b"")),
    ]


def product_cases(group: str) -> list[Case]:
    factors = [*EDGES, *logarithms(1)]
    base = multiple(RANDOM.randrange(R), GENERATORS[group])
    expected = to_bytes(group, [multiple(k, base) for k in factors])
    count, infinity = len(factors), bytes(SIZE[group])
    one_base = to_bytes(group, [base])
    scale, multiples = f"{group}_scale", f"{group}_multiples"
    return [
        Case(scale, "edges", call(scale, one_base * count, little(factors)), fixed(expected)),
        Case(scale, "infinity", call(scale, infinity * 3, little([0, 1, R - 1])), fixed(infinity * 3)),
        Case(scale, "empty", call(scale, b"", b""), fixed(b"")),
        Case(multiples, "edges", call(multiples, one_base, little(factors)), fixed(expected)),
        Case(multiples, "infinity", call(multiples, infinity, little([0, 1, R - 1])), fixed(infinity * 3)),
        Case(multiples, "empty", call(multiples, one_base, b""), fixed(b"")),
        *(
            Case(
                multiples, f"{n}", call(multiples, one_base, little(factors[-n:])), fixed(expected[-n * SIZE[group] :])
            )
            for n in (1, 2, 3, 4, 5)
        ),
    ]


def sum_cases(group: str) -> list[Case]:
    sums: dict[str, tuple[list[int], list[int]]] = {
        f"size {n}": (logarithms(n), logarithms(n)) for n in (0, 1, 2, 3, 4, 5, 7, 8, 9)
    }
    if group == "g1":
        sums["size 33"] = (logarithms(33), logarithms(33))
    log = logarithms(1)[0]
    sums |= {
        "one point repeated": ([log] * 9, EDGES[:9]),
        "opposite points": ([log, R - log] * 4, [7] * 8),
        "equal buckets": ([log, R - log, 5, 9], [3, 3, 3, 3]),
        "infinities": ([0, 0, 0], EDGES[2:5]),
        "all zero": (logarithms(4), [0] * 4),
        "edges": (list(range(1, len(EDGES) + 1)), EDGES),
    }
    method = f"{group}_msm"
    return [
        Case(
            method,
            label,
            on_bases(group, method, generator_multiples(group, logs), factors=little(factors)),
            lambda logs=logs, factors=factors: generator_multiples(
                group, [sum(k * s for k, s in zip(logs, factors, strict=True))]
            ),
        )
        for label, (logs, factors) in sums.items()
    ]


def matrix_cases(group: str) -> list[Case]:
    long_row = [(column % 3, RANDOM.choice(EDGES)) for column in range(70)]
    rows_of = {
        "no rows": (1, []),
        "no columns": (0, [[], []]),
        "empty, repeated and opposite": (3, [[], [(1, 5), (1, R - 1)], [(2, 1), (2, R - 1)], [(0, R - 5)]]),
        "a random row": (3, [[(0, logarithms(1)[0]), (2, logarithms(1)[0])]]),
        "infinity": (3, [[(1, 7)]]),
        "a long row": (3, [long_row]),
    }
    method = f"{group}_matrix_apply"
    cases = []
    for label, (width, rows) in rows_of.items():
        logs = [11, 0 if label == "infinity" else 13, RANDOM.randrange(R)][:width]
        matrix = SparseMatrix.from_rows(rows, width)
        expected = generator_multiples(group, [sum(k * logs[c] for c, k in row) for row in rows])
        cases.append(
            Case(
                method,
                label,
                on_bases(group, method, generator_multiples(group, logs), matrix=matrix),
                fixed(expected),
            )
        )
    return cases


def transform_cases(group: str) -> list[Case]:
    cases = []
    method = f"{group}_ntt"
    for logs in ([7], [3, 5], [0, 1, R - 1, 9], [0] * 4, logarithms(8)):
        label = f"{len(logs)} from {logs[0] % 100}"
        points = generator_multiples(group, logs)
        values = generator_multiples(group, evaluations(logs))
        cases += [
            Case(method, label, call(method, points), fixed(values)),
            Case(method, f"back to {label}", call(method, values, inverse=True), fixed(points)),
        ]
    return cases


def pairing_cases() -> list[Case]:
    """prod e(a_i G, b_i H) is one if and only if sum a_i b_i = 0 modulo r, by bilinearity and non-degeneracy."""
    a, b, c = logarithms(3)
    pairs: dict[str, list[tuple[int, int]]] = {
        "empty": [],
        "one pair": [(1, 1)],
        "G1 at infinity": [(0, a)],
        "G2 at infinity": [(a, 0)],
        "both at infinity": [(0, 0)],
        "opposite": [(1, 1), (R - 1, 1)],
        "opposite in G2": [(a, b), (a, R - b)],
        "equal": [(1, 1), (1, 1)],
        "bilinear": [(a, b), (R - a * b % R, 1)],
        "one too many": [(a, b), (R - a * b % R, 1), (1, 1)],
        "infinity between": [(a, b), (0, c), (c, 0), (R - 1, a * b % R)],
        "as in Groth16": [(a, b), (R - 5, 7), (R - c, 3), (35 + 3 * c - a * b, 1)],
    }
    return [
        Case(
            "pairing_check",
            label,
            call(
                "pairing_check",
                generator_multiples("g1", [x for x, _ in logs]),
                generator_multiples("g2", [y for _, y in logs]),
            ),
            fixed(sum(x * y for x, y in logs) % R == 0),
        )
        for label, logs in pairs.items()
    ]


CASES = [
    *(
        case
        for group in GROUPS
        for cases in (base_cases, law_cases, product_cases, sum_cases, matrix_cases, transform_cases)
        for case in cases(group)
    ),
    *pairing_cases(),
]


def bad_points(group: str) -> dict[str, tuple[bytes, type[PointError] | None, int | None]]:
    """Bytes whose second point is none, with the error and the index; no error type means a mere `EncodingError`."""
    good = generator_multiples(group, [5])
    size = SIZE[group]
    bad: dict[str, tuple[bytes, type[PointError] | None, int | None]] = {
        "partial": (good + bytes(size - 1), None, None),
        "off the curve": (good + good[: size - 32] + (1).to_bytes(32, "little"), PointError, 1),
        "zero y": (good + good[: size // 2] + bytes(size // 2), PointError, 1),
    }
    for part in range(size // 32):
        large = bytearray(good)
        large[32 * part : 32 * part + 32] = Q.to_bytes(32, "little")
        bad[f"coordinate {part} is q"] = (good + large, PointError, 1)
    if group == "g2":
        stray = stray_g2(3)
        swapped = good[32:64] + good[:32] + good[96:] + good[64:96]
        bad |= {
            "outside the subgroup": (good + to_bytes(group, [stray]), PointError, 1),
            "generator and a stray": (good + to_bytes(group, [add(stray, GENERATORS[group])]), PointError, 1),
            "parts swapped": (good + swapped, PointError, 1),
        }
    return bad


def point_refusals(group: str) -> list[Refusal]:
    good = generator_multiples(group, [5, 6])
    other = {"g1": generator_multiples("g2", [5, 6]), "g2": generator_multiples("g1", [5, 6])}[group]
    ways: dict[str, Callable[[Engine, bytes], Any]] = {
        f"{group}_bases": lambda e, bad: getattr(e, f"{group}_bases")(bad),
        f"{group}_add": lambda e, bad: getattr(e, f"{group}_add")(good, bad),
        f"{group}_neg": lambda e, bad: getattr(e, f"{group}_neg")(bad),
        f"{group}_scale": lambda e, bad: getattr(e, f"{group}_scale")(bad, ONE * 2),
        f"{group}_multiples": lambda e, bad: getattr(e, f"{group}_multiples")(bad, ONE),
        f"{group}_ntt": lambda e, bad: getattr(e, f"{group}_ntt")(bad),
        f"{group}_compress": lambda e, bad: getattr(e, f"{group}_compress")(bad),
        "pairing_check": lambda e, bad: e.pairing_check(*((bad, other) if group == "g1" else (other, bad))),
    }
    refusals = []
    for label, (data, error, index) in bad_points(group).items():
        for method, way in ways.items():
            kind = {"error": error} if error else {}
            refusals.append(
                Refusal(method, f"{group} {label}", lambda e, way=way, data=data: way(e, data), index=index, **kind)
            )
        if label.startswith(("partial", "coordinate")):
            unchecked = f"{group}_bases_unchecked"
            refusals.append(Refusal(unchecked, label, call(unchecked, data), error=error or Refusal.error, index=index))
    return refusals


def argument_refusals(group: str) -> list[Refusal]:
    """Scalars that are none, and numbers of things that do not go together."""
    good, size = generator_multiples(group, [5, 6]), SIZE[group]
    add_, scale, multiples, msm, apply, transform = (
        f"{group}_{name}" for name in ("add", "scale", "multiples", "msm", "matrix_apply", "ntt")
    )
    refusals = []
    for label, bad, index in (("r", TOO_LARGE, 1), ("31 bytes", PARTIAL, None)):
        refusals += [
            Refusal(scale, f"scalar {label}", call(scale, good, bad), index=index),
            Refusal(multiples, f"scalar {label}", call(multiples, good[:size], bad), index=index),
            Refusal(msm, f"scalar {label}", on_bases(group, msm, good, factors=bad), index=index),
        ]
    for count in (0, 1, 3):
        columns = SparseMatrix.from_rows([], count)
        refusals += [
            Refusal(scale, f"{count} scalars", call(scale, good, ONE * count)),
            Refusal(msm, f"{count} scalars", on_bases(group, msm, good, factors=ONE * count)),
            Refusal(apply, f"{count} columns", on_bases(group, apply, good, matrix=columns)),
        ]
    refusals += [
        Refusal(add_, "lengths differ", call(add_, good, good[:size])),
        Refusal(multiples, "no base", call(multiples, b"", ONE)),
        Refusal(multiples, "two bases", call(multiples, good, ONE)),
        *(Refusal(transform, f"{n} points", call(transform, good[:size] * n), DomainError) for n in (0, 3, 6)),
        *(
            Refusal(apply, label, on_bases(group, apply, good, matrix=matrix))
            for label, matrix in broken_matrices().items()
        ),
    ]
    return refusals


def foreign_bases() -> list[Refusal]:
    """Bases are of one group and one engine."""
    points = {group: generator_multiples(group, [5]) for group in GROUPS}
    other_group = {"g1": "g2", "g2": "g1"}
    matrix = SparseMatrix.from_rows([[(0, 1)]], 1)

    def with_bases(group: str, method: str, of: str, borrow: bool) -> Callable[[Engine], Any]:
        def run(engine: Engine) -> Any:
            lender = get_engine("reference") if borrow else engine
            bases = getattr(lender, f"{of}_bases")(points[of])
            if borrow and lender is engine:
                bases = [bases]
            arguments: Sequence[Any] = (bases, ONE) if method.endswith("msm") else (matrix, bases)
            return getattr(engine, method)(*arguments)

        return run

    return [
        Refusal(f"{group}_{method}", label, with_bases(group, f"{group}_{method}", of, borrow))
        for group in GROUPS
        for method in ("msm", "matrix_apply")
        for label, of, borrow in (("other group", other_group[group], False), ("other engine", group, True))
    ]


REFUSALS = [
    *(r for group in GROUPS for refusals in (point_refusals, argument_refusals) for r in refusals(group)),
    *foreign_bases(),
    *(
        Refusal(
            "pairing_check",
            f"{m} points with {n}",
            call("pairing_check", generator_multiples("g1", [1] * m), generator_multiples("g2", [1] * n)),
        )
        for m, n in ((0, 1), (1, 0), (2, 1))
    ),
]
