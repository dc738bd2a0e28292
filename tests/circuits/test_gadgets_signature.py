"""Signatures and commitments in the circuit: what the plain twins accept, and no forgery or second opening."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkmargin.algebra import (
    BABY_JUBJUB,
    BN254,
    AlgebraError,
    EddsaSignature,
    EdwardsPoint,
    blinding_base,
    commit,
    eddsa_public_key,
    eddsa_sign,
    eddsa_verify,
)
from zkmargin.algebra.eddsa import eddsa_challenge
from zkmargin.algebra.edwards import NEUTRAL
from zkmargin.algebra.square_root import square_root
from zkmargin.circuits import (
    BuildError,
    Circuit,
    Point,
    Signature,
    assert_eddsa_poseidon,
    assert_same_point,
    build,
    pedersen_commitment,
    point_add,
)

from .conftest import broken

P, R, ORDER = BABY_JUBJUB.p, BN254.r, BABY_JUBJUB.order
SECRET = bytes(range(32))
KEY = eddsa_public_key(SECRET)
QUARTER = (square_root(pow(BABY_JUBJUB.a, -1, P), P) or 0, 0)
"""A point of order 4."""


def _signed(c: Circuit) -> None:
    key = Point(c.public("key.x"), c.public("key.y"))
    signature = Signature(Point(c.private("r.x"), c.private("r.y")), c.private("s"))
    assert_eddsa_poseidon(key, c.public("message"), signature)


SIGNED = build(_signed, name="signed", strict=True)


def signed_inputs(key: EdwardsPoint, message: int, signature: EddsaSignature) -> dict[str, int | list[int]]:
    names = ("key.x", "key.y", "message", "r.x", "r.y", "s")
    return dict(zip(names, (*key, message, *signature.r, signature.s), strict=True))


def refusing_gadget(
    key: EdwardsPoint, message: int, signature: EddsaSignature, lies: dict[int, int] | None = None
) -> str | None:
    problem = broken(SIGNED, signed_inputs(key, message, signature), lies)
    if problem is None:
        return None
    assert problem.gadget[0] == "assert_eddsa_poseidon"
    return "/".join(problem.gadget[1:])


@given(st.binary(min_size=32, max_size=32), st.one_of(st.integers(0, 2), st.integers(0, R - 1)), st.data())
@settings(max_examples=5, deadline=None)
def test_the_gadget_accepts_what_its_plain_twin_accepts(secret: bytes, message: int, data: st.DataObject) -> None:
    key, signature = eddsa_public_key(secret), eddsa_sign(secret, message)
    SIGNED.check(SIGNED.witness(signed_inputs(key, message, signature)))
    other = data.draw(
        st.sampled_from(
            [
                (key, (message + 1) % R, signature),
                (BABY_JUBJUB.negate(key), message, signature),
                (key, message, replace(signature, s=(signature.s + 1) % ORDER)),
                (key, message, replace(signature, r=BABY_JUBJUB.negate(signature.r))),
                (key, message, replace(signature, r=BABY_JUBJUB.add(signature.r, QUARTER))),
                (eddsa_public_key(secret[::-1]), message, signature),
            ]
        )
    )
    try:
        eddsa_verify(*other)
        accepted = True
    except AlgebraError:
        accepted = False
    assert (refusing_gadget(*other) is None) == accepted
    assert accepted == (other == (key, message, signature))


def test_another_message_or_response_fails_in_the_equation() -> None:
    signature = eddsa_sign(SECRET, 5)
    for message, changed in ((6, signature), (5, replace(signature, s=0)), (5, replace(signature, r=NEUTRAL))):
        assert refusing_gadget(KEY, message, changed) == "assert_same_point"


def test_a_key_whose_class_outside_the_subgroup_differs_is_verified_like_the_plain_twin() -> None:
    """8 h A forgets the class of A, but h does not: the signature of A is none of A + (0, -1)."""
    signature, moved = eddsa_sign(SECRET, 5), BABY_JUBJUB.add(KEY, (0, P - 1))
    assert refusing_gadget(moved, 5, signature) == "assert_same_point"
    scalar_of_r = 99
    r = BABY_JUBJUB.multiply(scalar_of_r, BABY_JUBJUB.base)
    secret_scalar = 12345
    outside = BABY_JUBJUB.add(BABY_JUBJUB.multiply(secret_scalar, BABY_JUBJUB.base), QUARTER)
    own = EddsaSignature(r, (scalar_of_r + 8 * eddsa_challenge(r, outside, 5) * secret_scalar) % ORDER)
    eddsa_verify(outside, 5, own)
    assert refusing_gadget(outside, 5, own) is None


def test_a_response_cannot_be_raised_by_the_order() -> None:
    signature = eddsa_sign(SECRET, 5)
    for s in (signature.s + ORDER, ORDER, R - 1):
        assert refusing_gadget(KEY, 5, replace(signature, s=s)) == "to_bits_at_most"
    edge = EddsaSignature(BABY_JUBJUB.base, ORDER - 1)
    assert refusing_gadget(KEY, 5, edge) == "assert_same_point"  # the largest S passes the comparison


def test_a_challenge_cannot_be_raised_by_the_modulus() -> None:
    """With h + r in place of h another equation would be checked; a forger who may choose has two chances."""
    message = next(m for m in range(99) if eddsa_challenge(BABY_JUBJUB.base, KEY, m) + R < 1 << 254)
    raised = eddsa_challenge(BABY_JUBJUB.base, KEY, message) + R
    secret_scalar = int.from_bytes(_expanded_secret(), "little")
    forged = EddsaSignature(BABY_JUBJUB.base, (1 + 8 * raised * secret_scalar) % ORDER)
    assert BABY_JUBJUB.multiply(secret_scalar, BABY_JUBJUB.base) == KEY
    names = list(SIGNED.symbols)
    first = next(i for i, name in enumerate(names) if "to_canonical_bits.to_bits_at_most.bit[0]" in name)
    lies = {first + place: raised >> place & 1 for place in range(254)}
    assert refusing_gadget(KEY, message, forged) == "assert_same_point"
    assert refusing_gadget(KEY, message, forged, lies) == "to_canonical_bits/to_bits_at_most"


def _expanded_secret() -> bytes:
    from zkmargin.algebra import blake512

    clamped = int.from_bytes(blake512(SECRET)[:32], "little") & ((1 << 255) - 8) | 1 << 254
    return (clamped >> 3).to_bytes(32, "little")


def test_keys_of_small_order_are_refused() -> None:
    for key in (NEUTRAL, (0, P - 1), QUARTER):
        forged = EddsaSignature(BABY_JUBJUB.multiply(5, BABY_JUBJUB.base), 5)
        assert refusing_gadget(key, 9, forged) == "assert_not_neutral"
    inverse = next(i for i, name in enumerate(SIGNED.symbols) if "assert_not_neutral" in name)
    for lie in (1, R - 1):
        assert refusing_gadget(NEUTRAL, 9, forged, {inverse: lie}) == "assert_not_neutral"


def test_points_off_the_curve_are_refused() -> None:
    signature = eddsa_sign(SECRET, 5)
    assert refusing_gadget((KEY[0] + 1, KEY[1]), 5, signature) == "clear_cofactor/assert_on_curve"
    off = replace(signature, r=(signature.r[0], (signature.r[1] + 1) % P))
    assert refusing_gadget(KEY, 5, off) == "assert_same_point"


def test_wires_of_a_signature_are_determined() -> None:
    """A sample of the inner wires, lied about; the gadgets it is made of are tried wire by wire on their own."""
    signature = eddsa_sign(SECRET, 5)
    for wire in range(7, SIGNED.r1cs.n_wires, 211):
        assert refusing_gadget(KEY, 5, signature, {wire: 2}) is not None, SIGNED.symbols.name(wire)


def test_a_signature_costs_less_than_circomlib_s() -> None:
    """EdDSAPoseidonVerifier of circomlib 2.0.5, compiled by circom 2 with --O2: 4217, without curve checks."""
    assert SIGNED.r1cs.n_constraints < 4217


def _opened(c: Circuit, value_bits: int = 64) -> None:
    opened = pedersen_commitment(c.private("value", bits=value_bits), c.private("blinding"))
    assert_same_point(opened, Point(c.public("x"), c.public("y")))


OPENED = build(_opened, name="opened", strict=True)


def opened_inputs(value: int, blinding: int, commitment: EdwardsPoint) -> dict[str, int | list[int]]:
    return {"value": value, "blinding": blinding, "x": commitment[0], "y": commitment[1]}


@given(
    st.one_of(st.integers(0, 2), st.integers(0, 2**64 - 1)),
    st.one_of(st.integers(0, 2), st.integers(ORDER - 1, ORDER + 1), st.integers(0, 2**251 - 1)),
)
@settings(max_examples=6, deadline=None)
def test_commitments_open_to_what_was_committed(value: int, blinding: int) -> None:
    commitment = commit(value, blinding)
    OPENED.check(OPENED.witness(opened_inputs(value, blinding, commitment)))
    for v, b in (((value + 1) % 2**64, blinding), (value, (blinding + 1) % 2**251), (value, blinding ^ 1)):
        problem = broken(OPENED, opened_inputs(v, b, commitment))
        assert problem is not None
        assert problem.gadget == ("assert_same_point",)


def test_openings_outside_their_ranges_are_refused() -> None:
    """A value raised by the order gives the same point, as does a blinding; but its range has no room for it."""
    assert ORDER > 2**64
    for value, blinding in ((2**64, 1), (ORDER + 3, 1), (R - 1, 1), (3, 2**251), (3, R - 1)):
        point = BABY_JUBJUB.add(
            BABY_JUBJUB.multiply(value, BABY_JUBJUB.base), BABY_JUBJUB.multiply(blinding, blinding_base())
        )
        honest = bytearray(OPENED.witness(opened_inputs(3, 1, point)))
        for name, number in (("value", value), ("blinding", blinding)):
            place = 32 * OPENED.symbols.wire(name)
            honest[place : place + 32] = number.to_bytes(32, "little")
        with pytest.raises(Exception, match=r"range_check|to_bits") as caught:
            OPENED.check(bytes(honest))
        assert caught.value.gadget[-1] in ("range_check", "to_bits")


def test_commitments_are_added_in_the_circuit() -> None:
    def summed(c: Circuit) -> None:
        parts = [pedersen_commitment(c.private(f"v{i}", bits=32), c.private(f"b{i}")) for i in range(2)]
        assert_same_point(point_add(parts[0], parts[1]), Point(c.public("x"), c.public("y")))

    circuit = build(summed, name="summed", strict=True)
    x, y = commit(7 + 2**32 - 1, (ORDER - 1 + 5) % ORDER)
    circuit.check(circuit.witness({"v0": 7, "b0": ORDER - 1, "v1": 2**32 - 1, "b1": 5, "x": x, "y": y}))
    assert broken(circuit, {"v0": 8, "b0": ORDER - 1, "v1": 2**32 - 1, "b1": 5, "x": x, "y": y}) is not None


def test_wires_of_an_opening_are_determined() -> None:
    def small(c: Circuit) -> None:
        opened = pedersen_commitment(c.private("value", bits=4), c.private("blinding", bits=6))
        assert_same_point(opened, Point(c.public("x"), c.public("y")))

    circuit = build(small, name="small")
    inputs = opened_inputs(9, 33, commit(9, 33))
    assert broken(circuit, inputs) is None
    for wire in range(5, circuit.r1cs.n_wires, 37):
        assert broken(circuit, inputs, {wire: 2}) is not None, circuit.symbols.name(wire)


def test_values_that_cannot_be_bound_are_refused() -> None:
    for made, problem in (
        (lambda c: c.private("v"), "a raw field element is no number"),
        (lambda c: c.private("v", signed_bits=8), r"not within \[0, 2\^250\)"),
        (lambda c: c.private("v", bits=251), r"not within \[0, 2\^250\)"),
    ):
        with pytest.raises(BuildError, match=problem):
            build(lambda c, f=made: pedersen_commitment(f(c), c.private("b")), name="unbound")
