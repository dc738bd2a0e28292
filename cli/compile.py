"""`zkmargin compile`: the margin statement as a circuit."""

from __future__ import annotations

from pathlib import Path

import click

from zkmargin.circuits.margin import Shape, compile_margin

from .circuit_files import PROGRAM, R1CS, SYMBOLS, circuit_file
from .files import NewFile, require_free, write_files
from .options import FILE, Command, force_option, progress_option, shape_option
from .output import Output
from .progress import Progress


@click.command("compile", cls=Command)
@shape_option
@click.option("-o", "--output", "folder", type=FILE, required=True, metavar="DIR", help="Where the files go.")
@force_option
@progress_option
@click.pass_obj
def COMMAND(output: Output, shape: Shape, folder: Path, force: bool) -> None:
    """Compile the margin statement of a shape.

    Writes SHAPE.r1cs (the constraints, for setup), SHAPE.zkw (the program that computes witnesses) and SHAPE.sym (the
    names of the wires). The same shape always gives the same bytes.
    """
    paths = {suffix: folder / f"{shape.name}{suffix}" for suffix in (R1CS, PROGRAM, SYMBOLS)}
    require_free(paths.values(), force)
    with Progress(output, "compile") as progress:
        progress("tracing the statement")
        circuit = compile_margin(shape)
        progress("writing")
        files = [NewFile(path, circuit_file(circuit, suffix)) for suffix, path in paths.items()]
    write_files(files, force)
    r1cs = circuit.r1cs
    output.result(
        {
            "shape": shape.name,
            "files": [str(path) for path in paths.values()],
            "constraints": r1cs.n_constraints,
            "wires": r1cs.n_wires,
            "public_inputs": r1cs.n_public,
            "private_inputs": r1cs.n_private_inputs,
            "circuit_digest": circuit.digest.hex(),
        },
        [
            f"shape {shape.name}: {r1cs.n_constraints:,} constraints, {r1cs.n_wires:,} wires, "
            f"{r1cs.n_public} public and {r1cs.n_private_inputs} private inputs",
            f"circuit digest {circuit.digest.hex()}",
            "wrote " + ", ".join(str(path) for path in paths.values()),
        ],
    )
