"""Witness programs: every operation on both engines, and bytes that lie are refused by decoder and engines alike."""

from __future__ import annotations

import copy
import hashlib
import pickle
import random
import struct
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from math import isqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkmargin.algebra import BN254, EncodingError, Engine, scalars_from_bytes, scalars_to_bytes
from zkmargin.circuits import Circuit, FormatError, InputError, Opcode, WitnessProgram, build
from zkmargin.circuits.errors import ForeignProgram

from .plain_engine import PlainEngine

R = BN254.r
DIGEST = bytes(range(32))
OPERATIONS = [
    (Opcode.LINEAR, 0, 0, 3, 0),
    (Opcode.PRODUCT, 0, 1, 4, 0),
    (Opcode.QUOTIENT, 0, 1, 5, 0),
    (Opcode.BITS, 0, 0, 6, 254),
    (Opcode.DIVMOD, 0, 1, 260, 0),
    (Opcode.PRODUCT, 2, 3, 262, 0),
    (Opcode.ISQRT, 0, 0, 263, 0),
    (Opcode.ONE_HOT, 1, 0, 264, 3),
    (Opcode.SORT, 0, 0, 267, 2),
    (Opcode.LINEAR, 3, 0, 270, 0),
    (Opcode.PRODUCT, 4, 4, 269, 0),
]


def words(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}I", *values)


def every_operation() -> WitnessProgram:
    """Inputs x (public) and y; combinations 2x + 3, y, the field's quotient, divmod's less y, and a scratch wire."""
    return WitnessProgram(
        circuit_digest=DIGEST,
        n_wires=270,
        n_scratch=1,
        n_public=1,
        n_private=1,
        constants=scalars_to_bytes([1, 2, 3, R - 1]),
        lc_ptr=words(0, 2, 3, 4, 6, 7),
        term_wire=words(1, 0, 2, 5, 260, 2, 270),
        term_const=words(1, 2, 0, 0, 0, 3, 0),
        operations=b"".join(words(*operation) for operation in OPERATIONS),
    )


elements = st.one_of(st.integers(0, 3), st.integers(R - 3, R - 1), st.integers(0, R - 1))


@given(elements, elements)
@settings(max_examples=20, deadline=None)
def test_every_operation_on_both_engines(engine: Engine, x: int, y: int) -> None:
    inputs = scalars_to_bytes([x, y])
    wires = scalars_from_bytes(every_operation().run(inputs, engine))
    value = (2 * x + 3) % R
    ratio = value * pow(y, -1, R) % R if y else 0
    quotient, rest = divmod(value, y) if y else (0, 0)
    assert wires[:6] == [1, x, y, value, value * y % R, ratio]
    assert wires[6:260] == [value >> place & 1 for place in range(254)]
    assert wires[260:264] == [quotient, rest, ratio * (quotient - y) % R, isqrt(value)]
    assert wires[264:269] == [*(int(y == k) for k in range(3)), *sorted([value, y])]
    assert wires[269:] == [(quotient - y) ** 2 % R]
    assert scalars_to_bytes(wires) == PlainEngine().run_program(every_operation().to_bytes(), inputs)


def test_bytes_decode_to_the_same_program() -> None:
    program = every_operation()
    again = WitnessProgram.from_bytes(program.to_bytes())
    assert again == program
    assert again.to_bytes() == program.to_bytes()
    assert program.to_bytes()[:4] == b"zkwp"


