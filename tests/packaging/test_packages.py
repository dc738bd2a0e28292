"""What is shipped: every package of the tree, the Rust sources in the sdist, and no door left open between rooms."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
ROOMS = PROJECT["tool"]["setuptools"]["package-dir"]


def test_every_package_of_the_tree_is_declared() -> None:
    """A subpackage missing from `packages` would silently vanish from the wheel."""
    found = {
        ".".join(["zkmargin", *path.parent.relative_to(ROOT).parts])
        for room in ROOMS.values()
        for path in (ROOT / room).rglob("__init__.py")
    }
    assert found == set(PROJECT["tool"]["setuptools"]["packages"])


def test_every_folder_with_modules_is_a_package() -> None:
    for room in ROOMS.values():
        for path in (ROOT / room).rglob("*.py"):
            assert (path.parent / "__init__.py").exists(), path


def test_every_room_is_typed_for_its_users() -> None:
    for room in ROOMS.values():
        assert (ROOT / room / "py.typed").exists(), room


def test_no_folder_shadows_the_distribution() -> None:
    assert not (ROOT / "zkmargin").exists()


def test_the_sdist_carries_the_rust_sources() -> None:
    manifest = (ROOT / "MANIFEST.in").read_text()
    for wanted in ("graft native/src", "native/Cargo.toml", "native/Cargo.lock"):
        assert wanted in manifest


def test_init_modules_only_re_export() -> None:
    for room in ROOMS.values():
        for path in (ROOT / room).rglob("__init__.py"):
            assert not re.search(r"^(def|class) ", path.read_text(), re.MULTILINE), path


def test_lock_files_name_no_download_address() -> None:
    lock = (ROOT / "tests/interop/package-lock.json").read_text()
    assert '"resolved"' not in lock
    sources = set(re.findall(r'^source = "(.*)"$', (ROOT / "native/Cargo.lock").read_text(), re.MULTILINE))
    assert sources == {"registry+https://github.com/rust-lang/crates.io-index"}
