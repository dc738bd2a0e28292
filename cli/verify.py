"""`zkmargin verify`: check one proof."""

from __future__ import annotations

from pathlib import Path

import click

from zkmargin.verifier import KeyRejected, Verifier, VerifyingKey, read_public_signals

from .development import INSECURE
from .engine_choice import chosen_engine
from .files import read_file
from .options import FILE, Command, form_option
from .output import Output
from .proof_files import read_proof_file


@click.command("verify", cls=Command)
@click.option("--key", "key_path", type=FILE, required=True, metavar="VK.json", help="verification_key.json")
@click.option("--allow-development-key", is_flag=True, help="Accept a key made by one party for development.")
@form_option
@click.argument("proof_path", type=FILE, metavar="PROOF")
@click.argument("public_path", type=FILE, metavar="[PUBLIC.json]", required=False)
@click.pass_obj
def COMMAND(
    output: Output,
    key_path: Path,
    allow_development_key: bool,
    form: str | None,
    proof_path: Path,
    public_path: Path | None,
) -> None:
    """Check that a proof holds for these public inputs under this key.

    PROOF is a proof.json, a settlement request, 128 compressed or 256 raw bytes, either of them as 0x and digits, or
    what snarkjs writes as calldata. Settlements and snarkjs's calldata have their public inputs in them.

    Exit code 0: it holds. 1: it does not, or the key must not be trusted. 2: a file is malformed.
    """
    verify_files(output, key_path, public_path, proof_path, allow_development=allow_development_key, form=form)


def verify_files(
    output: Output,
    key_path: Path,
    public_path: Path | None,
    proof_path: Path,
    *,
    allow_development: bool,
    form: str | None = None,
) -> None:
    """Read the files, judge the key, check the proof, say so."""
    key = VerifyingKey.from_json(read_file(key_path, "verifying key"))
    beside = None if public_path is None else read_public_signals(read_file(public_path, "public inputs"))
    engine = chosen_engine(output)
    read = read_proof_file(proof_path, form, engine)
    public = read.with_public_inputs(beside)
    if key.development and not allow_development:
        raise KeyRejected(
            "the key", "was made by one party for development; --allow-development-key takes it all the same"
        )
    Verifier(key, engine, allow_development).verify(public, read.proof)
    if key.development:
        output.warn(INSECURE)
    digest = None if key.circuit_digest is None else key.circuit_digest.hex()
    of_circuit = "" if digest is None else f", circuit {digest[:16]}..."
    output.result(
        {
            "valid": True,
            "public_inputs": len(public),
            "circuit_digest": digest,
            "development": key.development,
            "form": read.form,
        },
        [f"valid: the proof holds for these {len(public)} public inputs{of_circuit}"],
    )
