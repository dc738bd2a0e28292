"""`zkmargin wtns`: snarkjs's words about a witness."""

from __future__ import annotations

from pathlib import Path

import click

from zkmargin.circuits import check_witness
from zkmargin.circuits.formats import read_r1cs, read_wtns

from .engine_choice import chosen_engine
from .files import read_file
from .options import FILE, Group, progress_option, reveal_option
from .output import Output
from .progress import Progress


@click.group("wtns", cls=Group)
def COMMAND() -> None:
    """Check a witness, in snarkjs's words."""


@COMMAND.command("check")
@click.argument("circuit_path", type=FILE, metavar="CIRCUIT.r1cs")
@click.argument("witness_path", type=FILE, metavar="WITNESS.wtns")
@reveal_option
@progress_option
@click.pass_obj
def check(output: Output, circuit_path: Path, witness_path: Path) -> None:
    """Does the witness satisfy every constraint? Exit code 1 and the first that it does not, if not.

    The values in that constraint are shown only with --reveal.
    """
    engine = chosen_engine(output)
    r1cs = read_r1cs(read_file(circuit_path, ".r1cs"))
    witness = read_wtns(read_file(witness_path, ".wtns"))
    with Progress(output, "check") as progress:
        progress("evaluating the constraints")
        check_witness(r1cs, witness, engine=engine)
    output.result(
        {"valid": True, "constraints": r1cs.n_constraints, "wires": r1cs.n_wires},
        [f"valid: the witness satisfies all {r1cs.n_constraints:,} constraints"],
    )
