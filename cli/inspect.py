"""`zkmargin inspect`: what is in a file."""

from __future__ import annotations

from pathlib import Path

import click

from zkmargin.algebra import Buffer

from .errors import Misuse
from .inspections import (
    LEDGER_DATABASE,
    NATIVE_KEY,
    Facts,
    describe,
    describe_circuit,
    describe_ledger,
    describe_native_key,
    kind_of,
    open_any,
    say,
)
from .options import FILE, Command, reveal_option, sym_option
from .output import Output


@click.command("inspect", cls=Command)
@click.argument("path", type=FILE, metavar="FILE")
@sym_option
@reveal_option
@click.pass_obj
def COMMAND(output: Output, path: Path, sym_path: Path | None) -> None:
    """Say what a file is, by its contents and not its name, and what it holds.

    Knows .r1cs, .wtns, .zkey, native keys, .ptau, .zkw, .sym, keys, proofs, public inputs, the database of a ledger,
    and every JSON document of this program.
    Balances and secrets are shown only with --reveal. For a .r1cs, --sym adds what its signals are called.
    """
    data = open_any(path)
    kind = kind_of(data, path)
    if sym_path is None:
        say(output, path, _facts(kind, data, path, output))
    elif kind != ".r1cs":
        raise Misuse(f"--sym names the signals of a .r1cs; {path} is a {kind}")
    else:
        say(output, path, describe_circuit(path, sym_path))


def _facts(kind: str, data: Buffer, path: Path, output: Output) -> Facts:
    """Some kinds are read where they lie."""
    if kind == LEDGER_DATABASE:
        return describe_ledger(path)
    if kind == NATIVE_KEY:
        return describe_native_key(path, output)
    return describe(kind, data, output)
