"""Keccak-256 against published digests, and against the SHA3-256 of the standard library."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from zkmargin.algebra import keccak, keccak256

PUBLISHED = {
    b"": "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470",
    b"abc": "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45",
    b"testing": "5f16f4c7f149ac4f9510d9cf8cf384038ad348b3bcdc01915f95de12df9d1b02",
    b"The quick brown fox jumps over the lazy dog": "4d741b6f1eb29cb2a9b9911c82f56fa8d73b04959d3d9d222895df6c0b28aa15",
    b"transfer(address,uint256)": "a9059cbb2ab09eb219583f4a59a5d0623ade346d962bcd4e46b11da047c9049b",
}


@pytest.mark.parametrize("message", PUBLISHED, ids=repr)
def test_published_digests(message: bytes) -> None:
    assert keccak256(message).hex() == PUBLISHED[message]


@pytest.mark.parametrize("length", [0, 1, 7, 8, 134, 135, 136, 137, 271, 272, 273, 1000])
def test_equal_to_the_standard_library_but_for_the_padding(length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With SHA3's first padding byte the sponge must give SHA3-256: so permutation, rate and blocks are right."""
    message = bytes(i * 7 % 256 for i in range(length))
    plain = keccak256(message)
    monkeypatch.setattr(keccak, "PADDING", 0x06)
    assert keccak256(message) == hashlib.sha3_256(message).digest() != plain


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_every_buffer_is_read(kind: Any) -> None:
    assert keccak256(kind(b"abc")).hex() == PUBLISHED[b"abc"]


@pytest.mark.parametrize("wrong", ["abc", 3, [1, 2], None], ids=repr)
def test_what_is_no_buffer_is_a_type_error(wrong: Any) -> None:
    with pytest.raises(TypeError):
        keccak256(wrong)
