"""BLAKE-512 against the vectors of its submission, and across the lengths where its padding changes."""

from __future__ import annotations

import pytest

from zkmargin.algebra import blake512

SUBMITTED = {
    bytes(1): "97961587f6d970faba6d2478045de6d1fabd09b61ae50932054d52bc29d31be4"
    "ff9102b9f69e2bbdb83be13d4b9c06091e5fa0b48bd081b634058be0ec49beb3",
    bytes(144): "313717d608e9cf758dcb1eb0f0c3cf9fc150b2d500fb33f51c52afc99d358a2f"
    "1374b8a38bba7974e7f6ef79cab16f22ce1e649d6e01ad9589c213045d545dde",
}
"""Section 2 of the submission's appendix: one block, and two blocks with padding."""

BY_LENGTH = {
    0: "a8cfbbd7",
    110: "5b2965b4",
    111: "5329f386",
    112: "55deffdb",
    127: "b79f3ad1",
    128: "d8501cda",
    129: "7d237471",
    239: "e07189e9",
    240: "7726d4b5",
    256: "c0b4d984",
}


@pytest.mark.parametrize("message", SUBMITTED, ids=len)
def test_submitted_digests(message: bytes) -> None:
    assert blake512(message).hex() == SUBMITTED[message]


@pytest.mark.parametrize("length", BY_LENGTH)
def test_where_the_padding_changes(length: int) -> None:
    """The first bytes of the digest of bytes 0, 1, 2, ..., from the npm package blake-hash 2.0.0."""
    assert blake512(bytes(i % 256 for i in range(length))).hex()[:8] == BY_LENGTH[length]


@pytest.mark.parametrize("wrong", ["abc", 3, None], ids=repr)
def test_what_is_no_buffer_is_a_type_error(wrong: object) -> None:
    with pytest.raises(TypeError):
        blake512(wrong)  # type: ignore[arg-type]
