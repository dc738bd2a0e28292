"""The product's own path, at a shell: `zkmargin demo --keep` and `zkmargin prove`, then snarkjs on what they wrote."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from zkmargin.cli import main

from .snarkjs import Tool

pytestmark = [pytest.mark.interop, pytest.mark.xdist_group("interop")]


def zkmargin(*arguments: str) -> None:
    result = CliRunner().invoke(main, list(arguments))
    assert result.exit_code == 0, result.output


@pytest.fixture
def story(fresh_tool: Tool) -> Tool:
    """A directory with the demo's files, and a margin proof made from them."""
    folder = fresh_tool.directory
    zkmargin("demo", "--shape", "small", "--keep", str(folder))
    documents = [f"--{name}={folder / name}.json" for name in ("account", "secret", "risk", "request")]
    zkmargin("prove", "--key", str(folder / "small.zkey"), *documents, "-o", str(folder / "proof"))
    zkmargin("witness", *documents, "-o", str(folder / "small.wtns"))
    zkmargin("export", "r1cs", str(folder / "small.r1cs"), "--shape", "small")
    return fresh_tool


def test_snarkjs_accepts_the_margin_proof(story: Tool) -> None:
    assert "OK!" in story.snarkjs("groth16", "verify", "verification_key.json", "proof/public.json", "proof/proof.json")
    public = story.read_json("proof/public.json")
    public[5] = str(int(public[5]) + 1)  # a unit more credit
    story.write("more.json", public)
    story.snarkjs("groth16", "verify", "verification_key.json", "more.json", "proof/proof.json", fails=True)


def test_snarkjs_proves_margin_with_our_files(story: Tool) -> None:
    """snarkjs checks our witness against our circuit, proves with our key, and we accept its proof."""
    assert "WITNESS IS CORRECT" in story.snarkjs("wtns", "check", "small.r1cs", "small.wtns")
    story.snarkjs("groth16", "prove", "small.zkey", "small.wtns", "theirs.json", "their_public.json")
    assert story.read_json("their_public.json") == story.read_json("proof/public.json")
    folder = story.directory
    key, proof, public = (str(folder / name) for name in ("verification_key.json", "theirs.json", "their_public.json"))
    zkmargin("verify", "--key", key, proof, public, "--allow-development-key")
