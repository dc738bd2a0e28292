"""Attacks on the check itself, rows V1 to V11 of the list in docs; each returns quietly when it was refused as it must.

Nothing here uses `assert`: `python -O attacks.py ENGINE` runs them all where asserts do not exist (row V12).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import Any

from zkmargin.algebra import (
    EncodingError,
    Engine,
    PointError,
    ZkMarginError,
    get_engine,
    scalars_to_bytes,
)
from zkmargin.verifier import (
    CircuitMismatch,
    InvalidProof,
    KeyRejected,
    Proof,
    PublicInputCount,
    PublicInputError,
    Verifier,
    VerifyingKey,
    judge_key,
    read_public_signals,
    verify,
    verify_unjudged,
)

if __name__ == "__main__":
    from trapdoor import G2, Q, R, Trapdoor, negate_g1, twist_point_outside_subgroup
else:
    from .trapdoor import G2, Q, R, Trapdoor, negate_g1, twist_point_outside_subgroup

DIGEST = bytes(range(32))
STATEMENT = [5, 0]


class AttackSucceeded(Exception):
    """What should have been refused was not, or not in the right way."""


@contextmanager
def refused(error: type[ZkMarginError], what: object) -> Iterator[None]:
    try:
        yield
    except error:
        return
    except ZkMarginError as other:
        raise AttackSucceeded(f"{what}: {type(other).__name__} instead of {error.__name__}: {other}") from other
    raise AttackSucceeded(f"{what} was accepted")


class Target:
    """An honest key, statement and proof to attack, on one engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.trapdoor = Trapdoor(engine, len(STATEMENT), circuit_digest=DIGEST)
        self.key = self.trapdoor.key
        self.proof = self.trapdoor.forge(STATEMENT)
        self.verifier = Verifier(self.key, engine, expect_circuit=DIGEST)
        self.verifier.verify(STATEMENT, self.proof)


@cache
def target_on(engine_name: str) -> Target:
    return Target(get_engine(engine_name))


def v1_public_inputs_outside_the_field(target: Target) -> None:
    bad: list[Any] = [5 + R, 5 - R, R, -1, 1 << 256, True, False, 5.0, "5", b"5", None]
    for value in bad:
        for position in (0, 1):
            changed: list[Any] = list(STATEMENT)
            changed[position] = value
            with refused(PublicInputError, value):
                target.verifier.verify(changed, target.proof)
    for text in ('["5", 0]', '["05","0"]', '["5","-1"]', '["5"," 0"]', '["5","0x0"]', '["5","٠"]', '["5","1e1"]'):
        with refused(EncodingError, text):
            read_public_signals(text)
    with refused(PublicInputError, "r in public.json"):
        read_public_signals(f'["5","{R}"]')
    collections: list[Any] = ["50", b"50", None, 5, iter(STATEMENT), {5: 0, 0: 5}, {5, 0}]
    for inputs in collections:
        with refused(EncodingError, f"inputs in a {type(inputs).__name__}"):
            target.verifier.verify(inputs, target.proof)


def v2_wrong_number_of_public_inputs(target: Target) -> None:
    for inputs in ([], [5], [5, 0, 0], [1, 5, 0]):
        with refused(PublicInputCount, inputs):
            target.verifier.verify(inputs, target.proof)


def v3_chosen_constant_wire(target: Target) -> None:
    """A proof for the statement with 2 in the constant's place: there is no place to put that 2."""
    forged = target.trapdoor.forge(STATEMENT, constant=2)
    with refused(InvalidProof, "another constant"):
        target.verifier.verify(STATEMENT, forged)
    with refused(PublicInputCount, "the constant passed by the caller"):
        target.verifier.verify([2, *STATEMENT], forged)


def v4_other_encodings_of_the_same_point(target: Target) -> None:
    raw = target.proof.to_bytes()
    for place in range(8):
        start = 32 * place
        coordinate = int.from_bytes(raw[start : start + 32], "little")
        for other in (coordinate + Q, coordinate | 1 << 255, coordinate | 1 << 254, (1 << 256) - 1):
            with refused(PointError, f"coordinate {place} as {other}"):
                Proof.from_bytes(raw[:start] + other.to_bytes(32, "little") + raw[start + 32 :])
    for data in (b"", raw[:-1], raw + b"\0", raw[:128], raw * 2):
        with refused(EncodingError, f"{len(data)} bytes"):
            Proof.from_bytes(data)
    for name, value in _other_spellings(target.proof.to_json()):
        with refused(EncodingError, name):
            Proof.from_json(value)


