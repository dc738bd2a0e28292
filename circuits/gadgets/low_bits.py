"""The low bits of any field element: those of the one number in [0, r) that it stands for, and of no other.

254 bits can name both x and x + r. What rules out the second is the comparison of a bit string with r - 1, which needs
attention only where the string agrees with r - 1 from the top: at each run of zeros of r - 1, either a bit above
disagrees, or the run's bits are zeros in the string as well. With z the number of bits above that disagree and s the
sum of the run's bits, both of them counts far below r, that is one constraint: z * q = s for some q. If z = 0 then s =
0; otherwise q = s / z always exists.
"""

from __future__ import annotations

from ..builder import Circuit
from ..expression import Expr
from ..scope import gadget
from .bits import to_bits


@gadget
def low_bits(x: Expr, n: int) -> list[Expr]:
    """The n low bits of the canonical value of x, the lowest first; n from 1 to 253. 256 constraints for n up to 34.

    Above, it costs one constraint more for each further run of zeros that r - 1 has below bit n: 308 at 253. A range
    known to be within [0, 2^k) makes it the cheaper `to_bits(x, k)`; one that reaches below 0 is refused.

    Proof: write H for floor((r - 1) / 2^n), which has m bits. 253 bits and a top bit of weight w * 2^n, where w = H -
    (2^(m - 1) - 1), have the sum s = h * 2^n + l. Here l in [0, 2^n) is what the n low bits say, and h is the sum of m
    bits of weights 1, 2, ..., 2^(m - 2), w: between 0 and H, which it reaches only with all of them set. So s can
    exceed r - 1 only where h = H, so all m bits are set, and l > (r - 1) mod 2^n; which the comparison of l, with
    the m bits above it, excludes. Hence s is the canonical value of x, and l its remainder by 2^n. An h may have two
    forms, with and without the top bit, where w < 2^(m - 1), and a quotient q is free where its z and s are 0: neither
    is given out.
    """
    if not 1 <= n <= x.circuit.max_bits:
        x.circuit.refuse(
            f"{n} low bits are not between 1 and {x.circuit.max_bits}; to_canonical_bits gives all of them"
        )
    return _ranged_bits(x, n) or _bits_below_modulus(x, n)


def _ranged_bits(x: Expr, n: int) -> list[Expr]:
    """The n low bits where the interval of x, or its being a constant, says how wide x is; nothing otherwise."""
    c = x.circuit
    if x.interval is not None and x.interval[0] < 0:
        c.refuse(f"{x} may be negative, and then has no bits of its own; bound it first, or mean x mod r with .raw()")
    if x.is_constant:
        return [c.constant(x.constant_value >> place & 1) for place in range(n)]
    if x.interval is None:
        return []
    bits = to_bits(x, max(1, x.interval[1].bit_length()))
    return [*bits, *(c.constant(0) for _ in range(n - len(bits)))][:n]


def _bits_below_modulus(x: Expr, n: int) -> list[Expr]:
    """As the proof of `low_bits` has them; the weight of the top bit is w * 2^n."""
    c = x.circuit
    width = c.max_bits
    last = c.curve.r - 1
    weight = ((last >> n) - (1 << width - n) + 1) << n
    top = c.new_bits(x, 1, first=width)[0]
    bits = c.new_bits(c.field_sum(((x, 1), (top, -weight))), width)
    c.constrain_equal(c.field_sum([(top, weight), *((bit, 1 << place) for place, bit in enumerate(bits))]), x)
    _assert_at_most_last(c, last, bits[:n], [*bits[n:], top])
    return bits[:n]


def _assert_at_most_last(c: Circuit, last: int, bits: list[Expr], above: list[Expr]) -> None:
    """bits <= last mod 2^len(bits), where all bits in `above` are set; `last`, r - 1, ends in zeros."""
    one = c.constant(1)
    disagreeing = [(one, len(above)), *((bit, -1) for bit in above)]
    run: list[tuple[Expr, int]] = []
    for place in reversed(range(len(bits))):
        if not last >> place & 1:
            run.append((bits[place], 1))
        if run and (place == 0 or last >> (place - 1) & 1):
            some = c.field_sum(run)
            count = c.field_sum(disagreeing)
            c.constrain_product(count, c.hint_quotient(some, count), some)
            disagreeing += run
            run = []
        if last >> place & 1:
            disagreeing += [(one, 1), (bits[place], -1)]
