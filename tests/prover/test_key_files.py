"""`.zkey` files: what is written is read back, and anything tampered with is refused or costs the proof."""

from __future__ import annotations

import contextlib
import json
import random
import tracemalloc
from dataclasses import replace

import pytest

from zkmargin.algebra import EncodingError, Engine, PointError
from zkmargin.circuits.formats.binfile import read_sections, write_sections
from zkmargin.prover import CeremonyInvalid, ProvingKey, prove, read_zkey, write_zkey
from zkmargin.prover.zkey import MAGIC, OWN_SECTION, VERSION

from .conftest import Example

Q = 21888242871839275222246405745257275088696311157297823662689037894645226208583


def with_section(data: bytes, number: int, content: bytes | None) -> bytes:
    """The file with one section replaced, added, or (None) left out."""
    sections = {key: bytes(value) for key, value in read_sections(data, MAGIC, what="zkey", max_version=1).items()}
    sections.pop(number, None)
    if content is not None:
        sections[number] = content
    return write_sections(MAGIC, VERSION, list(sections.items()))


def section(data: bytes, number: int) -> bytearray:
    return bytearray(read_sections(data, MAGIC, what="zkey", max_version=1)[number])


@pytest.fixture(scope="session")
def file(development_key: ProvingKey, best_engine: Engine) -> bytes:
    return write_zkey(development_key, best_engine)


def test_round_trip(engine: Engine, development_key: ProvingKey, file: bytes) -> None:
    assert write_zkey(development_key, engine) == file
    assert read_zkey(file, engine, check="full") == development_key


def test_contributions_round_trip(best_engine: Engine, ceremony_key: ProvingKey) -> None:
    data = write_zkey(ceremony_key, best_engine)
    again = read_zkey(data, best_engine)
    assert again == ceremony_key
    assert [c.name for c in again.contributions] == ["alice", "bob"]


def test_a_foreign_key_has_no_section_of_ours(
    best_engine: Engine, initial_key: ProvingKey, cubic_example: Example
) -> None:
    data = write_zkey(replace(initial_key, circuit_digest=None), best_engine)
    assert OWN_SECTION not in read_sections(data, MAGIC, what="zkey", max_version=1)
    key = read_zkey(data, best_engine)
    assert (key.circuit_digest, key.development) == (None, False)
    assert prove(key, cubic_example.witness, engine=best_engine)[1] == [35]


def test_sections_we_do_not_know_are_skipped(best_engine: Engine, development_key: ProvingKey, file: bytes) -> None:
    assert read_zkey(with_section(file, 99, b"another tool's"), best_engine) == development_key


@pytest.mark.parametrize("number", range(1, 11))
def test_missing_short_and_long_sections(best_engine: Engine, file: bytes, number: int) -> None:
    content = bytes(section(file, number))
    for broken in (None, content[:-1], content + b"\0", b""):
        with pytest.raises(EncodingError):
            read_zkey(with_section(file, number, broken), best_engine)


def test_every_truncation(best_engine: Engine, file: bytes) -> None:
    for length in [*range(200), *range(200, len(file), 97), len(file) - 1]:
        with pytest.raises(EncodingError):
            read_zkey(file[:length], best_engine)


@pytest.mark.parametrize("protocol", [2, 10, 7])
def test_keys_of_other_protocols(best_engine: Engine, file: bytes, protocol: int) -> None:
    with pytest.raises(EncodingError, match="Groth16"):
        read_zkey(with_section(file, 1, protocol.to_bytes(4, "little")), best_engine)


@pytest.mark.parametrize("offset", [0, 4, 36, 40])
def test_another_curve(best_engine: Engine, file: bytes, offset: int) -> None:
    header = section(file, 2)
    header[offset] ^= 1
    with pytest.raises(EncodingError, match="bn254"):
        read_zkey(with_section(file, 2, bytes(header)), best_engine)


@pytest.mark.parametrize("field", [72, 76, 80])
@pytest.mark.parametrize("value", [0, 3, 7, 1 << 28, 1 << 31, 2**32 - 1])
def test_counts_that_the_sections_do_not_bear_out(best_engine: Engine, file: bytes, field: int, value: int) -> None:
    header = section(file, 2)
    header[field : field + 4] = value.to_bytes(4, "little")
    with pytest.raises(EncodingError):
        read_zkey(with_section(file, 2, bytes(header)), best_engine)


@pytest.mark.parametrize(
    ("place", "value"), [(4, 2), (8, 8), (8, 2**32 - 1), (12, 5), (12, 2**32 - 1), (0, 2**32 - 1), (0, 0)]
)
def test_coefficients_out_of_range(best_engine: Engine, file: bytes, place: int, value: int) -> None:
    records = section(file, 4)
    records[place : place + 4] = value.to_bytes(4, "little")
    with pytest.raises(EncodingError):
        read_zkey(with_section(file, 4, bytes(records)), best_engine)


def test_a_coefficient_that_is_not_canonical(best_engine: Engine, file: bytes) -> None:
    records = section(file, 4)
    records[16:48] = b"\xff" * 32
    with pytest.raises(EncodingError):
        read_zkey(with_section(file, 4, bytes(records)), best_engine)


def test_coefficients_in_another_order_mean_the_same(
    best_engine: Engine, file: bytes, cubic_example: Example, development_key: ProvingKey
) -> None:
    records = bytes(section(file, 4))
    shuffled = records[:4] + b"".join(records[i : i + 44] for i in range(len(records) - 44, 0, -44))
    key = read_zkey(with_section(file, 4, shuffled), best_engine)
    assert prove(key, cubic_example.witness, engine=best_engine)[1] == [35]


