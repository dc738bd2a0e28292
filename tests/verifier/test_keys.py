"""Keys and proofs as snarkjs's JSON, the judgement of keys, and a verifier that imports nothing heavy."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from zkmargin.algebra import BN254, EncodingError, Engine, PointError
from zkmargin.verifier import (
    InvalidProof,
    KeyRejected,
    Proof,
    Verifier,
    VerifyingKey,
    judge_key,
    read_public_signals,
    verify,
    write_public_signals,
)

from .trapdoor import Q, Trapdoor, twist_point_outside_subgroup

DIGEST = bytes(range(32))
ALPHABETA_FIRST = [
    "303834369991585611205882413574104533759342658513907693402503551074293088129",
    "5033166204204219287640138510307747526804284920617856228070093355946779478844",
]
ALPHABETA_LAST = [
    "17937268444846497137718966867984498534902246273655821437189142441935145259813",
    "17183654607144406615899793017035664584114106617492566006991482083414239543714",
]


@pytest.fixture(scope="session")
def trapdoor(best_engine: Engine) -> Trapdoor:
    return Trapdoor(best_engine, 2, circuit_digest=DIGEST)


def test_verify_says_nothing_or_raises(engine: Engine) -> None:
    trapdoor = Trapdoor(engine, 1)
    proof = trapdoor.forge([5])
    assert verify(trapdoor.key, [5], proof, engine=engine) is None  # type: ignore[func-returns-value]
    with pytest.raises(InvalidProof):
        verify(trapdoor.key, [6], proof, engine=engine)


def test_a_circuit_without_public_inputs(best_engine: Engine) -> None:
    trapdoor = Trapdoor(best_engine, 0)
    verify(trapdoor.key, [], trapdoor.forge([]), engine=best_engine)


def test_a_generator_for_gamma_is_what_every_ceremony_leaves(trapdoor: Trapdoor, best_engine: Engine) -> None:
    assert trapdoor.gamma == 1
    judge_key(trapdoor.key, engine=best_engine)


def test_points_off_the_curve_or_outside_the_subgroup(trapdoor: Trapdoor, best_engine: Engine) -> None:
    key, off = trapdoor.key, (3).to_bytes(32, "little") * 2
    outside = twist_point_outside_subgroup()
    for change, part in (
        ({"alpha1": off}, "alpha"),
        ({"ic": key.ic[:128] + off}, r"IC\[2\]"),
        ({"beta2": outside}, "beta"),
        ({"gamma2": outside}, "gamma"),
        ({"delta2": outside}, "delta"),
        ({"delta2": off * 2}, "delta"),
    ):
        with pytest.raises(KeyRejected, match=part):
            judge_key(replace(key, **change), engine=best_engine)


def test_development_keys_must_be_allowed_by_name(trapdoor: Trapdoor, best_engine: Engine) -> None:
    key = replace(trapdoor.key, development=True)
    with pytest.raises(KeyRejected, match="development"):
        judge_key(key, engine=best_engine)
    with pytest.raises(KeyRejected, match="development"):
        verify(key, [1, 2], trapdoor.forge([1, 2]), engine=best_engine)
    with pytest.raises(KeyRejected, match="development"):
        Verifier(key, best_engine)
    Verifier(key, best_engine, allow_development=True).verify([1, 2], trapdoor.forge([1, 2]))


def test_keys_travel_as_json(trapdoor: Trapdoor) -> None:
    for key in (trapdoor.key, replace(trapdoor.key, circuit_digest=None), replace(trapdoor.key, development=True)):
        assert VerifyingKey.from_json(json.dumps(key.to_json())) == key
    plain = replace(trapdoor.key, circuit_digest=None).to_json()
    assert "zkmargin" not in plain, "snarkjs's own keys come back as they were"


def test_the_pairing_of_alpha_and_beta_is_snarkjs_s(trapdoor: Trapdoor) -> None:
    """Two corners of ffjavascript 0.3.1's `curve.pairing(alpha, beta)` for alpha = 1001 G, beta = 1002 H."""
    (c0, c1) = trapdoor.key.to_json()["vk_alphabeta_12"]
    assert c0[0] == ALPHABETA_FIRST
    assert c1[2] == ALPHABETA_LAST


def test_the_pairing_of_alpha_and_beta_is_not_read(trapdoor: Trapdoor) -> None:
    document = trapdoor.key.to_json()
    assert VerifyingKey.from_json({**document, "vk_alphabeta_12": [[["1", "2"]]]}) == trapdoor.key
    del document["vk_alphabeta_12"]
    assert VerifyingKey.from_json(document) == trapdoor.key