def _other_spellings(honest: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The same proof with scaled or infinite points, and with numbers spelt in other ways."""
    x, y, _ = (int(v) for v in honest["pi_a"])
    jacobian = [str(x * 4 % Q), str(y * 8 % Q), "2"]
    for point in (jacobian, [str(x), str(y), "01"], [str(x), str(y)], ["0", "1", "0"], [str(x), str(y), 1], "1"):
        yield f"pi_a {point}", {**honest, "pi_a": point}
    for text in (str(x + Q), f"0{x}", f"+{x}", f" {x}", f"{x}\n", hex(x), f"{x}.0", f"-{Q - x}", "", "٣", "9" * 5000):
        yield f"x spelt {text[:20]!r}", {**honest, "pi_a": [text, str(y), "1"]}
    bx, by, _ = honest["pi_b"]
    for z in (["2", "0"], ["1", "1"], ["0", "0"], "1", ["1"]):
        yield f"pi_b with z {z}", {**honest, "pi_b": [bx, by, z]}
    yield "an unknown member", {**honest, "extra": 1}
    yield "no protocol", {name: honest[name] for name in honest if name != "protocol"}
    yield "plonk", {**honest, "protocol": "plonk"}
    yield "another curve", {**honest, "curve": "bls12381"}


def v5_points_off_the_curve_or_outside_the_subgroup(target: Target) -> None:
    off = (3).to_bytes(32, "little") * 2
    for proof in (replace(target.proof, a=off), replace(target.proof, c=off), replace(target.proof, b=off * 2)):
        with refused(PointError, "a point off the curve"):
            target.verifier.verify(STATEMENT, proof)
    with refused(PointError, "B outside the subgroup"):
        target.verifier.verify(STATEMENT, replace(target.proof, b=twist_point_outside_subgroup()))


def v6_infinity_anywhere(target: Target) -> None:
    for part, size in (("a", 64), ("b", 128), ("c", 64)):
        with refused(PointError, f"{part} at infinity"):
            replace(target.proof, **{part: bytes(size)})  # type: ignore[arg-type]
    ic = target.key.ic
    changes: list[dict[str, Any]] = [{"alpha1": bytes(64)}]
    changes += [{name: bytes(128)} for name in ("beta2", "gamma2", "delta2")]
    changes += [{"ic": ic[: 64 * i] + bytes(64) + ic[64 * i + 64 :]} for i in range(3)]
    for change in changes:
        key = replace(target.key, **change)
        for use in _uses(key, target):
            with refused(KeyRejected, f"{list(change)} at infinity"):
                use()


def v7_key_of_a_skipped_second_phase(target: Target) -> None:
    """A = alpha, B = beta, C = -sum x_i IC_i needs no secret when delta is gamma, for any false statement."""
    key = replace(target.key, delta2=target.key.gamma2)
    engine, false_statement = target.engine, [666, 777]
    sum_ic = engine.g1_msm(engine.g1_bases(key.ic), scalars_to_bytes([1, *false_statement]))
    forged = Proof(key.alpha1, key.beta2, negate_g1(sum_ic))
    verify_unjudged(key, false_statement, forged, engine=engine)  # the attack is real
    elsewhere = engine.g2_multiples(G2, scalars_to_bytes([99]))
    both_elsewhere = replace(key, gamma2=elsewhere, delta2=elsewhere)
    delta_is_generator = replace(key, gamma2=elsewhere, delta2=G2)
    for weak in (key, both_elsewhere, delta_is_generator):
        for use in _uses(weak, target):
            with refused(KeyRejected, "a key without a second phase"):
                use()
        with refused(KeyRejected, "a forged proof"):
            verify(weak, false_statement, forged, engine=engine)


def v8_unconstrained_public_input(target: Target) -> None:
    ic = target.key.ic_points()
    for points in ([ic[0], ic[1], ic[1]], [ic[0], ic[0], ic[2]], [ic[0], bytes(64), ic[2]]):
        key = replace(target.key, ic=b"".join(points))
        for use in _uses(key, target):
            with refused(KeyRejected, "an IC point repeated or at infinity"):
                use()


def v9_the_same_statement_proven_again(target: Target) -> None:
    """Groth16 proofs can be changed into others of the same statement, so the check cannot be what stops a replay."""
    engine, proof = target.engine, target.proof
    target.verifier.verify(STATEMENT, replace(proof, a=negate_g1(proof.a), b=engine.g2_neg(proof.b)))
    a = engine.g1_scale(proof.a, scalars_to_bytes([3]))
    b = engine.g2_scale(proof.b, scalars_to_bytes([pow(3, -1, R)]))
    target.verifier.verify(STATEMENT, replace(proof, a=a, b=b))


def v10_things_swapped(target: Target) -> None:
    proof = target.proof
    other = Trapdoor(target.engine, len(STATEMENT), seed=5000, circuit_digest=bytes(32))
    for swapped, key in ((proof, other.key), (other.forge(STATEMENT), target.key), (_swap_a_c(proof), target.key)):
        with refused(InvalidProof, "a proof of another key, or A and C swapped"):
            verify(key, STATEMENT, swapped, engine=target.engine)
    with refused(InvalidProof, "public inputs swapped"):
        target.verifier.verify(STATEMENT[::-1], proof)
    limbs = [proof.b[i : i + 32] for i in range(0, 128, 32)]
    with refused(PointError, "Fp2 limbs swapped"):
        target.verifier.verify(STATEMENT, replace(proof, b=b"".join((limbs[1], limbs[0], limbs[3], limbs[2]))))
    for key in (other.key, replace(target.key, circuit_digest=None)):
        with refused(CircuitMismatch, "a key of another circuit"):
            Verifier(key, target.engine, expect_circuit=DIGEST)
        with refused(CircuitMismatch, "a key of another circuit"):
            verify(key, STATEMENT, proof, engine=target.engine, expect_circuit=DIGEST)


def v11_truncated_deep_and_huge(target: Target) -> None:
    raw = target.proof.to_bytes()
    for length in range(len(raw)):
        with refused(EncodingError, f"{length} bytes"):
            Proof.from_bytes(raw[:length])
    deep, huge = "[" * 100_000, "9" * 100_000
    for text in (
        deep,
        deep + "]" * 100_000,
        huge,
        f'"{huge}"',
        "{}",
        "[]",
        "null",
        "",
        "\0",
        '{"a":1,"a":1}',
        "NaN",
        "1e999",
    ):
        for read in (Proof.from_json, VerifyingKey.from_json):
            with refused(EncodingError, text[:20]):
                read(text)
    for text in (deep, huge, f"[{huge}]", f'["{huge}"]', "{}", '["1",]', "[1.0]", '["1"]' + " " * (1 << 21)):
        with refused(EncodingError, text[:20]):
            read_public_signals(text)
    document = target.key.to_json()
    for count in (len(STATEMENT) + 1, (1 << 32) - 1, -1, 2.0, "2", True, None):
        with refused(EncodingError, f"nPublic {count}"):
            VerifyingKey.from_json({**document, "nPublic": count})


def v11_some_bits_flipped(target: Target) -> None:
    """A bit of each coordinate; `every_bit_flipped` does them all on an engine that is fast enough."""
    flip_bits(target, range(5, 2048, 256))


def flip_bits(target: Target, bits: range) -> None:
    raw = target.proof.to_bytes()
    for bit in bits:
        changed = bytearray(raw)
        changed[bit // 8] ^= 1 << bit % 8
        try:
            target.verifier.verify(STATEMENT, Proof.from_bytes(changed))
        except (EncodingError, InvalidProof):
            continue
        raise AttackSucceeded(f"bit {bit} flipped, and the proof still verifies")


def _uses(key: VerifyingKey, target: Target) -> tuple[Callable[[], None], ...]:
    """Every way in which a key is taken into use."""
    return (
        lambda: judge_key(key, engine=target.engine),
        lambda: verify(key, STATEMENT, target.proof, engine=target.engine),
        lambda: Verifier(key, target.engine).verify(STATEMENT, target.proof),
    )


def _swap_a_c(proof: Proof) -> Proof:
    return replace(proof, a=proof.c, c=proof.a)


ATTACKS: dict[str, Callable[[Target], None]] = {
    name: attack for name, attack in list(globals().items()) if name[0] == "v" and name[1:2].isdigit()
}


def main(engine_name: str) -> int:
    if __debug__:
        raise SystemExit("run this with python -O: the point is that asserts are gone")
    target = target_on(engine_name)
    for attack in ATTACKS.values():
        attack(target)
    print(f"{len(ATTACKS)} attacks refused")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
