"""`zkmargin vectors`: replay test vectors, or generate this implementation's."""

from __future__ import annotations

from pathlib import Path

import click

from zkmargin.algebra.engine import ENGINE_NAMES, native_problem

from .errors import Misuse, VectorsFailed
from .options import FILE, Group, progress_option
from .output import Output
from .progress import Progress

DEFAULT_FOLDER = Path("vectors")


@click.group("vectors", cls=Group)
def COMMAND() -> None:
    """Test vectors: files that say what must be accepted, and what refused with which error."""


@COMMAND.command("run")
@click.argument("folder", type=FILE, metavar="[DIR]", required=False)
@click.option("--engine", "engines", type=click.Choice(ENGINE_NAMES), multiple=True, help="Default: all that are here.")
@progress_option
@click.pass_obj
def run(output: Output, folder: Path | None, engines: tuple[str, ...]) -> None:
    """Replay every vector of a folder (by default ./vectors) on each engine. Exit code 1 where one fails."""
    from zkmargin.settlement.conformance import run_vectors

    folder = folder or DEFAULT_FOLDER
    if not folder.is_dir():
        raise Misuse(f"{folder} is not a folder of test vectors; name one: zkmargin vectors run DIR")
    names = list(dict.fromkeys(engines)) or [name for name in ENGINE_NAMES if name != "native" or not native_problem()]
    lines: list[str] = []
    with Progress(output, "vectors") as progress:

        def report(line: str) -> None:
            progress(line)
            lines.append(line)

        summary = run_vectors(folder, names, report)
    if summary.failures:
        for line in summary.failures:
            output.say(f"FAILED {line}")
        raise VectorsFailed(summary.failures, summary.passed)
    output.result(
        {"passed": summary.passed, "engines": names, "files": lines},
        [*lines, f"all {summary.passed} vectors passed on {' and '.join(names)}"],
    )


@COMMAND.command("generate")
@click.argument("folder", type=FILE, metavar="DIR")
@progress_option
@click.pass_obj
def generate(output: Output, folder: Path) -> None:
    """Write this implementation's vectors into a folder; the same bytes every time."""
    from zkmargin.settlement.vector_generation import generate_vectors

    with Progress(output, "vectors") as progress:
        progress("generating")
        generate_vectors(folder)
    output.result({"folder": str(folder)}, [f"vectors written to {folder}"])
