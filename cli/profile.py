"""`zkmargin profile`: where a circuit's constraints go, as a table, a file or a flame graph, and what changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from zkmargin.circuits.margin import SHAPES, compile_margin, declared_shape
from zkmargin.circuits.profiling.difference import Change, difference
from zkmargin.circuits.profiling.document import read_profile, write_profile
from zkmargin.circuits.profiling.flame_graph import flame_page, flame_svg
from zkmargin.circuits.profiling.profile import NOTHING, VIEWS, Cost, Profile, Share, profile_circuit, profile_imported
from zkmargin.circuits.profiling.report import difference_lines, profile_lines

from .any_circuit import read_circuit
from .errors import Misuse
from .files import NewFile, read_file, require_free, write_files
from .options import FILE, Group, force_option, sym_option
from .output import Output
from .python_circuit import SEPARATOR, build_python_circuit

PICTURES: dict[str, Callable[[Profile], str]] = {".svg": flame_svg, ".html": flame_page}
KINDS = f"a shape ({', '.join(SHAPES)}), a .r1cs file, a saved profile (.json) or file.py:function"


class DefaultGroup(Group):
    """A group one of whose commands needs no name: what is not another command's name is its first argument."""

    default = "circuit"

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = [self.default, *args]
        return super().parse_args(ctx, args)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        return self.commands[self.default].collect_usage_pieces(ctx)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.commands[self.default].format_options(ctx, formatter)
        self.format_commands(ctx, formatter)


def view_options(function: Callable[..., None]) -> Callable[..., None]:
    """`--by` and `--top`."""
    by = click.option("--by", "view", type=click.Choice(VIEWS), default="gadget", show_default=True, help="Add up by.")
    top = click.option("--top", type=click.IntRange(0), default=20, show_default=True, help="Rows shown; 0: all.")
    return by(top(function))


@click.group("profile", cls=DefaultGroup)
def COMMAND() -> None:
    """Say where a circuit's constraints go: by gadget, by source line, or by gadget path.

    CIRCUIT is a shape of the margin statement, a .r1cs file, a profile that --save wrote, or a function of yours as
    path/to/file.py:function. The file is run, as python would; the function is called with the circuit and with each
    --arg, integers as integers.
    """


@COMMAND.command("circuit", short_help="The same without the word.")
@click.argument("source", metavar="CIRCUIT")
@view_options
@sym_option
@click.option("--arg", "arguments", multiple=True, metavar="VALUE", help="An argument after c; may be repeated.")
@click.option("--save", type=FILE, metavar="FILE.json", help="Keep the profile, for `diff` with a later one.")
@click.option("--flame", type=FILE, metavar="FILE.svg|.html", help="Draw a flame graph; a .html can search and zoom.")
@force_option
@click.pass_obj
def show(
    output: Output,
    source: str,
    view: str,
    top: int,
    sym_path: Path | None,
    arguments: tuple[str, ...],
    save: Path | None,
    flame: Path | None,
    force: bool,
) -> None:
    """The same as `profile CIRCUIT`, where no other command can be meant."""
    if flame is not None and flame.suffix not in PICTURES:
        raise Misuse(f"--flame {flame}: the name ends in .svg or .html")
    outputs = [path for path in (save, flame) if path is not None]
    require_free(outputs, force)
    profile = open_profile(output, source, sym_path, arguments)
    _require_view(profile, view)
    files = []
    if save is not None:
        files.append(NewFile(save, write_profile(profile)))
    if flame is not None:
        drawn = profile.by_line_then_path() if view == "line" else profile
        files.append(NewFile(flame, PICTURES[flame.suffix](drawn).encode()))
    write_files(files, force)
    shares = profile.by(view)
    shown = shares[:top] if top else shares
    output.result(
        {
            **_facts(profile),
            "by": view,
            "rows": [_share(share) for share in shown],
            "rows_left_out": len(shares) - len(shown),
            "files": [str(path) for path in outputs],
        },
        [*profile_lines(profile, view, top), *(f"wrote {path}" for path in outputs)],
    )


@COMMAND.command("diff", short_help="What changed between two profiles.")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@view_options
@click.pass_obj
def diff(output: Output, old: str, new: str, view: str, top: int) -> None:
    """What changed from OLD to NEW: saved profiles, or circuits as `profile` takes them without options.

    A gadget with a new name and the very same cost counts as renamed. Lines are compared by number, so they tell
    something only where the file has not moved.
    """
    before, after = open_profile(output, old), open_profile(output, new)
    for profile in (before, after):
        _require_view(profile, view)
    if before.named_by != after.named_by:
        output.warn("one profile names gadgets and the other does not: only the totals can be compared")
    found = difference(before, after, view)
    shown = found.changes[:top] if top else found.changes
    output.result(
        {
            "old": _facts(before),
            "new": _facts(after),
            "by": view,
            "change": _cost(found.total),
            "changes": [_change(change) for change in shown],
            "changes_left_out": len(found.changes) - len(shown),
            "unchanged": found.equal,
        },
        difference_lines(found, top),
    )


def open_profile(output: Output, source: str, sym: Path | None = None, arguments: Sequence[str] = ()) -> Profile:
    """The profile of whatever `source` names."""
    path = Path(source)
    python, imported = SEPARATOR in source, path.suffix == ".r1cs"
    if arguments and not python:
        raise Misuse("--arg goes with file.py:function")
    if sym is not None and not imported:
        raise Misuse("--sym goes with a .r1cs file; other circuits know their own names")
    if python:
        return profile_circuit(build_python_circuit(source, arguments))
    if source.partition(",")[0] in SHAPES:
        return profile_circuit(compile_margin(declared_shape(source)))
    if path.suffix == ".json":
        return read_profile(read_file(path, "profile"))
    if not imported:
        reason = "name its function, as in file.py:function" if path.suffix == ".py" else f"is not {KINDS}"
        raise Misuse(f"{source}: {reason}")
    profile = profile_imported(read_circuit(path, sym), path.stem)
    if profile.named_by == NOTHING:
        output.warn(f"{path} names no gadgets; give its .sym with --sym to see which component costs what")
    return profile


def _require_view(profile: Profile, view: str) -> None:
    if view == "line" and not profile.has_lines and profile.total != Cost():
        raise Misuse(f"{profile.circuit} knows no source lines; look at it --by gadget or --by path")


def _facts(profile: Profile) -> dict[str, Any]:
    return {
        "circuit": profile.circuit,
        "circuit_digest": profile.digest.hex(),
        "attributed": profile.named_by != NOTHING,
        **_cost(profile.total),
    }


def _share(share: Share) -> dict[str, Any]:
    return {"place": list(share.place), "own": _cost(share.own), "inclusive": _cost(share.inclusive)}


def _change(change: Change) -> dict[str, Any]:
    return {
        "place": list(change.place),
        "was": change.was,
        "old": None if change.old is None else _share(change.old),
        "new": None if change.new is None else _share(change.new),
        "own": _cost(change.own),
        "inclusive": _cost(change.inclusive),
    }


def _cost(cost: Cost) -> dict[str, int]:
    return vars(cost).copy()
