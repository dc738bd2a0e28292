"""The witness machine of both engines: each rule of the format broken, and fuzzed bytes."""

from __future__ import annotations

import random
import struct
from typing import Any

import pytest

from zkmargin.algebra import BN254, DomainError, EncodingError, Engine, get_engine, scalars_from_bytes, scalars_to_bytes

from .program_bytes import (
    BITS,
    COMBINATIONS,
    DIVMOD,
    GOOD,
    ISQRT,
    LINEAR,
    ONE_HOT,
    OPERATIONS,
    PRODUCT,
    QUOTIENT,
    SORT,
    assemble,
    expected_wires,
    little,
    seal,
)

R, Q = BN254.r, BN254.q
ONE = scalars_to_bytes([1])


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (23, 7),
        (0, 0),
        (1, 1),
        (R - 1, R - 1),
        (R - 1, 2),
        (5, R - 1),
        (2**253, 2**128 + 1),
        (2**70, 0),
        (2**128, 2**64),
    ],
)
def test_a_program_fills_all_wires(engine: Engine, a: int, b: int) -> None:
    wires = engine.run_program(assemble(**GOOD), scalars_to_bytes([a, b]))
    assert scalars_from_bytes(wires) == expected_wires(a, b)


def test_all_254_bits_are_those_of_the_canonical_value(engine: Engine) -> None:
    program = assemble(1, 0, [1], [[(1, 0)]], [(BITS, 0, 0, 2, 254)])
    bits = scalars_from_bytes(engine.run_program(program, scalars_to_bytes([R - 1])))[2:]
    assert sum(bit << place for place, bit in enumerate(bits)) == R - 1


@pytest.mark.parametrize("first", [0, 1, 63, 64, 200, 253])
def test_bits_begin_where_they_are_told_to(engine: Engine, first: int) -> None:
    value = R - 1 - 2**200
    program = assemble(1, 0, [1], [[(1, 0)]], [(BITS, 0, first, 2, 254 - first)])
    bits = scalars_from_bytes(engine.run_program(program, scalars_to_bytes([value])))[2:]
    assert sum(bit << place for place, bit in enumerate(bits)) == value >> first


@pytest.mark.parametrize("x", [*range(17), 2**64 - 1, 2**64, 2**128 - 1, 2**128, (2**126 - 1) ** 2 - 1, R - 2, R - 1])
def test_square_roots_are_rounded_down(engine: Engine, x: int) -> None:
    program = assemble(1, 0, [1], [[(1, 0)]], [(ISQRT, 0, 0, 2, 0)])
    root = scalars_from_bytes(engine.run_program(program, scalars_to_bytes([x])))[2]
    assert root**2 <= x < (root + 1) ** 2


@pytest.mark.parametrize("x", [0, 1, 255, 256, 2**64, R - 1])
def test_one_wire_is_hot_where_there_is_one_for_the_value(engine: Engine, x: int) -> None:
    program = assemble(1, 0, [1], [[(1, 0)]], [(ONE_HOT, 0, 0, 2, 256)])
    wires = scalars_from_bytes(engine.run_program(program, scalars_to_bytes([x])))[2:]
    assert wires == [int(x == place) for place in range(256)]


@pytest.mark.parametrize("a", [0, 1, 7, R - 1])
@pytest.mark.parametrize("b", [0, 1, 3, R - 1])
def test_a_quotient_times_its_divisor_is_the_dividend(engine: Engine, a: int, b: int) -> None:
    program = assemble(2, 0, [1], [[(1, 0)], [(2, 0)]], [(QUOTIENT, 0, 1, 3, 0)])
    quotient = scalars_from_bytes(engine.run_program(program, scalars_to_bytes([a, b])))[3]
    assert quotient * b % R == (a if b else 0)
    assert b or not quotient


