"""Keccak-256 against published digests, and against the SHA3-256 of the standard library."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from zkmargin.algebra import keccak, keccak256
from zkmargin.algebra.engine import native_problem

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
    plain = keccak.keccak256_plain(message)
    assert keccak256(message) == plain
    monkeypatch.setattr(keccak, "PADDING", 0x06)
    assert keccak.keccak256_plain(message) == hashlib.sha3_256(message).digest() != plain


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_every_buffer_is_read(kind: Any) -> None:
    assert keccak256(kind(b"abc")).hex() == PUBLISHED[b"abc"]


@pytest.mark.parametrize("wrong", ["abc", 3, [1, 2], None], ids=repr)
def test_what_is_no_buffer_is_a_type_error(wrong: Any) -> None:
    with pytest.raises(TypeError):
        keccak256(wrong)


@pytest.mark.parametrize("native", [True, False])
def test_many_messages_at_once(native: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keccak, "HAS_NATIVE", native and keccak.HAS_NATIVE)
    messages = [*PUBLISHED, bytearray(b"abc"), bytes(50_000)]
    assert keccak.keccak256_many(messages) == [keccak.keccak256_plain(message) for message in messages]
    assert keccak.keccak256_many([]) == []
    assert keccak256(bytes(50_000)) == keccak.keccak256_plain(bytes(50_000))
    with pytest.raises(TypeError):
        keccak.keccak256_many(["abc"])  # type: ignore[list-item]


def test_the_native_module_has_it_wherever_it_is() -> None:
    assert (native_problem() is None) == keccak.HAS_NATIVE
