"""The text that `snarkjs zkey export soliditycalldata` writes of a call: a proof's words and its public inputs.

Nested lists of 32-byte words in hexadecimal, those of `Proof.to_calldata` and then the public inputs, without brackets
around the whole: [A], [[B.x], [B.y]], [C], [public inputs].
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from zkmargin.algebra import Buffer, EncodingError, load_json

from .json_members import read_list
from .proof import Proof
from .public_signals import check_public_inputs

WHAT = "calldata"
WORD_BYTES = 32
MAX_CALL_BYTES = 1 << 20
"""A word takes 69 bytes of text, so this is room for 15,000 public inputs."""

_WORD = re.compile("0x[0-9a-f]{64}", re.ASCII)


def write_call(proof: Proof, public_inputs: Sequence[int]) -> str:
    """What snarkjs writes, to the letter."""
    values = check_public_inputs(public_inputs, len(public_inputs), proof.curve)
    raw = proof.to_calldata()
    words = [f'"0x{raw[start : start + WORD_BYTES].hex()}"' for start in range(0, len(raw), WORD_BYTES)]
    a, bx, by, c = (f"[{first}, {second}]" for first, second in zip(words[::2], words[1::2], strict=True))
    inputs = ",".join(f'"0x{value:064x}"' for value in values)
    return f"{a},[{bx},{by}],{c},[{inputs}]"


def read_call(data: Buffer | str) -> tuple[Proof, list[int]]:
    """The proof and the public inputs; a word has one spelling, 0x and 64 lower-case digits."""
    value = load_json(b"[" + _bounded(data) + b"]", WHAT, max_bytes=MAX_CALL_BYTES + 2)
    a, b, c, public = read_list(value, 4, WHAT)
    bx, by = read_list(b, 2, f"{WHAT} B")
    points = [_words(pair, 2, name) for pair, name in ((a, "A"), (bx, "B"), (by, "B"), (c, "C"))]
    if not isinstance(public, list):
        raise EncodingError(f"{WHAT}: the public inputs are not a list", what=WHAT)
    raw = _words(public, len(public), "public inputs")
    values = [int.from_bytes(raw[start : start + WORD_BYTES], "big") for start in range(0, len(raw), WORD_BYTES)]
    return Proof.from_calldata(b"".join(points)), check_public_inputs(values, len(values))


def _bounded(data: Buffer | str) -> bytes:
    """The bytes of the text, and no more of a longer one than shows that it is too long."""
    if isinstance(data, str):
        return data[: MAX_CALL_BYTES + 3].encode("utf-8", "replace")
    return bytes(memoryview(data)[: MAX_CALL_BYTES + 3])


def _words(value: Any, count: int, name: str) -> bytes:
    words = read_list(value, count, f"{WHAT} {name}")
    for word in words:
        if type(word) is not str or _WORD.fullmatch(word) is None:
            raise EncodingError(f"{WHAT} {name}: not 0x and 64 lower-case hexadecimal digits", what=WHAT)
    return b"".join(bytes.fromhex(word[2:]) for word in words)
