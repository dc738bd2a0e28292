"""Poseidon from a capacity, Baby Jubjub and EdDSA-Poseidon here and in circomlibjs: the same in both."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from zkmargin.algebra import (
    BABY_JUBJUB,
    BN254,
    EddsaSignature,
    SignatureError,
    blake512,
    commit,
    eddsa_public_key,
    eddsa_sign,
    eddsa_verify,
    pack_point,
    poseidon_hash,
    poseidon_list,
    unpack_point,
)
from zkmargin.circuits import Circuit, Point, Signature, UnsatisfiedConstraint, assert_eddsa_poseidon, build

from .snarkjs import HERE, Tool

pytestmark = [pytest.mark.interop, pytest.mark.xdist_group("interop")]

ORDER = BABY_JUBJUB.order
GENERATOR = (
    995203441582195749578291179787384436505546430278305826713579947235728471134,
    5472060717959818805561601436314318772137091100104008585924551046643952123905,
)
DRAWN = random.Random(20)
SECRETS = [bytes(32), b"\xff" * 32, *(DRAWN.randbytes(32) for _ in range(6))]
MESSAGES = [0, BN254.r - 1, *(DRAWN.randrange(BN254.r) for _ in range(6))]


def ask(tool: Tool, **questions: list[Any]) -> dict[str, list[Any]]:
    tool.write("questions.json", questions)
    return json.loads(tool._run(HERE / "circomlibjs.mjs", (), False))


def numbers(texts: list[str]) -> tuple[int, int]:
    x, y = map(int, texts)
    return x, y


def texts(point: tuple[int, int]) -> list[str]:
    return [str(coordinate) for coordinate in point]


def test_the_hash_of_secrets_is_ours(fresh_tool: Tool) -> None:
    data = [DRAWN.randbytes(length) for length in (0, 1, 32, 64, 110, 111, 112, 127, 128, 129, 239, 240, 300)]
    assert ask(fresh_tool, digests=[d.hex() for d in data])["digests"] == [blake512(d).hex() for d in data]


def test_hashes_from_a_capacity_and_of_lists_are_the_same(fresh_tool: Tool) -> None:
    drawn = {length: [DRAWN.randrange(BN254.r) for _ in range(length)] for length in (1, 2, 8, 16, 17, 21, 40)}
    initial, tag = DRAWN.randrange(BN254.r), DRAWN.randrange(1 << 128)
    asked, ours = [], []
    for length, items in drawn.items():
        blocks = [[str(x) for x in items[start : start + 16]] for start in range(0, length, 16)]
        asked.append((str(tag + (length << 128)), blocks))
        ours.append(poseidon_list(tag, items))
        if length <= 16:
            asked.append((str(initial), blocks))
            ours.append(poseidon_hash(items, initial=initial))
    assert ask(fresh_tool, hashed=asked)["hashed"] == [str(digest) for digest in ours]


def test_keys_and_signatures_are_the_same(fresh_tool: Tool) -> None:
    pairs = list(zip(SECRETS, MESSAGES, strict=True))
    for (secret, message), theirs in zip(
        pairs, ask(fresh_tool, signed=[(s.hex(), str(m)) for s, m in pairs])["signed"], strict=True
    ):
        key = numbers(theirs["key"])
        assert eddsa_public_key(secret) == key
        signature = EddsaSignature(numbers(theirs["r"]), int(theirs["s"]))
        eddsa_verify(key, message, signature)
        assert eddsa_sign(secret, message) == signature
        assert signature.to_bytes().hex() == theirs["packed"]
        assert EddsaSignature.from_bytes(bytes.fromhex(theirs["packed"])) == signature


def test_the_gadget_accepts_their_signatures(fresh_tool: Tool) -> None:
    def signed(c: Circuit) -> None:
        key, r = (Point(c.public(f"{name}.x"), c.public(f"{name}.y")) for name in ("key", "r"))
        assert_eddsa_poseidon(key, c.public("message"), Signature(r, c.private("s")))

    circuit = build(signed, name="signed", strict=True)
    secret, message = SECRETS[2], MESSAGES[2]
    (theirs,) = ask(fresh_tool, signed=[(secret.hex(), str(message))])["signed"]
    (x, y), (rx, ry) = numbers(theirs["key"]), numbers(theirs["r"])
    inputs = {"key.x": x, "key.y": y, "r.x": rx, "r.y": ry, "s": int(theirs["s"]), "message": message}
    circuit.check(circuit.witness(inputs))
    with pytest.raises(UnsatisfiedConstraint):
        circuit.check(circuit.witness(inputs | {"message": message + 1}))


def test_circomlibjs_verifies_what_we_sign(fresh_tool: Tool) -> None:
    questions, expected = [], []
    for secret, message in zip(SECRETS, MESSAGES, strict=True):
        key, signature = eddsa_public_key(secret), eddsa_sign(secret, message)
        for asked in (message, (message + 1) % BN254.r):
            questions.append((texts(key), str(asked), texts(signature.r), str(signature.s)))
            expected.append(asked == message)
            if asked != message:
                with pytest.raises(SignatureError):
                    eddsa_verify(key, asked, signature)
    assert ask(fresh_tool, verified=questions)["verified"] == expected


def test_points_and_their_bytes_are_the_same(fresh_tool: Tool) -> None:
    scalars = [0, 1, 2, 8, ORDER - 1, ORDER, ORDER + 1, 4 * ORDER, *(DRAWN.randrange(8 * ORDER) for _ in range(12))]
    points = [BABY_JUBJUB.multiply(scalar, GENERATOR) for scalar in scalars]
    packed = [pack_point(point).hex() for point in points]
    answers = ask(fresh_tool, multiples=[str(scalar) for scalar in scalars], unpacked=packed)
    assert [numbers(answer["point"]) for answer in answers["multiples"]] == points
    assert [answer["packed"] for answer in answers["multiples"]] == packed
    assert [answer["inSubgroup"] for answer in answers["multiples"]] == [BABY_JUBJUB.in_subgroup(p) for p in points]
    assert [unpack_point(bytes.fromhex(p)) for p in packed] == points
    # circomlibjs does not unpack (0, 1) and (0, -1): its test for a square takes 0 for none.
    assert answers["unpacked"] == [texts(point) if point[0] else None for point in points]


def test_commitments_add_up_there_too(fresh_tool: Tool) -> None:
    openings = [(DRAWN.randrange(1 << 64), DRAWN.randrange(ORDER)) for _ in range(8)]
    pairs = [((v, b), (w, c)) for (v, b), (w, c) in zip(openings[::2], openings[1::2], strict=True)]
    sums = ask(fresh_tool, sums=[(texts(commit(*one)), texts(commit(*other))) for one, other in pairs])["sums"]
    assert [numbers(total) for total in sums] == [commit(v + w, (b + c) % ORDER) for (v, b), (w, c) in pairs]
