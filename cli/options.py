"""Options that several commands share, and the command class that gives every command `--json`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from .output import Output

F = TypeVar("F", bound=Callable[..., Any])

FILE = click.Path(path_type=Path)
"""Any path: existence, kind and size are checked when the file is opened, on the very file that is read."""


class Command(click.Command):
    """A command with `--json`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.append(
            click.Option(
                ["--json", "as_json"],
                is_flag=True,
                expose_value=False,
                help="Result on stdout, or error on stderr, as one JSON object.",
            )
        )


class Group(click.Group):
    """A group whose commands have `--json`."""

    command_class = Command


def _set_progress(context: click.Context, parameter: click.Parameter, value: bool | None) -> None:
    output = context.find_object(Output)
    if output is not None:
        output.show_progress = value


def progress_option(function: F) -> F:
    """`--progress / --no-progress`; left alone, progress is shown on a terminal."""
    return click.option(
        "--progress/--no-progress",
        default=None,
        expose_value=False,
        callback=_set_progress,
        help="Show progress on stderr; by default only on a terminal.",
    )(function)


def force_option(function: F) -> F:
    """`--force`."""
    return click.option("--force", is_flag=True, help="Overwrite outputs that are already there.")(function)


def _set_reveal(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    output = context.find_object(Output)
    if output is not None:
        output.reveal = value


def reveal_option(function: F) -> F:
    """`--reveal`, as `Output.reveal`: results and errors say the amounts they otherwise keep to themselves."""
    return click.option(
        "--reveal",
        is_flag=True,
        expose_value=False,
        callback=_set_reveal,
        help="Show private amounts, which are hidden otherwise.",
    )(function)


def sym_option(function: F) -> F:
    """`--sym`, as `sym_path`: the names that circom gave to the circuit's signals."""
    text = "The circuit's .sym file, so that signals are called by their names."
    return click.option("--sym", "sym_path", type=FILE, metavar="CIRCUIT.sym", help=text)(function)


def form_option(function: F) -> F:
    """`--form`, as `form`: what a file with a proof is, where its contents should not decide."""
    from zkmargin.verifier.proof_forms import PROOF_FORMS

    text = "The form of PROOF; otherwise its contents show it, and 256 binary bytes are raw."
    return click.option("--form", type=click.Choice(PROOF_FORMS), help=text)(function)


def _declared(context: click.Context, parameter: click.Parameter, value: str) -> Any:
    from zkmargin.circuits.margin import ShapeError, declared_shape

    try:
        return declared_shape(value)
    except ShapeError as problem:
        raise click.BadParameter(str(problem), context, parameter) from None


def shape_option(function: F) -> F:
    """`--shape`, as `shape`: a `Shape` by its name, or declared by its changes."""
    text = "small, standard or portfolio, maybe with changes: standard,venues=2,scenarios=0,name=pair."
    return click.option("--shape", default="small", show_default=True, metavar="SHAPE", callback=_declared, help=text)(
        function
    )


def decimal(context: click.Context, parameter: click.Parameter, value: str) -> int:
    """A field element in decimal digits."""
    if not (value.isascii() and value.isdecimal()) or len(value) > 78:
        raise click.BadParameter("must be a decimal number", context, parameter)
    return int(value)
