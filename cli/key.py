"""`zkmargin key`: the trader's secret."""

from __future__ import annotations

from pathlib import Path

import click

from .files import NewFile, json_bytes, require_free, write_files
from .options import FILE, Group, force_option
from .output import Output


@click.group("key", cls=Group)
def COMMAND() -> None:
    """The trader's secret: the one file that never leaves its owner."""


@COMMAND.command("new")
@click.argument("path", type=FILE, metavar="SECRET.json")
@force_option
@click.pass_obj
def new(output: Output, path: Path, force: bool) -> None:
    """Draw a fresh secret into a file that only its owner can read; print the key commitment.

    The key commitment is what a venue stores. The secret itself goes to nobody.
    """
    from zkmargin.circuits.margin import key_commitment
    from zkmargin.prover.randomness import secret_scalar
    from zkmargin.settlement.account_document import secret_json

    require_free([path], force)
    secret = secret_scalar()
    write_files([NewFile(path, json_bytes(secret_json(secret)), secret=True)], force)
    commitment = str(key_commitment(secret))
    output.result(
        {"secret": str(path), "key_commitment": commitment},
        [f"secret written to {path} (keep it; there is no other copy)", f"key commitment {commitment}"],
    )
