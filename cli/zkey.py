"""`zkmargin zkey`: snarkjs's words for the second phase of a ceremony."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from zkmargin.algebra import Engine
from zkmargin.circuits.formats import read_r1cs
from zkmargin.prover import (
    KeyMismatch,
    ProvingKey,
    apply_beacon,
    contribute,
    contribution_hash,
    is_native_key,
    read_ptau,
    read_zkey,
    verify_zkey,
    write_zkey,
)
from zkmargin.prover.zkey import PointCheck
from zkmargin.verifier import VerifyingKey, read_public_signals
from zkmargin.verifier.snarkjs_call import write_call

from .ceremony_options import beacon_step, contribution_step
from .engine_choice import chosen_engine
from .errors import KeyNotVerified, Misuse
from .files import NewFile, json_bytes, read_file, require_free, write_files
from .options import FILE, Group, force_option, progress_option
from .output import Output, counted
from .progress import Progress
from .proof_files import read_proof_file
from .provers import read_verifying_key


@click.group("zkey", cls=Group)
def COMMAND() -> None:
    """Contribute to a proving key, verify it, export from it: snarkjs's words and order of arguments."""


@COMMAND.command("contribute")
@contribution_step(".zkey")
@click.pass_obj
def contribute_command(output: Output, old_path: Path, new_path: Path, name: str, entropy: str, force: bool) -> None:
    """Multiply a fresh secret into the key. The secret is forgotten when this ends."""
    require_free([new_path], force)
    engine = chosen_engine(output)
    old = _read_key(old_path, engine)
    with Progress(output, "contribute") as progress:
        key = contribute(old, name, entropy, engine, progress=progress)
    _write(output, key, new_path, force)


@COMMAND.command("beacon")
@beacon_step(".zkey")
@click.pass_obj
def beacon_command(
    output: Output, old_path: Path, new_path: Path, beacon: bytes, iterations_exp: int, name: str, force: bool
) -> None:
    """Close the ceremony with a public value that was fixed after the last contribution."""
    require_free([new_path], force)
    engine = chosen_engine(output)
    old = _read_key(old_path, engine)
    with Progress(output, "beacon") as progress:
        progress("iterating the hash")
        key = apply_beacon(old, name, beacon, iterations_exp, engine, progress=progress)
    _write(output, key, new_path, force)


@COMMAND.command("verify")
@click.argument("circuit_path", type=FILE, metavar="CIRCUIT.r1cs")
@click.argument("ptau_path", type=FILE, metavar="POT.ptau")
@click.argument("key_path", type=FILE, metavar="KEY.zkey")
@progress_option
@click.pass_obj
def verify(output: Output, circuit_path: Path, ptau_path: Path, key_path: Path) -> None:
    """Is this the key of this circuit on these powers of tau, with a valid ceremony? Exit code 1 if not."""
    key, digest = _verified(output, circuit_path, ptau_path, key_path)
    output.result(
        {"valid": True, "circuit_digest": digest.hex(), "contributions": _contributions(key)},
        [f"valid: the key of circuit {digest.hex()}", *_contribution_lines(key)],
    )


@COMMAND.group("export", cls=Group)
def export() -> None:
    """Write a part of the key."""


@export.command("verificationkey")
@click.argument("key_path", type=FILE, metavar="KEY")
@click.argument("vk_path", type=FILE, metavar="VK.json")
@click.option("--circuit", "circuit_path", type=FILE, metavar="CIRCUIT.r1cs", help="Verify the key first, and name it.")
@click.option("--ptau", "ptau_path", type=FILE, metavar="POT.ptau", help="The powers of tau the key was set up from.")
@force_option
@progress_option
@click.pass_obj
def verificationkey(
    output: Output, key_path: Path, vk_path: Path, circuit_path: Path | None, ptau_path: Path | None, force: bool
) -> None:
    """The verifying key of a proving key (a .zkey or a native one), as snarkjs's verification_key.json.

    With --circuit and --ptau the .zkey is verified first, as by `zkey verify`, and the verifying key names that circuit
    whatever the key itself says: a key that snarkjs contributed to names none.
    """
    if circuit_path is None and ptau_path is None:
        export_verifying_key(output, key_path, vk_path, force)
        return
    if circuit_path is None or ptau_path is None:
        raise Misuse("--circuit and --ptau go together: a key is verified against both")
    require_free([vk_path], force)
    key, digest = _verified(output, circuit_path, ptau_path, key_path)
    _write_verifying_key(output, replace(key.verifying_key(), circuit_digest=digest), vk_path, force)


