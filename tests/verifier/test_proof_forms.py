"""A proof in each of its forms: read back equal, one spelling each, and told apart by content."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkmargin.algebra import EncodingError, Engine, PointError
from zkmargin.verifier import Proof, PublicInputError, SettlementRequest, Verifier
from zkmargin.verifier.proof_forms import PROOF_FORMS, ReadProof, proof_form, read_proof, write_proof
from zkmargin.verifier.snarkjs_call import MAX_CALL_BYTES, read_call, write_call

from ..interop.snarkjs import MODULES
from .trapdoor import Q, R, Trapdoor, negate_g1, twist_point_outside_subgroup
from .world import World

STATEMENT = [5, 0, R - 1]


@pytest.fixture(scope="module")
def trapdoor(best_engine: Engine) -> Trapdoor:
    return Trapdoor(best_engine, len(STATEMENT))


@pytest.fixture(scope="module")
def proof(trapdoor: Trapdoor) -> Proof:
    return trapdoor.forge(STATEMENT)


def test_compressed(engine: Engine, proof: Proof) -> None:
    data = proof.to_compressed(engine=engine)
    assert len(data) == 128
    assert Proof.from_compressed(data, engine=engine) == proof
    assert data[:32] == proof.a[:32] or data[31] & 0x80
    assert Proof.from_hex("0x" + data.hex(), engine=engine) == proof == Proof.from_hex(proof.to_hex(engine=engine))


def compressed(proof: Proof) -> bytes:
    """arkworks' definition once more: x, and a flag for the larger y; checks nothing."""
    result = b""
    for point in (proof.a, proof.b, proof.c):
        half = len(point) // 2
        x, y = bytearray(point[:half]), point[half:]
        limbs = [int.from_bytes(y[i : i + 32], "little") for i in range(0, half, 32)]
        deciding = next(limb for limb in reversed(limbs) if limb)
        x[-1] |= 0x80 if deciding > Q // 2 else 0
        result += x
    return result


def test_compressed_as_arkworks_defines_it(engine: Engine, proof: Proof) -> None:
    assert proof.to_compressed(engine=engine) == compressed(proof)


def test_the_sign_of_each_point_is_kept(engine: Engine, proof: Proof) -> None:
    for changed in (
        replace(proof, a=negate_g1(proof.a)),
        replace(proof, c=negate_g1(proof.c)),
        replace(proof, b=engine.g2_neg(proof.b)),
    ):
        data = changed.to_compressed(engine=engine)
        assert data != proof.to_compressed(engine=engine)
        assert Proof.from_compressed(data, engine=engine) == changed


def _with(data: bytes, at: int, size: int, value: int) -> bytes:
    return data[:at] + value.to_bytes(size, "little") + data[at + size :]


def test_malformed_compressed_proofs(engine: Engine, proof: Proof) -> None:
    data = proof.to_compressed(engine=engine)
    for length in (0, 1, 127, 129, 256):
        with pytest.raises(EncodingError, match=f"{length} bytes instead of 128"):
            Proof.from_compressed((data * 2)[:length], engine=engine)
    for at, size in ((0, 32), (32, 64), (96, 32)):
        last = at + size - 1
        infinity = _with(data, at, size, 1 << (8 * size - 2))
        both = _with(data, last, 1, data[last] | 0xC0)
        too_large = _with(data, last - 31, 32, Q)
        spelt_twice = _with(data, last - 31, 32, int.from_bytes(data[last - 31 : last + 1], "little") % (1 << 254) + Q)
        for bad in (infinity, both, too_large, spelt_twice, _with(data, at, size, 0), _with(data, last, 1, 0x40)):
            with pytest.raises(PointError):
                Proof.from_compressed(bad, engine=engine)


