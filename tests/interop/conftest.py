"""The tools these tests talk to: installed where node is present, demanded where ZKMARGIN_REQUIRE_INTEROP=1."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from .snarkjs import HERE, MODULES, Tool


@pytest.fixture(scope="session")
def node() -> str:
    """node's path, with the pinned packages in place."""
    found = shutil.which("node")
    if found is None or (shutil.which("npm") is None and not MODULES.exists()):
        if os.environ.get("ZKMARGIN_REQUIRE_INTEROP") == "1":
            pytest.fail("ZKMARGIN_REQUIRE_INTEROP=1, and node or npm is not installed here")
        pytest.skip("node is not installed here, so there is no snarkjs to compare with")
    if not _in_place():
        subprocess.run(["npm", "ci", "--silent"], cwd=HERE, check=True, timeout=300)
    return found


@pytest.fixture(scope="session")
def tool(node: str, tmp_path_factory: pytest.TempPathFactory) -> Tool:
    return Tool(node, tmp_path_factory.mktemp("interop"))


@pytest.fixture
def fresh_tool(node: str, tmp_path: Path) -> Tool:
    """The tools in an empty directory of their own."""
    return Tool(node, tmp_path)


def _in_place() -> bool:
    """Is every pinned package there, in its pinned version?"""
    pinned = json.loads((HERE / "package.json").read_text())["dependencies"]
    installed = ((MODULES / name / "package.json", version) for name, version in pinned.items())
    return all(path.exists() and json.loads(path.read_text())["version"] == version for path, version in installed)
