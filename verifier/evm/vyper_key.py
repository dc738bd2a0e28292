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
    return _HEAD + "".join(f"{line}\n" for line in (*_constants(points), *_statement(points), *_weighted(points)))


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
    """-S of one proof. A loop over a list of constants would copy the whole list to memory at each step."""
    yield from ("", "", "@internal", "@view", f"def _statement(inputs: uint256[{_length(points)}]) -> uint256[2]:")
    yield '    """'
    yield "    @dev -(IC_0 + sum of inputs[i] * IC_(i + 1))."
    yield '    """'
    yield f"    total: uint256[2] = {_ic(0)}"
    yield from _summands(points)
    yield "    return total"


def _weighted(points: KeyPoints) -> Iterable[str]:
    head = f"def _weighted_statement(weight: uint256, inputs: uint256[{_length(points)}]) -> uint256[2]:"
    yield from ("", "", "@internal", "@view", head)
    yield '    """'
    yield "    @dev The same with IC_0 multiplied too, for the sum of several statements."
    yield '    """'
    yield f"    total: uint256[2] = ecmul({_ic(0)}, weight)"
    yield from _summands(points)
    yield "    return total"


def _summands(points: KeyPoints) -> Iterable[str]:
    return (f"    total = ecadd(total, ecmul({_ic(i + 1)}, inputs[{i}]))" for i in range(points.inputs))


def _ic(index: int) -> str:
    return f"[NEG_IC{index}_X, NEG_IC{index}_Y]"


def _length(points: KeyPoints) -> int:
    return points.inputs
