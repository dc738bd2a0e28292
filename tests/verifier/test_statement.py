"""Public inputs and digests: words written out by hand, ranges at their ends, and no two requests with one digest."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkmargin.algebra import BN254, EncodingError
from zkmargin.algebra.keccak import keccak256
from zkmargin.verifier import (
    Context,
    PublicInputCount,
    PublicInputError,
    PublicInputs,
    SettlementRequest,
    StatementError,
    Terms,
    target_digest,
)

from .world import World

R = BN254.r
U64 = st.integers(0, (1 << 64) - 1)

CONTEXT = Context((1, 10), bytes(range(20)), bytes(range(32)), 1_800_000_000_000, 1_700_000_000_000)

TARGET = 679380648101509572831644462305706000851449119278988766128526927007777375627
CONTEXT_DIGEST = 7283749511590555324316058346913627588865290355322288794530827394852831237447


def words(*parts: int | bytes | str) -> bytes:
    """32-byte words by hand: tags left-aligned, everything else right-aligned."""
    return b"".join(
        part.encode().ljust(32, b"\0")
        if isinstance(part, str)
        else part.rjust(32, b"\0")
        if isinstance(part, bytes)
        else part.to_bytes(32, "big")
        for part in parts
    )


def as_element(data: bytes) -> int:
    return int.from_bytes(keccak256(data), "big") >> 3


def test_the_target_s_words() -> None:
    encoded = words("zkmargin.target/1", 8453, keccak256(b"venue-b"), b"\x07" * 32)
    assert target_digest(8453, "venue-b", b"\x07" * 32) == as_element(encoded)


def test_the_context_s_words() -> None:
    encoded = words(
        "zkmargin.context/1", 2, 1, 10, bytes(range(20)), bytes(range(32)), 1_800_000_000_000, 1_700_000_000_000
    )
    assert CONTEXT.digest() == as_element(encoded)


def test_the_request_s_words(world: World) -> None:
    request = world.request()
    encoded = words(
        "zkmargin.settlement-request/1",
        request.context.digest(),
        request.terms.pack(),
        7,
        *request.public_inputs,
    )
    assert request.digest() == keccak256(encoded + request.proof.to_bytes())


def test_digests_are_pinned() -> None:
    """These numbers are in proofs and contracts that exist: a change here breaks them."""
    assert target_digest(8453, "venue-b", bytes(32)) == TARGET
    assert CONTEXT.digest() == CONTEXT_DIGEST


def test_digests_are_field_elements() -> None:
    assert R > (1 << 253) - 1


@given(credit=U64, horizon=st.integers(0, (1 << 40) - 1), sequence=U64)
def test_terms_unpack_to_what_was_packed(credit: int, horizon: int, sequence: int) -> None:
    terms = Terms(credit, horizon, sequence)
    assert terms.pack() == credit + horizon * 2**64 + sequence * 2**104
    assert Terms.unpack(terms.pack()) == terms


@pytest.mark.parametrize("value", [-1, True, 1.0, "1", None])
@pytest.mark.parametrize("field", ["credit_e8", "horizon_ms", "sequence"])
def test_terms_are_integers_in_range(field: str, value: Any) -> None:
    honest = Terms((1 << 64) - 1, (1 << 40) - 1, (1 << 64) - 1)
    for wrong in (value, getattr(honest, field) + 1):
        with pytest.raises(StatementError) as caught:
            replace(honest, **{field: wrong})
        assert caught.value.field == field


@pytest.mark.parametrize("packed", [-1, 1 << 168, R - 1, True, "0"])
def test_terms_refuse_what_nothing_packs_to(packed: Any) -> None:
    with pytest.raises(StatementError):
        Terms.unpack(packed)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("source_chain_ids", ()),
        ("source_chain_ids", tuple(range(17))),
        ("source_chain_ids", (1, 1)),
        ("source_chain_ids", (-1,)),
        ("source_chain_ids", (1 << 64,)),
        ("source_chain_ids", (True,)),
        ("source_chain_ids", [1]),
        ("source_chain_ids", 1),
        ("beneficiary", bytes(19)),
        ("beneficiary", bytes(21)),
        ("beneficiary", "0x" + "00" * 9),
        ("settlement_id", bytes(31)),
        ("settlement_id", bytearray(32)),
        ("expiry_ms", 1 << 64),
        ("oracle_time_ms", -1),
    ],
)
def test_a_context_out_of_range(field: str, value: Any) -> None:
    with pytest.raises(StatementError) as caught:
        replace(CONTEXT, **{field: value})
    assert caught.value.field == field


@pytest.mark.parametrize(
    "arguments", [(-1, "a", bytes(32)), (1, "", bytes(32)), (1, "a", bytes(31)), (1, 5, bytes(32))]
)
def test_a_target_out_of_range(arguments: Any) -> None:
    with pytest.raises(StatementError):
        target_digest(*arguments)


def test_no_two_contexts_share_a_digest() -> None:
    """Moving bytes across a border between fields, or a chain id into a neighbour, must change the digest."""
    changes: list[dict[str, Any]] = [
        {"source_chain_ids": (1,)},
        {"source_chain_ids": (10, 1)},
        {"source_chain_ids": (1, 10, 0)},
        {"source_chain_ids": (0, 1, 10)},
        {"beneficiary": bytes(range(1, 21))},
        {"settlement_id": bytes(range(1, 33))},
        {"expiry_ms": CONTEXT.oracle_time_ms, "oracle_time_ms": CONTEXT.expiry_ms},
    ]
    digests = {replace(CONTEXT, **change).digest() for change in changes}
    assert len(digests | {CONTEXT.digest()}) == len(changes) + 1


def test_public_inputs_by_name_and_in_order() -> None:
    inputs = PublicInputs(1, (2, 3), 4, 5, 6, 7, 8)
    assert inputs.signals() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert PublicInputs.from_signals(inputs.signals(), venues=2) == inputs
    with pytest.raises(PublicInputCount):
        PublicInputs.from_signals(inputs.signals(), venues=1)
    with pytest.raises(PublicInputError):
        PublicInputs.from_signals([R, 2, 3, 4, 5, 6, 7])
    with pytest.raises(PublicInputError):
        replace(inputs, account=-1).signals()


def test_a_request_travels_as_json(world: World) -> None:
    request = world.request(credit=12)
    document = request.to_json()
    assert document["terms"]["credit"] == "12"
    again = SettlementRequest.from_json(json.dumps(document))
    assert again == request
    assert again.digest() == request.digest()


@pytest.mark.parametrize("missing", range(9))
def test_every_member_of_a_request_is_needed(world: World, missing: int) -> None:
    document = world.request().to_json()
    del document[list(document)[missing]]
    with pytest.raises(EncodingError):
        SettlementRequest.from_json(document)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("format", "zkmargin.settlement-request/2"),
        ("more", 1),
        ("source_chain_ids", "1"),
        ("source_chain_ids", ["1"]),
        ("source_chain_ids", []),
        ("source_chain_ids", [1, 2]),
        ("beneficiary", "0x" + "AB" * 20),
        ("beneficiary", "00" * 20),
        ("beneficiary", 5),
        ("settlement_id", "0x00"),
        ("expiry_ms", "5"),
        ("expiry_ms", 1 << 64),
        ("oracle_time_ms", None),
        ("terms", "{}"),
        ("terms", {"credit": "1", "horizon_ms": 1}),
        ("terms", {"credit": 1, "horizon_ms": 1, "sequence": 1}),
        ("terms", {"credit": "-1", "horizon_ms": 1, "sequence": 1}),
        ("terms", {"credit": "1e3", "horizon_ms": 1, "sequence": 1}),
        ("terms", {"credit": "0.000000001", "horizon_ms": 1, "sequence": 1}),
        ("terms", {"credit": "184467440737.09551616", "horizon_ms": 1, "sequence": 1}),
        ("terms", {"credit": "9" * 10_000, "horizon_ms": 1, "sequence": 1}),
        ("public", []),
        ("public", "[]"),
        ("public", ["5"] * 8),
        ("public", ["5"] * 6 + [str(R)]),
        ("proof", "{}"),
        ("proof", {}),
    ],
)
def test_a_malformed_request(world: World, member: str, value: Any) -> None:
    with pytest.raises(EncodingError):
        SettlementRequest.from_json({**world.request().to_json(), member: value})


@pytest.mark.parametrize("text", ["", "null", "[]", "[" * 10_000, '{"format":' * 20, " " * (1 << 17)])
def test_text_that_is_no_request(text: str) -> None:
    with pytest.raises(EncodingError):
        SettlementRequest.from_json(text)
