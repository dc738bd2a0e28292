"""The native engine's witness machine: each rule of the format broken, and fuzzed bytes."""

from __future__ import annotations

import hashlib
import os
import random
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from zkmargin.algebra import BN254, EncodingError, Engine, get_engine, scalars_from_bytes, scalars_to_bytes
from zkmargin.algebra.engine import native_problem

R, Q = BN254.r, BN254.q
ONE = scalars_to_bytes([1])


@pytest.fixture(scope="module")
def native() -> Engine:
    if native_problem() is not None and os.environ.get("ZKMARGIN_REQUIRE_NATIVE") != "1":
        pytest.skip("the native module is not built here (no Rust toolchain); CI sets ZKMARGIN_REQUIRE_NATIVE=1")
    return get_engine("native")


def little(value: int, size: int = 32) -> bytes:
    return value.to_bytes(size, "little")


Term = tuple[int, int]
Operation = tuple[int, int, int, int, int]
LINEAR, PRODUCT, INVERSE_OR_ZERO, BITS, DIVMOD = range(5)


def seal(body: bytes) -> bytes:
    return body + hashlib.blake2b(body, digest_size=32).digest()


def assemble(
    n_public: int,
    n_private: int,
    constants: Sequence[int],
    combinations: Sequence[Sequence[Term]],
    operations: Sequence[Operation],
    n_wires: int | None = None,
    raw: Mapping[str, bytes] | None = None,
) -> bytes:
    """A program; `raw` replaces parts by name, to break it."""
    written = sum(op[4] if op[0] == BITS else 2 if op[0] == DIVMOD else 1 for op in operations)
    terms = [term for combination in combinations for term in combination]
    ends = [sum(len(c) for c in combinations[:k]) for k in range(len(combinations) + 1)]
    parts: dict[str, bytes] = {
        "magic": b"zkwp",
        "version": little(1, 4),
        "prime": little(R),
        "digest": bytes(32),
        "n_wires": little((1 + n_public + n_private + written if n_wires is None else n_wires) % 2**32, 4),
        "n_public": little(n_public, 4),
        "n_private": little(n_private, 4),
        "n_consts": little(len(constants), 4),
        "n_lcs": little(len(combinations), 4),
        "n_terms": little(len(terms), 4),
        "n_ops": little(len(operations), 4),
        "constants": b"".join(map(little, constants)),
        "lc_ptr": struct.pack(f"<{len(ends)}I", *ends),
        "wires": struct.pack(f"<{len(terms)}I", *(wire for wire, _ in terms)),
        "factors": struct.pack(f"<{len(terms)}I", *(factor for _, factor in terms)),
        "operations": b"".join(struct.pack("<5I", *op) for op in operations),
    }
    return seal(b"".join((raw or {}).get(name, part) for name, part in parts.items()))


# wires: 0 one, 1 public, 2 private, 3 product, 4 inverse, 5..8 bits, 9 quotient, 10 remainder, 11 linear
CONSTANTS = [1, 2, R - 1]
COMBINATIONS: list[list[Term]] = [[(1, 0)], [(2, 0)], [(3, 0), (0, 2)], [(1, 1), (9, 0), (4, 0)], []]
OPERATIONS: list[Operation] = [
    (PRODUCT, 0, 1, 3, 0),
    (INVERSE_OR_ZERO, 2, 0, 4, 0),
    (BITS, 0, 0, 5, 4),
    (DIVMOD, 0, 1, 9, 0),
    (LINEAR, 3, 0, 11, 0),
]
GOOD: dict[str, Any] = {
    "n_public": 1,
    "n_private": 1,
    "constants": CONSTANTS,
    "combinations": COMBINATIONS,
    "operations": OPERATIONS,
}


def expected_wires(a: int, b: int) -> list[int]:
    product = a * b % R
    inverse = pow(product - 1, -1, R) if product != 1 else 0
    quotient, remainder = divmod(a, b) if b else (0, 0)
    bits = [a >> i & 1 for i in range(4)]
    return [1, a, b, product, inverse, *bits, quotient, remainder, (2 * a + quotient + inverse) % R]


@pytest.mark.parametrize(
    ("a", "b"), [(23, 7), (0, 0), (1, 1), (R - 1, R - 1), (R - 1, 2), (5, R - 1), (2**253, 2**128 + 1), (2**70, 0)]
)
def test_a_program_fills_all_wires(native: Engine, a: int, b: int) -> None:
    wires = native.run_program(assemble(**GOOD), scalars_to_bytes([a, b]))
    assert scalars_from_bytes(wires) == expected_wires(a, b)


def test_all_254_bits_are_those_of_the_canonical_value(native: Engine) -> None:
    program = assemble(1, 0, [1], [[(1, 0)]], [(BITS, 0, 0, 2, 254)])
    bits = scalars_from_bytes(native.run_program(program, scalars_to_bytes([R - 1])))[2:]
    assert sum(bit << place for place, bit in enumerate(bits)) == R - 1


def test_operations_may_write_in_any_order_of_wires(native: Engine) -> None:
    program = assemble(1, 0, [2], [[(1, 0)], [(3, 0)]], [(LINEAR, 0, 0, 3, 0), (LINEAR, 1, 0, 2, 0)])
    assert scalars_from_bytes(native.run_program(program, scalars_to_bytes([5]))) == [1, 5, 20, 10]


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
def test_a_broken_program_is_refused(native: Engine, case: str) -> None:
    change, reason = BROKEN[case]
    with pytest.raises(EncodingError, match=reason):
        native.run_program(assemble(**{**GOOD, **change}), scalars_to_bytes([23, 7]))


def test_a_program_without_wires_for_its_inputs_is_refused(native: Engine) -> None:
    for n_wires in (0, 1, 2):
        with pytest.raises(EncodingError):
            native.run_program(assemble(1, 1, [], [], [], n_wires=n_wires), ONE * 2)


@pytest.mark.parametrize("value", [R, 2**256 - 1])
def test_inputs_must_be_canonical(native: Engine, value: int) -> None:
    with pytest.raises(EncodingError) as caught:
        native.run_program(assemble(**GOOD), ONE + little(value))
    assert caught.value.index == 1


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_program_takes_exactly_its_inputs(native: Engine, count: int) -> None:
    with pytest.raises(EncodingError, match="2 are needed"):
        native.run_program(assemble(**GOOD), ONE * count)


def test_damage_anywhere_is_noticed(native: Engine) -> None:
    program = assemble(**GOOD)
    inputs = scalars_to_bytes([23, 7])
    for place in range(len(program)):
        damaged = bytearray(program)
        damaged[place] ^= 1 << place % 8
        with pytest.raises(EncodingError):
            native.run_program(damaged, inputs)
    for length in range(len(program)):
        with pytest.raises(EncodingError):
            native.run_program(program[:length], inputs)
    with pytest.raises(EncodingError):
        native.run_program(program + b"\0", inputs)
    with pytest.raises(EncodingError, match="left over"):
        native.run_program(seal(program[:-32] + b"\0"), inputs)


def test_fuzzed_programs_are_refused_or_fill_their_wires(native: Engine) -> None:
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
            wires = native.run_program(seal(mutated), inputs)
        except EncodingError:
            continue
        accepted += 1
        assert len(wires) == 32 * int.from_bytes(mutated[72:76], "little")
        assert wires[:96] == ONE + inputs
    assert 0 < accepted < 5000
