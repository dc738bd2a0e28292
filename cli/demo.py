"""`zkmargin demo`: the whole story in a terminal, with a real proof and a real ledger."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from zkmargin.circuits.margin import SHAPES

from .demo_files import kept_names
from .demo_story import SEEN, Story
from .demo_telling import Teller
from .engine_choice import chosen_engine
from .files import require_free, write_files
from .options import FILE, Command, force_option, progress_option
from .output import Output

STORIES = ("small", "standard")
"""Shapes of one source venue."""


@click.command("demo", cls=Command)
@click.option(
    "--shape",
    "shape_name",
    type=click.Choice(STORIES),
    help="The circuit's shape. Default: standard, with scenarios; on the reference engine small, which has none.",
)
@click.option("--keep", "folder", type=FILE, metavar="DIR", help="Leave the story's files there, to go on by hand.")
@force_option
@progress_option
@click.pass_obj
def COMMAND(output: Output, shape_name: str | None, folder: Path | None, force: bool) -> None:
    """Tell the whole story: market, risk table, an account, a reservation, the proof, the ledger's answer.

    Then what is refused: a lying source, a doctored table, a replay, a stolen proof, a stale root, an underfunded
    account. Everything is real but the money: reports are signed, the table is computed, the circuit compiled, the
    proof made and checked; book and ledger are databases. The history of prices and settlements is made up.
    """
    engine = chosen_engine(output)
    chosen = shape_name or ("small" if engine.name == "reference" else "standard")
    if folder is not None:
        require_free([folder / name for name in kept_names(chosen)], force)
    if engine.name == "reference":
        output.warn(f"on the reference engine this story, of shape {chosen}, takes some minutes")
    teller = Teller(output)
    with tempfile.TemporaryDirectory(prefix="zkmargin-demo-") as temporary:
        story = Story(teller, SHAPES[chosen], engine, Path(temporary))
        story.tell()
    if folder is not None:
        write_files(story.kept.files(folder), force)
        for line in story.kept.next_steps(folder):
            output.say(line)
    output.result({"steps": teller.steps, "target_saw": dict(SEEN)}, [])
