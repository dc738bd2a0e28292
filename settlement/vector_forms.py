"""The vectors of a proof's forms: the same proof in each of them, and what none of them may be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from zkmargin.algebra import BN254, Engine
from zkmargin.verifier import Proof, ReadProof, write_proof

Q = BN254.q
FORMS = ("raw", "compressed", "calldata", "call")


def proof_form_vectors(proof: dict[str, Any], public: list[str], engine: Engine) -> dict[str, Any]:
    """A file of kind `proof-form` about one proof in JSON and its public inputs."""
    read = ReadProof(Proof.from_json(proof), "json", tuple(map(int, public)))
    forms = {form: write_proof(read, form, engine=engine) for form in FORMS}
    return {
        "kind": "proof-form",
        "proof": proof,
        "public": public,
        "cases": [
            *({"name": form, "form": form, "bytes": data.hex()} for form, data in forms.items()),
            *(
                {"name": f"{form}: {name}", "form": form, "bytes": data.hex(), "expect": expect}
                for form, name, data, expect in _malformed(forms)
            ),
        ],
    }


def _malformed(forms: dict[str, bytes]) -> Iterator[tuple[str, str, bytes, str]]:
    raw, compressed, calldata, call = (forms[form] for form in FORMS)
    for form, data in (("raw", raw), ("compressed", compressed), ("calldata", calldata)):
        yield form, "a byte short", data[:-1], "encoding-error"
        yield form, "a byte long", data + b"\0", "encoding-error"
        yield form, "no bytes", b"", "encoding-error"
    x = int.from_bytes(compressed[:32], "little") & ((1 << 254) - 1)
    flags = {"infinity": 0x40, "both flags": 0xC0}
    for name, flag in flags.items():
        for point, last in (("A", 31), ("B", 95), ("C", 127)):
            changed = compressed[:last] + bytes([compressed[last] & 0x3F | flag]) + compressed[last + 1 :]
            yield "compressed", f"{name} in {point}", changed, "point-error"
    yield "compressed", "A at infinity", bytes(31) + b"\x40" + compressed[32:], "point-error"
    yield "compressed", "x plus q", (x + Q).to_bytes(32, "little") + compressed[32:], "point-error"
    yield "compressed", "an x without a point", (4).to_bytes(32, "little") + compressed[32:], "point-error"
    outside = (2).to_bytes(64, "little")
    yield "compressed", "B outside the subgroup", compressed[:32] + outside + compressed[96:], "point-error"
    word = int.from_bytes(calldata[:32], "big") + Q
    yield "calldata", "x plus q", word.to_bytes(32, "big") + calldata[32:], "point-error"
    yield "calldata", "C at infinity", calldata[:192] + bytes(64), "point-error"
    yield "raw", "coordinate plus q", word.to_bytes(32, "little") + raw[32:], "point-error"
    yield from _malformed_calls(call.decode())


def _malformed_calls(text: str) -> Iterator[tuple[str, str, bytes, str]]:
    first = text[2:68]
    for name, changed in {
        "brackets around it": f"[{text}]",
        "capitals": text.replace(first, "0x" + first[2:].upper(), 1),
        "a leading zero less": text.replace("0x0", "0x", 1),
        "a number without quotes": text.replace(f'"{first}"', "5", 1),
        "no public inputs": text.rsplit(",[", 1)[0],
    }.items():
        yield "call", name, changed.encode(), "encoding-error"
    value = text.rsplit('"', 2)[1]
    raised = f"0x{int(value, 16) + BN254.r:064x}"
    yield "call", "public input plus r", text.replace(value, raised).encode(), "public-input-error"
