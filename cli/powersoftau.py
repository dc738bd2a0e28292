"""`zkmargin powersoftau`: snarkjs's words for the first phase of a ceremony."""

from __future__ import annotations

from pathlib import Path

import click

from zkmargin.prover import (
    PowersOfTau,
    apply_beacon_to_powers,
    contribute_powers,
    new_powers,
    prepare_phase2,
    read_ptau,
    verify_ptau,
    write_ptau,
)

from .ceremony_options import beacon_step, contribution_step, old_and_new
from .engine_choice import chosen_engine
from .files import NewFile, read_file, require_free, write_files
from .options import FILE, Group, force_option, progress_option
from .output import Output, counted
from .progress import Progress

MAX_POWER = 27


@click.group("powersoftau", cls=Group)
def COMMAND() -> None:
    """The first phase of a ceremony, good for every circuit up to a size: snarkjs's words and order of arguments."""


@COMMAND.command("new")
@click.argument("curve", type=click.Choice(["bn128", "bn254"], case_sensitive=False), metavar="CURVE")
@click.argument("power", type=click.IntRange(1, MAX_POWER), metavar="POWER")
@click.argument("new_path", type=FILE, metavar="OUT.ptau")
@force_option
@click.pass_obj
def new(output: Output, curve: str, power: int, new_path: Path, force: bool) -> None:
    """Start a ceremony for circuits of up to 2^POWER constraints."""
    require_free([new_path], force)
    _write(output, new_powers(power, chosen_engine(output)), new_path, force)


@COMMAND.command("contribute")
@contribution_step(".ptau")
@click.pass_obj
def contribute(output: Output, old_path: Path, new_path: Path, name: str, entropy: str, force: bool) -> None:
    """Multiply fresh secrets in. They are forgotten when this ends."""
    require_free([new_path], force)
    engine = chosen_engine(output)
    old = read_ptau(read_file(old_path, ".ptau"), engine)
    with Progress(output, "contribute") as progress:
        powers = contribute_powers(old, name, entropy, engine, progress=progress)
    _write(output, powers, new_path, force)


@COMMAND.command("beacon")
@beacon_step(".ptau")
@click.pass_obj
def beacon_command(
    output: Output, old_path: Path, new_path: Path, beacon: bytes, iterations_exp: int, name: str, force: bool
) -> None:
    """Close the ceremony with a public value that was fixed after the last contribution."""
    require_free([new_path], force)
    engine = chosen_engine(output)
    old = read_ptau(read_file(old_path, ".ptau"), engine)
    with Progress(output, "beacon") as progress:
        progress("iterating the hash")
        powers = apply_beacon_to_powers(old, name, beacon, iterations_exp, engine, progress=progress)
    _write(output, powers, new_path, force)


@COMMAND.group("prepare", cls=Group)
def prepare() -> None:
    """Get a ceremony's file ready for the second phase."""


@prepare.command("phase2")
@old_and_new(".ptau")
@force_option
@progress_option
@click.pass_obj
def phase2(output: Output, old_path: Path, new_path: Path, force: bool) -> None:
    """Add the Lagrange points that each circuit's setup reads."""
    require_free([new_path], force)
    engine = chosen_engine(output)
    old = read_ptau(read_file(old_path, ".ptau"), engine)
    with Progress(output, "prepare") as progress:
        powers = prepare_phase2(old, engine, progress=progress)
    _write(output, powers, new_path, force)


@COMMAND.command("verify")
@click.argument("path", type=FILE, metavar="POT.ptau")
@progress_option
@click.pass_obj
def verify(output: Output, path: Path) -> None:
    """Check the whole file: contributions, powers, hashes. Exit code 1 where something is wrong."""
    engine = chosen_engine(output)
    ptau = read_ptau(read_file(path, ".ptau"), engine)
    with Progress(output, "verify") as progress:
        verify_ptau(ptau, engine, progress=progress)
    output.result(
        {"valid": True, **_facts(ptau)},
        [
            f"valid: powers of tau up to 2^{ptau.power}, {counted(len(ptau.contributions), 'contribution')}",
            *_names(ptau),
        ],
    )


def _write(output: Output, ptau: PowersOfTau, path: Path, force: bool) -> None:
    write_files([NewFile(path, write_ptau(ptau))], force)
    facts: dict[str, object] = {"ptau": str(path), **_facts(ptau)}
    lines = [
        f"powers of tau up to 2^{ptau.power} written to {path}, {counted(len(ptau.contributions), 'contribution')}"
    ]
    if ptau.contributions:
        facts["contribution_hash"] = ptau.contributions[-1].response_hash().hex()
        lines.append(f"contribution hash {facts['contribution_hash']}")
    output.result(facts, lines)


def _facts(ptau: PowersOfTau) -> dict[str, object]:
    return {
        "curve": ptau.curve.name,
        "power": ptau.power,
        "contributions": [step.parameters.name for step in ptau.contributions],
        "prepared": ptau.lagrange is not None,
    }


def _names(ptau: PowersOfTau) -> list[str]:
    return [
        f"{number}. {step.parameters.name or 'somebody unnamed'}: {step.response_hash().hex()}"
        for number, step in enumerate(ptau.contributions, 1)
    ]