def test_values_are_sorted_as_integers(engine: Engine) -> None:
    """Not by any inner form; equal values stay as many as they were."""
    values = [R - 1, 5, 2**64, 0, 5, 2**192 + 1, 2**128, (R + 1) // 2, 1, R - 2]
    program = assemble(10, 0, [1], [[(1 + k, 0)] for k in range(10)], [(SORT, 0, 0, 11, 10)])
    assert scalars_from_bytes(engine.run_program(program, scalars_to_bytes(values)))[11:] == sorted(values)


def test_scratch_is_left_out_of_the_witness(engine: Engine) -> None:
    program = assemble(1, 0, [2], [[(1, 0)], [(3, 0)]], [(LINEAR, 0, 0, 3, 0), (LINEAR, 1, 0, 2, 0)], n_scratch=1)
    loaded = engine.load_program(program)
    assert (loaded.n_inputs, loaded.n_wires) == (1, 3)
    assert scalars_from_bytes(loaded.run(scalars_to_bytes([5]))) == [1, 5, 20]


def test_what_one_operation_writes_may_be_scratch_in_part(engine: Engine) -> None:
    program = assemble(2, 0, [1], [[(1, 0)], [(2, 0)]], [(DIVMOD, 0, 1, 3, 0)], n_scratch=1)
    assert scalars_from_bytes(engine.run_program(program, scalars_to_bytes([23, 7]))) == [1, 23, 7, 3]


def test_a_loaded_program_runs_again_and_again(engine: Engine) -> None:
    loaded = engine.load_program(assemble(**GOOD))
    vectors = [(23, 7), (0, 0), (R - 1, 2), (23, 7), (2**253, 2**128 + 1)]
    together = loaded.run_many(b"".join(map(scalars_to_bytes, vectors)), len(vectors))
    assert together == b"".join(scalars_to_bytes(expected_wires(*vector)) for vector in vectors)
    for vector in vectors:
        assert loaded.run(scalars_to_bytes(vector)) == scalars_to_bytes(expected_wires(*vector))
    assert loaded.run_many(b"", 0) == b""


def test_a_program_without_inputs_runs_as_often_as_asked(engine: Engine) -> None:
    loaded = engine.load_program(assemble(0, 0, [3], [[(0, 0)]], [(LINEAR, 0, 0, 1, 0)]))
    assert scalars_from_bytes(loaded.run_many(b"", 3)) == [1, 3] * 3


@pytest.mark.parametrize(("vectors", "count"), [(1, 0), (1, 2), (3, 2), (1, 2**39), (0, 1)])
def test_many_runs_take_exactly_their_inputs(engine: Engine, vectors: int, count: int) -> None:
    loaded = engine.load_program(assemble(**GOOD))
    with pytest.raises(EncodingError, match=f"{2 * vectors} program inputs where {2 * count} are needed"):
        loaded.run_many(ONE * 2 * vectors, count)


@pytest.mark.parametrize("count", [-1, -(2**80)])
def test_there_is_no_negative_number_of_runs(engine: Engine, count: int) -> None:
    with pytest.raises(DomainError) as caught:
        engine.load_program(assemble(**GOOD)).run_many(b"", count)
    assert caught.value.size == count


def test_the_first_input_at_fault_is_named_among_all(engine: Engine) -> None:
    loaded = engine.load_program(assemble(**GOOD))
    with pytest.raises(EncodingError) as caught:
        loaded.run_many(ONE * 3 + little(R) + ONE + little(R), 3)
    assert caught.value.index == 3


def test_operations_may_write_in_any_order_of_wires(engine: Engine) -> None:
    program = assemble(1, 0, [2], [[(1, 0)], [(3, 0)]], [(LINEAR, 0, 0, 3, 0), (LINEAR, 1, 0, 2, 0)])
    assert scalars_from_bytes(engine.run_program(program, scalars_to_bytes([5]))) == [1, 5, 20, 10]


def changed(index: int, *operation: int) -> dict[str, Any]:
    """The good program with one operation exchanged."""
    return {"operations": [*OPERATIONS[:index], operation, *OPERATIONS[index + 1 :]]}


BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "magic": ({"raw": {"magic": b"zkwq"}}, "not a witness program"),
    "version": ({"raw": {"version": little(1, 4)}}, "version"),
    "prime": ({"raw": {"prime": little(Q)}}, "another field"),
    "constant": ({"constants": [1, R, 2]}, "constant 1 is not below"),
    "count of constants": ({"raw": {"n_consts": little(2**32 - 1, 4)}}, "cut short"),
    "count of combinations": ({"raw": {"n_lcs": little(2**32 - 1, 4)}}, "cut short"),
    "count of terms": ({"raw": {"n_terms": little(2**32 - 1, 4)}}, "cut short"),
    "count of operations": ({"raw": {"n_ops": little(2**32 - 1, 4)}}, "cut short"),
    "fewer operations than bytes": ({"raw": {"n_ops": little(4, 4)}}, "left over"),
    "more inputs than wires": ({"raw": {"n_public": little(2**32 - 1, 4)}}, "more inputs than wires"),
    "inputs in scratch": ({"n_wires": 2, "raw": {"n_scratch": little(18, 4)}}, "more inputs than wires"),
    "inputs that operations write": ({"raw": {"n_public": little(2, 4)}}, "each wire once"),
    "inputs without end": ({"raw": {"n_public": little(2**31, 4)}, "n_wires": 2**31 + 18}, "writes a wire twice"),
    "inputs that nobody writes": ({"raw": {"n_private": little(0, 4)}}, "each wire once"),
    "too many wires": ({"n_wires": 20}, "each wire once"),
    "wires without end": ({"n_wires": 2**32 - 6}, "more wires and linear combinations than 32 bits count"),
    "as many wires as can be": ({"n_wires": 2**32 - 7}, "each wire once"),
    "too few wires": ({"n_wires": 18}, "writes a wire that does not exist"),
    "no wires": ({"n_wires": 0}, "more inputs than wires"),
    "too much scratch": ({"raw": {"n_scratch": little(2, 4)}}, "each wire once"),
    "scratch without end": ({"raw": {"n_scratch": little(2**32 - 1, 4)}}, "more wires and linear combinations"),
    "too little scratch": ({"raw": {"n_scratch": little(0, 4)}}, "writes a wire that does not exist"),
    "pointers from one": ({"raw": {"lc_ptr": struct.pack("<6I", 1, 1, 2, 4, 8, 8)}}, "do not cover"),
    "pointers past the end": ({"raw": {"lc_ptr": struct.pack("<6I", 0, 1, 2, 4, 8, 9)}}, "do not cover"),
    "pointers falling": ({"raw": {"lc_ptr": struct.pack("<6I", 0, 1, 4, 2, 8, 8)}}, "do not rise"),
    "pointers falling far": ({"raw": {"lc_ptr": struct.pack("<6I", 0, 1, 2**31, 4, 8, 8)}}, "do not rise"),
    "term's wire": ({"combinations": [[(20, 0)], *COMBINATIONS[1:]]}, "does not exist"),
    "term's constant": ({"combinations": [[(1, 3)], *COMBINATIONS[1:]]}, "does not exist"),
    "opcode": (changed(0, 8, 0, 0, 3, 0), "operation 0: an unknown opcode"),
    "a": (changed(0, PRODUCT, 5, 1, 3, 0), "operation 0: reads a linear combination that does not exist"),
    "b": (changed(0, PRODUCT, 0, 5, 3, 0), "operation 0: reads a linear combination that does not exist"),
    "b of a quotient": (changed(1, QUOTIENT, 0, 5, 4, 0), "operation 1: reads a linear combination that does not"),
    "b of a division": (changed(3, DIVMOD, 0, 5, 9, 0), "operation 3: reads a linear combination that does not"),
    "sorting past the end": (changed(6, SORT, 3, 0, 15, 3), "operation 6: reads a linear combination that does not"),
    "sorting far past the end": (changed(6, SORT, 2**32 - 1, 0, 15, 3), "operation 6: reads a linear combination"),
    "unused b of linear": (changed(8, LINEAR, 3, 1, 18, 0), "operation 8: .* not zero where unused"),
    "unused b of a root": (changed(4, ISQRT, 2, 1, 11, 0), "operation 4: .* not zero where unused"),
    "unused b of one hot": (changed(5, ONE_HOT, 1, 1, 12, 3), "operation 5: .* not zero where unused"),
    "unused b of sorting": (changed(6, SORT, 0, 1, 15, 3), "operation 6: .* not zero where unused"),
    **{
        f"unused count of opcode {OPERATIONS[k][0]}": (
            changed(k, *OPERATIONS[k][:4], 1),
            f"operation {k}: .* not zero where unused",
        )
        for k in (0, 1, 3, 4, 8)
    },
    "no bits": (changed(2, BITS, 0, 1, 5, 0), "out of range"),
    "255 bits": (changed(2, BITS, 0, 0, 5, 255), "out of range"),
    "bits past the last": (changed(2, BITS, 0, 251, 5, 4), "out of range"),
    "bits from far away": (changed(2, BITS, 0, 2**32 - 1, 5, 4), "out of range"),
    "all bits": (changed(2, BITS, 0, 0, 5, 2**32 - 1), "out of range"),
    "none hot": (changed(5, ONE_HOT, 1, 0, 12, 0), "out of range"),
    "257 of which one is hot": (changed(5, ONE_HOT, 1, 0, 12, 257), "out of range"),
    "sorting nothing": (changed(6, SORT, 0, 0, 15, 0), "out of range"),
    "sorting more than there is": (changed(6, SORT, 0, 0, 15, 6), "out of range"),
    "sorting the same again": (
        {"operations": [*OPERATIONS, (SORT, 0, 0, 20, 3)], "n_scratch": 4},
        "operation 9: sorts more values than there are linear combinations",
    ),
    "destination": (changed(0, PRODUCT, 0, 1, 2**32 - 1, 0), "wire that does not exist"),
    "constant wire": (changed(0, PRODUCT, 0, 1, 0, 0), "writes a wire twice"),
    "input wire": (changed(0, PRODUCT, 0, 1, 2, 0), "writes a wire twice"),
    "wire twice": (changed(8, LINEAR, 3, 0, 8, 0), "operation 8: writes a wire twice"),
    "one hot over sorted": (changed(6, SORT, 0, 0, 14, 3), "operation 6: writes a wire twice"),
    "too early": ({"operations": [OPERATIONS[8], *OPERATIONS[:8]]}, "operation 0: reads a wire before"),
    "scratch too early": ({"operations": [*OPERATIONS[:7], OPERATIONS[8], OPERATIONS[7]]}, "operation 7: reads a wire"),
    "itself": (
        {"combinations": [*COMBINATIONS[:3], [(18, 1), (9, 0), (4, 0)], []]},
        "operation 8: reads a wire before",
    ),
    "too early in b": (changed(0, PRODUCT, 0, 2, 3, 0), "operation 0: reads a wire before"),
    "too early in b of a quotient": (
        {"operations": [OPERATIONS[1], OPERATIONS[0], *OPERATIONS[2:]]},
        "operation 0: reads a wire before",
    ),
    "too early in what is sorted": (
        {"operations": [OPERATIONS[6], *OPERATIONS[:6], *OPERATIONS[7:]]},
        "operation 0: reads a wire before",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_program_is_refused(engine: Engine, case: str) -> None:
    change, reason = BROKEN[case]
    with pytest.raises(EncodingError, match=reason):
        engine.run_program(assemble(**{**GOOD, **change}), scalars_to_bytes([23, 7]))


@pytest.mark.parametrize("size", [0, 1, 31])
def test_less_than_a_checksum_is_no_program(engine: Engine, size: int) -> None:
    with pytest.raises(EncodingError, match="cut short"):
        engine.load_program(bytes(size))


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
            word = rng.choice([*range(9), 11, 12, 18, 19, 20, 254, 255, 2**31, 2**32 - 1, rng.getrandbits(32)])
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
        mutated[place : place + 4] = little(rng.choice([*range(9), 18, 19, 20, rng.getrandbits(32)]), 4)
        assert outcome(engine, seal(mutated), inputs) == outcome(oracle, seal(mutated), inputs)


def random_program(rng: random.Random) -> tuple[bytes, list[int]]:
    """A sound program over a few of all kinds of combinations, each read once or often; and inputs for it."""
    n_inputs, n_ops = rng.randrange(1, 5), rng.randrange(1, 40)
    constants = [0, 1, 2, 2**32 - 1, 2**32, 2**64, R - 1, R - 2, R - 2**32 + 1, R - 2**32, *(rng.randrange(R),) * 2]
    targets, combinations, operations = list(range(1 + n_inputs)), [], []

    def combination() -> int:
        if combinations and rng.random() < 0.5:
            return rng.randrange(len(combinations))
        terms = [(rng.choice(targets), rng.randrange(len(constants))) for _ in range(rng.choice([0, 1, 1, 2, 3, 9]))]
        combinations.append(terms)
        return len(combinations) - 1

    to_sort = 0
    for _ in range(n_ops):
        code = rng.randrange(8)
        a, count = combination(), 0
        b = combination() if code in (PRODUCT, QUOTIENT, DIVMOD) else 0
        if code == BITS:
            b = rng.randrange(254)
            count = rng.randrange(1, min(12, 255 - b))
        elif code == ONE_HOT:
            count = rng.randrange(1, 6)
        elif code == SORT:
            count = rng.randrange(1, len(combinations) - a + 1)
            to_sort += count
            if to_sort > len(combinations):
                to_sort -= count
                continue
        first = len(targets)
        operations.append((code, a, b, first, count))
        targets += range(first, first + (2 if code == DIVMOD else count or 1))
    n_scratch = rng.randrange(len(targets) - n_inputs)
    inputs = [rng.choice([0, 1, 3, 2**127, R - 1, rng.randrange(R), rng.randrange(8)]) for _ in range(n_inputs)]
    return assemble(n_inputs, 0, constants, combinations, operations, n_scratch=n_scratch), inputs


def test_random_programs_give_the_same_witness_on_both_engines(engine: Engine) -> None:
    oracle = get_engine("reference")
    for seed in range(300):
        program, inputs = random_program(random.Random(seed))
        vectors = [inputs, [0] * len(inputs), inputs[::-1]]
        joined = b"".join(map(scalars_to_bytes, vectors))
        witnesses = engine.load_program(program).run_many(joined, 3)
        assert witnesses == b"".join(oracle.run_program(program, scalars_to_bytes(vector)) for vector in vectors), seed


def outcome(engine: Engine, program: bytes, inputs: bytes) -> bytes | tuple[str, int | None]:
    try:
        return engine.run_program(program, inputs)
    except EncodingError as problem:
        return str(problem), problem.index
