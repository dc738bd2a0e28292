"""The Vyper module of one verifying key: its points as constants, and the sum over the public inputs written out."""

from __future__ import annotations

from collections.abc import Iterable

from .key_points import KeyPoints

_HEAD = '''# pragma version ~=0.4.3
# pragma optimize gas
# pragma evm-version cancun
"""
@title A verifying key of Groth16 on BN254, generated
@license Apache-2.0
@notice alpha, delta and the IC points are negated; of each coordinate in G2, 1 is the imaginary part.
"""


'''


def vyper_key_module(points: KeyPoints) -> str:
    """The text of `verifying_key.vy`."""
    return _HEAD + "".join(f"{line}\n" for line in (*_constants(points), *_statement(points)))


def _constants(points: KeyPoints) -> Iterable[str]:
    yield f"INPUTS: constant(uint256) = {points.inputs}"
    yield from _words("NEG_ALPHA", ("X", "Y"), points.neg_alpha)
    for name, point in (("BETA", points.beta), ("GAMMA", points.gamma), ("NEG_DELTA", points.neg_delta)):
        yield from _words(name, ("X1", "X0", "Y1", "Y0"), point)
    for index, ic in enumerate(points.neg_ic):
        yield from _words(f"NEG_IC{index}", ("X", "Y"), ic)


def _words(name: str, parts: tuple[str, ...], values: tuple[int, ...]) -> Iterable[str]:
    return (f"{name}_{part}: constant(uint256) = {value}" for part, value in zip(parts, values, strict=True))


def _statement(points: KeyPoints) -> Iterable[str]:
    """-S of one proof, or of several with IC_0 multiplied too."""
    inputs = f"inputs: uint256[{points.inputs}]"
    constant = "[NEG_IC0_X, NEG_IC0_Y]"
    yield from _function(
        f"_statement({inputs})",
        "-(IC_0 + sum of inputs[i] * IC_(i + 1)).",
        [f"return self._plus_inputs({constant}, inputs)"],
    )
    yield from _function(
        f"_weighted_statement(weight: uint256, {inputs})",
        "-(weight * IC_0 + sum of inputs[i] * IC_(i + 1)), for the sum of several statements.",
        [f"return self._plus_inputs(ecmul({constant}, weight), inputs)"],
    )
    yield from _function(
        f"_plus_inputs(start: uint256[2], {inputs})",
        "Written out: a loop over a list of constants would copy the whole list to memory at each step.",
        ["total: uint256[2] = start", *_summands(points), "return total"],
    )


def _function(signature: str, documentation: str, body: Iterable[str]) -> Iterable[str]:
    yield from ("", "", "@internal", "@view", f"def {signature} -> uint256[2]:")
    yield from ('    """', f"    @dev {documentation}", '    """')
    yield from (f"    {line}" for line in body)


def _summands(points: KeyPoints) -> Iterable[str]:
    for i in range(points.inputs):
        yield f"total = ecadd(total, ecmul([NEG_IC{i + 1}_X, NEG_IC{i + 1}_Y], inputs[{i}]))"
