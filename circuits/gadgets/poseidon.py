"""Poseidon inside the circuit, with circomlib's parameters: `zkmargin.algebra.poseidon` is the plain twin.

Only the S-boxes cost: x^5 takes three constraints, and everything linear is carried along in the combinations. The
rounds are traced once, as two blocks: the first two rounds for each choice of constant inputs, the others for each
width.
"""

from __future__ import annotations

from collections.abc import Sequence

from zkmargin.algebra.poseidon import LENGTH_SHIFT, MAX_INPUTS, list_capacity, poseidon_hash, poseidon_parameters

from ..builder import Circuit
from ..expression import Expr
from ..scope import gadget
from ..sharing import shared
from .poseidon_block import first_rounds, later_rounds


@gadget
def poseidon(inputs: Sequence[Expr], initial: Expr | None = None) -> Expr:
    """The hash of 1 to 16 expressions as a raw field element; `initial` is the capacity, 0 where it is not given.

    Costs 3 constraints for each S-box: 3 * (8 t + partial rounds), t = inputs + 1, less 3 for a capacity that is a
    constant and for each constant input, whose first S-box is a constant. Nothing for constants only, or
    for the same inputs once more.
    """
    c = inputs[0].circuit
    if len(inputs) > MAX_INPUTS:
        c.refuse(f"{len(inputs)} inputs; Poseidon takes 1 to {MAX_INPUTS}: poseidon_list hashes longer lists")
    state = [c.constant(0) if initial is None else initial, *inputs]
    if all(x.is_constant for x in state):
        capacity, *values = (x.constant_value for x in state)
        return c.constant(poseidon_hash(values, c.curve, initial=capacity)).raw()
    return shared("poseidon", state, lambda: _permuted(state))


@gadget
def poseidon_list(c: Circuit, base_tag: int, items: Sequence[Expr]) -> Expr:
    """The hash of one or more expressions, however many, under a tag: `zkmargin.algebra.poseidon_list`, where its
    security is argued. One hash for each block of 16; the capacity that the first one starts from, tag and length, is a
    constant, and each later one costs 3 more for its own, which is not.
    """
    if not items:
        c.refuse("an empty list; hash a constant that stands for it")
    if not 0 <= base_tag < 1 << LENGTH_SHIFT:
        c.refuse(f"a tag that has more than {LENGTH_SHIFT} bits; the length of the list is added above them")
    capacity = c.constant(list_capacity(base_tag, len(items)))
    for start in range(0, len(items), MAX_INPUTS):
        capacity = poseidon(items[start : start + MAX_INPUTS], initial=capacity)
    return capacity


def _permuted(state: Sequence[Expr]) -> Expr:
    c, t = state[0].circuit, len(state)
    constants = tuple(x.constant_value if x.is_constant else None for x in state)
    added = poseidon_parameters(t, c.curve).round_constants[:t]
    changing = [
        c.field_sum(((x, 1), (c.constant(1), constant)))
        for x, constant in zip(state, added, strict=True)
        if not x.is_constant
    ]
    c.stamp(first_rounds(constants, c.curve), changing)
    return c.stamp(later_rounds(t, c.curve))
