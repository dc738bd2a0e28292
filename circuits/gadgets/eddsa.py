"""EdDSA-Poseidon signatures on Baby Jubjub, as circomlibjs makes them: `zkmargin.algebra.eddsa` is the plain twin."""

from __future__ import annotations

from dataclasses import dataclass

from zkmargin.algebra import BABY_JUBJUB

from ..expression import Expr
from ..scope import gadget
from .baby_jubjub import (
    Point,
    assert_not_neutral,
    assert_same_point,
    clear_cofactor,
    point_add,
    point_negate,
)
from .canonical import to_bits_at_most, to_canonical_bits
from .fixed_base import fixed_base_multiple
from .poseidon import poseidon
from .variable_base import proper_multiple


@dataclass(frozen=True, eq=False)
class Signature:
    """R and S, unchecked: `assert_eddsa_poseidon` trusts nothing about them."""

    r: Point
    s: Expr


@gadget(requires="S * B = R + 8 h A")
def assert_eddsa_poseidon(public_key: Point, message: Expr, signature: Signature) -> None:
    """The signature is one of the message by the key; 3020 constraints. Exactly what `eddsa_verify` accepts holds.

    Trusts nothing: the key is proven to be on the curve and not of small order, S to lie below the order of the
    subgroup, so that a signature cannot be altered into another one of the same message, and the challenge
    h = Poseidon(R.x, R.y, A.x, A.y, m) is decomposed in its canonical form. The equation is S * B - h * (8 A) = R: what
    stands on the left is a point of the curve, and so R, equal to it in both coordinates, needs no check of its own.
    """
    torsion_free = clear_cofactor(public_key)
    assert_not_neutral(torsion_free)
    s_bits = to_bits_at_most(signature.s, BABY_JUBJUB.order - 1)
    challenge = to_canonical_bits(poseidon([signature.r.x, signature.r.y, public_key.x, public_key.y, message]))
    left = fixed_base_multiple(s_bits, BABY_JUBJUB.base)
    right = proper_multiple(challenge, torsion_free)
    assert_same_point(point_add(left, point_negate(right)), signature.r)
