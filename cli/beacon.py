"""The two arguments of a beacon, as snarkjs takes them: a value in hexadecimal and the exponent of the iterations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from .errors import Misuse

F = TypeVar("F", bound=Callable[..., Any])
MIN_EXPONENT, MAX_EXPONENT = 10, 63


def beacon_arguments(function: F) -> F:
    """BEACON_HEX and ITERATIONS_EXP."""
    exponent = click.argument(
        "iterations_exp", type=click.IntRange(MIN_EXPONENT, MAX_EXPONENT), metavar="ITERATIONS_EXP"
    )
    return click.argument("beacon_hex", metavar="BEACON_HEX")(exponent(function))


def read_beacon(text: str) -> bytes:
    """The value's bytes."""
    try:
        value = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        value = b""
    if not 1 <= len(value) <= 255:
        raise Misuse("the beacon must be 1 to 255 bytes in hexadecimal digits")
    return value
