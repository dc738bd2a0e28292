"""`zkmargin export`: one part of a file, or of a shape, in a format of its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .engine_choice import chosen_engine
from .export_verifier import add_commands
from .files import NewFile, json_bytes, read_file, require_free, write_files
from .options import FILE, Group, force_option, form_option, shape_option
from .output import Output
from .proof_files import WRITTEN_FORMS, proof_file, read_proof_file

if TYPE_CHECKING:
    from zkmargin.circuits.margin import Shape


@click.group("export", cls=Group)
def COMMAND() -> None:
    """Write one part of a key, a settlement or a shape in a format that other tools read."""


@COMMAND.command("verificationkey")
@click.argument("key_path", type=FILE, metavar="KEY")
@click.argument("vk_path", type=FILE, metavar="VK.json")
@force_option
@click.pass_obj
def verificationkey(output: Output, key_path: Path, vk_path: Path, force: bool) -> None:
    """The verifying key of a proving key (a .zkey or a native one), as snarkjs's verification_key.json."""
    from .zkey import export_verifying_key

    export_verifying_key(output, key_path, vk_path, force)


@COMMAND.command("proof")
@click.argument("source_path", type=FILE, metavar="PROOF")
@click.argument("proof_path", type=FILE, metavar="OUT")
@click.option(
    "--as", "written", type=click.Choice(WRITTEN_FORMS), default="json", show_default=True, help="OUT's form."
)
@click.option("--public", "public_path", type=FILE, metavar="PUBLIC.json", help="What a call needs beside the proof.")
@form_option
@force_option
@click.pass_obj
def proof(
    output: Output,
    source_path: Path,
    proof_path: Path,
    written: str,
    public_path: Path | None,
    form: str | None,
    force: bool,
) -> None:
    """A proof in another form; PROOF is a settlement request, or a proof in any form that `verify` takes.

    compressed is 128 bytes and raw 256, calldata is EIP-197's words, hex those as 0x and digits, compressed-hex the
    compressed bytes likewise, call the text that snarkjs writes as calldata, public inputs included. The proof is not
    checked.
    """
    from zkmargin.verifier import read_public_signals

    require_free([proof_path], force)
    engine = chosen_engine(output)
    read = read_proof_file(source_path, form, engine)
    if public_path is not None:
        public = read.with_public_inputs(read_public_signals(read_file(public_path, "public inputs")))
        read = replace(read, public_inputs=tuple(public))
    write_files([proof_file(proof_path, read, written, engine)], force)
    output.result(
        {"proof": str(proof_path), "from": read.form, "as": written}, [f"proof written to {proof_path} as {written}"]
    )


@COMMAND.command("public")
@click.argument("settlement_path", type=FILE, metavar="SETTLEMENT.json")
@click.argument("public_path", type=FILE, metavar="PUBLIC.json")
@force_option
@click.pass_obj
def public(output: Output, settlement_path: Path, public_path: Path, force: bool) -> None:
    """The public inputs of a settlement request, as snarkjs's public.json."""
    from zkmargin.verifier import SettlementRequest, write_public_signals

    require_free([public_path], force)
    request = SettlementRequest.from_json(read_file(settlement_path, "settlement request"))
    write_files([NewFile(public_path, json_bytes(write_public_signals(request.public_inputs)))], force)
    output.result({"public": str(public_path)}, [f"public inputs written to {public_path}"])


def _circuit_command(name: str, suffix: str, what: str) -> None:
    @COMMAND.command(name, help=f"{what} of a shape of the margin statement.")
    @shape_option
    @click.argument("path", type=FILE, metavar=f"OUT{suffix}")
    @force_option
    @click.pass_obj
    def command(output: Output, shape: Shape, path: Path, force: bool) -> None:
        from zkmargin.circuits.margin import compile_margin

        from .circuit_files import circuit_file

        require_free([path], force)
        circuit = compile_margin(shape)
        write_files([NewFile(path, circuit_file(circuit, suffix))], force)
        output.result(
            {"file": str(path), "shape": shape.name, "circuit_digest": circuit.digest.hex()},
            [f"{what.lower()} of shape {shape.name} written to {path}", f"circuit digest {circuit.digest.hex()}"],
        )


_circuit_command("r1cs", ".r1cs", "The constraints")
_circuit_command("program", ".zkw", "The witness program")
_circuit_command("sym", ".sym", "The names of the wires")


add_commands(COMMAND)
