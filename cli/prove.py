"""`zkmargin prove`: from an account to a proof that a target's ledger takes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import click

from zkmargin.algebra import Engine
from zkmargin.circuits.errors import StatementFalse
from zkmargin.prover import Claim, Prover
from zkmargin.settlement.credit_document import CreditRequest
from zkmargin.settlement.lifecycle import MarginCircuit, settlement_request
from zkmargin.settlement.risk_document import RiskDocument
from zkmargin.verifier import Proof, write_public_signals

from .circuit_files import find_circuit, require_digest_of
from .claim_options import BookOptions, ClaimOptions, DocumentOptions, claim_options
from .claims import side_by_side, sides_of
from .development import INSECURE
from .engine_choice import chosen_engine
from .files import NewFile, json_bytes, require_free, write_files
from .margin_documents import MarginDocuments
from .options import FILE, Command, force_option, progress_option
from .output import Output
from .progress import Progress
from .provers import open_prover

PROVEN = PROOF, PUBLIC, SETTLEMENT = "proof.json", "public.json", "settlement.json"
REQUEST = "request.json"


@click.command("prove", cls=Command)
@click.option("--key", "key_path", type=FILE, required=True, metavar="KEY", help="The proving key, .zkey or native.")
@claim_options
@click.option("-o", "--output", "folder", type=FILE, required=True, metavar="DIR", help="Where the results go.")
@click.option("--circuit", "circuit_folder", type=FILE, metavar="DIR", help="Where 'zkmargin compile' put its files.")
@click.option(
    "--reveal/--no-reveal",
    default=None,
    help="Show by how much the claim holds or fails; by default only with --book and without --json.",
)
@force_option
@progress_option
@click.pass_obj
def COMMAND(
    output: Output,
    /,
    key_path: Path,
    folder: Path,
    circuit_folder: Path | None,
    reveal: bool | None,
    force: bool,
    **claimed: Any,
) -> None:
    """Prove that an account covers its margin and the credit asked for.

    A venue's operator names the account book, an account, the target and the credit; the account's owner, who has no
    book, names the documents. Before proving, both sides of the claim are shown on stderr, to whoever may see them.

    Writes proof.json, public.json and settlement.json, which is what the target's ledger takes, and from a book also
    request.json, the request that was made. Exit code 1: the claim is false, not reserved, or not acceptable to the
    target; the message says which, and nothing is written.
    """
    started = time.perf_counter()
    options = ClaimOptions(**claimed).chosen()
    from_books = isinstance(options, BookOptions)
    output.reveal = from_books and not output.as_json if reveal is None else reveal
    paths = {name: folder / name for name in (*PROVEN, *((REQUEST,) if from_books else ()))}
    require_free(paths.values(), force)
    engine = chosen_engine(output)
    with _source(output, options) as source:
        circuit, prover, claim = _claimed(output, source, engine, key_path, circuit_folder)
    if isinstance(options, BookOptions) and options.reserve:
        output.aside([f"the credit is reserved in epoch {claim.openings[0].epoch} until it is released"])
    _require_true(output, claim, source.risk)
    proof, public, proving = _proved(output, circuit, prover, claim)
    settlement = settlement_request(claim, source.request, source.risk, public, proof)
    contents = {
        PROOF: proof.to_json(),
        PUBLIC: write_public_signals(public),
        SETTLEMENT: settlement.to_json(),
        REQUEST: source.request.to_json(),
    }
    write_files([NewFile(path, json_bytes(contents[name])) for name, path in paths.items()], force)
    if prover.facts.development:
        output.warn(INSECURE)
    in_all = time.perf_counter() - started
    output.result(
        {
            "files": [str(path) for path in paths.values()],
            "circuit_digest": circuit.digest.hex(),
            "public": write_public_signals(public),
            "roots": _roots(claim),
            "development": prover.facts.development,
            "seconds": {"proving": round(proving, 3), "in_all": round(in_all, 3)},
            **({"revealed": sides_of(claim, source.risk)} if output.reveal else {}),
        },
        [
            f"proved in {proving:.2f} s ({in_all:.2f} s in all)",
            *(f"under root {row['root']} of venue {row['venue_id']}, epoch {row['epoch']}" for row in _roots(claim)),
            f"wrote {', '.join(str(path) for path in paths.values())}",
        ],
    )


class ClaimSource(Protocol):
    """What a claim is made of, wherever it was read."""

    @property
    def risk(self) -> RiskDocument: ...

    @property
    def request(self) -> CreditRequest: ...

    def claim(self, circuit_digest: bytes) -> Claim: ...


@contextmanager
def _source(output: Output, options: BookOptions | DocumentOptions) -> Iterator[ClaimSource]:
    if isinstance(options, BookOptions):
        from .margin_books import claim_from_books  # brings databases, which documents do without

        with claim_from_books(output, options) as from_books:
            yield from_books
    else:
        yield MarginDocuments.read(options.account, options.secret, options.risk, options.request)


def _claimed(
    output: Output, source: ClaimSource, engine: Engine, key_path: Path, circuit_folder: Path | None
) -> tuple[MarginCircuit, Prover, Claim]:
    """Circuit and key, which must belong together, and the claim for the target that takes this circuit's proofs."""
    with Progress(output, "prove") as progress:
        progress("loading the circuit")
        circuit = find_circuit(source.risk.shape, circuit_folder, engine)
        progress("reading the key")
        prover = open_prover(key_path, engine)
        # Before the claim: under another circuit it would be about another target, and fall short there.
        require_digest_of(prover.facts.circuit_digest, circuit)
        return circuit, prover, source.claim(circuit.digest)


def _proved(output: Output, circuit: MarginCircuit, prover: Prover, claim: Claim) -> tuple[Proof, Sequence[int], float]:
    """The proof, its public inputs, and how many seconds it took without the witness."""
    with Progress(output, "prove") as progress:
        progress("computing the witness")
        witness = circuit.witness(claim.circuit_inputs(), engine=prover.engine)
        progress("proving")
        started = time.perf_counter()
        proof, public = prover.prove(witness)
        return proof, public, time.perf_counter() - started


def _require_true(output: Output, claim: Claim, risk: RiskDocument) -> None:
    """Show both sides to whoever may see them, also where the account falls short; then refuse a false claim."""
    try:
        claim.require_true()
    except StatementFalse as problem:
        if output.reveal and problem.part == "collateral":
            output.aside(side_by_side(claim, risk))
        raise
    if output.reveal:
        output.aside(side_by_side(claim, risk))


def _roots(claim: Claim) -> list[dict[str, Any]]:
    """What the target must have observed before it takes the proof."""
    return [
        {"venue_id": opening.venue_id, "epoch": opening.epoch, "root": str(opening.source_root)}
        for opening in claim.openings
    ]
