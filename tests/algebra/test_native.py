"""The native engine alone: hostile bytes, kinds of buffers, forks and threads."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from zkmargin.algebra import (
    BN254,
    Curve,
    DomainError,
    EncodingError,
    Engine,
    EngineUnavailable,
    PointError,
    SparseMatrix,
    g1_from_bytes,
    g1_to_bytes,
    g2_to_bytes,
    get_engine,
    scalars_to_bytes,
)
from zkmargin.algebra.engine import native_kernels, native_problem

R, Q = BN254.r, BN254.q
G1 = g1_to_bytes([BN254.g1])
G2 = g2_to_bytes([BN254.g2])
ONE = scalars_to_bytes([1])


@pytest.fixture(scope="module")
def native() -> Engine:
    if native_problem() is not None and os.environ.get("ZKMARGIN_REQUIRE_NATIVE") != "1":
        pytest.skip("the native module is not built here (no Rust toolchain); CI sets ZKMARGIN_REQUIRE_NATIVE=1")
    return get_engine("native")


def little(value: int, size: int = 32) -> bytes:
    return value.to_bytes(size, "little")


# ---- G2 points off the subgroup: on the curve y^2 = x^3 + b over F_q[u]/(u^2 + 1), of full order almost surely


def square_root_fq2(c0: int, c1: int) -> tuple[int, int] | None:
    """By the norm, for q = 3 mod 4."""
    norm = pow(c0 * c0 + c1 * c1, (Q + 1) // 4, Q)
    half = pow(2, -1, Q)
    for sign in (1, -1):
        a = pow((c0 + sign * norm) * half % Q, (Q + 1) // 4, Q)
        if a:
            b = c1 * pow(2 * a, -1, Q) % Q
            if ((a * a - b * b) % Q, 2 * a * b % Q) == (c0 % Q, c1 % Q):
                return a, b
    return None


def stray_g2(start: int) -> bytes:
    for x in range(start, start + 100):
        # x^3 + b at x + u: (x + u)^3 = x^3 - 3x + (3x^2 - 1) u
        root = square_root_fq2(x**3 - 3 * x + BN254.g2_b[0], 3 * x * x - 1 + BN254.g2_b[1])
        if root is not None:
            return g2_to_bytes([((x, 1), root)])
    raise LookupError("no point near that x")


# ---- points and scalars

G1_TAKERS = ("g1_bases", "g1_neg", "g1_ntt")
G2_TAKERS = ("g2_bases", "g2_neg", "g2_ntt")


@pytest.mark.parametrize("name", G1_TAKERS)
def test_g1_off_the_curve_is_refused_with_its_index(native: Engine, name: str) -> None:
    points = G1 * 3 + little(1) + little(3)
    with pytest.raises(PointError) as caught:
        getattr(native, name)(points)
    assert caught.value.index == 3
    assert caught.value.what == "point"


@pytest.mark.parametrize("name", G2_TAKERS)
@pytest.mark.parametrize("start", [1, 1000, 2**200])
def test_g2_outside_the_subgroup_is_refused(native: Engine, name: str, start: int) -> None:
    with pytest.raises(PointError, match="point 1 is outside the subgroup"):
        getattr(native, name)(G2 + stray_g2(start))


@pytest.mark.parametrize("name", G2_TAKERS)
def test_g2_off_the_curve_is_refused(native: Engine, name: str) -> None:
    swapped = G2[32:64] + G2[:32] + G2[96:] + G2[64:96]  # the limbs of F_q^2 the wrong way round
    with pytest.raises(PointError, match="point 0 is not on the curve"):
        getattr(native, name)(swapped)


@pytest.mark.parametrize(
    "call",
    [
        lambda e, bad: e.g1_add(G1, bad),
        lambda e, bad: e.g1_add(bad, G1),
        lambda e, bad: e.g1_scale(bad, ONE),
        lambda e, bad: e.g1_multiples(bad, ONE),
        lambda e, bad: e.pairing_check(bad, G2),
    ],
)
@pytest.mark.parametrize("bad", [little(1) + little(3), little(1 + Q - 1) + little(2), little(2**256 - 1) * 2])
def test_every_call_checks_its_g1_points(native: Engine, call: Callable[[Engine, bytes], Any], bad: bytes) -> None:
    with pytest.raises(PointError) as caught:
        call(native, bad)
    assert caught.value.index == 0


@pytest.mark.parametrize(
    "call",
    [
        lambda e, bad: e.g2_add(G2, bad),
        lambda e, bad: e.g2_add(bad, G2),
        lambda e, bad: e.g2_scale(bad, ONE),
        lambda e, bad: e.g2_multiples(bad, ONE),
        lambda e, bad: e.pairing_check(G1, bad),
    ],
)
def test_every_call_checks_its_g2_points(native: Engine, call: Callable[[Engine, bytes], Any]) -> None:
    for bad in (stray_g2(7), G2[:-32] + little(int.from_bytes(G2[-32:], "little") + Q), G2[:-1] + b"\xff"):
        for _ in range(2):  # the pairing remembers points it accepted, never those it refused
            with pytest.raises(PointError):
                call(native, bad)


def test_pairing_check_finds_a_stray_among_many(native: Engine) -> None:
    for count in (2, 40):  # beyond the few that are remembered, points are decoded in parallel
        with pytest.raises(PointError) as caught:
            native.pairing_check(G1 * (count + 1), G2 * count + stray_g2(1))
        assert caught.value.index == count


def test_unchecked_bases_still_need_canonical_coordinates(native: Engine) -> None:
    assert len(native.g1_bases_unchecked(little(1) + little(3))) == 1
    assert len(native.g2_bases_unchecked(stray_g2(1))) == 1
    for name, size in (("g1_bases_unchecked", 64), ("g2_bases_unchecked", 128)):
        with pytest.raises(PointError, match="not below q"):
            getattr(native, name)(little(Q) + bytes(size - 32))
        with pytest.raises(EncodingError, match="whole number"):
            getattr(native, name)(bytes(size - 1))


def test_the_first_of_many_faults_is_named(native: Engine) -> None:
    scalars = bytearray(little(5) * 5000)
    for index in (4321, 17, 4999):
        scalars[32 * index : 32 * index + 32] = little(R)
    with pytest.raises(EncodingError) as caught:
        native.fr_inverse(scalars)
    assert caught.value.index == 17
    points = bytearray(G1 * 2000)
    for index in (1500, 33):
        points[64 * index] ^= 2
    with pytest.raises(PointError) as caught:
        native.g1_bases(points)
    assert caught.value.index == 33


SCALAR_CALLS: list[Callable[[Engine, bytes], Any]] = [
    lambda e, s: e.fr_add(s, s),
    lambda e, s: e.fr_sub(s, s),
    lambda e, s: e.fr_mul(s, s),
    lambda e, s: e.fr_inverse(s),
    lambda e, s: e.fr_to_montgomery(s),
    lambda e, s: e.fr_from_montgomery(s),
    lambda e, s: e.ntt(s),
    lambda e, s: e.ntt(s, inverse=True, coset=7),
    lambda e, s: e.g1_scale(G1, s),
    lambda e, s: e.g2_scale(G2, s),
    lambda e, s: e.g1_multiples(G1, s),
    lambda e, s: e.g2_multiples(G2, s),
    lambda e, s: e.g1_msm(e.g1_bases(G1), s),
    lambda e, s: e.g2_msm(e.g2_bases(G2), s),
    lambda e, s: e.poseidon(s, 1),
    lambda e, s: e.merkle_levels(s, 3),
    lambda e, s: e.matrix_apply(SparseMatrix.from_rows([[(0, 1)]], 1), s),
]


@pytest.mark.parametrize("call", SCALAR_CALLS)
@pytest.mark.parametrize("value", [R, R + 1, 2**256 - 1])
def test_scalars_not_below_the_modulus_are_refused(
    native: Engine, call: Callable[[Engine, bytes], Any], value: int
) -> None:
    with pytest.raises(EncodingError) as caught:
        call(native, little(value))
    assert caught.value.index == 0
    assert type(caught.value) is EncodingError


@pytest.mark.parametrize("call", SCALAR_CALLS)
@pytest.mark.parametrize("length", [1, 31, 33])
def test_partial_scalars_are_refused(native: Engine, call: Callable[[Engine, bytes], Any], length: int) -> None:
    with pytest.raises(EncodingError, match="whole number"):
        call(native, bytes(length))


def test_coordinates_in_montgomery_form_are_bounded_by_q(native: Engine) -> None:
    assert native.fq_from_montgomery(native.fq_to_montgomery(little(Q - 1))) == little(Q - 1)
    assert native.fq_to_montgomery(little(1)) == little(2**256 % Q)
    assert native.fr_to_montgomery(little(1)) == little(2**256 % R)
    for name in ("fq_to_montgomery", "fq_from_montgomery"):
        with pytest.raises(EncodingError, match="coordinate 1"):
            getattr(native, name)(little(0) + little(Q))


@pytest.mark.parametrize(
    "call",
    [
        lambda e: e.fr_add(ONE, ONE * 2),
        lambda e: e.fr_sub(ONE * 2, ONE),
        lambda e: e.fr_mul(b"", ONE),
        lambda e: e.g1_add(G1, G1 * 2),
        lambda e: e.g2_add(G2, b""),
        lambda e: e.g1_scale(G1, ONE * 2),
        lambda e: e.g2_scale(G2 * 2, ONE),
        lambda e: e.g1_multiples(G1 * 2, ONE),
        lambda e: e.g2_multiples(b"", ONE),
        lambda e: e.g1_msm(e.g1_bases(G1), ONE * 2),
        lambda e: e.g2_msm(e.g2_bases(G2 * 2), ONE),
        lambda e: e.pairing_check(G1, G2 * 2),
        lambda e: e.pairing_check(G1 * 12, G2 * 11),
        lambda e: e.matrix_apply(SparseMatrix.from_rows([[(0, 1)]], 2), ONE),
        lambda e: e.g1_matrix_apply(SparseMatrix.from_rows([[(0, 1)]], 2), e.g1_bases(G1)),
        lambda e: e.poseidon(ONE * 3, 2),
        lambda e: e.poseidon(ONE, 0),
        lambda e: e.poseidon(ONE * 17, 17),
        lambda e: e.poseidon(ONE, -1),
        lambda e: e.poseidon(ONE, 2**70),
        lambda e: e.matrix_apply(SparseMatrix.from_rows([[(0, 1)]], 2**70), ONE),
        lambda e: e.matrix_apply(SparseMatrix.from_rows([[]], -1), b""),
        lambda e: e.fr_powers(R, 2),
        lambda e: e.fr_powers(2, 2, -1),
        lambda e: e.ntt(ONE, coset=0),
        lambda e: e.ntt(ONE, coset=R),
        lambda e: e.g1_msm(e.g2_bases(G2), ONE),
        lambda e: e.g2_msm(e.g1_bases(G1), ONE),
        lambda e: e.fr_inverse(ONE + bytes(32)),
    ],
)
def test_counts_and_numbers_that_make_no_sense_are_refused(native: Engine, call: Callable[[Engine], Any]) -> None:
    with pytest.raises(EncodingError):
        call(native)


@pytest.mark.parametrize(
    ("call", "size"),
    [
        (lambda e: e.ntt(b""), 0),
        (lambda e: e.ntt(ONE * 3), 3),
        (lambda e: e.ntt(ONE * 12, inverse=True, coset=5), 12),
        (lambda e: e.g1_ntt(G1 * 6), 6),
        (lambda e: e.g2_ntt(b""), 0),
        (lambda e: e.merkle_levels(ONE * 5, 2), 5),
        (lambda e: e.merkle_levels(ONE, 33), 33),
        (lambda e: e.merkle_levels(ONE, -1), -1),
        (lambda e: e.merkle_levels(ONE, 2**70), 2**70),
        (lambda e: e.fr_powers(2, -1), -1),
        (lambda e: e.fr_powers(2, 2**60), 2**60),
    ],
)
def test_sizes_that_do_not_exist_are_refused(native: Engine, call: Callable[[Engine], Any], size: int) -> None:
    with pytest.raises(DomainError) as caught:
        call(native)
    assert caught.value.size == size


def matrix(width: int, row_ptr: Sequence[int], columns: Sequence[int]) -> SparseMatrix:
    return SparseMatrix.from_flat(
        width,
        struct.pack(f"<{len(row_ptr)}I", *row_ptr),
        struct.pack(f"<{len(columns)}I", *columns),
        ONE * len(columns),
    )


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (matrix(2, [0, 2, 1, 2], [0, 1]), "do not rise"),
        (matrix(2, [0, 2**32 - 1, 2], [0, 1]), "do not rise"),
        (matrix(2, [0, 2], [0, 2]), "outside the matrix"),
    ],
)
def test_matrices_that_point_outside_are_refused(native: Engine, bad: SparseMatrix, reason: str) -> None:
    with pytest.raises(EncodingError, match=reason):
        native.matrix_apply(bad, ONE * 2)
    with pytest.raises(EncodingError, match=reason):
        native.g1_matrix_apply(bad, native.g1_bases(G1 * 2))
    with pytest.raises(EncodingError, match=reason):
        native.g2_matrix_apply(bad, native.g2_bases(G2 * 2))


def test_another_curve_is_refused() -> None:
    other = Curve(**{**vars(BN254), "name": "other"})
    with pytest.raises(EngineUnavailable, match="no curve other"):
        get_engine("native", other)


# ---- values at the edges that the engines' equality tests could miss for being rare


def test_msm_with_infinities_repeats_and_opposites(native: Engine) -> None:
    rng = random.Random(1)
    factors = [rng.choice([0, 1, 2, 3, R - 1, R - 2, 2**64, R - 2**64, rng.randrange(R)]) for _ in range(300)]
    multiples = [rng.choice([0, 1, R - 1, rng.randrange(R)]) for _ in range(300)]
    bases = native.g1_bases(native.g1_multiples(G1, scalars_to_bytes(multiples)))
    total = sum(a * b for a, b in zip(factors, multiples, strict=True)) % R
    assert native.g1_msm(bases, scalars_to_bytes(factors)) == native.g1_multiples(G1, scalars_to_bytes([total]))
    assert g1_from_bytes(native.g1_msm(native.g1_bases(b""), b"")) == [None]


def test_long_and_short_rows_of_points_agree(native: Engine) -> None:
    rng = random.Random(2)
    logs = [rng.randrange(R) for _ in range(200)]
    rows = [
        [(rng.randrange(200), rng.choice([0, 1, R - 1, 5, R - 2**70, rng.randrange(R)])) for _ in range(length)]
        for length in (0, 1, 7, 63, 64, 200)
    ]
    sums = [sum(factor * logs[column] for column, factor in row) % R for row in rows]
    bases = native.g1_bases(native.g1_multiples(G1, scalars_to_bytes(logs)))
    applied = native.g1_matrix_apply(SparseMatrix.from_rows(rows, 200), bases)
    assert applied == native.g1_multiples(G1, scalars_to_bytes(sums))


def test_points_at_infinity_count_as_one_in_a_pairing_check(native: Engine) -> None:
    assert native.pairing_check(b"", b"")
    assert native.pairing_check(G1 + bytes(64), bytes(128) + G2)
    assert not native.pairing_check(G1 + G1, G2 + bytes(128))
    assert native.pairing_check(G1 + native.g1_neg(G1), G2 + G2)


# ---- buffers, threads, forks


def test_all_kinds_of_buffer_are_read(native: Engine) -> None:
    raw = scalars_to_bytes([3, 1, 4, 1])
    expected = native.fr_mul(raw, raw)
    padded = b"x" + raw + b"y"
    doubled = b"".join(bytes([byte, 0]) for byte in raw)
    words = memoryview(raw).cast("Q")
    for same in (bytearray(raw), memoryview(raw), memoryview(padded)[1:-1], memoryview(doubled)[::2], words):
        assert native.fr_mul(same, same) == expected


@pytest.mark.parametrize("wrong", ["0" * 32, 7, None, [0] * 32])
def test_what_is_no_buffer_is_a_type_error(native: Engine, wrong: Any) -> None:
    with pytest.raises(TypeError):
        native.fr_inverse(wrong)


def test_other_threads_run_during_a_bulk_call(native: Engine) -> None:
    inputs = bytes(64 * 40_000)
    started, ticks, done = threading.Event(), 0, threading.Event()

    def hash_many() -> None:
        started.set()
        native.poseidon(inputs, 2)
        done.set()

    worker = threading.Thread(target=hash_many)
    worker.start()
    started.wait()
    while not done.is_set():
        ticks += 1
        done.wait(0.001)
    worker.join()
    assert ticks > 10, "the interpreter was held for the whole call"


def test_many_threads_check_pairings_at_once(native: Engine) -> None:
    factors = [(a, native.g2_multiples(G2, scalars_to_bytes([a]))) for a in range(2, 8)]
    failures: list[int] = []

    def check(seed: int) -> None:
        rng = random.Random(seed)
        for _ in range(20):
            a, q = rng.choice(factors)
            left = native.g1_multiples(G1, scalars_to_bytes([a, R - 1]))
            if not native.pairing_check(left, G2 + q) or native.pairing_check(left, q + q):
                failures.append(a)

    threads = [threading.Thread(target=check, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def _hash_in_child(inputs: bytes, answers: Any) -> None:
    answers.put(get_engine("native").poseidon(inputs, 2))


def test_a_forked_child_has_threads_of_its_own(native: Engine) -> None:
    if "fork" not in multiprocessing.get_all_start_methods():
        pytest.skip("this system has no fork")
    inputs = scalars_to_bytes(range(2000))
    expected = native.poseidon(inputs, 2)
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    child = context.Process(target=_hash_in_child, args=(inputs, answers), daemon=True)
    child.start()
    try:
        assert answers.get(timeout=60) == expected
    finally:
        child.kill()
        child.join()


def kernels_where(**environment: str) -> list[object]:
    script = "import json; from zkmargin.algebra.engine import native_kernels as k; print(json.dumps(k()))"
    done = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, **environment}, capture_output=True, text=True, check=True
    )
    names, complaint = json.loads(done.stdout)
    return [names[0], sorted(names), complaint]


def test_the_environment_lowers_the_kernel(native: Engine) -> None:
    names, _ = native_kernels()
    assert "portable" in names
    for name in names:
        assert kernels_where(ZKMARGIN_KERNEL=name) == [name, sorted(names), None]
    best, _, complaint = kernels_where(ZKMARGIN_KERNEL="fastest")
    assert best == kernels_where(ZKMARGIN_KERNEL="")[0]
    assert "fastest" in str(complaint)
