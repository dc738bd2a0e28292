"""The witness machine of both engines: each rule of the format broken, and fuzzed bytes."""

from __future__ import annotations

import random
import struct
from typing import Any

import pytest

from zkmargin.algebra import BN254, EncodingError, Engine, get_engine, scalars_from_bytes, scalars_to_bytes

from .program_bytes import (
    BITS,
    COMBINATIONS,
    GOOD,
    LINEAR,
    OPERATIONS,
    PRODUCT,
    assemble,
    expected_wires,
    little,
    seal,
)

R, Q = BN254.r, BN254.q
ONE = scalars_to_bytes([1])


@pytest.mark.parametrize(
    ("a", "b"), [(23, 7), (0, 0), (1, 1), (R - 1, R - 1), (R - 1, 2), (5, R - 1), (2**253, 2**128 + 1), (2**70, 0)]
)
def test_a_program_fills_all_wires(engine: Engine, a: int, b: int) -> None:
    wires = engine.run_program(assemble(**GOOD), scalars_to_bytes([a, b]))
    assert scalars_from_bytes(wires) == expected_wires(a, b)


def test_all_254_bits_are_those_of_the_canonical_value(engine: Engine) -> None:
    program = assemble(1, 0, [1], [[(1, 0)]], [(BITS, 0, 0, 2, 254)])
    bits = scalars_from_bytes(engine.run_program(program, scalars_to_bytes([R - 1])))[2:]
    assert sum(bit << place for place, bit in enumerate(bits)) == R - 1


def test_operations_may_write_in_any_order_of_wires(engine: Engine) -> None:
    program = assemble(1, 0, [2], [[(1, 0)], [(3, 0)]], [(LINEAR, 0, 0, 3, 0), (LINEAR, 1, 0, 2, 0)])
    assert scalars_from_bytes(engine.run_program(program, scalars_to_bytes([5]))) == [1, 5, 20, 10]


BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "magic": ({"raw": {"magic": b"zkwq"}}, "not a witness program"),
    "version": ({"raw": {"version": little(2, 4)}}, "version"),
    "prime": ({"raw": {"prime": little(Q)}}, "another field"),
    "constant": ({"constants": [1, R, 2]}, "constant 1 is not below"),
    "count of constants": ({"raw": {"n_consts": little(2**32 - 1, 4)}}, "cut short"),
    "count of combinations": ({"raw": {"n_lcs": little(2**32 - 1, 4)}}, "cut short"),
    "count of terms": ({"raw": {"n_terms": little(2**32 - 1, 4)}}, "cut short"),
    "count of operations": ({"raw": {"n_ops": little(2**32 - 1, 4)}}, "cut short"),
    "fewer operations than bytes": ({"raw": {"n_ops": little(4, 4)}}, "left over"),
    "public inputs": ({"raw": {"n_public": little(2**32 - 1, 4)}}, "program inputs"),
    "inputs without end": ({"raw": {"n_public": little(2**31, 4)}, "n_wires": 2**31 + 11}, "program inputs"),
    "private inputs": ({"raw": {"n_private": little(0, 4)}}, "program inputs"),
    "too many wires": ({"n_wires": 13}, "each wire once"),
    "wires without end": ({"n_wires": 2**32 - 1}, "each wire once"),
    "too few wires": ({"n_wires": 11}, "writes a wire that does not exist"),
    "no wires": ({"n_wires": 0}, "does not exist"),
    "pointers from one": ({"raw": {"lc_ptr": struct.pack("<6I", 1, 1, 2, 4, 7, 7)}}, "do not cover"),
    "pointers past the end": ({"raw": {"lc_ptr": struct.pack("<6I", 0, 1, 2, 4, 7, 8)}}, "do not cover"),
    "pointers falling": ({"raw": {"lc_ptr": struct.pack("<6I", 0, 1, 4, 2, 7, 7)}}, "do not rise"),
    "pointers falling far": ({"raw": {"lc_ptr": struct.pack("<6I", 0, 1, 2**31, 4, 7, 7)}}, "do not rise"),
    "term's wire": ({"combinations": [[(12, 0)], *COMBINATIONS[1:]]}, "does not exist"),
    "term's constant": ({"combinations": [[(1, 3)], *COMBINATIONS[1:]]}, "does not exist"),
    "opcode": ({"operations": [(5, 0, 0, 3, 0), *OPERATIONS[1:]]}, "operation 0: an unknown opcode"),
    "a": ({"operations": [(PRODUCT, 5, 1, 3, 0), *OPERATIONS[1:]]}, "linear combination that does not exist"),
    "b": ({"operations": [(PRODUCT, 0, 5, 3, 0), *OPERATIONS[1:]]}, "linear combination that does not exist"),
    "unused b": ({"operations": [*OPERATIONS[:4], (LINEAR, 3, 1, 11, 0)]}, "not zero where unused"),
    "unused n": ({"operations": [*OPERATIONS[:4], (LINEAR, 3, 0, 11, 1)]}, "not zero where unused"),
    "no bits": ({"operations": [*OPERATIONS[:2], (BITS, 0, 0, 5, 0), *OPERATIONS[3:]]}, "out of range"),
    "255 bits": ({"operations": [*OPERATIONS[:2], (BITS, 0, 0, 5, 255), *OPERATIONS[3:]]}, "out of range"),
    "all bits": ({"operations": [*OPERATIONS[:2], (BITS, 0, 0, 5, 2**32 - 1), *OPERATIONS[3:]]}, "out of range"),
    "destination": ({"operations": [(PRODUCT, 0, 1, 2**32 - 1, 0), *OPERATIONS[1:]]}, "wire that does not exist"),
    "constant wire": ({"operations": [(PRODUCT, 0, 1, 0, 0), *OPERATIONS[1:]]}, "writes a wire twice"),
    "input wire": ({"operations": [(PRODUCT, 0, 1, 2, 0), *OPERATIONS[1:]]}, "writes a wire twice"),
    "wire twice": ({"operations": [*OPERATIONS[:4], (LINEAR, 3, 0, 8, 0)]}, "operation 4: writes a wire twice"),
    "too early": ({"operations": [OPERATIONS[4], *OPERATIONS[:4]]}, "operation 0: reads a wire before"),
    "itself": (
        {"combinations": [*COMBINATIONS[:3], [(11, 1), (9, 0), (4, 0)], []]},
        "operation 4: reads a wire before",
    ),
    "too early in b": (
        {"operations": [(PRODUCT, 0, 2, 3, 0), *OPERATIONS[1:]]},
        "operation 0: reads a wire before",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_program_is_refused(engine: Engine, case: str) -> None:
    change, reason = BROKEN[case]
    with pytest.raises(EncodingError, match=reason):
        engine.run_program(assemble(**{**GOOD, **change}), scalars_to_bytes([23, 7]))


def test_a_program_without_wires_for_its_inputs_is_refused(engine: Engine) -> None:
    for n_wires in (0, 1, 2):
        with pytest.raises(EncodingError):
            engine.run_program(assemble(1, 1, [], [], [], n_wires=n_wires), ONE * 2)


@pytest.mark.parametrize("value", [R, 2**256 - 1])
def test_inputs_must_be_canonical(engine: Engine, value: int) -> None:
    with pytest.raises(EncodingError) as caught:
        engine.run_program(assemble(**GOOD), ONE + little(value))
    assert caught.value.index == 1


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_program_takes_exactly_its_inputs(engine: Engine, count: int) -> None:
    with pytest.raises(EncodingError, match="2 are needed"):
        engine.run_program(assemble(**GOOD), ONE * count)


def test_damage_anywhere_is_noticed(engine: Engine) -> None:
    program = assemble(**GOOD)
    inputs = scalars_to_bytes([23, 7])
    for place in range(len(program)):
        damaged = bytearray(program)
        damaged[place] ^= 1 << place % 8
        with pytest.raises(EncodingError):
            engine.run_program(damaged, inputs)
    for length in range(len(program)):
        with pytest.raises(EncodingError):
            engine.run_program(program[:length], inputs)
    with pytest.raises(EncodingError):
        engine.run_program(program + b"\0", inputs)
    with pytest.raises(EncodingError, match="left over"):
        engine.run_program(seal(program[:-32] + b"\0"), inputs)


def test_fuzzed_programs_are_refused_or_fill_their_wires(engine: Engine) -> None:
    """The checksum is made right again, so that what is behind it is reached."""
    body = assemble(**GOOD)[:-32]
    inputs = scalars_to_bytes([23, 7])
    rng = random.Random(3)
    accepted = 0
    for _ in range(5000):
        mutated = bytearray(body)
        for _ in range(rng.randrange(1, 4)):
            place = rng.randrange(len(mutated) // 4) * 4
            word = rng.choice([0, 1, 2, 3, 4, 5, 11, 12, 254, 255, 2**31, 2**32 - 1, rng.getrandbits(32)])
            mutated[place : place + 4] = little(word, 4)
        try:
            wires = engine.run_program(seal(mutated), inputs)
        except EncodingError:
            continue
        accepted += 1
        assert len(wires) == 32 * int.from_bytes(mutated[72:76], "little")
        assert wires[:96] == ONE + inputs
    assert 0 < accepted < 5000


def test_both_engines_give_the_same_verdict_on_fuzzed_programs(engine: Engine) -> None:
    """Against the reference: an engine that accepts what the other refuses would be a fork in the making."""
    oracle = get_engine("reference")
    body = assemble(**GOOD)[:-32]
    inputs = scalars_to_bytes([23, 7])
    rng = random.Random(4)
    for _ in range(1000):
        mutated = bytearray(body)
        place = rng.randrange(len(mutated) // 4) * 4
        mutated[place : place + 4] = little(rng.choice([0, 1, 2, 3, 4, 11, 12, rng.getrandbits(32)]), 4)
        assert outcome(engine, seal(mutated), inputs) == outcome(oracle, seal(mutated), inputs)


def outcome(engine: Engine, program: bytes, inputs: bytes) -> bytes | tuple[str, int | None]:
    try:
        return engine.run_program(program, inputs)
    except EncodingError as problem:
        return str(problem), problem.index
