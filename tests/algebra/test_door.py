"""Every method of the door, on each engine: equal to facts computed without any engine, and the same refusals."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zkmargin.algebra import BN254, Engine, EngineUnavailable, get_engine, scalars_to_bytes
from zkmargin.algebra.engine import ENGINE_VARIABLE

from . import door_compressed, door_fields, door_groth16, door_groups, door_provers, door_twins
from .door_case import Case, Refusal

CASES: list[Case] = [
    *door_fields.CASES,
    *door_groups.CASES,
    *door_compressed.CASES,
    *door_groth16.CASES,
    *door_provers.CASES,
    *door_twins.CASES,
]
REFUSALS: list[Refusal] = [
    *door_fields.REFUSALS,
    *door_groups.REFUSALS,
    *door_compressed.REFUSALS,
    *door_groth16.REFUSALS,
    *door_provers.REFUSALS,
    *door_twins.REFUSALS,
]
# Only the native engine has key files: tests/prover/test_native_keys.py.
METHODS = {name for name in vars(Engine) if not name.startswith("_")} - {"name", "curve", "open_prover"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_equal_to_the_definition(engine: Engine, case: Case) -> None:
    assert case.call(engine) == case.expected()


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.name)
def test_refused_alike(engine: Engine, refusal: Refusal) -> None:
    with pytest.raises(refusal.error) as caught:
        refusal.call(engine)
    assert type(caught.value) is refusal.error
    if refusal.index is not None:
        assert getattr(caught.value, "index", None) == refusal.index


def test_no_method_of_the_door_is_left_out() -> None:
    assert {case.method for case in CASES} == METHODS
    assert {refusal.method for refusal in REFUSALS} == METHODS


BUFFER_CALLS = [
    ("fr_add", (None, None)),
    ("fr_inverse", (None,)),
    ("fq_to_montgomery", (None,)),
    ("ntt", (None,)),
    ("g1_bases", (None,)),
    ("g2_neg", (None,)),
    ("pairing_check", (None, None)),
    ("run_program", (None, b"")),
    ("load_program", (None,)),
]


@pytest.mark.parametrize(("method", "arguments"), BUFFER_CALLS, ids=lambda value: str(value))
@pytest.mark.parametrize("wrong", ["00", 32, None, [1], 1.5], ids=repr)
def test_what_is_no_buffer_is_a_type_error(engine: Engine, method: str, arguments: tuple[Any, ...], wrong: Any) -> None:
    with pytest.raises(TypeError):
        getattr(engine, method)(*(wrong if argument is None else argument for argument in arguments))


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_all_kinds_of_buffer_give_bytes(engine: Engine, kind: Any) -> None:
    two = kind(scalars_to_bytes([2]))
    assert engine.fr_mul(two, two) == scalars_to_bytes([4])
    assert type(engine.fr_mul(two, two)) is bytes


def test_an_engine_says_what_it_is(engine: Engine) -> None:
    assert engine.name in ("native", "reference")
    assert get_engine(engine.name) is engine
    assert engine.curve is BN254


def test_the_environment_chooses_an_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENGINE_VARIABLE, "reference")
    assert get_engine().name == "reference"
    monkeypatch.setenv(ENGINE_VARIABLE, "abacus")
    with pytest.raises(EngineUnavailable, match="abacus"):
        get_engine()


scalar = st.integers(0, BN254.r - 1) | st.sampled_from(door_fields.EDGES)
vectors = st.lists(st.tuples(scalar, scalar), max_size=20)
relaxed = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@relaxed
@given(vectors)
def test_vectors_obey_the_field(engine: Engine, pairs: list[tuple[int, int]]) -> None:
    a, b = (scalars_to_bytes([pair[side] for pair in pairs]) for side in (0, 1))
    assert engine.fr_sub(engine.fr_add(a, b), b) == a
    assert engine.fr_mul(a, engine.fr_add(a, b)) == engine.fr_add(engine.fr_mul(a, a), engine.fr_mul(a, b))
    inverses = engine.fr_inverse(scalars_to_bytes([pair[0] or 1 for pair in pairs]))
    assert engine.fr_inverse(inverses) == scalars_to_bytes([pair[0] or 1 for pair in pairs])
    assert engine.fr_from_montgomery(engine.fr_to_montgomery(a)) == a


@relaxed
@given(st.integers(0, 9).flatmap(lambda k: st.lists(scalar, min_size=1 << k, max_size=1 << k)), scalar)
def test_transforms_come_back(engine: Engine, values: list[int], coset: int) -> None:
    data = scalars_to_bytes(values)
    there = engine.ntt(data, coset=coset or 1)
    assert engine.ntt(there, inverse=True, coset=coset or 1) == data


def test_engines_agree_on_a_long_transform(engine: Engine) -> None:
    values = scalars_to_bytes(door_fields.scalars(4096))
    oracle = get_engine("reference")
    assert engine.ntt(values, coset=5) == oracle.ntt(values, coset=5)
