"""docs/command-line.md names every command that there is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from zkmargin.cli import main

PAGE = Path(__file__).parents[2] / "docs/command-line.md"


def leaves(group: click.Group) -> Iterator[str]:
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from leaves(command)
        else:
            yield name


def test_every_command_is_on_the_page() -> None:
    words = set(PAGE.read_text().replace("`", " ").replace(",", " ").split())
    assert set(leaves(main)) <= words
