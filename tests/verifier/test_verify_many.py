"""Many proofs at once: for each the verdict that it gets alone, and no two false ones that help each other."""

from __future__ import annotations

import os
import random
from dataclasses import replace
from typing import Any, cast

import pytest

from zkmargin.algebra import BN254, Buffer, EncodingError, Engine, PointError, get_engine
from zkmargin.algebra.engine import LoadedKey
from zkmargin.algebra.groth16 import PlainGroth16Key
from zkmargin.verifier import InvalidProof, Proof, PublicInputCount, PublicInputError, Verifier, groth16
from zkmargin.verifier.batch import WEIGHT_BYTES, fresh_weights

from .trapdoor import G1, R, Trapdoor, negate_g1, twist_point_outside_subgroup

Item = tuple[list[int], Proof]


class Plain:
    """An engine whose check is put together from its other operations, as that of the reference engine is: the same
    code at a hundredth of the time. `attacks.py` has batches on the reference engine itself."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def groth16_key(self, alpha1: Buffer, g2_points: Buffer, ic: Buffer) -> LoadedKey:
        return PlainGroth16Key(self._engine, alpha1, g2_points, ic)


@pytest.fixture(params=["as it is", "plain"])
def engine(request: pytest.FixtureRequest) -> Engine:
    best = get_engine()
    return cast(Engine, Plain(best)) if request.param == "plain" else best


@pytest.fixture
def trapdoor(engine: Engine) -> Trapdoor:
    return Trapdoor(engine, 2)


@pytest.fixture
def verifier(trapdoor: Trapdoor, engine: Engine) -> Verifier:
    return Verifier(trapdoor.key, engine)


def items_of(trapdoor: Trapdoor, count: int) -> list[Item]:
    return [([5 + i, R - 1 - i], trapdoor.forge([5 + i, R - 1 - i], a=7 + i)) for i in range(count)]


def kinds(verdicts: list[Any]) -> list[Any]:
    return [None if verdict is None else type(verdict) for verdict in verdicts]


def cancelling(trapdoor: Trapdoor, items: list[Item]) -> list[Item]:
    """The first and the last proof made false: C + G and C - G, which together miss by nothing."""
    first, *middle, last = items
    shifted = [trapdoor.engine.g1_add(proof.c, point) for (_, proof), point in ((first, G1), (last, negate_g1(G1)))]
    return [(first[0], replace(first[1], c=shifted[0])), *middle, (last[0], replace(last[1], c=shifted[1]))]


def test_good_ones_pass(trapdoor: Trapdoor, verifier: Verifier) -> None:
    assert verifier.verify_many([]) == []
    assert verifier.verify_many(items_of(trapdoor, 4)) == [None] * 4


def test_each_gets_the_verdict_that_it_gets_alone(trapdoor: Trapdoor, verifier: Verifier) -> None:
    good = items_of(trapdoor, 2)
    inputs, proof = good[0]
    bad: list[Any] = [
        ([6, 6], proof),
        (inputs, replace(proof, a=proof.c)),
        (inputs, replace(proof, a=(1).to_bytes(32, "little") * 2)),
        (inputs, replace(proof, b=twist_point_outside_subgroup())),
        ([inputs[0] + R, inputs[1]], proof),
        ([True, 1], proof),
        (inputs[:1], proof),
        (inputs, proof.to_bytes()),
        (inputs, None),
        (inputs, Proof(proof.a, proof.b, proof.c, replace(BN254, name="another curve"))),
    ]
    verdicts = verifier.verify_many([good[0], *bad, good[1]])
    assert verdicts[0] is None
    assert verdicts[-1] is None
    for item, verdict in zip(bad, verdicts[1:-1], strict=True):
        with pytest.raises(type(verdict)) as alone:
            verifier.verify(*item)
        assert type(alone.value) is type(verdict)
        assert str(alone.value) == str(verdict)
    expected = [InvalidProof] * 2 + [PointError] * 2 + [PublicInputError] * 2 + [PublicInputCount] + [EncodingError] * 3
    assert kinds(verdicts[1:-1]) == expected


@pytest.mark.parametrize("item", [None, (), ([5, R - 1],), [[5, R - 1], None], "no pair", ([], None, None)], ids=repr)
def test_what_is_no_pair(verifier: Verifier, trapdoor: Trapdoor, item: Any) -> None:
    good = items_of(trapdoor, 1)
    assert kinds(verifier.verify_many([item, *good])) == [EncodingError, None]


def test_false_proofs_that_cancel_are_both_named(trapdoor: Trapdoor, verifier: Verifier) -> None:
    items = cancelling(trapdoor, items_of(trapdoor, 4))
    assert kinds(verifier.verify_many(items)) == [InvalidProof, None, None, InvalidProof]


def test_they_would_pass_under_equal_weights(
    trapdoor: Trapdoor, verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the test above fails if the weights are ever constant."""
    monkeypatch.setattr(groth16, "fresh_weights", lambda count: (b"\x01" + bytes(WEIGHT_BYTES - 1)) * count)
    assert verifier.verify_many(cancelling(trapdoor, items_of(trapdoor, 4))) == [None] * 4


