"""Poseidon inside the circuit, with circomlib's parameters: `zkmargin.algebra.poseidon` is the plain twin.

Only the S-boxes cost: x^5 takes three constraints, and everything linear is carried along in the combinations. From
the third round on the permutation no longer sees what it was applied to, so that part is traced once per width, as a
block.
"""

from __future__ import annotations

from collections.abc import Sequence

from zkmargin.algebra.poseidon import MAX_INPUTS, PoseidonParameters, poseidon_hash, poseidon_parameters

from ..builder import Circuit
from ..expression import Expr
from ..scope import gadget
from .poseidon_block import EXPLICIT_ROUNDS, later_rounds


@gadget
def poseidon(inputs: Sequence[Expr]) -> Expr:
    """The hash of 1 to 16 expressions as a raw field element.

    Costs 3 constraints for each S-box: 3 * (8 t + partial rounds), t = inputs + 1, less 3 for the capacity element
    and for each constant input, whose first S-box is a constant. Nothing for constants only.
    """
    c = inputs[0].circuit
    if len(inputs) > MAX_INPUTS:
        c.refuse(
            f"{len(inputs)} inputs; Poseidon takes 1 to {MAX_INPUTS}: hash in blocks, with the length in the first"
        )
    if all(x.is_constant for x in inputs):
        return c.constant(poseidon_hash([x.constant_value for x in inputs], c.curve)).raw()
    t = len(inputs) + 1
    parameters = poseidon_parameters(t, c.curve)
    state = [c.constant(0), *(x.raw() for x in inputs)]
    for index in range(EXPLICIT_ROUNDS):
        if index:
            state = _mix(c, state, parameters)
        state = [_fifth_power(c, x, k) for x, k in zip(state, _constants(parameters, t, index), strict=True)]
    return c.stamp(later_rounds(t, c.curve))


def _mix(c: Circuit, state: Sequence[Expr], parameters: PoseidonParameters) -> list[Expr]:
    return [c.field_sum(zip(state, row, strict=True)) for row in parameters.mds]


def _fifth_power(c: Circuit, x: Expr, constant: int) -> Expr:
    x = c.field_sum(((x, 1), (c.constant(1), constant)))
    if x.is_constant:
        return c.constant(pow(x.constant_value, 5, c.curve.r)).raw()
    square = c.product_unused(x, x)
    return c.product_unused(c.product_unused(square, square), x)


def _constants(parameters: PoseidonParameters, t: int, index: int) -> Sequence[int]:
    return parameters.round_constants[index * t : (index + 1) * t]
