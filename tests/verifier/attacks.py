"""Attacks on the check itself, rows V1 to V11 of the list in docs; each returns quietly when it was refused as it must.

Nothing here uses `assert`: `python -O attacks.py ENGINE` runs them all where asserts do not exist (row V12).
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import Any, TypeVar

from zkmargin.algebra import (
    EncodingError,
    Engine,
    PointError,
    ZkMarginError,
    get_engine,
    scalars_to_bytes,
)
from zkmargin.verifier import (
    PROOF_FORMS,
    CircuitMismatch,
    InvalidProof,
    KeyRejected,
    Proof,
    PublicInputCount,
    PublicInputError,
    ReadProof,
    Verifier,
    VerifyingKey,
    judge_key,
    read_call,
    read_proof,
    read_public_signals,
    verify,
    verify_unjudged,
    write_call,
    write_proof,
)

if __name__ == "__main__":
    from trapdoor import (
        COFACTOR,
        G1,
        G2,
        Q,
        R,
        Trapdoor,
        negate_g1,
        twist_point_outside_subgroup,
        twist_points_of_each_order,
    )
else:
    from .trapdoor import (
        COFACTOR,
        G1,
        G2,
        Q,
        R,
        Trapdoor,
        negate_g1,
        twist_point_outside_subgroup,
        twist_points_of_each_order,
    )

DIGEST = bytes(range(32))
STATEMENT = [5, 0]
T = TypeVar("T")
Item = tuple[Any, Any, type[ZkMarginError] | None]
"""Public inputs, a proof, and the error that there must be."""


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

    def few(self, things: Iterable[T], count: int = 1) -> list[T]:
        """All of them, but no more than `count` on the reference engine, where each takes a second or so."""
        return list(things)[: count if self.engine.name == "reference" else None]

    def compressed(self, data: bytes) -> Proof:
        return Proof.from_compressed(data, engine=self.engine)


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


def v4_other_spellings_of_compressed_and_calldata(target: Target) -> None:
    compressed, calldata = target.proof.to_compressed(engine=target.engine), target.proof.to_calldata()
    for last in (31, 95, 127):
        for flags in (0x40, 0xC0, 0x80 | 0x40):
            with refused(PointError, f"flags {flags:x} at {last}"):
                target.compressed(_set(compressed, last, compressed[last] & 0x3F | flags))
    for start in (0, 32, 64, 96):
        x = int.from_bytes(compressed[start : start + 32], "little") & ((1 << 254) - 1)
        with refused(PointError, f"x + q at {start}"):
            target.compressed(compressed[:start] + (x + Q).to_bytes(32, "little") + compressed[start + 32 :])
    for start in range(0, 256, 32):
        word = int.from_bytes(calldata[start : start + 32], "big")
        for other in (word + Q, word | 1 << 255, (1 << 256) - 1):
            with refused(PointError, f"word {start // 32} as {other}"):
                Proof.from_calldata(calldata[:start] + other.to_bytes(32, "big") + calldata[start + 32 :])
    for size in (0, 64, 127, 129, 255, 257, 512):
        for read in (target.compressed, Proof.from_calldata, Proof.from_bytes):
            with refused(EncodingError, f"{size} bytes"):
                read((calldata * 2)[:size])
    for text in (
        "",
        "0x",
        compressed.hex(),
        "0X" + compressed.hex(),
        "0x" + compressed.hex().upper(),
        "0x " + "0" * 255,
    ):
        with refused(EncodingError, text[:8]):
            Proof.from_hex(text, engine=target.engine)
    call = write_call(target.proof, STATEMENT)
    capitals = call.upper().replace("X", "x")
    for text in (
        capitals,
        call.upper(),
        call.replace("0x0", "0x", 1),
        call.replace("0x", "", 1),
        f"[{call}]",
        call + ",[]",
    ):
        with refused(EncodingError, text[:40]):
            read_call(text)
    with refused(PublicInputError, "r in a call"):
        read_call(call.replace(f"0x{5:064x}", f"0x{5 + R:064x}"))


def v5_points_off_the_curve_or_outside_the_subgroup(target: Target) -> None:
    off = (3).to_bytes(32, "little") * 2
    for proof in (replace(target.proof, a=off), replace(target.proof, c=off), replace(target.proof, b=off * 2)):
        with refused(PointError, "a point off the curve"):
            target.verifier.verify(STATEMENT, proof)
    with refused(PointError, "B outside the subgroup"):
        target.verifier.verify(STATEMENT, replace(target.proof, b=twist_point_outside_subgroup()))


def v5_compressed_points_off_the_curve_or_outside_the_subgroup(target: Target) -> None:
    """4 is no x of the curve; the x of a point outside the subgroup is refused with either sign."""
    compressed = target.proof.to_compressed(engine=target.engine)
    four = (4).to_bytes(32, "little")
    outside = twist_point_outside_subgroup()[:64]
    for changed in (four + compressed[32:], compressed[:96] + four):
        with refused(PointError, "an x without a point"):
            target.compressed(changed)
    for sign in (0, 0x80):
        x = _set(outside, 63, outside[63] | sign)
        with refused(PointError, "B outside the subgroup"):
            target.compressed(compressed[:32] + x + compressed[96:])
    calldata = target.proof.to_calldata()
    for start in (0, 64, 192):
        with refused(PointError, "calldata off the curve"):
            target.verifier.verify(STATEMENT, Proof.from_calldata(_set(calldata, start + 31, calldata[start + 31] ^ 1)))


def v5_points_of_every_order_of_the_twist(target: Target) -> None:
    """A point whose order is any prime of the cofactor, and such a point with one of the subgroup added, in a proof, in
    a batch, compressed, and in a key. A fast test of membership could miss one of these orders and no other."""
    points = dict(twist_points_of_each_order())
    if len(points) != 8 or math.prod(COFACTOR) != 2 * Q - R:
        raise AttackSucceeded("not every order is tried")
    compressed = target.proof.to_compressed(engine=target.engine)
    for order, point in points.items():
        wrong = replace(target.proof, b=point)
        with refused(PointError, f"order {order}"):
            target.verifier.verify(STATEMENT, wrong)
        if target.engine.name == "reference":  # which knows one test only, multiplication by r
            continue
        (verdict,) = target.verifier.verify_many([(STATEMENT, wrong)])
        if not isinstance(verdict, PointError):
            raise AttackSucceeded(f"order {order} in a batch: {verdict}")
        for sign in (0, 0x80):
            with refused(PointError, f"order {order}, compressed"):
                target.compressed(compressed[:32] + _set(point[:64], 63, point[63] | sign) + compressed[96:])
        for name in ("beta2", "gamma2", "delta2"):
            with refused(KeyRejected, f"order {order} as {name}"):
                judge_key(replace(target.key, **{name: point}), engine=target.engine)  # type: ignore[arg-type]


def v6_infinity_in_every_form(target: Target) -> None:
    compressed, calldata = target.proof.to_compressed(engine=target.engine), target.proof.to_calldata()
    for start, size in ((0, 32), (32, 64), (96, 32)):
        infinity = bytes(size - 1) + b"\x40"
        for zeros in (infinity, bytes(size), bytes(size - 1) + b"\xc0"):
            with refused(PointError, f"compressed infinity at {start}"):
                target.compressed(compressed[:start] + zeros + compressed[start + size :])
        with refused(PointError, f"infinity in calldata at {2 * start}"):
            Proof.from_calldata(calldata[: 2 * start] + bytes(2 * size) + calldata[2 * start + 2 * size :])


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
    a = engine.g1_scale(proof.a, scalars_to_bytes([3]))
    b = engine.g2_scale(proof.b, scalars_to_bytes([pow(3, -1, R)]))
    for other in target.few(((a, b), (negate_g1(proof.a), engine.g2_neg(proof.b)))):
        target.verifier.verify(STATEMENT, replace(proof, a=other[0], b=other[1]))


def v10_things_swapped(target: Target) -> None:
    proof = target.proof
    other = Trapdoor(target.engine, len(STATEMENT), seed=5000, circuit_digest=bytes(32))
    swaps = ((other.forge(STATEMENT), target.key), (_swap_a_c(proof), target.key), (proof, other.key))
    for swapped, key in target.few(swaps):
        with refused(InvalidProof, "a proof of another key, or A and C swapped"):
            verify(key, STATEMENT, swapped, engine=target.engine)
    with refused(InvalidProof, "public inputs swapped"):
        target.verifier.verify(STATEMENT[::-1], proof)
    limbs = [proof.b[i : i + 32] for i in range(0, 128, 32)]
    with refused(PointError, "Fp2 limbs swapped"):
        target.verifier.verify(STATEMENT, replace(proof, b=b"".join((limbs[1], limbs[0], limbs[3], limbs[2]))))
    words = [target.proof.to_calldata()[i : i + 32] for i in range(0, 256, 32)]
    real_first = b"".join(words[place] for place in (0, 1, 3, 2, 5, 4, 6, 7))
    with refused(PointError, "calldata with the real parts first"):
        target.verifier.verify(STATEMENT, Proof.from_calldata(real_first))
    with refused(PointError, "calldata read as raw bytes"):
        target.verifier.verify(STATEMENT, Proof.from_bytes(target.proof.to_calldata()))
    for key in (other.key, replace(target.key, circuit_digest=None)):
        with refused(CircuitMismatch, "a key of another circuit"):
            Verifier(key, target.engine, expect_circuit=DIGEST)
        with refused(CircuitMismatch, "a key of another circuit"):
            verify(key, STATEMENT, proof, engine=target.engine, expect_circuit=DIGEST)


def v10_a_batch_hides_nothing(target: Target) -> None:
    """Rows V1 to V10 beside honest proofs in one batch: each gets its own verdict, that of `verify`, and no other."""
    _judged_one_by_one(target, target.few(_cancelling(target), 2))
    items = list(_batch(target))
    if target.engine.name == "reference":  # where one pairing takes as long as hundreds on the other
        items = [item for item in items if item[2] not in (None, InvalidProof)]
    _judged_one_by_one(target, items)
    _judged_one_by_one(target, [])


def _judged_one_by_one(target: Target, items: list[Item]) -> None:
    verdicts = target.verifier.verify_many([(inputs, proof) for inputs, proof, _ in items])
    for place, ((inputs, proof, error), verdict) in enumerate(zip(items, verdicts, strict=True)):
        if error is None and verdict is not None:
            raise AttackSucceeded(f"item {place} is honest and was refused: {verdict}")
        if error is not None:
            with refused(error, f"item {place}"):
                if verdict is not None:
                    raise verdict
        if target.engine.name == "native" and _said(verdict) != _said(_alone(target, inputs, proof)):
            raise AttackSucceeded(f"item {place} is judged otherwise in a batch: {verdict}")


def _batch(target: Target) -> Iterator[Item]:
    engine, proof, other = target.engine, target.proof, target.trapdoor.forge([6, 1])
    yield STATEMENT, proof, None
    for value in (5 + R, 5 - R, -1, 1 << 256, True, 5.0, "5", None):
        yield [value, 0], proof, PublicInputError
    yield iter(STATEMENT), proof, PublicInputError
    for inputs in ([], [5], [5, 0, 0], [1, 5, 0]):
        yield inputs, proof, PublicInputCount
    yield [6, 1], other, None
    for inputs, wrong in (
        ([6, 1], proof),
        (STATEMENT, other),
        (STATEMENT, target.trapdoor.forge(STATEMENT, constant=2)),
    ):
        yield inputs, wrong, InvalidProof
    yield STATEMENT, _swap_a_c(proof), InvalidProof
    off = (3).to_bytes(32, "little") * 2
    for wrong in (replace(proof, a=off), replace(proof, c=off), replace(proof, b=off * 2)):
        yield STATEMENT, wrong, PointError
    yield STATEMENT, replace(proof, b=twist_point_outside_subgroup()), PointError
    yield STATEMENT, None, EncodingError
    yield STATEMENT, proof.to_bytes(), EncodingError
    yield STATEMENT, replace(proof, a=negate_g1(proof.a), b=engine.g2_neg(proof.b)), None


def _cancelling(target: Target) -> Iterator[Item]:
    """Two false proofs whose errors cancel in a sum without weights, and an honest one after them."""
    excess = target.engine.g1_multiples(G1, scalars_to_bytes([12345]))
    for part in (excess, negate_g1(excess)):
        yield STATEMENT, replace(target.proof, c=target.engine.g1_add(target.proof.c, part)), InvalidProof
    yield STATEMENT, target.proof, None


def _alone(target: Target, inputs: Any, proof: Any) -> ZkMarginError | None:
    try:
        target.verifier.verify(inputs, proof)
    except ZkMarginError as problem:
        return problem
    return None


def _said(verdict: ZkMarginError | None) -> tuple[type, str]:
    return type(verdict), str(verdict)


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


def v11_every_form_truncated_deep_and_huge(target: Target) -> None:
    """Each reader, and the one that guesses the form; time and memory are bounded by their limits on size."""
    call, text = write_call(target.proof, STATEMENT), target.proof.to_hex(engine=target.engine)
    for cut in (*range(0, len(call), 37), len(call) - 1):
        with refused(EncodingError, f"{cut} characters of a call"):
            read_call(call[:cut])
    for cut in (0, 1, 2, 3, 128, 257):
        with refused(EncodingError, f"{cut} characters of digits"):
            Proof.from_hex(text[:cut], engine=target.engine)
    huge: tuple[bytes, ...] = (b"[" * 100_000, b"9" * 100_000, b"0x" + b"0" * (1 << 20), b"{" * 300, bytes(1 << 21))
    for data in (*huge, b"", b"0x", b"[]", b"{}", b"null", b'["0x"]', b'"' * 4096):
        with refused(EncodingError, data[:20]):
            read_proof(data, engine=target.engine)
        for form in PROOF_FORMS:
            with refused(EncodingError, f"{form}: {data[:20]!r}"):
                read_proof(data, form, engine=target.engine)


def v11_some_bits_flipped(target: Target) -> None:
    """A bit of each coordinate; `every_bit_flipped` does them all on an engine that is fast enough."""
    flip_bits(target, "raw", range(5, 2048, 256))
    flip_bits(target, "calldata", range(5, 2048, 512))
    flip_bits(target, "compressed", range(5, 1024, 256))
    flip_bits(target, "call", range(5, 6000, 1511))


def flip_bits(target: Target, form: str, bits: range) -> None:
    """Each bit of a form by itself; what is after the last is skipped."""
    honest = write_proof(ReadProof(target.proof, form, tuple(STATEMENT)), form, engine=target.engine)
    for bit in target.few(bits, 2):
        if bit >= 8 * len(honest):
            return
        changed = bytearray(honest)
        changed[bit // 8] ^= 1 << bit % 8
        try:
            read = read_proof(bytes(changed), form, engine=target.engine)
            target.verifier.verify(read.with_public_inputs(None if form == "call" else STATEMENT), read.proof)
        except (EncodingError, InvalidProof):
            continue
        raise AttackSucceeded(f"bit {bit} of {form} flipped, and the proof still verifies")


def _set(data: bytes, place: int, value: int) -> bytes:
    return data[:place] + bytes([value]) + data[place + 1 :]


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
