"""Keys under which anybody can forge, knowing the key alone: each forgery is made, and each key is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from zkmargin.algebra import Engine, scalars_to_bytes
from zkmargin.verifier import KeyRejected, Proof, VerifyingKey, judge_key, verify, verify_unjudged

from .trapdoor import G1, G2, Trapdoor

FALSE_STATEMENT = [666, 777]


@pytest.fixture(scope="module")
def key(best_engine: Engine) -> VerifyingKey:
    trapdoor = Trapdoor(best_engine, 2)
    elsewhere = best_engine.g2_multiples(G2, scalars_to_bytes([99]))
    return replace(trapdoor.key, gamma2=elsewhere)


def statement_point(key: VerifyingKey, engine: Engine) -> bytes:
    """IC(x) of the false statement."""
    return engine.g1_msm(engine.g1_bases(key.ic), scalars_to_bytes([1, *FALSE_STATEMENT]))


Forgery = Callable[[VerifyingKey, bytes, Engine], Proof]

FORGERIES: dict[str, tuple[Callable[[VerifyingKey, Engine], VerifyingKey], Forgery, str]] = {
    "delta = gamma": (
        lambda key, _: replace(key, delta2=key.gamma2),
        lambda key, ic, engine: Proof(key.alpha1, key.beta2, engine.g1_neg(ic)),
        "delta",
    ),
    "delta = -gamma": (
        lambda key, engine: replace(key, delta2=engine.g2_neg(key.gamma2)),
        lambda key, ic, _: Proof(key.alpha1, key.beta2, ic),
        "delta",
    ),
    "beta = delta": (
        lambda key, _: replace(key, beta2=key.delta2),
        lambda key, ic, engine: Proof(ic, key.gamma2, engine.g1_neg(key.alpha1)),
        "beta",
    ),
    "beta = -delta": (
        lambda key, engine: replace(key, beta2=engine.g2_neg(key.delta2)),
        lambda key, ic, _: Proof(ic, key.gamma2, key.alpha1),
        "beta",
    ),
    "beta = gamma": (
        lambda key, _: replace(key, beta2=key.gamma2),
        lambda key, ic, engine: two_sided(key, engine.g1_add(ic, key.alpha1), engine),
        "beta",
    ),
    "beta = -gamma": (
        lambda key, engine: replace(key, beta2=engine.g2_neg(key.gamma2)),
        lambda key, ic, engine: two_sided(key, engine.g1_add(ic, engine.g1_neg(key.alpha1)), engine),
        "beta",
    ),
}


def two_sided(key: VerifyingKey, a: bytes, engine: Engine) -> Proof:
    return Proof(a, engine.g2_add(key.gamma2, key.delta2), a)


@pytest.mark.parametrize("name", FORGERIES)
def test_a_key_with_two_points_equal_up_to_sign(key: VerifyingKey, best_engine: Engine, name: str) -> None:
    weaken, forge, part = FORGERIES[name]
    weak = weaken(key, best_engine)
    forged = forge(weak, statement_point(weak, best_engine), best_engine)
    verify_unjudged(weak, FALSE_STATEMENT, forged, engine=best_engine)  # the attack is real
    with pytest.raises(KeyRejected) as refused:
        judge_key(weak, engine=best_engine)
    assert refused.value.part == part
    with pytest.raises(KeyRejected):
        verify(weak, FALSE_STATEMENT, forged, engine=best_engine)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("part", ["alpha", "beta", "delta"])
def test_a_generator_shows_a_skipped_phase(key: VerifyingKey, best_engine: Engine, part: str, sign: int) -> None:
    g1 = G1 if sign == 1 else best_engine.g1_neg(G1)
    g2 = G2 if sign == 1 else best_engine.g2_neg(G2)
    change = {"alpha": {"alpha1": g1}, "beta": {"beta2": g2}, "delta": {"delta2": g2}}[part]
    judge_key(key, engine=best_engine)
    with pytest.raises(KeyRejected) as refused:
        judge_key(replace(key, **change), engine=best_engine)
    assert refused.value.part == part


def test_public_inputs_whose_points_cancel(best_engine: Engine) -> None:
    trapdoor = Trapdoor(best_engine, 2)
    trapdoor.k[2] = -trapdoor.k[1] % best_engine.curve.r
    proof = trapdoor.forge([1, 2])
    verify_unjudged(trapdoor.key, [11, 12], proof, engine=best_engine)  # the attack is real
    with pytest.raises(KeyRejected, match=r"IC\[2\]"):
        judge_key(trapdoor.key, engine=best_engine)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_constant_that_is_alpha(key: VerifyingKey, best_engine: Engine, sign: int) -> None:
    """The statement of zeros, proven from the key alone."""
    engine, alpha = best_engine, key.alpha1
    constant, gamma = (alpha, key.gamma2) if sign == 1 else (engine.g1_neg(alpha), engine.g2_neg(key.gamma2))
    weak = replace(key, ic=constant + key.ic[64:])
    forged = Proof(alpha, engine.g2_add(engine.g2_add(key.beta2, gamma), key.delta2), alpha)
    verify_unjudged(weak, [0, 0], forged, engine=engine)  # the attack is real
    with pytest.raises(KeyRejected, match=r"IC\[0\] equals alpha"):
        judge_key(weak, engine=engine)
