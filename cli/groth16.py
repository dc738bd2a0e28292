"""`zkmargin groth16`: snarkjs's words, in its order of arguments, for anybody's circuit."""

from __future__ import annotations

from pathlib import Path

import click

from .engine_choice import chosen_engine
from .files import NewFile, json_bytes, read_file, require_free, write_files
from .options import FILE, Group, force_option, progress_option
from .output import Output
from .progress import Progress


@click.group("groth16", cls=Group)
def COMMAND() -> None:
    """Set up, prove and verify for any .r1cs, in snarkjs's words and order of arguments."""


@COMMAND.command("setup")
@click.argument("circuit_path", type=FILE, metavar="CIRCUIT.r1cs")
@click.argument("ptau_path", type=FILE, metavar="POT.ptau")
@click.argument("key_path", type=FILE, metavar="OUT.zkey")
@force_option
@progress_option
@click.pass_obj
def setup(output: Output, circuit_path: Path, ptau_path: Path, key_path: Path, force: bool) -> None:
    """The key before phase 2. Proofs under it mean nothing until somebody has contributed."""
    from zkmargin.circuits.formats import read_r1cs
    from zkmargin.prover import read_ptau, setup_from_ptau, write_zkey

    require_free([key_path], force)
    engine = chosen_engine(output)
    r1cs = read_r1cs(read_file(circuit_path, ".r1cs"))
    ptau = read_ptau(read_file(ptau_path, ".ptau"), engine)
    with Progress(output, "setup") as progress:
        key = setup_from_ptau(r1cs, ptau, engine, progress=progress)
    write_files([NewFile(key_path, write_zkey(key, engine))], force)
    output.warn(
        "nobody has contributed to this key, so anybody can forge proofs: go on with 'zkmargin zkey contribute'"
    )
    output.result(
        {"key": str(key_path), "circuit_hash": key.circuit_hash.hex(), "circuit_digest": r1cs.digest().hex()},
        [f"key written to {key_path}", f"circuit hash {key.circuit_hash.hex()}"],
    )


@COMMAND.command("prove")
@click.argument("key_path", type=FILE, metavar="KEY")
@click.argument("witness_path", type=FILE, metavar="WITNESS.wtns")
@click.argument("proof_path", type=FILE, metavar="PROOF.json")
@click.argument("public_path", type=FILE, metavar="PUBLIC.json")
@force_option
@progress_option
@click.pass_obj
def prove(output: Output, key_path: Path, witness_path: Path, proof_path: Path, public_path: Path, force: bool) -> None:
    """Prove with a key (a .zkey or a native one) and a witness; write the proof and its public inputs."""
    from zkmargin.circuits.formats import read_wtns
    from zkmargin.verifier import write_public_signals

    from .provers import open_prover

    require_free([proof_path, public_path], force)
    engine = chosen_engine(output)
    witness = read_wtns(read_file(witness_path, ".wtns"))
    with Progress(output, "prove") as progress:
        progress("reading the key")
        prover = open_prover(key_path, engine)
        progress("proving")
        proof, public = prover.prove(witness)
    write_files(
        [
            NewFile(proof_path, json_bytes(proof.to_json())),
            NewFile(public_path, json_bytes(write_public_signals(public))),
        ],
        force,
    )
    output.result(
        {"proof": str(proof_path), "public": str(public_path), "public_inputs": len(public)},
        [f"proof written to {proof_path}, its {len(public)} public inputs to {public_path}"],
    )


@COMMAND.command("verify")
@click.argument("key_path", type=FILE, metavar="VK.json")
@click.argument("public_path", type=FILE, metavar="PUBLIC.json")
@click.argument("proof_path", type=FILE, metavar="PROOF.json")
@click.option("--allow-development-key", is_flag=True, help="Accept a key made by one party for development.")
@click.pass_obj
def verify(output: Output, key_path: Path, public_path: Path, proof_path: Path, allow_development_key: bool) -> None:
    """Check a proof: exit code 0 if it holds, 1 if not, 2 if a file is malformed."""
    from .verify import verify_files

    verify_files(output, key_path, public_path, proof_path, allow_development=allow_development_key)