@pytest.mark.parametrize("number", [3, 5, 6, 8, 9])
def test_g1_points_off_the_curve(engine: Engine, file: bytes, number: int) -> None:
    points = section(file, number)
    points[-64:] = (1).to_bytes(32, "little") + (1).to_bytes(32, "little")
    with pytest.raises(PointError):
        read_zkey(with_section(file, number, bytes(points)), engine)


@pytest.mark.parametrize("number", [3, 5, 6, 7, 8, 9])
def test_coordinates_that_are_not_canonical(best_engine: Engine, file: bytes, number: int) -> None:
    points = section(file, number)
    points[:32] = Q.to_bytes(32, "little")
    with pytest.raises(EncodingError):
        read_zkey(with_section(file, number, bytes(points)), best_engine)


@pytest.mark.parametrize("place", range(6))
def test_header_points_at_infinity_or_off_the_curve(best_engine: Engine, file: bytes, place: int) -> None:
    offset, width = [(84, 64), (148, 64), (212, 128), (340, 128), (468, 64), (532, 128)][place]
    for wrong in (bytes(width), b"\1" + bytes(width - 1)):
        header = section(file, 2)
        header[offset : offset + width] = wrong
        with pytest.raises(PointError):
            read_zkey(with_section(file, 2, bytes(header)), best_engine)


def test_the_g2_query_is_checked_in_full_on_demand_and_never_gives_a_bad_proof(
    best_engine: Engine, file: bytes, cubic_example: Example
) -> None:
    points = section(file, 7)
    points[2 * 128 :] = (bytes([1]) + bytes(127)) * 3  # off the curve, at wires the witness does use
    damaged = with_section(file, 7, bytes(points))
    with pytest.raises(PointError):
        read_zkey(damaged, best_engine, check="full")
    with pytest.raises(CeremonyInvalid, match="no group element"):
        prove(read_zkey(damaged, best_engine), cubic_example.witness, engine=best_engine)


@pytest.mark.parametrize(
    "own",
    [
        b"",
        b"[]",
        b"{}",
        b'{"circuit_digest":null,"development":1}',
        b'{"circuit_digest":null,"development":false,"more":1}',
        b'{"circuit_digest":"00","development":false}',
        b'{"circuit_digest":5,"development":true}',
        json.dumps({"circuit_digest": "AB" * 32, "development": False}).encode(),
        b"{" * 100,
    ],
)
def test_our_own_section_is_read_strictly(best_engine: Engine, file: bytes, own: bytes) -> None:
    with pytest.raises(EncodingError):
        read_zkey(with_section(file, OWN_SECTION, own), best_engine)


@pytest.mark.parametrize(
    "tail",
    [
        b"",
        bytes(3),
        (1).to_bytes(4, "little"),
        (2**32 - 1).to_bytes(4, "little"),
        (2).to_bytes(4, "little") + bytes(392),
    ],
)
def test_contribution_counts_that_the_section_cannot_hold(best_engine: Engine, file: bytes, tail: bytes) -> None:
    with pytest.raises(EncodingError):
        read_zkey(with_section(file, 10, bytes(section(file, 10)[:64]) + tail), best_engine)


@pytest.mark.parametrize(
    ("kind", "block"),
    [
        (0, b"\1\5ab"),  # a name longer than the block
        (0, b"\4\1a"),  # an unknown tag
        (0, b"\1\1a\1\1b"),  # the same tag twice
        (0, b"\2\x0a\1\1b"),  # falling tags
        (0, b"\1\1\xff"),  # not UTF-8
        (1, b"\1\1a"),  # a beacon without its bytes
        (0, b"\2\x0a\3\1b"),  # a beacon that calls itself a contribution
        (1, b"\2\x09\3\1b"),  # too few iterations
        (1, b"\2\x40\3\1b"),  # too many
        (1, b"\2\x0a\3\0"),  # an empty beacon
        (1, b"\3\1b"),  # no exponent
        (7, b""),
    ],
)
def test_contribution_parameters_are_read_strictly(best_engine: Engine, file: bytes, kind: int, block: bytes) -> None:
    record = bytes(3 * 64 + 128 + 64) + kind.to_bytes(4, "little") + len(block).to_bytes(4, "little") + block
    content = bytes(section(file, 10)[:64]) + (1).to_bytes(4, "little") + record
    with pytest.raises(EncodingError):
        read_zkey(with_section(file, 10, content), best_engine)


def test_any_single_flipped_bit_is_an_error_or_changes_what_is_read(
    best_engine: Engine, file: bytes, development_key: ProvingKey
) -> None:
    """No flip crashes and none goes unnoticed by the reader's result."""
    rng = random.Random(5)
    for _ in range(300):
        bit = rng.randrange(8 * len(file))
        flipped = bytearray(file)
        flipped[bit // 8] ^= 1 << bit % 8
        with contextlib.suppress(EncodingError):
            assert read_zkey(bytes(flipped), best_engine) != development_key


def test_a_small_file_cannot_ask_for_much_memory(best_engine: Engine, file: bytes) -> None:
    header = section(file, 2)
    header[80:84] = (1 << 27).to_bytes(4, "little")  # the domain
    hostile = with_section(file, 2, bytes(header))
    tracemalloc.start()
    try:
        with pytest.raises(EncodingError, match="section 9"):
            read_zkey(hostile, best_engine)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()
