"""The reference engine's own promises: light to import, polite to its host, generic over the curve; galois agrees."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import galois
import numpy as np
import pytest

from zkmargin.algebra import (
    BN254,
    Curve,
    EngineUnavailable,
    PointError,
    SparseMatrix,
    get_engine,
    scalars_from_bytes,
    scalars_to_bytes,
)
from zkmargin.algebra.engine import Engine
from zkmargin.algebra.reference import ReferenceEngine

from .door_fields import EDGES, scalars

R = BN254.r

BLS12_381 = Curve(
    name="bls12_381",
    q=0x1A0111EA397FE69A4B1BA7B6434BACD764774B84F38512BF6730D2A0F6B0F6241EABFFFEB153FFFFB9FEFFFFFFFFAAAB,
    r=0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001,
    b=4,
    g2_b=(4, 4),
    g1=(
        0x17F1D3A73197D7942695638C4FA9AC0FC3688C4F9774B905A14E3A3F171BAC586C55E83FF97A1AEFFB3AF00ADB22C6BB,
        0x08B3F481E3AAA0F1A09E30ED741D8AE4FCF5E095D5D00AF600DB18CB2C04B3EDD03CC744A2888AE40CAA232946C5E7E1,
    ),
    g2=(
        (
            0x024AA2B2F08F0A91260805272DC51051C6E47AD4FA403B02B4510B647AE3D1770BAC0326A805BBEFD48056C8C121BDB8,
            0x13E02B6052719F607DACD3A088274F65596BD0D09920B61AB5DA61BBDC7F5049334CF11213945D57E5AC7D055D042B7E,
        ),
        (
            0x0CE5D527727D6E118CC9CDC6DA2E351AADFD9BAA8CBDD3A76D429A695160D12C923AC9CC3BACA289E193548608B82801,
            0x0606C4A02EA734CC32ACD2B02BC28B99CB3E287E85A763AF267492AB572E99AB3F370D275CEC1DA1AAA9075FF05F79BE,
        ),
    ),
    two_adicity=32,
    generator=7,
    scalar_bytes=32,
    coordinate_bytes=48,
)


def point(curve: Curve, *coordinates: int) -> bytes:
    return b"".join(value.to_bytes(curve.coordinate_bytes, "little") for value in coordinates)


def generators(curve: Curve) -> tuple[bytes, bytes]:
    return point(curve, *curve.g1), point(curve, *curve.g2[0], *curve.g2[1])


@pytest.fixture(scope="module")
def bls() -> Engine:
    return ReferenceEngine(BLS12_381)


def test_another_curve_is_a_table_entry(bls: Engine) -> None:
    g1, g2 = generators(BLS12_381)
    r = BLS12_381.r
    factors = scalars_to_bytes([5, r - 1, 12345], BLS12_381)
    points = bls.g1_multiples(g1, factors)
    assert bls.g1_scale(g1 * 3, factors) == points
    total = scalars_to_bytes([(25 + 1 + 12345**2) % r], BLS12_381)
    assert bls.g1_msm(bls.g1_bases(points), factors) == bls.g1_multiples(g1, total)
    seven, eleven = (scalars_to_bytes([n], BLS12_381) for n in (7, 11))
    left = bls.g1_multiples(g1, scalars_to_bytes([77], BLS12_381))
    opposite = bls.g1_neg(bls.g1_multiples(g1, seven))
    assert bls.pairing_check(left + opposite, g2 + bls.g2_multiples(g2, eleven))
    assert not bls.pairing_check(left + opposite, g2 + g2)
    assert bls.fq_from_montgomery(bls.fq_to_montgomery(g1)) == g1
    values = scalars_to_bytes(range(8), BLS12_381)
    assert bls.ntt(bls.ntt(values, coset=7), inverse=True, coset=7) == values


def test_a_cofactor_in_g1_is_checked_too(bls: Engine) -> None:
    """On BLS12-381 the curve itself is larger than G1: (4, y) lies on it, and outside the group."""
    q = BLS12_381.q
    y = pow(4**3 + 4, (q + 1) // 4, q)
    assert y * y % q == 68
    with pytest.raises(PointError, match="subgroup"):
        bls.g1_bases(point(BLS12_381, 4, y))


@pytest.mark.parametrize("wrong", [{"name": "bn999"}, {"b": 5}, {"r": BN254.r - 2}, {"g2_b": (3, 0)}], ids=str)
def test_curves_that_py_ecc_does_not_have_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(EngineUnavailable):
        ReferenceEngine(replace(BN254, **wrong))  # type: ignore[arg-type]


def in_a_fresh_interpreter(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_importing_the_room_brings_nothing_heavy() -> None:
    heavy = {"numpy", "py_ecc", "galois", "zkmargin.algebra.reference"}
    code = f"import sys, zkmargin.algebra; print({heavy} & set(sys.modules))"
    assert in_a_fresh_interpreter(code) == "set()"


def test_the_engine_needs_neither_galois_nor_numpy() -> None:
    code = (
        "import sys; sys.modules['galois'] = sys.modules['numpy'] = None\n"
        "from zkmargin.algebra import get_engine\n"
        "e = get_engine('reference'); one = b'\\1' + bytes(31)\n"
        "print(e.pairing_check(b'', b''), e.ntt(one) == one, len(e.poseidon(one, 1)))"
    )
    assert in_a_fresh_interpreter(code) == "True True 32"


def test_py_ecc_does_not_keep_the_recursion_limit_it_sets() -> None:
    code = (
        "import sys; before = sys.getrecursionlimit()\n"
        "from zkmargin.algebra import get_engine; get_engine('reference'); print(sys.getrecursionlimit() == before)"
    )
    assert in_a_fresh_interpreter(code) == "True"


FIELD = galois.GF(R, primitive_element=5, verify=False)


def test_vectors_agree_with_galois(engine: Engine) -> None:
    a = EDGES * len(EDGES)
    b = [value for value in EDGES for _ in EDGES]
    left, right = FIELD(a), FIELD(b)
    for method, theirs in (("fr_add", left + right), ("fr_sub", left - right), ("fr_mul", left * right)):
        ours = getattr(engine, method)(scalars_to_bytes(a), scalars_to_bytes(b))
        assert scalars_from_bytes(ours) == [int(value) for value in theirs]
    nonzero = [value for value in EDGES if value]
    inverses = scalars_from_bytes(engine.fr_inverse(scalars_to_bytes(nonzero)))
    assert inverses == [int(value) for value in FIELD(nonzero) ** -1]


@pytest.mark.parametrize("coset", [1, 5])
def test_transforms_agree_with_galois(engine: Engine, coset: int) -> None:
    coefficients = scalars(128)
    root = FIELD(BN254.root_of_unity(7))
    points = FIELD(coset) * root ** np.arange(128)
    expected = galois.Poly(FIELD(coefficients[::-1]))(points)
    ours = engine.ntt(scalars_to_bytes(coefficients), coset=coset)
    assert scalars_from_bytes(ours) == [int(value) for value in expected]


def test_matrices_agree_with_galois(engine: Engine) -> None:
    dense = [scalars(5) for _ in range(7)]
    vector = scalars(5)
    matrix = SparseMatrix.from_rows([list(enumerate(row)) for row in dense], 5)
    ours = scalars_from_bytes(engine.matrix_apply(matrix, scalars_to_bytes(vector)))
    assert ours == [int(value) for value in FIELD(dense) @ FIELD(vector)]


def test_the_default_is_native_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zkmargin.algebra.engine.native_problem", lambda: "not built")
    assert get_engine().name == "reference"
    monkeypatch.setattr("zkmargin.algebra.engine.native_problem", lambda: None)
    monkeypatch.setattr("zkmargin.algebra.engine._load", lambda name, curve: name)
    assert get_engine() == "native"
