"""Public inputs: the one check of their range, and snarkjs's public.json."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zkmargin.algebra import BN254, Buffer, Curve, EncodingError, load_json

from .errors import PublicInputCount, PublicInputError
from .json_members import read_decimal

WHAT = "public inputs"
MAX_JSON_BYTES = 1 << 20


def check_public_inputs(values: Sequence[int], count: int, curve: Curve = BN254) -> list[int]:
    """The values as a list, once there are exactly `count` and each is an int in [0, r).

    x and x + r would satisfy the same equation, so a value outside the range is refused, never reduced. A bool is not
    an int here: it is a sign that the caller passed something else than meant.
    """
    if not isinstance(values, (list, tuple)):
        raise PublicInputError(0, "cannot be read: public inputs must be a list or tuple of ints")
    if len(values) != count:
        raise PublicInputCount(count, len(values))
    for index, value in enumerate(values):
        if type(value) is not int:
            raise PublicInputError(index, f"is a {type(value).__name__}, not an int")
        if not 0 <= value < curve.r:
            raise PublicInputError(index, "is not in [0, r)")
    return list(values)


def read_public_signals(data: Buffer | str | list[Any], curve: Curve = BN254) -> list[int]:
    """Read public.json: a list of canonical decimal strings below r."""
    value = data if isinstance(data, list) else load_json(data, WHAT, max_bytes=MAX_JSON_BYTES)
    if not isinstance(value, list):
        raise EncodingError(f"{WHAT}: not a JSON list", what=WHAT)
    numbers = [read_decimal(item, f"public input {index}") for index, item in enumerate(value)]
    return check_public_inputs(numbers, len(numbers), curve)


def write_public_signals(values: Sequence[int], curve: Curve = BN254) -> list[str]:
    """The list snarkjs writes into public.json."""
    return [str(value) for value in check_public_inputs(values, len(values), curve)]