def test_x_without_a_point(engine: Engine, proof: Proof) -> None:
    """67 = 4^3 + 3 is no square modulo q."""
    assert pow(67, (Q - 1) // 2, Q) == Q - 1
    data = proof.to_compressed(engine=engine)
    for at in (0, 96):
        with pytest.raises(PointError):
            Proof.from_compressed(_with(data, at, 32, 4), engine=engine)


def test_points_off_the_curve_and_outside_the_subgroup(engine: Engine, proof: Proof) -> None:
    """Neither way: who compresses would change a point off the curve into another."""
    outside = replace(proof, b=twist_point_outside_subgroup())
    off = replace(proof, a=(3).to_bytes(32, "little") * 2)
    for bad in (outside, off):
        with pytest.raises(PointError):
            bad.to_compressed(engine=engine)
    with pytest.raises(PointError):
        Proof.from_compressed(compressed(outside), engine=engine)


def test_calldata_is_in_the_order_of_eip_197(proof: Proof) -> None:
    data = proof.to_calldata()
    words = [int.from_bytes(data[i : i + 32], "big") for i in range(0, 256, 32)]
    document = proof.to_json()
    (ax, ay, _), ((bx0, bx1), (by0, by1), _), (cx, cy, _) = document["pi_a"], document["pi_b"], document["pi_c"]
    assert words == [int(text) for text in (ax, ay, bx1, bx0, by1, by0, cx, cy)]
    assert Proof.from_calldata(data) == proof == Proof.from_hex("0x" + data.hex())


def test_malformed_calldata(proof: Proof) -> None:
    data = proof.to_calldata()
    for length in (0, 128, 255, 257, 512):
        with pytest.raises(EncodingError, match=f"{length} bytes instead of 256"):
            Proof.from_calldata((data * 2)[:length])
    for word in range(8):
        value = int.from_bytes(data[32 * word : 32 * word + 32], "big")
        for bad in (value + Q, Q, (1 << 256) - 1):
            with pytest.raises(PointError):
                Proof.from_calldata(data[: 32 * word] + bad.to_bytes(32, "big") + data[32 * word + 32 :])
    for start, size in ((0, 64), (64, 128), (192, 64)):
        with pytest.raises(PointError):
            Proof.from_calldata(data[:start] + bytes(size) + data[start + size :])


@pytest.mark.parametrize("text", ["", "0x", "0x00", "00" * 128, "0X" + "00" * 128, "0x" + "AB" * 128, "0x" + "٣" * 256])
def test_malformed_hex(text: str) -> None:
    with pytest.raises(EncodingError):
        Proof.from_hex(text)


@pytest.mark.parametrize("value", [None, 5, b"0x" + b"00" * 128, ["0x"]])
def test_hex_that_is_no_text(value: object) -> None:
    with pytest.raises(EncodingError):
        Proof.from_hex(value)  # type: ignore[arg-type]


# The text of a call.


def test_a_call(proof: Proof) -> None:
    text = write_call(proof, STATEMENT)
    assert read_call(text) == (proof, STATEMENT) == read_call(text.encode())
    assert read_call(write_call(proof, [])) == (proof, [])
    assert len(text) == 11 * 68 + len("[, ],[[, ],[, ]],[, ],[,,]")


def test_a_call_is_what_snarkjs_writes(proof: Proof) -> None:
    """Their function, from their package, on our proof."""
    if not (MODULES / "snarkjs").exists():
        if os.environ.get("ZKMARGIN_REQUIRE_INTEROP") == "1":
            pytest.fail("ZKMARGIN_REQUIRE_INTEROP=1, and snarkjs is not installed in tests/interop")
        pytest.skip("snarkjs is not installed in tests/interop; 'make interop' does so where node is present")
    script = (
        "const s = require(process.argv[1]); const [p, i] = JSON.parse(process.argv[2]);"
        "s.groth16.exportSolidityCallData(p, i).then(t => { process.stdout.write(t); process.exit(0); });"
    )
    arguments = json.dumps([proof.to_json(), [str(value) for value in STATEMENT]])
    done = subprocess.run(
        ["node", "-e", script, str(MODULES / "snarkjs"), arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == write_call(proof, STATEMENT)


def _malformed_calls(text: str) -> list[str]:
    first = text[2:68]
    return [
        "",
        "[]",
        text[:-1],
        text + ",[]",
        f"[{text}]",
        text + "]",
        text.replace(first, first.upper(), 1),
        text.replace(first, "0x" + first[3:], 1),
        text.replace(first, first + "0", 1),
        text.replace(f'"{first}"', "5", 1),
        text.replace("0x", "", 1),
        text.replace(']],["', '],["', 1),
        text.rsplit(",[", 1)[0] + ",5",
        text.rsplit(",[", 1)[0] + ',"0x"',
        text.rsplit(",[", 1)[0],
        "[" * 20,
        text + " " * MAX_CALL_BYTES,
        text.replace('"0x', '"\ud8000x', 1),
    ]


@pytest.mark.parametrize("which", range(18))
def test_malformed_calls(proof: Proof, which: int) -> None:
    with pytest.raises(EncodingError):
        read_call(_malformed_calls(write_call(proof, STATEMENT))[which])


def test_a_call_with_an_input_outside_the_field(proof: Proof) -> None:
    text = write_call(proof, [0])
    with pytest.raises(PublicInputError):
        read_call(text.replace(f"0x{0:064x}", f"0x{R:064x}"))


# Telling the forms apart.


def test_every_form_is_known_by_its_contents(trapdoor: Trapdoor, proof: Proof, world: World) -> None:
    found = {}
    read = ReadProof(proof, "json", tuple(STATEMENT))
    for form in ("compressed", "raw", "calldata", "call"):
        data = write_proof(read, form)
        again = read_proof(data, form)
        assert again.proof == proof
        assert again.public_inputs == (tuple(STATEMENT) if form == "call" else None)
        found[form] = data
    found["json"] = json.dumps(proof.to_json()).encode()
    request = world.request()
    found["settlement"] = json.dumps(request.to_json()).encode()
    assert found.keys() == set(PROOF_FORMS)
    by_content = {form: proof_form(data) for form, data in found.items()}
    assert by_content == {form: form for form in PROOF_FORMS} | {"calldata": "raw"}
    settlement = read_proof(found["settlement"])
    assert (settlement.proof, settlement.public_inputs) == (request.proof, request.public_inputs)
    for end in (b"", b"\n", b"\r\n"):
        for form in ("compressed", "calldata"):
            text = b"0x" + found[form].hex().encode() + end
            assert proof_form(text) == form
            assert read_proof(text).proof == proof
    assert read_proof(b"0x" + found["raw"].hex().encode(), "raw").proof == proof
    assert read_proof(found["calldata"], "calldata").proof == proof
    assert read_proof(memoryview(found["raw"])).proof == proof


def test_calldata_in_binary_read_as_raw_is_refused_not_misread(trapdoor: Trapdoor, proof: Proof) -> None:
    with pytest.raises(PointError):
        Verifier(trapdoor.key).verify(STATEMENT, read_proof(proof.to_calldata()).proof)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 127,
        b"\0" * 257,
        b"proof",
        b'"0x"',
        b"0x",
        b"0x" + b"0" * 255,
        b"0x" + b"g" * 256,
        b"0x" + b"0" * 600,
    ],
)
def test_what_is_no_proof(data: bytes) -> None:
    with pytest.raises(EncodingError):
        read_proof(data)


def test_no_such_form(proof: Proof) -> None:
    for use in (lambda: read_proof(b"", "plonk"), lambda: write_proof(ReadProof(proof, "raw"), "json")):
        with pytest.raises(EncodingError):
            use()


def test_public_inputs_from_within_and_beside(proof: Proof) -> None:
    with_inputs, without = ReadProof(proof, "call", (1, 2)), ReadProof(proof, "raw")
    assert with_inputs.with_public_inputs(None) == with_inputs.with_public_inputs([1, 2]) == [1, 2]
    assert without.with_public_inputs([3]) == [3]
    for refused in (
        lambda: with_inputs.with_public_inputs([1, 3]),
        lambda: with_inputs.with_public_inputs([1]),
        lambda: with_inputs.with_public_inputs([]),
        lambda: without.with_public_inputs(None),
        lambda: without.with_public_inputs([R]),
        lambda: write_proof(without, "call"),
    ):
        with pytest.raises(EncodingError):
            refused()


def test_a_settlement_takes_its_proof_as_text(world: World, engine: Engine) -> None:
    request = world.request()
    document = request.to_json()
    for text in (request.proof.to_hex(engine=engine), "0x" + request.proof.to_calldata().hex()):
        again = SettlementRequest.from_json({**document, "proof": text})
        assert again == request
        assert again.digest() == request.digest()
    for bad in ("", "0x", json.dumps(document["proof"]), "0x" + request.proof.to_bytes().hex(), 5, None, []):
        with pytest.raises(EncodingError):
            SettlementRequest.from_json({**document, "proof": bad})


# What nobody thought of.


@given(st.binary(max_size=300))
def test_any_bytes_are_a_proof_or_an_encoding_error(data: bytes) -> None:
    _read_quietly(read_proof, data)


@given(st.sampled_from(PROOF_FORMS), st.binary(max_size=300) | st.binary(min_size=128, max_size=128))
def test_any_bytes_in_any_form(form: str, data: bytes) -> None:
    _read_quietly(lambda content: read_proof(content, form), data)


@given(st.text(alphabet='[]{}",:0x19af ', max_size=200))
def test_any_text_is_a_call_or_an_encoding_error(text: str) -> None:
    _read_quietly(read_call, text)


def _read_quietly(read: Callable[[object], object], data: object) -> None:
    try:
        read(data)
    except EncodingError:
        return
