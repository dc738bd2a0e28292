"""`zkmargin bench`: where the time of a proof goes, beside what its operations must cost."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from zkmargin.algebra.engine import native_kernels

from .errors import Misuse
from .files import read_file
from .options import FILE, Command, progress_option, shape_option
from .output import Output
from .progress import Progress

if TYPE_CHECKING:
    from zkmargin.circuits.margin import Shape
    from zkmargin.prover import Prover
    from zkmargin.prover.breakdown import Breakdown, Phase

KERNEL_VARIABLE, THREADS_VARIABLE = "ZKMARGIN_KERNEL", "RAYON_NUM_THREADS"
NAMES = {
    "load": "load the key",
    "compute": "compute the witness",
    "witness": "take the witness",
    "products": "sparse products",
    "transforms": "transforms",
    "a": "A, in G1",
    "b1": "B, in G1",
    "b2": "B, in G2",
    "c": "C and H, in G1",
    "assembly": "assembly",
    "check": "check of the proof",
}
"""A phase that is not among them is called as the engine calls it."""
OPERATION_NAMES = {
    "product": "products",
    "butterfly": "butterflies",
    "g1_addition": "additions",
    "g2_addition": "additions",
}


@click.command("bench", cls=Command)
@click.argument("key_path", type=FILE, required=False, metavar="[KEY")
@click.argument("witness_path", type=FILE, required=False, metavar="WITNESS.wtns]")
@shape_option
@click.option("--kernel", type=click.Choice(["portable", "adx", "ifma"]), help="A lesser kernel than the best here.")
@click.option("--threads", type=click.IntRange(1, 1024), help="As many threads; otherwise one for each core.")
@click.option("--rounds", type=click.IntRange(1, 1000), default=7, show_default=True, help="Proofs that are timed.")
@progress_option
@click.pass_context
def COMMAND(
    context: click.Context,
    key_path: Path | None,
    witness_path: Path | None,
    shape: Shape,
    kernel: str | None,
    threads: int | None,
    rounds: int,
) -> None:
    """Say where the time of a proof goes, and how far each phase is from its floor.

    With a key and a witness, those; without, a margin circuit of the named shape, set up for this and proven for a
    made-up account. The floor of a phase is the least number of operations that this witness can be proven with, times
    what one of them costs on this machine, as is measured first. Times are medians.
    """
    if (key_path is None) != (witness_path is None):
        raise Misuse("a key comes with a witness: zkmargin bench KEY WITNESS.wtns")
    if key_path is not None and context.get_parameter_source("shape") is not ParameterSource.DEFAULT:
        raise Misuse("--shape names a circuit made up for this; a key and a witness have theirs")
    output: Output = context.obj
    # Both are read by the native module when it first works.
    if kernel is not None:
        os.environ[KERNEL_VARIABLE] = kernel
    if threads is not None:
        os.environ[THREADS_VARIABLE] = str(threads)
    with Progress(output, "bench") as progress:
        if key_path is not None and witness_path is not None:
            prover, witness, before = _from_files(key_path, witness_path, progress)
        else:
            prover, witness, before = _from_shape(shape, progress)
        progress("proving")
        from zkmargin.prover.breakdown import measure

        found = measure(prover, witness, rounds)
    _warn_of_another_kernel(output, found.kernel, kernel)
    output.result(_data(found, before, prover), list(_lines(found, before, prover)))


def _from_files(key_path: Path, witness_path: Path, progress: Progress) -> tuple[Prover, bytes, list[Phase]]:
    from zkmargin.circuits.formats import read_wtns
    from zkmargin.prover import Prover, is_native_key, read_zkey
    from zkmargin.prover.breakdown import Phase, timed

    def opened() -> Prover:
        data = read_file(key_path, ".zkey")
        return Prover.open(key_path) if is_native_key(data) else Prover(read_zkey(data))

    progress("loading the key")
    prover, load = timed(opened)
    return prover, read_wtns(read_file(witness_path, ".wtns")), [Phase("load", load)]


def _from_shape(shape: Shape, progress: Progress) -> tuple[Prover, bytes, list[Phase]]:
    from zkmargin.circuits.margin import compile_margin
    from zkmargin.prover import Prover, insecure_setup
    from zkmargin.prover.breakdown import Phase, timed
    from zkmargin.settlement.sample_claim import sample_claim

    progress("compiling the circuit")
    circuit = compile_margin(shape)
    inputs = sample_claim(shape).circuit_inputs()
    circuit.witness(inputs)
    witness, compute = timed(lambda: circuit.witness(inputs))
    progress("setting up a key")
    key = insecure_setup(circuit.r1cs)
    progress("loading the key")
    prover, load = timed(lambda: Prover(key))
    return prover, witness, [Phase("load", load), Phase("compute", compute)]


def _warn_of_another_kernel(output: Output, used: str, wanted: str | None) -> None:
    if wanted is None:
        complaint = native_kernels()[1]
        if complaint:
            output.warn(complaint)
    elif wanted != used:
        output.warn(f"this processor lacks what kernel {wanted} needs; {used} was measured")


def _data(found: Breakdown, before: list[Phase], prover: Prover) -> dict[str, Any]:
    return {
        "kernel": found.kernel,
        "threads": found.threads,
        "rounds": found.rounds,
        "wires": prover.facts.n_wires,
        "domain": prover.facts.domain_size,
        "unit_costs_ns": {name: round(cost * 1e9, 2) for name, cost in found.costs.items()},
        "before": {phase.name: phase.seconds for phase in before},
        "phases": [_row(phase) for phase in found.phases],
        "seconds": found.total,
        "floor_seconds": found.floor_seconds,
    }


def _row(phase: Phase) -> dict[str, Any]:
    row: dict[str, Any] = {"phase": phase.name, "seconds": phase.seconds}
    if phase.floor is not None:
        row |= {
            "floor_seconds": phase.floor.seconds,
            "operation": phase.floor.operation,
            "operations": phase.floor.operations,
        }
    return row


def _lines(found: Breakdown, before: list[Phase], prover: Prover) -> Iterator[str]:
    facts, threads = prover.facts, "thread" if found.threads == 1 else "threads"
    medians = "1 proof" if found.rounds == 1 else f"medians of {found.rounds} proofs"
    folded = "folded" if facts.folded else "not folded"
    yield f"{facts.n_wires:,} wires, a domain of {facts.domain_size:,}, C's part of H {folded}"
    yield f"kernel {found.kernel}, {found.threads} {threads}, {medians}"
    yield ""
    yield f"{'':<20}{'time':>10}{'floor':>10}{'ratio':>7}   of the floor"
    for phase in before:
        yield _line(phase)
    for phase in found.phases:
        yield _line(phase)
    least = found.floor_seconds
    yield f"{'one proof':<20}{_ms(found.total)}{_ms(least)}{found.total / least:>7.2f}"


def _line(phase: Phase) -> str:
    name = NAMES.get(phase.name, phase.name)
    if phase.floor is None:
        return f"{name:<20}{_ms(phase.seconds)}"
    floor = phase.floor
    counted = f"{floor.operations:,} {OPERATION_NAMES[floor.operation]} of {floor.each_s * 1e9:.1f} ns"
    ratio = phase.seconds / floor.seconds if floor.seconds else 0.0
    return f"{name:<20}{_ms(phase.seconds)}{_ms(floor.seconds)}{ratio:>7.2f}   {counted}"


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:>7.2f} ms"