@export.command("soliditycalldata")
@click.argument("public_path", type=FILE, metavar="PUBLIC.json")
@click.argument("proof_path", type=FILE, metavar="PROOF")
@click.pass_obj
def soliditycalldata(output: Output, public_path: Path, proof_path: Path) -> None:
    """Print a proof and its public inputs as the arguments of a contract's verifyProof, as snarkjs does."""
    public = read_public_signals(read_file(public_path, "public inputs"))
    read = read_proof_file(proof_path, None, chosen_engine(output))
    text = write_call(read.proof, read.with_public_inputs(public))
    output.result({"calldata": text}, [text])


def export_verifying_key(output: Output, key_path: Path, vk_path: Path, force: bool) -> None:
    """Read the key and write the part the target needs."""
    require_free([vk_path], force)
    _write_verifying_key(output, read_verifying_key(key_path, chosen_engine(output)), vk_path, force)


def _read_key(path: Path, engine: Engine, check: PointCheck = "curve") -> ProvingKey:
    data = read_file(path, ".zkey")
    if is_native_key(data):
        raise Misuse(f"{path} is a native key, which has no ceremony in it; name the .zkey it was imported from")
    return read_zkey(data, engine, check=check)


def _verified(output: Output, circuit_path: Path, ptau_path: Path, key_path: Path) -> tuple[ProvingKey, bytes]:
    """The key, once it is known to be the one of this circuit on these powers of tau, and the circuit's digest."""
    engine = chosen_engine(output)
    r1cs = read_r1cs(read_file(circuit_path, ".r1cs"))
    ptau = read_ptau(read_file(ptau_path, ".ptau"), engine)
    key = _read_key(key_path, engine, check="full")
    with Progress(output, "verify") as progress:
        try:
            verify_zkey(r1cs, ptau, key, engine, progress=progress)
        except KeyMismatch as problem:
            raise KeyNotVerified(problem.part, str(problem)) from None
    return key, r1cs.digest()


def _write_verifying_key(output: Output, key: VerifyingKey, vk_path: Path, force: bool) -> None:
    write_files([NewFile(vk_path, json_bytes(key.to_json()))], force)
    digest = None if key.circuit_digest is None else key.circuit_digest.hex()
    output.result(
        {"verification_key": str(vk_path), "circuit_digest": digest, "development": key.development},
        [f"verifying key written to {vk_path}"],
    )


def _write(output: Output, key: ProvingKey, path: Path, force: bool) -> None:
    write_files([NewFile(path, write_zkey(key))], force)
    announced = contribution_hash(key.contributions[-1]).hex()
    output.result(
        {"key": str(path), "contributions": len(key.contributions), "contribution_hash": announced},
        [
            f"key written to {path}, with {counted(len(key.contributions), 'contribution')}",
            f"contribution hash {announced}",
        ],
    )


def _contributions(key: ProvingKey) -> list[dict[str, object]]:
    return [
        {"name": step.name, "beacon": step.is_beacon, "hash": contribution_hash(step).hex()}
        for step in key.contributions
    ]


def _contribution_lines(key: ProvingKey) -> list[str]:
    return [
        f"{number}. {'beacon' if step.is_beacon else 'contribution'} by {step.name or 'somebody unnamed'}: "
        f"{contribution_hash(step).hex()}"
        for number, step in enumerate(key.contributions, 1)
    ]
