"""The number-theoretic transform: decimation in time, for scalars and for points alike.

Source: Cooley and Tukey, "An algorithm for the machine calculation of complex Fourier series" (1965), over F_r instead
of the complex numbers. A polynomial splits into its even and odd coefficients, f(x) = f_0(x^2) + x f_1(x^2), and as
w^(i + n/2) = -w^i, each pair of half-size values gives two values of f.

Plain lists of integers are used since they measured two to three times faster than galois's arrays, whose numpy kernels
do not reach beyond 64 bits; the tests hold this transform against galois.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from ..curves import Curve
from ..errors import DomainError, EncodingError
from .scalars import powers, products, scaled

Element = TypeVar("Element")
Butterfly = Callable[[list[Element], list[Element], list[int]], tuple[list[Element], list[Element]]]
"""Evens e, odds o and twiddles w give the elementwise e + w o and e - w o."""


def ntt(values: list[int], curve: Curve, *, inverse: bool, coset: int) -> list[int]:
    """Coefficients to values on coset * <w> in natural order, or back."""
    r = curve.r
    roots = twiddles(len(values), curve, inverse=inverse)
    if coset == 0:
        raise EncodingError("a coset cannot be shifted by zero", what="coset")

    def butterfly(evens: list[int], odds: list[int], roots: list[int]) -> tuple[list[int], list[int]]:
        turned = products(odds, roots, r)
        pairs = list(zip(evens, turned, strict=True))
        return [(x + y) % r for x, y in pairs], [(x - y) % r for x, y in pairs]

    if not inverse:
        shifted = values if coset == 1 else products(values, powers(coset, len(values), 1, r), r)
        return transform(shifted, roots, butterfly)
    scale = pow(len(values), -1, r)
    result = transform(values, roots, butterfly)
    if coset == 1:
        return scaled(result, scale, r)
    return products(result, powers(pow(coset, -1, r), len(values), scale, r), r)


def twiddles(size: int, curve: Curve, *, inverse: bool) -> list[int]:
    """The first half of the powers of w, the primitive root of that order (of its inverse, `inverse`)."""
    log_size = size.bit_length() - 1
    if size < 1 or size != 1 << log_size or log_size > curve.two_adicity:
        raise DomainError(
            f"a transform's length is a power of two up to 2^{curve.two_adicity}, not {size}",
            size=size,
        )
    root = curve.root_of_unity(log_size)
    return powers(pow(root, -1, curve.r) if inverse else root, size // 2, 1, curve.r)


def transform(values: list[Element], roots: Sequence[int], butterfly: Butterfly[Element]) -> list[Element]:
    """The values of the polynomial at 1, w, w^2, ..; `roots` are the first half of these."""
    if len(values) == 1:
        return values
    half_roots = roots[::2]
    evens = transform(values[::2], half_roots, butterfly)
    odds = transform(values[1::2], half_roots, butterfly)
    sums, differences = butterfly(evens, odds, list(roots))
    return sums + differences
