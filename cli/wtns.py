"""`zkmargin wtns`: snarkjs's words about a witness."""

from __future__ import annotations

from pathlib import Path

import click

from zkmargin.circuits.formats import read_wtns

from .any_circuit import read_circuit
from .engine_choice import chosen_engine
from .files import read_file
from .options import FILE, Group, progress_option, reveal_option, sym_option
from .output import Output
from .progress import Progress


@click.group("wtns", cls=Group)
def COMMAND() -> None:
    """Check a witness, in snarkjs's words."""


@COMMAND.command("check")
@click.argument("circuit_path", type=FILE, metavar="CIRCUIT.r1cs")
@click.argument("witness_path", type=FILE, metavar="WITNESS.wtns")
@sym_option
@reveal_option
@progress_option
@click.pass_obj
def check(output: Output, circuit_path: Path, witness_path: Path, sym_path: Path | None) -> None:
    """Does the witness satisfy every constraint? Exit code 1 and the first that it does not, if not.

    With --sym its signals are named. Their values are shown only with --reveal.
    """
    engine = chosen_engine(output)
    circuit = read_circuit(circuit_path, sym_path)
    witness = read_wtns(read_file(witness_path, ".wtns"))
    with Progress(output, "check") as progress:
        progress("evaluating the constraints")
        circuit.check(witness, engine=engine)
    r1cs = circuit.r1cs
    output.result(
        {"valid": True, "constraints": r1cs.n_constraints, "wires": r1cs.n_wires},
        [f"valid: the witness satisfies all {r1cs.n_constraints:,} constraints"],
    )
