"""The arguments of a ceremony's steps, the same in both phases: from one file into the next, as snarkjs orders them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from .errors import Misuse
from .options import FILE, force_option, progress_option

F = TypeVar("F", bound=Callable[..., Any])
MIN_EXPONENT, MAX_EXPONENT = 10, 63


def contribution_step(suffix: str) -> Callable[[F], F]:
    """IN and OUT, as `old_path` and `new_path`; `--name`, `--entropy`, `--force`, `--progress`."""
    entropy = click.option(
        "-e",
        "--entropy",
        default="",
        callback=_after_equals,
        help="Stirred into the system's randomness, which is always used. Others may see it in the process list.",
    )
    return _composed(old_and_new(suffix), _name_option, entropy, force_option, progress_option)


def beacon_step(suffix: str) -> Callable[[F], F]:
    """IN, OUT, and the beacon: its value as `beacon`, ITERATIONS_EXP; `--name`, `--force`, `--progress`."""
    value = click.argument("beacon", metavar="BEACON_HEX", callback=_beacon)
    exponent = click.argument(
        "iterations_exp", type=click.IntRange(MIN_EXPONENT, MAX_EXPONENT), metavar="ITERATIONS_EXP"
    )
    return _composed(old_and_new(suffix), value, exponent, _name_option, force_option, progress_option)


def old_and_new(suffix: str) -> Callable[[F], F]:
    """IN and OUT, as `old_path` and `new_path`."""
    old = click.argument("old_path", type=FILE, metavar=f"IN{suffix}")
    new = click.argument("new_path", type=FILE, metavar=f"OUT{suffix}")
    return _composed(old, new)


def _name_option(function: F) -> F:
    text = "Your name in this step."
    return click.option("-n", "--name", default="", callback=_after_equals, help=text)(function)


def _after_equals(context: click.Context, parameter: click.Parameter, value: str) -> str:
    """snarkjs's users write -n="name"; click leaves the equals sign in the value of a short option."""
    return value.removeprefix("=")


def _beacon(context: click.Context, parameter: click.Parameter, text: str) -> bytes:
    try:
        value = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        value = b""
    if not 1 <= len(value) <= 255:
        raise Misuse("the beacon must be 1 to 255 bytes in hexadecimal digits")
    return value


def _composed(*decorators: Callable[[F], F]) -> Callable[[F], F]:
    """One decorator of several, the first on top."""

    def decorate(function: F) -> F:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate
