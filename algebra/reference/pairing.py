"""The product-of-pairings check with one final exponentiation.

Source: Vercauteren, "Optimal pairings" (IEEE Transactions on Information Theory, 2010), section IV.A for the loop over
Barreto-Naehrig curves, which py_ecc implements. As e(P, Q) = f(P, Q)^((q^12 - 1) / r) and exponentiation is a
homomorphism, the Miller values f are multiplied first and raised once.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..curves import Curve
from .groups import Point
from .library import library


def product_is_one(curve: Curve, left: Sequence[Point], right: Sequence[Point]) -> bool:
    """Is the product of e(left[i], right[i]) one? Points are already checked; infinity on either side counts as one."""
    law = library(curve)
    product = law.FQ12.one()
    for p, q in zip(left, right, strict=True):
        product = product * law.pairing(q, p, final_exponentiate=False)
    return bool(law.final_exponentiate(product) == law.FQ12.one())