def test_every_byte_of_a_weight_counts(trapdoor: Trapdoor, verifier: Verifier, monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights that agree in all bytes but one tell proofs apart that would cancel."""
    items = cancelling(trapdoor, items_of(trapdoor, 4))
    for place in range(WEIGHT_BYTES):

        def nearly_equal(count: int, place: int = place) -> bytes:
            weights = (bytearray(b"\x01" * WEIGHT_BYTES) for _ in range(count))
            return b"".join(bytes(w[:place]) + bytes([i]) + bytes(w[place + 1 :]) for i, w in enumerate(weights))

        monkeypatch.setattr(groth16, "fresh_weights", nearly_equal)
        assert kinds(verifier.verify_many(items)) == [InvalidProof, None, None, InvalidProof]


def test_bisection_names_all_and_only_the_false_ones(trapdoor: Trapdoor, verifier: Verifier, engine: Engine) -> None:
    count = 150 if engine.name == "native" else 4
    items = items_of(trapdoor, count)
    chance = random.Random(7)
    for number in (1, 2, count // 3, count) if engine.name == "native" else (2,):
        false_ones = set(chance.sample(range(count), number))
        mixed = [(inputs, items[0][1] if i in false_ones else p) for i, (inputs, p) in enumerate(items[1:] + items[:1])]
        expected = [InvalidProof if i in false_ones else None for i in range(count)]
        expected[-1] = None  # the last one's inputs are those of the first proof
        assert kinds(verifier.verify_many(mixed)) == expected


def test_weights_are_of_the_system_and_new_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(fresh_weights(3)) == 3 * WEIGHT_BYTES
    assert fresh_weights(2) != fresh_weights(2)
    monkeypatch.setattr(os, "urandom", lambda size: b"\x07" * size)
    assert fresh_weights(2) == b"\x07" * 32


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_draws_other_weights() -> None:
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, fresh_weights(2))
        os._exit(0)
    os.waitpid(child, 0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        drawn = pipe.read()
    assert len(drawn) == 2 * WEIGHT_BYTES
    assert drawn != fresh_weights(2)


def test_two_equal_false_proofs_are_both_named(trapdoor: Trapdoor, verifier: Verifier) -> None:
    inputs, proof = items_of(trapdoor, 1)[0]
    assert kinds(verifier.verify_many([([8, 8], proof)] * 2 + [(inputs, proof)])) == [InvalidProof, InvalidProof, None]


def test_a_key_of_many_public_inputs(engine: Engine) -> None:
    """So many that the native engine makes no tables for them."""
    count = 70 if engine.name == "native" else 9
    trapdoor = Trapdoor(engine, count)
    verifier = Verifier(trapdoor.key, engine)
    inputs = [R - 1 - i for i in range(count)]
    proof = trapdoor.forge(inputs)
    verifier.verify(inputs, proof)
    with pytest.raises(InvalidProof):
        verifier.verify([0, *inputs[1:]], proof)
    verdicts = verifier.verify_many([(inputs, proof), ([0, *inputs[1:]], proof), (inputs, proof)])
    assert kinds(verdicts) == [None, InvalidProof, None]
