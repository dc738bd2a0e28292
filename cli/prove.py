"""`zkmargin prove`: from an account to a proof that a target's ledger takes."""

from __future__ import annotations

import time
from pathlib import Path

import click

from zkmargin.prover import Prover, read_zkey
from zkmargin.settlement.lifecycle import settlement_request
from zkmargin.verifier import write_public_signals

from .circuit_files import find_circuit, require_key_of
from .claims import sides_of
from .development import INSECURE
from .engine_choice import chosen_engine
from .files import NewFile, json_bytes, read_file, require_free, write_files
from .margin_documents import MarginDocuments, document_options
from .options import FILE, Command, force_option, progress_option, reveal_option
from .output import Output
from .progress import Progress

PROOF, PUBLIC, SETTLEMENT = "proof.json", "public.json", "settlement.json"


@click.command("prove", cls=Command)
@click.option("--key", "key_path", type=FILE, required=True, metavar="KEY.zkey", help="The proving key.")
@document_options
@click.option("-o", "--output", "folder", type=FILE, required=True, metavar="DIR", help="Where the results go.")
@click.option("--circuit", "circuit_folder", type=FILE, metavar="DIR", help="Where 'zkmargin compile' put its files.")
@reveal_option
@force_option
@progress_option
@click.pass_obj
def COMMAND(
    output: Output,
    key_path: Path,
    account_path: Path,
    secret_path: Path,
    risk_path: Path,
    request_path: Path,
    folder: Path,
    circuit_folder: Path | None,
    force: bool,
) -> None:
    """Prove that an account covers its margin and the credit asked for.

    Writes proof.json, public.json and settlement.json, which is what the target's ledger takes. Exit code 1: the claim
    is false; the message says which part falls short, and nothing is written. Amounts are shown only with --reveal.
    """
    started = time.perf_counter()
    paths = {name: folder / name for name in (PROOF, PUBLIC, SETTLEMENT)}
    require_free(paths.values(), force)
    engine = chosen_engine(output)
    documents = MarginDocuments.read(account_path, secret_path, risk_path, request_path)
    with Progress(output, "prove") as progress:
        progress("loading the circuit")
        circuit = find_circuit(documents.risk.shape, circuit_folder)
        progress("reading the key")
        key = read_zkey(read_file(key_path, ".zkey"), engine)
        # Before the claim: under another circuit it would be about another target, and fall short there.
        require_key_of(key, circuit)
        claim = documents.claim(circuit.digest)
        claim.require_true()
        sides = sides_of(claim, documents.risk.quote) if output.reveal else {}
        if output.reveal:
            output.say(f"the claim holds by {sides['surplus']}")
        progress("computing the witness")
        witness = circuit.witness(claim.circuit_inputs(), engine=engine)
        progress("proving")
        proving = time.perf_counter()
        proof, public = Prover(key, engine).prove(witness)
        proved = time.perf_counter()
    settlement = settlement_request(claim, documents.request, documents.risk, public, proof)
    contents = {PROOF: proof.to_json(), PUBLIC: write_public_signals(public), SETTLEMENT: settlement.to_json()}
    write_files([NewFile(paths[name], json_bytes(content)) for name, content in contents.items()], force)
    if key.development:
        output.warn(INSECURE)
    output.result(
        {
            "files": [str(path) for path in paths.values()],
            "circuit_digest": circuit.digest.hex(),
            "public": write_public_signals(public),
            "development": key.development,
            "seconds": {"proving": round(proved - proving, 3), "in_all": round(time.perf_counter() - started, 3)},
            **({"revealed": sides} if output.reveal else {}),
        },
        [
            f"proved in {proved - proving:.2f} s ({time.perf_counter() - started:.2f} s in all)",
            f"wrote {', '.join(str(path) for path in paths.values())}",
        ],
    )
