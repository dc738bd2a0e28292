"""The shipped vectors hold on both engines, a wrong one is noticed, and making them again changes nothing."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from zkmargin.algebra import EncodingError, Engine
from zkmargin.settlement.conformance import read_vector_file, run_vectors, vector_files
from zkmargin.settlement.errors import DocumentError
from zkmargin.settlement.vector_generation import generate_vectors

VECTORS = Path(__file__).parents[2] / "vectors"


def test_the_shipped_vectors_hold(engine: Engine) -> None:
    lines: list[str] = []
    summary = run_vectors(VECTORS, [engine.name], lines.append)
    assert summary.failures == []
    assert summary.passed == sum(len(read_vector_file(path)) for path in vector_files(VECTORS))
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
        ("algebra/merkle.json", 7, "arity", 3, "root"),
        ("algebra/merkle.json", 7, "path", ["5"], "path"),
        ("algebra/poseidon_list.json", 3, "tag", "8", "digest"),
        ("algebra/poseidon_list.json", 3, "expect", "encoding-error", "found ok"),
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
    (tmp_path / "bad.json").write_text(content)
    with pytest.raises(EncodingError):
        run_vectors(tmp_path, ["native"])


def test_a_directory_without_vectors_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DocumentError):
        run_vectors(tmp_path, ["native"])


GONE = object()
KECCAK, MERKLE, POSEIDON = "algebra/keccak.json", "algebra/merkle.json", "algebra/poseidon.json"
CIRCUIT, PROOF, MARGIN = "circuits/gadgets.json", "proofs/groth16.json", "margin/small.json"
STATEMENT = "statement/public_inputs.json"


def changed(document: dict[str, Any], member: str, value: Any) -> dict[str, Any]:
    kept = {name: old for name, old in document.items() if name != member}
    return kept if value is GONE else kept | {member: value}


def refusal(folder: Path, document: Any) -> str:
    (folder / "deep").mkdir()
    (folder / "deep" / "bad.json").write_text(json.dumps(document))
    with pytest.raises(DocumentError) as caught:
        run_vectors(folder, ["native"])
    assert str(caught.value).startswith("deep/bad.json: ")
    return str(caught.value)


@pytest.mark.parametrize(
    ("file", "member", "value"),
    [
        (KECCAK, "kind", ["x"]),
        (KECCAK, "kind", None),
        (KECCAK, "format", 5),
        (KECCAK, "cases", {}),
        (KECCAK, "cases", GONE),
        (KECCAK, "case", []),
        (CIRCUIT, "r1cs", GONE),
        (CIRCUIT, "r1cs", "zz"),
        (CIRCUIT, "r1cs", "00"),
        (CIRCUIT, "r1cs", 5),
        (CIRCUIT, "program", GONE),
        (CIRCUIT, "program", "0"),
        (CIRCUIT, "program", "00"),
        (CIRCUIT, "circuit_digest", None),
        (PROOF, "verification_key", GONE),
        (PROOF, "verification_key", []),
        (PROOF, "allow_development", GONE),
        (PROOF, "allow_development", "yes"),
        (MARGIN, "verification_key", GONE),
        (MARGIN, "circuit_digest", 5),
        (MARGIN, "constraints", "many"),
    ],
)
def test_a_malformed_file_is_refused_by_name(tmp_path: Path, file: str, member: str, value: Any) -> None:
    document = json.loads((VECTORS / file).read_text())
    assert f" {member} " in refusal(tmp_path, changed(document, member, value))


@pytest.mark.parametrize("expected", ["ok", "document-error", "encoding-error"])
@pytest.mark.parametrize(
    ("file", "member", "value"),
    [
        (KECCAK, "hex", "zz"),
        (KECCAK, "hex", "0"),
        (KECCAK, "hex", "6 "),
        (KECCAK, "hex", 5),
        (KECCAK, "hex", GONE),
        (KECCAK, "digest", 5),
        (KECCAK, "digest", ["00"]),
        (KECCAK, "digset", "00"),
        (KECCAK, "name", 5),
        (KECCAK, "name", GONE),
        (POSEIDON, "inputs", 5),
        (POSEIDON, "inputs", [1]),
        (POSEIDON, "digest", 5),
        (MERKLE, "depth", "1"),
        (MERKLE, "path", None),
        (STATEMENT, "ledger", 5),
        (STATEMENT, "source_chain_ids", 5),
        (STATEMENT, "beneficiary", "0xzz"),
        (STATEMENT, "expiry_ms", "soon"),
        (CIRCUIT, "inputs", ["x"]),
        (CIRCUIT, "witness", 5),
        (CIRCUIT, "tampered", 5),
        (CIRCUIT, "tampered", [1]),
        (CIRCUIT, "temperd", {}),
        (PROOF, "public", 5),
        (PROOF, "public", "[]"),
        (PROOF, "proof", 5),
        (PROOF, "proof", GONE),
        (PROOF, "verification_key", 5),
        (MARGIN, "risk", 5),
        (MARGIN, "secret", GONE),
        (MARGIN, "public", 5),
        (MARGIN, "proof", []),
    ],
)
def test_a_malformed_case_is_refused_by_name_whatever_it_expects(
    tmp_path: Path, file: str, member: str, value: Any, expected: str
) -> None:
    document = json.loads((VECTORS / file).read_text())
    first, second = document["cases"][:2]
    document["cases"] = [first, changed(second | {"expect": expected}, member, value)]
    assert f"cases[1].{member} " in refusal(tmp_path, document)


@pytest.mark.parametrize("expect", [5, None, ["ok"], "", {}])
def test_what_a_case_expects_is_text(tmp_path: Path, expect: Any) -> None:
    document = json.loads((VECTORS / KECCAK).read_text())
    document["cases"][0]["expect"] = expect
    assert "cases[0].expect " in refusal(tmp_path, document)


@pytest.mark.parametrize("case", [5, None, "case", []])
def test_a_case_is_an_object(tmp_path: Path, case: Any) -> None:
    document = json.loads((VECTORS / KECCAK).read_text())
    document["cases"][1] = case
    assert "cases[1] is not an object" in refusal(tmp_path, document)


@pytest.mark.parametrize(
    ("wire", "value"),
    [
        ("x", "1"),
        ("-1", "1"),
        ("01", "1"),
        ("\u0661", "1"),
        ("100000", "1"),
        ("9" * 60, "1"),
        ("1", "x"),
        ("1", 1),
        ("1", "-1"),
    ],
)
def test_tampered_wires_exist_and_get_field_elements(tmp_path: Path, wire: str, value: Any) -> None:
    document = json.loads((VECTORS / CIRCUIT).read_text())
    document["cases"][2]["tampered"] = {wire: value}
    assert f"cases[2].tampered.{wire[:40]} " in refusal(tmp_path, document)


def test_a_file_that_would_never_end_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(DocumentError, match=r"pipe\.json: the file is not a regular one"):
        run_vectors(tmp_path, ["native"])
