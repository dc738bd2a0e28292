"""snarkjs verifies what `zkmargin-prove` writes, files as they are."""

from __future__ import annotations

import os
import subprocess

import pytest

from zkmargin.circuits.formats import write_wtns
from zkmargin.cli.doctor import program_path
from zkmargin.prover import insecure_setup, write_native_key

from ..prover.conftest import powers_chain
from .snarkjs import Tool

pytestmark = [
    pytest.mark.interop,
    pytest.mark.xdist_group("interop"),
    pytest.mark.skipif(
        program_path() is None and os.environ.get("ZKMARGIN_REQUIRE_NATIVE") != "1",
        reason="zkmargin-prove is not installed here (no Rust toolchain); CI sets ZKMARGIN_REQUIRE_NATIVE=1",
    ),
]


def test_snarkjs_verifies_its_proofs_and_no_others(fresh_tool: Tool) -> None:
    example = powers_chain(5)
    key = insecure_setup(example.r1cs)
    write_native_key(key, fresh_tool.directory / "k.zkmkey")
    fresh_tool.write("w.wtns", write_wtns(example.witness))
    fresh_tool.write("vk.json", key.verifying_key().to_json())
    command = [program_path() or "zkmargin-prove", "k.zkmkey", "w.wtns", "proof.json", "public.json"]
    subprocess.run(command, cwd=fresh_tool.directory, check=True, capture_output=True)
    assert "OK" in fresh_tool.snarkjs("groth16", "verify", "vk.json", "public.json", "proof.json")
    fresh_tool.write("other.json", ["1", "2"])
    fresh_tool.snarkjs("groth16", "verify", "vk.json", "other.json", "proof.json", fails=True)
