"""The median of what is present: the plain twin of the gadget `median`."""

from __future__ import annotations

from collections.abc import Sequence


def lower_median(values: Sequence[int], present: Sequence[bool | int]) -> int:
    """The median of the values that are present, the lower one of two; `ValueError` where there is none."""
    counted = sorted(value for value, here in zip(values, present, strict=True) if here)
    if not counted:
        raise ValueError("there is no median of nothing")
    return counted[(len(counted) - 1) // 2]