def test_many_witnesses_are_those_of_one_run_each(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many an engine computes at once."""
    program = every_operation()
    inputs = [scalars_to_bytes([x, y]) for x, y in ((4, 5), (0, 0), (R - 1, 2), (4, 5), (1, R - 1))]
    alone = [program.run(vector, engine) for vector in inputs]
    assert [len(witness) for witness in alone] == [32 * 270] * 5
    assert program.run_many(inputs, engine) == alone
    assert program.run_many([], engine) == []
    monkeypatch.setattr("zkmargin.circuits.program._BYTES_TOGETHER", 2 * 32 * 270)
    assert program.run_many(inputs, engine) == alone


def test_one_vector_of_another_length_among_many_is_refused(best_engine: Engine) -> None:
    with pytest.raises(InputError, match="this program takes 64"):
        every_operation().run_many([bytes(64), bytes(32), bytes(96)], best_engine)


def test_an_engine_loads_a_program_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    loads = []
    load = type(engine).load_program
    monkeypatch.setattr(type(engine), "load_program", lambda *args: loads.append(args) or load(*args))
    program = every_operation()
    for _ in range(3):
        program.run(scalars_to_bytes([4, 5]), engine)
        program.run_many([scalars_to_bytes([4, 5])], engine)
    assert len(loads) == 1


def test_a_program_that_ran_can_be_copied_and_sent_elsewhere(engine: Engine) -> None:
    program = every_operation()
    witness = program.run(scalars_to_bytes([4, 5]), engine)
    for again in (pickle.loads(pickle.dumps(program)), copy.deepcopy(program)):
        assert again == program
        assert again.run(scalars_to_bytes([4, 5]), engine) == witness


def test_a_program_belongs_to_its_circuit() -> None:
    def square(c: Circuit, plus: int) -> None:
        x, y = c.public("x"), c.private("y")
        c.constrain_equal(y * y + plus, x)

    one, two = (build(square, plus, name="square") for plus in (1, 2))
    one.program.require_circuit(one.r1cs)
    with pytest.raises(ForeignProgram) as caught:
        one.program.require_circuit(two.r1cs)
    assert (caught.value.expected, caught.value.found) == (two.digest, one.digest)
    for field in ("n_wires", "n_public", "n_private"):
        changed = replace(one.program, **{field: getattr(one.program, field) + 1})
        with pytest.raises(ForeignProgram, match="with other wires"):
            changed.require_circuit(one.r1cs)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_number_of_inputs_is_checked(count: int, best_engine: Engine) -> None:
    with pytest.raises(InputError, match="this program takes 64"):
        every_operation().run(bytes(32 * count), best_engine)


def sealed(body: bytes) -> bytes:
    return body + hashlib.blake2b(body, digest_size=32).digest()


def with_operations(*operations: tuple[int, ...]) -> bytes:
    return replace(every_operation(), operations=b"".join(words(*op) for op in operations)).to_bytes()


def with_operation(index: int, *operation: int) -> bytes:
    return with_operations(*OPERATIONS[:index], operation, *OPERATIONS[index + 1 :])


def patched(offset: int, value: bytes) -> bytes:
    body = bytearray(every_operation().to_bytes()[:-32])
    body[offset : offset + len(value)] = value
    return sealed(bytes(body))


COUNTS = 72
LIES: dict[str, Callable[[], bytes]] = {
    "another magic": lambda: patched(0, b"zkwq"),
    "another version": lambda: patched(4, words(1)),
    "another field": lambda: patched(8, (R + 2).to_bytes(32, "little")),
    "no bytes": lambda: b"",
    "a checksum that does not fit": lambda: every_operation().to_bytes()[:-1] + b"\0",
    "a trailing byte": lambda: every_operation().to_bytes() + b"\0",
    "a trailing byte under the checksum": lambda: sealed(every_operation().to_bytes()[:-32] + b"\0"),
    **{f"count {k} too large": lambda k=k: patched(COUNTS + 4 * k, words(2**32 - 1)) for k in range(8)},
    **{f"count {k} zero": lambda k=k: patched(COUNTS + 4 * k, words(0)) for k in (0, 1, 4, 5, 6, 7)},
    "inputs among the scratch": lambda: patched(COUNTS, words(2, 269)),
    "a constant that is not canonical": lambda: replace(
        every_operation(), constants=scalars_to_bytes([1, 2, 3]) + R.to_bytes(32, "little")
    ).to_bytes(),
    "combinations that start late": lambda: replace(every_operation(), lc_ptr=words(1, 2, 3, 4, 6, 7)).to_bytes(),
    "combinations that end early": lambda: replace(every_operation(), lc_ptr=words(0, 2, 3, 4, 5, 6)).to_bytes(),
    "combinations that run backwards": lambda: replace(every_operation(), lc_ptr=words(0, 5, 3, 4, 6, 7)).to_bytes(),
    "a term of a wire that is not there": lambda: replace(
        every_operation(), term_wire=words(1, 0, 2, 5, 271, 2, 270)
    ).to_bytes(),
    "a term of a constant that is not there": lambda: replace(
        every_operation(), term_const=words(1, 2, 0, 0, 0, 4, 0)
    ).to_bytes(),
    "an unknown operation": lambda: with_operation(0, 8, 0, 0, 3, 0),
    "a combination a that is not there": lambda: with_operation(0, 0, 5, 0, 3, 0),
    "a combination b that is not there": lambda: with_operation(1, 1, 0, 5, 4, 0),
    "a quotient's combination b that is not there": lambda: with_operation(2, 2, 0, 5, 5, 0),
    "a division's combination b that is not there": lambda: with_operation(4, 4, 0, 5, 260, 0),
    "sorting combinations that are not there": lambda: with_operation(8, 7, 4, 0, 267, 2),
    "sorting the same again": lambda: replace(
        every_operation(),
        n_scratch=5,
        operations=every_operation().operations + words(Opcode.SORT, 0, 0, 271, 4),
    ).to_bytes(),
    **{
        f"a field b that {Opcode(k).name} does not use": lambda k=k, at=at: with_operation(
            at, k, OPERATIONS[at][1], 1, *OPERATIONS[at][3:]
        )
        for k, at in ((0, 0), (5, 6), (6, 7), (7, 8))
    },
    **{
        f"a count that {OPERATIONS[at][0].name} does not use": lambda at=at: with_operation(at, *OPERATIONS[at][:4], 1)
        for at in (0, 1, 2, 4, 6)
    },
    "no bits": lambda: with_operation(3, 3, 0, 0, 6, 0),
    "255 bits": lambda: with_operation(3, 3, 0, 0, 6, 255),
    "2^32 - 1 bits": lambda: with_operation(3, 3, 0, 0, 6, 2**32 - 1),
    "bits past the last": lambda: with_operation(3, 3, 0, 1, 6, 254),
    "bits from far away": lambda: with_operation(3, 3, 0, 2**32 - 1, 6, 254),
    "none of which one is hot": lambda: with_operation(7, 6, 1, 0, 264, 0),
    "257 of which one is hot": lambda: replace(
        every_operation(),
        n_scratch=258,
        operations=every_operation().operations + words(Opcode.ONE_HOT, 0, 0, 271, 257),
    ).to_bytes(),
    "sorting nothing": lambda: with_operation(8, 7, 0, 0, 267, 0),
    "a wire written twice": lambda: with_operation(1, 1, 0, 1, 3, 0),
    "an input overwritten": lambda: with_operation(0, 0, 0, 0, 2, 0),
    "the constant overwritten": lambda: with_operation(0, 0, 0, 0, 0, 0),
    "a wire past the end": lambda: with_operation(5, 1, 2, 3, 271, 0),
    "a pair past the end": lambda: with_operation(4, 4, 0, 1, 270, 0),
    "a wire never written": lambda: with_operations(*OPERATIONS[:-1]),
    "a scratch wire never written": lambda: with_operation(9, 0, 3, 0, 269, 0),
    "a wire read before it is written": lambda: with_operations(OPERATIONS[5], *OPERATIONS[:5], *OPERATIONS[6:]),
    "a scratch wire read before it is written": lambda: with_operations(*OPERATIONS[:9], *OPERATIONS[:8:-1]),
    "a wire sorted before it is written": lambda: with_operations(
        (Opcode.SORT, 1, 0, 267, 2), *OPERATIONS[:8], *OPERATIONS[9:]
    ),
    "a wire that reads itself": lambda: with_operation(2, 2, 2, 1, 5, 0),
    "a wire that divides by itself": lambda: with_operation(2, 2, 0, 2, 5, 0),
}


@pytest.mark.parametrize("lie", LIES)
def test_bytes_that_lie_are_refused(lie: str, engine: Engine) -> None:
    for checked_by in (None, engine):
        with pytest.raises(FormatError) as caught:
            WitnessProgram.from_bytes(LIES[lie](), engine=checked_by)
        assert caught.value.what == "witness program"


def test_an_engine_takes_just_what_the_decoder_takes_alone(engine: Engine) -> None:
    """Words changed anywhere after the digest, under a checksum that fits: in a third of these nothing is amiss."""
    random_words, taken = random.Random(20), 0
    honest = every_operation().to_bytes()[:-32]
    for _ in range(600):
        lie = bytearray(honest)
        for _ in range(random_words.choice((1, 1, 2))):
            place = 72 + 4 * random_words.randrange((len(lie) - 72) // 4)
            [old] = struct.unpack_from("<I", lie, place)
            new = random_words.choice((0, 1, old + 1, old - 1, random_words.randrange(40), 255, 256, 2**31, 2**32 - 1))
            struct.pack_into("<I", lie, place, new & 0xFFFFFFFF)
        data = sealed(bytes(lie))
        alone, checked = _is_taken(data, None), _is_taken(data, engine)
        assert alone == checked, data.hex()
        taken += alone
    assert 60 < taken < 540


def _is_taken(data: bytes, engine: Engine | None) -> bool:
    try:
        WitnessProgram.from_bytes(data, engine=engine)
    except FormatError:
        return False
    return True


def test_the_engine_that_checks_a_program_has_loaded_it(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    program = WitnessProgram.from_bytes(every_operation().to_bytes(), engine=engine)
    assert program == every_operation()
    monkeypatch.setattr(type(engine), "load_program", lambda *_: pytest.fail("loaded again"))
    assert program.run(scalars_to_bytes([4, 5]), engine)


@pytest.mark.parametrize("lie", LIES)
def test_engines_refuse_the_same_bytes(lie: str, engine: Engine) -> None:
    with pytest.raises(EncodingError):
        engine.run_program(LIES[lie](), scalars_to_bytes([4, 5]))


def test_reading_wires_of_the_same_decomposition_is_refused(engine: Engine) -> None:
    """An operation that writes many wires at once may read none of them."""
    terms = replace(every_operation(), term_wire=words(1, 0, 2, 5, 7, 2, 270)).to_bytes()
    WitnessProgram.from_bytes(terms)
    own = with_operations(*OPERATIONS[:3], (Opcode.BITS, 3, 0, 6, 254), *OPERATIONS[4:])
    for program in (own,):
        with pytest.raises(FormatError, match="before it is written"):
            WitnessProgram.from_bytes(program)
        with pytest.raises(EncodingError):
            engine.run_program(program, scalars_to_bytes([4, 5]))


@pytest.mark.parametrize("bits", [0, 1, 254, 255])
def test_a_decomposition_has_1_to_254_bits(bits: int, engine: Engine) -> None:
    """Also where the count of wires goes along with the lie."""
    program = replace(
        every_operation(),
        n_wires=3 + bits,
        n_scratch=0,
        operations=words(Opcode.BITS, 1, 0, 3, bits),
        term_wire=words(1, 0, 2, 0, 0, 2, 1),
    ).to_bytes()
    if bits in (1, 254):
        assert WitnessProgram.from_bytes(program).run(scalars_to_bytes([4, 5]), engine)[96:128] == scalars_to_bytes([1])
        return
    with pytest.raises(FormatError, match=r"writes no wires|goes past bit 254"):
        WitnessProgram.from_bytes(program)
    with pytest.raises(EncodingError):
        engine.run_program(program, scalars_to_bytes([4, 5]))


def test_every_damaged_byte_is_noticed() -> None:
    whole = every_operation().to_bytes()
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << (place % 8)
        with pytest.raises(FormatError):
            WitnessProgram.from_bytes(bytes(damaged))
        with pytest.raises(FormatError):
            WitnessProgram.from_bytes(whole[:place])


def test_damage_under_a_fresh_checksum_is_refused_or_harmless(best_engine: Engine) -> None:
    """Whatever decodes here also runs on the engine, and gives the plain result."""
    body = every_operation().to_bytes()[:-32]
    chance, inputs = random.Random(7), scalars_to_bytes([4, 5])
    decoded = 0
    for _ in range(600):
        damaged = bytearray(body)
        damaged[chance.randrange(len(body))] = chance.randrange(256)
        raw = sealed(bytes(damaged))
        try:
            WitnessProgram.from_bytes(raw)
        except FormatError:
            with pytest.raises(EncodingError):
                best_engine.run_program(raw, inputs)
            continue
        decoded += 1
        if struct.unpack_from("<2I", raw, COUNTS + 8) == (1, 1):
            assert best_engine.run_program(raw, inputs) == PlainEngine().run_program(raw, inputs)
    assert 0 < decoded < 600


@pytest.mark.parametrize("kind", ["public", "private"])
def test_more_wires_than_32_bits_count_are_refused(kind: str) -> None:
    """Else engines would have to count wires and combinations with more."""
    many = 2**32 - 2
    counts = {"n_wires": 1 + many, "n_scratch": 0, "n_public": 0, "n_private": 0}
    counts["n_" + kind] = many
    empty = replace(
        every_operation(), constants=b"", lc_ptr=words(0), term_wire=b"", term_const=b"", operations=b"", **counts
    )
    WitnessProgram.from_bytes(empty.to_bytes())
    with pytest.raises(FormatError, match="32 bits"):
        WitnessProgram.from_bytes(replace(empty, lc_ptr=words(0, 0)).to_bytes())


@pytest.mark.parametrize("kind", ["public", "private"])
def test_inputs_without_bytes_take_no_memory(kind: str) -> None:
    """A file of two hundred bytes may name 2^31 inputs; reading it must not reserve room for them."""
    many = 1 << 31
    program = WitnessProgram(
        circuit_digest=bytes(32),
        n_wires=1 + many,
        n_scratch=0,
        n_public=many if kind == "public" else 0,
        n_private=many if kind == "private" else 0,
        constants=b"",
        lc_ptr=words(0),
        term_wire=b"",
        term_const=b"",
        operations=b"",
    )
    tracemalloc.start()
    decoded = WitnessProgram.from_bytes(program.to_bytes())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20
    with pytest.raises(InputError):
        decoded.run(bytes(32))


def test_memory_is_linear_in_the_bytes_of_the_file() -> None:
    """One operation of twenty bytes writes up to 254 wires; reading it must not reserve room for each of them."""
    count = 20_000
    program = WitnessProgram(
        circuit_digest=bytes(32),
        n_wires=3,
        n_scratch=254 * count,
        n_public=1,
        n_private=1,
        constants=scalars_to_bytes([1]),
        lc_ptr=words(0, 1),
        term_wire=words(1),
        term_const=words(0),
        operations=b"".join(words(Opcode.BITS, 0, 0, 3 + 254 * place, 254) for place in range(count)),
    )
    raw = program.to_bytes()
    tracemalloc.start()
    assert WitnessProgram.from_bytes(raw) == program
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 * len(raw)


@pytest.mark.parametrize("padding", [0, 9], ids=["more wires than terms", "more terms than wires"])
def test_operations_may_write_their_wires_in_any_order(padding: int, best_engine: Engine) -> None:
    """The last of the wires may be written first, and is then ready for whatever comes after."""
    program = replace(
        every_operation(),
        n_wires=6,
        n_scratch=0,
        lc_ptr=words(0, 1, 2, 2 + padding),
        term_wire=words(2, 5, *[1] * padding),
        term_const=words(0, 0, *[0] * padding),
        operations=words(Opcode.LINEAR, 0, 0, 5, 0) + words(Opcode.DIVMOD, 1, 0, 3, 0),
    )
    wires = scalars_from_bytes(WitnessProgram.from_bytes(program.to_bytes()).run(scalars_to_bytes([4, 9]), best_engine))
    assert wires == [1, 4, 9, 1, 0, 9]
    early = replace(program, operations=program.operations[20:] + program.operations[:20])
    with pytest.raises(FormatError, match="before it is written"):
        WitnessProgram.from_bytes(early.to_bytes())


@pytest.mark.parametrize("start", [3, 4, 256, 258, 259])
def test_decompositions_that_overlap_or_leave_a_gap_are_refused(start: int) -> None:
    program = replace(
        every_operation(),
        n_wires=3 + 254 + 2,
        n_scratch=0,
        lc_ptr=words(0, 1),
        term_wire=words(1),
        term_const=words(0),
        operations=words(Opcode.BITS, 0, 0, 3, 254) + words(Opcode.DIVMOD, 0, 0, start, 0),
    )
    with pytest.raises(FormatError, match="write"):
        WitnessProgram.from_bytes(program.to_bytes())
    WitnessProgram.from_bytes(
        replace(program, operations=program.operations[:20] + words(Opcode.DIVMOD, 0, 0, 257, 0)).to_bytes()
    )
