"""`zkmargin r1cs`: snarkjs's words about a .r1cs file."""

from __future__ import annotations

from pathlib import Path

import click

from .files import read_file
from .inspections import describe, say
from .options import FILE, Group
from .output import Output


@click.group("r1cs", cls=Group)
def COMMAND() -> None:
    """What a .r1cs file holds, in snarkjs's words."""


@COMMAND.command("info")
@click.argument("path", type=FILE, metavar="CIRCUIT.r1cs")
@click.pass_obj
def info(output: Output, path: Path) -> None:
    """Counts, curve and digest of a circuit."""
    say(output, path, describe(".r1cs", read_file(path, ".r1cs"), output))
