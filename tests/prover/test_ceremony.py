"""Phase 2: contributions, beacons, and everything that must be refused about a chain or a key (S1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from zkmargin.algebra import Engine, g1_to_bytes, g2_to_bytes
from zkmargin.prover import (
    CeremonyInvalid,
    CircuitTooLarge,
    KeyMismatch,
    PowersOfTau,
    ProvingKey,
    apply_beacon,
    ceremony,
    contribute,
    contribution_hash,
    insecure_setup,
    prove,
    setup_from_ptau,
    verify_contributions,
    verify_zkey,
)
from zkmargin.prover.records import Parameters
from zkmargin.verifier.errors import KeyRejected
from zkmargin.verifier.groth16 import verify

from .conftest import Example, circuit, powers_chain


def test_a_contributed_key_proves_and_verifies(
    best_engine: Engine, cubic_example: Example, ptau: PowersOfTau, ceremony_key: ProvingKey
) -> None:
    verify_contributions(ceremony_key, best_engine)
    verify_zkey(cubic_example.r1cs, ptau, ceremony_key, best_engine)
    proof, public = prove(ceremony_key, cubic_example.witness, engine=best_engine)
    verify(ceremony_key.verifying_key(), public, proof, engine=best_engine)


def test_a_beacon_closes_a_ceremony(
    best_engine: Engine, cubic_example: Example, ptau: PowersOfTau, ceremony_key: ProvingKey
) -> None:
    closed = apply_beacon(ceremony_key, "beacon", b"block 1", 10, best_engine)
    verify_zkey(cubic_example.r1cs, ptau, closed, best_engine)
    assert closed == apply_beacon(ceremony_key, "beacon", b"block 1", 10, best_engine)
    last = closed.contributions[-1]
    for lie in (replace(last, beacon_hash=b"block 2"), replace(last, iterations_exp=11)):
        with pytest.raises(CeremonyInvalid) as caught:
            verify_contributions(replace(closed, contributions=(*ceremony_key.contributions, lie)), best_engine)
        assert (caught.value.check, caught.value.contribution) == ("beacon", 3)


def test_a_beacon_that_nobody_could_recompute(best_engine: Engine, ceremony_key: ProvingKey) -> None:
    """Refused at once, instead of hashing for centuries."""
    closed = apply_beacon(ceremony_key, "beacon", b"block 1", 10, best_engine)
    endless = replace(closed.contributions[-1], iterations_exp=63)
    with pytest.raises(CeremonyInvalid, match="not recomputed") as caught:
        verify_contributions(replace(closed, contributions=(*ceremony_key.contributions, endless)), best_engine)
    assert caught.value.contribution == 3


def test_equal_entropy_gives_different_secrets(best_engine: Engine, initial_key: ProvingKey) -> None:
    first, second = (contribute(initial_key, "x", "same", best_engine) for _ in range(2))
    assert first.delta1 != second.delta1
    assert contribution_hash(first.contributions[0]) != contribution_hash(second.contributions[0])


def test_an_unfinished_key_is_refused(best_engine: Engine, initial_key: ProvingKey, cubic_example: Example) -> None:
    """Its holder may try it out, but neither the ceremony's check nor a verifier accepts it (V7)."""
    with pytest.raises(CeremonyInvalid, match="nobody has contributed"):
        verify_contributions(initial_key, best_engine)
    proof, public = prove(initial_key, cubic_example.witness, engine=best_engine)
    with pytest.raises(KeyRejected):
        verify(initial_key.verifying_key(), public, proof, engine=best_engine)


def test_a_development_key_has_no_ceremony(best_engine: Engine, development_key: ProvingKey) -> None:
    with pytest.raises(CeremonyInvalid, match="insecure"):
        verify_contributions(contribute(development_key, "a", "b", best_engine), best_engine)


G1 = g1_to_bytes([(1, 2)])
Tamper = Callable[[ProvingKey], ProvingKey]


def step(index: int, **changes: bytes) -> Tamper:
    def apply(key: ProvingKey) -> ProvingKey:
        steps = list(key.contributions)
        steps[index] = replace(steps[index], **changes)  # type: ignore[arg-type]
        return replace(key, contributions=tuple(steps))

    return apply


CHAIN_ATTACKS: dict[str, tuple[str, Tamper]] = {
    "a step left out": ("transcript", lambda key: replace(key, contributions=key.contributions[1:])),
    "the last step left out": ("delta", lambda key: replace(key, contributions=key.contributions[:-1])),
    "steps swapped": ("transcript", lambda key: replace(key, contributions=key.contributions[::-1])),
    "a step twice": ("transcript", lambda key: replace(key, contributions=(*key.contributions, key.contributions[-1]))),
    "another circuit's chain": ("transcript", lambda key: replace(key, circuit_hash=bytes(64))),
    "transcript replaced": ("transcript", step(1, transcript=bytes(64))),
    "delta replaced": ("chain", step(1, delta_after=G1)),
    "delta at infinity": ("chain", step(1, delta_after=bytes(64))),
    "proof of knowledge at infinity": ("transcript", step(0, g1_s=bytes(64), g1_sx=bytes(64))),
    "g2 part of the proof at infinity": ("knowledge", step(0, g2_spx=bytes(128))),
    "key's delta is another": ("delta", lambda key: replace(key, delta1=G1)),
    "key's delta in g2 is another": ("delta", lambda key: replace(key, delta2=key.beta2)),
}


@pytest.mark.parametrize("attack", CHAIN_ATTACKS)
def test_s1_broken_chains(best_engine: Engine, ceremony_key: ProvingKey, attack: str) -> None:
    check, tamper = CHAIN_ATTACKS[attack]
    with pytest.raises(CeremonyInvalid) as caught:
        verify_contributions(tamper(ceremony_key), best_engine)
    assert caught.value.check == check


@pytest.mark.parametrize("sign", [1, -1])
def test_s1_contributions_that_cancel(
    best_engine: Engine, initial_key: ProvingKey, monkeypatch: pytest.MonkeyPatch, sign: int
) -> None:
    """Each step is right, and everybody knows delta all the same."""
    r = best_engine.curve.r
    factors = [5, sign * pow(5, -1, r) % r]
    monkeypatch.setattr(ceremony, "draw_scalar", lambda stream: factors.pop(0))
    key = contribute(contribute(initial_key, "a", "a", best_engine), "b", "b", best_engine)
    assert key.delta1[:32] == G1[:32]
    with pytest.raises(CeremonyInvalid, match="cancel out"):
        verify_contributions(key, best_engine)


def swapped(points: bytes, width: int = 64) -> bytes:
    return points[-width:] + points[width:-width] + points[:width]


KEY_ATTACKS: dict[str, Tamper] = {
    "alpha1": lambda key: replace(key, alpha1=key.beta1),
    "beta1": lambda key: replace(key, beta1=key.alpha1),
    "beta2": lambda key: replace(key, beta2=key.gamma2),
    "gamma2": lambda key: replace(key, gamma2=key.beta2),
    "ic": lambda key: replace(key, ic=swapped(key.ic)),
    "a": lambda key: replace(key, a=key.b),
    "b": lambda key: replace(key, b=key.a),
    "a_points": lambda key: replace(key, a_points=swapped(key.a_points)),
    "b1_points": lambda key: replace(key, b1_points=key.b1_points[64:] + key.b1_points[:64]),
    "b2_points": lambda key: replace(key, b2_points=key.b2_points[128:] + key.b2_points[:128]),
    "c_points": lambda key: replace(key, c_points=swapped(key.c_points)),
    "h_points": lambda key: replace(key, h_points=swapped(key.h_points)),
    "circuit_digest": lambda key: replace(key, circuit_digest=bytes(32)),
}


@pytest.mark.parametrize("part", KEY_ATTACKS)
def test_s1_tampered_keys(
    best_engine: Engine, cubic_example: Example, ptau: PowersOfTau, ceremony_key: ProvingKey, part: str
) -> None:
    tampered = KEY_ATTACKS[part](ceremony_key)
    with pytest.raises((KeyMismatch, CeremonyInvalid)) as caught:
        verify_zkey(cubic_example.r1cs, ptau, tampered, best_engine)
    assert part in (getattr(caught.value, "part", None), getattr(caught.value, "check", None))


def test_a_query_divided_by_another_delta(
    best_engine: Engine, cubic_example: Example, ptau: PowersOfTau, initial_key: ProvingKey, ceremony_key: ProvingKey
) -> None:
    for part in ("c_points", "h_points"):
        with pytest.raises(CeremonyInvalid, match="divided"):
            verify_zkey(
                cubic_example.r1cs, ptau, replace(ceremony_key, **{part: getattr(initial_key, part)}), best_engine
            )


def test_a_key_of_another_circuit(best_engine: Engine, ptau: PowersOfTau, ceremony_key: ProvingKey) -> None:
    with pytest.raises(KeyMismatch):
        verify_zkey(powers_chain(3).r1cs, ptau, ceremony_key, best_engine)


def test_a_ceremony_that_is_too_small(best_engine: Engine, ptau: PowersOfTau) -> None:
    with pytest.raises(CircuitTooLarge) as caught:
        setup_from_ptau(powers_chain(8).r1cs, ptau, best_engine)
    assert (caught.value.needed, caught.value.available) == (4, 3)


def test_a_circuit_of_one_linear_constraint(best_engine: Engine, ptau: PowersOfTau) -> None:
    """No private wires: the C query is empty and every check still runs."""
    example = circuit([({1: 1}, {0: 1}, {1: 1})], [1, 9], public=1)
    key = contribute(setup_from_ptau(example.r1cs, ptau, best_engine), "a", "b", best_engine)
    verify_zkey(example.r1cs, ptau, key, best_engine)
    assert prove(key, example.witness, engine=best_engine)[1] == [9]


def test_setups_agree_on_what_they_share(best_engine: Engine, cubic_example: Example, ptau: PowersOfTau) -> None:
    """The two setups use different formulas for the same matrices."""
    from_powers = setup_from_ptau(cubic_example.r1cs, ptau, best_engine)
    from_secrets = insecure_setup(cubic_example.r1cs, best_engine)
    assert (from_powers.a, from_powers.b) == (from_secrets.a, from_secrets.b)
    assert from_powers.circuit_digest == from_secrets.circuit_digest
    assert from_powers.delta2 == from_powers.gamma2 == g2_to_bytes([best_engine.curve.g2])


def test_progress_is_told_in_order(best_engine: Engine, cubic_example: Example, ptau: PowersOfTau) -> None:
    for run in (
        lambda told: setup_from_ptau(cubic_example.r1cs, ptau, best_engine, progress=told),
        lambda told: insecure_setup(cubic_example.r1cs, best_engine, progress=told),
    ):
        seen: list[float] = []
        run(lambda what, done, seen=seen: seen.append(done))
        assert seen == sorted(seen)
        assert seen[-1] == 1.0


def test_names_too_long_for_the_file() -> None:
    from zkmargin.algebra import EncodingError

    assert Parameters("n" * 255).name
    with pytest.raises(EncodingError):
        Parameters("n" * 256)
