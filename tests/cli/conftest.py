"""The program run in this process, and one margin world of real files that the tests of this folder share."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from zkmargin.cli import main
from zkmargin.cli.demo_files import kept_names

NAMES = kept_names("small")
EXTRAS = ("cryptography", "scipy", "arch", "matplotlib")
"""What the base install does not bring."""


@dataclass(frozen=True)
class Done:
    """What a run of the program left."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> dict[str, Any]:
        document = json.loads(self.stdout if self.code == 0 else self.stderr)
        assert isinstance(document, dict)
        return document


def invoke(*args: object) -> Done:
    result = CliRunner().invoke(main, [str(arg) for arg in args])
    assert "Traceback" not in result.output
    return Done(result.exit_code, result.stdout, result.stderr)


@dataclass(frozen=True)
class MarginFiles:
    """The demo's files, the compiled circuit, and a proof."""

    root: Path

    def __truediv__(self, name: str) -> Path:
        return self.root / name

    def documents(self, **replaced: Path) -> list[str]:
        """The four options of a claim, some with another file."""
        names = ("account", "secret", "risk", "request")
        return [part for name in names for part in (f"--{name}", str(replaced.get(name, self.root / f"{name}.json")))]


@pytest.fixture(scope="session")
def run() -> Callable[..., Done]:
    return invoke


@dataclass(frozen=True)
class Told:
    """A small story that was told in words and left its files in `root`."""

    root: Path
    words: str


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """Told once, without any of the extras; no test may write here."""
    root = tmp_path_factory.mktemp("margin") / "files"
    with pytest.MonkeyPatch.context() as patch:
        for extra in EXTRAS:
            patch.setitem(sys.modules, extra, None)
        done = invoke("demo", "--shape", "small", "--keep", root)
    assert done.code == 0, done.stderr
    return Told(root, done.stdout)


@pytest.fixture(scope="session")
def shared(told: Told) -> MarginFiles:
    """Made once, since compiling and setting up take seconds; no test may write here."""
    root = told.root
    files = MarginFiles(root)
    assert invoke("compile", "--shape", "small", "-o", root / "built").code == 0
    proved = invoke("prove", "--key", root / "small.zkey", *files.documents(), "-o", root / "proof")
    assert proved.code == 0, proved.stderr
    return files


@pytest.fixture
def margin(shared: MarginFiles, tmp_path: Path) -> MarginFiles:
    """A copy of the small files to tamper with; the key, which is large, is linked."""
    root = tmp_path / "margin"
    root.mkdir()
    for name in NAMES:
        if name.endswith(".json"):
            shutil.copy(shared / name, root / name)
        else:
            (root / name).symlink_to(shared / name)
    for folder in ("built", "proof"):
        shutil.copytree(shared / folder, root / folder)
    return MarginFiles(root)


def edited(path: Path, change: Callable[[Any], object]) -> Path:
    """The JSON file changed in place."""
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    return path