def test_the_members_of_a_key_come_in_snarkjs_s_order(trapdoor: Trapdoor) -> None:
    assert list(trapdoor.key.to_json()) == [
        "protocol",
        "curve",
        "nPublic",
        "vk_alpha_1",
        "vk_beta_2",
        "vk_gamma_2",
        "vk_delta_2",
        "vk_alphabeta_12",
        "IC",
        "zkmargin",
    ]


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("more", 1),
        ("protocol", "plonk"),
        ("protocol", ["groth16"]),
        ("curve", "bls12381"),
        ("nPublic", 1),
        ("nPublic", "2"),
        ("nPublic", -1),
        ("IC", []),
        ("IC", {}),
        ("IC", None),
        ("vk_alpha_1", ["1", "2", "2"]),
        ("vk_alpha_1", ["1", str(Q + 2), "1"]),
        ("vk_alpha_1", ["1", 2, "1"]),
        ("vk_beta_2", [["1", "2"], ["3", "4"], ["0", "0"]]),
        ("vk_beta_2", [["1", "2"], ["3"], ["1", "0"]]),
        ("zkmargin", []),
        ("zkmargin", {}),
        ("zkmargin", {"circuit_digest": None, "development": 0}),
        ("zkmargin", {"circuit_digest": "00" * 31, "development": False}),
        ("zkmargin", {"circuit_digest": "AB" * 32, "development": False}),
        ("zkmargin", {"circuit_digest": None, "development": False, "more": 1}),
    ],
)
def test_a_malformed_key(trapdoor: Trapdoor, member: str, value: Any) -> None:
    with pytest.raises(EncodingError):
        VerifyingKey.from_json({**trapdoor.key.to_json(), member: value})


@pytest.mark.parametrize("count", [True, False])
def test_true_is_no_number_of_public_inputs(best_engine: Engine, count: bool) -> None:
    document = Trapdoor(best_engine, int(count)).key.to_json()
    VerifyingKey.from_json(document)
    with pytest.raises(EncodingError, match="nPublic is not a number"):
        VerifyingKey.from_json({**document, "nPublic": count})


@pytest.mark.parametrize("missing", ["protocol", "curve", "nPublic", "IC", "vk_alpha_1", "vk_beta_2", "vk_delta_2"])
def test_every_member_of_a_key_is_needed(trapdoor: Trapdoor, missing: str) -> None:
    document = trapdoor.key.to_json()
    del document[missing]
    with pytest.raises(EncodingError, match=missing):
        VerifyingKey.from_json(document)


@pytest.mark.parametrize(
    "change",
    [
        {"alpha1": bytes(63)},
        {"beta2": bytes(64)},
        {"ic": b""},
        {"ic": bytes(65)},
        {"alpha1": b"\xff" * 64},
        {"gamma2": b"\xff" * 128},
        {"circuit_digest": bytes(31)},
        {"development": 1},
    ],
    ids=str,
)
def test_a_key_of_malformed_bytes(trapdoor: Trapdoor, change: dict[str, Any]) -> None:
    with pytest.raises(EncodingError):
        replace(trapdoor.key, **change)


@pytest.mark.parametrize("name", ["alpha1", "beta2", "gamma2", "delta2", "ic", "circuit_digest"])
def test_a_key_that_could_change_after_it_was_judged(trapdoor: Trapdoor, name: str) -> None:
    with pytest.raises(EncodingError):
        replace(trapdoor.key, **{name: bytearray(getattr(trapdoor.key, name) or bytes(32))})


@pytest.mark.parametrize("name", ["a", "b", "c"])
def test_a_proof_that_could_change_after_it_was_read(trapdoor: Trapdoor, name: str) -> None:
    proof = trapdoor.forge([5, 0][: trapdoor.key.n_public])
    with pytest.raises(EncodingError):
        replace(proof, **{name: bytearray(getattr(proof, name))})


def test_proofs_travel_as_json_and_as_bytes(trapdoor: Trapdoor) -> None:
    proof = trapdoor.forge([1, 2])
    assert Proof.from_json(json.dumps(proof.to_json())) == proof
    assert list(proof.to_json()) == ["pi_a", "pi_b", "pi_c", "protocol", "curve"]
    assert len(proof.to_bytes()) == 256
    assert Proof.from_bytes(memoryview(proof.to_bytes())) == proof


def test_the_first_limb_is_c0(trapdoor: Trapdoor) -> None:
    proof = trapdoor.forge([1, 2])
    x = proof.to_json()["pi_b"][0]
    assert [int(limb) for limb in x] == [int.from_bytes(proof.b[i : i + 32], "little") for i in (0, 32)]


def test_infinity_is_not_written(trapdoor: Trapdoor) -> None:
    for change in ({"alpha1": bytes(64)}, {"beta2": bytes(128)}):
        with pytest.raises(PointError):
            replace(trapdoor.key, **change).to_json()


def test_public_inputs_travel_as_json() -> None:
    values = [0, 1, BN254.r - 1]
    assert read_public_signals(json.dumps(write_public_signals(values))) == values
    assert read_public_signals([]) == []
    with pytest.raises(EncodingError):
        write_public_signals([BN254.r])


def test_importing_the_verifier_stays_light() -> None:
    """No arithmetic packages, no prover: a margin service pays for what it uses."""
    script = (
        "import sys, zkmargin.verifier; heavy = ('numpy', 'galois', 'py_ecc', 'numba', 'zkmargin.circuits', "
        "'zkmargin.prover', 'zkmargin.settlement', 'zkmargin.cli'); "
        "print([name for name in sys.modules if name.startswith(heavy)])"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
