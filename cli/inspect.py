"""`zkmargin inspect`: what is in a file."""

from __future__ import annotations

from pathlib import Path

import click

from .inspections import describe, kind_of, open_any, say
from .options import FILE, Command, reveal_option
from .output import Output


@click.command("inspect", cls=Command)
@click.argument("path", type=FILE, metavar="FILE")
@reveal_option
@click.pass_obj
def COMMAND(output: Output, path: Path) -> None:
    """Say what a file is, by its contents and not its name, and what it holds.

    Knows .r1cs, .wtns, .zkey, .ptau, .zkw, .sym, keys, proofs, public inputs and every JSON document of this program.
    Balances and secrets are shown only with --reveal.
    """
    data = open_any(path)
    kind = kind_of(data, path)
    say(output, path, describe(kind, data, output))
