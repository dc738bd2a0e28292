"""Poseidon inside the circuit, with circomlib's parameters: `zkmargin.algebra.poseidon` is the plain twin.

Only the S-boxes cost: x^5 takes three constraints, and everything linear is carried along in the combinations. The
rounds are traced once, as two blocks: the first two rounds for each choice of constant inputs, the others for each
width.
"""

from __future__ import annotations

from collections.abc import Sequence

from zkmargin.algebra.poseidon import MAX_INPUTS, poseidon_hash, poseidon_parameters

from ..expression import Expr
from ..scope import gadget
from ..sharing import shared
from .poseidon_block import first_rounds, later_rounds


@gadget
def poseidon(inputs: Sequence[Expr]) -> Expr:
    """The hash of 1 to 16 expressions as a raw field element.

    Costs 3 constraints for each S-box: 3 * (8 t + partial rounds), t = inputs + 1, less 3 for the capacity element
    and for each constant input, whose first S-box is a constant. Nothing for constants only, or
    for the same inputs once more.
    """
    c = inputs[0].circuit
    if len(inputs) > MAX_INPUTS:
        c.refuse(
            f"{len(inputs)} inputs; Poseidon takes 1 to {MAX_INPUTS}: hash in blocks, with the length in the first"
        )
    if all(x.is_constant for x in inputs):
        return c.constant(poseidon_hash([x.constant_value for x in inputs], c.curve)).raw()
    return shared("poseidon", inputs, lambda: _permuted(inputs))


def _permuted(inputs: Sequence[Expr]) -> Expr:
    c, t = inputs[0].circuit, len(inputs) + 1
    constants = (0, *(x.constant_value if x.is_constant else None for x in inputs))
    added = poseidon_parameters(t, c.curve).round_constants[1:t]
    changing = [
        c.field_sum(((x, 1), (c.constant(1), constant)))
        for x, constant in zip(inputs, added, strict=True)
        if not x.is_constant
    ]
    c.stamp(first_rounds(constants, c.curve), changing)
    return c.stamp(later_rounds(t, c.curve))
