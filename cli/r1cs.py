"""`zkmargin r1cs`: snarkjs's words about a .r1cs file."""

from __future__ import annotations

from pathlib import Path

import click

from .inspections import describe_circuit, say
from .options import FILE, Group, sym_option
from .output import Output


@click.group("r1cs", cls=Group)
def COMMAND() -> None:
    """What a .r1cs file holds, in snarkjs's words."""


@COMMAND.command("info")
@click.argument("path", type=FILE, metavar="CIRCUIT.r1cs")
@sym_option
@click.pass_obj
def info(output: Output, path: Path, sym_path: Path | None) -> None:
    """Counts, curve and digest of a circuit; with --sym its public signals and where its constraints are."""
    say(output, path, describe_circuit(path, sym_path))
