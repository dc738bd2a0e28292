"""`zkmargin export`: one part of a file, or of a shape, in a format of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .files import NewFile, json_bytes, read_file, require_free, write_files
from .options import FILE, Group, force_option, shape_option
from .output import Output

if TYPE_CHECKING:
    from zkmargin.circuits.margin import Shape


@click.group("export", cls=Group)
def COMMAND() -> None:
    """Write one part of a key, a settlement or a shape in a format that other tools read."""


@COMMAND.command("verificationkey")
@click.argument("key_path", type=FILE, metavar="KEY.zkey")
@click.argument("vk_path", type=FILE, metavar="VK.json")
@force_option
@click.pass_obj
def verificationkey(output: Output, key_path: Path, vk_path: Path, force: bool) -> None:
    """The verifying key of a proving key, as snarkjs's verification_key.json."""
    from .zkey import export_verifying_key

    export_verifying_key(output, key_path, vk_path, force)


@COMMAND.command("proof")
@click.argument("settlement_path", type=FILE, metavar="SETTLEMENT.json")
@click.argument("proof_path", type=FILE, metavar="PROOF.json")
@force_option
@click.pass_obj
def proof(output: Output, settlement_path: Path, proof_path: Path, force: bool) -> None:
    """The proof of a settlement request, as snarkjs's proof.json."""
    from zkmargin.verifier import SettlementRequest

    require_free([proof_path], force)
    request = SettlementRequest.from_json(read_file(settlement_path, "settlement request"))
    write_files([NewFile(proof_path, json_bytes(request.proof.to_json()))], force)
    output.result({"proof": str(proof_path)}, [f"proof written to {proof_path}"])


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
