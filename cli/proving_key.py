"""`zkmargin proving-key`: keys made ready for the native prover."""

from __future__ import annotations

from pathlib import Path

import click

from .engine_choice import chosen_engine
from .errors import Misuse
from .files import read_file, require_free
from .options import FILE, Group, force_option, progress_option
from .output import Output
from .progress import Progress


@click.group("proving-key", cls=Group)
def COMMAND() -> None:
    """Make proving keys ready for the native prover, once for all proofs."""


def _size(context: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
    from zkmargin.algebra import EncodingError
    from zkmargin.prover.memory import memory_size

    try:
        return None if value is None else memory_size(value)
    except EncodingError as problem:
        raise click.BadParameter(str(problem), context, parameter) from None


@COMMAND.command("import")
@click.argument("zkey_path", type=FILE, metavar="KEY.zkey")
@click.option("-o", "--output", "key_path", type=FILE, required=True, metavar="KEY.zkmkey", help="The native key.")
@click.option(
    "--circuit",
    "circuit_path",
    type=FILE,
    metavar="CIRCUIT.r1cs",
    help="The key's circuit: proofs then cost less.",
)
@click.option(
    "--memory", callback=_size, metavar="SIZE", help="What points and tables may take, as in 2G; by default it depends."
)
@force_option
@progress_option
@click.pass_obj
def import_command(
    output: Output, zkey_path: Path, key_path: Path, circuit_path: Path | None, memory: int | None, force: bool
) -> None:
    """Turn a .zkey into a native key file.

    Such a file is mapped at once whenever a proof is made. Every point is checked here, and no more afterwards. With
    its circuit, C's part of the quotient is folded into the key: a third of the transforms of every proof are saved,
    and the proofs stay the same.
    """
    from zkmargin.circuits.formats import read_r1cs
    from zkmargin.prover import is_native_key, read_zkey, write_native_key
    from zkmargin.prover.folding import fold
    from zkmargin.prover.native_key import native_engine

    require_free([key_path], force)
    engine = native_engine(chosen_engine(output))
    data = read_file(zkey_path, ".zkey")
    if is_native_key(data):
        raise Misuse(f"{zkey_path} is a native key already; prove with it as it is")
    with Progress(output, "import") as progress:
        progress("checking the key")
        key = read_zkey(data, engine, check="full")
        if circuit_path is not None:
            key = fold(key, read_r1cs(read_file(circuit_path, ".r1cs")), engine, progress=progress)
        progress("making tables")
        key_path.parent.mkdir(parents=True, exist_ok=True)
        write_native_key(key, key_path, engine, memory=memory, replace=force)
    size = key_path.stat().st_size
    digest = None if key.circuit_digest is None else key.circuit_digest.hex()
    output.result(
        {"key": str(key_path), "bytes": size, "folded": circuit_path is not None, "circuit_digest": digest},
        [f"native key written to {key_path} ({size:,} bytes)"],
    )


@COMMAND.command("check")
@click.argument("key_path", type=FILE, metavar="KEY.zkmkey")
@progress_option
@click.pass_obj
def check(output: Output, key_path: Path) -> None:
    """Hold a native key file against its checksums.

    Opening it does not. Exit code 2 where it is damaged: import it again from its .zkey.
    """
    from zkmargin.prover import verify_native_key

    read_file(key_path, ".zkmkey")
    with Progress(output, "check"):
        verify_native_key(key_path, chosen_engine(output))
    output.result({"key": str(key_path), "whole": True}, [f"{key_path} is as it was written"])
