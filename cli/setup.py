"""`zkmargin setup`: the proving key of a circuit."""

from __future__ import annotations

from pathlib import Path

import click

from zkmargin.algebra import Engine
from zkmargin.circuits.formats import read_r1cs
from zkmargin.circuits.r1cs import R1CS
from zkmargin.prover import ProvingKey, contribute, insecure_setup, read_ptau, setup_from_ptau, write_zkey

from .development import INSECURE
from .engine_choice import chosen_engine
from .errors import Misuse
from .files import NewFile, json_bytes, read_file, require_free, write_files
from .options import FILE, Command, force_option, progress_option
from .output import Output
from .progress import Progress

ONE_CONTRIBUTION = (
    "this key rests on one contribution, yours; let others add theirs with 'zkmargin zkey contribute', "
    "for whoever made all of them can forge proofs"
)


@click.command("setup", cls=Command)
@click.argument("circuit_path", type=FILE, metavar="CIRCUIT.r1cs")
@click.option("-o", "--output", "key_path", type=FILE, required=True, metavar="KEY.zkey", help="The proving key.")
@click.option("--vk", "vk_path", type=FILE, metavar="VK.json", help="Write verification_key.json as well.")
@click.option("--insecure", is_flag=True, help="Draw the secrets here: for development only.")
@click.option("--ptau", "ptau_path", type=FILE, metavar="POT.ptau", help="Powers of tau of a ceremony.")
@click.option("--name", default="", help="Your name in the key's first contribution (with --ptau).")
@force_option
@progress_option
@click.pass_obj
def COMMAND(
    output: Output,
    circuit_path: Path,
    key_path: Path,
    vk_path: Path | None,
    insecure: bool,
    ptau_path: Path | None,
    name: str,
    force: bool,
) -> None:
    """Make the proving key of a circuit.

    Either from a ceremony's powers of tau, with a first contribution of yours (--ptau), or, for development, from
    secrets that this process draws (--insecure).
    """
    if insecure == (ptau_path is not None):
        raise Misuse(
            "say either --ptau POT.ptau (powers of tau of a ceremony) or --insecure (development only, "
            "whoever runs it could forge proofs)"
        )
    require_free([path for path in (key_path, vk_path) if path is not None], force)
    engine = chosen_engine(output)
    r1cs = read_r1cs(read_file(circuit_path, ".r1cs"))
    with Progress(output, "setup") as progress:
        key = _made(r1cs, ptau_path, name, engine, progress)
        progress("writing the key")
        data = write_zkey(key, engine)
    files = [NewFile(key_path, data)]
    if vk_path is not None:
        files.append(NewFile(vk_path, json_bytes(key.verifying_key().to_json())))
    write_files(files, force)
    output.warn(INSECURE if insecure else ONE_CONTRIBUTION)
    digest = r1cs.digest().hex()
    output.result(
        {
            "key": str(key_path),
            "verification_key": None if vk_path is None else str(vk_path),
            "circuit_digest": digest,
            "development": key.development,
            "contributions": len(key.contributions),
        },
        [f"key written to {key_path} ({len(data):,} bytes) for circuit {digest}"]
        + ([] if vk_path is None else [f"verifying key written to {vk_path}"]),
    )


def _made(r1cs: R1CS, ptau_path: Path | None, name: str, engine: Engine, progress: Progress) -> ProvingKey:
    if ptau_path is None:
        return insecure_setup(r1cs, engine, folded=False, progress=progress)
    ptau = read_ptau(read_file(ptau_path, ".ptau"), engine)
    key = setup_from_ptau(r1cs, ptau, engine, progress=progress)
    return contribute(key, name, b"", engine, progress=progress)
