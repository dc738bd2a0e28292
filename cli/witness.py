"""`zkmargin witness`: every wire of a margin claim."""

from __future__ import annotations

from pathlib import Path

import click

from zkmargin.circuits.formats import write_wtns
from zkmargin.verifier import write_public_signals

from .circuit_files import find_circuit, require_constraints_of
from .engine_choice import chosen_engine
from .files import NewFile, json_bytes, require_free, write_files
from .margin_documents import MarginDocuments, document_options
from .options import FILE, Command, force_option, progress_option, reveal_option
from .output import Output
from .progress import Progress


@click.command("witness", cls=Command)
@document_options
@click.option("-o", "--output", "witness_path", type=FILE, required=True, metavar="W.wtns", help="The witness.")
@click.option("--public", "public_path", type=FILE, metavar="PUBLIC.json", help="Write the public inputs as well.")
@click.option("--circuit", "folder", type=FILE, metavar="DIR", help="Where 'zkmargin compile' put its files.")
@reveal_option
@force_option
@progress_option
@click.pass_obj
def COMMAND(
    output: Output,
    account_path: Path,
    secret_path: Path,
    risk_path: Path,
    request_path: Path,
    witness_path: Path,
    public_path: Path | None,
    folder: Path | None,
    force: bool,
) -> None:
    """Compute the witness of a margin claim, for any Groth16 prover that reads .wtns files.

    The witness holds the whole account, so only its owner can read the file. A false claim has no witness: exit code 1.
    """
    require_free([path for path in (witness_path, public_path) if path is not None], force)
    engine = chosen_engine(output)
    documents = MarginDocuments.read(account_path, secret_path, risk_path, request_path)
    with Progress(output, "witness") as progress:
        progress("loading the circuit")
        circuit = find_circuit(documents.risk.shape, folder, engine)
        if folder is not None:
            require_constraints_of(folder, documents.risk.shape, circuit)
        claim = documents.claim(circuit.digest)
        progress("computing the witness")
        witness = circuit.witness(claim.circuit_inputs(), engine=engine)
    public = claim.public_inputs().signals()
    files = [NewFile(witness_path, write_wtns(witness), secret=True)]
    if public_path is not None:
        files.append(NewFile(public_path, json_bytes(write_public_signals(public))))
    write_files(files, force)
    output.result(
        {
            "witness": str(witness_path),
            "public": None if public_path is None else str(public_path),
            "wires": len(witness) // 32,
            "circuit_digest": circuit.digest.hex(),
        },
        [f"witness of {len(witness) // 32:,} wires written to {witness_path} (it holds the whole account)"]
        + ([] if public_path is None else [f"public inputs written to {public_path}"]),
    )
