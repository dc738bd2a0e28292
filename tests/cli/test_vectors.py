"""`zkmargin vectors`: replay says what failed, and generating is repeatable."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from zkmargin.algebra import get_engine
from zkmargin.settlement import vector_generation

from .conftest import edited, invoke

pytestmark = pytest.mark.xdist_group("cli")
VECTORS = Path(__file__).parents[2] / "vectors"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A few quick ones."""
    (tmp_path / "vectors").mkdir()
    for name in ("keccak", "poseidon"):
        shutil.copy(VECTORS / f"algebra/{name}.json", tmp_path / "vectors")
    return tmp_path / "vectors"


def test_good_vectors_pass_on_the_engines_that_are_here(folder: Path) -> None:
    done = invoke("vectors", "run", folder, "--json")
    assert done.code == 0, done.stderr
    assert "reference" in done.json["engines"]
    assert done.json["passed"] > 10
    text = invoke("vectors", "run", folder, "--engine", get_engine().name).stdout
    assert text.splitlines()[-1].startswith("all ")


def test_a_wrong_vector_is_named_and_the_exit_code_is_1(folder: Path) -> None:
    edited(folder / "keccak.json", lambda document: document["cases"][0].update(digest="00" * 32))
    done = invoke("vectors", "run", folder, "--engine", get_engine().name)
    assert done.code == 1
    assert done.stdout.startswith("FAILED keccak.json [")
    assert done.stderr.startswith("error: 1 of ")
    as_json = invoke("vectors", "run", folder, "--engine", get_engine().name, "--json")
    assert (as_json.code, as_json.json["error"]) == (1, "vectors-failed")
    assert as_json.json["failures"][0].startswith("keccak.json [")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": "zkmargin.vectors/1", "kind": "none", "cases": [1]}'])
def test_a_malformed_vector_is_bad_input(folder: Path, text: str) -> None:
    (folder / "keccak.json").write_text(text)
    done = invoke("vectors", "run", folder)
    assert done.code == 2
    assert "internal error" not in done.stderr


def test_no_vectors_at_all_is_no_success(tmp_path: Path) -> None:
    assert invoke("vectors", "run", tmp_path).code == 2
    assert invoke("vectors", "run", tmp_path / "absent").code == 2


def test_the_default_is_the_folder_vectors_here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    assert invoke("vectors", "run", "--engine", get_engine().name).code == 0


def test_generate_writes_into_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it writes is compared with the tree in tests/settlement."""
    asked: list[Path] = []
    monkeypatch.setattr(vector_generation, "generate_vectors", asked.append)
    done = invoke("vectors", "generate", tmp_path / "made", "--json")
    assert (done.code, asked) == (0, [tmp_path / "made"])
