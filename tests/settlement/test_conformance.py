"""The shipped vectors hold on both engines, a wrong one is noticed, and making them again changes nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from zkmargin.algebra import Engine
from zkmargin.settlement.conformance import read_vector_file, run_vectors, vector_files
from zkmargin.settlement.errors import DocumentError
from zkmargin.settlement.vector_generation import generate_vectors

VECTORS = Path(__file__).parents[2] / "vectors"


def test_the_shipped_vectors_hold(engine: Engine) -> None:
    lines: list[str] = []
    summary = run_vectors(VECTORS, [engine.name], lines.append)
    assert summary.failures == []
    assert summary.passed == sum(len(read_vector_file(path)["cases"]) for path in vector_files(VECTORS))
    assert len(lines) == len(vector_files(VECTORS))


def test_making_them_again_gives_the_same_bytes(tmp_path: Path) -> None:
    for path in generate_vectors(tmp_path):
        name = path.relative_to(tmp_path)
        assert path.read_bytes() == (VECTORS / name).read_bytes(), f"{name}: zkmargin vectors generate vectors"


@pytest.mark.parametrize(
    ("file", "case", "member", "value", "differs"),
    [
        ("algebra/poseidon.json", 0, "digest", "5", "digest"),
        ("algebra/keccak.json", 1, "digest", "00", "digest"),
        ("algebra/merkle.json", 2, "root", "5", "root"),
        ("statement/public_inputs.json", 0, "context", "5", "context"),
        ("circuits/gadgets.json", 0, "witness", "00", "witness"),
        ("circuits/gadgets.json", 3, "expect", "ok", "unsatisfied-constraint"),
        ("proofs/groth16.json", 0, "expect", "invalid-proof", "found ok"),
        ("proofs/groth16.json", 3, "expect", "ok", "invalid-proof"),
        ("margin/small.json", 1, "expect", "ok", "statement-false"),
    ],
)
def test_a_wrong_vector_is_noticed(tmp_path: Path, file: str, case: int, member: str, value: str, differs: str) -> None:
    document = json.loads((VECTORS / file).read_text())
    document["cases"] = [document["cases"][case] | {member: value}]
    (tmp_path / "one.json").write_text(json.dumps(document))
    summary = run_vectors(tmp_path, ["native"])
    assert summary.passed == 0
    assert len(summary.failures) == 1
    assert differs in summary.failures[0]


@pytest.mark.parametrize(
    "content",
    [
        "{}",
        "[]",
        "not json",
        '{"format": "zkmargin.vectors/2", "kind": "keccak", "cases": [{}]}',
        '{"format": "zkmargin.vectors/1", "kind": "unheard-of", "cases": [{}]}',
        '{"format": "zkmargin.vectors/1", "kind": "keccak", "cases": []}',
        '{"format": "zkmargin.vectors/1", "kind": "keccak"}',
        '{"format": "zkmargin.vectors/1", "kind": "keccak", "cases": [{"hex": "00"}]}',
    ],
)
def test_files_that_are_no_vectors_are_refused(tmp_path: Path, content: str) -> None:
    from zkmargin.algebra import EncodingError

    (tmp_path / "bad.json").write_text(content)
    with pytest.raises(EncodingError):
        run_vectors(tmp_path, ["native"])


def test_a_directory_without_vectors_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DocumentError):
        run_vectors(tmp_path, ["native"])
