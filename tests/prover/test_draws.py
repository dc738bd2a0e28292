"""Streams, hashes and points that ceremonies share with other tools, against values those tools and standards gave."""

from __future__ import annotations

import hashlib
import struct

import pytest

from zkmargin.algebra import EncodingError, Engine, g1_from_bytes, g2_from_bytes
from zkmargin.prover.blake2b_state import Blake2bState
from zkmargin.prover.chacha import ChaCha
from zkmargin.prover.hash_to_group import draw_g1, draw_g2, draw_scalar, hash_to_g2
from zkmargin.prover.transcript import compressed_g1, compressed_g2, plain_g1, plain_g2

# From ffjavascript 0.3.1: curve.Fr.fromRng, then curve.G1.fromRng of the same stream; curve.G2.fromRng of a new one.
DRAWS = [
    (
        (1, 2, 3, 4, 5, 6, 7, 8),
        11421152797359801513699257512876826534900512878648310510227136947029091328776,
        (
            5217210202433667727191898282504136790707584920818966276224927002650483462798,
            15329941312121016545992532075626365884228451898446262084449300681562396985945,
        ),
        (
            (
                1996973846761408952709743206232273325766221402180846812791047873222079628840,
                20896014760810184847783399240781224917845229803520210671865291355729529628958,
            ),
            (
                11775881206310937766160975417337862501296105312646585348996934055966500869359,
                9344702282622745326555015052443147536161980720492015874433482481257977714285,
            ),
        ),
        "2e32b9a8c1ab7b1a54e9a9c83480cc2cba00e452dd14ab791004b5d73a27691e"
        "046a3f44c06efa3c450185453d0e37cd0363bdb676f108e104ce452123cb4628",
    ),
    (
        (0xFFFFFFFF, 5, 6, 7, 8, 9, 10, 11),
        5918292888213667604663435546837078259632058864627357813717481435073045144524,
        (
            7277036563312345763176437248803508957013492617285984298567936146928293016831,
            18252344107946491712048073723728013318602586150169402988828626183807296391281,
        ),
        (
            (
                2819855721577222369528297120937443152763666469684635959938711922538827084472,
                7414703346401577059183749757357596550091989938533058938756800861504913240929,
            ),
            (
                4078382272287728981414522330711933296285788109351289792113744629649601849151,
                12627891171498184487449373770902191321981948869172038469795566266650286809559,
            ),
        ),
        "906492c89477d2bb3c3ee72481d75f2d7fd1552845e06427cbf7ad1db6337361"
        "063bfb55dd8140defef7409b8303a183f2c941e2fa4a18e52903ef4cbb29f2b8",
    ),
    (
        (9,) * 8,
        19049728911980564362254597312882160516127607255765642586911483541260354165645,
        (
            8379173260692460737609625480955283644336393660884409918937018324127522997012,
            9275456953193574826243939728457376407895489709466566873215946007669306058119,
        ),
        (
            (
                1625590352757739397708956444015545125854395184022839726056940986391286986007,
                14582517931092349984859403520314567645571554979445953012551034164657335243262,
            ),
            (
                18418889383356218186239874985849756752206517493239970420327120203571910137548,
                14326496654149790672351317410684896831456548791560474564238137288292259094617,
            ),
        ),
        "a03d69a40671c629f6fe1a491467a2c84790932ee5d3bbbcc3865ca9411311fe"
        "03980d315976f5801667040664c934da8e31474eeb592fc44ffa9147b5c33517",
    ),
]


@pytest.mark.parametrize(("seed", "scalar", "g1", "g2", "compressed"), DRAWS)
def test_draws_are_those_of_ffjavascript(
    seed: tuple[int, ...],
    scalar: int,
    g1: tuple[int, int],
    g2: tuple[tuple[int, int], tuple[int, int]],
    compressed: str,
) -> None:
    raw = struct.pack(">8I", *seed)
    stream = ChaCha(raw)
    assert draw_scalar(stream) == scalar
    assert g1_from_bytes(draw_g1(stream)) == [g1]
    drawn = draw_g2(ChaCha(raw))
    assert g2_from_bytes(drawn) == [g2]
    assert compressed_g2(drawn).hex() == compressed
    assert hash_to_g2(raw + bytes(32)) == drawn


@pytest.mark.parametrize("seed", range(5))
def test_drawn_points_pass_the_doors_checks(engine: Engine, seed: int) -> None:
    stream = ChaCha(bytes([seed]) * 32)
    assert len(engine.g1_bases(draw_g1(stream))) == 1
    assert len(engine.g2_bases(draw_g2(stream))) == 1


def test_chacha_block_of_rfc_8439() -> None:
    """Section 2.3.2's function at A.1's vectors 1 and 2: a zero key, counters 0 and 1."""
    stream = ChaCha(bytes(32))
    words = [stream.next_u32() for _ in range(32)]
    assert words[:4] == [0xADE0B876, 0x903DF1A0, 0xE56A5D40, 0x28BD8653]
    assert words[16:20] == [0xBEE7079F, 0x7A385155, 0x7C97BA98, 0x0D082D73]


@pytest.mark.parametrize("length", [0, 1, 127, 128, 129, 255, 256, 257, 1000])
def test_blake2b_can_be_saved_and_resumed_anywhere(length: int) -> None:
    data = bytes(i * 7 % 256 for i in range(length))
    for cut in {0, length // 3, min(128, length), length}:
        state = Blake2bState()
        state.update(data[:cut])
        resumed = Blake2bState.resume(state.save())
        resumed.update(data[cut:])
        assert resumed.digest() == resumed.digest() == hashlib.blake2b(data).digest()


@pytest.mark.parametrize(("offset", "value"), [(192, 1), (200, 129), (208, 1)])
def test_impossible_blake2b_states_are_refused(offset: int, value: int) -> None:
    state = bytearray(Blake2bState().save())
    state[offset] = value
    with pytest.raises(EncodingError):
        Blake2bState.resume(bytes(state))


def test_transcript_forms() -> None:
    q = 21888242871839275222246405745257275088696311157297823662689037894645226208583
    one_two = (1).to_bytes(32, "little") + (2).to_bytes(32, "little")
    one_minus_two = (1).to_bytes(32, "little") + (q - 2).to_bytes(32, "little")
    assert plain_g1(one_two) == (1).to_bytes(32, "big") + (2).to_bytes(32, "big")
    assert compressed_g1(one_two + one_minus_two + bytes(64)).hex() == (
        "00" * 31 + "01" + "80" + "00" * 30 + "01" + "40" + "00" * 31
    )
    four = b"".join(i.to_bytes(32, "little") for i in (1, 2, 3, 4))
    assert plain_g2(four) == b"".join(i.to_bytes(32, "big") for i in (2, 1, 4, 3))
    # c1 of y decides the sign; where it is zero, c0 does.
    only_c0 = b"".join(i.to_bytes(32, "little") for i in (1, 2, q - 3, 0))
    assert compressed_g2(only_c0)[0] == 0x80
    assert compressed_g2(bytes(128))[0] == 0x40
