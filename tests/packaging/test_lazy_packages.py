"""Packages that load their names when they are asked for: the names that type checkers see are those that are found."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from .test_packages import ROOMS, ROOT

LAZY = sorted(
    ".".join(["zkmargin", *path.parent.relative_to(ROOT).parts])
    for room in ROOMS.values()
    for path in (ROOT / room).rglob("__init__.py")
    if "lazily(" in path.read_text()
)


def test_the_rooms_of_every_command_are_lazy() -> None:
    assert {f"zkmargin.{room}" for room in ("algebra", "circuits", "prover", "verifier")} <= set(LAZY)


@pytest.mark.parametrize("package", LAZY)
def test_checkers_and_users_see_the_same_names(package: str) -> None:
    module = importlib.import_module(package)
    tree = ast.parse(Path(str(module.__file__)).read_text())
    shown = {
        alias.name: "." * node.level + (node.module or "")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level
        for alias in node.names
        if alias.name != "lazily"
    }
    assert shown == module._homes
    assert set(shown) == set(module.__all__)
    for name, home in shown.items():
        assert getattr(module, name) is getattr(importlib.import_module(home, package), name)
    assert set(dir(module)) >= set(shown)


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(ImportError, match="cannot import name 'prof'"):
        from zkmargin.prover import prof  # type: ignore[attr-defined]  # noqa: F401


def test_a_submodule_does_not_take_the_place_of_its_namesake() -> None:
    """`circuits.build` the function, also where the module `circuits.build` was imported before it."""
    code = "import zkmargin.circuits.build, zkmargin.circuits as c; assert callable(c.build), c.build"
    subprocess.run([sys.executable, "-c", code], check=True)
